//! Guards that look up as well as down: a typo that bills too much is no better than one that bills too little.

use super::guards::{accepted, cleared, stops};
use super::night::{FILTER, Night, by_day, line, q, set};
use recount::reconcile::guard::cleared_plan::Write;
use recount::reconcile::guard::guard_policy::Percent;
use recount::reconcile::guard::plan_check::{Approval, Stopped};
use recount::reconcile::model::ids::{CustomerName, ServiceName};
use recount::reconcile::model::plan::line::Verdict;
use recount::reconcile::model::plan::reason_code::Code;
use recount::reconcile::model::quantity_policy::{Measure, Policy};

/// A customer for each pair of what is used and what is billed; `""` is no line. Everything was approved once.
fn portfolio(lines: &[(&str, &str)]) -> Night {
    let mut night = Night::new();
    night.mapping.customers.clear();
    night.past.approved_once = true;
    night.past.accepted = Some(accepted(&[]));
    for (at, (used, billed)) in (0..).zip(lines) {
        let (name, company, agreement) = (format!("C{at:03}"), 1000 + at, 5000 + at);
        night.company(company, &name).agreement(agreement, company).customer(&name, company, None);
        night.row(&name, "CloudFilter", used);
        if !billed.is_empty() {
            night.addition(agreement, 9000 + at, FILTER, billed);
        }
    }
    night
}

fn why(night: &Night) -> Vec<String> {
    match cleared(night, Approval::Nobody) {
        Ok(_) => Vec::new(),
        Err(Stopped { findings, .. }) => findings.into_iter().map(|finding| finding.message).collect(),
    }
}

#[test]
fn small_lines_do_not_become_many_times_what_they_are() {
    for (used, billed, why) in [
        ("4", "1", None),
        ("5", "1", Some("1 to 5 is a step of 4, which makes it 5 times as much or more")),
        ("11", "1", Some("1 to 11 is a step of 10, which makes it 5 times as much or more")),
        ("12", "1", Some("1 to 12 is a step of 11, the limit is 10")),
        ("1", "5", Some("5 to 1 is a step of 4, which leaves 1/5 of it or less")),
        ("1", "4", None),
        ("3", "0.5", None),
        ("10", "3", None),
        ("99", "10", Some("10 to 99 is a step of 89, the limit is 10")),
        ("5", "25", Some("25 to 5 is a step of 20, the limit is 12.5")),
        ("10", "0", None),
        ("11", "0", Some("0 to 11 is a step of 11, the limit is 10")),
    ] {
        let mut night = Night::new();
        night.row("Acme", "CloudFilter", used).addition(10, 100, FILTER, billed);
        let line = night.filter_line();
        match why {
            None => assert_eq!(line.verdict, set(100, billed, used)),
            Some(why) => assert_eq!((line.verdict, line.detail.as_str()), (Verdict::Held(Code::LineStep), why)),
        }
    }
}

/// Two rows of 50,000 and 99,999 for lines that did not exist were created at night with nobody watching.
#[test]
fn a_new_line_is_a_step_from_nothing() {
    let mut night = Night::new();
    night.past.approved_once = true;
    night.row("Acme", "CloudFilter", "10").row("Borealis", "CloudFilter", "50000");
    let plan = night.plan();
    assert!(matches!(line(&plan, 10, FILTER).verdict, Verdict::Create(_)));
    let large = line(&plan, 20, FILTER);
    assert!(matches!(large.verdict, Verdict::Large(_)), "{large:#?}");
    assert_eq!(large.detail, "a new line of 50000, the limit is 10; approving the plan creates it as well");
    let cleared = cleared(&night, Approval::Nobody).expect("it counts in no limit, for it is not written");
    assert_eq!(cleared.writes().len(), 1);
}

/// A new customer of forty mailboxes needs one approval, and a line that shrank beside it still needs its own.
#[test]
fn a_fingerprint_approves_new_lines_that_were_held_for_their_size_and_nothing_else_that_was_held() {
    let mut night = Night::new();
    night.row("Acme", "CloudFilter", "40").row("Borealis", "CloudFilter", "90").addition(20, 200, FILTER, "9");
    let fingerprint = night.plan().fingerprint();
    let plan = night.plan().approved_by(&fingerprint);
    assert_eq!(plan.fingerprint(), fingerprint, "it is the plan that was approved");
    assert!(matches!(line(&plan, 10, FILTER).verdict, Verdict::Create(_)));
    assert_eq!(line(&plan, 20, FILTER).verdict, Verdict::Held(Code::LineStep));
    let asked: Vec<_> = plan.findings.iter().map(|finding| finding.handle.clone()).collect();
    assert_eq!(asked, [Some(line(&plan, 20, FILTER).handle)], "nobody is asked about what was just approved");
    let other = night.plan().approved_by("another");
    assert!(matches!(line(&other, 10, FILTER).verdict, Verdict::Large(_)));
    let cleared = recount::reconcile::guard::plan_check::clear_approved(&plan, &fingerprint, "").expect("the plan");
    let [(_, Write::Create(create))] = cleared.writes() else { panic!("{cleared:#?}") };
    assert_eq!(create.quantity(), q("40"));
}

