//! Every count of an export, in little room.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use rust_decimal::Decimal;

use crate::export::count::numbered::{at, number};
use crate::reconcile::model::counts::{Cell, RowLines};
use crate::reconcile::model::ids::{CustomerName, ServiceName};
use crate::reconcile::model::quantity::Quantity;

/// The counts of every customer in an export, by customer and service, in the order of their names.
///
/// A file may hold a million of them. They stand in a few vectors, sixteen bytes each, and a [`Cell`] is made of one when
/// somebody asks.
#[derive(Clone, Default)]
pub struct Customers {
    names: Vec<CustomerName>,
    /// Where the cells of each customer end; they begin where those of the one before end.
    ends: Vec<u32>,
    /// Every service that anybody has, in order.
    services: Vec<ServiceName>,
    cells: Vec<SmallCell>,
    /// What is more than a small cell can hold.
    full: Vec<FullCell>,
    items: AllItems,
    /// By the customer's place.
    rejected_lines: BTreeMap<usize, Vec<u64>>,
}

/// The counts of one customer.
#[derive(Clone, Copy)]
pub struct CustomerCounts<'a> {
    all: &'a Customers,
    place: usize,
}

/// Names of items, in order and each once.
#[derive(Clone, Copy)]
pub struct Items<'a> {
    names: &'a [Name],
    text: &'a str,
}

/// One count of one customer.
#[derive(Debug, Clone)]
struct SmallCell {
    /// The service's place.
    service: u32,
    content: Content,
}

#[derive(Debug, Clone)]
enum Content {
    /// Nearly every count is whole, short, and read from one row.
    Short { units: u32, line: u32 },
    /// The place of all others.
    Full(u32),
}

/// A cell, but for its items.
#[derive(Debug, Clone)]
pub(crate) enum FullCell {
    Counted { count: Quantity, lines: RowLines },
    Duplicate { lines: RowLines, counts: Vec<Decimal> },
    OutOfRange { lines: RowLines, total: Option<Decimal> },
}

/// Where an item's name stands in the text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Name {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// The items behind all counts.
#[derive(Debug, Clone, Default)]
struct AllItems {
    text: String,
    names: Vec<Name>,
    /// Where the names of each cell end. Of cells behind its end there are none.
    ends: Vec<u32>,
}

impl Customers {
    /// A table without customers, of these services, in order; `text` has the names of all items.
    pub(crate) fn new(services: Vec<ServiceName>, text: String) -> Self {
        Self { services, items: AllItems { text, ..AllItems::default() }, ..Self::default() }
    }

    /// Makes room, once for all.
    pub(crate) fn reserve(&mut self, customers: usize, cells: usize) {
        self.names.reserve(customers);
        self.ends.reserve(customers);
        self.cells.reserve(cells);
    }

    /// The next cell, of the service at this place. Cells come in the order of the services, and a customer behind its
    /// cells.
    pub(crate) fn push(&mut self, service: u32, cell: FullCell, items: impl Iterator<Item = Name>) {
        let content = match cell {
            FullCell::Counted { count, lines } => match (count.short(), lines.only()) {
                (Some(units), Some(line)) => Content::Short { units, line },
                _ => self.put_aside(cell),
            },
            FullCell::Duplicate { .. } | FullCell::OutOfRange { .. } => self.put_aside(cell),
        };
        self.cells.push(SmallCell { service, content });
        let known = self.items.names.len();
        self.items.names.extend(items);
        if self.items.names.len() > known {
            // Cells before it have none.
            self.items.ends.resize(self.cells.len() - 1, number(known));
            self.items.ends.push(number(self.items.names.len()));
        }
    }

    /// The same for a count of one row without items.
    pub(crate) fn push_short(&mut self, service: u32, units: u32, line: u32) {
        self.cells.push(SmallCell { service, content: Content::Short { units, line } });
    }

    /// Ends a customer: every cell since the customer before it is its own.
    pub(crate) fn close(&mut self, name: CustomerName, rejected_lines: Vec<u64>) {
        if !rejected_lines.is_empty() {
            self.rejected_lines.insert(self.names.len(), rejected_lines);
        }
        self.names.push(name);
        self.ends.push(number(self.cells.len()));
    }

    fn put_aside(&mut self, cell: FullCell) -> Content {
        self.full.push(cell);
        Content::Full(number(self.full.len() - 1))
    }

