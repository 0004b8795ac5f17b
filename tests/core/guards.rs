//! Export guards and run guards: at their limit they let pass, one step beyond they hold.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::night::{FILTER, Night, q, time};
use recount::reconcile::guard::cleared_plan::ClearedPlan;
use recount::reconcile::guard::export_guards::malformed;
use recount::reconcile::guard::guard_inputs::{GuardInputs, ReadCoverage};
use recount::reconcile::guard::guard_policy::{GuardPolicy, Percent, ToZero};
use recount::reconcile::guard::plan_check::{Approval, Stopped, clear};
use recount::reconcile::model::export::counts::Counts;
use recount::reconcile::model::ids::{AdditionId, AgreementId, CustomerName, ProductCode, RunId};
use recount::reconcile::model::past::{Accepted, Past};
use recount::reconcile::model::plan::line::LineKey;
use recount::reconcile::model::plan::reason_code::Code;

/// The line of an addition: 100 is the usual one, the others are products of their own.
fn line_of(id: i64) -> LineKey {
    let product = if id == 100 { FILTER.to_owned() } else { format!("P-{id}") };
    LineKey::total(AgreementId(10), ProductCode::new(&product))
}

/// An accepted run of nothing but these additions.
pub(super) fn accepted(additions: &[i64]) -> Accepted {
    Accepted {
        run: RunId(7),
        rows: 0,
        customers: BTreeSet::new(),
        units: Decimal::ZERO,
        lines: additions.iter().map(|id| (line_of(*id), AdditionId(*id))).collect(),
        missing: BTreeSet::new(),
        open_end: false,
        files: 0,
        by_count: false,
    }
}

/// The guards of a nightly run in apply mode.
pub(super) fn cleared(night: &Night, approval: Approval<'_>) -> Result<ClearedPlan, Stopped> {
    let checks = GuardInputs {
        policy: &night.policy,
        past: &night.past,
        counts: &night.counts(),
        export: &night.export,
        seen: &night.seen(),
        now: time("2026-03-10T02:00:00Z"),
        unattended: true,
    };
    clear(&night.plan(), checks, approval)
}

/// What holds the plan; whether it is the export; and that each reason says what to do.
pub(super) fn stops(night: &Night) -> (bool, Vec<Code>) {
    match cleared(night, Approval::Nobody) {
        Ok(_) => (false, Vec::new()),
        Err(Stopped { by_export, findings }) => {
            assert!(findings.iter().all(|finding| !finding.message.is_empty() && !finding.fix.is_empty()));
            (by_export, findings.iter().map(|finding| finding.code).collect())
        }
    }
}

/// `lines` customers with one line each: the first `created` without an addition, the next `changed` one unit short,
/// all others equal. Everything was approved once.
fn many(lines: i64, created: i64, changed: i64) -> Night {
    let mut night = Night::new();
    night.mapping.customers.clear();
    night.past.approved_once = true;
    for at in 0..lines {
        let (name, company, agreement) = (format!("C{at}"), 1000 + at, 5000 + at);
        night.company(company, &name).agreement(agreement, company).customer(&name, company, None);
        night.row(&name, "CloudFilter", "5");
        if at >= created {
            let billed = if at < created + changed { "4" } else { "5" };
            night.addition(agreement, 9000 + at, FILTER, billed);
        }
    }
    night
}

#[test]
fn an_export_older_than_max_age_is_refused() {
    let mut night = many(1, 0, 0);
    for (modified_at, stopped) in [
        ("2026-03-08T14:00:01Z", false),
        ("2026-03-08T14:00:00Z", false),
        ("2026-03-08T13:59:59Z", true),
        ("2026-03-10T02:00:01Z", false),
    ] {
        night.export.modified_at = time(modified_at);
        let expected = if stopped { (true, vec![Code::ExportStale]) } else { (false, vec![]) };
        assert_eq!(stops(&night), expected, "{modified_at}");
    }
}

/// A vendor's export that lost a fifth of its customers would else take them off the invoices.
#[test]
fn an_export_that_shrank_is_refused() {
    let mut night = many(80, 0, 0);
    let customers = |count: i64| (0..count).map(|at| CustomerName::new(&format!("C{at}"))).collect::<BTreeSet<_>>();
    let then = |rows, of, units| Accepted { rows, customers: customers(of), units, ..accepted(&[]) };
    for (rows, of, units, codes) in [
        (79, 79, 399, vec![]),
        (100, 100, 500, vec![]),
        (101, 100, 500, vec![Code::ExportFewerRows]),
        (100, 101, 500, vec![Code::ExportFewerCustomers]),
        (100, 100, 501, vec![Code::ExportFewerUnits]),
        (101, 101, 501, vec![Code::ExportFewerRows, Code::ExportFewerCustomers, Code::ExportFewerUnits]),
    ] {
        night.past.accepted = Some(then(rows, of, Decimal::from(units)));
        assert_eq!(stops(&night), (!codes.is_empty(), codes), "{rows} rows, {of} customers, {units} units");
    }
    night.past.accepted = None;
    assert_eq!(stops(&night), (false, vec![]), "there is nothing to compare with");
}

