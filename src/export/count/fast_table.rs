//! The table for a million rows: what is written down of each row, and put together customer by customer at the end.

use std::collections::BTreeMap;

use crate::export::count::count_parser::Units;
use crate::export::count::duplicate_rows::Duplicates;
use crate::export::count::name_table::{NameTable, at, number};
use crate::reconcile::model::export::cell_items::CellItems;
use crate::reconcile::model::export::counts::{Cell, CustomerCounts};
use crate::reconcile::model::export::row_lines::RowLines;
use crate::reconcile::model::ids::{CustomerName, ItemName, ServiceName};
use crate::reconcile::model::quantity::Quantity;

/// Takes the counts of rows one by one; [`FastTable::finish`] gives each customer's.
///
/// A row is only written down behind the one before, in sixteen bytes: what belongs together is found at the end, which
/// is several times faster than looking for each row's place as it comes.
#[derive(Debug, Default)]
pub(super) struct FastTable {
    customers: NameTable<CustomerName>,
    services: NameTable<ServiceName>,
    stretches: Vec<Stretch>,
    rows: Vec<Row>,
    /// Units of rows that are not short.
    long: Vec<Units>,
    items: Vec<Item>,
    /// The names of all items, one behind the other.
    text: String,
    /// Customers, by number, and the lines of their rejected rows.
    rejected: Vec<(u32, u64)>,
    /// The same, and the lines of rows that name nobody and may be theirs.
    nameless: Vec<(u32, u64)>,
}

/// A customer of this table, by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Customer(u32);

/// A service of this table, by number.
#[derive(Debug, Clone, Copy)]
pub struct Service(u32);

/// Rows of one customer that stand together; they end where the next stretch begins.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    customer: u32,
    first_row: u32,
    first_item: u32,
}

/// One row's count of one service.
#[derive(Debug, Clone, Copy)]
struct Row {
    service: u32,
    line: u32,
    units: RowUnits,
}

/// What a row counts, in eight bytes.
#[derive(Debug, Clone, Copy)]
enum RowUnits {
    /// Nearly every count is whole and short.
    Short(u32),
    /// The place of any other.
    Long(u32),
    /// The row's items, each once.
    Items,
}

/// Something that is counted, and where its name stands in the text.
#[derive(Debug, Clone, Copy)]
struct Item {
    service: u32,
    name: Name,
}

/// Where an item's name stands in the text.
#[derive(Debug, Clone, Copy)]
struct Name {
    start: u32,
    end: u32,
}

impl FastTable {
    /// The customer is in the export, whether or not anything is counted.
    pub(super) fn customer(&mut self, name: &str) -> Customer {
        Customer(self.customers.number(name))
    }

    /// The same at a glance: `None` says only that the customer is not the one to be expected here.
    pub(super) fn expected_customer(&mut self, name: &str) -> Option<Customer> {
        self.customers.expected(name).map(Customer)
    }

    /// The service of this name.
    pub(super) fn service(&mut self, name: &str) -> Service {
        Service(self.services.number(name))
    }

    /// The same at a glance: `None` says only that the service is not the one to be expected here.
    pub(super) fn expected_service(&mut self, name: &str) -> Option<Service> {
        self.services.expected(name).map(Service)
    }

    /// How many counts and items there are so far.
    pub(super) fn len(&self) -> usize {
        self.rows.len().max(self.items.len())
    }

    /// How many counts of rows there are so far.
    pub(super) fn rows(&self) -> usize {
        self.rows.len()
    }

