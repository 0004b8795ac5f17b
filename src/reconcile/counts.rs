//! Rows of an export into counts: one number for each customer and service, read once and strictly.

use std::collections::BTreeMap;
use std::collections::HashMap;

use crate::reconcile::ids::CustomerName;
use crate::reconcile::ids::ItemName;
use crate::reconcile::ids::ServiceName;
use crate::reconcile::quantity::CountError;
use crate::reconcile::quantity::Quantity;

/// What an export says: per customer and service one count, and every row that could not be one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// By customer name, in order.
    pub customers: BTreeMap<CustomerName, CustomerCounts>,
    /// Rows that could not be read as a count, in the file's order.
    pub rejected: Vec<RejectedRow>,
    /// Lines of rows that name no customer. A blank customer is no customer: reported, never counted.
    pub nameless: Vec<u64>,
    /// Rows of data, rejected ones included; blank rows are none.
    pub rows: usize,
    /// No line break ends the last row. That is allowed (RFC 4180), and it is also what a file looks like that was cut
    /// off: the last `1` may have been `15`.
    pub open_end: bool,
}

/// The services of one customer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CustomerCounts {
    /// By service name, in order.
    pub services: BTreeMap<ServiceName, Cell>,
    /// Lines of this customer's rows that were rejected. If there is any, the counts above are not the whole truth.
    pub rejected_lines: Vec<u64>,
}

/// What the rows of one customer and service come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// A count, and the lines of the file it was read from.
    Counted {
        /// The units.
        count: Quantity,
        /// Where they stand, first line first.
        lines: Vec<u64>,
        /// What is counted, by name, in order and each once; empty when the export has no column of items.
        items: Vec<ItemName>,
    },
    /// Several rows where the export may hold one. Which of them is right nobody knows.
    Duplicate {
        /// Where they stand.
        lines: Vec<u64>,
        /// What they say.
        counts: Vec<Quantity>,
    },
}

/// A row that is no count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedRow {
    /// Line of the file, from 1.
    pub line: u64,
    /// The column at fault, by name.
    pub column: String,
    /// What stands there.
    pub value: String,
    /// Whose row it is; `None` when the customer is blank.
    pub customer: Option<CustomerName>,
    /// What is wrong, in words that follow the value.
    pub why: String,
}

/// What several rows of one customer and service mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Duplicates {
    /// An error for that line: billing half or twice is worse than asking.
    #[default]
    Error,
    /// They add up.
    Sum,
    /// The largest counts.
    Max,
}

/// The names of the columns, for what is said about a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnNames {
    /// Holds the customer.
    pub customer: String,
    /// Holds the service.
    pub service: String,
    /// Holds the count.
    pub count: String,
}

/// Takes rows one by one, so that no reader has to keep them; [`Tally::finish`] gives the counts.
///
/// Names are kept once each and rows as numbers; they are put in order in one go at the end, which is several times
/// faster than finding each row's place as it comes.
#[derive(Debug)]
pub struct Tally {
    columns: ColumnNames,
    duplicates: Duplicates,
    customers: Names<CustomerName>,
    services: Names<ServiceName>,
    counted: Vec<CountedRow>,
    rejected: Vec<RejectedRow>,
    /// Customers, by number, and the lines of their rejected rows.
    rejected_lines: Vec<(usize, u64)>,
    nameless: Vec<u64>,
    rows: usize,
}

#[derive(Debug)]
struct CountedRow {
    customer: usize,
    service: usize,
    line: u64,
    units: Quantity,
}

impl Tally {
    /// An empty tally.
    pub fn new(columns: ColumnNames, duplicates: Duplicates) -> Self {
        Self {
            columns,
            duplicates,
            customers: Names::default(),
            services: Names::default(),
            counted: Vec::new(),
            rejected: Vec::new(),
            rejected_lines: Vec::new(),
            nameless: Vec::new(),
            rows: 0,
        }
    }

