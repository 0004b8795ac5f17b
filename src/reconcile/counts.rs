//! Rows of an export into counts: one number for each customer and service, read once and strictly.

use std::collections::BTreeMap;
use std::collections::HashMap;

use crate::reconcile::ids::CustomerName;
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
#[derive(Debug)]
pub struct Tally {
    columns: ColumnNames,
    duplicates: Duplicates,
    customers: Vec<(CustomerName, CustomerTally)>,
    index: HashMap<CustomerName, usize>,
    services: HashMap<ServiceName, ServiceName>,
    rejected: Vec<RejectedRow>,
    nameless: Vec<u64>,
    rows: usize,
    last: usize,
}

#[derive(Debug, Default)]
struct CustomerTally {
    cells: HashMap<ServiceName, Cell>,
    rejected_lines: Vec<u64>,
}

impl Tally {
    /// An empty tally.
    pub fn new(columns: ColumnNames, duplicates: Duplicates) -> Self {
        Self {
            columns,
            duplicates,
            customers: Vec::new(),
            index: HashMap::new(),
            services: HashMap::new(),
            rejected: Vec::new(),
            nameless: Vec::new(),
            rows: 0,
            last: 0,
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

    /// A row that the file ends in without a line end, whose last cell may therefore be half of what it was.
    pub fn cut_off(&mut self, line: u64, customer: &str, column: &str, value: &str) {
        self.rows += 1;
        match customer.trim() {
            "" => self.nameless.push(line),
            customer => self.reject(line, customer, Fault::CutOff { column, value }),
        }
    }

    fn add(&mut self, line: u64, customer: &str, service: &str, units: Quantity) {
        let duplicates = self.duplicates;
        let service = self.service(service);
        let cells = &mut self.customer(customer).cells;
        match cells.get_mut(&service) {
            None => {
                cells.insert(service, Cell::Counted { count: units, lines: vec![line] });
            }
            Some(cell) => cell.again(line, units, duplicates),
        }
    }

    fn reject(&mut self, line: u64, customer: &str, fault: Fault<'_>) {
        self.customer(customer).rejected_lines.push(line);
        let (column, value, why) = match fault {
            Fault::NoService => (self.columns.service.clone(), String::new(), "names no service".to_owned()),
            Fault::Count(text, error) => (self.columns.count.clone(), text.to_owned(), error.to_string()),
            Fault::CutOff { column, value } => (column.to_owned(), value.to_owned(), CUT_OFF.to_owned()),
        };
        let customer = Some(CustomerName::new(customer));
        self.rejected.push(RejectedRow { line, column, value, customer, why });
    }

    /// Exports list a customer's rows together, so the last one is looked at first.
    fn customer(&mut self, name: &str) -> &mut CustomerTally {
        let at = match self.customers.get(self.last) {
            Some((last, _)) if last.as_str() == name => self.last,
            _ => match self.index.get(name) {
                Some(&at) => at,
                None => {
                    let name = CustomerName::new(name);
                    self.index.insert(name.clone(), self.customers.len());
                    self.customers.push((name, CustomerTally::default()));
                    self.customers.len() - 1
                }
            },
        };
        self.last = at;
        &mut self.customers[at].1
    }

    /// A service's name is kept once, however many customers use it.
    fn service(&mut self, name: &str) -> ServiceName {
        if let Some(known) = self.services.get(name) {
            return known.clone();
        }
        let name = ServiceName::new(name);
        self.services.insert(name.clone(), name.clone());
        name
    }

    /// The counts, in order.
    pub fn finish(self) -> Counts {
        let customers = self.customers.into_iter().map(|(name, tally)| {
            let services = tally.cells.into_iter().collect();
            (name, CustomerCounts { services, rejected_lines: tally.rejected_lines })
        });
        Counts { customers: customers.collect(), rejected: self.rejected, nameless: self.nameless, rows: self.rows }
    }
}

enum Fault<'a> {
    NoService,
    Count(&'a str, CountError),
    CutOff { column: &'a str, value: &'a str },
}

const CUT_OFF: &str = "is the file's last cell, and no line end follows it, so it may have been cut off";

impl Cell {
    fn again(&mut self, line: u64, units: Quantity, duplicates: Duplicates) {
        match self {
            Cell::Duplicate { lines, counts } => {
                lines.push(line);
                counts.push(units);
            }
            Cell::Counted { count, lines } => {
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
        let sum = Cell::Counted { count: Quantity::from(12), lines: lines.clone() };
        assert_eq!(cell(&tally(Duplicates::Sum, &rows), "Acme", "EDR"), sum);
        let max = Cell::Counted { count: Quantity::from(7), lines };
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
