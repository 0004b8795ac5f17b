//! The keys of all records of a document, each once.

use std::collections::HashMap;

use crate::export::format::json::json_value::{JsonFault as ValueFault, JsonText};
use crate::reconcile::model::export::normalized_names::normalized;

/// More keys than this, over all records, are no export: they would be data, not names.
pub(super) const NAMES_MAX: usize = 4096;

/// Each key once, and in which record it was last seen.
#[derive(Debug, Default)]
pub(super) struct Names {
    known: Vec<String>,
    index: HashMap<String, usize>,
    used_in: Vec<usize>,
    expected: usize,
}

impl Names {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// As the cells of a header.
    pub(super) fn texts<'a>(&self) -> Vec<JsonText<'a>> {
        self.known.iter().map(|name| JsonText { text: name.clone().into(), ..JsonText::default() }).collect()
    }

    /// The column of a key in this record.
    pub(super) fn use_in(&mut self, record: usize, name: &str) -> Result<usize, ValueFault> {
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
