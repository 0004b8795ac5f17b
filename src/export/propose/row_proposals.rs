//! What would help where rows are no counts, name nobody, or stand twice.

use std::collections::BTreeSet;

use crate::export::column::{Column, CountMark, DerivedColumn, NamedColumn};
use crate::export::count::duplicate_rows::Duplicates;
use crate::export::propose::proposal::TriedKeys;
use crate::export::read::date_columns::FORMATS;
use crate::export::read::saying_no::says_no;
use crate::export::row_condition::RowCondition;
use crate::export::settings::{Count, Latest, Layout, LongLayout, Shape, Sheet};
use crate::export::text_pattern::Pattern;
use crate::reconcile::model::display_text::{quoted, quoted_list};
use crate::reconcile::model::export::count_error::CountError;
use crate::reconcile::model::export::counts::{Cell, Counts, CustomerCounts, DateColumn, RejectedRow};
use crate::reconcile::model::export::normalized_names::normalized;

/// A column of marks holds a handful of words.
const MARKS_MAX: usize = 3;

pub(super) fn candidates(layout: &Layout, counts: &Counts) -> Vec<TriedKeys> {
    let has = |is: fn(&CountError) -> bool| counts.rejected.iter().any(|row| is(&row.why));
    let mut found = Vec::new();
    if has(|why| *why == CountError::Sign) && !layout.signed {
        let with = Layout { signed: true, ..layout.clone() };
        let sum = Layout { duplicates: Duplicates::Sum, ..with.clone() };
        found.push(TriedKeys::new("May rows be negative, as credits?", "signed = true", with));
        let may_add_up = layout.duplicates == Duplicates::Error && counts.dated.is_none();
        if may_add_up && counts.repeated.is_none() && !has_total(counts) {
            let keys = "signed = true and duplicates = \"sum\"";
            found.push(TriedKeys::new("May rows be negative, as credits that are taken off?", keys, sum));
        }
    }
    if !counts.nameless.is_empty() || has(|why| *why == CountError::NoService) {
        found.extend(filled(layout));
    }
    found.extend(heading_again(layout, &counts.rejected));
    found.extend(nothing_said(layout, &counts.rejected));
    found.extend(with_unit(layout, &counts.rejected));
    // Where some cells are numbers the others are no marks.
    if counts.customers.values().all(|customer| customer.cells().next().is_none()) {
        found.extend(marks(layout, &counts.rejected));
    }
    match &counts.dated {
        Some(column) if layout.latest.is_none() => found.extend(newest(layout, column)),
        // Rows of several days would come to a month's sum, and that is nobody's count.
        Some(_) => {}
        // A sheet or a file that says the same again would come to twice as much.
        None if counts.repeated.is_some() => {}
        None if has_total(counts) => {}
        None if layout.duplicates == Duplicates::Error => {
            let with = Layout { duplicates: Duplicates::Sum, ..layout.clone() };
            let question = "Are the rows of one customer and service parts of one count?";
            found.push(TriedKeys::new(question, "duplicates = \"sum\"", with));
        }
        None => {}
    }
    found
}

/// Whether the last of several rows of somebody is what the others come to: summed, they would count twice.
fn has_total(counts: &Counts) -> bool {
    let cells = counts.customers.values().flat_map(CustomerCounts::cells);
    cells.into_iter().any(|(_, cell)| match cell {
        Cell::Duplicate { counts, .. } => {
            let (last, others) =
                counts.split_last().map_or((None, &counts[..]), |(last, others)| (Some(*last), others));
            others.len() > 1 && last == others.iter().copied().reduce(|sum, count| sum + count)
        }
        Cell::Counted { .. } | Cell::OutOfRange { .. } => false,
    })
}