    /// One row's count of a service: these units, or none where its items are what is counted.
    #[expect(clippy::too_many_arguments, reason = "the cells of one row, each once")]
    pub(super) fn add<'i>(
        &mut self,
        line: u64,
        customer: Customer,
        service: Service,
        units: Option<Units>,
        items: impl IntoIterator<Item = &'i str>,
    ) {
        let (Customer(customer), Service(service)) = (customer, service);
        if self.stretches.last().is_none_or(|stretch| stretch.customer != customer) {
            let (first_row, first_item) = (number(self.rows.len()), number(self.items.len()));
            self.stretches.push(Stretch { customer, first_row, first_item });
        }
        let units = self.row_units(units);
        self.rows.push(Row { service, line: u32::try_from(line).unwrap_or(u32::MAX), units });
        for name in items {
            let start = number(self.text.len());
            self.text.push_str(name);
            self.items.push(Item { service, name: Name { start, end: number(self.text.len()) } });
        }
    }

    /// The line of a row that is no count: the customer's other counts are not the whole truth.
    pub(super) fn reject(&mut self, Customer(customer): Customer, line: u64) {
        self.rejected.push((customer, line));
    }

    /// The line of a row that names nobody, and that may be the customer's.
    pub(super) fn doubt(&mut self, Customer(customer): Customer, line: u64) {
        self.nameless.push((customer, line));
    }

    fn row_units(&mut self, units: Option<Units>) -> RowUnits {
        match units.map(|units| (units, units.short())) {
            None => RowUnits::Items,
            Some((_, Some(short))) => RowUnits::Short(short),
            Some((units, None)) => {
                self.long.push(units);
                RowUnits::Long(number(self.long.len() - 1))
            }
        }
    }

    /// Every customer with its counts.
    pub(super) fn finish(mut self, duplicates: Duplicates) -> BTreeMap<CustomerName, CustomerCounts> {
        let (names, customer_ranks) = self.customers.in_order();
        let (services, ranks) = self.services.in_order();
        let mut rejected = by_customer(std::mem::take(&mut self.rejected), &customer_ranks);
        let mut nameless = by_customer(std::mem::take(&mut self.nameless), &customer_ranks);
        let (stretches, ends) = self.stretches_by_customer(&customer_ranks);
        let services = Services { names: services, ranks };
        let (mut gathered, mut begin) = (Gathered::default(), 0);
        let customers = names.into_iter().zip(ends).zip(0..).map(|((name, end), rank)| {
            let stretches = &stretches[at(begin)..at(end)];
            begin = end;
            let cells = self.as_they_are(stretches, &services).unwrap_or_else(|| {
                self.gather(stretches, &services, &mut gathered);
                gathered.cells(&self, &services, duplicates)
            });
            let mut counts = CustomerCounts::of_ordered(cells, rejected.remove(&rank).unwrap_or_default());
            nameless.remove(&rank).into_iter().flatten().for_each(|line| counts.doubt(line));
            (name, counts)
        });
        customers.collect()
    }

    /// The stretches by the rank of their customer, each customer's in the file's order; and where each customer's end.
    ///
    /// Counts first and then puts each into its place, without comparing: a file in which no two rows of a customer stand
    /// together has as many stretches as rows.
    fn stretches_by_customer(&self, ranks: &[u32]) -> (Vec<u32>, Vec<u32>) {
        let mut ends = vec![0; ranks.len()];
        self.stretches.iter().for_each(|stretch| ends[at(ranks[at(stretch.customer)])] += 1);
        let mut before = 0;
        for end in &mut ends {
            // For now where the customer's stretches begin; each one that is placed moves it on.
            before += std::mem::replace(end, before);
        }
        let mut stretches = vec![0; self.stretches.len()];
        for (number, stretch) in (0..).zip(&self.stretches) {
            let free = &mut ends[at(ranks[at(stretch.customer)])];
            stretches[at(*free)] = number;
            *free += 1;
        }
        (stretches, ends)
    }

    /// The rows of a customer that stand together, each the only one of its service, in order: then there is nothing to
    /// add up. `None` if it is not so.
    fn as_they_are(&self, stretches: &[u32], services: &Services) -> Option<Vec<(ServiceName, Cell)>> {
        let &[stretch] = stretches else { return stretches.is_empty().then(Vec::new) };
        let (rows, items) = self.of_stretch(stretch);
        if !items.is_empty() || !rows.is_sorted_by(|one, next| services.rank(one.service) < services.rank(next.service))
        {
            return None;
        }
        let mut cells = Vec::with_capacity(rows.len());
        for row in rows {
            let RowUnits::Short(units) = row.units else { return None };
            let mut lines = RowLines::default();
            lines.add(u64::from(row.line));
            let cell = Cell::Counted { count: Quantity::from(units), lines, items: CellItems::default() };
            cells.push((services.name(services.rank(row.service)), cell));
        }
        Some(cells)
    }

    /// All that is written down of a customer, with services by rank.
    fn gather(&self, stretches: &[u32], services: &Services, gathered: &mut Gathered) {
        gathered.rows.clear();
        gathered.items.clear();
        for stretch in stretches {
            let (rows, items) = self.of_stretch(*stretch);
            gathered.rows.extend(rows.iter().map(|row| Row { service: services.rank(row.service), ..*row }));
            gathered.items.extend(items.iter().map(|item| Item { service: services.rank(item.service), ..*item }));
        }
    }

    fn of_stretch(&self, stretch: u32) -> (&[Row], &[Item]) {
        let Stretch { first_row, first_item, .. } = self.stretches[at(stretch)];
        let next = self.stretches.get(at(stretch) + 1);
        let rows = next.map_or(self.rows.len(), |next| at(next.first_row));
        let items = next.map_or(self.items.len(), |next| at(next.first_item));
        (&self.rows[at(first_row)..rows], &self.items[at(first_item)..items])
    }

    fn units(&self, row: &Row) -> Option<Units> {
        match row.units {
            RowUnits::Short(units) => Some(Units::from(units)),
            RowUnits::Long(place) => Some(self.long[at(place)]),
            RowUnits::Items => None,
        }
    }

    /// Every row that counts units: its customer and service by number, its line and its units.
    pub(super) fn counted_rows(&self) -> impl Iterator<Item = ((u32, u32), u64, Units)> {
        (0..number(self.stretches.len())).flat_map(move |stretch| {
            let customer = self.stretches[at(stretch)].customer;
            let rows = self.of_stretch(stretch).0.iter();
            rows.filter_map(move |row| Some(((customer, row.service), u64::from(row.line), self.units(row)?)))
        })
    }

    /// The names of a customer and a service.
    pub(super) fn names(&self, (customer, service): (u32, u32)) -> (CustomerName, ServiceName) {
        (self.customers.name(customer), self.services.name(service))
    }

    fn name(&self, item: &Item) -> &str {
        &self.text[at(item.name.start)..at(item.name.end)]
    }
}

