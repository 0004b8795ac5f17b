//! How an export is read: the keys that may also stand in a profile.

use crate::config::tables::export::over_profile::Layered;
use crate::config::tables::export::{column_keys, filter_keys, text_lists};
use crate::config::toml_document::Field;
use crate::config::values::optional;
use crate::export::count::duplicate_rows::Duplicates;
use crate::export::count::number_notation::Notation;
use crate::export::settings::{Count, Encoding, Format, HeaderRow, Layout, MAX_BYTES, MAX_ROWS, Shape, Sheet};
use crate::export::text_pattern::Pattern;
use crate::reconcile::model::export::normalized_names::normalized;

const DUPLICATES: &[(&str, Duplicates)] =
    &[("error", Duplicates::Error), ("sum", Duplicates::Sum), ("max", Duplicates::Max)];
const FORMATS: &[(&str, Format)] = &[
    ("csv", Format::Csv),
    ("xlsx", Format::Xlsx),
    ("json", Format::Json),
    ("ndjson", Format::Ndjson),
    ("xml", Format::Xml),
];
const ENCODINGS: &[(&str, Encoding)] = &[
    ("utf-8", Encoding::Utf8),
    ("utf-16", Encoding::Utf16),
    ("windows-1252", Encoding::Windows1252),
    ("iso-8859-1", Encoding::Iso8859_1),
];
const DECIMALS: &[(&str, char)] = &[(".", '.'), (",", ',')];

/// The most bytes or rows that may be allowed: counts are told apart by numbers of four bytes.
const COUNTED_MOST: i64 = 4_000_000_000;

/// Reads every key that says how an export is read.
pub(in crate::config) fn layout(keys: Layered<'_>) -> Option<Layout> {
    let format = optional(keys.get("format"), |field| in_any_case(field, FORMATS));
    let encoding = optional(keys.get("encoding"), |field| in_any_case(field, ENCODINGS));
    let delimiter = optional(keys.get("delimiter"), delimiter);
    let notation = notation(&keys);
    let sheet = optional(keys.get("sheet"), sheet);
    let records = keys.get("records").map_or(Some(Vec::new()), |field| records(&field));
    let header = keys.get("header").map_or(Some(HeaderRow::First), |field| header(&field));
    let quote_escape = optional(keys.get("quote_escape"), quote_escape);
    let member = optional(keys.get("member"), |field| field.text().map(Pattern::file_glob));
    let fill_down = keys.get("fill_down").map_or(Some(Vec::new()), |field| text_lists::column_names(&field));
    let latest = filter_keys::latest(keys.get("latest"), keys.get("date_format"));
    let signed = keys.get("signed").map_or(Some(false), |field| field.boolean());
    let whole = keys.get("whole").map_or(Some(false), |field| field.boolean());
    let max_bytes = keys.get("max_bytes").map_or(Some(MAX_BYTES), |field| field.whole(1, COUNTED_MOST));
    let max_rows = keys.get("max_rows").map_or(Some(MAX_ROWS), |field| field.whole(1, COUNTED_MOST));
    let stop = optional(keys.get("stop"), filter_keys::condition);
    let conditions = |key| keys.get(key).map_or(Some(Vec::new()), |field| filter_keys::conditions(&field));
    let (keep, drop) = (conditions("keep"), conditions("drop"));
    let columns = column_keys::columns(&keys);
    let wide_field = keys.get("wide");
    let wide_mark = column_keys::wide_mark(wide_field.as_ref(), &keys);
    let wide_blank = column_keys::wide_blank(wide_field.as_ref(), &keys);
    let duplicates = keys.get("duplicates");
    let duplicates = duplicates.as_ref().map(|field| (field, field.word(DUPLICATES)));
    if let Some(Some(format)) = format {
        refuse_foreign(&keys, format);
    }
    keys.finish();
    let ((customer, shape), wide_mark) = (columns?, wide_mark?);
    let marks = wide_mark.is_some() && shape.long().is_none();
    let duplicates = merging(duplicates, &shape, marks)?;
    Some(Layout {
        format: format?,
        encoding: encoding?,
        delimiter: delimiter?,
        notation: notation?,
        quote_escape: quote_escape?,
        sheet: sheet?,
        member: member?,
        records: records?,
        header: header?,
        fill_down: fill_down?,
        latest: latest?,
        wide_mark,
        wide_blank: wide_blank?,
        stop: stop?,
        duplicates,
        signed: signed?,
        whole: whole?,
        keep: keep?,
        drop: drop?,
        max_bytes: max_bytes?,
        max_rows: max_rows?,
        ..Layout::new(customer, shape)
    })
}

/// One of a few words that people write in capitals as well.
fn in_any_case<T: Copy>(field: &Field<'_>, words: &[(&str, T)]) -> Option<T> {
    let text = field.value().as_str().map(str::trim).unwrap_or_default();
    let known = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text));
    known.map(|(_, meaning)| *meaning).or_else(|| field.word(words))
}