/// A cell that says what its column is called: the heading stands again between the rows, where files were put together.
fn heading_again(layout: &Layout, rejected: &[RejectedRow]) -> Option<TriedKeys> {
    let row = rejected.iter().find(|row| !row.column.is_empty() && normalized(&row.value) == row.column)?;
    let (column, is) = (row.column.clone(), vec![row.column.clone()]);
    let filter = RowCondition { column, is, like: Vec::new(), range: None };
    let with = Layout { drop: layout.drop.iter().cloned().chain([filter]).collect(), ..layout.clone() };
    let keys = format!("drop = [{{ column = {0}, is = [{0}] }}]", quoted(&row.column));
    Some(TriedKeys::new("Does the heading stand again between the rows?", keys, with))
}

/// `10 GB`, `5 seats`, `10+`: every cell that could not be read is a number with the same text behind it.
fn with_unit(layout: &Layout, rejected: &[RejectedRow]) -> Option<TriedKeys> {
    let is_digits = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',');
    let behind = |row: &RejectedRow| {
        let text = normalized(&row.value).into_owned();
        let unit = text.trim_start_matches(is_digits).to_owned();
        let is_unit = text.starts_with(|c: char| c.is_ascii_digit()) && !unit.contains(|c: char| c.is_ascii_digit());
        (is_unit && !unit.is_empty() && matches!(row.why, CountError::NotANumber)).then_some(unit)
    };
    let units: BTreeSet<Option<String>> = rejected.iter().map(behind).collect();
    let unit = units.first().filter(|_| units.len() == 1)?.as_ref()?;
    let number = layout.shape.long().and_then(|long| long.count.number());
    let Some(Column::Named(NamedColumn { name, matching: None, mark: None, .. })) = number else { return None };
    // Cells without it are numbers as they stand.
    let pattern = format!("^([\\d.,]+)(?:{})?$", regex::escape(unit));
    let matching = Pattern::regex(&pattern).ok();
    let with = changed_count(layout, |named| NamedColumn { matching, ..named })?;
    let keys = format!("count = {{ column = {}, match = '{pattern}' }}", quoted(name));
    (!pattern.contains('\'')).then(|| TriedKeys::new("Is the number before the unit the count?", keys, with))
}

/// `-` and `n/a` between numbers of a wide file.
fn nothing_said(layout: &Layout, rejected: &[RejectedRow]) -> Option<TriedKeys> {
    let is_wide = matches!(layout.shape, Shape::Wide(_)) && layout.wide_mark.is_none();
    let said: BTreeSet<&str> = rejected.iter().map(|row| row.value.trim()).filter(|text| !text.is_empty()).collect();
    let blank: Vec<String> = said.into_iter().filter(|text| says_no(text)).map(str::to_owned).collect();
    if !is_wide || blank.is_empty() {
        return None;
    }
    let keys = format!("blank = {}", quoted_list(&blank));
    let with = Layout { wide_blank: blank, ..layout.clone() };
    Some(TriedKeys::new("Does such a cell mean that there is none?", keys, with))
}

fn filled(layout: &Layout) -> Option<TriedKeys> {
    let Column::Named(customer) = &layout.customer else { return None };
    let is_of_file = matches!(&customer.made, None | Some(DerivedColumn::Joined { .. }));
    if !is_of_file || !layout.fill_down.is_empty() {
        return None;
    }
    let names: Vec<String> = layout.customer.names().into_iter().map(str::to_owned).collect();
    let keys = format!("fill_down = {}", quoted_list(&names));
    let with = Layout { fill_down: names, ..layout.clone() };
    Some(TriedKeys::new("Is the customer given once for the rows below?", keys, with))
}

/// Each form in which a vendor may write its dates.
pub(super) fn date_formats(layout: &Layout) -> Vec<(&'static str, Layout)> {
    let Some(latest) = &layout.latest else { return Vec::new() };
    let with = |format: &'static str| {
        let latest = Latest { format: Some(format.to_owned()), ..latest.clone() };
        (format, Layout { latest: Some(latest), ..layout.clone() })
    };
    FORMATS.into_iter().map(with).collect()
}

