//! One typo does not poison the next night: what is held keeps its last accepted value in everything that later exports
//! are compared with.

use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::Strategy;
use proptest::test_runner::Config;
use proptest::{prop_assert, prop_assert_eq, proptest};
use rust_decimal::Decimal;

use super::answers::decision;
use super::guards::{accepted, cleared, stops};
use super::night::{FILTER, Night, by_day, key, q, time};
use recount::reconcile::guard::accepted_counts::{AcceptedCounts, Size};
use recount::reconcile::guard::baseline;
use recount::reconcile::guard::guard_policy::Percent;
use recount::reconcile::guard::plan_check::Approval;
use recount::reconcile::model::decision::{Decision, DecisionSubject, SeenLine};
use recount::reconcile::model::ids::{AdditionId, CustomerName, ServiceName};
use recount::reconcile::model::mapping::ServiceRule;
use recount::reconcile::model::past::Accepted;
use recount::reconcile::model::plan::line::{Source, Verdict};
use recount::reconcile::model::plan::outcome::AnswerVerb;
use recount::reconcile::model::plan::reason_code::Code;

const CUSTOMERS: i64 = 10;

/// Ten customers of twenty units each, as they are billed, after a night like this one.
fn settled() -> Night {
    let mut night = Night::new();
    night.mapping.customers.clear();
    night.past.approved_once = true;
    for at in 0..CUSTOMERS {
        let (name, company, agreement) = (format!("C{at}"), 1000 + at, 5000 + at);
        night.company(company, &name).agreement(agreement, company).customer(&name, company, None);
        night.addition(agreement, 9000 + at, FILTER, "20").row(&name, "CloudFilter", "20");
    }
    night.past.accepted = Some(Accepted { by_count: true, ..accepted(&[]) });
    night.past.counts = after(&night, false);
    night
}

fn after(night: &Night, approved: bool) -> AcceptedCounts {
    baseline::after(&night.past, &night.counts(), &night.plan(), approved)
}

/// The night of another export, and what is accepted when it is over.
fn wrong(right: &Night, rows: &[(&str, &str)]) -> (Night, AcceptedCounts) {
    let mut night = right.clone();
    for (customer, count) in rows {
        night.rows.retain(|row| row.1 != *customer);
        night.row(customer, "CloudFilter", count);
    }
    let after =
        if cleared(&night, Approval::Nobody).is_ok() { after(&night, false) } else { right.past.counts.clone() };
    (night, after)
}

/// 2000 instead of 20 was held, became what the next export was compared with, and the right one was refused.
#[test]
fn a_typo_that_was_held_does_not_refuse_the_right_export_of_the_next_night() {
    let right = settled();
    let (wrong_night, after) = wrong(&right, &[("C3", "2000")]);
    assert_eq!(stops(&wrong_night), (false, vec![]), "the others go on");
    assert_eq!(Size::of(&after), Size { rows: 10, customers: 10, units: Decimal::from(200) });
    let mut next = right.clone();
    next.past.counts = after;
    assert_eq!(stops(&next), (false, vec![]));
}

/// Two customers' fall was held beside a rise, and the export passed: the same export was refused on the next night, whole, because
/// the rise was accepted and the fall was not.
#[test]
fn an_export_that_passed_with_a_held_fall_passes_again() {
    let right = settled();
    for gone in ["0", ""] {
        let mut first = right.clone();
        for (customer, count) in [("C1", gone), ("C2", gone), ("C3", "28"), ("C4", "28"), ("C5", "28")] {
            first.rows.retain(|row| row.1 != customer);
            if count.is_empty() {
                first.row(customer, "Other", "1");
            } else {
                first.row(customer, "CloudFilter", count);
            }
        }
        first.mapping.services.insert(ServiceName::new("Other"), ServiceRule::NotAssigned);
        first.policy.min_units = Percent::of(85);
        assert_eq!(stops(&first), (false, vec![]), "{gone:?}");
        let mut next = first.clone();
        next.past.counts = after(&first, false);
        let held = first.plan().lines.into_iter().filter(|line| line.verdict.is_held());
        let sources = held.flat_map(|line| line.sources);
        let waits = |source: Source| ((source.customer, source.service), BTreeSet::from([source.count]));
        next.past.waiting = sources.map(waits).collect();
        assert_eq!(next.past.waiting.len(), 2, "{gone:?}");
        assert_eq!(stops(&next), (false, vec![]), "{gone:?}");
        // Also when a wrong night came between, whose count was held as well.
        let mut after_wrong = next.clone();
        let wrong = Some(q("100"));
        after_wrong.past.waiting.values_mut().for_each(|counts| _ = counts.insert(wrong));
        assert_eq!(stops(&after_wrong), (false, vec![]), "{gone:?}");
        // What falls beside it is new, and is measured.
        let mut less = next.clone();
        for customer in ["C6", "C7", "C8"] {
            less.rows.retain(|row| row.1 != customer);
            less.row(customer, "CloudFilter", "1");
        }
        assert_eq!(stops(&less), (true, vec![Code::ExportFewerUnits]), "{gone:?}");
    }
}

