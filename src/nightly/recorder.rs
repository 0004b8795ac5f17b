//! What a run leaves: its record, built up on the way and stored on every path.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use crate::apply::recovery::Resolution;
use crate::apply::{Applied, Halt, Settled};
use crate::connectwise::Traffic;
use crate::export::locate::file::Export;
use crate::history::days::DayCount;
use crate::history::journal::{WriteOutcome, WriteRecord};
use crate::history::record::{ExportRecord, LineRecord, PlanRecord, Requests, RunEnd, RunRecord, Totals};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::nightly::failure::Failure;
use crate::nightly::line_record::{cut_off_lines, line_record, settle_finding, settle_line, undone_line};
use crate::nightly::{Job, plan_diff};
use crate::reconcile::exit::Exit;
use crate::reconcile::guard::check::Stopped;
use crate::reconcile::guard::cleared::ClearedPlan;
use crate::reconcile::model::code::{Code, Severity};
use crate::reconcile::model::finding::{Finding, finding, sort};
use crate::reconcile::model::ids::RunId;
use crate::reconcile::model::outcome::{Mode, Outcome, RunCommand, RunVerdict};
use crate::reconcile::model::plan::{LineKey, Plan};

/// A run on its way to its end.
pub(super) struct Ending<'a> {
    job: Job<'a>,
    record: RunRecord,
    export: Option<ExportRecord>,
    exit: Exit,
    findings: Vec<Finding>,
    traffic: Traffic,
    /// Tonight's counts of services that a policy looks back on.
    day: Vec<DayCount>,
    /// Where in the plan's lines those stand that became something else than was planned.
    changed: Vec<usize>,
}

impl<'a> Ending<'a> {
    pub(super) fn new(job: Job<'a>, run: RunId, started_at: DateTime<Utc>) -> Self {
        let (integration, command, mode) = (job.integration.clone(), job.command, job.mode);
        let undoes = job.undoes;
        let record = RunRecord { run, integration, command, mode, started_at, undoes, planned: None, end: None };
        let traffic = Traffic::default();
        Self {
            job,
            record,
            export: None,
            exit: Exit::Done,
            findings: Vec::new(),
            traffic,
            day: Vec::new(),
            changed: Vec::new(),
        }
    }

    pub(super) fn run(&self) -> RunId {
        self.record.run
    }

    pub(super) fn started_at(&self) -> DateTime<Utc> {
        self.record.started_at
    }

    /// The day of the run, fixed at its start: a run that crosses midnight stays on its day. Dates of agreements and
    /// additions come as midnight UTC and are compared as calendar dates.
    pub(super) fn today(&self) -> NaiveDate {
        self.record.started_at.date_naive()
    }

    /// Ends the records of runs whose process died, with what the journal knows of their lines, and says so.
    pub(super) fn cut_off_runs(&mut self, history: &mut History) -> Result<(), StoreError> {
        for run in history.cut_off_runs(&self.record.integration)? {
            let writes = history.writes_of(run.run)?;
            let done = |write: &&WriteRecord| matches!(write.outcome, Some(WriteOutcome::Applied { .. }));
            let open = |write: &&WriteRecord| matches!(write.outcome, None | Some(WriteOutcome::Unknown { .. }));
            let (applied, doubtful) = (writes.iter().filter(done).count(), writes.iter().filter(open).count());
            let message = format!("run {} was cut off: {applied} of its writes done, {doubtful} in doubt", run.run);
            let told = finding(Severity::Warning, Code::PreviousRunCutOff, message);
            let mut end = Ending::new(self.job, run.run, run.started_at);
            let wrote = run.command != RunCommand::Plan && run.mode == Mode::Apply;
            let settled =
                run.planned.iter().flat_map(|planned| cut_off_lines(&planned.lines, &writes, wrote)).collect();
            end.record = run;
            end.exit = Exit::Unexpected;
            end.findings = vec![told.clone()];
            end.settle(settled);
            end.store_as(history, RunVerdict::Interrupted)?;
            self.findings.push(told);
        }
        Ok(())
    }

