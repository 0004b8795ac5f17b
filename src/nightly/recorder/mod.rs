//! What a run leaves, written down in three steps: begun, planned, ended.
//!
//! Each step gives the next one, so their order is a matter of types: what was drawn gives its [`ClearedPlan`] to
//! [`RunRecorder::store_plan`] alone, which gives it on when the plan is on the disk, and only what that leaves can be
//! ended.

mod refused_export_item;

use std::collections::BTreeMap;

use crate::apply::write_result::Applied;
use crate::history::counts_by_day::DayCount;
use crate::history::run_record::{ExportRecord, LineRecord, PlanRecord, RunRecord};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::history::store::run_lock::RunLock;
use crate::nightly::begun_run::BegunRun;
use crate::nightly::job::Job;
use crate::nightly::line_record::{line_record, undone_line};
use crate::nightly::night_failure::Failure;
use crate::nightly::open_record::OpenRecord;
use crate::nightly::plan_diff::plan_diff;
use crate::nightly::recorder::refused_export_item::RefusedExport;
use crate::reconcile::guard::accepted_counts::AcceptedCounts;
use crate::reconcile::guard::cleared_plan::ClearedPlan;
use crate::reconcile::guard::plan_check::{Stopped, another_connectwise, expired, overridden};
use crate::reconcile::matching::names_of_counts::NamesOfCounts;
use crate::reconcile::model::ids::RunId;
use crate::reconcile::model::plan::Plan;
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::fingerprint::short;
use crate::reconcile::model::plan::guard_measurement::GuardLook;
use crate::reconcile::model::plan::invoice_day::InvoiceDay;
use crate::reconcile::model::plan::outcome::{Outcome, RunCommand, Traffic};
use crate::reconcile::model::plan::remedy::Remedy;
use crate::report::exit_codes::Exit;

/// A run that was begun, and of which nothing else is known.
pub(super) struct RunRecorder<'a> {
    run: BegunRun<'a>,
    open: OpenRecord<'a>,
}

/// A run whose planning is over, with or without a plan.
pub(super) struct PlannedRun<'a> {
    run: BegunRun<'a>,
    open: OpenRecord<'a>,
}

impl<'a> RunRecorder<'a> {
    pub(super) fn begin(job: Job<'a>, lock: &RunLock, history: &mut History) -> Result<Self, StoreError> {
        let run = BegunRun::begin(job, lock, history)?;
        let record = RunRecord {
            run: run.id,
            integration: job.integration.clone(),
            command: job.command,
            mode: job.mode,
            started_at: run.local_start(),
            undoes: job.source.undoes(),
            planned: None,
            end: None,
        };
        let mut open = OpenRecord::of(record, job.control.clock);
        open.find(job.missed.map(|missed| missed.finding(job.zone)));
        Ok(Self { run, open })
    }

