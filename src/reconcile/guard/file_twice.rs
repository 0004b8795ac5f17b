//! A file that was delivered twice: with other bytes it is no copy, and all that stands in both would be billed double.
//!
//! One sign is not enough. A vendor may add a region, whose file names other customers, or write a file for each hour of
//! the day, in which the same customers stand each night. So it is the counts of a file that are looked at: most of them
//! stand in another one as well, with half as many rows and units again as were accepted last, or more.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::reconcile::guard::accepted_counts::AcceptedCount;
use crate::reconcile::guard::baseline::of_no_effect;
use crate::reconcile::guard::stop_finding::stop;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::export::counts::{Cell, Counts, CustomerCounts};
use crate::reconcile::model::export::repeated_part::RepeatedPart;
use crate::reconcile::model::ids::{CustomerName, ServiceName};
use crate::reconcile::model::past::{Accepted, Past};
use crate::reconcile::model::plan::Plan;
use crate::reconcile::model::plan::finding::{Finding, plural};
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::plan::remedy::Remedy;

/// What stands in one file or sheet.
#[derive(Debug, Default)]
struct FileCounts<'a> {
    /// Counts by which something would be written.
    all: usize,
    /// Those of them that look doubled.
    doubled: Vec<DoubledCount<'a>>,
}

/// A count that stands in another file as well, and grew by that.
#[derive(Debug, Clone, Copy)]
struct DoubledCount<'a> {
    customer: &'a CustomerName,
    service: &'a ServiceName,
    before: Decimal,
    now: Decimal,
    /// Another file that it stands in.
    other: usize,
}

/// The last file of the export that looks like another one again. Where the configuration says how many files there are,
/// and that is not the number of last time, somebody has looked at the new one.
pub(super) fn file_twice(plan: &Plan, past: &Past, counts: &Counts, accepted: &Accepted) -> Option<Finding> {
    if counts.parts.is_empty() || counts.files_expected && counts.files.len() != accepted.files {
        return None;
    }
    let files = by_file(plan, past, counts);
    let twice = files.iter().rev().find(|(_, file)| file.doubled.len() * 2 > file.all);
    let (place, FileCounts { all, doubled }) = twice?;
    let first = doubled.first()?;
    let names = [*place, first.other].map(|place| shown(counts.parts.name(place)));
    let message = format!(
        "{} and {} look like one delivered twice: {} of the {} of the first stand in both, with more rows and units than \
         in run {}; the first is {} · {}: {} → {}",
        names[0],
        names[1],
        doubled.len(),
        plural(all, "count"),
        accepted.run,
        shown(first.customer.as_str()),
        shown(first.service.as_str()),
        first.before.normalize(),
        first.now.normalize(),
    );
    let away: Remedy = "take the older one away and run again".into();
    Some(stop(Code::ExportFileTwice, message, away.or("if both are to be counted, approve the plan".into())))
}

/// A file or a sheet that says what others say, also on a first night: nothing was accepted yet that its counts could be held
/// against. Once the sum was accepted it is what the export says.
pub(super) fn repeated_unasked(past: &Past, counts: &Counts) -> Option<Finding> {
    let repeated = counts.repeated.as_ref()?;
    let before = past.counts.get(&repeated.customer).and_then(|own| own.get(&repeated.service));
    let tonight = counts.of(&repeated.customer).and_then(|own| own.get(&repeated.service)).map(Cell::units);
    // Of many files the others come to much by themselves: what was accepted has this one in it, or it has not.
    let without = tonight.unwrap_or_default().saturating_sub(repeated.units / Decimal::TWO);
    let is_accepted = before.is_some_and(|before| before.units >= without);
    if is_accepted { None } else { repeated_part(counts) }
}

/// That the counts of one file or sheet stand in others as well; nothing where they are asked about count by count.
pub fn repeated_part(counts: &Counts) -> Option<Finding> {
    let RepeatedPart { part, other, same, of, customer, service, units } = counts.repeated.as_ref()?;
    let adds_up = matches!(counts.of(customer)?.get(service)?, Cell::Counted { .. });
    let name = |place: usize| shown(counts.parts.name(place));
    let first = format!("{} · {} {}", shown(customer.as_str()), shown(service.as_str()), units.normalize());
    let message = match other {
        Some(other) => format!("{} and {} say the same, {}: {first}", name(*part), name(*other), plural(of, "count")),
        None => format!(
            "{} looks like a summary of the others: {same} of its {} are what those come to, {first}",
            name(*part),
            plural(of, "count")
        ),
    };
    let away: Remedy = "take it away, or name the file or the sheets that count, and run again".into();
    adds_up.then(|| stop(Code::ExportFileTwice, message, away.or("if both are to be counted, approve the plan".into())))
}

/// What stands where, by the number of the file.
fn by_file<'a>(plan: &Plan, past: &'a Past, counts: &'a Counts) -> BTreeMap<usize, FileCounts<'a>> {
    let ignored = of_no_effect(plan, &past.counts);
    let mut files: BTreeMap<usize, FileCounts<'a>> = BTreeMap::new();
    let cells = counts.customers.iter().flat_map(|(customer, own)| cells(customer, own));
    for (customer, service, cell) in
        cells.filter(|(customer, service, cell)| !cell.units().is_zero() && !ignored.contains(&(*customer, *service)))
    {
        let places = counts.parts.places(cell.lines());
        let before = past.counts.get(customer).and_then(|own| own.get(service));
        let before = before.filter(|before| grew_by_half(before, cell)).map(|before| before.units);
        for place in &places {
            let file = files.entry(*place).or_default();
            file.all += 1;
            if let (Some(before), Some(other)) = (before, places.iter().find(|other| *other != place)) {
                file.doubled.push(DoubledCount { customer, service, before, now: cell.units(), other: *other });
            }
        }
    }
    files
}

fn cells<'a>(
    customer: &'a CustomerName,
    own: &'a CustomerCounts,
) -> impl Iterator<Item = (&'a CustomerName, &'a ServiceName, &'a Cell)> {
    own.cells().map(move |(service, cell)| (customer, service, cell))
}

/// Half as many rows and units again as were accepted, or more: a file that was delivered again may differ by a few.
fn grew_by_half(before: &AcceptedCount, cell: &Cell) -> bool {
    let is_counted = before.rows > 0 && before.units > Decimal::ZERO;
    is_counted && cell.lines().number() * 2 >= before.rows * 3 && cell.units() >= half_again(before.units)
}

fn half_again(units: Decimal) -> Decimal {
    units.saturating_add(units / Decimal::TWO)
}
