//! Approvals: a fingerprint lets through the plan that a person saw, and nothing else.

use super::guards::{cleared, stops};
use super::night::{FILTER, Night, day, line, q, time};
use recount::export::count::duplicate_rows::Duplicates;
use recount::reconcile::guard::cleared_plan::Write;
use recount::reconcile::guard::plan_check::{Approval, Stopped};
use recount::reconcile::model::plan::line::Verdict;
use recount::reconcile::model::plan::reason_code::Code;

/// What is changed, and how.
type Change = (&'static str, fn(&mut Night));

/// Acme changes, Borealis would go to zero and is held; the export is old, and nothing was ever approved.
fn night() -> Night {
    let mut night = Night::new();
    night.row("Acme", "CloudFilter", "5").addition(10, 100, FILTER, "3");
    night.row("Borealis", "CloudFilter", "0").addition(20, 200, FILTER, "9");
    night.export.modified_at = time("2026-03-01T00:00:00Z");
    night
}

#[test]
fn a_fingerprint_approves_what_guards_hold_but_never_a_held_line() {
    let night = night();
    assert_eq!(stops(&night), (true, vec![Code::ExportStale, Code::FirstApply]));
    let fingerprint = night.plan().fingerprint();
    let cleared = cleared(&night, Approval::Fingerprint(&fingerprint)).expect("the plan that was seen");
    let [(key, Write::Set(write))] = cleared.writes() else { panic!("{cleared:#?}") };
    assert_eq!(line(&night.plan(), 20, FILTER).verdict, Verdict::Held(Code::ToZero));
    assert_eq!((key.agreement.0, write.addition().0, write.from(), write.to()), (10, 100, q("3"), q("5")));
}

#[test]
fn a_plan_that_moved_is_refused() {
    let mut night = night();
    let fingerprint = night.plan().fingerprint();
    night.rows[0].3 = "6".to_owned();
    let Err(Stopped { by_export, findings }) = cleared(&night, Approval::Fingerprint(&fingerprint)) else {
        panic!("a plan that nobody saw was let through");
    };
    assert_eq!((by_export, findings.len(), findings[0].code), (false, 1, Code::PlanMoved));
    assert!(cleared(&night, Approval::Fingerprint("")).is_err());
    assert!(cleared(&night, Approval::Fingerprint(&night.plan().fingerprint()[..8])).is_err(), "the whole of it");
}

#[test]
fn a_fingerprint_changes_with_everything_that_is_decided() {
    let changes: [Change; 10] = [
        ("a count", |n| n.rows[0].3 = "6".to_owned()),
        ("what is billed", |n| _ = n.amend_addition(100, |a| a.quantity = Ok(q("4")))),
        ("which addition", |n| _ = n.amend_addition(100, |a| a.id.0 = 101)),
        ("a line more", |n| _ = n.row("Acme", "Bracket", "1")),
        ("a reason", |n| n.rows[1].3 = "100".to_owned()),
        ("a customer unmapped", |n| _ = n.mapping.customers.remove("Borealis")),
        ("an unmapped customer more", |n| _ = n.row("Zeta", "CloudFilter", "1")),
        ("whose units they are", |n| _ = n.customer("Acme 2", 1, Some(10)).row("Acme 2", "CloudFilter", "0")),
        ("another integration", |n| n.integration = "other".into()),
        ("a held line let go", |n| n.policy.to_zero = recount::reconcile::guard::guard_policy::ToZero::Apply),
    ];
    let before = night().plan().fingerprint();
    let mut seen = std::collections::BTreeSet::from([before]);
    for (what, change) in changes {
        let mut night = night();
        change(&mut night);
        assert!(seen.insert(night.plan().fingerprint()), "{what} does not show in the fingerprint");
    }
}

#[test]
fn a_fingerprint_stays_when_nothing_that_is_decided_changes() {
    let changes: [Change; 6] = [
        ("line numbers", |n| n.rows.iter_mut().for_each(|row| row.0 += 100)),
        ("order of rows", |n| n.rows.reverse()),
        ("trailing zeros", |n| n.rows[0].3 = "5.00".to_owned()),
        ("how duplicates are read", |n| n.duplicates = Duplicates::Sum),
        ("who changed it last", |n| {
            let change =
                recount::reconcile::model::last_change::LastChange { by: "jdoe".to_owned(), at: String::new() };
            n.amend_addition(100, |addition| addition.changed = Some(change));
        }),
        ("a company's name", |n| _ = n.company(1, "Acme Ltd")),
    ];
    let before = night().plan().fingerprint();
    for (what, change) in changes {
        let mut night = night();
        change(&mut night);
        assert_eq!(night.plan().fingerprint(), before, "{what}");
    }
}

/// A plan approved in the evening is carried out after midnight.
#[test]
fn a_creation_may_take_effect_on_the_day_that_it_is_approved() {
    let mut night = night();
    night.row("Acme", "Bracket", "1");
    let before = night.plan();
    night.today = day("2026-03-11");
    let after = night.plan();
    assert_ne!(before, after);
    assert_eq!(before.fingerprint(), after.fingerprint());
}

/// Names come from a vendor, and may hold what stands between two names in the text that is hashed.
#[test]
fn names_cannot_make_two_plans_look_alike() {
    let with = |customer: &str, service: &str| {
        let mut night = Night::new();
        night.row(customer, service, "1");
        night.plan()
    };
    let (one, two) = (with("A\u{1f}B", "C"), with("A", "B\u{1f}C"));
    assert_ne!(one.fingerprint(), two.fingerprint());
    assert_ne!(one.lines[0].handle, two.lines[0].handle);
}
