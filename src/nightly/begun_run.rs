//! A run that the history knows: its number, its day, whether its clock can be believed, and the wish to stop it.

use chrono::{DateTime, FixedOffset, NaiveDate, TimeDelta, Utc};

use crate::apply::lease_guard::CLOCK_STEP;
use crate::history::run_writing::NewRun;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::history::store::run_lock::RunLock;
use crate::nightly::job::Job;
use crate::nightly::night_failure::Failure;
use crate::reconcile::model::display_text::minute;
use crate::reconcile::model::ids::RunId;
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::fingerprint::short;
use crate::reconcile::model::plan::outcome::{Mode, RunCommand};
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::plan::remedy::Remedy;
use crate::report::exit_codes::Exit;
use crate::zone::Zone;

/// A run on its way.
#[derive(Clone, Copy)]
pub(super) struct BegunRun<'a> {
    pub(super) job: Job<'a>,
    pub(super) id: RunId,
    pub(super) started_at: DateTime<Utc>,
}

impl<'a> BegunRun<'a> {
    pub(super) fn begin(job: Job<'a>, lock: &RunLock, history: &mut History) -> Result<Self, StoreError> {
        let started_at = (job.control.clock)();
        let (integration, command, mode) = (job.integration.clone(), job.command, job.mode);
        let undoes = job.source.undoes();
        let (started_local, site) = (job.zone.local(started_at), job.site.to_owned());
        let begun = NewRun { integration, command, mode, started_at: started_local, undoes, site };
        let id = history.begin_run(lock, begun)?;
        tracing::info!(run.id = id.0, integration = %job.integration, "run {id} of {} begins", job.integration);
        Ok(Self { job, id, started_at })
    }

    /// The day of the run in its zone, fixed at its start: a run that crosses midnight stays on its day. Dates of
    /// agreements and additions come as midnight UTC and are compared as calendar dates.
    pub(super) fn today(self) -> NaiveDate {
        self.job.zone.day(self.started_at)
    }

    /// Its start as the clocks of its zone showed it.
    pub(super) fn local_start(self) -> DateTime<FixedOffset> {
        self.job.zone.local(self.started_at)
    }

    /// Whether the run is to write, if its plan passes.
    pub(super) fn writes_wanted(self) -> bool {
        self.job.command != RunCommand::Plan && self.job.mode == Mode::Apply
    }

    /// A clock that is off by a day moves effective dates, and by a year ends agreements. A night without anybody
    /// watching does not go on then; a person who looks may, by a plan's fingerprint. A run that was refused for its clock says
    /// nothing for the next one. One that only watches can do no harm: it goes on, and says so.
    pub(super) fn trust_the_clock(self, history: &History) -> Result<(), Failure> {
        if self.job.command != RunCommand::Run || self.job.mode != Mode::Apply {
            return Ok(());
        }
        doubted_clock(history, self.job.mode, self.started_at, self.job.zone)?.map_or(Ok(()), Err)
    }

    /// What a plan that a person asked for says of it: with its fingerprint, which is the way out also where no line changes. And
    /// what a night says that only watches.
    pub(super) fn clock_item(self, history: &History, fingerprint: &str) -> Result<Option<Finding>, StoreError> {
        let Job { command, mode, source, zone, .. } = self.job;
        let is_watching = mode != Mode::Apply && command == RunCommand::Run;
        if !(command == RunCommand::Plan || is_watching) || source.undoes().is_some() {
            return Ok(None);
        }
        let Some(doubt) = doubted_clock(history, mode, self.started_at, zone)? else { return Ok(None) };
        let doubted = &doubt.finding.message;
        let (message, fix) = match mode {
            Mode::Apply => (
                format!(
                    "{doubted}: by this clock each night ends with 16. Set it; if it is right now, apply this plan, and nights go on"
                ),
                Remedy::command(format!("recount apply {}", short(fingerprint))),
            ),
            _ => {
                let fix = format!("set the clock if it is wrong; {mode} mode writes nothing, and its nights go on");
                (doubted.clone(), fix.into())
            }
        };
        Ok(Some(Finding { message, fix, ..doubt.finding }))
    }

    /// Reads may wait long for a throttled server; a person who asks to stop does not.
    pub(super) async fn unless_stopped<T>(self, work: impl Future<Output = T>) -> Result<T, Failure> {
        let stop = self.job.control.stop;
        tokio::select! {
            done = work => Ok(done),
            () = stop.wait() => Err(Failure::stopped(stop.signal().unwrap_or_default())),
        }
    }
}

/// Why a night that nobody watches does not go on by this clock; nothing where it does.
pub(crate) fn doubted_clock(
    history: &History,
    mode: Mode,
    now: DateTime<Utc>,
    zone: &Zone,
) -> Result<Option<Failure>, StoreError> {
    let doubtful = [Exit::Unexpected, Exit::Config, Exit::Store].map(Exit::code);
    let Some((last, ended)) = history.trusted_end(doubtful, mode)? else { return Ok(None) };
    if now >= ended - CLOCK_STEP && now <= ended + CLOCK_LEAP {
        return Ok(None);
    }
    let shown = |at: DateTime<Utc>| minute(zone.local(at));
    let message = format!("the clock says {}, and run {last} ended {}", shown(now), shown(ended));
    let fix = "set the clock; if it is right now, look at `recount plan` and apply it by its fingerprint";
    Ok(Some(Failure::new(Exit::Config, Code::ConfigInvalid, message, fix)))
}

/// Nobody leaves billing alone for more than a year.
const CLOCK_LEAP: TimeDelta = TimeDelta::days(400);
