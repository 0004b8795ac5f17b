//! What operators answered: an answer holds for what was seen, and for nothing else.

use proptest::prelude::*;

use super::night::{FILTER, Night, codes, create, day, key, line, q, said, set, time, unplaced};
use recount::reconcile::model::decision::{Decision, DecisionSubject, Decisions, SeenLine};
use recount::reconcile::model::ids::{AdditionId, CustomerName, RunId, ServiceName};
use recount::reconcile::model::line_owners::Owned;
use recount::reconcile::model::past::WrittenQuantity;
use recount::reconcile::model::plan::line::Verdict;
use recount::reconcile::model::plan::outcome::AnswerVerb;
use recount::reconcile::model::plan::reason_code::{Code, Severity};

pub(super) fn decision(verb: AnswerVerb, reason: Code) -> Decision {
    Decision {
        handle: "b2c3d".to_owned(),
        verb,
        until: None,
        note: "asked".to_owned(),
        who: "mmiller".to_owned(),
        at: time("2026-03-09T08:00:00Z").fixed_offset(),
        reason,
        seen: None,
        named: None,
        within: None,
        unmapped: false,
        spent: false,
    }
}

fn accepted(was: &str, wanted: &str) -> Decision {
    let seen =
        SeenLine { addition: Some(AdditionId(100)), was: Some(q(was)), wanted: Some(q(wanted)), changed_at: None };
    Decision { seen: Some(seen), ..decision(AnswerVerb::Accept, Code::LineStep) }
}

fn decide(night: &mut Night, matter: DecisionSubject, decision: Decision) {
    night.past.decisions.0.insert(matter, decision);
}

fn acme_filter() -> DecisionSubject {
    DecisionSubject::line(&key(10, FILTER))
}

/// Acme uses `used` and is billed `billed`; Borealis is there, and quiet.
fn acme(used: &str, billed: &str) -> Night {
    let mut night = Night::new();
    night.row("Acme", "CloudFilter", used).addition(10, 100, FILTER, billed);
    night.row("Borealis", "CloudFilter", "5").addition(20, 200, FILTER, "5");
    night
}

#[test]
fn an_accepted_step_is_taken() {
    let mut night = acme("0", "12");
    assert_eq!(night.filter_line().verdict, Verdict::Held(Code::ToZero));
    let fingerprint = night.plan().fingerprint();
    decide(&mut night, acme_filter(), accepted("12", "0"));
    let line = night.filter_line();
    assert_eq!(line.verdict, set(100, "12", "0"));
    assert!(line.detail.contains("accepted by mmiller"), "{}", line.detail);
    assert_eq!(codes(&night.plan()), []);
    assert_ne!(night.plan().fingerprint(), fingerprint, "an approval of the plan before is none of this one");
}

/// Who renewed the answer about an addition that a line had left behind took the keep of the line back with it: it was written.
#[test]
fn an_answer_about_what_a_line_was_ends_none_about_what_it_is() {
    for (is_now, stays) in [(150, true), (100, false)] {
        let seen =
            SeenLine { addition: Some(AdditionId(is_now)), was: Some(q("8")), wanted: Some(q("11")), changed_at: None };
        let mut decisions = Decisions::default();
        decisions.add(acme_filter(), Decision { seen: Some(seen), ..decision(AnswerVerb::Keep, Code::LineStep) });
        let left = DecisionSubject::left_behind(&key(10, FILTER), Some(AdditionId(100)));
        decisions.add(left.clone(), decision(AnswerVerb::Keep, Code::LineLeftBehind));
        assert_eq!(decisions.0.contains_key(&acme_filter()), stays, "the line is addition {is_now}");
        assert!(decisions.0.contains_key(&left));
    }
}