    /// One row of data, with the line it begins on. White space around names is not part of them.
    pub fn row(&mut self, line: u64, customer: &str, service: &str, count: &str) {
        self.rows += 1;
        let (customer, service) = (customer.trim(), service.trim());
        if customer.is_empty() {
            self.nameless.push(line);
            return;
        }
        if service.is_empty() {
            return self.reject(line, customer, Fault::NoService);
        }
        match Quantity::parse_count(count) {
            Ok(units) => self.add(line, customer, service, units),
            Err(error) => self.reject(line, customer, Fault::Count(count, error)),
        }
    }

    fn add(&mut self, line: u64, customer: &str, service: &str, units: Quantity) {
        let (customer, service) = (self.customers.number(customer), self.services.number(service));
        self.counted.push(CountedRow { customer, service, line, units });
    }

    fn reject(&mut self, line: u64, customer: &str, fault: Fault<'_>) {
        let number = self.customers.number(customer);
        self.rejected_lines.push((number, line));
        let (column, value, why) = match fault {
            Fault::NoService => (self.columns.service.clone(), String::new(), "names no service".to_owned()),
            Fault::Count(text, error) => (self.columns.count.clone(), text.to_owned(), error.to_string()),
        };
        let customer = Some(CustomerName::new(customer));
        self.rejected.push(RejectedRow { line, column, value, customer, why });
    }

    /// The counts, in order.
    pub fn finish(mut self) -> Counts {
        let (customers, customer_ranks) = self.customers.in_order();
        let (services, service_ranks) = self.services.in_order();
        for row in &mut self.counted {
            (row.customer, row.service) = (customer_ranks[row.customer], service_ranks[row.service]);
        }
        // Stable, so that the rows of one cell stay in the file's order.
        self.counted.sort_by_key(|row| (row.customer, row.service));
        let mut rows = self.counted.as_slice();
        let counts = customers.into_iter().enumerate().map(|(rank, name)| {
            let own = rows.iter().take_while(|row| row.customer == rank).count();
            let (of_customer, others) = rows.split_at(own);
            rows = others;
            let mut cells = Vec::with_capacity(own);
            for rows in of_customer.chunk_by(|a, b| a.service == b.service) {
                cells.push((services[rows[0].service].clone(), Cell::of(rows, self.duplicates)));
            }
            (name, CustomerCounts { services: cells.into_iter().collect(), rejected_lines: Vec::new() })
        });
        let mut customers: Vec<(CustomerName, CustomerCounts)> = counts.collect();
        for (number, line) in self.rejected_lines {
            customers[customer_ranks[number]].1.rejected_lines.push(line);
        }
        let customers = customers.into_iter().collect();
        Counts { customers, rejected: self.rejected, nameless: self.nameless, rows: self.rows, open_end: false }
    }
}

/// Each name once, by number, in the order of their first use.
#[derive(Debug)]
struct Names<N> {
    known: Vec<N>,
    index: HashMap<N, usize>,
    /// Which name came after each the last time: exports repeat the same services for every customer.
    after: Vec<usize>,
    last: usize,
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
    fn number(&mut self, name: &str) -> usize {
        let is = |at: usize| self.known.get(at).is_some_and(|known| known.borrow() == name);
        if is(self.last) {
            return self.last;
        }
        let guess = self.after.get(self.last).copied().unwrap_or_default();
        let number = if is(guess) { guess } else { self.look_up(name) };
        self.after[self.last] = number;
        self.last = number;
        number
    }

    fn look_up(&mut self, name: &str) -> usize {
        if let Some(&number) = self.index.get(name) {
            return number;
        }
        let (name, number) = (N::from(name), self.known.len());
        self.index.insert(name.clone(), number);
        self.known.push(name);
        self.after.push(number);
        number
    }

    /// The names in order, and the place of each number in that order.
    fn in_order(&mut self) -> (Vec<N>, Vec<usize>) {
        let mut numbered: Vec<(N, usize)> = std::mem::take(&mut self.known).into_iter().zip(0..).collect();
        numbered.sort();
        let mut ranks = vec![0; numbered.len()];
        for (rank, (_, number)) in numbered.iter().enumerate() {
            ranks[*number] = rank;
        }
        (numbered.into_iter().map(|(name, _)| name).collect(), ranks)
    }
}

enum Fault<'a> {
    NoService,
    Count(&'a str, CountError),
}