    pub(super) fn run(&self) -> BegunRun<'a> {
        self.run
    }

    /// Writes the plan down; gives back what may be written, now that it is on the disk.
    pub(super) fn store_plan(
        mut self,
        planning: Planning,
        history: &mut History,
    ) -> (PlannedRun<'a>, Option<ClearedPlan>) {
        let Planning { findings, drawn } = planning;
        self.open.find(findings);
        let cleared = drawn.and_then(|drawn| self.take(drawn, history)).unwrap_or_else(|failure| {
            self.open.fail(failure);
            None
        });
        let Self { run, open } = self;
        (PlannedRun { run, open }, cleared)
    }

    fn take(&mut self, drawn: RecordedPlan, history: &mut History) -> Result<Option<ClearedPlan>, Failure> {
        let RecordedPlan { plan, clearance, export, beside } = drawn;
        let StoredBeside { baselines, looks, invoice_days } = beside;
        let clearance = self.in_time(clearance, history)?;
        let clearance = self.on_known_site(clearance, &plan, history)?;
        self.plan(plan, &clearance, (export, looks));
        let cleared = self.heed(clearance, history)?;
        let fingerprint = self.open.record.planned.as_ref().map_or("", |planned| &planned.fingerprint);
        let clock = self.run.clock_item(history, fingerprint)?;
        self.open.find(clock);
        if let (Some(approved), None) = (self.run.job.approved, &cleared) {
            let moved = self.moved_since(approved, history)?;
            self.open.find(moved);
        }
        let ended = self.store(baselines.as_ref(), cleared.is_some(), history)?;
        history.note_invoice_days(self.run.id, &invoice_days)?;
        self.open.find(ended);
        Ok(cleared)
    }

    /// A plan that a person approved is carried out within the life of its approval. A run that only tried to carry it
    /// out does not draw it anew.
    fn in_time(&self, clearance: Clearance, history: &History) -> Result<Clearance, StoreError> {
        let Job { integration, approved, approval_life, .. } = self.run.job;
        let (Some(approved), Clearance::Cleared(_)) = (approved, &clearance) else { return Ok(clearance) };
        let drawn_at = history.last_drawn(integration, approved)?;
        let late = drawn_at.and_then(|at| expired(approved, at, self.run.started_at, approval_life));
        Ok(late.map_or(clearance, Clearance::Stopped))
    }

    /// What was approved in a sandbox was not approved in production. A plan that is drawn there may be; an undo may not.
    fn on_known_site(&self, clearance: Clearance, plan: &Plan, history: &History) -> Result<Clearance, StoreError> {
        let Job { integration, approved, site, source, .. } = self.run.job;
        let is_other = |known: &String| known != site;
        let undone = source.undoes();
        // The lines of these numbers are others here; and what was drawn there alone, nobody has looked at here.
        let written = undone.map(|run| history.site_of(run)).transpose()?.flatten().filter(is_other);
        let drawn = approved.map(|plan| history.drawn_elsewhere(integration, plan, site)).transpose()?.flatten();
        let known = history.connectwise_of(integration)?.filter(is_other);
        let typed = match (undone, &drawn) {
            (Some(_), _) => Remedy::Unsaid,
            (None, Some(_)) => Remedy::command("recount plan"),
            (None, None) => Remedy::command(format!("recount apply {}", short(&plan.fingerprint()))),
        };
        let by_person = approved.filter(|_| undone.is_none() && drawn.is_none());
        let Some(known) = written.or(known).or(drawn) else { return Ok(clearance) };
        let changed = another_connectwise(&known, site, typed);
        Ok(Clearance::Stopped(match clearance {
            Clearance::Cleared(cleared) if let Some(approved) = by_person => {
                return Ok(Clearance::Cleared(cleared.over([overridden(changed, approved)])));
            }
            stopped @ Clearance::Stopped(_) if by_person.is_some() => return Ok(stopped),
            Clearance::Stopped(Stopped { by_export, findings }) => {
                Stopped { by_export, findings: findings.into_iter().chain([changed]).collect() }
            }
            Clearance::Cleared(_) | Clearance::Proposed => Stopped { by_export: false, findings: vec![changed] },
        }))
    }

    fn plan(&mut self, plan: Plan, clearance: &Clearance, (export, guards): (ExportRecord, Vec<GuardLook>)) {
        let undone = self.run.job.source.undoes().is_some();
        let (held, accepted) = match clearance {
            // What an undo sets back is no night that later exports are compared with.
            Clearance::Cleared(_) => (false, !undone),
            Clearance::Stopped(_) => (self.run.writes_wanted(), false),
            Clearance::Proposed => (false, false),
        };
        let fingerprint = plan.fingerprint();
        let Plan { integration: _, lines, findings } = plan;
        self.open.find(findings);
        let lines = lines.into_iter().map(|line| undone_line(line_record(line, held), undone)).collect();
        self.open.record.planned = Some(PlanRecord { fingerprint, accepted, export, guards, lines });
    }

    fn heed(&mut self, clearance: Clearance, history: &History) -> Result<Option<ClearedPlan>, Failure> {
        match clearance {
            Clearance::Cleared(cleared) => {
                self.open.find(cleared.overridden().to_vec());
                Ok(Some(cleared))
            }
            Clearance::Proposed => Ok(None),
            Clearance::Stopped(Stopped { by_export: false, findings }) => {
                self.open.find(findings);
                self.open.end_at_best(Exit::Held);
                Ok(None)
            }
            Clearance::Stopped(Stopped { by_export: true, findings }) => {
                self.open.end_at_best(Exit::Refused);
                self.refuse(findings, history)?;
                Ok(None)
            }
        }
    }

    /// What the plan of a refused export asks about lines is not asked.
    fn refuse(&mut self, stops: Vec<Finding>, history: &History) -> Result<(), StoreError> {
        let Job { integration, mode, .. } = self.run.job;
        let last_good = history.last_good_export(integration)?;
        let fingerprint = self.open.record.planned.as_ref().map_or("", |planned| &planned.fingerprint);
        let findings = RefusedExport { fingerprint, mode, last_good }.one_item(stops);
        self.open.keep_findings(refused_export_item::is_kept);
        self.open.find(findings);
        Ok(())
    }

    /// Which lines are not as in the plan that was approved.
    fn moved_since(&self, approved: &str, history: &History) -> Result<Vec<Finding>, StoreError> {
        let Some(stored) = history.plans_like(approved)?.first().map(|plan| plan.run) else { return Ok(Vec::new()) };
        let then = history.run(stored)?.and_then(|run| run.planned).map(|planned| planned.lines).unwrap_or_default();
        let now = self.open.record.planned.as_ref().map(|planned| planned.lines.as_slice()).unwrap_or_default();
        Ok(plan_diff(&then, now))
    }

    /// Gives what is told of answers that end with this run.
    fn store(
        &self,
        baselines: Option<&Baselines>,
        is_cleared: bool,
        history: &mut History,
    ) -> Result<Vec<Finding>, StoreError> {
        let Some(planned) = &self.open.record.planned else { return Ok(Vec::new()) };
        let BegunRun { job, id, .. } = self.run;
        let ended = history.record_plan(id, planned)?;
        // A dry run counts no day, as it moves no baseline.
        let moves = planned.accepted && job.command != RunCommand::Plan;
        if moves {
            history.bind(job.integration, job.site)?;
        }
        if let Some(Baselines { counted, names, accepted }) = baselines.filter(|_| moves) {
            if !counted.is_empty() {
                history.count_day((job.integration, id, job.site), self.run.today(), counted, names)?;
            }
            history.accept_counts(job.integration, id, accepted)?;
        }
        // An undo that only waits for its approval sets nothing back.
        if let Some(undone) = job.source.undoes().filter(|_| is_cleared) {
            set_back_counts(undone, planned, history)?;
        }
        if job.approved.is_some() && planned.accepted {
            history.approve(id)?;
        }
        Ok(ended)
    }

    /// Ends a run that failed before there was anything to plan with.
    pub(super) fn fail(self, failure: Failure, history: &mut History) -> RunRecord {
        let planning = Planning { findings: Vec::new(), drawn: Err(failure) };
        let (planned, _) = self.store_plan(planning, history);
        planned.end(Applied::default(), Traffic::default(), history)
    }
}

