//! What a person may answer to an open item: accept, keep, ignore, or take an answer back.
//!
//! Decided here alone. Commands and pages ask [`answer`] before they store anything, and show its refusal; the planner
//! asks the same rules before it applies what was stored. So no answer is taken that the next plan would not follow.

use crate::reconcile::model::plan::line::Verdict;
use crate::reconcile::model::plan::outcome::{AnswerVerb, Outcome};
use crate::reconcile::model::plan::reason_code::{Code, Severity};

/// What the newest plan shows under one handle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShownItem {
    /// The line, if the handle is that of one.
    pub line: Option<ShownLine>,
    /// The first finding about it, as reports order them.
    pub finding: Option<ShownFinding>,
    /// The last answer to it, unless that was taken back.
    pub answered: Option<AnswerVerb>,
}

/// A line as the newest plan left it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShownLine {
    /// What became of it.
    pub outcome: Outcome,
    /// Why.
    pub reason: Code,
    /// Whether its agreement and product are known: an answer is kept by them.
    pub is_placed: bool,
    /// Whether a quantity followed from the counts.
    pub is_counted: bool,
}

/// A finding of the newest plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShownFinding {
    /// What was found.
    pub code: Code,
    /// Whether it is to be decided.
    pub severity: Severity,
    /// Whether it is about something that an answer can name, and not about the whole night.
    pub is_nameable: bool,
}

/// An answer that may be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PermittedAnswer {
    /// What it is about.
    pub about: AnswerSubject,
    /// Why that was held, or what was found.
    pub reason: Code,
}

/// What an answer is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerSubject {
    /// The line.
    Line,
    /// What the finding is about: a line, a customer, a service, a product.
    Finding,
}

/// Why an answer is not taken, and by that what helps instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The whole plan is held. It is approved as a whole, by its fingerprint.
    PlanHeld,
    /// The line was changed between plan and write: only a new plan shows what stands there.
    Conflict,
    /// The item is open, and this is no answer to it: the finding names its remedy.
    AnotherRemedy {
        /// What was found.
        code: Code,
        /// Whether it may be ignored instead.
        ignorable: bool,
    },
    /// The line is held by another open item.
    HeldByAnother(Code),
    /// The line does not wait for a decision.
    NotOpen(Outcome, Code),
    /// It is for information only.
    InformationOnly,
    /// Nothing was answered, so nothing can be taken back.
    NotAnswered,
}

/// Whether this may be answered to that.
pub fn answer(verb: AnswerVerb, item: &ShownItem) -> Result<PermittedAnswer, Refusal> {
    permitted(verb, item).ok_or_else(|| refusal(verb, item))
}

fn permitted(verb: AnswerVerb, item: &ShownItem) -> Option<PermittedAnswer> {
    let of_line = |line: &ShownLine| PermittedAnswer { about: AnswerSubject::Line, reason: line.reason };
    let of_finding = |finding: &ShownFinding| PermittedAnswer { about: AnswerSubject::Finding, reason: finding.code };
    let line = || item.line.as_ref().filter(|line| line.is_placed);
    let finding = || item.finding.as_ref().filter(|finding| finding.is_nameable);
    match verb {
        AnswerVerb::Accept => line().filter(|line| is_acceptable(line)).map(of_line),
        AnswerVerb::Keep => line().filter(|line| is_keepable(line)).map(of_line),
        AnswerVerb::Ignore => {
            let open = |finding: &&ShownFinding| finding.severity == Severity::Decide;
            // One of the lines that a single open item lists.
            let listed = || {
                line()
                    .filter(|line| line.outcome == Outcome::Held && line.reason == Code::BilledNotCounted)
                    .map(of_line)
            };
            // The note or the end of an answer may be changed.
            let ignorable =
                finding().filter(|found| open(found) || item.answered == Some(AnswerVerb::Ignore)).map(of_finding);
            listed().or(ignorable)
        }
        AnswerVerb::Reopen => {
            let answered = item.answered.is_some();
            finding().map(of_finding).or_else(|| line().map(of_line)).filter(|_| answered)
        }
    }
}

