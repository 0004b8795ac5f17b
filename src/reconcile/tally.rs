//! Rows of an export into counts, one by one, so that no reader has to keep them.

use std::collections::HashMap;

use crate::reconcile::counts::Cell;
use crate::reconcile::counts::Counts;
use crate::reconcile::counts::CustomerCounts;
use crate::reconcile::counts::Duplicates;
use crate::reconcile::counts::Excluded;
use crate::reconcile::counts::RejectedRow;
use crate::reconcile::counts::RowLines;
use crate::reconcile::ids::CustomerName;
use crate::reconcile::ids::ItemName;
use crate::reconcile::ids::ServiceName;
use crate::reconcile::units::Units;

/// Names that are kept of what a filter leaves out.
const NAMES_KEPT: usize = 5;

/// Takes rows one by one; [`Tally::finish`] gives the counts.
///
/// Names are kept once each and counts by number; they are put in order in one go at the end, which is several times
/// faster than finding each one's place as it comes.
#[derive(Debug)]
pub struct Tally {
    duplicates: Duplicates,
    customers: Names<CustomerName>,
    services: Names<ServiceName>,
    cells: Cells,
    /// Every number of a cell that has several and may have one.
    doubled: Vec<(u32, Units)>,
    items: Items,
    counts: Counts,
    /// Customers, by number, and the lines of their rejected rows.
    rejected_lines: Vec<(u32, u64)>,
}

/// A customer of this tally, by number.
#[derive(Debug, Clone, Copy)]
pub struct Customer(u32);

impl Tally {
    /// An empty tally; `filters` are the words for what may exclude a row.
    pub fn new(duplicates: Duplicates, filters: Vec<String>) -> Self {
        let excluded = |rule| Excluded { rule, rows: 0, names: Vec::new(), more: false };
        Self {
            duplicates,
            customers: Names::default(),
            services: Names::default(),
            cells: Cells::default(),
            doubled: Vec::new(),
            items: Items::default(),
            counts: Counts { excluded: filters.into_iter().map(excluded).collect(), ..Counts::default() },
            rejected_lines: Vec::new(),
        }
    }

    /// One more row of data.
    pub fn row(&mut self) {
        self.counts.rows += 1;
    }

    /// The row is left out by this filter; `name` says what it is about.
    pub fn exclude(&mut self, filter: usize, name: &str) {
        let Some(excluded) = self.counts.excluded.get_mut(filter) else { return };
        excluded.rows += 1;
        if excluded.more || excluded.names.iter().any(|known| known == name) {
            return;
        }
        excluded.more = excluded.names.len() == NAMES_KEPT;
        if !excluded.more {
            excluded.names.push(name.to_owned());
        }
    }

    /// The row names no customer.
    pub fn nameless(&mut self, line: u64) {
        self.counts.nameless.push(line);
    }

    /// The row is no count, and its customer's other counts are not the whole truth.
    pub fn reject(&mut self, row: RejectedRow) {
        if let Some(customer) = &row.customer {
            let number = self.customers.number(customer.as_str());
            self.rejected_lines.push((number, row.line));
        }
        self.counts.rejected.push(row);
    }

    /// Another customer that a rejected row is about.
    pub fn incomplete(&mut self, name: &str, line: u64) {
        let number = self.customers.number(name);
        self.rejected_lines.push((number, line));
    }

    /// The customer is in the export, whether or not anything is counted.
    pub fn customer(&mut self, name: &str) -> Customer {
        Customer(self.customers.number(name))
    }