/// Every line of the first night was held: nothing was accepted, so the right export is compared with nothing. It was refused
/// beside the wrong one, night by night.
#[test]
fn an_export_of_which_every_count_was_held_refuses_no_later_one() {
    let right = settled();
    let mut first = right.clone();
    first.past.counts.clear();
    first.rows.iter_mut().for_each(|row| row.3 = "2000".to_owned());
    let mut next = right.clone();
    next.past.counts = after(&first, true);
    assert_eq!(Size::of(&next.past.counts), Size::default());
    next.past.accepted = Some(Accepted { rows: 10, units: Decimal::from(20_000), ..next.past.accepted.unwrap() });
    assert_eq!(stops(&next), (false, vec![]));
}

/// Nobody bills it, so no guard looked at it either: a typo there would refuse the export of the night after.
#[test]
fn a_typo_of_a_count_that_is_billed_nowhere_refuses_no_later_export() {
    let mut right = settled();
    right.skipped("C0");
    right.mapping.services.insert(ServiceName::new("Trial"), ServiceRule::NotAssigned);
    right.row("C1", "Trial", "5");
    let keep = Decision {
        handle: "abcd".to_owned(),
        verb: AnswerVerb::Keep,
        until: None,
        note: String::new(),
        who: "mmiller".to_owned(),
        at: time("2026-03-09T08:00:00Z").fixed_offset(),
        reason: Code::LineStep,
        seen: Some(SeenLine {
            addition: Some(AdditionId(9002)),
            was: Some(q("20")),
            wanted: Some(q("2000")),
            changed_at: None,
        }),
        named: None,
        within: None,
        unmapped: false,
        spent: false,
    };
    right.past.decisions.0.insert(DecisionSubject::line(&key(5002, FILTER)), keep);
    right.past.counts = after(&right, false);
    let mut typos = right.clone();
    for row in typos.rows.iter_mut().filter(|row| row.1 == "C0" || row.1 == "C2" || row.2 == "Trial") {
        row.3 = "200000".to_owned();
    }
    let mut next = right.clone();
    next.past.counts = after(&typos, false);
    assert_eq!(stops(&next), (false, vec![]));
    // And what is billed is still missed.
    next.rows.retain(|row| !["C3", "C4", "C5", "C6"].contains(&row.1.as_str()));
    assert!(stops(&next).0, "a third of what is billed is gone");
}

/// Forty customers of somebody else stood in the export for one night.
#[test]
fn rows_of_customers_that_nobody_mapped_do_not_refuse_the_next_export() {
    let right = settled();
    let names: Vec<String> = (0..40).map(|at| format!("Stranger {at}")).collect();
    let rows: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "900")).collect();
    let (_, after) = wrong(&right, &rows);
    assert_eq!(after, right.past.counts);
    // Nor do they hide that the own customers are gone.
    let mut half = right.clone();
    half.rows.drain(..5);
    names.iter().for_each(|name| _ = half.row(name, "CloudFilter", "900"));
    let lost = vec![Code::ExportFewerRows, Code::ExportFewerCustomers, Code::ExportFewerUnits];
    assert_eq!(stops(&half), (true, lost));
}

/// Who approves a plan has seen who is gone from it. A rise that is held is still not believed.
#[test]
fn an_approved_plan_takes_over_what_is_less() {
    let mut night = settled();
    night.rows.drain(..5);
    night.rows[0].3 = "2000".to_owned();
    night.rows[1].3 = "2".to_owned();
    let kept = after(&night, false);
    assert_eq!(Size::of(&kept), Size { rows: 10, customers: 10, units: Decimal::from(200) });
    let approved = after(&night, true);
    assert_eq!(Size::of(&approved), Size { rows: 5, customers: 5, units: Decimal::from(82) });
}

