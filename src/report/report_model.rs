//! The report model: what every form of a report shows, in this order and in these words.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use crate::history::run_record::{LineRecord, PlanRecord, RunEnd, RunRecord, RunSummary, Totals};
use crate::reconcile::model::ids::RunId;
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::fingerprint::short;
use crate::reconcile::model::plan::outcome::{Mode, Outcome, RunCommand, RunVerdict};
use crate::reconcile::model::plan::reason_code::{Code, Severity};
use crate::reconcile::words::words;
use crate::report::{Change, LinesKept, display_names, lines, numbers_and_dates};

/// Headings, the same in every form.
pub(super) const OPEN_ITEMS: &str = "OPEN ITEMS";
/// What explains another finding or a number.
pub(super) const WORTH_A_LOOK: &str = "WORTH A LOOK";
/// What an answer leaves as it is.
pub(super) const KEPT: &str = "KEPT BY AN ANSWER";

/// One run as every form of its report shows it.
#[derive(Debug)]
pub struct Report<'a> {
    /// The run.
    pub run: &'a RunRecord,
    /// In a few words.
    pub verdict: ReportVerdict,
    /// The four numbers.
    pub numbers: SummaryNumbers,
    /// What stopped the whole night.
    pub stops: Vec<&'a Finding>,
    /// What needs a person.
    pub asked: Vec<ReportEntry<'a>>,
    /// The changes by what became of them; no kind without a line.
    pub changes: Vec<(Change, Vec<&'a LineRecord>)>,
    /// What explains another finding or a number.
    pub odd: Vec<ReportEntry<'a>>,
    /// What is said for completeness.
    pub told: Vec<ReportEntry<'a>>,
    /// Lines that are left as they are because somebody said so, in force tonight.
    pub kept: Vec<&'a LineRecord>,
    /// What comes next, a way a line: a command stands alone in its line. Empty when there is nothing.
    pub next: Vec<String>,
}

/// The verdict of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportVerdict {
    /// Good news, a question, or bad news.
    pub tone: Tone,
    /// `8 TO DECIDE`.
    pub words: String,
}

/// How a verdict sounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Nothing to do.
    Good,
    /// Something for a person.
    Ask,
    /// Something went wrong.
    Bad,
}

/// The four numbers: to decide, changed, failed or unknown, explained of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SummaryNumbers {
    /// Findings that somebody has to decide on.
    pub to_decide: usize,
    /// Lines changed; or, where nothing was written, lines that would be.
    pub changed: usize,
    /// Whether they only would be changed.
    pub would: bool,
    /// Units up over these lines.
    pub up: Decimal,
    /// Units down over these lines.
    pub down: Decimal,
    /// Whether its lines are kept no more: then nobody knows the units.
    pub without_lines: bool,
    /// Lines that ConnectWise refused.
    pub failed: usize,
    /// Lines in doubt.
    pub unknown: usize,
    /// Lines with a reason.
    pub explained: usize,
    /// All lines.
    pub lines: usize,
}

/// One finding with the line that it is about.
#[derive(Debug, Clone, Copy)]
pub struct ReportEntry<'a> {
    /// The finding.
    pub finding: &'a Finding,
    /// Its line, if it is about one.
    pub line: Option<&'a LineRecord>,
}

