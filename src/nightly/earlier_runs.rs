//! What earlier runs left unfinished, settled before anything is planned: records without an end, writes without an
//! outcome.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::apply::recovery::{RecoveryScope, Resolution, resolve_open_writes};
use crate::connectwise::Reader;
use crate::history::journal::{WriteOutcome, WriteRecord};
use crate::history::run_record::RunRecord;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::nightly::begun_run::BegunRun;
use crate::nightly::job::{Job, PlanSource};
use crate::nightly::line_record::cut_off_lines;
use crate::nightly::night_failure::Failure;
use crate::nightly::open_record::OpenRecord;
use crate::reconcile::model::ids::{IntegrationName, RunId};
use crate::reconcile::model::past::CreationInDoubt;
use crate::reconcile::model::plan::finding::{Finding, finding};
use crate::reconcile::model::plan::line::LineKey;
use crate::reconcile::model::plan::outcome::{Mode, RunCommand};
use crate::reconcile::model::plan::reason_code::{Code, Severity};
use crate::reconcile::model::plan::remedy::Remedy;

/// Ends the records of runs whose process died, with what the journal knows of their lines, and says so.
pub(super) fn close_cut_off_runs(
    run: BegunRun<'_>,
    history: &mut History,
    findings: &mut Vec<Finding>,
) -> Result<(), StoreError> {
    for cut_off in history.cut_off_runs(run.job.integration)? {
        let writes = history.writes_of(cut_off.run)?;
        let (record, told) = known_of(cut_off, &writes, run.job.control.clock);
        record.close_cut_off(history)?;
        findings.push(told);
    }
    Ok(())
}

/// The record of a run whose process died, as the next run will end it: until then nothing of what its journal knows is in it.
pub(crate) fn as_cut_off(
    run: RunRecord,
    history: &History,
    clock: &dyn Fn() -> DateTime<Utc>,
) -> Result<RunRecord, StoreError> {
    let writes = history.writes_of(run.run)?;
    Ok(known_of(run, &writes, clock).0.shown_cut_off())
}

/// Ends the record of a run that ended by itself where that could not be stored, with what its journal knows of its lines.
/// `None` for one that has its end.
pub(crate) fn close_noted(
    (integration, run): (&IntegrationName, RunId),
    failure: Failure,
    clock: &dyn Fn() -> DateTime<Utc>,
    history: &mut History,
) -> Result<Option<RunRecord>, StoreError> {
    let Some(open) = history.cut_off_runs(integration)?.into_iter().find(|open| open.run == run) else {
        return Ok(None);
    };
    let writes = history.writes_of(run)?;
    let (mut record, cut_off) = known_of(open, &writes, clock);
    // Nobody cut it off.
    record.keep_findings(|finding| finding.code != cut_off.code);
    record.fail(failure);
    record.close_later(history).map(Some)
}

/// What the journal knows of a run whose process died, and that it did.
fn known_of<'a>(
    cut_off: RunRecord,
    writes: &[WriteRecord],
    clock: &'a dyn Fn() -> DateTime<Utc>,
) -> (OpenRecord<'a>, Finding) {
    let done = |write: &&WriteRecord| matches!(write.outcome, Some(WriteOutcome::Applied { .. }));
    let open = |write: &&WriteRecord| matches!(write.outcome, None | Some(WriteOutcome::Unknown { .. }));
    let (applied, doubtful) = (writes.iter().filter(done).count(), writes.iter().filter(open).count());
    let message =
        format!("run {} was cut off: {applied} of its writes done, {doubtful} without an answer", cut_off.run);
    let told = finding(Severity::Warning, Code::PreviousRunCutOff, message);
    let wrote = cut_off.command != RunCommand::Plan && cut_off.mode == Mode::Apply;
    let lines = cut_off.planned.iter().flat_map(|planned| cut_off_lines(&planned.lines, writes, wrote));
    let settled = lines.collect();
    let mut record = OpenRecord::of(cut_off, clock);
    record.find([told.clone()]);
    record.settle(settled, &BTreeMap::new());
    (record, told)
}

/// Looks up the writes that an earlier run left without an outcome, and says what became of them. Gives the lines that
/// stay in doubt.
pub(super) async fn look_up_open_writes<R: Reader>(
    run: BegunRun<'_>,
    connectwise: &R,
    history: &mut History,
    findings: &mut Vec<Finding>,
) -> Result<BTreeMap<LineKey, CreationInDoubt>, Failure> {
    let Job { integration, site, settle, source: PlanSource::Export(source) | PlanSource::Undo(_, source), .. } =
        run.job;
    let products = &source.mapping.products();
    let what = RecoveryScope { integration, run: run.id, products, site, settle, now: run.local_start() };
    let looking = resolve_open_writes(what, connectwise, history);
    let (resolutions, in_doubt) = run.unless_stopped(looking).await??;
    findings.extend(resolutions.iter().map(resolved));
    Ok(in_doubt)
}

fn resolved(resolution: &Resolution) -> Finding {
    let Resolution { run, key, outcome, elsewhere } = resolution;
    let found = match outcome {
        WriteOutcome::Applied { addition, quantity } => {
            format!("ConnectWise has it, {quantity} on addition {addition}; it is not written again")
        }
        WriteOutcome::Superseded { why } | WriteOutcome::Refused { why } => why.clone(),
        WriteOutcome::Unknown { why } => format!("{why}; left alone for now"),
    };
    let LineKey { agreement, product, item } = key;
    let product = item.as_ref().map_or(product.to_string(), |item| format!("{product} ({item})"));
    let message = format!("run {run} ended without an answer for {product} on agreement {agreement}: {found}");
    let back = |other: &String| {
        let pointed = Remedy::settings(format!("set url and company back to {other}"));
        Remedy::in_turn([pointed, Remedy::command("recount plan")])
    };
    let fix = elsewhere.as_ref().map(back).unwrap_or_default();
    Finding { fix, ..finding(Severity::Warning, Code::InDoubt, message) }
}
