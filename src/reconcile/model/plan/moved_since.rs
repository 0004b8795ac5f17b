//! Which lines of a plan that somebody saw are otherwise in the one drawn now, and by whom or what.

use std::collections::{BTreeMap, BTreeSet};

use crate::reconcile::model::decision::Decision;
use crate::reconcile::model::display_text::{day, escaped, shown};
use crate::reconcile::model::ids::{CustomerName, RunId, ServiceName};
use crate::reconcile::model::last_change::LastChange;
use crate::reconcile::model::plan::line::{FirstBilled, Source};
use crate::reconcile::model::plan::outcome::Outcome;
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::quantity::Quantity;

/// A line of a stored plan, as far as two plans are compared by it.
#[derive(Debug, Clone, Copy)]
pub struct ComparedLine<'a> {
    /// Its handle.
    pub handle: &'a str,
    /// What ConnectWise held when the plan was drawn.
    pub was: Option<Quantity>,
    /// What followed from the counts.
    pub wanted: Option<Quantity>,
    /// What became of it.
    pub outcome: Outcome,
    /// Why.
    pub reason: Code,
    /// Where its change is billed first.
    pub billed: FirstBilled,
    /// The counts behind it.
    pub sources: &'a [Source],
}

/// Whatever keeps a line of a plan.
pub trait PlannedLine {
    /// What two plans are compared by.
    fn compared(&self) -> ComparedLine<'_>;
}

/// A line as the plan had it, and as it is now; at least one of them.
pub type MovedLine<'a, L> = (Option<&'a L>, Option<&'a L>);

/// The lines whose quantities, whose fate or whose invoice are not those of the plan, by handle.
///
/// Unchanged lines of an older plan may have been thinned out of the history, so a line that only one of the two knows
/// counts as moved only where the other side would have changed or held it.
pub fn moved_lines<'a, L: PlannedLine>(then: &'a [L], now: &'a [L]) -> Vec<MovedLine<'a, L>> {
    let (then, now) = (by_handle(then), by_handle(now));
    let handles: BTreeSet<&str> = then.keys().chain(now.keys()).copied().collect();
    let pairs = handles.into_iter().map(|handle| (then.get(handle).copied(), now.get(handle).copied()));
    pairs.filter(has_moved).collect()
}

fn by_handle<L: PlannedLine>(lines: &[L]) -> BTreeMap<&str, &L> {
    lines.iter().map(|line| (line.compared().handle, line)).collect()
}

fn has_moved<L: PlannedLine>(pair: &MovedLine<'_, L>) -> bool {
    let facts = |line: ComparedLine<'_>| (line.was, line.wanted, fate(line), line.billed);
    match pair {
        (Some(then), Some(now)) => facts(then.compared()) != facts(now.compared()),
        (Some(one), None) | (None, Some(one)) => one.compared().outcome != Outcome::Unchanged,
        (None, None) => false,
    }
}

/// A line that was or would be written is the same whether its run was a dry one, was held, or carried it out.
fn fate(line: ComparedLine<'_>) -> Outcome {
    match (line.outcome, line.reason) {
        (Outcome::Updated, _) => Outcome::WouldUpdate,
        (Outcome::Created, _) => Outcome::WouldCreate,
        (Outcome::Held, Code::PlanHeld | Code::NotReached) if line.was.is_some() => Outcome::WouldUpdate,
        (Outcome::Held, Code::PlanHeld | Code::NotReached) => Outcome::WouldCreate,
        (outcome, _) => outcome,
    }
}

/// Whether the plan writes the line.
pub fn is_written(line: &impl PlannedLine) -> bool {
    matches!(fate(line.compared()), Outcome::WouldUpdate | Outcome::WouldCreate)
}

/// `3 → 7 on the invoice of Thu 31 Dec 2026`, or how the line stands without a step.
pub fn planned_step(line: &impl PlannedLine) -> String {
    let line = line.compared();
    step(line) + &billed(line)
}

/// ` on the invoice of Thu 31 Dec 2026, of December 2026`.
fn billed(line: ComparedLine<'_>) -> String {
    let FirstBilled { invoice, month } = line.billed;
    let invoice = invoice.map(|on| format!(" on the invoice of {}", day(on))).unwrap_or_default();
    let month = month.map(|first| format!(", of {}", first.format("%B %Y"))).unwrap_or_default();
    invoice + &month
}