/// Ignored in the month in which the line before it ended, or in the first night after another host, the new line was created as
/// soon as that was over.
#[test]
fn a_new_line_that_was_ignored_while_it_waited_is_not_created_when_the_wait_is_over() {
    let mut night = Night::new();
    night.row("Acme", "CloudFilter", "9").addition(10, 100, FILTER, "9");
    night.row("Borealis", "CloudFilter", "5").addition(20, 200, FILTER, "5");
    night.amend_addition(100, |line| line.cancelled_on = Some(day("2026-02-28")));
    let created = night.filter_line().verdict;
    assert!(matches!(created, Verdict::Create(_)), "{created:?}");
    for reason in [Code::LineJustEnded, Code::HostChanged] {
        let seen = SeenLine { addition: None, was: None, wanted: Some(q("9")), changed_at: None };
        let ignored = Decision { seen: Some(seen), ..decision(AnswerVerb::Ignore, reason) };
        decide(&mut night, acme_filter(), ignored.clone());
        assert_eq!(night.filter_line().verdict, Verdict::Skipped(Code::Ignored), "{reason}");
        let until = Decision { until: Some(day("2026-03-09")), ..ignored };
        decide(&mut night, acme_filter(), until);
        assert_eq!(night.filter_line().verdict, created, "{reason}");
        assert!(codes(&night.plan()).contains(&(Severity::Warning, Code::DecisionExpired)), "{reason}");
    }
}

#[test]
fn an_accepted_step_is_no_other_step_and_the_report_says_what_moved() {
    for (used, billed, moved) in [("0", "14", "ConnectWise holds 14 now"), ("100", "12", "100 is wanted now")] {
        let mut night = acme(used, billed);
        decide(&mut night, acme_filter(), accepted("12", "0"));
        let line = night.filter_line();
        assert!(matches!(line.verdict, Verdict::Held(_)), "{line:#?}");
        assert!(line.detail.contains(moved) && line.detail.contains("12 → 0"), "{}", line.detail);
    }
}

#[test]
fn an_accepted_step_is_taken_once() {
    let mut night = acme("0", "12");
    decide(&mut night, acme_filter(), Decision { spent: true, ..accepted("12", "0") });
    assert_eq!(night.filter_line().verdict, Verdict::Held(Code::ToZero));
}

#[test]
fn an_accepted_step_of_another_addition_is_held() {
    let mut night = acme("0", "12");
    decide(&mut night, acme_filter(), accepted("12", "0"));
    night.amend_addition(100, |addition| addition.cancelled_on = Some(day("2026-03-01")));
    night.addition(10, 101, FILTER, "12");
    let line = night.filter_line();
    assert_eq!(line.verdict, Verdict::Held(Code::ToZero));
    assert!(line.detail.contains("addition 101"), "{}", line.detail);
}

#[test]
fn a_new_line_that_is_accepted_is_created_by_the_rules_of_creations() {
    let mut night = Night::new();
    night.row("Acme", "CloudFilter", "2.5").whole("CloudFilter");
    let seen = SeenLine { addition: None, was: None, wanted: Some(q("2.5")), changed_at: None };
    decide(&mut night, acme_filter(), Decision { seen: Some(seen), ..decision(AnswerVerb::Accept, Code::Fractional) });
    assert_eq!(night.filter_line().verdict, create(1, "2.5"));
    night.mapping.create_lines = false;
    assert_eq!(night.filter_line().verdict, Verdict::Held(Code::LineMissing));
}

/// An answer is for what was shown: what the mapping took off the line since is another question with the same numbers.
#[test]
fn an_accepted_step_is_not_taken_for_another_reason() {
    let mut night = acme("0", "12");
    decide(&mut night, acme_filter(), accepted("12", "0"));
    let owned = Owned {
        addition: Some(AdditionId(100)),
        sources: [(CustomerName::new("Cedar"), ServiceName::new("CloudFilter"))].into(),
        ..Owned::default()
    };
    night.past.owned.insert(key(10, FILTER), owned);
    let line = night.filter_line();
    assert_eq!(line.verdict, Verdict::Held(Code::CountTakenOut));
    assert!(line.detail.contains("nobody was asked about count-taken-out"), "{}", line.detail);
}

/// An answer to a step says nothing about which of two lines is meant.
#[test]
fn an_acceptance_never_guesses_between_two_lines() {
    let mut night = acme("0", "12");
    decide(&mut night, acme_filter(), accepted("12", "0"));
    night.addition(10, 101, FILTER, "12");
    assert_eq!(night.filter_line().verdict, Verdict::Held(Code::LineAmbiguous));
}

