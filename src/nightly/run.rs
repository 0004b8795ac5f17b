//! The data's way, on one screen: gather everything → decide in one pure function → store the plan → carry it out →
//! write down what really happened.

use crate::apply::execute::carry_out;
use crate::apply::execution_context::ExecutionContext;
use crate::apply::expected_owners::ExpectedOwners;
use crate::apply::write_result::Applied;
use crate::connectwise::{Reader, Writer};
use crate::history::run_record::RunRecord;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::history::store::run_lock::RunLock;
use crate::nightly::begun_run::BegunRun;
use crate::nightly::day_counts::counts_of_today;
use crate::nightly::gather::{Inputs, export_record, gather};
use crate::nightly::job::{ExportSource, Job, PlanSource, RunControl};
use crate::nightly::night_failure::Failure;
use crate::nightly::recorder::{Baselines, Planning, RecordedPlan, RunRecorder, StoredBeside};
use crate::nightly::undo;
use crate::reconcile::guard::baseline;
use crate::reconcile::guard::guard_inputs::GuardInputs;
use crate::reconcile::guard::measurements::looks;
use crate::reconcile::guard::plan_check::{Approval, clear};
use crate::reconcile::model::plan::Plan;
use crate::reconcile::model::plan::invoice_day::InvoiceDay;
use crate::reconcile::model::plan::outcome::{Mode, RunCommand};

/// Draws and shows a plan. Nothing here can write to ConnectWise: it is given a reader.
///
/// # Errors
/// The store's, if the run could not even be begun.
pub async fn plan_only<R: Reader>(
    job: Job<'_>,
    lock: &RunLock,
    history: &mut History,
    connect: impl FnOnce() -> Result<R, Failure>,
) -> Result<RunRecord, StoreError> {
    let recorder = RunRecorder::begin(job, lock, history)?;
    let connectwise = match connect() {
        Ok(connectwise) => connectwise,
        Err(failure) => return Ok(recorder.fail(failure, history)),
    };
    let (planning, _) = plan(recorder.run(), &connectwise, history).await;
    let (planned, _) = recorder.store_plan(planning, history);
    Ok(planned.end(Applied::default(), connectwise.traffic(), history))
}

/// Draws a plan, and carries out what the guards, or a person, let pass.
///
/// # Errors
/// The store's, if the run could not even be begun.
pub async fn plan_and_apply<W: Writer>(
    job: Job<'_>,
    lock: &RunLock,
    history: &mut History,
    connect: impl FnOnce() -> Result<W, Failure>,
) -> Result<RunRecord, StoreError> {
    let recorder = RunRecorder::begin(job, lock, history)?;
    let connectwise = match connect() {
        Ok(connectwise) => connectwise,
        Err(failure) => return Ok(recorder.fail(failure, history)),
    };
    let run = recorder.run();
    let (planning, expected_owners) = plan(run, &connectwise, history).await;
    let (planned, cleared) = recorder.store_plan(planning, history);
    let applied = match cleared {
        Some(cleared) => {
            Box::pin(carry_out(&cleared, context(run, lock, &expected_owners), &connectwise, history)).await
        }
        None => Applied::default(),
    };
    Ok(planned.end(applied, connectwise.traffic(), history))
}

/// Everything up to the first write, and what of it a write is compared with.
async fn plan<R: Reader>(run: BegunRun<'_>, connectwise: &R, history: &mut History) -> (Planning, ExpectedOwners) {
    let (mut findings, mut expected_owners) = (Vec::new(), ExpectedOwners::default());
    let drawn = match run.job.source {
        PlanSource::Export(source) => {
            let inputs = Box::pin(gather(run, source, connectwise, history, &mut findings)).await;
            inputs.map(|(inputs, plan)| {
                expected_owners = inputs.remote.expected_owners_beside(&inputs.claims, run.today());
                decide(run, source, (&inputs, plan))
            })
        }
        PlanSource::Undo(undone, source) => {
            let inputs = Box::pin(undo::gather(run, (undone, source), connectwise, history, &mut findings)).await;
            inputs.map(|inputs| {
                expected_owners = inputs.remote.expected_owners();
                undo::decide(run, (undone, source), inputs)
            })
        }
    };
    (Planning { findings, drawn }, expected_owners)
}

/// The decision: nothing is looked up, and the clock is not asked.
fn decide(run: BegunRun<'_>, source: ExportSource<'_>, (inputs, plan): (&Inputs, Plan)) -> RecordedPlan {
    let Inputs { export, past, remote, names, claims: _ } = inputs;
    let (job, stamp) = (run.job, export.stamp());
    let plan = match job.approved {
        Some(fingerprint) => plan.approved_by(fingerprint),
        None => plan,
    };
    let checks = GuardInputs {
        policy: source.guards,
        past,
        counts: &export.counts,
        export: &stamp,
        seen: &remote.seen(),
        now: run.started_at,
        unattended: job.command == RunCommand::Run && job.mode == Mode::Apply,
    };
    let (looks, invoice_days) = (looks(&plan, checks), InvoiceDay::of(&plan.lines, &remote.directory));
    let cleared = clear(&plan, checks, job.approved.map_or(Approval::Nobody, Approval::Fingerprint));
    let doubted = baseline::doubted(&plan, &export.counts, past, source.guards);
    let counted = counts_of_today(source.mapping, &export.counts, &remote.places, &doubted);
    let accepted = baseline::after(past, &export.counts, &plan, job.approved.is_some());
    let baselines = Some(Baselines { counted, names: names.clone(), accepted });
    RecordedPlan::checked(plan, cleared, export_record(export)).with(StoredBeside { baselines, looks, invoice_days })
}

fn context<'a>(run: BegunRun<'a>, lock: &'a RunLock, expected_owners: &'a ExpectedOwners) -> ExecutionContext<'a> {
    let control = run.job.control;
    let (today, drawn_at) = (run.today(), (control.clock)());
    let RunControl { clock, stop, lease } = control;
    ExecutionContext { run: run.id, lock, today, drawn_at, clock, stop, lease, expected_owners }
}
