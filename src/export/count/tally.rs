//! Rows of an export into counts, one by one, so that no reader has to keep them.

use std::collections::BTreeMap;

use crate::export::count::number::Units;
use crate::export::count::numbered::{Numbered, at, number};
use crate::export::count::table::{Customers, FullCell, Name};
use crate::reconcile::model::counts::{Counts, Duplicates, Excluded, RejectedRow, RowLines};
use crate::reconcile::model::ids::{CustomerName, ServiceName};

/// Names that are kept of what a filter leaves out.
const NAMES_KEPT: usize = 5;

/// Takes rows one by one; [`Tally::finish`] gives the counts.
///
/// A row is only written down behind the one before: what belongs together is found at the end, customer by customer,
/// which is several times faster than looking for each row's place as it comes.
#[derive(Debug)]
pub struct Tally {
    duplicates: Duplicates,
    customers: Numbered<CustomerName>,
    services: Numbered<ServiceName>,
    stretches: Vec<Stretch>,
    rows: Vec<Row>,
    /// Units of rows that are not short.
    long: Vec<Units>,
    items: Vec<Item>,
    /// The names of all items, one behind the other.
    text: String,
    counts: Counts,
    /// Customers, by number, and the lines of their rejected rows.
    rejected_lines: Vec<(u32, u64)>,
}

/// A customer of this tally, by number.
#[derive(Debug, Clone, Copy)]
pub struct Customer(u32);

/// A service of this tally, by number.
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

impl Tally {
    /// An empty tally; `filters` are the words for what may exclude a row.
    pub fn new(duplicates: Duplicates, filters: Vec<String>) -> Self {
        let excluded = |rule| Excluded { rule, rows: 0, names: Vec::new(), more: false };
        Self {
            duplicates,
            customers: Numbered::default(),
            services: Numbered::default(),
            stretches: Vec::new(),
            rows: Vec::new(),
            long: Vec::new(),
            items: Vec::new(),
            text: String::new(),
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

    /// The same at a glance: `None` says only that the customer is not the one to be expected here.
    pub fn expected_customer(&mut self, name: &str) -> Option<Customer> {
        self.customers.expected(name).map(Customer)
    }

    /// How many counts and items there are so far.
    pub fn written_down(&self) -> usize {
        self.rows.len().max(self.items.len())
    }

    /// The service of this name.
    pub fn service(&mut self, name: &str) -> Service {
        Service(self.services.number(name))
    }

    /// The same at a glance: `None` says only that the service is not the one to be expected here.
    pub fn expected_service(&mut self, name: &str) -> Option<Service> {
        self.services.expected(name).map(Service)
    }

    /// A count, and the names of what is counted, if the row has any.
    pub fn add<'i>(
        &mut self,
        line: u64,
        customer: Customer,
        service: Service,
        units: Units,
        items: impl IntoIterator<Item = &'i str>,
    ) {
        let units = match units.short() {
            Some(short) => RowUnits::Short(short),
            None => {
                self.long.push(units);
                RowUnits::Long(number(self.long.len() - 1))
            }
        };
        self.write_down(line, customer, service, units, items);
    }

    /// One unit for each item, however many rows name it.
    pub fn distinct<'i>(
        &mut self,
        line: u64,
        customer: Customer,
        service: Service,
        items: impl IntoIterator<Item = &'i str>,
    ) {
        self.write_down(line, customer, service, RowUnits::Items, items);
    }