    /// How many customers there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// A customer's counts; `None` if it is not in the export.
    pub fn get<N: Borrow<str> + ?Sized>(&self, name: &N) -> Option<CustomerCounts<'_>> {
        let place = self.names.binary_search_by(|known| known.as_str().cmp(name.borrow())).ok()?;
        Some(CustomerCounts { all: self, place })
    }

    /// Whether the customer is in the export.
    pub fn contains_key<N: Borrow<str> + ?Sized>(&self, name: &N) -> bool {
        self.get(name).is_some()
    }

    /// Every customer, in order.
    pub fn keys(&self) -> impl Iterator<Item = &CustomerName> + Clone {
        self.names.iter()
    }

    /// Every customer's counts.
    pub fn values(&self) -> impl Iterator<Item = CustomerCounts<'_>> + Clone {
        (0..self.names.len()).map(|place| CustomerCounts { all: self, place })
    }

    /// Every customer with its counts.
    pub fn iter(&self) -> impl Iterator<Item = (&CustomerName, CustomerCounts<'_>)> + Clone {
        self.keys().zip(self.values())
    }

    /// An item's name.
    pub(crate) fn name(&self, name: Name) -> &str {
        &self.items.text[at(name.start)..at(name.end)]
    }

    fn cell(&self, place: usize) -> Cell<'_> {
        let items = self.items.of(place);
        match &self.cells[place].content {
            Content::Short { units, line } => {
                Cell::Counted { count: Quantity::from(*units), lines: RowLines::one(*line), items }
            }
            Content::Full(place) => match &self.full[at(*place)] {
                FullCell::Counted { count, lines } => Cell::Counted { count: *count, lines: *lines, items },
                FullCell::Duplicate { lines, counts } => Cell::Duplicate { lines: *lines, counts },
                FullCell::OutOfRange { lines, total } => Cell::OutOfRange { lines: *lines, total: *total },
            },
        }
    }
}

impl<'a> CustomerCounts<'a> {
    /// What the rows of a service come to; `None` if there is none.
    pub fn get<N: Borrow<str> + ?Sized>(self, service: &N) -> Option<Cell<'a>> {
        let service = self.all.services.binary_search_by(|known| known.as_str().cmp(service.borrow())).ok()?;
        let own = self.places();
        let found = self.all.cells[own.clone()].binary_search_by(|cell| at(cell.service).cmp(&service)).ok()?;
        Some(self.all.cell(own.start + found))
    }

    /// Its services, in order.
    pub fn services(self) -> impl Iterator<Item = &'a ServiceName> + Clone {
        self.all.cells[self.places()].iter().map(move |cell| &self.all.services[at(cell.service)])
    }

    /// Its services, and what their rows come to.
    pub fn cells(self) -> impl Iterator<Item = (&'a ServiceName, Cell<'a>)> + Clone {
        self.services().zip(self.places().map(move |place| self.all.cell(place)))
    }

    /// Lines of its rows that were rejected. If there is any, the counts are not the whole truth.
    pub fn rejected_lines(self) -> &'a [u64] {
        self.all.rejected_lines.get(&self.place).map(Vec::as_slice).unwrap_or_default()
    }

    fn places(self) -> Range<usize> {
        let begin = self.place.checked_sub(1).map_or(0, |before| at(self.all.ends[before]));
        begin..at(self.all.ends[self.place])
    }
}

impl AllItems {
    fn of(&self, place: usize) -> Items<'_> {
        let Some(end) = self.ends.get(place) else { return Items::NONE };
        let begin = place.checked_sub(1).map_or(0, |before| at(self.ends[before]));
        Items { names: &self.names[begin..at(*end)], text: &self.text }
    }
}

impl<'a> Items<'a> {
    /// No items.
    pub const NONE: Self = Self { names: &[], text: "" };

    /// Each name.
    pub fn iter(self) -> impl Iterator<Item = &'a str> {
        self.names.iter().map(move |name| &self.text[at(name.start)..at(name.end)])
    }

    /// How many.
    pub fn len(self) -> usize {
        self.names.len()
    }

    /// Whether there is none: most likely the export has no column of items.
    pub fn is_empty(self) -> bool {
        self.names.is_empty()
    }
}

impl PartialEq for Customers {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Customers {}

impl PartialEq for CustomerCounts<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.rejected_lines() == other.rejected_lines() && self.cells().eq(other.cells())
    }
}

impl Eq for CustomerCounts<'_> {}

impl PartialEq for Items<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Items<'_> {}

impl fmt::Debug for Customers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl fmt::Debug for CustomerCounts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.cells()).entry(&"rejected", &self.rejected_lines()).finish()
    }
}

impl fmt::Debug for Items<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
