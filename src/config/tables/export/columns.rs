//! `columns`, `wide` and `count_by`: which cells are what.

use toml::de::DeValue;

use crate::config::document::{Field, Section};
use crate::config::tables::export::layered::Layered;
use crate::config::values::optional;
use crate::export::count::notation::Notation;
use crate::export::count::number::Units;
use crate::export::read::names::normalized;
use crate::export::settings::{Column, Count, Long, NamedColumn, Pattern, Shape, Wide};

#[derive(Clone, Copy, PartialEq, Eq)]
enum CountBy {
    Column,
    Rows,
    Distinct,
}

const COUNT_BY: &[(&str, CountBy)] =
    &[("column", CountBy::Column), ("rows", CountBy::Rows), ("distinct", CountBy::Distinct)];
/// The widest file there is has fewer.
const COLUMN_MOST: i64 = 4096;

/// Whose rows they are, and what they count.
pub(in crate::config) fn columns(keys: &Layered<'_>) -> Option<(Column, Shape)> {
    let by_field = keys.get("count_by");
    let by = by_field.as_ref().map_or(Some(CountBy::Column), |field| field.word(COUNT_BY));
    let wide = optional(keys.get("wide"), wide);
    let Some(field) = keys.get("columns") else {
        keys.error("the export lacks `columns`");
        return None;
    };
    let columns = Columns::of(field.table()?)?;
    let (by, wide) = (by?, wide?);
    // A profile's column of counts is not contradicted by a count_by that is given here, but overridden.
    let contradicts = keys.both("columns", "count_by").is_some();
    let shape = match (columns.service, wide) {
        (None, None) => {
            field.error("`columns` lacks `service`, or the columns that are services go into `wide`");
            return None;
        }
        (Some(service), wide) => {
            let count = count(&field, by, columns.count, columns.item, contradicts)?;
            let long = Long { service, count };
            wide.map_or_else(|| Shape::Long(long.clone()), |wide| Shape::Both(long.clone(), wide))
        }
        (None, Some(_)) if columns.count.is_some() || columns.item.is_some() => {
            field.error("with `wide` and without `service`, no column is `count` or `item`");
            return None;
        }
        (None, Some(_)) if by != CountBy::Column => {
            by_field?.error("with `wide` and without `service`, `count_by` has no effect");
            return None;
        }
        (None, Some(wide)) => Shape::Wide(wide),
    };
    Some((columns.customer, shape))
}

fn count(
    field: &Field<'_>,
    by: CountBy,
    count: Option<Column>,
    item: Option<Column>,
    contradicts: bool,
) -> Option<Count> {
    if by != CountBy::Column && count.is_some() && contradicts {
        field.error("`count` has no effect where `count_by` counts rows or items");
        return None;
    }
    match (by, count, item) {
        (CountBy::Column, Some(count), item) => Some(Count::Column { count, item }),
        (CountBy::Column, None, _) => {
            field.error("`columns` lacks `count`; or set count_by = \"rows\" or \"distinct\"");
            None
        }
        (CountBy::Rows, _, item) => Some(Count::Rows { item }),
        (CountBy::Distinct, _, Some(item)) => Some(Count::Distinct { item }),
        (CountBy::Distinct, _, None) => {
            field.error("`columns` lacks `item`, which count_by = \"distinct\" counts");
            None
        }
    }
}

struct Columns {
    customer: Column,
    service: Option<Column>,
    count: Option<Column>,
    item: Option<Column>,
}

impl Columns {
    fn of(section: Section<'_>) -> Option<Self> {
        let customer = section.required("customer").and_then(|field| column(&field));
        let service = optional(section.get("service"), column);
        let item = optional(section.get("item"), column);
        let count = optional(section.get("count"), count_column);
        let columns = Some(Self { customer: customer?, service: service?, count: count?, item: item? });
        let columns = columns.filter(|columns| {
            let distinct = columns.are_distinct();
            if !distinct {
                section.error("`columns` names one column twice");
            }
            distinct
        });
        section.finish(&[]);
        columns
    }

