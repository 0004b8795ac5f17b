//! Nights that were not begun: one that failed before it could be stored is written down when the history can be written
//! again, and those of a schedule that nobody served are named by the night after them.

use chrono::{DateTime, Utc};

use crate::history::run_record::RunRecord;
use crate::history::run_writing::NewRun;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::history::store::run_lock::RunLock;
use crate::nightly::night_failure::Failure;
use crate::nightly::open_record::OpenRecord;
use crate::reconcile::model::display_text::minute;
use crate::reconcile::model::plan::finding::{Finding, finding};
use crate::reconcile::model::plan::outcome::Traffic;
use crate::reconcile::model::plan::reason_code::{Code, Severity};
use crate::reconcile::model::plan::remedy::Remedy;
use crate::report::exit_codes::Exit;
use crate::zone::Zone;

/// Nights of a schedule that nobody began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissedNights {
    /// How many; counted up to 1,000.
    pub count: usize,
    /// When the first was due.
    pub first: DateTime<Utc>,
    /// When the last was due.
    pub last: DateTime<Utc>,
}

impl MissedNights {
    fn said(self, zone: &Zone) -> String {
        let [first, last] = [self.first, self.last].map(|at| minute(zone.local(at)));
        match self.count {
            0 | 1 => format!("the night of {first} was missed"),
            2 => format!("the nights of {first} and {last} were missed"),
            count => format!("{count} nights were missed, from that of {first} to that of {last}"),
        }
    }

    /// What the night says that makes up for them.
    pub(super) fn finding(self, zone: &Zone) -> Finding {
        let why = "recount was not on, still at work, or an older history was put back; their days are in no peak and no average";
        let fix = Remedy::nothing("this run is on what is there now");
        Finding { fix, ..finding(Severity::Warning, Code::NightsMissed, format!("{}: {why}", self.said(zone))) }
    }
}

/// A night that is too late to be made up for, and those that were missed before it.
pub(crate) fn too_late(slot: DateTime<Utc>, missed: Option<MissedNights>, zone: &Zone) -> Failure {
    let before = missed.map(|missed| format!("; before it {}", missed.said(zone))).unwrap_or_default();
    let message = format!(
        "the night of {} was not run: recount was not on, and now it is later than `catch_up` lets it be made up for{before}",
        minute(zone.local(slot))
    );
    Failure::new(Exit::Unexpected, Code::NightsMissed, message, Remedy::command("recount run"))
}

/// Stores it as a run that began and ended at the time at which it failed.
///
/// # Errors
/// When it cannot be stored: then it is noted still.
pub(crate) fn record(
    begun: NewRun,
    failure: Failure,
    lock: &RunLock,
    history: &mut History,
) -> Result<RunRecord, StoreError> {
    let NewRun { integration, command, mode, started_at, undoes, .. } = begun.clone();
    let run = history.begin_run(lock, begun)?;
    let ended = || -> DateTime<Utc> { started_at.to_utc() };
    let record = RunRecord { run, integration, command, mode, started_at, undoes, planned: None, end: None };
    let mut open = OpenRecord::of(record, &ended);
    open.fail(failure);
    Ok(open.close(Traffic::default(), history))
}
