//! Where the records of a JSON or XML document may be.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::export::column::Column;
use crate::export::format::json::nested_path::{PathStep, steps};
use crate::export::format::json::record_finder::is_lines;
use crate::export::format::xml;
use crate::export::propose::proposal::TriedKeys;
use crate::export::settings::{Count, Layout, LongLayout, Shape};
use crate::reconcile::model::display_text::quoted;

/// Lists in lists; records lie at the top of a document.
const DEPTH_MAX: usize = 4;
/// Of how many records the columns are looked for; one may lack what the others have.
const SAMPLE: usize = 20;

pub(super) fn candidates(text: &str, layout: &Layout) -> Vec<TriedKeys> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with('<') {
        return elements(text, layout);
    }
    // Of a record on each line the first is like the others.
    let one = if is_lines(text) { text.lines().next().unwrap_or_default() } else { text };
    let Ok(document) = serde_json::from_str::<Value>(one) else { return Vec::new() };
    let mut paths = Vec::new();
    walk(&document, "", &mut paths, 0);
    let (mut found, mut by_path) = (Vec::new(), Vec::new());
    for path in &paths {
        found.extend(of_path(path, layout));
        by_path.extend(along(&document, path, layout));
    }
    // As they are written first: a name that stands in two lists is found in both.
    found.into_iter().chain(by_path).collect()
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

/// With the columns as they are named, by their path from the top, and with the customer as the key.
fn of_path(path: &str, layout: &Layout) -> Vec<TriedKeys> {
    let records: Vec<String> = path.split('.').map(str::to_owned).collect();
    if records == layout.records {
        return Vec::new();
    }
    let question = format!("Are the records at {}?", quoted(path));
    let with = Layout { records, ..layout.clone() };
    let mut found = vec![TriedKeys::new(&question, format!("records = {}", quoted(path)), with.clone())];
    let first = path.split(['[', '{']).next().unwrap_or_default();
    if !first.is_empty() {
        found.extend(from_top(&question, &with, first));
    }
    if path.contains("{}") {
        let keyed = Layout { customer: Column::named("@key"), ..with };
        let keys = format!("records = {} and the column customer = \"@key\"", quoted(path));
        let before = path.trim_end_matches(['[', ']', '{', '}']).replace("[]", "").replace("{}", "");
        found.push(TriedKeys::new("Is each key a customer?", keys.clone(), keyed.clone()));
        if !before.is_empty() {
            let keys = format!("{keys}; the other columns go by their path from the top, as \"{before}.seats\"");
            let below = renamed(&keyed, |name| format!("{before}.{name}"));
            found.extend(below.map(|with| TriedKeys::new("Is each key a customer?", keys, with)));
        }
    }
    found
}

/// Columns that are named from what the first list holds.
fn from_top(question: &str, with: &Layout, first: &str) -> Option<TriedKeys> {
    let moved = renamed(with, |name| format!("{first}.{name}"))?;
    let customer = moved.customer.names().first().map_or("@key".to_owned(), ToString::to_string);
    let path = with.records.join(".");
    let keys =
        format!("records = {}; columns go by their path from the top then, as {}", quoted(&path), quoted(&customer));
    Some(TriedKeys::new(question, keys, moved))
}

/// With the columns by their paths in this document.
fn along(document: &Value, path: &str, layout: &Layout) -> Option<TriedKeys> {
    let records: Vec<String> = path.split('.').map(str::to_owned).collect();
    let mut names = BTreeSet::new();
    on_the_way(document, "", &steps(&records), &mut names);
    by_path(records, &names, layout)
}

/// With each column by the one path that ends in its name, of all that stand on the way to the records.
fn by_path(records: Vec<String>, names: &BTreeSet<String>, layout: &Layout) -> Option<TriedKeys> {
    let meant = |wanted: &str| {
        let ends =
            |name: &&String| name.strip_suffix(wanted).is_some_and(|before| before.is_empty() || before.ends_with('.'));
        let mut ending = names.iter().filter(ends);
        ending.next().filter(|_| ending.next().is_none()).cloned()
    };
    let moved = renamed(layout, |name| meant(name).unwrap_or_else(|| name.to_owned()))?;
    let columns: Vec<String> = moved.columns().into_iter().map(quoted).collect();
    let path = records.join(".");
    let keys =
        format!("records = {}; columns go by their path from the top then, as {}", quoted(&path), columns.join(", "));
    let question = format!("Are the records at {}?", quoted(&path));
    Some(TriedKeys::new(question, keys, Layout { records, ..moved }))
}