    fn write_down<'i>(
        &mut self,
        line: u64,
        Customer(customer): Customer,
        Service(service): Service,
        units: RowUnits,
        items: impl IntoIterator<Item = &'i str>,
    ) {
        if self.stretches.last().is_none_or(|stretch| stretch.customer != customer) {
            let (first_row, first_item) = (number(self.rows.len()), number(self.items.len()));
            self.stretches.push(Stretch { customer, first_row, first_item });
        }
        self.rows.push(Row { service, line: u32::try_from(line).unwrap_or(u32::MAX), units });
        for name in items {
            let start = number(self.text.len());
            self.text.push_str(name);
            self.items.push(Item { service, name: Name { start, end: number(self.text.len()) } });
        }
    }

    /// The counts, in order.
    pub fn finish(mut self) -> Counts {
        let (names, customer_ranks) = self.customers.in_order();
        let (services, service_ranks) = self.services.in_order();
        let mut rejected = self.rejected_by_customer(&customer_ranks);
        let (stretches, ends) = self.stretches_by_customer(&customer_ranks);
        let mut customers = Customers::new(services, std::mem::take(&mut self.text));
        customers.reserve(names.len(), self.rows.len());
        let (mut gathered, mut begin) = (Gathered::default(), 0);
        for ((name, end), rank) in names.into_iter().zip(ends).zip(0..) {
            let stretches = &stretches[at(begin)..at(end)];
            begin = end;
            if !self.push_as_it_is(stretches, &service_ranks, &mut customers) {
                self.gather(stretches, &service_ranks, &mut gathered);
                gathered.push_cells(&self, &mut customers);
            }
            customers.close(name, rejected.remove(&rank).unwrap_or_default());
        }
        let excluded = self.counts.excluded.iter().map(|excluded| excluded.rows).sum::<usize>();
        let kept = self.counts.rows - excluded;
        Counts { customers, kept, ..self.counts }
    }

    /// Each line once, by the rank of the customer.
    fn rejected_by_customer(&mut self, ranks: &[u32]) -> BTreeMap<u32, Vec<u64>> {
        let mut rejected: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
        for (customer, line) in std::mem::take(&mut self.rejected_lines) {
            let lines = rejected.entry(ranks[at(customer)]).or_default();
            if lines.last() != Some(&line) {
                lines.push(line);
            }
        }
        rejected
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
    /// add up. False if it is not so.
    fn push_as_it_is(&self, stretches: &[u32], ranks: &[u32], customers: &mut Customers) -> bool {
        let &[stretch] = stretches else { return stretches.is_empty() };
        let (rows, items) = self.of_stretch(stretch);
        let rank = |row: &Row| ranks[at(row.service)];
        let short = |row: &Row| matches!(row.units, RowUnits::Short(_));
        let plain = rows.iter().all(short) && rows.is_sorted_by(|one, next| rank(one) < rank(next));
        if !plain || !items.is_empty() {
            return false;
        }
        for row in rows {
            if let RowUnits::Short(units) = row.units {
                customers.push_short(rank(row), units, row.line);
            }
        }
        true
    }

    /// All that is written down of a customer, with services by rank.
    fn gather(&self, stretches: &[u32], ranks: &[u32], gathered: &mut Gathered) {
        gathered.rows.clear();
        gathered.items.clear();
        for stretch in stretches {
            let (rows, items) = self.of_stretch(*stretch);
            gathered.rows.extend(rows.iter().map(|row| Row { service: ranks[at(row.service)], ..*row }));
            gathered.items.extend(items.iter().map(|item| Item { service: ranks[at(item.service)], ..*item }));
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

    /// What the rows of one customer and service come to.
    fn cell(&self, rows: &[Row], items: usize) -> FullCell {
        let mut lines = RowLines::default();
        rows.iter().for_each(|row| lines.add(u64::from(row.line)));
        let mut stated = rows.iter().filter_map(|row| self.units(row));
        let units = match self.duplicates {
            Duplicates::Error if rows.len() > 1 && stated.clone().next().is_some() => {
                let counts = rows.iter().filter_map(|row| self.units(row).unwrap_or_default().decimal()).collect();
                return FullCell::Duplicate { lines, counts };
            }
            Duplicates::Error | Duplicates::Sum => stated.fold(Units::default(), Units::plus),
            Duplicates::Max => stated.next().map_or_else(Units::default, |first| stated.fold(first, Units::max)),
        };
        let counts_items = rows.iter().any(|row| matches!(row.units, RowUnits::Items));
        let units = if counts_items { units.plus(Units::from(number(items))) } else { units };
        match units.quantity() {
            Some(count) => FullCell::Counted { count, lines },
            None => FullCell::OutOfRange { lines, total: units.decimal() },
        }
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
    fn push_cells(&mut self, tally: &Tally, customers: &mut Customers) {
        // The rows of one service stay in the file's order. Mostly all of this is in order as it is.
        self.rows.sort_by_key(|row| row.service);
        self.items.sort_unstable_by(|one, other| {
            one.service.cmp(&other.service).then_with(|| customers.name(one.name).cmp(customers.name(other.name)))
        });
        self.items.dedup_by(|one, other| {
            one.service == other.service && customers.name(one.name) == customers.name(other.name)
        });
        let mut items = self.items.as_slice();
        for rows in self.rows.chunk_by(|one, other| one.service == other.service) {
            let service = rows[0].service;
            let (own, others) = items.split_at(items.iter().take_while(|item| item.service == service).count());
            items = others;
            customers.push(service, tally.cell(rows, own.len()), own.iter().map(|item| item.name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::count::number::Notation;
    use crate::export::count::table::Items;
    use crate::reconcile::model::counts::Cell;
    use crate::reconcile::model::quantity::Quantity;

    fn units(text: &str) -> Units {
        Units::parse(text, Notation::default(), true).expect(text)
    }

    fn tally(duplicates: Duplicates, rows: &[(&str, &str, &str)]) -> Counts {
        let mut tally = Tally::new(duplicates, Vec::new());
        for (line, (customer, service, count)) in (2..).zip(rows) {
            tally.row();
            let (customer, service) = (tally.customer(customer), tally.service(service));
            tally.add(line, customer, service, units(count), None);
        }
        tally.finish()
    }

    fn cell<'a>(counts: &'a Counts, customer: &str, service: &str) -> Cell<'a> {
        counts.customers.get(customer).and_then(|counted| counted.get(service)).expect("a row")
    }

    fn counted(count: u32, lines: &[u64]) -> Cell<'static> {
        Cell::Counted { count: Quantity::from(count), lines: lines.into(), items: Items::NONE }
    }

    #[test]
    fn a_duplicate_is_an_error_unless_the_export_is_known_to_split_its_rows() {
        let rows = [("Acme", "EDR", "5"), ("Acme", "EDR", "7"), ("Acme", "Backup", "1"), ("Acme", "EDR", "5")];
        let lines = [2, 3, 5];
        let thrice = Cell::Duplicate { lines: (&lines[..]).into(), counts: &[5.into(), 7.into(), 5.into()] };
        assert_eq!(cell(&tally(Duplicates::Error, &rows), "Acme", "EDR"), thrice);
        assert_eq!(cell(&tally(Duplicates::Sum, &rows), "Acme", "EDR"), counted(17, &lines));
        assert_eq!(cell(&tally(Duplicates::Max, &rows), "Acme", "EDR"), counted(7, &lines));
        assert_eq!(cell(&tally(Duplicates::Error, &rows), "Acme", "Backup"), counted(1, &[4]));
    }

    #[test]
    fn a_credit_lowers_a_sum_and_a_sum_below_zero_is_no_quantity() {
        let rows = [("Acme", "EDR", "5"), ("Acme", "EDR", "-2"), ("Borealis", "EDR", "-0.5")];
        let counts = tally(Duplicates::Sum, &rows);
        assert_eq!(cell(&counts, "Acme", "EDR"), counted(3, &[2, 3]));
        let below = Cell::OutOfRange { lines: [4].as_slice().into(), total: units("-0.5").decimal() };
        assert_eq!(cell(&counts, "Borealis", "EDR"), below);
    }

    #[test]
    fn an_item_is_one_unit_however_many_rows_name_it() {
        let mut tally = Tally::new(Duplicates::Sum, Vec::new());
        for (line, item) in (2..).zip(["b", "a", "b", "c", "a", "b"]) {
            tally.row();
            let customer = tally.customer("Acme");
            let (edr, rows) = (tally.service("EDR"), tally.service("Rows"));
            tally.distinct(line, customer, edr, [item]);
            tally.add(line, customer, rows, Units::ONE, [item]);
        }
        let counts = tally.finish();
        for (service, units) in [("EDR", 3), ("Rows", 6)] {
            let Cell::Counted { count, lines, items } = cell(&counts, "Acme", service) else { panic!("{counts:?}") };
            assert_eq!((count, lines.number()), (Quantity::from(units), 6), "{service}");
            assert_eq!(items.iter().collect::<Vec<_>>(), ["a", "b", "c"], "{service}");
            assert_eq!(lines.to_string(), "2, 3, 4, 5, 6 and 1 more", "{service}");
        }
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

    /// One row: customer, service, and what it says.
    type Told = (u8, u8, i8);

    /// The same counts, by looking for each row's place as it comes.
    fn looked_for(duplicates: Duplicates, rows: &[Told]) -> BTreeMap<(u8, u8), Vec<Units>> {
        let mut cells: BTreeMap<(u8, u8), Vec<Units>> = BTreeMap::new();
        for &(customer, service, count) in rows {
            let cell = cells.entry((customer, service)).or_default();
            let told = units(&count.to_string());
            match (duplicates, cell.first_mut()) {
                (Duplicates::Sum, Some(sum)) => *sum = sum.plus(told),
                (Duplicates::Max, Some(most)) => *most = told.max(*most),
                _ => cell.push(told),
            }
        }
        cells
    }

    proptest::proptest! {
        /// In whatever order the rows stand: a row that goes to the wrong place is billed to the wrong customer.
        #[test]
        fn every_row_counts_where_it_belongs(
            rows in proptest::collection::vec((0_u8..5, 0_u8..5, -2_i8..9), 0..60),
            duplicates in proptest::sample::select(vec![Duplicates::Error, Duplicates::Sum, Duplicates::Max]),
        ) {
            let texts: Vec<_> = rows.iter().map(|(c, s, n)| (format!("C{c}"), format!("S{s}"), n.to_string())).collect();
            let texts: Vec<_> = texts.iter().map(|(c, s, n)| (c.as_str(), s.as_str(), n.as_str())).collect();
            let counts = tally(duplicates, &texts);
            let expected = looked_for(duplicates, &rows);
            let cells = counts.customers.values().map(|customer| customer.cells().count()).sum::<usize>();
            proptest::prop_assert_eq!(cells, expected.len());
            for ((customer, service), told) in expected {
                let found = cell(&counts, &format!("C{customer}"), &format!("S{service}"));
                let lines: Vec<u64> =
                    (2..).zip(&rows).filter(|(_, row)| (row.0, row.1) == (customer, service)).map(|(at, _)| at).collect();
                proptest::prop_assert_eq!(found.lines(), RowLines::from(&lines[..]));
                match (found, &told[..]) {
                    (Cell::Counted { count, .. }, [one]) => proptest::prop_assert_eq!(Some(count), one.quantity()),
                    (Cell::OutOfRange { total, .. }, [one]) => {
                        proptest::prop_assert_eq!((total, one.quantity()), (one.decimal(), None));
                    }
                    (Cell::Duplicate { counts, .. }, several) => {
                        let said: Vec<_> = several.iter().filter_map(|one| one.decimal()).collect();
                        proptest::prop_assert!(several.len() > 1 && counts == said, "{:?}", counts);
                    }
                    (found, told) => proptest::prop_assert!(false, "{:?} of {:?}", found, told),
                }
            }
        }

        /// An item behind the wrong count is a line for the wrong customer.
        #[test]
        fn every_item_stands_behind_its_own_count(rows in proptest::collection::vec((0_u8..4, 0_u8..4, 0_u8..6), 0..60)) {
            let mut tally = Tally::new(Duplicates::Sum, Vec::new());
            let mut expected: BTreeMap<(u8, u8), std::collections::BTreeSet<String>> = BTreeMap::new();
            for (line, &(customer, service, item)) in (2..).zip(&rows) {
                let (number, of) = (tally.customer(&format!("C{customer}")), tally.service(&format!("S{service}")));
                // Every other service has no items at all.
                let item = (service % 2 == 0).then(|| format!("I{item}"));
                expected.entry((customer, service)).or_default().extend(item.clone());
                tally.distinct(line, number, of, item.as_deref());
            }
            let counts = tally.finish();
            for ((customer, service), names) in expected {
                let found = cell(&counts, &format!("C{customer}"), &format!("S{service}"));
                proptest::prop_assert!(found.items().iter().eq(names.iter().map(String::as_str)), "{:?}", found);
                let Cell::Counted { count, .. } = found else { panic!("{found:?}") };
                proptest::prop_assert_eq!(count, Quantity::from(u32::try_from(names.len()).expect("few")));
            }
        }
    }
}