    /// A count, and the names of what is counted, if the row has any.
    pub fn add<'i>(
        &mut self,
        line: u64,
        customer: Customer,
        service: &str,
        units: Units,
        items: impl IntoIterator<Item = &'i str>,
    ) {
        let at = self.cells.of(customer.0, self.services.number(service));
        let cell = self.cells.at(at);
        match self.duplicates {
            _ if cell.lines.number() == 0 => cell.units = units,
            Duplicates::Sum => cell.units = cell.units.plus(units),
            Duplicates::Max => cell.units = cell.units.max(units),
            Duplicates::Error => self.doubled.push((at, units)),
        }
        cell.lines.add(line);
        items.into_iter().for_each(|item| self.items.add(at, item));
    }

    /// One unit for each item, however many rows name it.
    pub fn distinct<'i>(
        &mut self,
        line: u64,
        customer: Customer,
        service: &str,
        items: impl IntoIterator<Item = &'i str>,
    ) {
        let at = self.cells.of(customer.0, self.services.number(service));
        let cell = self.cells.at(at);
        cell.distinct = true;
        cell.lines.add(line);
        items.into_iter().for_each(|item| self.items.add(at, item));
    }

    /// The counts, in order.
    pub fn finish(mut self) -> Counts {
        let (names, customer_ranks) = self.customers.in_order();
        let (services, service_ranks) = self.services.in_order();
        self.doubled.sort_by_key(|(cell, _)| *cell);
        let mut items = self.items.by_cell(self.cells.all.len());
        let mut sums = self.cells.in_order(&customer_ranks, &service_ranks);
        let mut customers: Vec<(CustomerName, CustomerCounts)> = Vec::with_capacity(names.len());
        // From the end, so that what has its place in the counts is freed on the way: both at once are too much.
        for (rank, name) in (0..).zip(names).collect::<Vec<(u32, CustomerName)>>().into_iter().rev() {
            let own = sums.iter().rev().take_while(|sum| sum.customer == rank).count();
            let of = |sum: Sum| (services[at(sum.service)].clone(), sum.finish(&self.doubled, &mut items));
            let services = sums.drain(sums.len() - own..).map(of).collect();
            customers.push((name, CustomerCounts { services, rejected_lines: Vec::new() }));
            if sums.len() < sums.capacity() / 2 {
                sums.shrink_to_fit();
            }
        }
        customers.reverse();
        for (number, line) in self.rejected_lines {
            let lines = &mut customers[at(customer_ranks[at(number)])].1.rejected_lines;
            if lines.last() != Some(&line) {
                lines.push(line);
            }
        }
        let excluded = self.counts.excluded.iter().map(|excluded| excluded.rows).sum::<usize>();
        let kept = self.counts.rows - excluded;
        Counts { customers: customers.into_iter().collect(), kept, ..self.counts }
    }
}

/// The rows of one customer and service so far.
#[derive(Debug)]
struct Sum {
    number: u32,
    customer: u32,
    service: u32,
    units: Units,
    lines: RowLines,
    distinct: bool,
}

impl Sum {
    fn finish(&self, doubled: &[(u32, Units)], items: &mut ItemsByCell) -> Cell {
        let (number, lines, items) = (self.number, self.lines, items.take(self.number));
        let first = doubled.partition_point(|(cell, _)| *cell < number);
        let others: Vec<Units> =
            doubled[first..].iter().take_while(|(cell, _)| *cell == number).map(|(_, units)| *units).collect();
        if !others.is_empty() {
            let counts = std::iter::once(self.units).chain(others).filter_map(Units::decimal).collect();
            return Cell::Duplicate { lines, counts };
        }
        let found = u32::try_from(items.len()).unwrap_or(u32::MAX);
        let units = if self.distinct { self.units.plus(Units::from(found)) } else { self.units };
        match units.quantity() {
            Some(count) => Cell::Counted { count, lines, items },
            None => Cell::OutOfRange { lines, total: units.decimal() },
        }
    }
}

/// Every customer and service that has a row.
#[derive(Debug, Default)]
struct Cells {
    all: Vec<Sum>,
    index: HashMap<(u32, u32), u32>,
    last: u32,
}

impl Cells {
    fn of(&mut self, customer: u32, service: u32) -> u32 {
        let is = |number: u32| {
            self.all.get(at(number)).is_some_and(|cell| (cell.customer, cell.service) == (customer, service))
        };
        // The rows of one customer usually stand together, in the order of the services.
        let next = self.last.saturating_add(1);
        self.last = if is(self.last) {
            self.last
        } else if is(next) {
            next
        } else {
            let new = number(self.all.len());
            let known = *self.index.entry((customer, service)).or_insert(new);
            if known == new {
                let (units, lines) = (Units::default(), RowLines::default());
                self.all.push(Sum { number: new, customer, service, units, lines, distinct: false });
            }
            known
        };
        self.last
    }

    fn at(&mut self, number: u32) -> &mut Sum {
        &mut self.all[at(number)]
    }

