//! The header: which cell of a row is which, by exact name.

use csv::ByteRecord;

use crate::export::error::Damage;
use crate::export::error::Place;
use crate::export::error::Shown;
use crate::export::names::alike;
use crate::export::names::normalized;
use crate::reconcile::counts::ColumnNames;

/// More columns than this are no export: the widest vendor's has about a hundred.
const COLUMNS_MAX: usize = 4096;
/// How many names an error lists.
const LISTED: usize = 12;

/// Where the three columns stand, and what all of them are called.
#[derive(Debug)]
pub(in crate::export) struct Header {
    names: Vec<String>,
    pub(in crate::export) customer: usize,
    pub(in crate::export) service: usize,
    pub(in crate::export) count: usize,
}

impl Header {
    /// The header of the file's first row that is not blank, which stands on `line`.
    pub(in crate::export) fn find(row: &ByteRecord, line: u64, columns: &ColumnNames) -> Result<Self, (Place, Damage)> {
        let fault = |damage| (Place { line: Some(line), column: None }, damage);
        if row.len() > COLUMNS_MAX {
            return Err(fault(Damage::TooManyColumns { found: row.len(), max: COLUMNS_MAX }));
        }
        let names = names(row);
        if let Some(damage) = other_delimiter(row, columns) {
            return Err(fault(damage));
        }
        let index = |wanted: &str| position(&names, wanted).map_err(fault);
        let (customer, service) = (index(&columns.customer)?, index(&columns.service)?);
        let count = index(&columns.count)?;
        Ok(Self { names, customer, service, count })
    }

    pub(in crate::export) fn len(&self) -> usize {
        self.names.len()
    }

    /// The column in words.
    pub(in crate::export) fn column(&self, index: usize) -> String {
        column(&self.names, index)
    }
}

/// The names of a header's columns, in their one form.
pub(in crate::export) fn names(row: &ByteRecord) -> Vec<String> {
    row.iter().map(|cell| normalized(&String::from_utf8_lossy(cell)).into_owned()).collect()
}

/// A column in words: by name where it has one.
pub(in crate::export) fn column(names: &[String], index: usize) -> String {
    match names.get(index) {
        Some(name) if !name.is_empty() => format!("column {:?}", Shown::of(name)),
        _ => format!("column {}", index + 1),
    }
}

/// Guessing a delimiter moves cells where it is wrong, so it is only suggested.
fn other_delimiter(row: &ByteRecord, columns: &ColumnNames) -> Option<Damage> {
    let header = std::str::from_utf8(row.as_slice()).ok().filter(|_| row.len() == 1)?;
    let has_all = [&columns.customer, &columns.service, &columns.count].iter().all(|name| header.contains(*name));
    let delimiter = [";", "\t", "|", ","].into_iter().find(|delimiter| has_all && header.contains(delimiter))?;
    let delimiter = if delimiter == "\t" { "tab" } else { delimiter };
    Some(Damage::OtherDelimiter { delimiter, text: Shown::of(header) })
}

fn position(names: &[String], wanted: &str) -> Result<usize, Damage> {
    let wanted = normalized(wanted);
    let mut found = names.iter().enumerate().filter(|(_, name)| **name == wanted).map(|(index, _)| index);
    match (found.next(), found.count()) {
        (Some(index), 0) => Ok(index),
        (Some(_), more) => Err(Damage::ColumnDoubled { name: Shown::of(&wanted), times: more + 1 }),
        (None, _) => Err(missing(names, &wanted)),
    }
}

fn missing(names: &[String], wanted: &str) -> Damage {
    let meant = alike(wanted, names.iter().map(String::as_str)).map(Shown::of);
    let mut listed: Vec<String> = names.iter().take(LISTED).map(|name| format!("{:?}", Shown::of(name))).collect();
    if names.len() > LISTED {
        listed.push(format!("and {} more", names.len() - LISTED));
    }
    Damage::ColumnMissing { wanted: Shown::of(wanted), meant, present: listed.join(", ") }
}
