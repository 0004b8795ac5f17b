//! What has to hold before the invoices of a month go out, and whether it does.

use crate::history::run_record::{RunEnd, RunSummary};
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::outcome::{Mode, RunVerdict};
use crate::reconcile::model::plan::reason_code::{Code, Severity};
use crate::report::invoices::asked_at_end::SinceEnd;
use crate::report::invoices::invoice_standing::InvoiceStanding;
use crate::report::invoices::night_in_time::NightInTime;
use crate::report::invoices::unwritten_lines::Unwritten;
use crate::report::numbers_and_dates::{minute, plural};
use crate::report::report_model::ReportVerdict;

/// One condition, in the order in which they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum InvoiceCondition {
    /// Nights ran when they should have, and one of them in the month.
    RanInTime,
    /// The last night, and the newest run, ended with a plan, on an export that its guards took for fresh.
    WentThrough,
    /// Whoever is counted bills something.
    Mapped,
    /// No other open item.
    NothingOpen,
    /// No write was refused, or is in doubt.
    NothingInDoubt,
    /// Nothing would be written any more.
    AllWritten,
    /// Nothing was done since the newest run that only a later one follows.
    NothingSince,
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
    /// A night.
    Night,
    /// The run ends, or is found to have died.
    Wait,
    /// Mode apply.
    Apply,
    /// The next run bills the counts again, but for lines that are kept.
    NextRun,
}

impl InvoiceCondition {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::RanInTime,
        Self::WentThrough,
        Self::Mapped,
        Self::NothingOpen,
        Self::NothingInDoubt,
        Self::AllWritten,
        Self::NothingSince,
        Self::Applies,
        Self::NothingSetBack,
    ];

    /// In words.
    pub fn said(self) -> &'static str {
        match self {
            Self::RanInTime => "A night ran when it should have",
            Self::WentThrough => "The last night went through, on a fresh export",
            Self::Mapped => "Everybody is mapped",
            Self::NothingOpen => "Nothing else is open",
            Self::NothingInDoubt => "No line is refused or in doubt",
            Self::AllWritten => "Every change is written",
            Self::NothingSince => "Nothing was changed since the newest run",
            Self::Applies => "Mode apply",
            Self::NothingSetBack => "Nothing is set back",
        }
    }

    /// Whether it holds for one integration; `None` where it is not asked: of one that is off, or has another name by now, nothing
    /// is looked at that could hold, and an undo is asked about where there was one.
    pub fn of(self, standing: &InvoiceStanding) -> Option<ConditionState> {
        let InvoiceStanding { run, is_on, since, undos, .. } = standing;
        let is_asked = match self {
            Self::NothingSetBack => !undos.is_empty(),
            Self::RanInTime => standing.in_time.is_some(),
            _ => true,
        };
        if !is_on || !is_asked {
            return None;
        }
        let end = run.as_ref().and_then(|run| Some((run, run.end.as_ref()?)));
        Some(match (self, end) {
            (Self::RanInTime, _) => ran_in_time(standing),
            (Self::Applies, _) => applies(standing),
            (Self::WentThrough, None) if run.is_some() => {
                ConditionState::Open("not finished".to_owned(), ConditionRemedy::Wait)
            }
            (_, None) => ConditionState::NotKnown,
            (Self::NothingSince, _) if since.is_empty() => ConditionState::Holds(String::new()),
            (Self::NothingSince, _) => ConditionState::Open(since.join(", "), ConditionRemedy::Run),
            (_, Some((run, end))) => self.of_run(standing, run, end),
        })
    }

    /// What the newest run says of it.
    fn of_run(self, standing: &InvoiceStanding, run: &RunSummary, end: &RunEnd<()>) -> ConditionState {
        let InvoiceStanding { findings, uncounted, .. } = standing;
        let answer = ConditionRemedy::Answer;
        match self {
            Self::Mapped => none(unmapped(findings), |many| format!("{many} not mapped"), answer),
            Self::NothingOpen => {
                none(end.totals.to_decide.saturating_sub(unmapped(findings)), |many| plural(many, "item"), answer)
            }
            Self::NothingInDoubt => none(in_doubt(standing, end), |many| plural(many, "line"), ConditionRemedy::Run),
            Self::AllWritten => all_written(standing, end),
            Self::NothingSetBack => none(*uncounted, |many| plural(many, "line"), ConditionRemedy::NextRun),
            Self::WentThrough | Self::RanInTime | Self::NothingSince | Self::Applies => went_through(standing, run),
        }
    }
}

/// How many conditions of an integration do not hold.
pub fn open_conditions(standing: &InvoiceStanding) -> usize {
    let states = InvoiceCondition::ALL.iter().filter_map(|condition| condition.of(standing));
    states.filter(|state| matches!(state, ConditionState::Open(..))).count()
}

