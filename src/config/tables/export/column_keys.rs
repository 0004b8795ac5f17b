//! `columns`, `wide` and `count_by`: which cells are what.

use toml::de::DeValue;

use crate::config::tables::export::over_profile::Layered;
use crate::config::tables::export::text_lists::{column_name, column_names, joint, texts};
use crate::config::toml_document::{Field, Section};
use crate::config::values::optional;
use crate::export::column::{Column, CountMark, DerivedColumn, NamedColumn};
use crate::export::count::count_parser::Units;
use crate::export::count::number_notation::Notation;
use crate::export::settings::{Count, LongLayout, Shape, WideLayout};
use crate::export::text_pattern::Pattern;
use crate::reconcile::model::export::normalized_names::normalized;

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
            let long = LongLayout { service, count };
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
        let customer = section.required("customer").and_then(|field| name_column(&field));
        let service = optional(section.get("service"), name_column);
        let item = optional(section.get("item"), name_column);
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
    let source = source(&section);
    let matching = optional(section.get("match"), pattern);
    let split = optional(section.get("split"), separator);
    let lower = section.get("lower").map_or(Some(false), |field| field.boolean());
    let mark = mark(&section);
    section.finish(&[]);
    let (fixed, source, matching, split, lower) = (fixed?, source?, matching?, split?, lower?);
    let mark = mark?;
    let (named, other) = match (fixed, source) {
        (Some(fixed), None) if matching.is_none() && split.is_none() && !lower && mark.is_none() => {
            return Some(Column::Fixed(fixed));
        }
        (Some(_), None) => {
            field.error("`fixed` is the same for every row, so nothing is taken out of it");
            return None;
        }
        (None, Some(source)) => source,
        _ => {
            let key = &field.key;
            field.error(format!("`{key}` takes one of `column`, `columns`, `number`, `file`, `sheet` and `fixed`"));
            return None;
        }
    };
    if other.is_some() && matching.is_some() {
        field.error("the pattern of `file` or `sheet` is its `match`");
        return None;
    }
    let (name, made) = named;
    Some(Column::Named(NamedColumn { name, split, matching: matching.or(other), lower, made, mark }))
}

/// A name, what the column is made of, and a pattern that is a part of that.
type Source = ((String, Option<DerivedColumn>), Option<Pattern>);

/// Where a column's values come from, if that is said; several ways are refused by whoever asks.
fn source(section: &Section<'_>) -> Option<Option<Source>> {
    let name = optional(section.get("column"), |field| field.text().map(|text| normalized(text).into_owned()));
    let nth = optional(section.get("nth"), |field| field.whole(1, COLUMN_MOST));
    let number = optional(section.get("number"), |field| field.whole(1, COLUMN_MOST));
    let several = optional(section.get("columns"), column_names);
    let join = optional(section.get("join"), joint);
    let (file, sheet) = (optional(section.get("file"), pattern), optional(section.get("sheet"), pattern));
    let (name, nth, number, several, join) = (name?, nth?, number?, several?, join?);
    let (file, sheet) = (file?, sheet?);
    let ways = [name.is_some(), number.is_some(), several.is_some(), file.is_some(), sheet.is_some()];
    let refuse = |message: &str| {
        section.error(message);
        None
    };
    if ways.iter().filter(|way| **way).count() > 1 {
        return refuse("takes one of `column`, `columns`, `number`, `file` and `sheet`");
    }
    if nth.is_some() && name.is_none() {
        return refuse("`nth` is of a `column`");
    }
    if join.is_some() && several.is_none() {
        return refuse("`join` is of `columns`");
    }
    let of = |name: String, made: DerivedColumn, pattern: Option<Pattern>| Some(Some(((name, Some(made)), pattern)));
    match (name, number, several, file, sheet) {
        (Some(name), ..) => match nth {
            None => Some(Some(((name, None), None))),
            Some(nth) => of(format!("{name} (number {nth})"), DerivedColumn::Nth(name, nth), None),
        },
        (_, Some(number), ..) => of(format!("column number {number}"), DerivedColumn::Number(number), None),
        (_, _, Some(columns), ..) => {
            let join = join.unwrap_or_else(|| " ".to_owned());
            of(columns.join(" and "), DerivedColumn::Joined { columns, join }, None)
        }
        (_, _, _, Some(file), _) => of("the file's name".to_owned(), DerivedColumn::FileName, Some(file)),
        (.., Some(sheet)) => of("the sheet's name".to_owned(), DerivedColumn::SheetName, Some(sheet)),
        _ => Some(None),
    }
}

