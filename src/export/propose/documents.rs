//! Where the records of a JSON document may be.

use serde_json::Value;

use crate::export::column::Column;
use crate::export::propose::candidate::TriedKeys;
use crate::export::settings::{Count, Layout, Long, Shape};

/// Lists in lists; records lie at the top of a document.
const DEPTH_MAX: usize = 4;

pub(super) fn candidates(text: &str, layout: &Layout) -> Vec<TriedKeys> {
    let Ok(document) = serde_json::from_str::<Value>(text) else { return Vec::new() };
    let mut paths = Vec::new();
    walk(&document, "", &mut paths, 0);
    paths.iter().flat_map(|path| of_path(path, layout)).collect()
}

/// Every list of objects, and every object of objects.
fn walk(value: &Value, path: &str, paths: &mut Vec<String>, depth: usize) {
    if depth > DEPTH_MAX {
        return;
    }
    match value {
        Value::Array(items) => {
            let path = format!("{path}[]");
            if items.iter().any(Value::is_object) {
                paths.push(path.clone());
            }
            items.iter().take(1).for_each(|item| inside(item, &path, paths, depth));
        }
        Value::Object(members) => {
            if members.len() > 1 && members.values().all(|member| member.is_object() || member.is_array()) {
                let path = format!("{path}{{}}");
                paths.push(path.clone());
                members.values().take(1).for_each(|member| walk(member, &path, paths, depth + 1));
            }
            inside(value, path, paths, depth);
        }
        _ => {}
    }
}

fn inside(value: &Value, path: &str, paths: &mut Vec<String>, depth: usize) {
    let Value::Object(members) = value else { return };
    for (name, member) in members {
        // A key with a point in it is no step of a path.
        if !name.contains(['.', '[', '{']) && !name.is_empty() {
            let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            walk(member, &below, paths, depth + 1);
        }
    }
}

/// With the columns as they are named, and with the customer as the key.
fn of_path(path: &str, layout: &Layout) -> Vec<TriedKeys> {
    let records: Vec<String> = path.split('.').map(str::to_owned).collect();
    if records == layout.records {
        return Vec::new();
    }
    let question = format!("Are the records at {path:?}?");
    let with = Layout { records, ..layout.clone() };
    let mut found = vec![TriedKeys::new(&question, format!("records = {path:?}"), with.clone())];
    if path.ends_with("{}") || path.contains("{}") {
        let keyed = Layout { customer: Column::named("@key"), ..with };
        let keys = format!("records = {path:?} and the column customer = \"@key\"");
        let before = path.trim_end_matches(['[', ']', '{', '}']).replace("[]", "").replace("{}", "");
        found.push(TriedKeys::new("Is each key a customer?", keys.clone(), keyed.clone()));
        if !before.is_empty() {
            let keys = format!("{keys}; the other columns go by their path from the top, as \"{before}.seats\"");
            found.extend(below(&keyed, &before).map(|with| TriedKeys::new("Is each key a customer?", keys, with)));
        }
    }
    found
}

/// The columns of the shape, each below this path.
fn below(layout: &Layout, path: &str) -> Option<Layout> {
    let moved = |column: &Column| match column {
        Column::Named(named) => {
            let mut named = named.clone();
            named.name = format!("{path}.{}", named.name);
            Column::Named(named)
        }
        fixed @ Column::Fixed(_) => fixed.clone(),
    };
    let Shape::Long(Long { service, count: Count::Column { count, item } }) = &layout.shape else { return None };
    let count = Count::Column { count: moved(count), item: item.as_ref().map(moved) };
    Some(Layout { shape: Shape::Long(Long { service: moved(service), count }), ..layout.clone() })
}