impl<'a> Report<'a> {
    /// The report of one run.
    pub fn of(run: &'a RunRecord) -> Self {
        let findings = run.end.as_ref().map(|end| end.findings.as_slice()).unwrap_or_default();
        let by_handle = lines_of(run, findings);
        let stops = stops(findings);
        // What was left out on purpose is no question, and still explains a number.
        let weight = |finding: &Finding| match finding.code {
            Code::RowsExcluded => Severity::Warning,
            _ => finding.severity,
        };
        let entries = |severity: Severity| {
            let of_it = findings.iter().filter(move |finding| weight(finding) == severity);
            of_it.filter(|finding| !stops.iter().any(|stop| std::ptr::eq(*stop, *finding))).map(|finding| {
                let line = finding.handle.as_deref().and_then(|handle| by_handle.get(handle)).copied();
                ReportEntry { finding, line }
            })
        };
        let (asked, odd, told) = (
            entries(Severity::Decide).collect(),
            entries(Severity::Warning).collect(),
            entries(Severity::Info).collect(),
        );
        let changes = changes(run);
        let numbers = SummaryNumbers::of(run, &changes);
        let next = run.end.as_ref().map(|end| next(run, end, &changes, &stops)).unwrap_or_default();
        let is_left = |line: &&LineRecord| match line.reason {
            Code::Kept => true,
            // Of a line that is not asked about it matters where it bills otherwise than is counted.
            Code::Ignored => line.wanted.is_some() && line.was != line.wanted,
            _ => false,
        };
        let kept = lines(run).iter().filter(is_left).collect();
        Self { run, verdict: ReportVerdict::of(run), numbers, stops, asked, changes, odd, told, kept, next }
    }
}

/// The lines that findings are about, found in one pass.
fn lines_of<'a>(run: &'a RunRecord, findings: &'a [Finding]) -> BTreeMap<&'a str, &'a LineRecord> {
    let handles: BTreeSet<&str> = findings.iter().filter_map(|finding| finding.handle.as_deref()).collect();
    let found = lines(run).iter().filter(|line| handles.contains(line.handle.as_str()));
    found.map(|line| (line.handle.as_str(), line)).collect()
}

/// What stopped the whole night stands at the top, as its own paragraph.
fn stops(findings: &[Finding]) -> Vec<&Finding> {
    let of_the_run = |finding: &&Finding| {
        finding.severity == Severity::Decide
            && finding.customer.is_none()
            && finding.service.is_none()
            && finding.handle.is_none()
    };
    findings.iter().filter(of_the_run).filter(|finding| finding.code != Code::CustomerNameless).collect()
}

fn changes(run: &RunRecord) -> Vec<(Change, Vec<&LineRecord>)> {
    let kinds = [Change::Done, Change::Would, Change::WithPlan, Change::NotReached];
    let of = |kind: Change| lines(run).iter().filter(|line| Change::of(line) == Some(kind)).collect::<Vec<_>>();
    kinds.into_iter().map(|kind| (kind, of(kind))).filter(|(_, lines)| !lines.is_empty()).collect()
}

impl ReportVerdict {
    /// The verdict of a run; a run without an end is running, or was cut off.
    pub fn of(run: &RunRecord) -> Self {
        let words = Self::words(run.end.as_ref().map(|end| (end.verdict, &end.totals)), run.planned.is_some());
        words.of_undo(run.undoes, run.end.as_ref().map(|end| &end.totals))
    }

    /// The same, of a run without its lines.
    pub fn of_summary(run: &RunSummary) -> Self {
        let words = Self::words(run.end.as_ref().map(|end| (end.verdict, &end.totals)), run.planned.is_some());
        words.of_undo(run.undoes, run.end.as_ref().map(|end| &end.totals))
    }

    /// The same where the history is not how things stand: that all was well is not known any more.
    pub fn when_outdated(self) -> Self {
        match self.tone {
            Tone::Good => Self { tone: Tone::Bad, words: "NOT KNOWN SINCE".to_owned() },
            Tone::Ask | Tone::Bad => self,
        }
    }

    /// The plan of an undo is no night that went well: nothing was set back yet.
    fn of_undo(self, undoes: Option<RunId>, totals: Option<&Totals>) -> Self {
        let waits = totals.is_some_and(|totals| totals.would_change > 0 && totals.changed + totals.unknown == 0);
        match (undoes, self.tone) {
            (Some(_), Tone::Good) if waits => Self { tone: Tone::Ask, words: "WAITS FOR APPROVAL".to_owned() },
            _ => self,
        }
    }

