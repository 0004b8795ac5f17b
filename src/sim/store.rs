//! The state of the simulated ConnectWise: rows ready to be sent, kept per collection, so a list costs its own rows only.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use chrono::NaiveTime;

use crate::sim::render;
use crate::sim::world::Addition;
use crate::sim::world::Agreement;
use crate::sim::world::Member;
use crate::sim::world::Product;
use crate::sim::world::Wire;
use crate::sim::world::World;

/// The kinds of record that are served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Table {
    Companies,
    CompanyTypes,
    CompanyStatuses,
    Agreements,
    AgreementTypes,
    Additions,
    Catalog,
    Boards,
    BoardStatuses,
    BoardTypes,
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

/// Names that have an id by their order of appearance.
#[derive(Debug, Default)]
pub(super) struct Names(Vec<String>);

impl Names {
    fn of<'a>(names: impl Iterator<Item = &'a String>) -> Self {
        let mut found: Vec<String> = Vec::new();
        for name in names {
            if !found.contains(name) {
                found.push(name.clone());
            }
        }
        Self(found)
    }

    /// The id of a name, from 1; 0 for a name that never appeared.
    pub(super) fn id(&self, name: &str) -> i64 {
        let place = self.0.iter().position(|known| known == name).map_or(0, |place| place + 1);
        i64::try_from(place).unwrap_or_default()
    }

    fn rows(&self) -> Rows {
        self.0.iter().map(|name| (self.id(name), Arc::new(render::named(self.id(name), name)))).collect()
    }
}

impl Store {
    pub(super) fn new(world: World, started: Instant) -> Self {
        let mut store = Self {
            agreements: index(&world.agreements, |agreement| agreement.id),
            products: index(&world.catalog, |product| product.identifier.to_lowercase()),
            world,
            additions: BTreeMap::new(),
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

    /// The rows of a list; none when it is empty.
    pub(super) fn rows(&self, collection: Collection) -> Option<&Rows> {
        self.rows.get(&collection)
    }

    /// The rows of a list as a replica shows them that lags behind.
    pub(super) fn lagging_rows(&self, collection: Collection, lag: Lag) -> Rows {
        let mut rows = self.rows.get(&collection).cloned().unwrap_or_default();
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

    pub(super) fn row(&self, collection: Collection, id: i64) -> Option<&Arc<Wire>> {
        self.rows.get(&collection)?.get(&id)
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
        let start = self.world.today.and_time(NaiveTime::from_hms_opt(8, 0, 0).unwrap_or_default());
        (start + self.started.elapsed()).format("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// Stores an addition and its row.
    pub(super) fn put_addition(&mut self, addition: Addition) -> Arc<Wire> {
        let (collection, id) = ((Table::Additions, addition.agreement), addition.id);
        let row = self.render(&addition);
        self.additions.insert(id, addition);
        self.put_row(collection, id, row)
    }

    /// Removes an addition and its row.
    pub(super) fn remove_addition(&mut self, agreement: i64, id: i64) {
        self.additions.remove(&id);
        let collection = (Table::Additions, agreement);
        let before = self.rows.get_mut(&collection).and_then(|rows| rows.remove(&id));
        self.touch(collection, id, before);
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

    fn render(&self, addition: &Addition) -> Wire {
        let agreement = self.agreement(addition.agreement);
        let around = render::Around {
            agreement_status: agreement.map_or("Inactive", |found| render::status_of(found, self.world.today)),
            product: self.product(&addition.product),
            places: self.world.options.quantity_places,
        };
        render::addition(addition, &around)
    }

    /// Renders every record of a new world.
    fn fill(&mut self) {
        self.fill_companies();
        self.fill_agreements();
        self.fill_service();
        for addition in std::mem::take(&mut self.world.additions) {
            self.put_addition(addition);
        }
        for ticket in std::mem::take(&mut self.world.tickets) {
            self.put_row((Table::Tickets, 0), id_of(&ticket, "id"), ticket);
        }
        for note in std::mem::take(&mut self.world.notes) {
            self.put_row((Table::Notes, id_of(&note, "ticketId")), id_of(&note, "id"), note);
        }
        let ids = self.rows.values().filter_map(|rows| rows.keys().next_back()).max();
        self.last_id = ids.copied().unwrap_or_default();
        self.touched.clear();
    }

    fn fill_companies(&mut self) {
        let companies = &self.world.companies;
        let statuses = Names::of(companies.iter().map(|company| &company.status));
        let types = Names::of(companies.iter().flat_map(|company| &company.types));
        let rows = companies.iter().map(|found| (found.id, Arc::new(render::company(found, &statuses, &types))));
        self.rows.insert((Table::Companies, 0), rows.collect());
        self.rows.insert((Table::CompanyStatuses, 0), statuses.rows());
        self.rows.insert((Table::CompanyTypes, 0), types.rows());
    }

    fn fill_agreements(&mut self) {
        let world = &self.world;
        let companies = index(&world.companies, |company| company.id);
        let types = Names::of(world.agreements.iter().map(|agreement| &agreement.kind));
        let row = |found: &Agreement| {
            let company = companies.get(&found.company).and_then(|place| world.companies.get(*place));
            render::agreement(found, company, types.id(&found.kind), render::status_of(found, world.today))
        };
        let rows = world.agreements.iter().map(|found| (found.id, Arc::new(row(found)))).collect();
        let catalog = world.catalog.iter().map(|found| (found.id, Arc::new(render::product(found)))).collect();
        self.rows.insert((Table::Agreements, 0), rows);
        self.rows.insert((Table::AgreementTypes, 0), types.rows());
        self.rows.insert((Table::Catalog, 0), catalog);
    }

    fn fill_service(&mut self) {
        for board in &self.world.boards {
            let statuses = board.statuses.iter().map(|found| (found.id, Arc::new(render::board_status(found, board))));
            self.rows.insert((Table::BoardStatuses, board.id), statuses.collect());
            let types =
                (board.id * 100 + 1..).zip(&board.types).map(|(id, name)| (id, Arc::new(render::named(id, name))));
            self.rows.insert((Table::BoardTypes, board.id), types.collect());
            self.rows.entry((Table::Boards, 0)).or_default().insert(board.id, Arc::new(render::board(board)));
        }
        self.rows.insert((Table::Priorities, 0), Names::of(self.world.priorities.iter()).rows());
        self.rows.insert((Table::Sources, 0), Names::of(self.world.sources.iter()).rows());
        let mut members: Rows = self.world.members.iter().map(|m| (m.id, Arc::new(render::member(m)))).collect();
        for (id, key) in (9001..).zip(&self.world.keys) {
            let member = Member {
                id,
                identifier: key.member.clone(),
                first_name: "API".to_owned(),
                last_name: key.member.clone(),
            };
            members.insert(id, Arc::new(render::member(&member)));
        }
        self.rows.insert((Table::Members, 0), members);
    }
}

fn index<T, K: std::hash::Hash + Eq>(records: &[T], key: impl Fn(&T) -> K) -> HashMap<K, usize> {
    records.iter().enumerate().map(|(place, record)| (key(record), place)).collect()
}

/// An id in a wire record; 0 when it has none.
pub(super) fn id_of(wire: &Wire, field: &str) -> i64 {
    wire.get(field).and_then(serde_json::Value::as_i64).unwrap_or_default()
}