    /// Says what became of writes that an earlier run left without an outcome.
    pub(super) fn resolved(&mut self, resolutions: &[Resolution]) {
        for Resolution { run, key, outcome } in resolutions {
            let found = match outcome {
                WriteOutcome::Applied { addition, quantity } => {
                    format!("ConnectWise has it (addition {addition}, {quantity}); adopted")
                }
                WriteOutcome::Superseded { why } | WriteOutcome::Refused { why } => why.clone(),
                WriteOutcome::Unknown { why } => format!("{why}; left alone for now"),
            };
            let LineKey { agreement, product, item } = key;
            let product = item.as_ref().map_or(product.to_string(), |item| format!("{product} ({item})"));
            let message = format!("run {run} left {product} on agreement {agreement} in doubt: {found}");
            self.findings.push(finding(Severity::Warning, Code::InDoubt, message));
        }
    }

    pub(super) fn export(&mut self, export: &Export) {
        self.export = Some(ExportRecord {
            path: export.path.display().to_string(),
            sha256: export.sha256.clone(),
            rows: export.counts.rows,
            customers: export.counts.customers.len(),
            units: export.counts.units(),
            modified_at: export.modified_at,
            open_end: export.counts.open_end,
        });
    }

    pub(super) fn warn(&mut self, finding: Option<Finding>) {
        self.findings.extend(finding);
    }

    /// Takes in the counts that later nights of the billing period look back on.
    pub(super) fn counts(&mut self, day: Vec<DayCount>) {
        self.day = day;
    }

    /// An undo reads no export; its plan stands on the one of the run that it sets back.
    pub(super) fn export_of(&mut self, undone: &PlanRecord) {
        self.export = Some(undone.export.clone());
    }

    /// Takes in a plan that only waits for its approval.
    pub(super) fn propose(&mut self, plan: Plan) {
        self.take(plan, false, false);
    }

    fn take(&mut self, plan: Plan, held: bool, accepted: bool) {
        let fingerprint = plan.fingerprint();
        let Plan { integration: _, lines, findings } = plan;
        self.findings.extend(findings);
        let undone = self.job.undoes.is_some();
        let lines = lines.into_iter().map(|line| undone_line(line_record(line, held), undone)).collect();
        self.record.planned = self.export.clone().map(|export| PlanRecord { fingerprint, accepted, export, lines });
    }

    /// Takes the plan in, with what the guards said of it; gives back what may be written.
    pub(super) fn plan(&mut self, plan: Plan, clearance: Result<ClearedPlan, Stopped>) -> Option<ClearedPlan> {
        let writes_wanted = self.job.command != RunCommand::Plan && self.job.mode == Mode::Apply;
        // What an undo sets back is no night that later exports are compared with.
        let accepted = clearance.is_ok() && self.job.undoes.is_none();
        self.take(plan, clearance.is_err() && writes_wanted, accepted);
        match clearance {
            Ok(cleared) => Some(cleared),
            Err(Stopped { by_export, findings }) => {
                self.findings.extend(findings);
                self.exit = if by_export { Exit::Refused } else { Exit::Held };
                None
            }
        }
    }

    /// Says which lines are not as in the plan that was approved.
    pub(super) fn moved_since(&mut self, approved: &str, history: &History) -> Result<(), StoreError> {
        let Some(stored) = history.plans_like(approved)?.first().map(|plan| plan.run) else { return Ok(()) };
        let then = history.run(stored)?.and_then(|run| run.planned).map(|planned| planned.lines).unwrap_or_default();
        let now = self.record.planned.as_ref().map(|planned| planned.lines.as_slice()).unwrap_or_default();
        self.findings.extend(plan_diff::findings(&then, now));
        Ok(())
    }

    /// The plan is on disk before the first write.
    pub(super) fn store_plan(&self, history: &mut History) -> Result<(), StoreError> {
        if let Some(planned) = &self.record.planned {
            history.record_plan(self.record.run, planned)?;
            // A dry run counts no day, as it moves no baseline.
            if planned.accepted && self.record.command != RunCommand::Plan && !self.day.is_empty() {
                history.count_day(&self.record.integration, self.today(), &self.day)?;
            }
            if self.job.approved.is_some() && planned.accepted {
                history.approve(self.record.run)?;
            }
        }
        Ok(())
    }