/// A step that a person can take upon themselves.
fn is_acceptable(line: &ShownLine) -> bool {
    line.outcome == Outcome::Held && may_be_accepted(line.reason) && line.is_counted
}

/// A line that would be written, now, on a later night, or once the whole plan is approved.
fn is_keepable(line: &ShownLine) -> bool {
    match line.outcome {
        Outcome::Held => is_write_held_back(line.reason) || hold_may_be_kept(line.reason),
        // What ConnectWise holds is not known.
        Outcome::Unknown => false,
        _ => true,
    }
}

/// What the planner drew as a write, and something beside the line stopped.
fn is_write_held_back(reason: Code) -> bool {
    matches!(reason, Code::PlanHeld | Code::NotReached)
}

fn refusal(verb: AnswerVerb, item: &ShownItem) -> Refusal {
    let open = item.finding.filter(|finding| finding.severity == Severity::Decide);
    match (verb, item.line, open) {
        (AnswerVerb::Reopen, _, _) => Refusal::NotAnswered,
        (_, Some(ShownLine { reason: Code::PlanHeld, .. }), _) => Refusal::PlanHeld,
        (_, Some(ShownLine { outcome: Outcome::Conflict, .. }), _) => Refusal::Conflict,
        (_, _, Some(ShownFinding { code, .. })) => {
            Refusal::AnotherRemedy { code, ignorable: permitted(AnswerVerb::Ignore, item).is_some() }
        }
        (_, Some(ShownLine { outcome: Outcome::Held, reason, .. }), None) => Refusal::HeldByAnother(reason),
        (_, Some(ShownLine { outcome, reason, .. }), None) => Refusal::NotOpen(outcome, reason),
        (_, None, None) => Refusal::InformationOnly,
    }
}

/// Whether nothing is left to decide once the integration is off: it owns nothing then, and no other one has to share with it.
pub fn is_over_when_off(code: Code) -> bool {
    code == Code::LineOwnedTwice
}

/// Held for one of these, a step may be accepted: it is readable, and a person can say that it is right.
pub fn may_be_accepted(reason: Code) -> bool {
    matches!(
        reason,
        Code::ToZero
            | Code::LineStep
            | Code::HumanEdit
            | Code::WriteIgnored
            | Code::TugOfWar
            | Code::Fractional
            | Code::LineLeftBehind
            | Code::CountTakenOut
            | Code::LineElsewhere
            | Code::LineJustEnded
            | Code::HostChanged
            | Code::ServiceMissing
            | Code::RowsMissing
    )
}

/// Held for one of these, a line may be left as ConnectWise has it: what would be written is known.
fn hold_may_be_kept(reason: Code) -> bool {
    may_be_accepted(reason) || reason == Code::LineMissing
}