/// What several counts of one customer and service mean. Rows that are units each can only add up.
fn merging(declared: Option<(&Field<'_>, Option<Duplicates>)>, shape: &Shape, marks: bool) -> Option<Duplicates> {
    let undeclared = if marks { Duplicates::Sum } else { shape.duplicates() };
    let Some((field, word)) = declared else { return Some(undeclared) };
    let adds = shape.long().is_some_and(|long| !matches!(long.count, Count::Column { .. }));
    if adds && word? != Duplicates::Sum {
        field.error("with count_by = \"rows\" or \"distinct\" rows add up, and `duplicates` can only be \"sum\"");
        return None;
    }
    word
}

/// Keys that mean nothing in the declared format.
fn refuse_foreign(keys: &Layered<'_>, format: Format) {
    let text: &[Format] = &[Format::Csv, Format::Json, Format::Ndjson, Format::Xml];
    let of: [(&'static str, &[Format]); 5] = [
        ("delimiter", &[Format::Csv]),
        ("quote_escape", &[Format::Csv]),
        ("encoding", text),
        ("sheet", &[Format::Xlsx]),
        ("records", &[Format::Json, Format::Xml]),
    ];
    // A list inside the record of each line.
    let nested = |text: &str| text.contains(['[', '{']);
    let on_lines = keys.get("records").is_some_and(|field| field.value().as_str().is_some_and(nested));
    let means = |key: &str| key == "records" && format == Format::Ndjson && on_lines;
    for (key, _) in of.iter().filter(|(key, formats)| !formats.contains(&format) && !means(key)) {
        if let Some(field) = keys.both("format", key) {
            let word = FORMATS.iter().find(|(_, known)| *known == format).map_or("", |(word, _)| word);
            field.error(format!("`{key}` has no effect with format = {word:?}"));
        }
    }
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

fn notation(keys: &Layered<'_>) -> Option<Notation> {
    let decimal = keys.get("decimal").map_or(Some('.'), |field| field.word(DECIMALS));
    let thousands_field = keys.get("thousands");
    let thousands = match &thousands_field {
        None => Some(None),
        Some(field) => thousands(field).map(Some),
    };
    let notation = Notation { decimal: decimal?, thousands: thousands? };
    if let (Some(field), true) = (thousands_field, notation.thousands == Some(notation.decimal)) {
        field.error(format!("`decimal` is {:?} too, unless declared otherwise", notation.decimal.to_string()));
        return None;
    }
    Some(notation)
}

fn thousands(field: &Field<'_>) -> Option<char> {
    let mark = field.value().as_str().and_then(|text| match text {
        "." | "," | "'" | " " => text.chars().next(),
        "\u{a0}" | "\u{202f}" => Some(' '),
        "\u{2019}" => Some('\''),
        _ => None,
    });
    if mark.is_none() {
        field.error("`thousands` is one of \".\", \",\", \"'\" and \" \"");
    }
    mark
}

fn sheet(field: &Field<'_>) -> Option<Sheet> {
    if field.value().is_integer() {
        return field.whole(1, 1_000_000).map(Sheet::Number);
    }
    field.text().map(|name| if name == "*" { Sheet::All } else { Sheet::Name(name.to_owned()) })
}

/// `data.sites`, `items[].licenses[]`, `data{}`, `Companies.Company`.
fn records(field: &Field<'_>) -> Option<Vec<String>> {
    let keys: Vec<String> = field.text()?.split('.').map(|key| key.trim().to_owned()).collect();
    let is_path = |(at, key): (usize, &String)| {
        let name = key.trim_end_matches(['[', ']', '{', '}']);
        let marks = &key.as_bytes()[name.len()..];
        let marked = marks.chunks(2).all(|mark| mark == b"[]" || mark == b"{}");
        marked && !name.contains(['[', ']', '{', '}']) && (!name.is_empty() || (at == 0 && !marks.is_empty()))
    };
    if !keys.iter().enumerate().all(is_path) {
        field.error("`records` is a path of keys, such as \"data.sites\", \"items[].licenses[]\" or \"data{}\"");
        return None;
    }
    let nested = keys.iter().any(|key| key.ends_with(['}', ']']));
    if nested && !keys.last().is_some_and(|key| key.ends_with(['}', ']'])) {
        field.error("`records` ends at a list or at an object by key: write [] or {} behind the last key");
        return None;
    }
    Some(keys)
}

/// `{ cell = "company" }`, `"none"`, or `{ rows = 2, join = " " }`, which may begin at a cell.
fn header(field: &Field<'_>) -> Option<HeaderRow> {
    const ROWS_MOST: i64 = 5;
    if field.value().as_str() == Some("none") {
        return Some(HeaderRow::Absent);
    }
    let section = field.table()?;
    let cell = optional(section.get("cell"), |cell| cell.text().map(|text| normalized(text).into_owned()));
    let rows = optional(section.get("rows"), |rows| rows.whole(1, ROWS_MOST));
    let join = section.get("join").map_or(Some(" ".to_owned()), |field| text_lists::joint(&field));
    section.finish(&[]);
    match (cell?, rows?, join?) {
        (Some(cell), None, _) => Some(HeaderRow::Cell(cell)),
        (cell, Some(rows), join) => Some(HeaderRow::Joined { cell, rows, join }),
        (None, None, _) => {
            field.error("`header` takes `cell`, `rows` with `join`, or both, or is \"none\"");
            None
        }
    }
}

fn quote_escape(field: &Field<'_>) -> Option<u8> {
    match field.value().as_str().map(str::as_bytes) {
        Some(b"\\") => Some(b'\\'),
        _ => {
            field.error("`quote_escape` is a backslash, written \"\\\\\"; doubled quotes need no key");
            None
        }
    }
}
