//! `customers.csv`: which customer is which company.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::config::config_file;
use crate::config::error::ConfigError;
use crate::config::toml_document::Field;
use crate::export::excerpt::Excerpt;
use crate::export::format::csv_quotes::QuoteFault;
use crate::export::format::csv_rows::cells_of_lines;
use crate::export::read::alike_names::alike;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::export::normalized_names::normalized;
use crate::reconcile::model::ids::{AdditionId, AgreementId, CompanyId, CustomerName};
use crate::reconcile::model::mapping::{CustomerRow, CustomerTarget};

/// The columns, by name; the first two have to be there.
const COLUMNS: [&str; 5] = [CUSTOMER, COMPANY, AGREEMENT, NOTE, ADDITION];
pub(in crate::config) const CUSTOMER: &str = "customer";
pub(in crate::config) const COMPANY: &str = "company_id";
pub(in crate::config) const AGREEMENT: &str = "agreement_id";
pub(in crate::config) const NOTE: &str = "note";
/// Additions that are meant where several are live, separated by blanks.
pub(in crate::config) const ADDITION: &str = "addition_id";

/// The rows of the file.
#[derive(Debug, Default)]
pub(in crate::config) struct CustomersCsv {
    pub(in crate::config) rows: BTreeMap<CustomerName, CustomerRow>,
    pub(in crate::config) pins: BTreeSet<AdditionId>,
}

/// Reads the file that `field` names. What is wrong is said there; the rows around it are read all the same.
pub(in crate::config) fn read(field: &Field<'_>, path: &Path) -> Option<CustomersCsv> {
    let said = |error| field.error_elsewhere(error);
    let bytes = config_file::read(path).map_err(said).ok()?;
    let text = config_file::decoded(path, &bytes).map_err(said).ok()?;
    parse(path, text, &said)
}

/// Reads the file's text; what is wrong with it is `said`.
pub(in crate::config) fn parse(path: &Path, text: &str, said: &dyn Fn(ConfigError)) -> Option<CustomersCsv> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let numbered = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    let (numbers, texts): (Vec<u64>, Vec<&str>) = numbered.unzip();
    let cells = cells_of_lines(&texts, b',').into_iter().map(|cells| cells.map(Cell::all));
    let numbered = numbers.into_iter().zip(texts);
    let mut lines = numbered.zip(cells).map(|((number, text), cells)| Line { said, path, number, text, cells });
    let Some(first) = lines.next() else {
        said(ConfigError::of_file(path.to_owned(), "is empty; its header is missing".to_owned()));
        return None;
    };
    let header = header(&first)?;
    let mut customers = CustomersCsv::default();
    for line in lines {
        if let Some(row) = row(&line, &header) {
            insert(&mut customers, &line, row);
        }
    }
    Some(customers)
}

/// One line, and where to say what is wrong with it.
struct Line<'a> {
    said: &'a dyn Fn(ConfigError),
    path: &'a Path,
    number: u64,
    text: &'a str,
    cells: Result<Vec<Cell>, QuoteFault>,
}

/// A cell, and where it begins.
struct Cell {
    at: usize,
    text: String,
}

impl Cell {
    fn all(cells: Vec<(usize, String)>) -> Vec<Self> {
        cells.into_iter().map(|(at, text)| Self { at, text: normalized(&text).into() }).collect()
    }
}

struct Row {
    customer: (usize, CustomerName),
    target: CustomerTarget,
    pins: Vec<AdditionId>,
    note: String,
}

impl Line<'_> {
    fn error(&self, at: usize, message: impl Into<String>, text: &str) {
        let before = self.text.get(..at).unwrap_or_default().chars().count();
        let marked = at..self.text.len().min(at.saturating_add(text.len()));
        (self.said)(ConfigError {
            line: Some(self.number),
            column: u64::try_from(before + 1).ok(),
            text: (!text.is_empty()).then(|| shown(text)),
            mark: Some(Excerpt::of(self.text, marked)),
            ..ConfigError::of_file(self.path.to_owned(), message.into())
        });
    }

    fn cells(&self) -> Option<&[Cell]> {
        match &self.cells {
            Ok(cells) => Some(cells),
            Err(fault) => {
                let message = if fault.open {
                    "a quote opens here and is not closed on this line"
                } else {
                    "text follows a closing quote"
                };
                self.error(fault.at, message, self.text.get(fault.at..).unwrap_or_default());
                None
            }
        }
    }
}

