//! Rows of an export into counts, one by one, so that no reader has to keep them.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::export::count::count_parser::Units;
use crate::export::count::duplicate_rows::Duplicates;
use crate::export::count::fast_table::{Customer, FastTable, Service};
use crate::export::count::repeated_parts::repeated;
use crate::reconcile::model::export::counts::{
    Counts, CustomerCounts, DateColumn, FilteredRows, NewerDate, RejectedRow, UnclearMarks,
};
use crate::reconcile::model::export::partial_export::UnreadPart;
use crate::reconcile::model::export::row_lines::RowLines;
use crate::reconcile::model::export::rows_behind_end::RowsBehindEnd;
use crate::reconcile::model::ids::CustomerName;

/// Names that are kept of what a filter leaves out.
const NAMES_KEPT: usize = 5;

/// Takes rows one by one; [`Tally::finish`] gives the counts.
#[derive(Debug)]
pub struct Tally {
    duplicates: Duplicates,
    table: FastTable,
    counts: Counts,
    above: Above,
    /// Customers with rows that were left out, and the lines of rows without a customer below those.
    left_out: BTreeMap<CustomerName, RowLines>,
    /// Lines of rows that name nobody, with no name above them: they may be anybody's.
    anybodys: RowLines,
    /// How many lines stand before the sheet or file that is read.
    before: u64,
    /// The last line so far, of all sheets and files.
    last: u64,
}

/// Whom the nearest row above names: a row that names nobody may be theirs.
#[derive(Debug, Default)]
struct Above {
    /// The number of the row, left out or not.
    row: usize,
    /// Those of the nearest row that counts.
    customers: Vec<Customer>,
    /// Those of the nearest row, where it was left out.
    left_out: Vec<CustomerName>,
}

impl Above {
    fn customer(&mut self, row: usize, customer: Customer) {
        if self.row != row {
            self.row = row;
            self.customers.clear();
            self.left_out.clear();
        }
        if self.customers.last() != Some(&customer) {
            self.customers.push(customer);
        }
    }

    fn left_out(&mut self, row: usize, name: &CustomerName) {
        if self.row != row {
            self.row = row;
            self.left_out.clear();
        }
        self.left_out.push(name.clone());
    }
}

impl Tally {
    /// An empty tally; `filters` are the words for what may exclude a row.
    pub fn new(duplicates: Duplicates, filters: Vec<String>) -> Self {
        let excluded = |rule| FilteredRows { rule, rows: 0, names: Vec::new(), more: false, newer: None };
        let counts = Counts { excluded: filters.into_iter().map(excluded).collect(), ..Counts::default() };
        let (table, above, left_out) = (FastTable::default(), Above::default(), BTreeMap::new());
        Self { duplicates, table, counts, above, left_out, anybodys: RowLines::default(), before: 0, last: 0 }
    }