fn step(line: ComparedLine<'_>) -> String {
    let units =
        |quantity: Option<Quantity>| quantity.map_or_else(|| "none".to_owned(), |quantity| quantity.to_string());
    match fate(line) {
        Outcome::WouldUpdate | Outcome::WouldCreate => format!("{} → {}", units(line.was), units(line.wanted)),
        Outcome::Unchanged => format!("unchanged at {}", units(line.was)),
        outcome => format!("{outcome} at {} ({})", units(line.was), line.reason),
    }
}

/// What is known to have happened to one line between two plans.
#[derive(Debug, Clone, Copy, Default)]
pub struct BetweenPlans<'a> {
    /// The run that wrote it last.
    pub written_by: Option<RunId>,
    /// Who changed ConnectWise's record last, where it holds otherwise than recount knew.
    pub edited: Option<&'a LastChange>,
    /// The last answer about it.
    pub answer: Option<&'a Decision>,
    /// Who edited what the mapping says of one of its customers or services; empty for an edit by hand.
    pub mapped_by: Option<&'a str>,
}

/// What moved a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MovedBy {
    /// A run of recount wrote it.
    Run(RunId),
    /// Somebody changed it in ConnectWise; who, where ConnectWise said so.
    ConnectWise(Option<LastChange>),
    /// The vendor counted otherwise.
    Export,
    /// Somebody edited the mapping; who, where it was by the desk or a command.
    Mapping(Option<String>),
    /// Other counts are behind it, and no edit of the mapping is known: one of the two.
    ExportOrMapping,
    /// A person answered; in words.
    Answer(String),
    /// The same counts come to other units: a policy, or what a peak or an average looks back on.
    Policy,
    /// It comes first on another invoice, or is of another month.
    Invoice,
}

/// Everything that moved a line, as far as it is known. Nothing is guessed: where nothing is known there is nothing.
pub fn moved_by<L: PlannedLine>((then, now): MovedLine<'_, L>, between: BetweenPlans<'_>) -> Vec<MovedBy> {
    let BetweenPlans { written_by, edited, answer, mapped_by } = between;
    let mut causes = Vec::new();
    let lines = (then.map(PlannedLine::compared), now.map(PlannedLine::compared));
    if let (Some(then), Some(now)) = lines
        && then.was != now.was
    {
        // Where somebody changed it after recount wrote it, that is what moved it last.
        causes.push(match (edited, written_by) {
            (None, Some(run)) => MovedBy::Run(run),
            (edited, _) => MovedBy::ConnectWise(edited.cloned()),
        });
    }
    let mapped = || mapped_by.map(|who| MovedBy::Mapping((!who.is_empty()).then(|| who.to_owned())));
    match lines {
        (Some(then), Some(now)) if names(then) == names(now) => {
            let moved = then.wanted != now.wanted;
            let recounted = counts(then) != counts(now);
            causes.extend((moved && recounted).then_some(MovedBy::Export));
            causes.extend((moved && !recounted).then(|| mapped().unwrap_or(MovedBy::Policy)));
        }
        // What nobody counts was found, or is there no more: neither of the two says anything of it.
        (then, now) => {
            let is_counted = [then, now].into_iter().flatten().any(|line| !line.sources.is_empty());
            causes.extend(mapped().or(is_counted.then_some(MovedBy::ExportOrMapping)));
        }
    }
    // An answer that left the line's fate as it was moved nothing.
    let stands = |line: ComparedLine<'_>| (fate(line), line.reason);
    let decided = lines.0.map(stands) != lines.1.map(stands);
    causes.extend(answer.filter(|_| decided).map(|answer| MovedBy::Answer(answer.sentence())));
    if let (Some(then), Some(now), true) = (lines.0, lines.1, causes.is_empty()) {
        causes.extend((then.billed != now.billed).then_some(MovedBy::Invoice));
    }
    causes
}

/// Which counts are behind a line.
fn names(line: ComparedLine<'_>) -> BTreeSet<(&CustomerName, &ServiceName)> {
    line.sources.iter().map(|source| (&source.customer, &source.service)).collect()
}

fn counts(line: ComparedLine<'_>) -> BTreeMap<(&CustomerName, &ServiceName), Option<Quantity>> {
    line.sources.iter().map(|source| ((&source.customer, &source.service), source.count)).collect()
}

