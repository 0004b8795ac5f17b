//! Reports of a run, and what every form of them asks of its record.
//!
//! The model is what the history keeps of a run, so a report of last week and the one of this minute cannot differ.

pub mod brief;
pub mod command_output;
pub mod current_lines;
pub mod digest;
pub(crate) mod display_names;
pub mod exit_codes;
pub mod format;
pub mod health;
pub mod invoices;
pub mod item_tickets;
pub mod metrics_file;
pub(crate) mod numbers_and_dates;
pub mod open_items;
pub mod outdated;
pub mod page_material;
pub mod report_files;
pub mod report_model;
pub mod sparkline;

use crate::history::run_record::{LineRecord, RunEnd, RunRecord};
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::fingerprint::short;
use crate::reconcile::model::plan::outcome::Outcome;
use crate::reconcile::model::plan::reason_code::{Code, Severity};

/// The lines of a run, as far as the history still holds them.
pub fn lines(run: &RunRecord) -> &[LineRecord] {
    run.planned.as_ref().map(|planned| planned.lines.as_slice()).unwrap_or_default()
}

/// What the history still holds of the lines of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinesKept {
    /// Every line.
    All,
    /// Of an older night those that were unchanged are only counted.
    WithoutUnchanged,
    /// None: `keep` is over for them.
    Nothing,
}

/// What a reader is told of a run without its lines.
pub const LINES_DROPPED: &str = "The lines of this run are kept no more (keep in recount.toml). What was written on each stays: recount why CUSTOMER";

impl LinesKept {
    /// What is held of this run.
    pub fn of(run: &RunRecord) -> Self {
        let Some(end) = &run.end else { return Self::All };
        let totals = end.totals;
        let not_unchanged = totals.changed + totals.would_change + totals.failed + totals.unknown;
        let found = lines(run);
        // A line that somebody is asked about is thinned out of no night; one that something is merely said of may be unchanged.
        let is_asked = |finding: &Finding| finding.severity == Severity::Decide && finding.handle.is_some();
        if found.len() >= totals.lines {
            Self::All
        } else if found.is_empty() && (not_unchanged > 0 || end.findings.iter().any(is_asked)) {
            Self::Nothing
        } else {
            Self::WithoutUnchanged
        }
    }
}

/// As much of a journal's head as a person compares: `9c41e7a0…`.
pub fn short_head(head: &str) -> String {
    format!("{}…", short(head))
}

/// Whether there is nothing to read: nothing changed, nothing to decide, nothing odd.
pub fn is_quiet(end: &RunEnd) -> bool {
    let totals = end.totals;
    let numbers = totals.to_decide + totals.changed + totals.would_change + totals.failed + totals.unknown;
    let odd = end.findings.iter().any(|finding| finding.severity <= Severity::Warning);
    end.exit_code == 0 && numbers == 0 && !odd
}

/// What became of the changes of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Done: ConnectWise holds it.
    Done,
    /// Only shown: observe, or a dry run.
    Would,
    /// Held together with the whole plan.
    WithPlan,
    /// Not reached before the run ended.
    NotReached,
}

impl Change {
    /// What a line is of these; `None` for a line that was not to be written, or that has a matter of its own.
    pub fn of(line: &LineRecord) -> Option<Self> {
        match (line.outcome, line.reason) {
            (Outcome::Updated | Outcome::Created, _) => Some(Change::Done),
            (Outcome::WouldUpdate | Outcome::WouldCreate, _) => Some(Change::Would),
            (Outcome::Held, Code::PlanHeld) => Some(Change::WithPlan),
            (Outcome::Held, Code::NotReached) => Some(Change::NotReached),
            _ => None,
        }
    }

    /// The heading of its section.
    pub fn heading(self) -> &'static str {
        match self {
            Change::Done => "CHANGED",
            Change::Would => "WOULD CHANGE",
            Change::WithPlan => "HELD WITH THE PLAN",
            Change::NotReached => "NOT REACHED",
        }
    }
}