#[test]
fn an_export_with_too_many_unreadable_rows_yields_no_plan() {
    let bad = |bad: usize, rows: usize| {
        let mut night = Night::new();
        for at in 0..rows {
            night.row(&format!("C{at}"), "CloudFilter", if at < bad { "N/A" } else { "1" });
        }
        malformed(&night.counts(), &night.policy).map(|finding| finding.code)
    };
    assert_eq!(bad(4, 100), None);
    assert_eq!(bad(5, 100), None);
    assert_eq!(bad(6, 100), Some(Code::ExportMalformed));
    assert_eq!(bad(1, 19), Some(Code::ExportMalformed));
    assert_eq!(malformed(&Counts::default(), &GuardPolicy::default()), None);
}

#[test]
fn too_many_changes_hold_the_run() {
    for (lines, changed, codes) in [
        (12, 9, vec![]),
        (12, 10, vec![Code::TooManyChanges]),
        (34, 10, vec![]),
        (40, 12, vec![]),
        (40, 13, vec![Code::TooManyChanges]),
        (40, 11, vec![]),
    ] {
        assert_eq!(stops(&many(lines, 0, changed)), (false, codes), "{changed} of {lines}");
    }
}

#[test]
fn too_many_creations_hold_the_run_once_there_is_a_night_to_compare_with() {
    for (lines, created, codes) in [
        (10, 5, vec![]),
        (10, 6, vec![Code::TooManyCreated]),
        (119, 6, vec![Code::TooManyCreated]),
        (120, 6, vec![]),
        (121, 6, vec![]),
    ] {
        let mut night = many(lines, created, 0);
        night.policy.max_units_up = Percent::of(1000);
        assert_eq!(stops(&night), (false, vec![]), "on the first accepted run, everything may be new");
        night.past.accepted = Some(accepted(&[]));
        assert_eq!(stops(&night), (false, codes), "{created} of {lines}");
    }
}

/// Creations are changes too: a wrong mapping creates hundreds of lines on its first night.
#[test]
fn creations_count_among_the_changes() {
    assert_eq!(stops(&many(12, 2, 8)), (false, vec![Code::TooManyChanges]));
    assert_eq!(stops(&many(12, 2, 7)), (false, vec![]));
}

#[test]
fn units_that_fall_too_far_hold_the_run() {
    for (used, codes) in [("91", vec![]), ("90", vec![]), ("89.9999", vec![Code::TooManyUnitsDown])] {
        let mut night = Night::new();
        night.past.approved_once = true;
        night.row("Acme", "CloudFilter", used).addition(10, 100, FILTER, "100");
        assert_eq!(stops(&night), (false, codes), "100 to {used}");
    }
    // What others gain is not set against it, and what is held does not fall.
    let mut night = Night::new();
    night.past.approved_once = true;
    night.row("Acme", "CloudFilter", "80").addition(10, 100, FILTER, "100").row("Borealis", "CloudFilter", "10");
    assert_eq!(stops(&night), (false, vec![Code::TooManyUnitsDown]));
    night.rows[0].3 = "0".to_owned();
    assert_eq!(stops(&night), (false, vec![]), "the line is held by itself already");
}

#[test]
fn quantities_of_many_digits_are_guarded_too() {
    let mut night = Night::new();
    night.past.approved_once = true;
    night.policy.to_zero = ToZero::Apply;
    night.row("Acme", "CloudFilter", "0").addition(10, 100, FILTER, "9999999999999999999999999999");
    night.row("Borealis", "CloudFilter", "0").addition(20, 200, FILTER, "9999999999999999999999999999");
    assert_eq!(stops(&night), (false, vec![Code::TooManyUnitsDown]));
}

/// A key that lost sight of agreements makes ConnectWise look emptier than it is.
#[test]
fn lines_that_connectwise_no_longer_returns_hold_the_run() {
    let mut night = many(80, 0, 0);
    for (then, codes) in [(99, vec![]), (100, vec![]), (101, vec![Code::LinesUnseen])] {
        night.past.accepted = Some(accepted(&(9000..9000 + then).collect::<Vec<_>>()));
        assert_eq!(stops(&night), (false, codes), "80 of {then}");
    }
    let cancelled = AdditionId(9000);
    let all = night.additions.get_mut(&AgreementId(5000)).expect("its additions");
    all.iter_mut().filter(|a| a.id == cancelled).for_each(|a| a.cancelled_on = "2026-01-01".parse().ok());
    night.past.accepted = Some(accepted(&(9000..9100).collect::<Vec<_>>()));
    let (_, codes) = stops(&night);
    assert!(!codes.contains(&Code::LinesUnseen), "a cancelled addition is still returned");
}

