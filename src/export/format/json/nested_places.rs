//! Where records inside other records stand, and what each of them stands in.

use std::borrow::Cow;

use crate::export::damage_kinds::Damage;
use crate::export::damage_places::Fault;
use crate::export::format::json::damage;
use crate::export::format::json::json_value;
use crate::export::format::json::json_value::{JsonFault as ValueFault, Object, kind};
use crate::export::format::json::nested_path::PathStep;
use crate::export::format::json::record_finder::nothing_at;
use crate::export::format::line_numbers::{Lines, offset};
use crate::export::format::raw_rows::Without;

/// More records than this cannot be told apart by a number of 32 bits.
const RECORDS_MAX: usize = u32::MAX as usize - 1;

/// An object that records stand in.
#[derive(Debug)]
pub(super) struct Frame<'a> {
    pub(super) outer: Option<u32>,
    pub(super) object: &'a str,
    /// Its place among the steps: what its own keys are called begins with the keys before.
    pub(super) step: usize,
    /// The key that it goes by itself, in an object of objects.
    pub(super) key: Key<'a>,
}

/// A record, or the place where one is missing.
#[derive(Debug)]
pub(super) struct RecordPlace<'a> {
    pub(super) frame: Option<u32>,
    pub(super) key: Key<'a>,
    pub(super) record: Result<&'a str, Without>,
}

/// Where everything stands.
#[derive(Debug, Default)]
pub(super) struct FoundRecord<'a> {
    pub(super) frames: Vec<Frame<'a>>,
    pub(super) places: Vec<RecordPlace<'a>>,
}

/// The steps, and what columns are called on them.
#[derive(Debug)]
pub(super) struct RecordPath<'a> {
    pub(super) steps: Vec<PathStep<'a>>,
    /// What the keys of an object before each step begin with.
    pub(super) prefixes: Vec<String>,
    /// Whether columns go by their path from the top; else by that from the record.
    pub(super) from_top: bool,
    /// What the layout reads: an object that has these of a record is one, where a list of records would stand.
    pub(super) columns: Vec<&'a str>,
}

impl<'a> RecordPath<'a> {
    pub(super) fn of(steps: Vec<PathStep<'a>>, from_top: bool) -> Self {
        let mut prefixes = vec![String::new()];
        for step in &steps {
            let mut prefix = prefixes.last().cloned().unwrap_or_default();
            if let (PathStep::Key(key), true) = (step, from_top) {
                prefix = if prefix.is_empty() { (*key).to_owned() } else { format!("{prefix}.{key}") };
            }
            prefixes.push(prefix);
        }
        Self { steps, prefixes, from_top, columns: Vec::new() }
    }

    /// The column of the key that a step goes by: `@key`, and with several `{}` the second `@key2`.
    pub(super) fn key_column(&self, number: u32) -> String {
        let before = self.steps.iter().take(usize::try_from(number).unwrap_or(usize::MAX));
        match before.filter(|step| **step == PathStep::Entry).count() {
            0 => "@key".to_owned(),
            several => format!("@key{}", several + 1),
        }
    }
}

/// Goes to the records, and remembers what they stand in.
pub(super) struct Finder<'w, 'a> {
    pub(super) way: &'w RecordPath<'a>,
    pub(super) text: &'a str,
    pub(super) document: &'a str,
    pub(super) found: FoundRecord<'a>,
}

/// A key of an object by key, and the step that it was taken at. In a box: of millions of records in lists none has one.
pub(super) type Key<'a> = Option<Box<(u32, Cow<'a, str>)>>;

