//! The record of a run as plain data: written once, read by every report.

use std::fmt;

use chrono::{DateTime, FixedOffset, Utc};
use rust_decimal::Decimal;
use serde::Serialize;

use crate::reconcile::model::decision::DecisionSubject;
use crate::reconcile::model::export::delivered_file::DeliveredFile;
use crate::reconcile::model::ids::{AdditionId, AgreementId, CompanyId, IntegrationName, ItemName, ProductCode, RunId};
use crate::reconcile::model::last_change::LastChange;
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::guard_measurement::GuardLook;
use crate::reconcile::model::plan::line::{FirstBilled, LineKey, Source};
use crate::reconcile::model::plan::moved_since::{ComparedLine, PlannedLine};
use crate::reconcile::model::plan::named_additions::Named;
use crate::reconcile::model::plan::outcome::{Mode, Outcome, RunCommand, RunVerdict, Traffic};
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::quantity::Quantity;

/// A run without its lines and findings.
pub type RunSummary = RunRecord<(), ()>;

/// One run, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord<L = Vec<LineRecord>, F = Vec<Finding>> {
    /// What is known from its beginning.
    pub run: RunId,
    /// Whose run.
    pub integration: IntegrationName,
    /// By which command.
    pub command: RunCommand,
    /// In which mode.
    pub mode: Mode,
    /// When it began, as the clocks of its zone showed it.
    pub started_at: DateTime<FixedOffset>,
    /// The run that it sets back, or plans to.
    pub undoes: Option<RunId>,
    /// What it planned; `None` if it ended before there was a plan.
    pub planned: Option<PlanRecord<L>>,
    /// How it ended; `None` while it runs, or if its process died.
    pub end: Option<RunEnd<F>>,
}

impl RunRecord {
    /// The export that it read. The plan of an undo stands on that of the run that it sets back, and reads none.
    pub fn read_export(&self) -> Option<&ExportRecord> {
        self.planned.as_ref().filter(|_| self.undoes.is_none()).map(|planned| &planned.export)
    }
}

/// What a run planned, as stored before its first write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanRecord<L = Vec<LineRecord>> {
    /// SHA-256 of the plan, in hex.
    pub fingerprint: String,
    /// Whether the guards let it pass, or a person approved it. Later runs compare with the last accepted one.
    pub accepted: bool,
    /// The export it was drawn on.
    pub export: ExportRecord,
    /// What each guard measured; empty where none was asked, and in plans of a version that did not note it.
    pub guards: Vec<GuardLook>,
    /// Every line. In the history of an older night, unchanged lines are only counted.
    pub lines: L,
}

/// The export of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportRecord {
    /// The file.
    pub path: String,
    /// SHA-256 of its bytes, in hex.
    pub sha256: String,
    /// Rows of data.
    pub rows: usize,
    /// Customers named.
    pub customers: usize,
    /// Units, all services together.
    pub units: Decimal,
    /// Modification time.
    pub modified_at: DateTime<Utc>,
    /// Whether no line break ended it.
    pub open_end: bool,
    /// Its files, where it is several.
    pub files: Vec<DeliveredFile>,
    /// SHA-256 of its counts, in hex; nothing in plans of a version that did not note it.
    pub counts: Option<String>,
}

/// The file of the last accepted night.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoodExport {
    /// Which night.
    pub run: RunId,
    /// The file.
    pub path: String,
}