/// Whether all that was open when a month ended was asked of a person, and is not asked any more.
pub fn is_settled_since(standings: &[InvoiceStanding]) -> bool {
    let is_settled = |standing: &InvoiceStanding| {
        let is_open = |condition: &InvoiceCondition| matches!(condition.of(standing), Some(ConditionState::Open(..)));
        let mut open = InvoiceCondition::ALL.into_iter().filter(is_open);
        let asked = &standing.asked_at_end;
        open.all(|one| matches!(one, InvoiceCondition::Mapped | InvoiceCondition::NothingOpen))
            && asked.iter().all(|asked| matches!(asked.since, SinceEnd::Settled { .. }))
    };
    standings.iter().any(|standing| !standing.asked_at_end.is_empty()) && standings.iter().all(is_settled)
}

fn ran_in_time(standing: &InvoiceStanding) -> ConditionState {
    let open = |said: String| ConditionState::Open(said, ConditionRemedy::Night);
    match standing.in_time {
        None => ConditionState::NotKnown,
        Some(NightInTime::InTime(_)) => {
            let last = standing.night.as_ref().map(|night| minute(night.started_at));
            ConditionState::Holds(last.unwrap_or_default())
        }
        Some(NightInTime::Late(last)) => open(format!("the last one began {}", minute(last))),
        Some(NightInTime::NoneInMonth) => open("none of this month was accepted".to_owned()),
        Some(NightInTime::Never) => open("it never ran".to_owned()),
        Some(NightInTime::PlansOnly) => open("no night yet, plans only".to_owned()),
        Some(NightInTime::Unhealthy(said)) => open(said.to_owned()),
        Some(NightInTime::NotGood) if is_told(standing) => ConditionState::NotKnown,
        Some(NightInTime::NotGood) => open("the last one was not good".to_owned()),
    }
}

/// Whether another condition says what was the matter with a night that was not good.
fn is_told(standing: &InvoiceStanding) -> bool {
    let told = [InvoiceCondition::WentThrough, InvoiceCondition::NothingInDoubt];
    told.iter().any(|condition| matches!(condition.of(standing), Some(ConditionState::Open(..))))
}

/// The last night is looked at even where a dry run was made since, and that dry run as well: its plan is the newest.
fn went_through(standing: &InvoiceStanding, newest: &RunSummary) -> ConditionState {
    let read = |run: &RunSummary| {
        let verdict = run.end.as_ref().map(|end| end.verdict);
        run.planned.is_some() && matches!(verdict, Some(RunVerdict::Ok | RunVerdict::Decide | RunVerdict::Partial))
    };
    let runs = standing.night.iter().chain([newest]);
    match runs.into_iter().find(|run| !read(run)) {
        None => ConditionState::Holds(format!("export {} old", standing.export_age)),
        Some(run) => ConditionState::Open(ReportVerdict::of_summary(run).words, ConditionRemedy::MendAndRun),
    }
}

fn applies(standing: &InvoiceStanding) -> ConditionState {
    let ran = standing.run.as_ref().map(|run| run.mode);
    match (standing.mode, ran) {
        (Mode::Apply, None | Some(Mode::Apply)) => ConditionState::Holds(String::new()),
        (Mode::Apply, Some(ran)) => {
            ConditionState::Open(format!("{ran} when the newest run began"), ConditionRemedy::Run)
        }
        (mode, _) => ConditionState::Open(mode.to_string(), ConditionRemedy::Apply),
    }
}

/// Lines that this run or an undo since left refused or in doubt; what was thinned out of an old run is in its totals still.
fn in_doubt(standing: &InvoiceStanding, end: &RunEnd<()>) -> usize {
    let undos = standing.undos.iter().filter_map(|undo| undo.end.as_ref());
    let undone: usize = undos.map(|end| end.totals.failed + end.totals.unknown).sum();
    undone + (end.totals.failed + end.totals.unknown).max(standing.unwritten(Unwritten::InDoubt).count())
}

/// What was thinned out of an old run is in its totals still.
fn all_written(standing: &InvoiceStanding, end: &RunEnd<()>) -> ConditionState {
    let waits = standing.unwritten(Unwritten::ByARun).count().max(end.totals.would_change);
    match standing.unwritten(Unwritten::Named).count() {
        named if waits == 0 && named > 0 => {
            ConditionState::Holds(format!("but for {} left for now", plural(named, "line")))
        }
        _ => none(waits, |many| format!("{} to be written", plural(many, "line")), ConditionRemedy::Run),
    }
}

fn unmapped(findings: &[Finding]) -> usize {
    let asked = findings.iter().filter(|finding| finding.severity == Severity::Decide);
    asked.filter(|finding| matches!(finding.code, Code::CustomerUnmapped | Code::ServiceUnmapped)).count()
}

fn none(many: usize, said: impl Fn(usize) -> String, helps: ConditionRemedy) -> ConditionState {
    if many == 0 { ConditionState::Holds(String::new()) } else { ConditionState::Open(said(many), helps) }
}