impl MovedBy {
    /// In words, made safe to be shown.
    pub fn said(&self) -> String {
        match self {
            Self::Run(run) => format!("recount, run {run}"),
            Self::ConnectWise(None) => "in ConnectWise".to_owned(),
            Self::ConnectWise(Some(change)) => format!("in ConnectWise, {}", escaped(&change.said())),
            Self::Export => "the export".to_owned(),
            Self::Mapping(None) => "the mapping, edited by hand".to_owned(),
            Self::Mapping(Some(who)) => format!("the mapping, edited by {}", shown(who)),
            Self::ExportOrMapping => "the export or the mapping".to_owned(),
            Self::Answer(sentence) => escaped(sentence),
            Self::Policy => "a policy, on the same counts".to_owned(),
            Self::Invoice => "the invoice's date".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Stored(Option<i64>, Option<i64>, Vec<Source>, Outcome);

    impl PlannedLine for Stored {
        fn compared(&self) -> ComparedLine<'_> {
            let Self(was, wanted, sources, outcome) = self;
            let units = |units: Option<i64>| units.map(|units| units.to_string().parse().unwrap());
            let (was, wanted, billed) = (units(*was), units(*wanted), FirstBilled::default());
            let reason = Code::CountChanged;
            ComparedLine { handle: "aaaaa", was, wanted, outcome: *outcome, reason, billed, sources }
        }
    }

    fn counted(customer: &str, count: i64) -> Source {
        let (customer, service) = (CustomerName::new(customer), ServiceName::new("CloudFilter"));
        let count = Some(count.to_string().parse().unwrap());
        let (lines, items) = (vec![2], Vec::new());
        Source { customer, service, count, lines, place: None, how: None, items, is_former: false }
    }

    fn planned(was: i64, wanted: i64, sources: Vec<Source>) -> Stored {
        Stored(Some(was), Some(wanted), sources, Outcome::WouldUpdate)
    }

    /// Otherwise whoever approves telephones around for who did it, or blames the wrong one.
    #[test]
    fn a_moved_line_says_what_moved_it() {
        let then = planned(3, 7, vec![counted("Acme", 7)]);
        let by = |now: &Stored, between| moved_by((Some(&then), Some(now)), between);
        let nothing = BetweenPlans::default();
        assert_eq!(by(&planned(3, 8, vec![counted("Acme", 8)]), nothing), [MovedBy::Export]);
        let edited = planned(4, 7, vec![counted("Acme", 7)]);
        let change = LastChange { by: "jdoe".into(), at: "2026-11-22T09:12:00Z".into() };
        let known = BetweenPlans { edited: Some(&change), ..nothing };
        assert_eq!(by(&edited, known), [MovedBy::ConnectWise(Some(change.clone()))]);
        assert_eq!(by(&edited, nothing), [MovedBy::ConnectWise(None)], "nobody is named whom nobody knows");
        let written = BetweenPlans { written_by: Some(RunId(4)), ..nothing };
        assert_eq!(by(&edited, written), [MovedBy::Run(RunId(4))], "recount's own write is nobody's edit");
        let edited_again = BetweenPlans { written_by: Some(RunId(4)), ..known };
        assert_eq!(
            by(&edited, edited_again),
            [MovedBy::ConnectWise(Some(change.clone()))],
            "it was changed after that"
        );
        let mapped = BetweenPlans { mapped_by: Some("dana"), ..nothing };
        let joined = planned(3, 9, vec![counted("Acme", 7), counted("Borealis", 2)]);
        assert_eq!(by(&joined, mapped), [MovedBy::Mapping(Some("dana".into()))]);
        assert_eq!(by(&joined, nothing), [MovedBy::ExportOrMapping]);
        assert_eq!(by(&planned(3, 9, vec![counted("Acme", 7)]), nothing), [MovedBy::Policy]);
        let both = by(&planned(4, 8, vec![counted("Acme", 8)]), known);
        assert_eq!(both, [MovedBy::ConnectWise(Some(change)), MovedBy::Export]);
        assert_eq!(moved_by((Some(&then), None), mapped), [MovedBy::Mapping(Some("dana".into()))]);
        let found = Stored(Some(33), None, Vec::new(), Outcome::Held);
        assert_eq!(
            moved_by((None, Some(&found)), nothing),
            [],
            "a line that nobody counts is in no export and no mapping"
        );
    }

    #[test]
    fn a_thinned_line_has_not_moved() {
        let gone = [Stored(Some(3), Some(3), Vec::new(), Outcome::Unchanged)];
        assert!(moved_lines(&gone, &[]).is_empty());
        assert_eq!(moved_lines(&[planned(3, 7, Vec::new())], &[]).len(), 1);
    }
}