#[test]
fn a_kept_line_stays_as_connectwise_has_it_until_the_day_is_over() {
    let mut night = acme("5", "40");
    night.past.written.insert(AdditionId(100), WrittenQuantity::once(q("5"), RunId(7)));
    assert_eq!(night.filter_line().verdict, Verdict::Held(Code::HumanEdit));
    let until = Some(night.today);
    decide(&mut night, acme_filter(), Decision { until, ..decision(AnswerVerb::Keep, Code::HumanEdit) });
    let line = night.filter_line();
    assert_eq!(line.verdict, Verdict::Skipped(Code::Kept));
    assert!(line.detail.contains("until Tue 10 Mar 2026") && line.detail.contains("asked"), "{}", line.detail);
    assert_eq!(codes(&night.plan()), [(Severity::Info, Code::Kept)], "told, and no longer asked about");

    night.today = day("2026-03-11");
    let plan = night.plan();
    assert_eq!(night.filter_line().verdict, Verdict::Held(Code::HumanEdit));
    assert_eq!(codes(&plan), [(Severity::Decide, Code::HumanEdit), (Severity::Warning, Code::DecisionExpired)]);
}

/// Whoever keeps a quantity does not say which of two lines it stands on, nor that an agreement is good.
#[test]
fn keeping_a_line_hides_no_other_trouble() {
    let mut night = acme("5", "40");
    decide(&mut night, acme_filter(), decision(AnswerVerb::Keep, Code::HumanEdit));
    night.addition(10, 101, FILTER, "1");
    assert_eq!(night.filter_line().verdict, Verdict::Held(Code::LineAmbiguous));
}

#[test]
fn an_ignored_customer_is_not_asked_about_and_its_lines_are_explained() {
    let mut night = acme("5", "5");
    night.row("Zeta", "CloudFilter", "9");
    decide(
        &mut night,
        DecisionSubject::Customer(CustomerName::new("Zeta")),
        decision(AnswerVerb::Ignore, Code::CustomerUnmapped),
    );
    let plan = night.plan();
    assert_eq!(codes(&plan), [(Severity::Info, Code::CustomerUnmapped)]);
    let line = unplaced(&plan, "Zeta", "CloudFilter");
    assert_eq!(line.verdict, Verdict::Skipped(Code::Ignored));
    assert!(line.detail.contains("ignored by mmiller"), "{}", line.detail);

    night.past.decisions.0.values_mut().for_each(|decision| decision.until = Some(day("2026-03-09")));
    let both = [(Severity::Decide, Code::CustomerUnmapped), (Severity::Warning, Code::DecisionExpired)];
    assert_eq!(codes(&night.plan()), both);
}

/// "Not mapped" was ignored; that the agreement ended is another matter, and somebody is billed by it.
#[test]
fn a_matter_is_ignored_for_the_reason_that_it_had() {
    let mut night = acme("5", "5");
    night.amend(10, |agreement| agreement.ends_on = Some(day("2026-01-31")));
    decide(
        &mut night,
        DecisionSubject::Customer(CustomerName::new("Acme")),
        decision(AnswerVerb::Ignore, Code::CustomerUnmapped),
    );
    assert_eq!(codes(&night.plan()), [(Severity::Decide, Code::AgreementNotActive)]);
    decide(
        &mut night,
        DecisionSubject::Customer(CustomerName::new("Acme")),
        decision(AnswerVerb::Ignore, Code::AgreementNotActive),
    );
    assert_eq!(codes(&night.plan()), [(Severity::Info, Code::AgreementNotActive)]);
    assert_eq!(night.filter_line().verdict, Verdict::Skipped(Code::Ignored));
}

/// Two customers on one agreement, both gone: the answer about one does not speak for the other.
#[test]
fn a_line_that_two_matters_hold_waits_for_both() {
    let mut night = Night::new();
    night.customer("Cedar", 1, Some(10)).addition(10, 100, FILTER, "4").row("Borealis", "CloudFilter", "1");
    night.addition(20, 200, FILTER, "1");
    for (customer, verdict) in
        [("Acme", Verdict::Held(Code::CustomerMissing)), ("Cedar", Verdict::Skipped(Code::Ignored))]
    {
        let matter = DecisionSubject::Customer(CustomerName::new(customer));
        decide(&mut night, matter, decision(AnswerVerb::Ignore, Code::CustomerMissing));
        assert_eq!(line(&night.plan(), 10, FILTER).verdict, verdict, "with {customer}");
    }
}