    pub(super) fn applied(&mut self, applied: Applied) {
        let Applied { settled, halt } = applied;
        self.settle(settled);
        match halt {
            None => {}
            Some(Halt::Stopped) => {
                let signal = u8::try_from(self.job.stop.signal().unwrap_or_default()).unwrap_or_default();
                let message = "stopped by a signal after the line in flight".to_owned();
                self.failed(Failure::new(Exit::Signal(signal), Code::Interrupted, message, "recount run"));
            }
            Some(Halt::Read(error)) => self.failed(Failure::from(error)),
            Some(Halt::Store(error)) => self.failed(Failure::from(error)),
            Some(Halt::PlanTooOld) => {
                let message = "stopped writing: the plan is hours old, or the clock stepped back".to_owned();
                let fix = "look at the clock; the next run draws a new plan";
                self.failed(Failure::new(Exit::Config, Code::ConfigInvalid, message, fix));
            }
            Some(Halt::ServerErrors) => {
                let message = "stopped writing after repeated server errors of ConnectWise".to_owned();
                let fix = "nothing: the next run looks and goes on";
                self.failed(Failure::new(Exit::Partial, Code::ConnectWiseUnreachable, message, fix));
            }
        }
    }

    fn settle(&mut self, settled: Vec<Settled>) {
        let Some(planned) = &mut self.record.planned else { return };
        let mut settled: BTreeMap<LineKey, Settled> =
            settled.into_iter().map(|settled| (settled.key.clone(), settled)).collect();
        for (at, line) in planned.lines.iter_mut().enumerate() {
            if let Some(settled) = line.key().and_then(|key| settled.remove(&key)) {
                self.findings.extend(settle_finding(line, &settled));
                settle_line(line, settled, self.record.undoes.is_some());
                self.changed.push(at);
            }
        }
    }

    pub(super) fn traffic(&mut self, traffic: Traffic) {
        self.traffic = traffic;
    }

    pub(super) fn failed(&mut self, failure: Failure) {
        self.exit = self.exit.worst(failure.exit);
        self.findings.push(failure.finding);
    }

    /// Ends the run. If the store fails now, the record says so, and the next run finds this one without an end.
    pub(super) fn store(mut self, history: &mut History) -> RunRecord {
        let exit = self.exit_of_lines();
        let verdict = exit.verdict();
        if let Err(error) = self.end(history, exit, verdict) {
            self.failed(Failure::from(error));
            let exit = self.exit;
            let end = self.run_end(exit, exit.verdict(), None);
            self.record.end = Some(end);
        }
        self.record
    }

    fn store_as(&mut self, history: &mut History, verdict: RunVerdict) -> Result<(), StoreError> {
        self.end(history, self.exit, verdict)
    }

    fn end(&mut self, history: &mut History, exit: Exit, verdict: RunVerdict) -> Result<(), StoreError> {
        let end = self.run_end(exit, verdict, Some(history.head()?));
        let lines = self.record.planned.as_ref().map(|planned| planned.lines.as_slice()).unwrap_or_default();
        let changed: Vec<LineRecord> = self.changed.iter().filter_map(|at| lines.get(*at)).cloned().collect();
        history.end_run(self.record.run, &changed, &end)?;
        self.record.end = Some(end);
        Ok(())
    }

    fn run_end(&mut self, exit: Exit, verdict: RunVerdict, head: Option<String>) -> RunEnd {
        sort(&mut self.findings);
        let Traffic { sent, retried, throttled_ms } = self.traffic;
        RunEnd {
            finished_at: (self.job.clock)(),
            verdict,
            exit_code: exit.code(),
            findings: self.findings.clone(),
            totals: self.totals(),
            requests: Requests { sent, retried, throttled_ms },
            head,
        }
    }

    fn exit_of_lines(&self) -> Exit {
        let totals = self.totals();
        let of_lines = if totals.failed + totals.unknown > 0 { Exit::Partial } else { Exit::Done };
        let of_findings = if totals.to_decide > 0 { Exit::Decide } else { Exit::Done };
        self.exit.worst(of_lines).worst(of_findings)
    }

    fn totals(&self) -> Totals {
        let lines = self.record.planned.as_ref().map(|planned| planned.lines.as_slice()).unwrap_or_default();
        let mut totals = Totals { lines: lines.len(), explained: lines.len(), ..Totals::default() };
        for line in lines {
            match line.outcome {
                Outcome::Updated | Outcome::Created => totals.changed += 1,
                Outcome::WouldUpdate | Outcome::WouldCreate => totals.would_change += 1,
                Outcome::Failed => totals.failed += 1,
                Outcome::Unknown => totals.unknown += 1,
                Outcome::Unchanged | Outcome::Held | Outcome::Skipped | Outcome::Conflict => {}
            }
        }
        totals.to_decide = self.findings.iter().filter(|finding| finding.severity == Severity::Decide).count();
        totals
    }
}
