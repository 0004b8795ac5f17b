//! One record's keys and values, as they are written.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// One value of a record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::export) struct JsonText<'a> {
    /// A string's text, a number's digits, `true` or `false`; empty for null and for a key that the record lacks.
    pub(in crate::export) text: Cow<'a, str>,
    /// Whether it is a JSON number: then its point is a point and it may have an exponent, whatever is declared.
    pub(in crate::export) number: bool,
    /// Whether it is a JSON list; then its text is the whole of it.
    pub(in crate::export) list: bool,
}

/// The values of the record that is read, in the order of the columns.
#[derive(Debug, Default)]
pub(super) struct RecordCells<'a>(pub(super) Vec<JsonText<'a>>);

impl<'a> RecordCells<'a> {
    /// Blank ones for another record.
    pub(super) fn clear(&mut self, columns: usize) {
        self.0.clear();
        self.0.resize(columns, JsonText::default());
    }

    /// Puts a value into its column, which may be a new one.
    pub(super) fn put(&mut self, index: usize, value: JsonText<'a>) {
        if index >= self.0.len() {
            self.0.resize(index + 1, JsonText::default());
        }
        self.0[index] = value;
    }

    pub(super) fn text(&self, index: usize) -> &str {
        self.0.get(index).map_or("", |value| &value.text)
    }

    pub(super) fn is_list(&self, index: usize) -> bool {
        self.0.get(index).is_some_and(|value| value.list)
    }

    pub(super) fn is_number(&self, index: usize) -> bool {
        self.0.get(index).is_some_and(|value| value.number)
    }

    /// Where a value stands in its record, if it stands there as it is.
    pub(super) fn range(&self, index: usize, record: &str) -> Option<Range<usize>> {
        let Cow::Borrowed(text) = self.0.get(index)?.text else { return None };
        let begins = text.as_ptr().addr().checked_sub(record.as_ptr().addr())?;
        let range = begins..begins + text.len();
        (!text.is_empty() && record.get(range.clone()) == Some(text)).then_some(range)
    }
}

/// Objects inside objects: no export has more than three or four.
pub(super) const DEPTH_MAX: usize = 32;

/// Why a record is none.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::export) enum JsonFault {
    /// A key stands there twice. Which of them is right nobody knows.
    Doubled(String),
    /// It is no JSON.
    Syntax(String),
    /// It is something else, with its article.
    NoObject(&'static str),
    /// Objects in objects in objects.
    TooDeep,
    /// Keys that are data.
    TooManyNames,
}

/// Every key of a record, with its value as it is written.
pub(super) fn members<'a>(
    record: &'a str,
    each: &mut dyn FnMut(&str, &'a str) -> Result<(), JsonFault>,
) -> Result<(), JsonFault> {
    inside(record, "", 0, each)
}

/// Every key of an object but one, below a path.
pub(super) fn members_but<'a>(
    object: &'a str,
    prefix: &str,
    but: Option<&str>,
    each: &mut dyn FnMut(&str, &'a str) -> Result<(), JsonFault>,
) -> Result<(), JsonFault> {
    let Some(but) = but else { return inside(object, prefix, 0, each) };
    for (key, value) in parsed::<Object<'a>>(object)?.0.into_iter().filter(|(key, _)| key.0 != but) {
        let value = value.get();
        let key = if prefix.is_empty() { key.0 } else { format!("{prefix}.{}", key.0).into() };
        if value.starts_with('{') { inside(value, &key, 1, each)? } else { each(&key, value)? }
    }
    Ok(())
}

fn inside<'a>(
    object: &'a str,
    prefix: &str,
    depth: usize,
    each: &mut dyn FnMut(&str, &'a str) -> Result<(), JsonFault>,
) -> Result<(), JsonFault> {
    if !object.starts_with('{') {
        return Err(JsonFault::NoObject(kind(object)));
    }
    if depth == DEPTH_MAX {
        return Err(JsonFault::TooDeep);
    }
    for (key, value) in parsed::<Object<'a>>(object)?.0 {
        let value = value.get();
        let key = if prefix.is_empty() { Cow::Borrowed(key.0.as_ref()) } else { format!("{prefix}.{}", key.0).into() };
        if value.starts_with('{') {
            inside(value, &key, depth + 1, each)?;
        } else {
            each(&key, value)?;
        }
    }
    Ok(())
}

/// What stands for one value in a cell.
pub(in crate::export) fn value(raw: &str) -> Result<JsonText<'_>, JsonFault> {
    Ok(match raw.as_bytes().first() {
        Some(b'"') => JsonText { text: parsed::<Text<'_>>(raw)?.0, ..JsonText::default() },
        Some(b'-' | b'0'..=b'9') => JsonText { text: Cow::Borrowed(raw), number: true, list: false },
        Some(b'n') => JsonText::default(),
        first => JsonText { text: Cow::Borrowed(raw), number: false, list: first == Some(&b'[') },
    })
}

/// What a JSON text is, with its article.
pub(super) fn kind(raw: &str) -> &'static str {
    match raw.as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b'"') => "a string",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}

pub(super) fn parsed<'a, T: Deserialize<'a>>(raw: &'a str) -> Result<T, JsonFault> {
    serde_json::from_str(raw).map_err(|error| JsonFault::Syntax(why(&error)))
}

/// What the parser says, without its place: that is said with the file's.
pub(super) fn why(error: &serde_json::Error) -> String {
    let said = error.to_string();
    said.split(" at line ").next().unwrap_or(&said).to_owned()
}

/// An object's members in their order, doubled ones too.
pub(in crate::export) struct Object<'a>(pub(in crate::export) Vec<(Text<'a>, &'a RawValue)>);

/// A string, borrowed unless it holds an escape.
pub(in crate::export) struct Text<'a>(pub(in crate::export) Cow<'a, str>);

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Object(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Letters;
        impl<'de> Visitor<'de> for Letters {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Letters)
    }
}