#[test]
fn every_matter_that_asks_can_be_ignored_by_its_handle() {
    let mut night = acme("0", "12");
    night.row("", "CloudFilter", "1").row("Zeta", "CloudFilter", "1").row("Acme", "New", "1");
    night.row("Borealis", "Bracket", "1").row("Borealis", "Bracket", "2");
    night.service("Odd", &["MP-ODD"]).row("Acme", "Odd", "3");
    let asked = codes(&night.plan()).into_iter().filter(|(severity, _)| *severity == Severity::Decide);
    let asked: Vec<Code> = asked.map(|(_, code)| code).collect();
    assert_eq!(asked.len(), 7, "{asked:?}");
    for (matter, code) in [
        (DecisionSubject::Nameless, Code::CustomerNameless),
        (DecisionSubject::Customer(CustomerName::new("Borealis")), Code::CustomerIncomplete),
        (DecisionSubject::Customer(CustomerName::new("Zeta")), Code::CustomerUnmapped),
        (DecisionSubject::Service(ServiceName::new("New")), Code::ServiceUnmapped),
        (DecisionSubject::Duplicate(CustomerName::new("Borealis"), ServiceName::new("Bracket")), Code::RowDuplicate),
        (DecisionSubject::Product("mp-odd".to_owned()), Code::ProductMissing),
        (acme_filter(), Code::ToZero),
    ] {
        assert!(said(&night.plan(), code)[0].handle.is_some(), "{code} has no handle to answer by");
        decide(&mut night, matter, decision(AnswerVerb::Ignore, code));
    }
    let plan = night.plan();
    assert!(plan.findings.iter().all(|finding| finding.severity == Severity::Info), "{:#?}", plan.findings);
    assert!(plan.lines.iter().all(|line| !matches!(line.verdict, Verdict::Held(_))), "{:#?}", plan.lines);
}

proptest! {
    /// Whatever was decided, a line that the rules hold is written only in the step that was accepted, from the value
    /// that was seen then: what ConnectWise holds since by somebody else's hand is never overwritten by an old answer.
    #[test]
    fn a_decision_never_lets_a_line_be_written_that_connectwise_changed_since(
        used in 0_u32..60, billed in 0_u32..60, wrote in prop::option::of(0_u32..60),
        was in 0_u32..60, wanted in 0_u32..60, verb in prop::sample::select(AnswerVerb::ALL),
        same in any::<[bool; 2]>(), spent in any::<bool>(),
    ) {
        let was = if same[0] { billed } else { was };
        let wanted = if same[1] { used } else { wanted };
        let mut night = acme(&used.to_string(), &billed.to_string());
        if let Some(wrote) = wrote {
            night.past.written.insert(AdditionId(100), WrittenQuantity::once(wrote.into(), RunId(7)));
        }
        let by_the_rules = night.filter_line().verdict;
        let seen = accepted(&was.to_string(), &wanted.to_string()).seen;
        decide(&mut night, acme_filter(), Decision { seen, spent, ..decision(verb, by_the_rules.code()) });
        let decided = night.filter_line().verdict;
        let held = matches!(by_the_rules, Verdict::Held(_));
        match &decided {
            Verdict::Update(change) if held => {
                prop_assert_eq!((verb, spent), (AnswerVerb::Accept, false));
                prop_assert_eq!((change.from, change.to), (was.into(), wanted.into()));
                prop_assert_eq!((billed, used), (was, wanted));
            }
            Verdict::Update(_) => prop_assert_eq!(&decided, &by_the_rules),
            Verdict::Create(_) => prop_assert!(false, "the line is there"),
            Verdict::Unchanged(_) | Verdict::Held(_) | Verdict::Large(_) | Verdict::Skipped(_) => {}
        }
    }
}