/// An operator who takes customers out of the mapping is not asked about their lines; a key that lost sight of them is.
#[test]
fn lines_that_nobody_asked_for_are_not_missed_unless_a_mapped_place_is_gone() {
    let mut night = many(10, 0, 0);
    night.past.accepted = Some(accepted(&(9000..9010).collect::<Vec<_>>()));
    let all = night.past.accepted.as_mut().expect("just set");
    let key = |at| LineKey::total(AgreementId(5000 + at), ProductCode::new(FILTER));
    all.lines = (0..10).map(|at| (key(at), AdditionId(9000 + at))).collect();
    for at in 0..5 {
        night.mapping.customers.remove(format!("C{at}").as_str());
        night.additions.remove(&AgreementId(5000 + at));
    }
    let answer = |lost_sight| {
        let seen = ReadCoverage { lost_sight, ..night.seen() };
        let checks = GuardInputs {
            policy: &night.policy,
            past: &night.past,
            counts: &night.counts(),
            export: &night.export,
            seen: &seen,
            now: time("2026-03-10T02:00:00Z"),
            unattended: true,
        };
        clear(&night.plan(), checks, Approval::Nobody).map(drop).map_err(|stopped| stopped.findings[0].code)
    };
    assert_eq!(answer(false), Ok(()));
    assert_eq!(answer(true), Err(Code::LinesUnseen));
}

#[test]
fn an_export_that_lost_its_last_line_break_may_have_lost_more() {
    let night = many(3, 0, 0);
    for (open_now, open_then, stopped) in
        [(false, false, false), (true, false, true), (true, true, false), (false, true, false)]
    {
        let counts = Counts { open_end: open_now, ..night.counts() };
        let past = Past { accepted: Some(Accepted { open_end: open_then, ..accepted(&[]) }), ..night.past.clone() };
        let checks = GuardInputs {
            policy: &night.policy,
            past: &past,
            counts: &counts,
            export: &night.export,
            seen: &night.seen(),
            now: time("2026-03-10T02:00:00Z"),
            unattended: true,
        };
        let answer = clear(&night.plan(), checks, Approval::Nobody).map(drop);
        let expected = if stopped { Err((true, Code::ExportCutOff)) } else { Ok(()) };
        assert_eq!(answer.map_err(|stopped| (stopped.by_export, stopped.findings[0].code)), expected);
    }
}

#[test]
fn a_first_run_that_would_write_needs_a_person() {
    let mut night = many(5, 0, 1);
    night.past.approved_once = false;
    assert_eq!(stops(&night), (false, vec![Code::FirstApply]));
    night.past.accepted = Some(accepted(&[]));
    assert_eq!(stops(&night), (false, vec![Code::FirstApply]), "an observed night is no approval");
    let mut quiet = many(5, 0, 0);
    quiet.past.approved_once = false;
    assert_eq!(stops(&quiet), (false, vec![]), "nothing would be written");
    let plan = night.plan();
    let checks = GuardInputs {
        policy: &night.policy,
        past: &night.past,
        counts: &night.counts(),
        export: &night.export,
        seen: &night.seen(),
        now: time("2026-03-10T02:00:00Z"),
        unattended: false,
    };
    assert!(clear(&plan, checks, Approval::Nobody).is_ok(), "a plan that is only looked at is not held");
}

#[test]
fn every_guard_answers_and_the_export_is_blamed_first() {
    let mut night = many(12, 0, 12);
    night.past.approved_once = false;
    night.export.modified_at = time("2026-01-01T00:00:00Z");
    night.past.accepted = Some(Accepted { rows: 1000, ..accepted(&[1, 2, 3]) });
    let (by_export, codes) = stops(&night);
    assert!(by_export);
    assert_eq!(
        codes,
        [Code::ExportStale, Code::ExportFewerRows, Code::TooManyChanges, Code::LinesUnseen, Code::FirstApply]
    );
}

#[test]
fn a_limit_of_nothing_and_a_limit_of_everything_mean_what_they_say() {
    let mut night = many(12, 0, 12);
    night.policy.max_lines_changed = Percent::of(100);
    assert_eq!(stops(&night), (false, vec![]));
    night.policy.max_lines_changed = Percent::of(0);
    assert_eq!(stops(&night), (false, vec![Code::TooManyChanges]));
    let mut night = Night::new();
    night.past.approved_once = true;
    night.policy.max_units_down = Percent::of(0);
    night.row("Acme", "CloudFilter", "5").addition(10, 100, FILTER, "5");
    assert_eq!(stops(&night), (false, vec![]));
    night.amend_addition(100, |addition| addition.quantity = Ok(q("5.0001")));
    assert_eq!(stops(&night), (false, vec![Code::TooManyUnitsDown]));
}
