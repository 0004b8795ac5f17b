//! A night that failed before it could be stored: its record, written down when the history can be written again.

use chrono::{DateTime, Utc};

use crate::history::run_record::{Requests, RunRecord};
use crate::history::run_writing::NewRun;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::history::store::run_lock::RunLock;
use crate::nightly::night_failure::Failure;
use crate::nightly::open_record::OpenRecord;

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
    Ok(open.close(Requests::default(), history))
}
