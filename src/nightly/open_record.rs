//! The record of a run that has not finished: lines are settled, findings come together, and it is closed once.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::apply::write_result::LineWriteResult;
use crate::history::run_record::{LineRecord, RunEnd, RunRecord, Totals};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::nightly::line_record::{settle_finding, settle_line};
use crate::nightly::night_failure::Failure;
use crate::reconcile::model::plan::finding::{Finding, sort};
use crate::reconcile::model::plan::line::LineKey;
use crate::reconcile::model::plan::outcome::{Outcome, RunVerdict, Traffic};
use crate::reconcile::model::plan::reason_code::{Code, Severity};
use crate::report::exit_codes::Exit;

/// A run's record without its end.
pub(super) struct OpenRecord<'a> {
    pub(super) record: RunRecord,
    clock: &'a dyn Fn() -> DateTime<Utc>,
    /// The worst there was, beside what lines and findings say.
    exit: Exit,
    /// Sorted when the record is closed, so it does not matter in which order they come.
    findings: Vec<Finding>,
    requests: Traffic,
    /// Where in the plan's lines those stand that became something else than was planned.
    changed: Vec<usize>,
}

impl<'a> OpenRecord<'a> {
    pub(super) fn of(record: RunRecord, clock: &'a dyn Fn() -> DateTime<Utc>) -> Self {
        let (exit, findings, changed) = (Exit::Done, Vec::new(), Vec::new());
        Self { record, clock, exit, findings, requests: Traffic::default(), changed }
    }

    pub(super) fn find(&mut self, findings: impl IntoIterator<Item = Finding>) {
        self.findings.extend(findings);
    }

    /// Forgets what is not wanted of what was found so far.
    pub(super) fn keep_findings(&mut self, is_wanted: impl Fn(&Finding) -> bool) {
        self.findings.retain(is_wanted);
    }

    /// Takes a failure in: what happened, and how the run ends at best.
    pub(super) fn fail(&mut self, failure: Failure) {
        let Failure { exit, finding } = failure;
        self.end_at_best(exit);
        self.findings.push(finding);
    }

    pub(super) fn end_at_best(&mut self, exit: Exit) {
        self.exit = self.exit.worst(exit);
    }

    /// Takes in what became of the lines that were to be written.
    ///
    /// `refused` is what ConnectWise said to the last write of a line, where it refused that.
    pub(super) fn settle(&mut self, settled: Vec<LineWriteResult>, refused: &BTreeMap<LineKey, String>) {
        let undone = self.record.undoes.is_some();
        let Some(planned) = &mut self.record.planned else { return };
        let mut settled: BTreeMap<LineKey, LineWriteResult> =
            settled.into_iter().map(|settled| (settled.key.clone(), settled)).collect();
        for (at, line) in planned.lines.iter_mut().enumerate() {
            if let Some(settled) = line.key().and_then(|key| settled.remove(&key)) {
                let again = refused.get(&*settled.key.folded()) == Some(&settled.detail);
                self.findings.extend(settle_finding(line, &settled, again));
                settle_line(line, settled, undone);
                self.changed.push(at);
            }
        }
    }

    /// Ends the run. If the store fails now, the record says so, and the next run finds this one without an end.
    pub(super) fn close(mut self, requests: Traffic, history: &mut History) -> RunRecord {
        self.requests = requests;
        let exit = self.exit_of_all();
        if let Err(error) = self.end(history, exit, exit.verdict()) {
            self.fail(Failure::from(error));
            let exit = self.exit;
            self.record.end = Some(self.run_end(exit, exit.verdict(), None));
        }
        self.record
    }

    /// Ends the record of a run whose end could not be stored when it ended.
    pub(super) fn close_later(mut self, history: &mut History) -> Result<RunRecord, StoreError> {
        let exit = self.exit_of_all();
        self.end(history, exit, exit.verdict())?;
        Ok(self.record)
    }

    /// Ends the record of a run whose process died.
    pub(super) fn close_cut_off(mut self, history: &mut History) -> Result<(), StoreError> {
        self.end(history, Exit::Unexpected, RunVerdict::Interrupted)
    }

    /// The same, and nothing is stored.
    pub(super) fn shown_cut_off(mut self) -> RunRecord {
        self.record.end = Some(self.run_end(Exit::Unexpected, RunVerdict::Interrupted, None));
        self.record
    }

    fn end(&mut self, history: &mut History, exit: Exit, verdict: RunVerdict) -> Result<(), StoreError> {
        let end = self.run_end(exit, verdict, Some(history.head()?));
        let lines = self.lines();
        let changed: Vec<LineRecord> = self.changed.iter().filter_map(|at| lines.get(*at)).cloned().collect();
        history.end_run(self.record.run, &changed, &end)?;
        self.record.end = Some(end);
        Ok(())
    }

    fn run_end(&mut self, exit: Exit, verdict: RunVerdict, head: Option<String>) -> RunEnd {
        sort(&mut self.findings);
        RunEnd {
            finished_at: (self.clock)(),
            verdict,
            exit_code: exit.code(),
            findings: self.findings.clone(),
            totals: self.totals(),
            requests: self.requests,
            head,
        }
    }

    fn exit_of_all(&self) -> Exit {
        let totals = self.totals();
        // The run was not stopped, and a line was not written all the same: ConnectWise was too slow for it.
        let is_left = |line: &LineRecord| line.outcome == Outcome::Held && line.reason == Code::NotReached;
        let left = self.exit == Exit::Done && self.lines().iter().any(is_left);
        let of_lines = if totals.failed + totals.unknown > 0 || left { Exit::Partial } else { Exit::Done };
        let of_findings = if totals.to_decide > 0 { Exit::Decide } else { Exit::Done };
        self.exit.worst(of_lines).worst(of_findings)
    }

    fn totals(&self) -> Totals {
        let lines = self.lines();
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

    fn lines(&self) -> &[LineRecord] {
        self.record.planned.as_ref().map(|planned| planned.lines.as_slice()).unwrap_or_default()
    }
}
