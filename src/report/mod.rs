//! One report model, and its forms: terminal text and JSON.
//!
//! The model is what the history keeps of a run, so a report of last week and the one of this minute cannot differ.

pub mod files;
pub mod held;
pub mod json;
mod names;
pub mod paint;
pub mod text;
pub mod why;

use crate::history::record::LineRecord;
use crate::history::record::RunEnd;
use crate::history::record::RunRecord;
use crate::reconcile::outcome::Outcome;

/// The lines of a run, as far as the history still holds them.
pub fn lines(run: &RunRecord) -> &[LineRecord] {
    run.planned.as_ref().map(|planned| planned.lines.as_slice()).unwrap_or_default()
}

/// As much of a journal's head as a person compares: `9c41e7a0…`.
pub fn short_head(head: &str) -> String {
    format!("{}…", crate::reconcile::clear::short(head))
}

/// Whether there is nothing to read: nothing changed, nothing to decide, nothing odd.
pub fn is_quiet(end: &RunEnd) -> bool {
    let totals = end.totals;
    let numbers = totals.to_decide + totals.changed + totals.would_change + totals.failed + totals.unknown;
    let odd = end.findings.iter().any(|finding| finding.severity <= crate::reconcile::code::Severity::Warning);
    end.exit_code == 0 && numbers == 0 && !odd
}

/// Whether a line is one that was, or would be, written.
pub fn is_change(line: &LineRecord) -> bool {
    use Outcome::{Created, Updated, WouldCreate, WouldUpdate};
    let held_plan = line.outcome == Outcome::Held && line.reason == crate::reconcile::code::Code::PlanHeld;
    matches!(line.outcome, Updated | Created | WouldUpdate | WouldCreate) || held_plan
}