    /// A line of the sheet or file that is read, as it is numbered through all of them.
    fn numbered(&mut self, line: u64) -> u64 {
        let line = self.before.saturating_add(line);
        self.last = self.last.max(line);
        line
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

    /// A cell of a column of marks whose word is not understood; whether it counts one all the same.
    pub(in crate::export) fn unclear_mark(&mut self, column: &str, word: &str, counted: bool) {
        let marks = &mut self.counts.unclear_marks;
        let at = marks.iter().position(|known| known.column == column && known.counted == counted);
        let at = at.unwrap_or_else(|| {
            let column = column.to_owned();
            marks.push(UnclearMarks { column, counted, cells: 0, words: Vec::new(), more: false });
            marks.len() - 1
        });
        let known = &mut marks[at];
        known.cells += 1;
        if !known.more && !known.words.iter().any(|said| said == word) {
            known.more = known.words.len() == NAMES_KEPT;
            if !known.more {
                known.words.push(word.to_owned());
            }
        }
    }

    /// What dates say: for each filter the newer one that it leaves out, and the column that tells rows apart.
    pub(in crate::export) fn dates(&mut self, newer: Vec<Option<NewerDate>>, column: Option<DateColumn>) {
        for (excluded, newer) in self.counts.excluded.iter_mut().zip(newer) {
            excluded.newer = newer;
        }
        self.counts.dated = column;
    }

    /// The row that is left out names this customer.
    pub fn left_out(&mut self, name: &str) {
        let name = CustomerName::new(name);
        self.above.left_out(self.counts.rows, &name);
        self.left_out.entry(name).or_default();
    }

    /// The row names no customer. It may be one of those above it; with none above, anybody's.
    pub fn nameless(&mut self, line: u64) {
        let line = self.numbered(line);
        self.counts.nameless.push(line);
        self.doubt_above(line);
    }

    fn doubt_above(&mut self, line: u64) {
        let Above { customers, left_out, .. } = &self.above;
        customers.iter().for_each(|customer| self.table.doubt(*customer, line));
        for name in left_out {
            self.left_out.entry(name.clone()).or_default().add(line);
        }
        if customers.is_empty() {
            self.anybodys.add(line);
        }
    }

    /// The row is no count, and its customer's other counts are not the whole truth.
    pub fn reject(&mut self, row: RejectedRow) {
        let row = RejectedRow { line: self.numbered(row.line), ..row };
        match &row.customer {
            Some(customer) => self.of_customer(customer.as_str(), row.line),
            None => self.doubt_above(row.line),
        }
        self.counts.rejected.push(row);
    }

    /// The row is no count, and whose it is its customer's cell does not say: that one and those above are in doubt.
    pub fn reject_unnamed(&mut self, row: RejectedRow) {
        let row = RejectedRow { line: self.numbered(row.line), ..row };
        self.doubt_above(row.line);
        if let Some(name) = &row.customer {
            let customer = self.table.customer(name.as_str());
            self.table.reject(customer, row.line);
        }
        self.counts.rejected.push(row);
    }

    /// Another customer that a rejected row is about.
    pub fn incomplete(&mut self, name: &str, line: u64) {
        let line = self.numbered(line);
        self.of_customer(name, line);
    }

    fn of_customer(&mut self, name: &str, line: u64) {
        let customer = self.customer(name);
        self.table.reject(customer, line);
    }

    /// The customer is in the export, whether or not anything is counted.
    pub fn customer(&mut self, name: &str) -> Customer {
        let customer = self.table.customer(name);
        self.above.customer(self.counts.rows, customer);
        customer
    }

    /// The same at a glance: `None` says only that the customer is not the one to be expected here.
    pub fn expected_customer(&mut self, name: &str) -> Option<Customer> {
        let customer = self.table.expected_customer(name)?;
        self.above.customer(self.counts.rows, customer);
        Some(customer)
    }

    /// How many counts and items there are so far.
    pub fn written_down(&self) -> usize {
        self.table.len()
    }

    /// How many counts of rows there are so far.
    pub(in crate::export) fn written_rows(&self) -> usize {
        self.table.rows()
    }

    /// The rows that are no counts so far.
    pub(in crate::export) fn rejected(&self) -> &[RejectedRow] {
        &self.counts.rejected
    }

    /// The service of this name.
    pub fn service(&mut self, name: &str) -> Service {
        self.table.service(name)
    }

    /// The same at a glance: `None` says only that the service is not the one to be expected here.
    pub fn expected_service(&mut self, name: &str) -> Option<Service> {
        self.table.expected_service(name)
    }

    /// A count, and the names of what is counted, if the row has any.
    #[expect(clippy::too_many_arguments, reason = "the cells of one row, each once")]
    pub fn add<'i>(
        &mut self,
        line: u64,
        customer: Customer,
        service: Service,
        units: Units,
        items: impl IntoIterator<Item = &'i str>,
    ) {
        let line = self.numbered(line);
        self.table.add(line, customer, service, Some(units), items);
    }