    fn words(end: Option<(RunVerdict, &Totals)>, planned: bool) -> Self {
        let Some((verdict, totals)) = end else {
            return Self { tone: Tone::Bad, words: "RUNNING, OR CUT OFF".to_owned() };
        };
        // What is in doubt may have been written, too.
        let written = totals.changed + totals.unknown > 0;
        let nothing = if written { "" } else { ": nothing was written" };
        let (tone, words) = match verdict {
            RunVerdict::Ok => (Tone::Good, "OK".to_owned()),
            RunVerdict::Decide => (Tone::Ask, format!("{} TO DECIDE", totals.to_decide)),
            RunVerdict::Partial => (Tone::Bad, "PARTIAL: some lines were refused or are in doubt".to_owned()),
            RunVerdict::Held => (Tone::Bad, format!("HELD{nothing}")),
            RunVerdict::Refused => (Tone::Bad, format!("EXPORT REFUSED{nothing}")),
            RunVerdict::Unreachable => (Tone::Bad, format!("CONNECTWISE UNREACHABLE{nothing}")),
            RunVerdict::Denied => (Tone::Bad, format!("CONNECTWISE DENIED{nothing}")),
            RunVerdict::Failed => (Tone::Bad, format!("FAILED{nothing}")),
            RunVerdict::Interrupted if !planned || !written => {
                (Tone::Bad, "INTERRUPTED: nothing was written".to_owned())
            }
            RunVerdict::Interrupted => (Tone::Bad, "INTERRUPTED".to_owned()),
        };
        Self { tone, words }
    }
}

/// Whether the run was none that writes, whatever its plan came to.
fn only_plans(run: &RunRecord) -> bool {
    matches!(run.command, RunCommand::Plan | RunCommand::Undo) || run.mode == Mode::Observe
}

impl SummaryNumbers {
    fn of(run: &RunRecord, changes: &[(Change, Vec<&LineRecord>)]) -> Self {
        let Some(RunEnd { totals, .. }) = &run.end else { return Self::default() };
        let Totals { to_decide, changed, would_change, failed, unknown, lines, explained } = *totals;
        let done = changes.iter().any(|(kind, _)| *kind == Change::Done);
        let pending = changes.iter().any(|(kind, _)| matches!(kind, Change::Would | Change::WithPlan));
        let would = !done && (pending || only_plans(run));
        let counted = changes.iter().filter(|(kind, _)| match kind {
            Change::Done => !would,
            Change::Would | Change::WithPlan => would,
            Change::NotReached => false,
        });
        let deltas: Vec<Decimal> =
            counted.flat_map(|(_, lines)| lines).map(|line| numbers_and_dates::delta(line)).collect();
        let up: Decimal = deltas.iter().filter(|delta| delta.is_sign_positive()).sum();
        let down: Decimal = deltas.iter().filter(|delta| delta.is_sign_negative()).sum();
        let (up, down) = (up.normalize(), down.abs().normalize());
        let without_lines = LinesKept::of(run) == LinesKept::Nothing;
        let numbers = Self {
            to_decide,
            changed: deltas.len(),
            would,
            up,
            down,
            without_lines,
            failed,
            unknown,
            explained,
            lines,
        };
        if !without_lines {
            return numbers;
        }
        let would = changed == 0 && (would_change > 0 || only_plans(run));
        Self { changed: changed.max(would_change), would, ..numbers }
    }

    /// `changed`, or `would change`.
    pub fn what(&self) -> &'static str {
        if self.would { "would change" } else { "changed" }
    }

    /// The four numbers in one line.
    pub fn sentence(&self) -> String {
        let Self { to_decide, changed, would: _, up, down, without_lines, failed, unknown, explained, lines } = self;
        let doubt = if *unknown == 0 { String::new() } else { format!(" · unknown {unknown}") };
        let (what, explained, lines) = (self.what(), *explained, *lines);
        let units = if *without_lines { String::new() } else { format!(" (+{up} −{down})") };
        format!(
            "to decide {to_decide} · {what} {changed}{units} · failed {failed}{doubt} · explained {explained}/{lines}"
        )
    }
}

