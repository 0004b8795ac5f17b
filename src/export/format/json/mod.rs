//! JSON: an array of records, one somewhere inside a document, or a record on each line (NDJSON).
//!
//! A record's keys are columns; those of objects inside it are reached with dots (`customer.name`). A number keeps the
//! digits that were written, so nothing passes through binary floating point. A list is its own JSON text.

pub(in crate::export) mod json_value;
mod key_names;
pub(crate) mod list_rows;
pub(in crate::export) mod more_pages;
pub(crate) mod nested_path;
mod nested_places;
pub(crate) mod nested_records;
mod page_words;
pub(crate) mod record_finder;

use std::ops::Range;

use serde_json::value::RawValue;

use crate::export::damage_kinds::{Damage, Shown};
use crate::export::damage_places::Fault;
use crate::export::format::json::json_value::{JsonFault as ValueFault, RecordCells};
use crate::export::format::json::key_names::{NAMES_MAX, Names};
use crate::export::format::json::record_finder::RecordsShape;
use crate::export::format::line_numbers::RecordLines;
use crate::export::format::raw_rows::RawRows;

/// The records of a text, one at a time.
#[derive(Debug)]
pub(in crate::export) struct Records<'a> {
    records: Vec<&'a RawValue>,
    names: Names,
    lines: RecordLines<'a>,
    /// The record after this one; `None` before the names.
    next: Option<usize>,
    cells: RecordCells<'a>,
}

impl<'a> Records<'a> {
    /// Finds the records, and the names of all their keys in the order of their first use.
    ///
    /// # Errors
    /// If the text is no JSON, holds no records there, or a record names a key twice.
    pub(in crate::export) fn open(text: &'a str, shape: RecordsShape<'_>) -> Result<Self, Fault> {
        let records = record_finder::find(text, shape)?;
        let mut names = Names::default();
        let mut lines = RecordLines::of(text);
        for (number, record) in records.iter().enumerate() {
            lines.next(Some(record.get()));
            json_value::members(record.get(), &mut |name, _| names.use_in(number, name).map(|_| ()))
                .map_err(|fault| damage(lines.line(), fault))?;
        }
        Ok(Self { lines: RecordLines::of(text), records, names, next: None, cells: RecordCells::default() })
    }

    /// How many there are.
    pub(in crate::export) fn number(&self) -> usize {
        self.records.len()
    }

    /// The record that is read, as it is written.
    fn record(&self) -> &'a str {
        let index = self.next.and_then(|next| next.checked_sub(1));
        index.and_then(|index| self.records.get(index)).map_or("", |record| record.get())
    }
}

impl RawRows for Records<'_> {
    /// First the names, then record for record.
    fn advance(&mut self) -> Result<bool, Fault> {
        let Some(next) = self.next else {
            self.next = Some(0);
            self.cells = RecordCells(self.names.texts());
            return Ok(true);
        };
        let Some(record) = self.records.get(next) else {
            return Ok(false);
        };
        self.lines.next(Some(record.get()));
        self.cells.clear(self.names.len());
        let Self { names, cells, .. } = self;
        // Numbered on from the first reading, so that no key counts as used already.
        let number = self.records.len() + next;
        let read = json_value::members(record.get(), &mut |name, raw| {
            let index = names.use_in(number, name)?;
            cells.put(index, json_value::value(raw)?);
            Ok(())
        });
        read.map_err(|fault| damage(self.lines.line(), fault))?;
        self.next = Some(next + 1);
        Ok(true)
    }

    fn len(&self) -> usize {
        self.cells.0.len()
    }

    fn cell(&self, index: usize) -> &str {
        self.cells.text(index)
    }

    fn is_number(&self, index: usize) -> bool {
        self.cells.is_number(index)
    }

    fn is_list(&self, index: usize) -> bool {
        self.cells.is_list(index)
    }

    fn is_grid(&self) -> bool {
        true
    }

    fn line(&self) -> u64 {
        self.lines.line()
    }

    fn text(&self) -> String {
        self.record().to_owned()
    }

    fn range(&self, index: usize) -> Option<Range<usize>> {
        self.cells.range(index, self.record())
    }
}

fn damage(line: u64, fault: ValueFault) -> Fault {
    let damage = match fault {
        ValueFault::Doubled(name) => Damage::KeyDoubled { name: Shown::of(&name) },
        ValueFault::Syntax(why) => Damage::NotJson { why: Shown::of(&why) },
        ValueFault::NoObject(kind) => Damage::NotARecord { kind },
        ValueFault::TooDeep => Damage::TooDeep { max: json_value::DEPTH_MAX },
        ValueFault::TooManyNames => Damage::TooManyColumns { found: NAMES_MAX + 1, max: NAMES_MAX },
    };
    Fault::new(damage).on_line(line)
}

#[cfg(test)]
mod tests;