/// `present = true`, or `is = ["Yes"]`: each such cell is one unit.
fn mark(section: &Section<'_>) -> Option<Option<CountMark>> {
    marked(section.get("present"), section.get("is"))
}

fn marked(present: Option<Field<'_>>, is: Option<Field<'_>>) -> Option<Option<CountMark>> {
    let present_says = present.as_ref().map_or(Some(false), |field| field.boolean());
    let is = optional(is, texts);
    match (present_says?, is?) {
        (true, Some(_)) => {
            present?.error("one of `present` and `is` says which cells count");
            None
        }
        (true, None) => Some(Some(CountMark::Present)),
        (false, Some(texts)) => Some(Some(CountMark::Is(texts))),
        (false, None) => Some(None),
    }
}

/// A column of names: what marks a count means nothing there.
fn name_column(field: &Field<'_>) -> Option<Column> {
    let column = column(field)?;
    if matches!(&column, Column::Named(NamedColumn { mark: Some(_), .. })) {
        field.error("`present` and `is` mark counts, and this is a name");
        return None;
    }
    Some(column)
}

/// One number: it is not split, and has no case.
fn count_column(field: &Field<'_>) -> Option<Column> {
    let column = column(field)?;
    match &column {
        Column::Named(NamedColumn { split: Some(_), .. }) => field.error("a count is not split"),
        Column::Named(NamedColumn { matching: Some(_), mark: Some(_), .. }) => {
            field.error("a count is a number that `match` takes out, or a mark");
        }
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

fn wide(field: &Field<'_>) -> Option<WideLayout> {
    if field.value().is_table() {
        let section = field.table()?;
        let names = optional(section.get("columns"), wide_names);
        let from = optional(section.get("from"), |from| from.whole(1, COLUMN_MOST));
        let marked = mark(&section);
        section.finish(&[]);
        marked?;
        return match (names?, from?) {
            (None, Some(from)) => Some(WideLayout::From(from)),
            (Some(names), None) => Some(WideLayout::Names(names)),
            _ => {
                field.error("`wide` takes one of `columns` and `from`");
                None
            }
        };
    }
    wide_names(field).map(WideLayout::Names)
}

/// Which cells of the wide columns are one unit each, if they are marks: `present` or `is` in `wide` or beside it.
pub(super) fn wide_mark(wide: Option<&Field<'_>>, keys: &Layered<'_>) -> Option<Option<CountMark>> {
    let (present, is) = (keys.get("present"), keys.get("is"));
    let Some(wide) = wide else {
        if let Some(field) = present.or(is) {
            field.error(format!("`{}` has no effect without `wide`; of one count it stands in its column", field.key));
            return None;
        }
        return Some(None);
    };
    let beside = marked(present, is)?;
    let inside = match wide.value().is_table() {
        true => mark(&wide.table()?)?,
        false => None,
    };
    Some(inside.or(beside))
}

/// What cells of the wide columns say that hold nothing: `blank = ["-"]`.
pub(super) fn wide_blank(wide: Option<&Field<'_>>, keys: &Layered<'_>) -> Option<Vec<String>> {
    let Some(field) = keys.get("blank") else { return Some(Vec::new()) };
    if wide.is_none() {
        field.error("`blank` has no effect without `wide`; rows that mean none are left out with `drop`");
        return None;
    }
    texts(&field)
}

fn wide_names(field: &Field<'_>) -> Option<Vec<String>> {
    let items = field.list()?;
    if items.is_empty() {
        field.error("`wide` is empty");
        return None;
    }
    let mut names: Vec<String> = Vec::new();
    for item in &items {
        if !matches!(item.value(), DeValue::String(_) | DeValue::Table(_)) {
            item.mistyped("a list of column names, or { from = 3 }");
            return None;
        }
        let name = column_name(item)?;
        if names.contains(&name) {
            item.error("`wide` names this column twice");
            return None;
        }
        names.push(name);
    }
    Some(names)
}
