//! `[integration.NAME.export]`.

use std::path::Path;
use std::path::PathBuf;

use crate::config::document::Field;
use crate::config::document::Section;
use crate::export::ExportSettings;
use crate::export::names::normalized;
use crate::export::settings::MAX_BYTES;
use crate::export::settings::MAX_ROWS;
use crate::reconcile::counts::ColumnNames;
use crate::reconcile::counts::Duplicates;

const DUPLICATES: &[(&str, Duplicates)] =
    &[("error", Duplicates::Error), ("sum", Duplicates::Sum), ("max", Duplicates::Max)];
/// Keys of the contract that this version refuses by name.
const LATER: &[&str] = &[
    "url",
    "headers",
    "profile",
    "decimal",
    "thousands",
    "sheet",
    "records",
    "header",
    "stop",
    "wide",
    "count_by",
    "signed",
    "keep",
    "drop",
];

/// Reads the table.
pub(in crate::config) fn settings(section: Section<'_>, folder: &Path) -> Option<ExportSettings> {
    let later = LATER.iter().any(|key| section.entries().iter().any(|field| field.key == *key));
    let need = |key| if later { section.get(key) } else { section.required(key) };
    let path = need("path").and_then(|field| pattern(&field, folder));
    let columns = need("columns").and_then(|field| columns(field.table()?));
    let delimiter = section.get("delimiter").map_or(Some(b','), |field| delimiter(&field));
    let duplicates = section.get("duplicates").map_or(Some(Duplicates::Error), |field| field.word(DUPLICATES));
    let max_bytes = section.get("max_bytes").map_or(Some(MAX_BYTES), |field| field.whole(1, i64::MAX));
    let max_rows = section.get("max_rows").map_or(Some(MAX_ROWS), |field| field.whole(1, i64::MAX));
    let format = section.get("format").map_or(Some(()), |field| only(&field, "csv", &["xlsx", "json", "ndjson"]));
    let others = ["utf-16", "windows-1252", "iso-8859-1"];
    let encoding = section.get("encoding").map_or(Some(()), |field| only(&field, "utf-8", &others));
    section.finish(LATER);
    format.and(encoding)?;
    Some(ExportSettings {
        path: path?,
        delimiter: delimiter?,
        columns: columns?,
        duplicates: duplicates?,
        max_bytes: max_bytes?,
        max_rows: max_rows?,
    })
}

/// The folder's own name is no pattern, whatever characters it holds.
fn pattern(field: &Field<'_>, folder: &Path) -> Option<PathBuf> {
    let text = field.text()?;
    if text == "-" {
        field.error("reading standard input is not supported by this version");
        return None;
    }
    if let Err(error) = glob::Pattern::new(text) {
        field.error(format!("`path` is no pattern: {error}"));
        return None;
    }
    let plain = !text.contains(['*', '?', '[']);
    let escaped = || PathBuf::from(glob::Pattern::escape(&folder.to_string_lossy()));
    Some(if plain { folder.join(text) } else { escaped().join(text) })
}

fn columns(section: Section<'_>) -> Option<ColumnNames> {
    let fields = ["customer", "service", "count"].map(|key| section.required(key));
    let [customer, service, count] = fields.each_ref().map(|field| field.as_ref().and_then(column));
    let distinct = customer != service && service != count && count != customer;
    if !distinct && customer.is_some() && service.is_some() && count.is_some() {
        section.error("`columns` names one column twice");
        return None;
    }
    section.finish(&["item"]);
    Some(ColumnNames { customer: customer?, service: service?, count: count? })
}

fn column(field: &Field<'_>) -> Option<String> {
    if field.value().is_table() {
        field.error(format!("a table for `{}` is not supported by this version; write a column's name", field.key));
        return None;
    }
    field.text().map(|name| normalized(name).into_owned())
}

fn delimiter(field: &Field<'_>) -> Option<u8> {
    match field.value().as_str().map(str::as_bytes) {
        Some(b"tab" | b"\t") => Some(b'\t'),
        Some(&[byte]) if (b' '..=b'~').contains(&byte) && byte != b'"' && !byte.is_ascii_alphanumeric() => Some(byte),
        _ => {
            field.error("`delimiter` is one character that is no letter, digit or quote, or \"tab\"");
            None
        }
    }
}

fn only(field: &Field<'_>, word: &str, others: &[&str]) -> Option<()> {
    match field.text()? {
        text if text.eq_ignore_ascii_case(word) => return Some(()),
        text if others.contains(&text) => field.error(format!("only {word:?} is supported by this version")),
        _ => field.error(format!("`{}` must be {word:?}", field.key)),
    }
    None
}
