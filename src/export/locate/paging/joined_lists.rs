//! Lists that belong together, joined by a key: names come from one, counts from another.

use std::collections::{HashMap, HashSet};

use crate::export::format::json::json_value::{Object, value};
use crate::export::locate::fetch::error::FetchError;
use crate::export::locate::link_settings::ListRequest;
use crate::export::locate::paging::vendor_list::VendorList;
use crate::export::locate::paging::vendor_page::at;

/// The first list's records, each with what the others say of its key. One of which another list knows nothing stays
/// as it is: it then names nobody, or counts nothing, and is reported for that. Those of another list that no record of
/// the first asks for are told: if that list holds the counts, nobody is billed for them.
pub(super) fn joined(lists: Vec<VendorList>, requests: &[ListRequest]) -> Result<JoinedRecords, FetchError> {
    let mut lists = lists.into_iter().zip(requests);
    let Some((first, by)) = lists.next() else { return Ok(JoinedRecords::default()) };
    let (mut rows, mut unasked) = (first.rows, Vec::new());
    for (number, (list, request)) in (2..).zip(lists) {
        let others = keyed(&list.rows, request, number)?;
        let mut asked = HashSet::new();
        for row in &mut rows {
            if let Some((key, other)) = others.get_key_value(&key(row, by, 1)?) {
                asked.insert(key.as_str());
                *row = beside(row, other, request.name.as_deref());
            }
        }
        unasked.extend(left(&others, &asked, request, number));
    }
    Ok(JoinedRecords { rows, unasked })
}

/// The records of all lists.
#[derive(Debug, Default)]
pub(super) struct JoinedRecords {
    pub(super) rows: Vec<String>,
    /// What of the other lists is in none of them, in words.
    pub(super) unasked: Vec<String>,
}

fn left(others: &HashMap<String, &str>, asked: &HashSet<&str>, request: &ListRequest, number: usize) -> Option<String> {
    let mut keys: Vec<&str> = others.keys().map(String::as_str).filter(|key| !asked.contains(key)).collect();
    keys.sort_unstable();
    let first = keys.first()?;
    let (many, on) = (keys.len(), on(request));
    let records = if many == 1 { "1 record".to_owned() } else { format!("{many} records") };
    Some(format!("{on:?} {first:?} of list {number} stands in no record of list 1 ({records} in all)"))
}

fn keyed<'a>(rows: &'a [String], request: &ListRequest, number: usize) -> Result<HashMap<String, &'a str>, FetchError> {
    let mut keyed = HashMap::new();
    for row in rows {
        if keyed.insert(key(row, request, number)?, row.as_str()).is_some() {
            return Err(FetchError::JoinTwice { list: number, on: on(request) });
        }
    }
    Ok(keyed)
}

fn on(request: &ListRequest) -> String {
    request.on.clone().unwrap_or_default()
}

/// The text of a record's key; a number and a text of its digits are the same.
fn key(row: &str, request: &ListRequest, number: usize) -> Result<String, FetchError> {
    let path: Vec<String> = on(request).split('.').map(str::to_owned).collect();
    let text = at(row, &path).and_then(|raw| value(raw).ok()).map(|value| value.text.trim().to_owned());
    let none = || FetchError::JoinKey { list: number, on: on(request) };
    text.filter(|text| !text.is_empty()).ok_or_else(none)
}

/// The other record's members: under a name, or beside those of the first, which keeps its own.
fn beside(row: &str, other: &str, name: Option<&str>) -> String {
    let quoted = |name: &str| serde_json::Value::from(name).to_string();
    let members = match name {
        Some(name) => vec![format!("{}:{other}", quoted(name))],
        None => {
            let own = members(row);
            let is_new = |name: &str| !own.iter().any(|(own, _)| own == name);
            let new = members(other).into_iter().filter(|(name, _)| is_new(name));
            new.map(|(name, raw)| format!("{}:{raw}", quoted(&name))).collect()
        }
    };
    let open = row.trim_end().strip_suffix('}').unwrap_or(row).trim_end();
    let comma = if open.ends_with('{') || members.is_empty() { "" } else { "," };
    format!("{open}{comma}{}}}", members.join(","))
}

fn members(record: &str) -> Vec<(String, &str)> {
    let object: Option<Object<'_>> = serde_json::from_str(record).ok();
    let members = object.map(|object| object.0).unwrap_or_default();
    members.into_iter().map(|(name, raw)| (name.0.into_owned(), raw.get())).collect()
}