/// 27 falls of 10 were held, and went through with one new line of 300 beside them.
#[test]
fn no_rise_makes_up_for_a_fall() {
    let falls = [("40", "50"); 27];
    let mut night = portfolio(&falls);
    night.policy.max_lines_changed = Percent::of(100);
    assert_eq!(why(&night), ["the falls come to 270 units, of 1350 billed (20 %, limit 10 %)"]);
    let mut night = portfolio(&[&falls[..], &[("300", "")]].concat());
    night.policy.max_lines_changed = Percent::of(100);
    assert_eq!(stops(&night), (false, vec![Code::TooManyUnitsDown]));
    night.policy.line_step.units = 1000.into();
    assert_eq!(stops(&night), (false, vec![Code::TooManyUnitsDown]), "nor does one that would be created");
}

#[test]
fn rises_and_new_lines_that_come_to_too_much_hold_the_run() {
    for (rises, codes) in [
        (vec![("124", "100"), ("0", "0")], vec![]),
        (vec![("110", "100"), ("10", "5"), ("10", "")], vec![]),
        (vec![("130", "100"), ("15", "20")], vec![]),
        (vec![("125", "100")], vec![]),
        (vec![("126", "100")], vec![Code::TooManyUnitsUp]),
        (vec![("30", "20"), ("30", "20"), ("10", "6")], vec![]),
        (vec![("30", "20"), ("30", "20"), ("10", "5")], vec![Code::TooManyUnitsUp]),
        (vec![("118", "100"), ("8", "")], vec![Code::TooManyUnitsUp]),
    ] {
        assert_eq!(stops(&portfolio(&rises)), (false, codes), "{rises:?}");
    }
    let none = portfolio(&[("9", ""), ("9", ""), ("9", "")]);
    assert_eq!(why(&none), ["rises and new lines come to 27 units, of 0 billed (limit 25 %)"]);
}

/// A column that moved by one: 101 units became 390.
#[test]
fn a_portfolio_that_multiplies_is_held() {
    let lines: Vec<_> = (0..100).map(|at| (if at < 29 { "11" } else { "1" }, "1")).collect();
    let night = portfolio(&lines);
    let plan = night.plan();
    assert_eq!(plan.lines.iter().filter(|line| line.verdict == Verdict::Held(Code::LineStep)).count(), 29);
    assert!(plan.lines.iter().all(|line| !line.verdict.is_change()));
    let nine = portfolio(&[("99", "10"); 9]).plan();
    assert!(nine.lines.iter().all(|line| line.verdict == Verdict::Held(Code::LineStep)));
}

/// The peak of March stands until April begins, and then every line falls at once: that is no mistake of anybody.
#[test]
fn what_only_follows_from_a_new_day_or_period_counts_in_no_limit_of_the_run() {
    let peaks = |used: &str, billed: &str, before: &[&str], earlier: &[&str], measure| {
        let mut night = portfolio(&[(used, billed); 12]);
        night.billed("CloudFilter", |billed| billed.policy = Policy { measure, ..Policy::default() });
        for at in 0..12 {
            let customer = CustomerName::new(&format!("C{at:03}"));
            let service = ServiceName::new("CloudFilter");
            if !earlier.is_empty() {
                night.past.counted.insert(customer.clone(), [(service.clone(), by_day(earlier))].into());
            }
            night.past.counted_before.insert(customer, [(service, by_day(before))].into());
        }
        night
    };
    // April begins, and as many are used as on the last day of March.
    let night = peaks("20", "30", &["30", "20"], &[], Measure::Peak);
    assert_eq!(stops(&night), (false, vec![]));
    assert_eq!(cleared(&night, Approval::Nobody).expect("cleared").writes().len(), 12, "and it is written");
    // Fewer are used: that part counts.
    let night = peaks("16", "30", &["30", "20"], &[], Measure::Peak);
    assert_eq!(stops(&night), (false, vec![Code::TooManyChanges, Code::TooManyUnitsDown]));
    // The line did not hold what was asked for on the last day: the whole of it counts.
    let night = peaks("20", "28", &["30", "20"], &[], Measure::Peak);
    assert_eq!(stops(&night), (false, vec![Code::TooManyChanges, Code::TooManyUnitsDown]));
    // The invoice of March was made late: until yesterday its peak stood.
    let night = peaks("20", "30", &["30", "20"], &["20", "20"], Measure::Peak);
    assert_eq!(stops(&night), (false, vec![]));
    // An average moves every day.
    let night = peaks("40", "30", &[], &["20", "40"], Measure::Average);
    assert_eq!(stops(&night), (false, vec![]));
    // A peak that rises is used.
    let night = peaks("40", "30", &[], &["20", "30"], Measure::Peak);
    assert_eq!(stops(&night), (false, vec![Code::TooManyChanges, Code::TooManyUnitsUp]));
    // Nothing is known of the days before.
    let night = peaks("20", "30", &[], &[], Measure::Peak);
    assert_eq!(stops(&night), (false, vec![Code::TooManyChanges, Code::TooManyUnitsDown]));
}
