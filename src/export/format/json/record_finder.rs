//! Where the records of a JSON text are.

use serde_json::value::RawValue;

use crate::export::damage_kinds::{Damage, Shown};
use crate::export::damage_places::{Fault, FaultPlace};
use crate::export::format::json::json_value::{Object, kind, why};
use crate::export::format::line_numbers::place;
use crate::export::read::alike_names::alike;

/// How a document holds its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::export) enum RecordsShape<'a> {
    /// An array; below these keys, if any are given (`data.sites`).
    Array(Option<&'a str>),
    /// A record on each line that is not blank, or one after another.
    Lines,
    /// Whichever of the two it is.
    Undeclared,
}

/// How many arrays an error lists, and how deep they are looked for.
const LISTED: usize = 8;
const LOOKED_AT: usize = 4;

/// Every record as it is written, in order; at least one.
pub(super) fn find<'a>(text: &'a str, shape: RecordsShape<'_>) -> Result<Vec<&'a RawValue>, Fault> {
    if text.trim().is_empty() {
        return Err(Fault::new(Damage::Empty));
    }
    let records = match shape {
        RecordsShape::Array(path) => below(text, path)?,
        RecordsShape::Lines => lines(text).or_else(|fault| several(text).ok_or(fault))?,
        RecordsShape::Undeclared if text.trim_start().starts_with('[') => below(text, None)?,
        RecordsShape::Undeclared => lines_or_document(text)?,
    };
    if records.is_empty() { Err(Fault::new(Damage::NoRecords)) } else { Ok(records) }
}

/// A record on each line is what it is if the first line is a whole object, and holds no list of records itself.
fn lines_or_document(text: &str) -> Result<Vec<&RawValue>, Fault> {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let is_record = serde_json::from_str::<&RawValue>(first).is_ok_and(|record| arrays(record.get()).is_empty());
    if is_record {
        return lines(text);
    }
    several(text).map_or_else(|| below(text, None), Ok)
}

/// Records one after another, each over several lines, as `jq` writes them.
fn several(text: &str) -> Option<Vec<&RawValue>> {
    let records = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    let records: Vec<&RawValue> = records.collect::<Result<_, _>>().ok()?;
    let is_record = |record: &&RawValue| record.get().starts_with('{');
    let first = records.first().filter(|_| records.len() > 1 && records.iter().all(is_record))?;
    arrays(first.get()).is_empty().then_some(records)
}

fn lines(text: &str) -> Result<Vec<&RawValue>, Fault> {
    let mut records = Vec::new();
    let mut begins = 0;
    for line in text.split_inclusive('\n') {
        if !line.trim().is_empty() {
            records.push(serde_json::from_str(line.trim_end()).map_err(|error| syntax(text, begins, &error))?);
        }
        begins += line.len();
    }
    Ok(records)
}

fn below<'a>(text: &'a str, path: Option<&str>) -> Result<Vec<&'a RawValue>, Fault> {
    let document = document(text)?;
    let mut found = document;
    for key in path.into_iter().flat_map(|path| path.split('.')) {
        found = member(found, key).ok_or_else(|| nothing_at(document, path))?;
    }
    if !found.starts_with('[') {
        return Err(nothing_at(document, path));
    }
    serde_json::from_str(found).map_err(|error| syntax(text, 0, &error))
}

/// The value of a key, if it is an object that holds the key exactly once.
fn member<'a>(object: &'a str, key: &str) -> Option<&'a str> {
    let object: Object<'a> = serde_json::from_str(object).ok()?;
    let mut found = object.0.iter().filter(|(name, _)| name.0 == key);
    let (_, value) = found.next()?;
    found.next().is_none().then(|| value.get())
}

/// Whether each line is a document of its own: the first is whole, and others follow.
pub(in crate::export) fn is_lines(text: &str) -> bool {
    let text = text.trim_start();
    let Some((first, _)) = text.split_once('\n').filter(|(_, rest)| !rest.trim().is_empty()) else { return false };
    first.starts_with('{') && serde_json::from_str::<&RawValue>(first.trim_end()).is_ok()
}

/// The document, or the one on each line.
pub(super) fn documents(text: &str, on_lines: bool) -> Result<Vec<&str>, Fault> {
    if on_lines { Ok(lines(text)?.into_iter().map(RawValue::get).collect()) } else { Ok(vec![document(text)?]) }
}

/// The whole document, if it is one.
fn document(text: &str) -> Result<&str, Fault> {
    let document: Result<&RawValue, _> = serde_json::from_str(text);
    document.map(RawValue::get).map_err(|error| syntax(text, 0, &error))
}

/// That there are no records at a path, and where there are some.
pub(super) fn nothing_at(document: &str, path: Option<&str>) -> Fault {
    let arrays = arrays(document);
    let meant = path.and_then(|path| alike(path, arrays.iter().map(String::as_str))).map(Shown::of);
    let listed: Vec<String> = arrays.iter().take(LISTED).map(|path| format!("{:?}", Shown::of(path))).collect();
    let present = if listed.is_empty() {
        "it holds no such list".to_owned()
    } else {
        format!("there are lists of records at {}", listed.join(", "))
    };
    Fault::new(match path {
        Some(path) => Damage::NoArrayAt { path: Shown::of(path), meant, present },
        None => Damage::NoArray { kind: kind(document), present },
    })
}

/// The paths of all lists of objects, as `records` takes them.
fn arrays(document: &str) -> Vec<String> {
    let mut found = Vec::new();
    look_into(document, "", 0, &mut found);
    found
}

fn look_into(object: &str, prefix: &str, depth: usize, found: &mut Vec<String>) {
    let Some(object) = serde_json::from_str::<Object<'_>>(object).ok().filter(|_| depth < LOOKED_AT) else {
        return;
    };
    for (key, value) in object.0 {
        let path = if prefix.is_empty() { key.0.into_owned() } else { format!("{prefix}.{}", key.0) };
        match value.get() {
            list if list.strip_prefix('[').is_some_and(|rest| rest.trim_start().starts_with('{')) => found.push(path),
            inner if inner.starts_with('{') => look_into(inner, &path, depth + 1, found),
            _ => {}
        }
    }
}

/// The parser counts lines from where it was given the text, and columns in bytes.
fn syntax(text: &str, from: usize, error: &serde_json::Error) -> Fault {
    let parsed = text.get(from..).unwrap_or_default();
    let before = parsed.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum::<usize>();
    let (line, character) = place(text.as_bytes(), from + before + error.column().saturating_sub(1));
    let place = FaultPlace { line: Some(line), column: Some(format!("character {character}")) };
    (place, Damage::NotJson { why: Shown::of(&why(error)) }).into()
}
