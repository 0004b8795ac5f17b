//! How an open item was settled, and by whom: an answer, a row of `customers.csv`, or the counts themselves.

use chrono::{DateTime, Utc};

use crate::history::desk::file_versions::FileVersion;
use crate::history::run_record::RunRecord;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::decision::Decisions;
use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::ids::CustomerName;
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::outcome::RunCommand;
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::ticket_kind::TicketKind;
use crate::report::lines;

/// How a held plan ends that a person approved.
pub const APPROVED: &str = "approved";

/// What people did between an item's opening and the run that no longer finds it.
#[derive(Debug)]
pub struct AnswersSince<'a> {
    run: &'a RunRecord,
    since: DateTime<Utc>,
    decisions: Decisions,
    edits: Vec<FileVersion>,
}

impl<'a> AnswersSince<'a> {
    /// Up to this run, with the days of its zone.
    pub fn of(run: &'a RunRecord, since: DateTime<Utc>, history: &History) -> Result<Self, StoreError> {
        let zone = *run.started_at.offset();
        let decisions = history.decisions(&run.integration)?.in_zone(|at| at.with_timezone(&zone));
        Ok(Self { run, since, decisions, edits: history.file_edits_since(since)? })
    }

    /// `kept by mmiller on Tue 24 Nov 2026`, or `mapped by mmiller in customers.csv`; `None` if nobody did anything.
    pub fn settled(&self, handle: &str, finding: Option<&Finding>) -> Option<String> {
        let answers = self.decisions.0.values();
        let answer = answers.filter(|_| !handle.is_empty()).find(|one| one.handle == handle && one.at >= self.since);
        match (answer, finding) {
            (Some(decision), _) => Some(escaped(&decision.sentence())),
            (None, Some(finding)) if self.approved(TicketKind::of(finding)) => Some(APPROVED.to_owned()),
            (None, Some(Finding { code: Code::CustomerUnmapped, customer: Some(customer), .. })) => {
                self.mapped(customer)
            }
            (None, _) => None,
        }
    }

    /// Whether a person approved what held or refused the whole night: this run carried that plan out.
    pub fn approved(&self, kind: Option<TicketKind>) -> bool {
        self.run.command == RunCommand::Apply && matches!(kind, Some(TicketKind::HeldRun | TicketKind::RefusedExport))
    }

    fn mapped(&self, customer: &CustomerName) -> Option<String> {
        let findings = self.run.end.iter().flat_map(|end| &end.findings);
        let is_skipped =
            |finding: &Finding| finding.code == Code::CustomerSkipped && finding.customer.as_ref() == Some(customer);
        let sources = || lines(self.run).iter().flat_map(|line| &line.sources);
        let how = if findings.into_iter().any(is_skipped) {
            "left out on purpose"
        } else if sources().any(|source| source.customer == *customer) {
            "mapped"
        } else {
            return None;
        };
        let names_it = |edit: &&FileVersion| String::from_utf8_lossy(&edit.content).contains(customer.as_str());
        let who = self.edits.iter().find(names_it).map(|edit| format!(" by {}", shown(&edit.who)));
        Some(format!("{how}{} in customers.csv", who.unwrap_or_default()))
    }
}