/// The names of the file's columns, all of them known.
fn header(line: &Line<'_>) -> Option<Vec<String>> {
    if let Some(with) = otherwise_separated(line.text) {
        line.error(0, format!("separated by {with}; save it with commas"), line.text);
        return None;
    }
    let cells = line.cells()?;
    let mut seen = BTreeSet::new();
    let mut good = true;
    for cell in cells {
        if !COLUMNS.contains(&cell.text.as_str()) {
            let meant = alike(&cell.text, COLUMNS).map(|meant| format!(" (did you mean `{meant}`?)"));
            line.error(cell.at, format!("unknown column{}", meant.unwrap_or_default()), &cell.text);
            good = false;
        } else if !seen.insert(cell.text.as_str()) {
            line.error(cell.at, "this column appears twice", &cell.text);
            good = false;
        }
    }
    for needed in [CUSTOMER, COMPANY] {
        // An unknown column was said already, and is probably this one.
        if good && !seen.contains(needed) {
            line.error(0, format!("the column `{needed}` is missing"), line.text);
            return None;
        }
    }
    good.then(|| cells.iter().map(|cell| cell.text.clone()).collect())
}

/// What a spreadsheet has written between the cells, in words, if it is no comma.
fn otherwise_separated(text: &str) -> Option<&'static str> {
    let named = |mark: char| {
        let cells = text.split(mark).map(|cell| normalized(cell.trim().trim_matches('"')));
        text.contains(mark) && cells.into_iter().any(|cell| COLUMNS.contains(&cell.as_ref()))
    };
    [(';', "semicolons"), ('\t', "tabs")].into_iter().find(|(mark, _)| named(*mark)).map(|(_, with)| with)
}

/// One row; `None` if it is blank, or wrong.
fn row(line: &Line<'_>, header: &[String]) -> Option<Row> {
    let cells = line.cells()?;
    if cells.iter().all(|cell| cell.text.is_empty()) {
        return None;
    }
    // Cells left out at the end are blank ones; one too many is a comma within a name.
    if cells.len() > header.len() {
        let message = format!("expected {} cells as in the header, found {}", header.len(), cells.len());
        line.error(0, message, line.text);
        return None;
    }
    let cell = |name: &str| header.iter().position(|column| column == name).and_then(|index| cells.get(index));
    let customer = cell(CUSTOMER)?;
    if customer.text.is_empty() {
        line.error(customer.at, "a row without a customer", line.text);
    }
    let ids =
        [COMPANY, AGREEMENT, ADDITION].map(|name| cell(name).map_or(Some(Vec::new()), |cell| ids(line, name, cell)));
    let [company, agreement, pins] = ids;
    let (company, agreement, pins) = (company?, agreement?, pins?);
    let target = match company.first() {
        // What else the row names waits for the day its company_id is filled in again.
        None => CustomerTarget::Skip,
        Some(id) => {
            CustomerTarget::Company { company: CompanyId(*id), agreement: agreement.first().copied().map(AgreementId) }
        }
    };
    let pins = pins.into_iter().map(AdditionId).collect();
    let name = CustomerName::new(&customer.text);
    let note = cell(NOTE).map(|cell| cell.text.clone()).unwrap_or_default();
    (!customer.text.is_empty()).then_some(Row { customer: (customer.at, name), target, pins, note })
}

/// The record ids in a cell: at most one, but for the column of pins.
fn ids(line: &Line<'_>, column: &str, cell: &Cell) -> Option<Vec<i64>> {
    let id = |word: &str| {
        let digits = word.bytes().all(|byte| byte.is_ascii_digit());
        word.parse().ok().filter(|id: &i64| digits && *id > 0)
    };
    let ids: Option<Vec<i64>> = cell.text.split_whitespace().map(id).collect();
    let ids = ids.filter(|ids| column == ADDITION || ids.len() <= 1);
    if ids.is_none() {
        line.error(cell.at, format!("`{column}` is a record id of ConnectWise, a whole number"), &cell.text);
    }
    ids
}

fn insert(customers: &mut CustomersCsv, line: &Line<'_>, row: Row) {
    let (at, name) = row.customer;
    customers.pins.extend(row.pins);
    match customers.rows.entry(name) {
        Entry::Vacant(free) => {
            free.insert(CustomerRow { target: row.target, line: line.number, note: row.note });
        }
        Entry::Occupied(first) => {
            let message = format!("this customer is on line {} already", first.get().line);
            line.error(at, message, first.key().as_str());
        }
    }
}