    /// By customer and service, which are ranks from here on.
    fn in_order(&mut self, customers: &[u32], services: &[u32]) -> Vec<Sum> {
        self.index = HashMap::new();
        let mut sums = std::mem::take(&mut self.all);
        for sum in &mut sums {
            (sum.customer, sum.service) = (customers[at(sum.customer)], services[at(sum.service)]);
        }
        sums.sort_unstable_by_key(|sum| (sum.customer, sum.service));
        sums
    }
}

/// The names of what is counted, as they come.
#[derive(Debug, Default)]
struct Items {
    text: String,
    /// The cell, and where the name ends; it begins where the one before ends.
    named: Vec<(u32, u32)>,
}

/// The same by cell.
struct ItemsByCell {
    text: String,
    ranges: Vec<(u32, u32)>,
    /// Where each cell's ranges begin.
    begins: Vec<u32>,
}

impl Items {
    fn add(&mut self, cell: u32, name: &str) {
        self.text.push_str(name);
        self.named.push((cell, number(self.text.len())));
    }

    /// Counts first and then moves each name to its place: no comparing, no growing.
    fn by_cell(&mut self, cells: usize) -> ItemsByCell {
        let named = std::mem::take(&mut self.named);
        let mut begins = vec![0_u32; if named.is_empty() { 0 } else { cells + 1 }];
        for (cell, _) in &named {
            begins[at(*cell) + 1] += 1;
        }
        for cell in 1..begins.len() {
            begins[cell] += begins[cell - 1];
        }
        let (mut free, mut start) = (begins.clone(), 0);
        let mut ranges = vec![(0, 0); named.len()];
        for (cell, end) in named {
            ranges[at(free[at(cell)])] = (start, end);
            free[at(cell)] += 1;
            start = end;
        }
        ItemsByCell { text: std::mem::take(&mut self.text), ranges, begins }
    }
}

impl ItemsByCell {
    /// The items of a cell, in order and each once.
    fn take(&mut self, cell: u32) -> Vec<ItemName> {
        let (Some(from), Some(to)) = (self.begins.get(at(cell)), self.begins.get(at(cell) + 1)) else {
            return Vec::new();
        };
        let of = |&(start, end): &(u32, u32)| &self.text[at(start)..at(end)];
        let mut names: Vec<&str> = self.ranges[at(*from)..at(*to)].iter().map(of).collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter().map(ItemName::new).collect()
    }
}

/// Each name once, by number, in the order of their first use.
#[derive(Debug)]
struct Names<N> {
    known: Vec<N>,
    index: HashMap<N, u32>,
    /// Which name came after each the last time: exports repeat the same services for every customer.
    after: Vec<u32>,
    last: u32,
}

impl<N> Default for Names<N> {
    fn default() -> Self {
        Self { known: Vec::new(), index: HashMap::new(), after: Vec::new(), last: 0 }
    }
}

impl<N> Names<N>
where
    N: Clone + Ord + std::hash::Hash + std::borrow::Borrow<str> + for<'a> From<&'a str>,
{
    fn number(&mut self, name: &str) -> u32 {
        let is = |number: u32| self.known.get(at(number)).is_some_and(|known| known.borrow() == name);
        if is(self.last) {
            return self.last;
        }
        let guess = self.after.get(at(self.last)).copied().unwrap_or_default();
        let number = if is(guess) { guess } else { self.look_up(name) };
        self.after[at(self.last)] = number;
        self.last = number;
        number
    }

    fn look_up(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.index.get(name) {
            return number;
        }
        let (name, number) = (N::from(name), number(self.known.len()));
        self.index.insert(name.clone(), number);
        self.known.push(name);
        self.after.push(number);
        number
    }

    /// The names in order, and the place of each number in that order.
    fn in_order(&mut self) -> (Vec<N>, Vec<u32>) {
        self.index = HashMap::new();
        let mut numbered: Vec<(N, u32)> = std::mem::take(&mut self.known).into_iter().zip(0..).collect();
        numbered.sort_unstable();
        let mut ranks = vec![0; numbered.len()];
        for (rank, (_, number)) in (0..).zip(&numbered) {
            ranks[at(*number)] = rank;
        }
        (numbered.into_iter().map(|(name, _)| name).collect(), ranks)
    }
}

