//! What moved between a plan that was approved and the one drawn now.

use std::collections::BTreeMap;

use crate::history::run_record::LineRecord;
use crate::reconcile::model::display_text::day;
use crate::reconcile::model::plan::finding::{Finding, finding};
use crate::reconcile::model::plan::line::FirstBilled;
use crate::reconcile::model::plan::outcome::Outcome;
use crate::reconcile::model::plan::reason_code::{Code, Severity};
use crate::reconcile::model::quantity::Quantity;

/// Lines that are told one by one; of more, only how many.
const TOLD: usize = 20;

/// One finding for each line whose quantities or whose fate are not those of the plan, the first ones of them.
///
/// Unchanged lines of an older plan may have been thinned out of the history, so a line that only one of the two knows
/// counts as moved only where the other side would have changed or held it.
pub(super) fn plan_diff(then: &[LineRecord], now: &[LineRecord]) -> Vec<Finding> {
    let by_handle = |lines: &[LineRecord]| -> BTreeMap<String, LineRecord> {
        lines.iter().map(|line| (line.handle.clone(), line.clone())).collect()
    };
    let (then, now) = (by_handle(then), by_handle(now));
    let handles: std::collections::BTreeSet<&String> = then.keys().chain(now.keys()).collect();
    let moved = handles.into_iter().filter_map(|handle| change_of(then.get(handle), now.get(handle)));
    let mut moved: Vec<Finding> = moved.collect();
    if moved.len() > TOLD {
        let more = moved.len() - TOLD;
        moved.truncate(TOLD);
        moved.push(finding(
            Severity::Warning,
            Code::PlanMoved,
            format!("{more} more line{} moved", if more == 1 { "" } else { "s" }),
        ));
    }
    moved
}

fn change_of(then: Option<&LineRecord>, now: Option<&LineRecord>) -> Option<Finding> {
    let message = match (then, now) {
        (Some(then), Some(now))
            if (then.was, then.wanted, then.billed) != (now.was, now.wanted, now.billed) || kind(then) != kind(now) =>
        {
            format!("planned {}{}, now {}{}", step(then), billed(then), step(now), billed(now))
        }
        (Some(then), None) if then.outcome != Outcome::Unchanged => format!("planned {}, now not there", step(then)),
        (None, Some(now)) if now.outcome != Outcome::Unchanged => format!("not in the plan, now {}", step(now)),
        _ => return None,
    };
    let line = now.or(then)?;
    Some(finding(Severity::Warning, Code::PlanMoved, message).about_line(&line.handle, &line.sources))
}

/// ` on the invoice of Thu 31 Dec 2026, of December 2026`.
fn billed(line: &LineRecord) -> String {
    let FirstBilled { invoice, month } = line.billed;
    let invoice = invoice.map(|on| format!(" on the invoice of {}", day(on))).unwrap_or_default();
    let month = month.map(|first| format!(", of {}", first.format("%B %Y"))).unwrap_or_default();
    invoice + &month
}

/// A line that was or would be written is the same whether its run was a dry one, was held, or carried it out.
fn kind(line: &LineRecord) -> Outcome {
    match (line.outcome, line.reason) {
        (Outcome::Updated, _) => Outcome::WouldUpdate,
        (Outcome::Created, _) => Outcome::WouldCreate,
        (Outcome::Held, Code::PlanHeld | Code::NotReached) if line.was.is_some() => Outcome::WouldUpdate,
        (Outcome::Held, Code::PlanHeld | Code::NotReached) => Outcome::WouldCreate,
        (outcome, _) => outcome,
    }
}

fn step(line: &LineRecord) -> String {
    let units =
        |quantity: Option<Quantity>| quantity.map_or_else(|| "none".to_owned(), |quantity| quantity.to_string());
    match kind(line) {
        Outcome::WouldUpdate | Outcome::WouldCreate => format!("{} → {}", units(line.was), units(line.wanted)),
        Outcome::Unchanged => format!("unchanged at {}", units(line.was)),
        outcome => format!("{outcome} at {} ({})", units(line.was), line.reason),
    }
}