/// Whether tonight's plan leaves a line alone that is kept. One that needs nothing tonight stays kept for later.
pub(in crate::reconcile) fn keep_applies(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Update(_) | Verdict::Create(_) | Verdict::Large(_) => true,
        Verdict::Held(reason) => hold_may_be_kept(*reason),
        Verdict::Unchanged(_) | Verdict::Skipped(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERBS: [AnswerVerb; 3] = [AnswerVerb::Accept, AnswerVerb::Keep, AnswerVerb::Ignore];

    fn line(outcome: Outcome, reason: Code) -> ShownLine {
        ShownLine { outcome, reason, is_placed: true, is_counted: true }
    }

    fn finding(code: Code, severity: Severity) -> ShownFinding {
        ShownFinding { code, severity, is_nameable: true }
    }

    fn only_line(outcome: Outcome, reason: Code) -> ShownItem {
        ShownItem { line: Some(line(outcome, reason)), finding: None, answered: None }
    }

    /// Every outcome with every reason.
    fn every_line() -> impl Iterator<Item = (Outcome, Code)> {
        Outcome::ALL.iter().flat_map(|outcome| Code::ALL.iter().map(|reason| (*outcome, *reason)))
    }

    /// Otherwise an operator's answer would be taken and never followed, or refused although the planner would follow it.
    #[test]
    fn what_the_planner_keeps_is_what_may_be_kept() {
        for reason in Code::ALL.iter().copied().filter(|reason| !is_write_held_back(*reason)) {
            let may = answer(AnswerVerb::Keep, &only_line(Outcome::Held, reason)).is_ok();
            assert_eq!(may, keep_applies(&Verdict::Held(reason)), "{reason}");
        }
    }

    /// A line may always be left alone before it may be changed: whoever can accept a step can refuse it.
    #[test]
    fn whatever_may_be_accepted_may_be_kept() {
        for (outcome, reason) in every_line() {
            let item = only_line(outcome, reason);
            let accepted = answer(AnswerVerb::Accept, &item);
            assert_eq!(accepted.is_ok(), outcome == Outcome::Held && may_be_accepted(reason), "{outcome} {reason}");
            assert!(accepted.is_err() || answer(AnswerVerb::Keep, &item).is_ok(), "{outcome} {reason}");
        }
    }

    /// Otherwise a refusal would send somebody in a circle.
    #[test]
    fn a_refusal_offers_only_what_is_permitted() {
        let findings = [None, Some(Severity::Decide), Some(Severity::Warning), Some(Severity::Info)];
        for ((outcome, reason), severity) in every_line().flat_map(|one| findings.map(|severity| (one, severity))) {
            let found = severity.map(|severity| finding(reason, severity));
            for line in [None, Some(line(outcome, reason))] {
                let item = ShownItem { line, finding: found, answered: None };
                let held = line.is_some() && outcome == Outcome::Held;
                let listed = held && reason == Code::BilledNotCounted;
                let open = severity == Some(Severity::Decide) || listed;
                assert_eq!(answer(AnswerVerb::Ignore, &item).is_ok(), open, "{item:?}");
                for refusal in VERBS.iter().filter_map(|verb| answer(*verb, &item).err()) {
                    match refusal {
                        Refusal::PlanHeld => assert_eq!(reason, Code::PlanHeld),
                        Refusal::Conflict => assert_eq!(outcome, Outcome::Conflict),
                        Refusal::AnotherRemedy { code, ignorable } => assert!(open && ignorable && code == reason),
                        Refusal::HeldByAnother(_) => assert!((!open || listed) && outcome == Outcome::Held),
                        Refusal::NotOpen(..) => assert!(!open && outcome != Outcome::Held),
                        Refusal::InformationOnly => assert!(!open && item.line.is_none()),
                        Refusal::NotAnswered => panic!("nobody took an answer back: {item:?}"),
                    }
                }
            }
        }
    }

    /// What has no place, or no count, has nothing that an answer could hold for.
    #[test]
    fn a_line_without_a_place_or_a_count_is_not_accepted() {
        let shown = line(Outcome::Held, Code::ToZero);
        for line in [ShownLine { is_placed: false, ..shown }, ShownLine { is_counted: false, ..shown }] {
            let item = ShownItem { line: Some(line), finding: None, answered: None };
            assert_eq!(answer(AnswerVerb::Accept, &item), Err(Refusal::HeldByAnother(Code::ToZero)));
        }
    }

    #[test]
    fn only_an_answer_can_be_taken_back() {
        let open = finding(Code::CustomerUnmapped, Severity::Decide);
        let item = ShownItem { line: None, finding: Some(open), answered: None };
        assert_eq!(answer(AnswerVerb::Reopen, &item), Err(Refusal::NotAnswered));
        let quiet = ShownFinding { severity: Severity::Info, ..open };
        let ignored = ShownItem { finding: Some(quiet), answered: Some(AnswerVerb::Ignore), ..item };
        let permitted = PermittedAnswer { about: AnswerSubject::Finding, reason: Code::CustomerUnmapped };
        assert_eq!(answer(AnswerVerb::Reopen, &ignored), Ok(permitted));
        assert_eq!(answer(AnswerVerb::Ignore, &ignored), Ok(permitted), "its note or its end may be changed");
    }
}