/// The plain members of the objects that lead to the records, and of those, by their paths from the top.
fn on_the_way(value: &Value, before: &str, steps: &[PathStep<'_>], names: &mut BTreeSet<String>) {
    let next = match steps.first() {
        Some(PathStep::Key(key)) => Some(*key),
        _ => None,
    };
    match (value, steps.split_first()) {
        (Value::Array(items), Some((PathStep::Each, rest))) => {
            items.iter().take(SAMPLE).for_each(|item| on_the_way(item, before, rest, names));
        }
        (Value::Object(members), Some((PathStep::Entry, rest))) => {
            members.values().take(SAMPLE).for_each(|member| on_the_way(member, before, rest, names));
        }
        (Value::Object(members), _) => {
            for (name, member) in members {
                let below = if before.is_empty() { name.clone() } else { format!("{before}.{name}") };
                match member {
                    _ if next == Some(name.as_str()) => on_the_way(member, &below, &steps[1..], names),
                    Value::Object(_) => on_the_way(member, &below, &[], names),
                    Value::Array(_) => {}
                    _ => drop(names.insert(below)),
                }
            }
        }
        _ => {}
    }
}

/// Every element that stands several times, with the columns as they are named, as attributes, and by their path from
/// the top; of elements in elements the inner ones first.
fn elements(text: &str, layout: &Layout) -> Vec<TriedKeys> {
    let (mut paths, named) = (xml::repeated(text), layout.records.join("."));
    paths.sort_by_key(|path| *path != named);
    let mut found: Vec<TriedKeys> = paths.iter().flat_map(|path| of_element(path, layout)).collect();
    paths.sort_by_key(|path| std::cmp::Reverse(path.matches('.').count()));
    let nested: Vec<Vec<String>> = paths.iter().filter_map(|path| nested_elements(path)).collect();
    found.extend(nested.iter().filter_map(|records| {
        let document = serde_json::from_str(&xml::as_json(text, records).ok()?).ok()?;
        let mut names = BTreeSet::new();
        on_the_way(&document, "", &xml::steps(records), &mut names);
        by_path(records.clone(), &names, layout)
    }));
    found.extend(nested.into_iter().map(|records| {
        let path = records.join(".");
        let keys = format!("records = {}; columns go by their path from the top then", quoted(&path));
        TriedKeys::new(at_elements(&path), keys, Layout { records, ..layout.clone() })
    }));
    found
}

/// `R.C.L` as `R.C[].L[]`.
fn nested_elements(path: &str) -> Option<Vec<String>> {
    let (root, inner) = path.split_once('.')?;
    let inner = inner.split('.').map(|element| format!("{element}[]"));
    Some(std::iter::once(root.to_owned()).chain(inner).collect())
}

fn at_elements(path: &str) -> String {
    format!("Is each element at {} a record?", quoted(&path.replace("[]", "")))
}

fn of_element(path: &str, layout: &Layout) -> Vec<TriedKeys> {
    let question = at_elements(path);
    let plain = Layout { records: path.split('.').map(str::to_owned).collect(), ..layout.clone() };
    let keys = format!("records = {}", quoted(path));
    let attributes = format!("{keys}, and write @ before the columns that are attributes, as \"@Name\"");
    let mut found = vec![TriedKeys::new(&question, keys, plain.clone())];
    found.extend(renamed(&plain, |name| format!("@{name}")).map(|with| TriedKeys::new(&question, attributes, with)));
    found
}

/// The columns of the shape under other names; the key of an object has none.
fn renamed(layout: &Layout, rename: impl Fn(&str) -> String) -> Option<Layout> {
    let moved = |column: &Column| match column {
        Column::Named(named) if named.name != "@key" => {
            let mut named = named.clone();
            named.name = rename(&named.name);
            Column::Named(named)
        }
        same => same.clone(),
    };
    let Shape::Long(LongLayout { service, count }) = &layout.shape else { return None };
    let count = match count {
        Count::Column { count, item } => Count::Column { count: moved(count), item: item.as_ref().map(&moved) },
        Count::Rows { item } => Count::Rows { item: item.as_ref().map(&moved) },
        Count::Distinct { item } => Count::Distinct { item: moved(item) },
    };
    let shape = Shape::Long(LongLayout { service: moved(service), count });
    Some(Layout { customer: moved(&layout.customer), shape, ..layout.clone() })
}
