//! The state of the simulated ConnectWise: rows ready to be sent, kept per collection, so a list costs its own rows only.

mod fill;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::NaiveTime;

pub(super) use self::fill::Names;
use crate::render;
use crate::world::{Addition, Agreement, Product, Wire, World};

/// The kinds of record that are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Table {
    Companies,
    CompanyTypes,
    CompanyStatuses,
    Agreements,
    AgreementTypes,
    Additions,
    BillingCycles,
    Catalog,
    Boards,
    BoardStatuses,
    BoardTypes,
    BoardSubTypes,
    BoardItems,
    BoardAssociations,
    Priorities,
    Sources,
    Tickets,
    Notes,
    Members,
}

/// One list: a table, and the parent's id where it has one (else 0).
pub(super) type Collection = (Table, i64);

/// The rows of one list in order of their ids.
pub(super) type Rows = BTreeMap<i64, Arc<Wire>>;

/// Everything the server knows, behind one lock.
pub(super) struct Store {
    /// The world without its additions, tickets and notes, which live below.
    world: World,
    additions: BTreeMap<i64, Addition>,
    /// The additions of each agreement. Their rows are made when they are asked for: a hundred thousand of them,
    /// kept ready, would take most of a gigabyte.
    by_agreement: HashMap<i64, BTreeSet<i64>>,
    rows: HashMap<Collection, Rows>,
    agreements: HashMap<i64, usize>,
    /// Lower-case identifier to place in the catalog.
    products: HashMap<String, usize>,
    touched: VecDeque<Touch>,
    started: Instant,
    last_id: i64,
}

/// One row changed by a request, and what a lagging replica still shows of it.
struct Touch {
    at: Instant,
    collection: Collection,
    id: i64,
    before: Option<Arc<Wire>>,
}

/// How far a lagging read is behind.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Lag {
    /// The last so many writes are not seen.
    pub(super) writes: usize,
    /// Writes younger than this are not seen.
    pub(super) age: Duration,
}

/// How many writes a lagging read can be behind.
const TOUCHES_MAX: usize = 10_000;

impl Store {
    pub(super) fn new(world: World, started: Instant) -> Self {
        let mut store = Self {
            agreements: index(&world.agreements, |agreement| agreement.id),
            products: index(&world.catalog, |product| product.identifier.to_lowercase()),
            world,
            additions: BTreeMap::new(),
            by_agreement: HashMap::new(),
            rows: HashMap::new(),
            touched: VecDeque::new(),
            started,
            last_id: 0,
        };
        store.fill();
        store
    }

    /// The world as it is now.
    pub(super) fn snapshot(&self) -> World {
        let all = |table| {
            let mut rows: Vec<(i64, Wire)> = Vec::new();
            for (_, list) in self.rows.iter().filter(|((found, _), _)| *found == table) {
                rows.extend(list.iter().map(|(id, row)| (*id, Wire::clone(row))));
            }
            rows.sort_by_key(|(id, _)| *id);
            rows.into_iter().map(|(_, row)| row).collect()
        };
        World {
            additions: self.additions.values().cloned().collect(),
            tickets: all(Table::Tickets),
            notes: all(Table::Notes),
            ..self.world.clone()
        }
    }

    /// Settings, keys and the records that no request can change.
    pub(super) fn settings(&self) -> &World {
        &self.world
    }

    /// The rows of a list that is kept ready, as every one but the additions is; none when it is empty.
    pub(super) fn rows(&self, collection: Collection) -> Option<&Rows> {
        self.rows.get(&collection)
    }

    /// The rows of any list, in order of their ids.
    pub(super) fn list(&self, collection: Collection) -> Vec<Arc<Wire>> {
        match collection {
            (Table::Additions, agreement) => self.additions_of(agreement).map(|found| self.render(found)).collect(),
            _ => self.rows.get(&collection).map(|rows| rows.values().cloned().collect()).unwrap_or_default(),
        }
    }

    fn additions_of(&self, agreement: i64) -> impl Iterator<Item = &Addition> {
        let ids = self.by_agreement.get(&agreement).into_iter().flatten();
        ids.filter_map(|id| self.additions.get(id))
    }