impl PlannedRun<'_> {
    /// Writes down what became of the writes, and ends the run.
    pub(super) fn end(mut self, applied: Applied, traffic: Traffic, history: &mut History) -> RunRecord {
        let Applied { settled, halt } = applied;
        let refused = settled.iter().any(|settled| settled.outcome == Outcome::Failed);
        let earlier = history.refusals(self.run.job.integration, self.run.id);
        let earlier = if refused { earlier } else { Ok(BTreeMap::new()) }.unwrap_or_else(|error| {
            self.open.fail(Failure::from(error));
            BTreeMap::new()
        });
        self.open.settle(settled, &earlier);
        if let Some(halt) = halt {
            let signal = self.run.job.control.stop.signal();
            self.open.fail(Failure::of_halt(halt, signal.unwrap_or_default()));
        }
        self.open.close(traffic, history)
    }
}

/// How far planning came.
pub(super) struct Planning {
    /// What was found on the way, whether or not there is a plan.
    pub(super) findings: Vec<Finding>,
    pub(super) drawn: Result<RecordedPlan, Failure>,
}

/// A plan, and everything that is stored with it. Nobody else can take out what may be written.
pub(super) struct RecordedPlan {
    plan: Plan,
    clearance: Clearance,
    export: ExportRecord,
    beside: StoredBeside,
}

/// What is stored with a plan that an export was read for; nothing of a run that is set back.
#[derive(Default)]
pub(super) struct StoredBeside {
    /// None where no export was read.
    pub(super) baselines: Option<Baselines>,
    /// What the guards measured.
    pub(super) looks: Vec<GuardLook>,
    /// When its agreements are invoiced next.
    pub(super) invoice_days: Vec<InvoiceDay>,
}

/// What later nights are compared with, once this one is accepted.
pub(super) struct Baselines {
    /// The counts of services that later nights of the billing period look back on.
    pub(super) counted: Vec<DayCount>,
    /// What of their names' lines is not as before.
    pub(super) names: NamesOfCounts,
    /// What is accepted of each count.
    pub(super) accepted: AcceptedCounts,
}

/// Whether a plan may be carried out.
enum Clearance {
    Cleared(ClearedPlan),
    Stopped(Stopped),
    /// It waits for its approval: no guard was asked, nobody approved it.
    Proposed,
}

impl RecordedPlan {
    /// A plan that was checked. `export` is the one it stands on.
    pub(super) fn checked(plan: Plan, cleared: Result<ClearedPlan, Stopped>, export: ExportRecord) -> Self {
        let clearance = cleared.map_or_else(Clearance::Stopped, Clearance::Cleared);
        Self { plan, clearance, export, beside: StoredBeside::default() }
    }

    /// A plan that only waits for its approval.
    pub(super) fn proposed(plan: Plan, export: ExportRecord) -> Self {
        Self { plan, clearance: Clearance::Proposed, export, beside: StoredBeside::default() }
    }

    /// The same, with this beside it.
    pub(super) fn with(self, beside: StoredBeside) -> Self {
        Self { beside, ..self }
    }
}

/// What a run counted of lines that are set back has no part in a peak or an average: else the next night would write it again.
/// Once the undo is undone, it has.
fn set_back_counts(undone: RunId, plan: &PlanRecord, history: &mut History) -> Result<(), StoreError> {
    let is_set_back = |line: &&LineRecord| matches!(line.outcome, Outcome::WouldUpdate | Outcome::WouldCreate);
    let set_back = plan.lines.iter().filter(is_set_back).flat_map(|line| &line.sources);
    let counts = set_back.map(|source| (&source.customer, &source.service)).collect();
    match history.undone_in_the_end(undone)? {
        (counted, true) => history.take_back(counted, &counts),
        (counted, false) => history.give_back(counted, &counts),
    }
}
