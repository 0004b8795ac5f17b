//! What the person who sends the invoices is told: every matter once, and nothing that is no matter.

use super::night::{FILTER, Night, codes, day, said};
use recount::reconcile::model::plan::reason_code::{Code, Severity};

#[test]
fn rows_without_a_customer_are_never_billed_and_never_silent() {
    let mut night = Night::new();
    night.row("", "CloudFilter", "5").row("  ", "CloudFilter", "7");
    let plan = night.plan();
    assert!(plan.lines.is_empty());
    let [nameless] = said(&plan, Code::CustomerNameless)[..] else { panic!("{:#?}", plan.findings) };
    assert_eq!(nameless.severity, Severity::Decide);
    assert!(nameless.message.contains("2 rows") && nameless.message.contains("2, 3"), "{}", nameless.message);
}

/// Both matters have to be mended, and each by another person.
#[test]
fn one_customer_may_have_several_matters() {
    let mut night = Night::new();
    night.row("Acme", "CloudFilter", "5").row("Acme", "CloudFilter", "6").row("Acme", "Bracket", "five");
    let all = codes(&night.plan());
    assert_eq!(
        all,
        [
            (Severity::Decide, Code::CustomerIncomplete),
            (Severity::Decide, Code::RowDuplicate),
            (Severity::Warning, Code::RowMalformed),
            (Severity::Info, Code::CustomerMissing),
        ]
    );
}

#[test]
fn a_vendors_text_is_shown_and_not_carried_out() {
    let mut night = Night::new();
    night.row("Acme", "CloudFilter", "\u{1b}[2J5");
    let plan = night.plan();
    let message = &said(&plan, Code::RowMalformed)[0].message;
    assert!(message.contains("\\u{1b}[2J5") && !message.contains('\u{1b}'), "{message}");
}

/// The ordinary end of a customer: its agreement is over, and the vendor no longer lists it. Nobody has to decide
/// anything then, and a report that asks every night is not read any more.
#[test]
fn a_customer_that_left_for_good_is_no_nightly_question() {
    let mut night = Night::new();
    night.row("Acme", "CloudFilter", "1").addition(10, 100, FILTER, "1");
    night.amend(20, |agreement| agreement.ends_on = Some(day("2026-01-31")));
    assert_eq!(codes(&night.plan()), [(Severity::Warning, Code::AgreementNotActive)]);
    assert!(night.plan().findings[0].fix.to_string().contains("customers.csv"));
    night.addition(20, 200, FILTER, "4");
    assert_eq!(codes(&night.plan()), [(Severity::Decide, Code::AgreementNotActive)], "a line of it is still there");
}

#[test]
fn findings_stand_in_the_order_of_what_they_ask() {
    let mut night = Night::new();
    night.row("Zeta", "CloudFilter", "1").row("Beta", "CloudFilter", "1").row("Acme", "Exchange", "1");
    night.row("Acme", "CloudFilter", "0").addition(10, 100, FILTER, "2").skipped("Omega").row("Omega", "X", "1");
    let plan = night.plan();
    let listed: Vec<_> = plan.findings.iter().map(|f| (f.code, f.customer.as_ref().map(|c| c.as_str()))).collect();
    assert_eq!(
        listed,
        [
            (Code::CustomerUnmapped, Some("Beta")),
            (Code::CustomerUnmapped, Some("Zeta")),
            (Code::ToZero, Some("Acme")),
            (Code::ServiceDeprecated, None),
            (Code::CustomerMissing, Some("Borealis")),
            (Code::CustomerSkipped, Some("Omega")),
        ]
    );
}