    /// The rows of a list as a replica shows them that lags behind.
    pub(super) fn lagging_rows(&self, collection: Collection, lag: Lag) -> Rows {
        let mut rows: Rows = self.list(collection).into_iter().map(|row| (id_of(&row, "id"), row)).collect();
        for (place, touch) in self.touched.iter().rev().enumerate() {
            let unseen = place < lag.writes || touch.at.elapsed() < lag.age;
            if unseen && touch.collection == collection {
                match &touch.before {
                    Some(before) => rows.insert(touch.id, Arc::clone(before)),
                    None => rows.remove(&touch.id),
                };
            }
        }
        rows
    }

    /// One row of any list.
    pub(super) fn row(&self, collection: Collection, id: i64) -> Option<Arc<Wire>> {
        match collection {
            (Table::Additions, agreement) => {
                let found = self.additions.get(&id).filter(|found| found.agreement == agreement);
                found.map(|found| self.render(found))
            }
            _ => self.rows.get(&collection)?.get(&id).cloned(),
        }
    }

    pub(super) fn addition(&self, id: i64) -> Option<&Addition> {
        self.additions.get(&id)
    }

    pub(super) fn agreement(&self, id: i64) -> Option<&Agreement> {
        self.agreements.get(&id).and_then(|place| self.world.agreements.get(*place))
    }

    /// A product by its identifier, in any case.
    pub(super) fn product(&self, identifier: &str) -> Option<&Product> {
        self.products.get(&identifier.to_lowercase()).and_then(|place| self.world.catalog.get(*place))
    }

    /// An id that no record has.
    pub(super) fn fresh_id(&mut self) -> i64 {
        self.last_id += 1;
        self.last_id
    }

    /// The time in ConnectWise: eight in the morning of the world's day when the server started.
    pub(super) fn now(&self) -> String {
        let start = self.world.today.and_time(NaiveTime::from_hms_opt(0, 0, 0).unwrap_or_default());
        (start + self.started.elapsed()).format("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// Stores an addition; its row as it is now.
    pub(super) fn put_addition(&mut self, addition: Addition) -> Arc<Wire> {
        let (collection, id) = ((Table::Additions, addition.agreement), addition.id);
        let before = self.row(collection, id);
        self.touch(collection, id, before);
        let row = self.render(&addition);
        self.keep(addition);
        row
    }

    fn keep(&mut self, addition: Addition) {
        self.by_agreement.entry(addition.agreement).or_default().insert(addition.id);
        self.additions.insert(addition.id, addition);
    }

    /// Removes an addition.
    pub(super) fn remove_addition(&mut self, agreement: i64, id: i64) {
        let collection = (Table::Additions, agreement);
        let before = self.row(collection, id);
        self.touch(collection, id, before);
        self.additions.remove(&id);
        self.by_agreement.entry(agreement).or_default().remove(&id);
    }

    /// Stores a row that has no other form: a ticket or a note.
    pub(super) fn put_row(&mut self, collection: Collection, id: i64, row: Wire) -> Arc<Wire> {
        let row = Arc::new(row);
        let before = self.rows.entry(collection).or_default().insert(id, Arc::clone(&row));
        self.touch(collection, id, before);
        row
    }

    fn touch(&mut self, collection: Collection, id: i64, before: Option<Arc<Wire>>) {
        if self.touched.len() == TOUCHES_MAX {
            self.touched.pop_front();
        }
        self.touched.push_back(Touch { at: Instant::now(), collection, id, before });
    }

    fn render(&self, addition: &Addition) -> Arc<Wire> {
        let agreement = self.agreement(addition.agreement);
        let around = render::Around {
            agreement_status: agreement.map_or("Inactive", |found| render::status_of(found, self.world.today)),
            product: self.product(&addition.product),
            places: self.world.options.quantity_places,
        };
        let mut wire = render::addition(addition, &around);
        let options = &self.world.options;
        if options.addition_status {
            let status = render::status_of_addition(addition, self.world.today);
            wire.entry("additionStatus").or_insert_with(|| status.into());
        }
        Arc::new(render::shaped(wire, options, &["effectiveDate", "cancelledDate"]))
    }
}

fn index<T, K: std::hash::Hash + Eq>(records: &[T], key: impl Fn(&T) -> K) -> HashMap<K, usize> {
    records.iter().enumerate().map(|(place, record)| (key(record), place)).collect()
}

/// An id in a wire record; 0 when it has none.
pub(super) fn id_of(wire: &Wire, field: &str) -> i64 {
    wire.get(field).and_then(serde_json::Value::as_i64).unwrap_or_default()
}