impl Cell {
    /// What these rows, of which there is at least one, come to.
    fn of(rows: &[CountedRow], duplicates: Duplicates) -> Self {
        let mut cell = Cell::Counted { count: rows[0].units, lines: vec![rows[0].line], items: Vec::new() };
        for row in &rows[1..] {
            cell.again(row.line, row.units, duplicates);
        }
        cell
    }

    fn again(&mut self, line: u64, units: Quantity, duplicates: Duplicates) {
        match self {
            Cell::Duplicate { lines, counts } => {
                lines.push(line);
                counts.push(units);
            }
            Cell::Counted { count, lines, .. } => {
                let merged = match duplicates {
                    Duplicates::Error => None,
                    Duplicates::Sum => count.checked_add(units),
                    Duplicates::Max => Some(units.max(*count)),
                };
                lines.push(line);
                match merged {
                    Some(merged) => *count = merged,
                    None => *self = Cell::Duplicate { lines: std::mem::take(lines), counts: vec![*count, units] },
                }
            }
        }
    }

    /// What is counted, by name.
    pub fn items(&self) -> &[ItemName] {
        match self {
            Cell::Counted { items, .. } => items,
            Cell::Duplicate { .. } => &[],
        }
    }

    /// The lines of the file behind it.
    pub fn lines(&self) -> &[u64] {
        match self {
            Cell::Counted { lines, .. } | Cell::Duplicate { lines, .. } => lines,
        }
    }
}

impl Counts {
    /// All units of all customers and services. Duplicates count once, with their first number.
    pub fn units(&self) -> rust_decimal::Decimal {
        let cells = self.customers.values().flat_map(|customer| customer.services.values());
        cells
            .map(|cell| match cell {
                Cell::Counted { count, .. } => count.as_decimal(),
                Cell::Duplicate { counts, .. } => counts.first().copied().unwrap_or_default().as_decimal(),
            })
            .fold(rust_decimal::Decimal::ZERO, rust_decimal::Decimal::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(duplicates: Duplicates, rows: &[(&str, &str, &str)]) -> Counts {
        let columns = ColumnNames { customer: "Account".into(), service: "Product".into(), count: "Quantity".into() };
        let mut tally = Tally::new(columns, duplicates);
        for (line, (customer, service, count)) in (2..).zip(rows) {
            tally.row(line, customer, service, count);
        }
        tally.finish()
    }

    fn cell(counts: &Counts, customer: &str, service: &str) -> Cell {
        counts.customers[customer].services[service].clone()
    }

    #[test]
    fn a_duplicate_is_an_error_unless_the_export_is_known_to_split_its_rows() {
        let rows = [("Acme", "EDR", "5"), ("Acme", "EDR", "7"), ("Acme", "Backup", "1")];
        let lines = vec![2, 3];
        let twice = Cell::Duplicate { lines: lines.clone(), counts: vec![Quantity::from(5), Quantity::from(7)] };
        assert_eq!(cell(&tally(Duplicates::Error, &rows), "Acme", "EDR"), twice);
        let sum = Cell::Counted { count: Quantity::from(12), lines: lines.clone(), items: Vec::new() };
        assert_eq!(cell(&tally(Duplicates::Sum, &rows), "Acme", "EDR"), sum);
        let max = Cell::Counted { count: Quantity::from(7), lines, items: Vec::new() };
        assert_eq!(cell(&tally(Duplicates::Max, &rows), "Acme", "EDR"), max);
    }

    #[test]
    fn a_row_that_is_no_count_marks_its_customer_and_names_its_column() {
        let counts = tally(
            Duplicates::Error,
            &[("Acme", "EDR", "5"), ("Acme", "Backup", "N/A"), ("Acme ", "", "1"), ("", "EDR", "3")],
        );
        assert_eq!(counts.customers["Acme"].rejected_lines, [3, 4]);
        assert_eq!(counts.nameless, [5]);
        assert_eq!((counts.rejected[0].column.as_str(), counts.rejected[0].value.as_str()), ("Quantity", "N/A"));
        assert_eq!(counts.rejected[1].column, "Product");
        assert_eq!(counts.rows, 4);
    }
}
