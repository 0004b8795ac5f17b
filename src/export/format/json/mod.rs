//! JSON: an array of records, one somewhere inside a document, or a record on each line (NDJSON).
//!
//! A record's keys are columns; those of objects inside it are reached with dots (`customer.name`). A number keeps the
//! digits that were written, so nothing passes through binary floating point. A list is its own JSON text.

pub(crate) mod records;
pub(in crate::export) mod unread;
pub(in crate::export) mod value;

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use serde_json::value::RawValue;

use crate::export::damage::{Damage, Shown};
use crate::export::fault::Fault;
use crate::export::format::json::records::RecordsShape;
use crate::export::format::json::value::{JsonFault as ValueFault, JsonText};
use crate::export::format::lines::Lines;
use crate::export::format::raw::RawRows;
use crate::export::read::names::normalized;

/// More keys than this, over all records, are no export: they would be data, not names.
const NAMES_MAX: usize = 4096;

/// The records of a text, one at a time.
#[derive(Debug)]
pub(in crate::export) struct Records<'a> {
    text: &'a str,
    records: Vec<&'a RawValue>,
    names: Names,
    lines: Lines<'a>,
    /// The record after this one; `None` before the names.
    next: Option<usize>,
    line: u64,
    values: Vec<JsonText<'a>>,
}

impl<'a> Records<'a> {
    /// Finds the records, and the names of all their keys in the order of their first use.
    ///
    /// # Errors
    /// If the text is no JSON, holds no records there, or a record names a key twice.
    pub(in crate::export) fn open(text: &'a str, shape: RecordsShape<'_>) -> Result<Self, Fault> {
        let records = records::find(text, shape)?;
        let mut names = Names::default();
        let mut lines = Lines::new(text.as_bytes());
        for (number, record) in records.iter().enumerate() {
            let line = lines.at(offset(text, record));
            value::members(record.get(), &mut |name, _| names.use_in(number, name).map(|_| ()))
                .map_err(|fault| damage(line, fault))?;
        }
        Ok(Self { lines: Lines::new(text.as_bytes()), text, records, names, next: None, line: 1, values: Vec::new() })
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
            self.values =
                self.names.known.iter().map(|name| JsonText { text: name.clone().into(), number: false }).collect();
            return Ok(true);
        };
        let Some(record) = self.records.get(next) else {
            return Ok(false);
        };
        self.line = self.lines.at(offset(self.text, record));
        self.values.clear();
        self.values.resize(self.names.known.len(), JsonText::default());
        let Self { names, values, .. } = self;
        // Numbered on from the first reading, so that no key counts as used already.
        let number = self.records.len() + next;
        let read = value::members(record.get(), &mut |name, raw| {
            let index = names.use_in(number, name)?;
            values[index] = value::value(raw)?;
            Ok(())
        });
        read.map_err(|fault| damage(self.line, fault))?;
        self.next = Some(next + 1);
        Ok(true)
    }

    fn len(&self) -> usize {
        self.values.len()
    }

    fn cell(&self, index: usize) -> &str {
        self.values.get(index).map_or("", |value| &value.text)
    }

    fn is_number(&self, index: usize) -> bool {
        self.values.get(index).is_some_and(|value| value.number)
    }

    fn is_grid(&self) -> bool {
        true
    }

    /// The line of the file that the record begins on.
    fn line(&self) -> u64 {
        self.line
    }

    fn text(&self) -> String {
        self.record().to_owned()
    }

    fn range(&self, index: usize) -> Option<Range<usize>> {
        let Cow::Borrowed(text) = self.values.get(index)?.text else { return None };
        let begins = text.as_ptr().addr().checked_sub(self.record().as_ptr().addr())?;
        let range = begins..begins + text.len();
        (!text.is_empty() && self.record().get(range.clone()) == Some(text)).then_some(range)
    }
}

fn offset(text: &str, inside: &RawValue) -> usize {
    inside.get().as_ptr().addr().saturating_sub(text.as_ptr().addr())
}

fn damage(line: u64, fault: ValueFault) -> Fault {
    let damage = match fault {
        ValueFault::Doubled(name) => Damage::KeyDoubled { name: Shown::of(&name) },
        ValueFault::Syntax(why) => Damage::NotJson { why: Shown::of(&why) },
        ValueFault::NoObject(kind) => Damage::NotARecord { kind },
        ValueFault::TooDeep => Damage::TooDeep { max: value::DEPTH_MAX },
        ValueFault::TooManyNames => Damage::TooManyColumns { found: NAMES_MAX + 1, max: NAMES_MAX },
    };
    Fault::new(damage).on_line(line)
}

/// Each key once, and in which record it was last seen.
#[derive(Debug, Default)]
struct Names {
    known: Vec<String>,
    index: HashMap<String, usize>,
    used_in: Vec<usize>,
    expected: usize,
}

impl Names {
    /// The column of a key in this record.
    fn use_in(&mut self, record: usize, name: &str) -> Result<usize, ValueFault> {
        // Records mostly hold the same keys in the same order.
        let guess = self.expected;
        let index = if self.known.get(guess).is_some_and(|known| known == name) { guess } else { self.look_up(name)? };
        self.expected = if index + 1 == self.known.len() { 0 } else { index + 1 };
        if self.used_in[index] == record {
            return Err(ValueFault::Doubled(name.to_owned()));
        }
        self.used_in[index] = record;
        Ok(index)
    }

    fn look_up(&mut self, name: &str) -> Result<usize, ValueFault> {
        let name = normalized(name);
        if let Some(&index) = self.index.get(name.as_ref()) {
            return Ok(index);
        }
        let index = self.known.len();
        if index == NAMES_MAX {
            return Err(ValueFault::TooManyNames);
        }
        self.index.insert(name.to_string(), index);
        self.known.push(name.into_owned());
        self.used_in.push(usize::MAX);
        Ok(index)
    }
}

#[cfg(test)]
mod tests;