/// A typo would be the peak of the whole month.
#[test]
fn a_count_that_is_held_and_far_from_the_last_one_is_not_counted_for_its_day() {
    let mut night = settled();
    let service = ServiceName::new("CloudFilter");
    let day = |count: &str| [(service.clone(), by_day(&[count]))].into();
    for (at, (last, count)) in [("20", "2000"), ("20", "0"), ("45", "48"), ("45", "4")].into_iter().enumerate() {
        night.past.counted.insert(CustomerName::new(&format!("C{at}")), day(last));
        night.rows[at].3 = count.to_owned();
    }
    let plan = night.plan();
    assert_eq!(plan.lines.iter().filter(|line| line.verdict.is_held()).count(), 4);
    let doubted = baseline::doubted(&plan, &night.counts(), &night.past, &night.policy);
    let names: Vec<&str> = doubted.iter().map(|(customer, _)| customer.as_str()).collect();
    assert_eq!(names, ["C0", "C1", "C3"], "C2 is held for what is billed, and its count is as it was");
}

/// A count of 60 was answered with `keep`, and went into the average all the same: 15.5 was billed once the answer had run out.
#[test]
fn a_count_that_a_person_let_be_is_not_counted_for_its_day() {
    for verb in [AnswerVerb::Keep, AnswerVerb::Ignore] {
        let mut night = settled();
        let service = ServiceName::new("CloudFilter");
        for (at, count) in [(0, "60"), (1, "21")] {
            let customer = CustomerName::new(&format!("C{at}"));
            night.past.counted.insert(customer, [(service.clone(), by_day(&["20"]))].into());
            night.rows[at].3 = count.to_owned();
        }
        for (agreement, wanted) in [(5000, "60"), (5001, "21")] {
            let seen = SeenLine { addition: None, was: Some(q("20")), wanted: Some(q(wanted)), changed_at: None };
            let answer = Decision { seen: Some(seen), ..decision(verb, Code::LineStep) };
            night.past.decisions.0.insert(DecisionSubject::line(&key(agreement, FILTER)), answer);
        }
        let plan = night.plan();
        assert!(plan.lines.iter().any(|line| matches!(line.verdict, Verdict::Skipped(_))), "{verb:?}");
        let doubted = baseline::doubted(&plan, &night.counts(), &night.past, &night.policy);
        let names: Vec<&str> = doubted.iter().map(|(customer, _)| customer.as_str()).collect();
        assert_eq!(names, ["C0"], "{verb:?}: one more unit is used, whatever is billed");
    }
}

fn typos() -> impl Strategy<Value = Vec<(usize, u8)>> {
    vec((0..CUSTOMERS as usize, 0..8_u8), 0..12)
}

/// What goes wrong in an export: a count too high, too low, nothing, unreadable, twice, gone, and strangers.
fn spoil(night: &mut Night, typos: &[(usize, u8)]) {
    for (at, kind) in typos {
        let name = format!("C{at}");
        let count = match kind {
            0 => "2000",
            1 => "2",
            2 => "0",
            3 => "N/A",
            4 => "31",
            5 => {
                night.row(&name, "CloudFilter", "20");
                continue;
            }
            6 => {
                night.rows.retain(|row| row.1 != name);
                continue;
            }
            _ => {
                night.row(&format!("Stranger {at}"), "CloudFilter", "900");
                continue;
            }
        };
        night.rows.iter_mut().filter(|row| row.1 == name).for_each(|row| row.3 = count.to_owned());
    }
}

proptest! {
    #![proptest_config(Config { cases: 256, failure_persistence: None, ..Config::default() })]

    /// After any nights that held or refused what was wrong, the right export is accepted, and asks for nothing.
    #[test]
    fn after_any_wrong_export_the_right_one_is_accepted_the_next_night(nights in vec(typos(), 1..4)) {
        let right = settled();
        let mut accepted = right.past.counts.clone();
        for typos in &nights {
            let mut night = right.clone();
            night.past.counts = accepted.clone();
            spoil(&mut night, typos);
            if cleared(&night, Approval::Nobody).is_ok() {
                let plan = night.plan();
                prop_assert!(plan.lines.iter().all(|line| !line.verdict.is_change()), "{:?}", typos);
                accepted = baseline::after(&night.past, &night.counts(), &plan, false);
            }
            let mut next = right.clone();
            next.past.counts = accepted.clone();
            prop_assert_eq!(stops(&next), (false, vec![]));
            prop_assert!(next.plan().lines.iter().all(|line| matches!(line.verdict, Verdict::Unchanged(_))));
        }
    }

    /// Nor is the guard blunt afterwards: half an export is refused as it was before.
    #[test]
    fn after_any_wrong_export_half_an_export_is_still_refused(typos in typos()) {
        let right = settled();
        let mut night = right.clone();
        spoil(&mut night, &typos);
        let mut half = right.clone();
        half.policy.min_units = Percent::of(0);
        if cleared(&night, Approval::Nobody).is_ok() {
            half.past.counts = after(&night, false);
        }
        half.rows.truncate(5);
        prop_assert!(stops(&half).0);
    }
}
