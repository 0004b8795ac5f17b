//! `keep`, `drop` and `stop`: conditions of rows.

use chrono::format::{Item, StrftimeItems};
use toml::de::DeValue;

use crate::config::tables::export::text_lists;
use crate::config::toml_document::Field;
use crate::config::values::optional;
use crate::export::count::count_parser::Units;
use crate::export::count::number_notation::Notation;
use crate::export::row_condition::{Range, RowCondition};
use crate::export::settings::Latest;
use crate::export::text_pattern::Pattern;

/// A list of conditions. One alone needs no list.
pub(in crate::config) fn conditions(field: &Field<'_>) -> Option<Vec<RowCondition>> {
    if field.value().is_table() {
        return Some(vec![condition(field)?]);
    }
    field.list()?.iter().map(condition).collect::<Vec<_>>().into_iter().collect()
}

/// `{ column = "Status", is = ["Paid"] }`, or with `like`.
pub(in crate::config) fn condition(field: &Field<'_>) -> Option<RowCondition> {
    let section = field.table()?;
    let column = match section.get("number") {
        Some(number) => text_lists::column_number(&number).map(|number| number.to_string()),
        None => section.required("column").and_then(|column| text_lists::column_name(&column)),
    };
    let (is, like) = (section.get("is"), section.get("like"));
    let (has_is, has_like) = (is.is_some(), like.is_some());
    let is = is.map_or(Some(Vec::new()), |is| text_lists::texts(&is));
    let like = like.map_or(Some(Vec::new()), |like| text_lists::texts(&like));
    let least = optional(section.get("at_least"), bound);
    let most = optional(section.get("at_most"), bound);
    section.finish(&[]);
    let (least, most) = (least?, most?);
    let range = (least.is_some() || most.is_some()).then_some(Range { least, most });
    match (has_is || has_like, range.is_some()) {
        (false, false) => {
            let and = if field.key == "stop" { "" } else { ", or `at_least` or `at_most`, a number" };
            field.error(format!("`{}` takes `is` or `like`, a list of texts{and}", field.key));
            return None;
        }
        (true, true) => {
            field.error("a text and a bound are two conditions; write each of its own");
            return None;
        }
        (false, true) if field.key == "stop" => {
            field.error("`stop` takes `is` or `like`, a list of texts");
            return None;
        }
        _ => {}
    }
    let like = like?.iter().map(|text| Pattern::glob(text)).collect();
    Some(RowCondition { column: column?, is: is?, like, range })
}

/// A number, as it is written.
fn bound(field: &Field<'_>) -> Option<Units> {
    let written = match field.value() {
        DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str(),
        DeValue::Float(float) => float.as_str(),
        _ => {
            field.mistyped("a number");
            return None;
        }
    };
    let units = Units::parse(written, Notation::default(), true).ok();
    if units.is_none() {
        field.error(format!("`{}` is a plain number", field.key));
    }
    units
}

/// `latest = "Day"`, with `date_format`.
pub(in crate::config) fn latest(column: Option<Field<'_>>, format: Option<Field<'_>>) -> Option<Option<Latest>> {
    let format_text = optional(format, |field| field.text().map(|text| (text.to_owned(), is_format(field))))?;
    let Some(column) = column else {
        return Some(None);
    };
    if format_text.as_ref().is_some_and(|(_, good)| !good) {
        return None;
    }
    let column = text_lists::column_name(&column)?;
    Some(Some(Latest { column, format: format_text.map(|(text, _)| text) }))
}

fn is_format(field: &Field<'_>) -> bool {
    let text = field.text().unwrap_or_default();
    let known = StrftimeItems::new(text).all(|item| item != Item::Error);
    let has_year = ["%Y", "%y", "%G", "%D", "%F", "%x", "%c", "%v", "%s", "%+"].iter().any(|year| text.contains(year));
    if !known || !has_year {
        field.error("`date_format` is written as %d/%m/%Y: %Y year, %m month, %d day, %H:%M:%S time");
    }
    known && has_year
}