/// Numbers are kept in four bytes: a million rows have a million of them.
fn number(length: usize) -> u32 {
    u32::try_from(length).expect("no file of bounded size has names of four thousand million letters")
}

fn at(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reconcile::quantity::Quantity;
    use crate::reconcile::units::Notation;

    fn units(text: &str) -> Units {
        Units::parse(text, Notation::default(), true).expect(text)
    }

    fn tally(duplicates: Duplicates, rows: &[(&str, &str, &str)]) -> Counts {
        let mut tally = Tally::new(duplicates, Vec::new());
        for (line, (customer, service, count)) in (2..).zip(rows) {
            tally.row();
            let customer = tally.customer(customer);
            tally.add(line, customer, service, units(count), None);
        }
        tally.finish()
    }

    fn cell(counts: &Counts, customer: &str, service: &str) -> Cell {
        counts.customers[customer].services[service].clone()
    }

    fn counted(count: u32, lines: &[u64], items: &[&str]) -> Cell {
        let items = items.iter().copied().map(ItemName::new).collect();
        Cell::Counted { count: Quantity::from(count), lines: lines.into(), items }
    }

    #[test]
    fn a_duplicate_is_an_error_unless_the_export_is_known_to_split_its_rows() {
        let rows = [("Acme", "EDR", "5"), ("Acme", "EDR", "7"), ("Acme", "Backup", "1"), ("Acme", "EDR", "5")];
        let lines = [2, 3, 5];
        let thrice = Cell::Duplicate { lines: (&lines[..]).into(), counts: vec![5.into(), 7.into(), 5.into()] };
        assert_eq!(cell(&tally(Duplicates::Error, &rows), "Acme", "EDR"), thrice);
        assert_eq!(cell(&tally(Duplicates::Sum, &rows), "Acme", "EDR"), counted(17, &lines, &[]));
        assert_eq!(cell(&tally(Duplicates::Max, &rows), "Acme", "EDR"), counted(7, &lines, &[]));
        assert_eq!(cell(&tally(Duplicates::Error, &rows), "Acme", "Backup"), counted(1, &[4], &[]));
    }

    #[test]
    fn a_credit_lowers_a_sum_and_a_sum_below_zero_is_no_quantity() {
        let rows = [("Acme", "EDR", "5"), ("Acme", "EDR", "-2"), ("Borealis", "EDR", "-0.5")];
        let counts = tally(Duplicates::Sum, &rows);
        assert_eq!(cell(&counts, "Acme", "EDR"), counted(3, &[2, 3], &[]));
        let below = Cell::OutOfRange { lines: [4].as_slice().into(), total: units("-0.5").decimal() };
        assert_eq!(cell(&counts, "Borealis", "EDR"), below);
    }

    #[test]
    fn an_item_is_one_unit_however_many_rows_name_it() {
        let mut tally = Tally::new(Duplicates::Sum, Vec::new());
        for (line, item) in (2..).zip(["b", "a", "b", "c", "a", "b"]) {
            tally.row();
            let customer = tally.customer("Acme");
            tally.distinct(line, customer, "EDR", [item]);
            tally.add(line, customer, "Rows", Units::ONE, [item]);
        }
        let counts = tally.finish();
        assert_eq!(cell(&counts, "Acme", "EDR"), counted(3, &[2, 3, 4, 5, 6, 7], &["a", "b", "c"]));
        assert_eq!(cell(&counts, "Acme", "Rows"), counted(6, &[2, 3, 4, 5, 6, 7], &["a", "b", "c"]));
        assert_eq!(cell(&counts, "Acme", "EDR").lines().to_string(), "2, 3, 4, 5, 6 and 1 more");
    }

    #[test]
    fn what_is_left_out_is_counted_and_named() {
        let mut tally = Tally::new(Duplicates::Error, vec!["drop".into()]);
        for name in ["a", "b", "a", "c", "d", "e", "f", "a"] {
            tally.row();
            tally.exclude(0, name);
        }
        let counts = tally.finish();
        let excluded = &counts.excluded[0];
        assert_eq!((counts.rows, counts.kept, excluded.rows, excluded.more), (8, 0, 8, true));
        assert_eq!(excluded.names, ["a", "b", "c", "d", "e"]);
    }
}