/// Each line once, by the rank of the customer.
fn by_customer(lines: Vec<(u32, u64)>, ranks: &[u32]) -> BTreeMap<u32, Vec<u64>> {
    let mut by_customer: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
    for (customer, line) in lines {
        let lines = by_customer.entry(ranks[at(customer)]).or_default();
        if lines.last() != Some(&line) {
            lines.push(line);
        }
    }
    by_customer
}

/// Every service in order, and the place of each number in that order.
struct Services {
    names: Vec<ServiceName>,
    ranks: Vec<u32>,
}

impl Services {
    fn rank(&self, service: u32) -> u32 {
        self.ranks[at(service)]
    }

    fn name(&self, rank: u32) -> ServiceName {
        self.names[at(rank)].clone()
    }
}

/// All rows and items of one customer, with services by rank; its room serves one customer after another.
#[derive(Debug, Default)]
struct Gathered {
    rows: Vec<Row>,
    items: Vec<Item>,
}

impl Gathered {
    /// Brings together what is of one service.
    fn cells(&mut self, table: &FastTable, services: &Services, duplicates: Duplicates) -> Vec<(ServiceName, Cell)> {
        // The rows of one service stay in the file's order. Mostly all of this is in order as it is.
        self.rows.sort_by_key(|row| row.service);
        self.items.sort_unstable_by(|one, other| {
            one.service.cmp(&other.service).then_with(|| table.name(one).cmp(table.name(other)))
        });
        self.items.dedup_by(|one, other| one.service == other.service && table.name(one) == table.name(other));
        let mut items = self.items.as_slice();
        let chunks = || self.rows.chunk_by(|one, other| one.service == other.service);
        let mut cells = Vec::with_capacity(chunks().count());
        for rows in chunks() {
            let service = rows[0].service;
            let (own, others) = items.split_at(items.iter().take_while(|item| item.service == service).count());
            items = others;
            let mut lines = RowLines::default();
            rows.iter().for_each(|row| lines.add(u64::from(row.line)));
            let names = own.iter().map(|item| ItemName::new(table.name(item))).collect();
            let cell = duplicates.cell(rows.iter().map(|row| table.units(row)), lines, names);
            cells.push((services.name(service), cell));
        }
        cells
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::export::count::number_notation::Notation;
    use crate::export::count::plain_table::PlainTable;

    /// One row: customer, service, what it says, and its items. Of a row that says nothing the items are counted, and a
    /// row without service is rejected.
    type Told = (u8, Option<u8>, Option<i8>, Vec<u8>);

    fn units(count: i8) -> Units {
        // Every other one has places, so that it is not short.
        let text = if count % 2 == 0 { count.to_string() } else { format!("{count}.25") };
        Units::parse(&text, Notation::default(), true).expect("a number")
    }

    fn rows() -> impl Strategy<Value = Vec<Told>> {
        let items = proptest::collection::vec(0_u8..6, 0..3);
        let row = (0_u8..5, proptest::option::weighted(0.9, 0_u8..5), proptest::option::weighted(0.7, -2_i8..9), items);
        // Rows of one customer stand together as often as not.
        (proptest::collection::vec(row, 0..60), any::<bool>()).prop_map(|(mut rows, together)| {
            if together {
                rows.sort_by_key(|row| (row.0, row.1));
            }
            rows
        })
    }

    proptest! {
        /// In whatever order the rows stand: a row or an item that goes to the wrong place is billed to the wrong customer.
        #[test]
        fn the_fast_table_counts_what_the_plain_one_counts(
            rows in rows(),
            duplicates in proptest::sample::select(vec![Duplicates::Error, Duplicates::Sum, Duplicates::Max]),
        ) {
            let (mut fast, mut plain) = (FastTable::default(), PlainTable::default());
            for (line, (customer, service, count, items)) in (2..).zip(rows) {
                let customer = format!("C{customer}");
                plain.customer(&customer);
                let number = fast.customer(&customer);
                let Some(service) = service.map(|service| format!("S{service}")) else {
                    plain.reject(&customer, line);
                    fast.reject(number, line);
                    continue;
                };
                let items: Vec<String> = items.iter().map(|item| format!("I{item}")).collect();
                let items: Vec<&str> = items.iter().map(String::as_str).collect();
                plain.add(line, &customer, &service, count.map(units), &items);
                let service = fast.service(&service);
                fast.add(line, number, service, count.map(units), items);
            }
            prop_assert_eq!(fast.finish(duplicates), plain.finish(duplicates));
        }
    }
}
