//! Texts and names of columns, alone or in lists.

use crate::config::toml_document::Field;
use crate::reconcile::model::export::normalized_names::normalized;

/// Texts in their one form; an empty one is an empty cell.
pub(in crate::config) fn texts(field: &Field<'_>) -> Option<Vec<String>> {
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

/// A column by its name, or by its number where nothing names the columns: then that is its name.
pub(in crate::config) fn column_name(field: &Field<'_>) -> Option<String> {
    if !field.value().is_table() {
        return field.text().map(|text| normalized(text).into_owned());
    }
    let section = field.table()?;
    let number = section.required("number").and_then(|number| column_number(&number));
    section.finish(&[]);
    number.map(|number| number.to_string())
}

/// A column's number, from 1.
pub(in crate::config) fn column_number(field: &Field<'_>) -> Option<usize> {
    /// The widest file there is has fewer.
    const COLUMN_MOST: i64 = 4096;
    field.whole(1, COLUMN_MOST)
}

/// One name, or several.
pub(in crate::config) fn column_names(field: &Field<'_>) -> Option<Vec<String>> {
    if field.value().is_str() || field.value().is_table() {
        return Some(vec![column_name(field)?]);
    }
    let items = field.list()?;
    if items.is_empty() {
        field.error(format!("`{}` is empty", field.key));
        return None;
    }
    items.iter().map(column_name).collect::<Vec<_>>().into_iter().collect()
}

/// What stands between joined texts; white space counts.
pub(in crate::config) fn joint(field: &Field<'_>) -> Option<String> {
    let text = field.value().as_str().map(str::to_owned);
    if text.is_none() {
        field.mistyped("a string");
    }
    text
}
