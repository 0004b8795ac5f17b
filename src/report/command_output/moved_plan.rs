//! Which lines of a plan that somebody saw are otherwise in the one drawn now.

use std::collections::{BTreeMap, BTreeSet};

use crate::history::run_record::LineRecord;
use crate::reconcile::model::display_text::day;
use crate::reconcile::model::plan::line::FirstBilled;
use crate::reconcile::model::plan::outcome::Outcome;
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::quantity::Quantity;

/// A line as the plan had it, and as it is now; at least one of them.
pub type MovedLine<'a> = (Option<&'a LineRecord>, Option<&'a LineRecord>);

/// The lines whose quantities, whose fate or whose invoice are not those of the plan, by handle.
///
/// Unchanged lines of an older plan may have been thinned out of the history, so a line that only one of the two knows
/// counts as moved only where the other side would have changed or held it.
pub fn moved_lines<'a>(then: &'a [LineRecord], now: &'a [LineRecord]) -> Vec<MovedLine<'a>> {
    let (then, now) = (by_handle(then), by_handle(now));
    let handles: BTreeSet<&str> = then.keys().chain(now.keys()).copied().collect();
    let pairs = handles.into_iter().map(|handle| (then.get(handle).copied(), now.get(handle).copied()));
    pairs.filter(has_moved).collect()
}

fn by_handle(lines: &[LineRecord]) -> BTreeMap<&str, &LineRecord> {
    lines.iter().map(|line| (line.handle.as_str(), line)).collect()
}

fn has_moved(pair: &MovedLine<'_>) -> bool {
    match pair {
        (Some(then), Some(now)) => {
            (then.was, then.wanted, fate(then), then.billed) != (now.was, now.wanted, fate(now), now.billed)
        }
        (Some(one), None) | (None, Some(one)) => one.outcome != Outcome::Unchanged,
        (None, None) => false,
    }
}

/// A line that was or would be written is the same whether its run was a dry one, was held, or carried it out.
fn fate(line: &LineRecord) -> Outcome {
    match (line.outcome, line.reason) {
        (Outcome::Updated, _) => Outcome::WouldUpdate,
        (Outcome::Created, _) => Outcome::WouldCreate,
        (Outcome::Held, Code::PlanHeld | Code::NotReached) if line.was.is_some() => Outcome::WouldUpdate,
        (Outcome::Held, Code::PlanHeld | Code::NotReached) => Outcome::WouldCreate,
        (outcome, _) => outcome,
    }
}

/// Whether the plan writes the line.
pub fn is_written(line: &LineRecord) -> bool {
    matches!(fate(line), Outcome::WouldUpdate | Outcome::WouldCreate)
}

/// `3 → 7 on the invoice of Thu 31 Dec 2026`, or how the line stands without a step.
pub fn planned_step(line: &LineRecord) -> String {
    step(line) + &billed(line)
}

/// ` on the invoice of Thu 31 Dec 2026, of December 2026`.
fn billed(line: &LineRecord) -> String {
    let FirstBilled { invoice, month } = line.billed;
    let invoice = invoice.map(|on| format!(" on the invoice of {}", day(on))).unwrap_or_default();
    let month = month.map(|first| format!(", of {}", first.format("%B %Y"))).unwrap_or_default();
    invoice + &month
}

fn step(line: &LineRecord) -> String {
    let units =
        |quantity: Option<Quantity>| quantity.map_or_else(|| "none".to_owned(), |quantity| quantity.to_string());
    match fate(line) {
        Outcome::WouldUpdate | Outcome::WouldCreate => format!("{} → {}", units(line.was), units(line.wanted)),
        Outcome::Unchanged => format!("unchanged at {}", units(line.was)),
        outcome => format!("{outcome} at {} ({})", units(line.was), line.reason),
    }
}
