//! The data's way, on one screen: lock and history are open, then
//! export → counts → places → ConnectWise → plan → guards → (writes) → record.
//!
//! A run is begun before anything can fail and ended on every path. What is returned is what was stored.

pub(crate) mod day_counts;
pub mod failure;
mod gather;
pub(crate) mod line_record;
pub(crate) mod plan_diff;
pub mod precheck;
pub mod read_export;
pub(crate) mod recorder;
mod undo;

use std::path::Path;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::apply::recovery::resolve_leftovers;
use crate::apply::stop::Stop;
use crate::apply::{Scene, carry_out};
use crate::connectwise::{Reader, Writer};
use crate::export::locate::file::Export;
use crate::export::settings::ExportSettings;
use crate::history::record::RunRecord;
use crate::history::runs::NewRun;
use crate::history::store::error::StoreError;
use crate::history::store::lock::RunLock;
use crate::history::store::open::History;
use crate::nightly::failure::Failure;
use crate::nightly::gather::Remote;
use crate::nightly::read_export::TonightError;
use crate::nightly::recorder::Ending;
use crate::reconcile::decide::gathered::Gathered;
use crate::reconcile::decide::planner::draw;
use crate::reconcile::exit::Exit;
use crate::reconcile::guard::check::{Approval, Checks, clear, malformed};
use crate::reconcile::guard::cleared::ClearedPlan;
use crate::reconcile::guard::limits::GuardPolicy;
use crate::reconcile::guard::trend::{BLEED_DAYS, bleeding};
use crate::reconcile::matching::ownership::{Claims, Neighbour};
use crate::reconcile::model::code::Code;
use crate::reconcile::model::ids::{IntegrationName, RunId};
use crate::reconcile::model::mapping::Mapping;
use crate::reconcile::model::outcome::{Mode, RunCommand};
use crate::reconcile::model::past::{ExportStamp, Past};

/// One integration's night.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// Whose.
    pub integration: &'a IntegrationName,
    /// In which mode.
    pub mode: Mode,
    /// By which command.
    pub command: RunCommand,
    /// Where the counts come from.
    pub export: &'a ExportSettings,
    /// The folder that keeps what was fetched from a link.
    pub fetched: &'a Path,
    /// Where they are billed.
    pub mapping: &'a Mapping,
    /// Who else bills in the same ConnectWise.
    pub neighbours: &'a [Neighbour<'a>],
    /// What stops a plan.
    pub guards: &'a GuardPolicy,
    /// How long a creation in doubt is left alone.
    pub settle: TimeDelta,
    /// The fingerprint that a person approved.
    pub approved: Option<&'a str>,
    /// The run that is set back; then neither the export nor the mapping is looked at.
    pub undoes: Option<RunId>,
    /// The clock.
    pub clock: &'a dyn Fn() -> DateTime<Utc>,
    /// The wish to stop.
    pub stop: &'a Stop,
}

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
    let mut ending = begin(job, lock, history)?;
    match connect() {
        Err(failure) => ending.failed(failure),
        Ok(connectwise) => {
            if let Err(failure) = plan_night(job, &connectwise, history, &mut ending).await {
                ending.failed(failure);
            }
            ending.traffic(connectwise.traffic());
        }
    }
    Ok(ending.store(history))
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
    let mut ending = begin(job, lock, history)?;
    match connect() {
        Err(failure) => ending.failed(failure),
        Ok(connectwise) => {
            match plan_night(job, &connectwise, history, &mut ending).await {
                Ok(None) => {}
                Ok(Some(cleared)) => apply_night(job, lock, &cleared, &connectwise, history, &mut ending).await,
                Err(failure) => ending.failed(failure),
            }
            ending.traffic(connectwise.traffic());
        }
    }
    Ok(ending.store(history))
}

fn begin<'a>(job: Job<'a>, lock: &RunLock, history: &mut History) -> Result<Ending<'a>, StoreError> {
    let started_at = (job.clock)();
    let (integration, command, mode) = (job.integration.clone(), job.command, job.mode);
    let run = history.begin_run(lock, NewRun { integration, command, mode, started_at, undoes: job.undoes })?;
    tracing::info!(run.id = run.0, integration = %job.integration, "run {run} of {} begins", job.integration);
    Ok(Ending::new(job, run, started_at))
}