    /// Two meanings of one whole cell can only be a slip.
    fn are_distinct(&self) -> bool {
        let columns = [Some(&self.customer), self.service.as_ref(), self.count.as_ref()];
        let plain: Vec<&Column> = columns.into_iter().flatten().filter(|column| is_plain(column)).collect();
        (1..plain.len()).all(|index| !plain[..index].contains(&plain[index]))
    }
}

/// A whole cell.
fn is_plain(column: &Column) -> bool {
    matches!(column, Column::Named(NamedColumn { split: None, matching: None, .. }))
}

/// A column's name, or a table.
fn column(field: &Field<'_>) -> Option<Column> {
    if !field.value().is_table() {
        return field.text().map(|name| Column::named(&normalized(name)));
    }
    let section = field.table()?;
    let fixed = optional(section.get("fixed"), |field| field.text().map(|text| normalized(text).into_owned()));
    let name = optional(section.get("column"), |field| field.text().map(|text| normalized(text).into_owned()));
    let matching = optional(section.get("match"), pattern);
    let split = optional(section.get("split"), separator);
    let lower = section.get("lower").map_or(Some(false), |field| field.boolean());
    section.finish(&[]);
    let (fixed, name, matching, split, lower) = (fixed?, name?, matching?, split?, lower?);
    match (fixed, name) {
        (Some(fixed), None) if matching.is_none() && split.is_none() && !lower => Some(Column::Fixed(fixed)),
        (Some(_), None) => {
            field.error("`fixed` is the same for every row, so nothing is taken out of it");
            None
        }
        (None, Some(name)) => Some(Column::Named(NamedColumn { name, split, matching, lower })),
        _ => {
            field.error(format!("`{}` takes one of `column` and `fixed`", field.key));
            None
        }
    }
}

/// One number: it is not split, and has no case.
fn count_column(field: &Field<'_>) -> Option<Column> {
    let column = column(field)?;
    match &column {
        Column::Named(NamedColumn { split: Some(_), .. }) => field.error("a count is not split"),
        Column::Named(NamedColumn { lower: true, .. }) => field.error("a count has no upper and lower case"),
        Column::Fixed(text) if Units::parse(text, Notation::default(), false).is_err() => {
            field.error("a fixed count is a plain number");
        }
        _ => return Some(column),
    }
    None
}

fn pattern(field: &Field<'_>) -> Option<Pattern> {
    let text = field.text()?;
    match Pattern::regex(text) {
        Ok(pattern) if pattern.regex.captures_len() > 2 => {
            field.error("`match` has several groups; write (?:…) for those that are not taken");
            None
        }
        Ok(pattern) => Some(pattern),
        Err(error) => {
            let last = error.to_string().lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            field.error(format!("`match` is not a regular expression: {last}"));
            None
        }
    }
}

/// White space counts here: `", "` and `","` are different.
fn separator(field: &Field<'_>) -> Option<String> {
    match field.value().as_str() {
        Some("") => field.error("`split` is empty"),
        Some(text) => return Some(text.to_owned()),
        None => field.mistyped("a string"),
    }
    None
}

fn wide(field: &Field<'_>) -> Option<Wide> {
    if field.value().is_table() {
        let section = field.table()?;
        let from = section.required("from").and_then(|from| from.whole(1, COLUMN_MOST));
        section.finish(&[]);
        return from.map(Wide::From);
    }
    let items = field.list()?;
    if items.is_empty() {
        field.error("`wide` is empty");
        return None;
    }
    let mut names: Vec<String> = Vec::new();
    for item in &items {
        let DeValue::String(_) = item.value() else {
            item.mistyped("a list of column names, or { from = 3 }");
            return None;
        };
        let name = normalized(item.text()?).into_owned();
        if names.contains(&name) {
            item.error("`wide` names this column twice");
            return None;
        }
        names.push(name);
    }
    Some(Wide::Names(names))
}
