//! `keep`, `drop` and `stop`: questions to a cell.

use crate::config::document::Field;
use crate::export::read::names::normalized;
use crate::export::settings::{Pattern, Test};

/// A list of tests. One alone needs no list.
pub(in crate::config) fn tests(field: &Field<'_>) -> Option<Vec<Test>> {
    if field.value().is_table() {
        return Some(vec![test(field)?]);
    }
    field.list()?.iter().map(test).collect::<Vec<_>>().into_iter().collect()
}

/// `{ column = "Status", is = ["Paid"] }`, or with `like`.
pub(in crate::config) fn test(field: &Field<'_>) -> Option<Test> {
    let section = field.table()?;
    let column = section.required("column").and_then(|column| column.text());
    let (is, like) = (section.get("is"), section.get("like"));
    let (has_is, has_like) = (is.is_some(), like.is_some());
    let is = is.map_or(Some(Vec::new()), |is| texts(&is));
    let like = like.map_or(Some(Vec::new()), |like| texts(&like));
    section.finish(&[]);
    if !has_is && !has_like {
        field.error(format!("`{}` takes `is` or `like`, a list of texts", field.key));
        return None;
    }
    let like = like?.iter().map(|text| Pattern::glob(text)).collect();
    Some(Test { column: normalized(column?).into_owned(), is: is?, like })
}

/// Texts in their one form; an empty one is an empty cell.
fn texts(field: &Field<'_>) -> Option<Vec<String>> {
    let text = |field: &Field<'_>| {
        let text = field.value().as_str().map(|text| normalized(text).into_owned());
        if text.is_none() {
            field.mistyped("a text, or a list of texts");
        }
        text
    };
    if field.value().is_str() {
        return Some(vec![text(field)?]);
    }
    let items = field.list()?;
    if items.is_empty() {
        field.error(format!("`{}` is empty, so no cell would pass", field.key));
        return None;
    }
    items.iter().map(text).collect::<Vec<_>>().into_iter().collect()
}