fn newest(layout: &Layout, column: &DateColumn) -> Vec<TriedKeys> {
    let of = |format: Option<&&'static str>| {
        let latest = Latest { column: column.name.clone(), format: format.map(ToString::to_string) };
        let with = Layout { latest: Some(latest), ..layout.clone() };
        TriedKeys::new("Is there a row for each day, of which the newest counts?", column.keys(), with)
    };
    if column.formats.is_empty() {
        vec![of(None)]
    } else {
        column.formats.iter().map(|format| of(Some(format))).collect()
    }
}

/// Cells that say something, but no number: one for each, or for each that says one word.
fn marks(layout: &Layout, rejected: &[RejectedRow]) -> Vec<TriedKeys> {
    let is_mark = |row: &&RejectedRow| match row.why {
        CountError::Date | CountError::SaysNo => true,
        // `5 seats` and `12,34` are numbers that are written otherwise, and five are not one.
        CountError::NotANumber | CountError::Separator => !row.value.contains(char::is_numeric),
        _ => false,
    };
    let said: BTreeSet<&str> = rejected.iter().filter(is_mark).map(|row| row.value.trim()).collect();
    if said.is_empty() {
        return Vec::new();
    }
    // Where one says no, not every one that says anything is a unit.
    let all_say_yes = !said.iter().any(|text| says_no(text));
    let yes: Vec<String> = said.into_iter().filter(|text| !says_no(text)).map(str::to_owned).collect();
    let mut found: Vec<TriedKeys> = marked(layout, CountMark::Present)
        .filter(|_| all_say_yes)
        .map(|with| {
            TriedKeys::new("Is each cell that says anything one unit?", keys_of(layout, "present = true"), with)
        })
        .into_iter()
        .collect();
    if (1..=MARKS_MAX).contains(&yes.len()) {
        let keys = keys_of(layout, &format!("is = {}", quoted_list(&yes)));
        let with = marked(layout, CountMark::Is(yes));
        found.extend(with.map(|with| TriedKeys::new("Is each cell that says so one unit?", keys, with)));
    }
    found
}

fn keys_of(layout: &Layout, mark: &str) -> String {
    match layout.shape.long().and_then(|long| long.count.number()) {
        Some(Column::Named(NamedColumn { name, .. })) => format!("count = {{ column = {}, {mark} }}", quoted(name)),
        _ => format!("{mark} beside `wide`"),
    }
}

fn marked(layout: &Layout, mark: CountMark) -> Option<Layout> {
    match &layout.shape {
        Shape::Wide(_) => Some(Layout { wide_mark: Some(mark), ..layout.clone() }),
        Shape::Long(_) => changed_count(layout, |named| NamedColumn { mark: Some(mark), ..named }),
        Shape::Both(..) => None,
    }
}

/// The same layout with another column for the count, where it has one.
fn changed_count(layout: &Layout, change: impl FnOnce(NamedColumn) -> NamedColumn) -> Option<Layout> {
    let Shape::Long(LongLayout { service, count: Count::Column { count: Column::Named(named), item } }) = &layout.shape
    else {
        return None;
    };
    let count = Count::Column { count: Column::Named(change(named.clone())), item: item.clone() };
    Some(Layout { shape: Shape::Long(LongLayout { service: service.clone(), count }), ..layout.clone() })
}

/// Every sheet that shows, and its name for the customer.
pub(super) fn of_sheets(layout: &Layout) -> Option<Layout> {
    let Column::Named(NamedColumn { made: None, .. }) = &layout.customer else { return None };
    let Column::Named(mut customer) = Column::named("the sheet's name") else { return None };
    (customer.made, customer.matching) = (Some(DerivedColumn::SheetName), Pattern::regex("(.+)").ok());
    Some(Layout { sheet: Some(Sheet::All), customer: Column::Named(customer), ..layout.clone() })
}