/// Everything up to the first write. `None` when the plan stands but is not to be carried out.
async fn plan_night<R: Reader>(
    job: Job<'_>,
    connectwise: &R,
    history: &mut History,
    ending: &mut Ending<'_>,
) -> Result<Option<ClearedPlan>, Failure> {
    if let Some(undone) = job.undoes {
        return undo::plan(job, undone, connectwise, history, ending).await;
    }
    ending.cut_off_runs(history)?;
    trust_the_clock(job, history, ending.started_at())?;
    let export = unless_stopped(job, read_export(job)).await??;
    ending.export(&export);
    let month_ago = ending.started_at().checked_sub_signed(BLEED_DAYS).unwrap_or(DateTime::<Utc>::MIN_UTC);
    ending.warn(bleeding(&history.units_since(job.integration, month_ago)?, export.counts.units()));
    let leftovers = resolve_leftovers(job.integration, connectwise, history, job.settle, ending.started_at());
    let (resolutions, in_doubt) = unless_stopped(job, leftovers).await??;
    ending.resolved(&resolutions);
    let since = ending.started_at().checked_sub_signed(job.settle).unwrap_or(DateTime::<Utc>::MIN_UTC);
    let just_created = history.created_since(job.integration, since)?;
    let counted = day_counts::counted(job, history, ending.today())?;
    let past = Past { in_doubt, just_created, counted, ..history.past(job.integration, ending.run())? };
    let gathering = gather::gather(connectwise, job.mapping, &export.counts, &past, ending.today());
    let remote = unless_stopped(job, gathering).await??;
    let seen = history.agreements_by_name(job.neighbours)?;
    let claims = Claims::new(job.neighbours, &seen, &remote.directory, ending.today());
    let stamp = export.stamp();
    let plan = draw(gathered(job, &export, &stamp, &remote, &claims, &past, ending.today()));
    let checks = Checks {
        policy: job.guards,
        past: &past,
        counts: &export.counts,
        export: &stamp,
        seen: &remote.seen(),
        now: ending.started_at(),
        unattended: job.command == RunCommand::Run && job.mode == Mode::Apply,
    };
    let clearance = clear(&plan, checks, job.approved.map_or(Approval::Nobody, Approval::Fingerprint));
    ending.counts(day_counts::of(job.mapping, &export.counts, &remote.places));
    // A hundred thousand lines are kept once, not three times.
    drop((export, remote, past));
    let cleared = ending.plan(plan, clearance);
    if let (Some(approved), None) = (job.approved, &cleared) {
        ending.moved_since(approved, history)?;
    }
    ending.store_plan(history)?;
    Ok(cleared)
}

async fn apply_night<W: Writer>(
    job: Job<'_>,
    lock: &RunLock,
    cleared: &ClearedPlan,
    connectwise: &W,
    history: &mut History,
    ending: &mut Ending<'_>,
) {
    let run = ending.run();
    let (today, drawn_at) = (ending.today(), (job.clock)());
    let scene = Scene { run, lock, today, drawn_at, clock: job.clock, stop: job.stop };
    ending.applied(carry_out(cleared, scene, connectwise, history).await);
}

/// A clock that is off by a day moves effective dates, and by a year ends agreements. A night without anybody watching
/// does not go on then; a person who looks may, by a plan's fingerprint.
fn trust_the_clock(job: Job<'_>, history: &History, now: DateTime<Utc>) -> Result<(), Failure> {
    let ended = history.runs(2)?.into_iter().find_map(|run| Some((run.run, run.end?.finished_at)));
    let Some((run, ended)) = ended.filter(|_| job.command == RunCommand::Run) else { return Ok(()) };
    if now >= ended - CLOCK_STEP && now <= ended + CLOCK_LEAP {
        return Ok(());
    }
    let message = format!("the clock says {now}, and run {run} ended at {ended}");
    let fix = "set the clock; if it is right now, look at `recount plan` and apply it by its fingerprint";
    Err(Failure::new(Exit::Config, Code::ConfigInvalid, message, fix))
}

/// Time servers correct a clock by seconds, not by minutes.
const CLOCK_STEP: TimeDelta = TimeDelta::minutes(5);
/// Nobody leaves billing alone for more than a year.
const CLOCK_LEAP: TimeDelta = TimeDelta::days(400);

/// A damaged export ends here: no plan is drawn, and nothing is asked of ConnectWise.
async fn read_export(job: Job<'_>) -> Result<Export, Failure> {
    let export = read_export::export(job.export, job.integration, job.fetched, job.clock).await;
    let export = export.map_err(|error| {
        let is_marked = matches!(&error, TonightError::Export(error) if error.is_marked());
        if is_marked { shown_by_read(error.into(), job.integration) } else { error.into() }
    })?;
    match malformed(&export.counts, job.guards) {
        Some(finding) => Err(shown_by_read(Failure { exit: Exit::Refused, finding }, job.integration)),
        None => Ok(export),
    }
}

/// A report has room for one place, and none for the line around it.
fn shown_by_read(mut failure: Failure, integration: &IntegrationName) -> Failure {
    failure.finding.fix += &format!("; `recount read {integration}` marks what is wrong");
    failure
}

fn gathered<'a>(
    job: Job<'a>,
    export: &'a Export,
    stamp: &'a ExportStamp,
    remote: &'a Remote,
    claims: &'a Claims,
    past: &'a Past,
    today: NaiveDate,
) -> Gathered<'a> {
    Gathered {
        integration: job.integration,
        counts: &export.counts,
        export: stamp,
        mapping: job.mapping,
        places: &remote.places,
        directory: &remote.directory,
        additions: &remote.additions,
        claims,
        policy: job.guards,
        past,
        today,
    }
}

/// Reads may wait long for a throttled server; a person who asks to stop does not.
async fn unless_stopped<T>(job: Job<'_>, work: impl Future<Output = T>) -> Result<T, Failure> {
    tokio::select! {
        done = work => Ok(done),
        () = job.stop.wait() => Err(Failure::stopped(job.stop.signal().unwrap_or_default())),
    }
}