impl ReportEntry<'_> {
    /// The handle; empty where there is none.
    pub fn handle(&self) -> &str {
        self.finding.handle.as_deref().unwrap_or_default()
    }

    /// What it is called.
    pub fn title(&self) -> String {
        display_names::matter(self.finding, self.line)
    }

    /// What is at stake: `12 → 0`.
    pub fn step(&self) -> String {
        self.line.map(numbers_and_dates::step).unwrap_or_default()
    }
}

/// The sign of a matter. It never stands alone: its words follow.
pub(crate) fn sign(code: Code) -> char {
    match code {
        Code::CustomerUnmapped | Code::ServiceUnmapped | Code::CustomerNameless => '?',
        Code::HumanEdit | Code::TugOfWar | Code::ChangedMeanwhile => '≠',
        Code::LineAmbiguous | Code::CompanyAmbiguous | Code::AgreementAmbiguous | Code::InDoubtAmbiguous => '⧉',
        Code::InDoubt | Code::PreviousRunCutOff => '…',
        Code::WriteRefused | Code::WriteIgnored => '✗',
        Code::CompanyMissing | Code::AgreementMissing | Code::AgreementNotActive | Code::AgreementOneTime => '×',
        _ => '!',
    }
}

/// The last line always says the next command.
fn next(run: &RunRecord, end: &RunEnd, changes: &[(Change, Vec<&LineRecord>)], stops: &[&Finding]) -> Vec<String> {
    let plan = run.planned.as_ref().map(|PlanRecord { fingerprint, .. }| short(fingerprint));
    let large = run.planned.iter().flat_map(|planned| &planned.lines).any(LineRecord::is_large);
    // A plan that may not be on the disk cannot be applied.
    let lost = stops.iter().find(|finding| finding.code == Code::StoreFailed);
    let pending = large || changes.iter().any(|(kind, _)| matches!(kind, Change::Would | Change::WithPlan));
    match plan.filter(|_| lost.is_none()) {
        Some(plan) if pending && end.totals.changed == 0 => vec![pending_plan(run, plan)],
        _ => match lost.into_iter().chain(stops).map(|finding| &finding.fix).find(|fix| !fix.is_empty()) {
            Some(fix) => fix.lines().iter().map(ToString::to_string).collect(),
            None => {
                let asked = end.findings.iter().filter(|finding| finding.severity == Severity::Decide);
                let first = asked.filter_map(|finding| finding.handle.as_deref()).next();
                first.map(|_| "recount held".to_owned()).into_iter().collect()
            }
        },
    }
}

fn pending_plan(run: &RunRecord, plan: &str) -> String {
    if run.mode == Mode::Observe {
        return format!(
            "plan {plan} · to carry it out, set mode = \"apply\" in recount.toml, then recount apply {plan}"
        );
    }
    let sources = if run.undoes.is_some() { "ConnectWise stays" } else { "ConnectWise and the export stay" };
    format!("plan {plan} · recount apply {plan} · valid while {sources} as read")
}

words! {
    /// In which part of a report a line stands: each line in exactly one. Its word stands in tables.
    ReportSection {
        /// Written, or would be.
        Changed = "changed",
        /// Held, refused or in doubt.
        Held = "held",
        /// Somebody else changed it in ConnectWise.
        Drift = "drift",
        /// Without a place in ConnectWise, or skipped on purpose.
        LeftOut = "left-out",
        /// Billed and used are equal.
        Unchanged = "unchanged",
    }
}

impl ReportSection {
    /// The part of a line.
    pub fn of(line: &LineRecord) -> Self {
        let drift = matches!(line.reason, Code::HumanEdit | Code::TugOfWar | Code::ChangedMeanwhile | Code::UndoMoved);
        match line.outcome {
            _ if Change::of(line).is_some() => ReportSection::Changed,
            Outcome::Unchanged => ReportSection::Unchanged,
            _ if drift => ReportSection::Drift,
            Outcome::Skipped => ReportSection::LeftOut,
            _ if line.agreement.is_none() => ReportSection::LeftOut,
            _ => ReportSection::Held,
        }
    }
}
