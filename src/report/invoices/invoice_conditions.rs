//! What has to hold before the invoices of a month go out, and whether it does.

use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::outcome::{Mode, RunVerdict};
use crate::reconcile::model::plan::reason_code::{Code, Severity};
use crate::report::invoices::invoice_standing::InvoiceStanding;
use crate::report::numbers_and_dates;
use crate::report::report_model::ReportVerdict;

/// One condition, in the order in which they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum InvoiceCondition {
    /// The newest run ended with a plan, on an export that its guards took for fresh.
    WentThrough,
    /// Whoever is counted bills something.
    Mapped,
    /// No other open item.
    NothingOpen,
    /// No write was refused, or is in doubt.
    NothingInDoubt,
    /// Nothing would be written any more.
    AllWritten,
    /// Its changes are written at all.
    Applies,
    /// No line stands as an undo left it.
    NothingSetBack,
}

/// Whether a condition holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConditionState {
    /// It does; what may be added, or nothing.
    Holds(String),
    /// What is in the way, and what helps.
    Open(String, ConditionRemedy),
    /// Nobody knows before the newest run has ended.
    NotKnown,
}

/// What makes a condition hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConditionRemedy {
    /// Open items are answered.
    Answer,
    /// Whatever stopped the run is mended, then it runs again.
    MendAndRun,
    /// A run.
    Run,
    /// The run ends, or is found to have died.
    Wait,
    /// Mode apply.
    Apply,
    /// The next run bills the counts again, but for lines that are kept.
    NextRun,
}

impl InvoiceCondition {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::WentThrough,
        Self::Mapped,
        Self::NothingOpen,
        Self::NothingInDoubt,
        Self::AllWritten,
        Self::Applies,
        Self::NothingSetBack,
    ];

    /// In words.
    pub fn said(self) -> &'static str {
        match self {
            Self::WentThrough => "The last night went through, on a fresh export",
            Self::Mapped => "Everybody is mapped",
            Self::NothingOpen => "Nothing else is open",
            Self::NothingInDoubt => "No line is refused or in doubt",
            Self::AllWritten => "Every change is written",
            Self::Applies => "Mode apply",
            Self::NothingSetBack => "Nothing is set back",
        }
    }

    /// Whether it holds for one integration; `None` where it is not asked: of one that is off, or has another name by now, nothing
    /// is looked at that could hold, and an undo is asked about where there was one.
    pub fn of(self, standing: &InvoiceStanding) -> Option<ConditionState> {
        let InvoiceStanding { run, is_on, findings, undos, uncounted, .. } = standing;
        if !is_on || (self == Self::NothingSetBack && undos.is_empty()) {
            return None;
        }
        let Some(end) = &run.end else {
            let waits = || ConditionState::Open("not finished".to_owned(), ConditionRemedy::Wait);
            return Some(if self == Self::WentThrough { waits() } else { ConditionState::NotKnown });
        };
        let totals = end.totals;
        let undone =
            undos.iter().filter_map(|undo| undo.end.as_ref()).map(|end| end.totals.failed + end.totals.unknown);
        Some(match self {
            Self::WentThrough => went_through(standing, end.verdict),
            Self::Mapped => none(unmapped(findings), |many| format!("{many} not mapped"), ConditionRemedy::Answer),
            Self::NothingOpen => {
                let open = totals.to_decide.saturating_sub(unmapped(findings));
                none(open, |many| numbers_and_dates::plural(many, "item"), ConditionRemedy::Answer)
            }
            Self::NothingInDoubt => {
                let doubt = totals.failed + totals.unknown + undone.sum::<usize>();
                none(doubt, |many| numbers_and_dates::plural(many, "line"), ConditionRemedy::Run)
            }
            Self::AllWritten => none(totals.would_change, |many| format!("{many} would change"), ConditionRemedy::Run),
            Self::Applies if run.mode == Mode::Apply => ConditionState::Holds(String::new()),
            Self::Applies => ConditionState::Open(run.mode.to_string(), ConditionRemedy::Apply),
            Self::NothingSetBack => {
                none(*uncounted, |many| numbers_and_dates::plural(many, "line"), ConditionRemedy::NextRun)
            }
        })
    }
}

/// How many conditions of an integration do not hold.
pub fn open_conditions(standing: &InvoiceStanding) -> usize {
    let states = InvoiceCondition::ALL.iter().filter_map(|condition| condition.of(standing));
    states.filter(|state| matches!(state, ConditionState::Open(..))).count()
}

fn went_through(standing: &InvoiceStanding, verdict: RunVerdict) -> ConditionState {
    let run = &standing.run;
    let read = matches!(verdict, RunVerdict::Ok | RunVerdict::Decide | RunVerdict::Partial);
    match run.planned.as_ref().filter(|_| read) {
        Some(planned) => {
            ConditionState::Holds(format!("export {} old", numbers_and_dates::age(run.started_at, &planned.export)))
        }
        None => ConditionState::Open(ReportVerdict::of_summary(run).words, ConditionRemedy::MendAndRun),
    }
}

fn unmapped(findings: &[Finding]) -> usize {
    let asked = findings.iter().filter(|finding| finding.severity == Severity::Decide);
    asked.filter(|finding| matches!(finding.code, Code::CustomerUnmapped | Code::ServiceUnmapped)).count()
}

fn none(many: usize, said: impl Fn(usize) -> String, helps: ConditionRemedy) -> ConditionState {
    if many == 0 { ConditionState::Holds(String::new()) } else { ConditionState::Open(said(many), helps) }
}