/// One line of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineRecord {
    /// Short, stable name.
    pub handle: String,
    /// The company, where known.
    pub company: Option<CompanyId>,
    /// The agreement, where known.
    pub agreement: Option<AgreementId>,
    /// The addition, where there is one.
    pub addition: Option<AdditionId>,
    /// The product, where known.
    pub product: Option<ProductCode>,
    /// The item, where each has a line of its own.
    pub item: Option<ItemName>,
    /// The counts behind it. Customers and services of the line are those of its sources.
    pub sources: Vec<Source>,
    /// What ConnectWise held when the plan was drawn.
    pub was: Option<Quantity>,
    /// What follows from the counts.
    pub wanted: Option<Quantity>,
    /// What ConnectWise holds as far as the run knows.
    pub now: Option<Quantity>,
    /// What became of it.
    pub outcome: Outcome,
    /// Why.
    pub reason: Code,
    /// One sentence for a person.
    pub detail: String,
    /// The other additions that a held line asks about, or would if it were not ignored; `None` where it asks nothing, and in plans
    /// of a version that did not note them.
    pub named: Option<Named>,
    /// Where a planned change is billed first; nothing in plans of a version that did not note it.
    pub billed: FirstBilled,
    /// When ConnectWise's records of what a held line asks about were changed last; nothing in plans of a version that did not
    /// note it.
    pub changed_at: Option<DateTime<Utc>>,
    /// Who changed ConnectWise's record last, where it holds another quantity than recount knew; nothing in plans of a version
    /// that did not note it.
    pub edited: Option<LastChange>,
}

impl PlannedLine for LineRecord {
    fn compared(&self) -> ComparedLine<'_> {
        let LineRecord { handle, was, wanted, outcome, reason, billed, sources, .. } = self;
        let (was, wanted, outcome, reason, billed) = (*was, *wanted, *outcome, *reason, *billed);
        ComparedLine { handle, was, wanted, outcome, reason, billed, sources }
    }
}

/// Whether the mapping wants nothing any more of what these were counted for.
pub fn are_former(sources: &[Source]) -> bool {
    !sources.is_empty() && sources.iter().all(|source| source.is_former)
}

impl LineRecord {
    /// Whether it is a line to be created that is held for its size alone: approving the plan creates it.
    pub fn is_large(&self) -> bool {
        self.outcome == Outcome::Held && self.reason == Code::LineStep && self.addition.is_none()
    }

    /// Whether it was only found: nobody counts it, and it is no line of the integration.
    pub fn is_found(&self) -> bool {
        self.sources.is_empty() && matches!(self.reason, Code::BilledNotCounted | Code::Ignored)
    }

    /// The key of a line that has a place.
    pub fn key(&self) -> Option<LineKey> {
        Some(LineKey { agreement: self.agreement?, product: self.product.clone()?, item: self.item.clone() })
    }

    /// The addition that it is about: the live one, or the first that it names.
    pub fn own_addition(&self) -> Option<AdditionId> {
        self.named.as_ref().map_or(self.addition, |named| named.own(self.addition))
    }

    /// Whether the mapping wanted it once, and wants it no more.
    pub fn is_unwanted(&self) -> bool {
        are_former(&self.sources)
    }

    /// What an answer to it is about, where this is its key.
    pub fn answer_subject(&self, key: &LineKey) -> DecisionSubject {
        let is_left = match self.reason {
            Code::LineLeftBehind => true,
            Code::Kept | Code::Ignored => self.is_unwanted(),
            _ => false,
        };
        if is_left { DecisionSubject::left_behind(key, self.own_addition()) } else { DecisionSubject::line(key) }
    }
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEnd<F = Vec<Finding>> {
    /// When.
    pub finished_at: DateTime<Utc>,
    /// In a word.
    pub verdict: RunVerdict,
    /// The exit code of this run alone.
    pub exit_code: u8,
    /// What is to be said beside the lines, ordered.
    pub findings: F,
    /// How many lines the run explained; the lines themselves may have been thinned out since.
    pub totals: Totals,
    /// What it asked of ConnectWise.
    pub requests: Traffic,
    /// The hash of the journal's last row by then, in hex; `None` for a run of a version that did not note it.
    pub head: Option<String>,
}

/// The four numbers, and what they are counted of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Findings that somebody has to decide on.
    pub to_decide: usize,
    /// Lines updated or created.
    pub changed: usize,
    /// Lines that would be updated or created.
    pub would_change: usize,
    /// Lines that ConnectWise refused.
    pub failed: usize,
    /// Lines in doubt.
    pub unknown: usize,
    /// All lines.
    pub lines: usize,
    /// Lines with an outcome and a reason.
    pub explained: usize,
}

/// One write, as numbered by the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WriteId(pub i64);

impl fmt::Display for WriteId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