    /// One unit for each item, however many rows name it.
    pub fn distinct<'i>(
        &mut self,
        line: u64,
        customer: Customer,
        service: Service,
        items: impl IntoIterator<Item = &'i str>,
    ) {
        let line = self.numbered(line);
        self.table.add(line, customer, service, None, items);
    }

    /// How the data ends: whether nothing ends the last row, and what should have ended the data and did not.
    pub(in crate::export) fn end(&mut self, open_end: bool, end_missing: Option<String>) {
        self.counts.open_end |= open_end;
        self.counts.end_missing = end_missing.or(self.counts.end_missing.take());
    }

    /// What stands behind the row that ends the data of this file or sheet.
    pub(in crate::export) fn behind_end(&mut self, behind: RowsBehindEnd) {
        if behind.rows > 0 {
            let behind = RowsBehindEnd { line: self.numbered(behind.line), ..behind };
            self.counts.behind_end = Some(match self.counts.behind_end.take() {
                Some(before) => before.and(behind),
                None => behind,
            });
        }
    }

    /// The file looks like a part of the export.
    pub(in crate::export) fn unread(&mut self, parts: Vec<UnreadPart>) {
        self.counts.unread.extend(parts);
    }

    /// Rows of data so far, and customers who have none.
    pub(in crate::export) fn rows_and_names(&self) -> usize {
        self.counts.rows + self.left_out.len()
    }

    /// Rows of data so far.
    pub(in crate::export) fn rows(&self) -> usize {
        self.counts.rows
    }

    /// Another sheet or file begins: a row that names nobody is not of whom the last one names. It has a name where there
    /// are several.
    pub(in crate::export) fn another_part(&mut self, name: Option<&str>) {
        self.before = self.last;
        if let Some(name) = name {
            self.counts.parts.add(name, self.before);
        }
        self.above = Above { row: self.counts.rows, ..Above::default() };
    }

    /// Something that is no count and is passed over; said once.
    pub(in crate::export) fn passed_over(&mut self, what: &str) {
        if !self.counts.passed_over.iter().any(|said| said == what) {
            self.counts.passed_over.push(what.to_owned());
        }
    }

    /// The first and the last day of the newest date of the export.
    pub(in crate::export) fn newest_day(&mut self, first: NaiveDate, last: NaiveDate) {
        (self.counts.newest_day_began, self.counts.newest_day) = (Some(first), Some(last));
    }

    /// The counts, in order.
    pub fn finish(self) -> Counts {
        let Self { duplicates, table, counts, left_out, anybodys, .. } = self;
        let excluded = counts.excluded.iter().map(|excluded| excluded.rows).sum::<usize>();
        let repeated = if duplicates == Duplicates::Max { None } else { repeated(&table, &counts.parts) };
        let mut customers = table.finish(duplicates);
        let mut only_left_out = BTreeMap::new();
        for (name, doubted) in left_out {
            let counted = match customers.get_mut(&name) {
                Some(counted) => counted,
                None => only_left_out.entry(name).or_insert_with(CustomerCounts::default),
            };
            // A customer of whom other rows are kept is doubted for both.
            let known = counted.nameless_lines().to_vec();
            let others = doubted.to_vec().into_iter().filter(|line| !known.contains(line));
            others.for_each(|line| counted.doubt(line));
        }
        for counted in customers.values_mut().chain(only_left_out.values_mut()) {
            anybodys.to_vec().into_iter().for_each(|line| counted.doubt(line));
        }
        Counts { customers, left_out: only_left_out, kept: counts.rows - excluded, repeated, ..counts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reconcile::model::export::counts::Cell;
    use crate::reconcile::model::quantity::Quantity;

    #[test]
    fn items_are_named_behind_the_count_of_their_rows() {
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
            let cell = counts.customers.get("Acme").and_then(|counted| counted.get(service)).expect("a row");
            let Cell::Counted { count, lines, items } = cell else { panic!("{counts:?}") };
            assert_eq!((*count, lines.number()), (Quantity::from(units), 6), "{service}");
            assert_eq!(items.iter().map(|item| item.as_str()).collect::<Vec<_>>(), ["a", "b", "c"], "{service}");
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
}
