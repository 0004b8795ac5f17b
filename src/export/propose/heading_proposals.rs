//! What the names of the columns say: that there are none, or that a service is named by two of them.

use std::collections::BTreeSet;

use crate::export::column::{Column, DerivedColumn, NamedColumn};
use crate::export::count::count_parser::Units;
use crate::export::propose::proposal::TriedKeys;
use crate::export::settings::{Count, HeaderRow, Layout, LongLayout, Shape};
use crate::reconcile::model::display_text::{quoted, quoted_list};
use crate::reconcile::model::export::counts::{Cell, Counts, CustomerCounts};

/// Columns beside the service that are tried.
pub(super) const TRIED: usize = 12;
/// From so many rows on, a column that tells nearly each of them apart names devices or invoices.
const ROWS_MIN: usize = 8;

/// A first row with a number in it names nothing: the columns by their place, as far as anybody can say which is which.
pub(super) fn no_heading(names: &[String], layout: &Layout) -> Option<TriedKeys> {
    let is_number = |name: &String| Units::parse(name, layout.notation, true).is_ok();
    let number = names.iter().position(is_number)? + 1;
    let texts = names.iter().enumerate().filter(|(_, name)| !name.is_empty() && !is_number(name));
    let mut texts = texts.map(|(index, _)| index + 1);
    let at = |number: usize| Column::named(&number.to_string());
    let Shape::Long(LongLayout { service, count: Count::Column { .. } }) = &layout.shape else { return None };
    let customer = texts.next()?;
    let (service, of_service) = match service {
        Column::Fixed(text) => (service.clone(), format!("{{ fixed = {} }}", quoted(text))),
        Column::Named(_) => texts.next().map(|service| (at(service), format!("{{ number = {service} }}")))?,
    };
    let count = Count::Column { count: at(number), item: None };
    let shape = Shape::Long(LongLayout { service, count });
    let with = Layout { header: HeaderRow::Absent, customer: at(customer), shape, ..layout.clone() };
    let columns = format!(
        "columns = {{ customer = {{ number = {customer} }}, service = {of_service}, count = {{ number = {number} }} }}"
    );
    let keys = format!("header = \"none\" and {columns}, each by its place");
    Some(TriedKeys::new("Has the file no heading?", keys, with))
}

/// The service with another column beside it.
pub(super) fn two_columns(layout: &Layout, other: &str) -> Option<TriedKeys> {
    let Shape::Long(LongLayout { service: Column::Named(service), count }) = &layout.shape else { return None };
    if service.made.is_some() || service.matching.is_some() || service.split.is_some() {
        return None;
    }
    let columns = vec![service.name.clone(), other.to_owned()];
    let keys = format!("service = {{ columns = {}, join = \" \" }} in `columns`", quoted_list(&columns));
    let made = DerivedColumn::Joined { columns, join: " ".to_owned() };
    let joined = NamedColumn { name: format!("{} and {other}", service.name), made: Some(made), ..service.clone() };
    let shape = Shape::Long(LongLayout { service: Column::Named(joined), count: count.clone() });
    let question = format!("Is a service what {} and {} say together?", quoted(&service.name), quoted(other));
    Some(TriedKeys::new(question, keys, Layout { shape, ..layout.clone() }))
}

/// How many services there are, where their names are words and come again from row to row.
pub(super) fn services(counts: &Counts) -> Option<usize> {
    let cells = || counts.customers.values().flat_map(CustomerCounts::cells);
    let doubled = cells().any(|(_, cell)| !matches!(cell, Cell::Counted { .. }));
    let services: BTreeSet<&str> = cells().map(|(service, _)| service.as_str()).collect();
    let says_words = |name: &&str| name.split(' ').next_back().is_some_and(|last| last.contains(char::is_alphabetic));
    let come_again = counts.kept < ROWS_MIN || services.len() * 2 <= counts.kept;
    (!doubled && come_again && services.iter().all(says_words)).then_some(services.len())
}