impl<'a> Finder<'_, 'a> {
    pub(super) fn walk(&mut self, value: &'a str, step: usize, frame: Option<u32>, key: Key<'a>) -> Result<(), Fault> {
        let Some(next) = self.way.steps.get(step) else {
            return self.record(value, frame, key);
        };
        // Below a list a record may lack what others have; above it nothing would be read at all.
        let below = self.way.steps.iter().take(step).any(|step| !matches!(step, PathStep::Key(_)));
        match next {
            PathStep::Key(name) => {
                let frame = self.frame_of(value, step, frame, key)?;
                match self.member(value, name)? {
                    Some(inner) if inner != "null" => self.walk(inner, step + 1, frame, None),
                    _ if below => self.push(RecordPlace { frame, key: None, record: Err(Without::Unsaid) }),
                    _ => Err(nothing_at(self.document, Some(&self.path(step)))),
                }
            }
            PathStep::Each if value.starts_with('[') => {
                let items: Vec<&'a serde_json::value::RawValue> = self.parsed(value)?;
                if items.is_empty() && below {
                    return self.push(RecordPlace { frame, key, record: Err(Without::Nothing) });
                }
                items.into_iter().try_for_each(|item| self.walk(item.get(), step + 1, frame, key.clone()))
            }
            PathStep::Each if self.is_list_of_one(value, step) => self.walk(value, step + 1, frame, key),
            PathStep::Entry if value.starts_with('{') => {
                let object: Object<'a> = self.parsed(value)?;
                if object.0.is_empty() && below {
                    return self.push(RecordPlace { frame, key, record: Err(Without::Nothing) });
                }
                let frame = if key.is_some() { self.frame_of("{}", step, frame, key)? } else { frame };
                let number = u32::try_from(step).unwrap_or(u32::MAX);
                self.each_once(value, &object)?;
                object.0.into_iter().try_for_each(|(name, inner)| {
                    self.walk(inner.get(), step + 1, frame, Some(Box::new((number, name.0))))
                })
            }
            PathStep::Each if below => {
                let line = Lines::new(self.text.as_bytes()).at(offset(self.text, value));
                Err(Fault::new(Damage::NotAList { kind: kind(value) }).on_line(line))
            }
            PathStep::Entry if below => Err(self.no_record(value)),
            PathStep::Each | PathStep::Entry => Err(nothing_at(self.document, Some(&self.path(step)))),
        }
    }

    /// Whether an object stands for a list with it alone, as PowerShell writes such a list: it has what leads on, or what is
    /// read of a record.
    fn is_list_of_one(&self, value: &str, step: usize) -> bool {
        let Some(object) = serde_json::from_str::<Object<'_>>(value).ok().filter(|_| value.starts_with('{')) else {
            return false;
        };
        let has = |key: &str| object.0.iter().any(|(name, _)| name.0 == key);
        match self.way.steps.get(step + 1) {
            _ if self.way.columns.is_empty() => false,
            Some(PathStep::Key(key)) => has(key),
            Some(_) => false,
            None => {
                let prefix = self.way.prefixes.get(step + 1).map_or("", String::as_str);
                let own = self.way.columns.iter().filter_map(|column| match prefix {
                    "" => Some(*column),
                    _ => column.strip_prefix(prefix)?.strip_prefix('.'),
                });
                let own: Vec<&str> = own.filter(|column| !column.starts_with('@')).collect();
                let first = |column: &&str| column.split('.').next().is_some_and(has) || has(column);
                !own.is_empty() && own.iter().all(first)
            }
        }
    }

    fn record(&mut self, value: &'a str, frame: Option<u32>, key: Key<'a>) -> Result<(), Fault> {
        // A number by its key, or a name in a list of somebody, is a record of one value; elsewhere nobody could say whose.
        let is_one = value.starts_with('{') || (key.is_some() || frame.is_some()) && !value.starts_with('[');
        let is_null = key.is_none() && value == "null";
        if !is_one || is_null {
            return Err(self.no_record(value));
        }
        self.push(RecordPlace { frame, key, record: Ok(value) })
    }

    fn frame_of(
        &mut self,
        object: &'a str,
        step: usize,
        outer: Option<u32>,
        key: Key<'a>,
    ) -> Result<Option<u32>, Fault> {
        if !object.starts_with('{') {
            return Err(self.no_record(object));
        }
        if !self.way.from_top {
            return Ok(None);
        }
        let number = u32::try_from(self.found.frames.len()).ok();
        self.found.frames.push(Frame { outer, object, step, key });
        Ok(number)
    }

    fn push(&mut self, place: RecordPlace<'a>) -> Result<(), Fault> {
        if self.found.places.len() == RECORDS_MAX {
            return Err(Fault::new(Damage::TooManyRows { max: RECORDS_MAX }));
        }
        self.found.places.push(place);
        Ok(())
    }

    /// The value of a key that stands once.
    fn member(&self, object: &'a str, key: &str) -> Result<Option<&'a str>, Fault> {
        let object_parsed: Object<'a> = self.parsed(object)?;
        let mut found = object_parsed.0.iter().filter(|(name, _)| name.0 == key);
        let first = found.next().map(|(_, value)| value.get());
        match found.next() {
            Some(_) => Err(self.fault(object, ValueFault::Doubled(key.to_owned()))),
            None => Ok(first),
        }
    }

    /// A customer who is a key twice has two numbers.
    fn each_once(&self, raw: &'a str, object: &Object<'a>) -> Result<(), Fault> {
        let mut seen = std::collections::HashSet::new();
        match object.0.iter().find(|(name, _)| !seen.insert(name.0.as_ref())) {
            Some((name, _)) => Err(self.fault(raw, ValueFault::Doubled(name.0.to_string()))),
            None => Ok(()),
        }
    }

    fn parsed<T: serde::Deserialize<'a>>(&self, raw: &'a str) -> Result<T, Fault> {
        json_value::parsed(raw).map_err(|fault| self.fault(raw, fault))
    }

    fn no_record(&self, value: &'a str) -> Fault {
        self.fault(value, ValueFault::NoObject(kind(value)))
    }

    fn fault(&self, at: &'a str, fault: ValueFault) -> Fault {
        damage(Lines::new(self.text.as_bytes()).at(offset(self.text, at)), fault)
    }

    /// The path up to a step, as `records` writes it.
    fn path(&self, step: usize) -> String {
        let mut path = String::new();
        for step in self.way.steps.iter().take(step + 1) {
            match step {
                PathStep::Key(key) if path.is_empty() => path.push_str(key),
                PathStep::Key(key) => path.push_str(&format!(".{key}")),
                PathStep::Each => path.push_str("[]"),
                PathStep::Entry => path.push_str("{}"),
            }
        }
        path
    }
}
