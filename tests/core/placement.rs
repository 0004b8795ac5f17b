//! Which agreement a customer is billed on; a wrong one bills somebody else's customer.

use std::collections::BTreeSet;

use super::night::{FILTER, Night, codes, create, day, line, said, set, unplaced};
use recount::reconcile::model::connectwise_records::{Agreement, AgreementSign, Recurrence, Unreadable};
use recount::reconcile::model::ids::{AgreementId, CompanyId, CustomerName};
use recount::reconcile::model::mapping::{AgreementRule, MatchCustomers};
use recount::reconcile::model::past::Accepted;
use recount::reconcile::model::plan::line::Verdict;
use recount::reconcile::model::plan::reason_code::{Code, Severity};

/// Why an agreement does not bill, and what makes it so.
type Case = (Code, fn(&mut Agreement));

fn acme() -> Night {
    let mut night = Night::new();
    night.mapping.customers.remove("Borealis");
    night.row("Acme", "CloudFilter", "5");
    night
}

/// How Acme's count ends, and that exactly one finding asks about it.
fn stopped_by(night: &Night) -> Code {
    let plan = night.plan();
    let line = unplaced(&plan, "Acme", "CloudFilter");
    let Verdict::Held(code) = line.verdict else { panic!("{line:#?}") };
    assert_eq!(codes(&plan), [(Severity::Decide, code)]);
    assert_eq!(plan.findings[0].customer, Some(CustomerName::new("Acme")));
    assert!(!plan.findings[0].fix.is_empty());
    code
}

#[test]
fn a_customer_without_a_row_is_unmapped_and_named_first() {
    let mut night = acme();
    night.row("Zeta", "CloudFilter", "4").row("Zeta", "Bracket", "1").row("Acme", "Nonsense", "1");
    let plan = night.plan();
    for service in ["CloudFilter", "Bracket"] {
        assert_eq!(unplaced(&plan, "Zeta", service).verdict, Verdict::Held(Code::CustomerUnmapped));
    }
    assert_eq!(codes(&plan), [(Severity::Decide, Code::CustomerUnmapped), (Severity::Decide, Code::ServiceUnmapped)]);
    assert_eq!(plan.findings[0].message, "not mapped: 5 units of 2 services");
    assert_eq!(line(&plan, 10, FILTER).verdict, create(1, "5"), "it holds up nobody else");
}

/// Opened in a spreadsheet once, an account number has lost its zeros: two findings that nobody brings together.
#[test]
fn a_number_that_lost_its_zeros_is_told_with_the_one_it_was() {
    for (mapped, counted) in [("00123", "123"), ("123", "00123")] {
        let mut night = Night::new();
        let row = night.mapping.customers.remove("Acme").expect("mapped");
        night.mapping.customers.insert(CustomerName::new(mapped), row);
        night.row(counted, "CloudFilter", "5");
        let plan = night.plan();
        let told = plan.findings.iter().find(|finding| finding.code == Code::CustomerUnmapped).expect("told");
        let said = format!(
            "not mapped; customers.csv has \"{mapped}\" (perhaps a spreadsheet took its zeros): 5 units of 1 service"
        );
        assert_eq!(told.message, said);
        assert!(told.fix.to_string().starts_with("write it as the export does in customers.csv"), "{}", told.fix);
    }
}

#[test]
fn a_customer_whose_name_a_spreadsheet_made_is_told_so() {
    let mut night = acme();
    night.row("1.00E+03", "CloudFilter", "4");
    let message = night.plan().findings[0].message.clone();
    assert_eq!(message, "not mapped; it looks like what a spreadsheet makes of a long number: 4 units of 1 service");
}

#[test]
fn a_blank_company_is_skipped_on_purpose() {
    let mut night = acme();
    night.skipped("Zeta").row("Zeta", "CloudFilter", "4").skipped("Absent");
    let plan = night.plan();
    assert_eq!(unplaced(&plan, "Zeta", "CloudFilter").verdict, Verdict::Skipped(Code::CustomerSkipped));
    assert_eq!(codes(&plan), [(Severity::Info, Code::CustomerSkipped)]);
}

#[test]
fn a_company_that_is_gone_or_deleted_bills_nothing() {
    let mut night = acme();
    night.directory.companies.get_mut(&CompanyId(1)).expect("Acme").deleted = true;
    assert_eq!(stopped_by(&night), Code::CompanyMissing);
    night.directory.companies.clear();
    assert_eq!(stopped_by(&night), Code::CompanyMissing);
}

#[test]
fn a_named_agreement_must_exist_and_be_the_companys_own() {
    let mut night = acme();
    night.customer("Acme", 1, Some(20));
    assert_eq!(stopped_by(&night), Code::AgreementOtherCompany);
    night.customer("Acme", 1, Some(99));
    assert_eq!(stopped_by(&night), Code::AgreementMissing);
    night.agreement(11, 1).amend(11, |agreement| agreement.kind = "Other".to_owned()).customer("Acme", 1, Some(11));
    assert_eq!(line(&night.plan(), 11, FILTER).verdict, create(1, "5"), "a named one may be of any type");
}

#[test]
fn the_default_agreement_is_the_only_active_one_of_its_type_or_name() {
    let mut night = acme();
    night.agreement(11, 1).amend(11, |agreement| agreement.kind = "Backup".to_owned());
    assert_eq!(night.filter_line().verdict, create(1, "5"));
    night.amend(11, |agreement| agreement.kind = "Email".to_owned());
    assert_eq!(stopped_by(&night), Code::AgreementAmbiguous);
    assert!(night.plan().findings[0].message.contains("10, 11"), "the person has to choose between them");
    night.amend(11, |agreement| agreement.ends_on = Some(day("2026-03-09")));
    assert_eq!(night.filter_line().verdict, create(1, "5"), "last year's agreement makes nothing ambiguous");
    night.mapping.default_agreement = Some(AgreementRule::Name("Mail 10".to_owned()));
    assert_eq!(night.filter_line().verdict, create(1, "5"));
    night.mapping.default_agreement = Some(AgreementRule::Name("mail 10".to_owned()));
    assert_eq!(stopped_by(&night), Code::AgreementMissing);
    night.mapping.default_agreement = None;
    assert_eq!(stopped_by(&night), Code::AgreementMissing);
}

#[test]
fn an_agreement_that_does_not_bill_today_is_not_written() {
    let cases: [Case; 8] = [
        (Code::AgreementNotActive, |a| a.status = Some("Inactive".to_owned())),
        (Code::AgreementNotActive, |a| a.status = Some("Cancelled".to_owned())),
        (Code::AgreementNotActive, |a| a.cancelled = true),
        (Code::AgreementNotActive, |a| a.cancelled_on = Some(day("2026-03-10"))),
        (Code::AgreementNotActive, |a| a.starts_on = Some(day("2026-03-11"))),
        (Code::AgreementNotActive, |a| a.ends_on = Some(day("2026-03-09"))),
        (Code::AgreementOneTime, |a| a.recurrence = Recurrence::Once),
        (Code::AgreementNotActive, |a| {
            a.recurrence = Recurrence::Once;
            a.ends_on = Some(day("2026-01-01"));
        }),
    ];
    for named in [None, Some(10)] {
        for (code, change) in cases {
            let mut night = acme();
            night.customer("Acme", 1, named).amend(10, change).addition(10, 100, FILTER, "3");
            let plan = night.plan();
            let line = line(&plan, 10, FILTER);
            assert_eq!(line.verdict, Verdict::Held(code));
            assert!(line.live.is_some(), "what is billed is shown all the same");
            assert_eq!(codes(&plan), [(Severity::Decide, code)]);
        }
    }
}

#[test]
fn an_agreement_bills_on_its_first_and_on_its_last_day() {
    let mut night = acme();
    night.amend(10, |a| (a.starts_on, a.ends_on) = (Some(day("2026-03-10")), Some(day("2026-03-10"))));
    assert_eq!(night.filter_line().verdict, create(1, "5"));
    night.amend(10, |a| (a.cancelled_on, a.status) = (Some(day("2026-03-11")), None));
    assert_eq!(night.filter_line().verdict, create(1, "5"), "cancelled from tomorrow on");
    night.amend(10, |a| a.status = Some("active".to_owned()));
    assert_eq!(night.filter_line().verdict, create(1, "5"), "ConnectWise compares words without regard to case");
}

#[test]
fn a_customer_of_a_companys_exact_name_needs_no_row_where_the_operator_says_so() {
    let mut night = acme();
    night.mapping.match_customers = MatchCustomers::ExactName;
    night.company(3, " Zeta ").agreement(30, 3).row("Zeta", "CloudFilter", "4");
    assert_eq!(line(&night.plan(), 30, FILTER).verdict, create(1, "4"));
    night.company(4, "zeta");
    assert_eq!(line(&night.plan(), 30, FILTER).verdict, create(1, "4"), "exact means exact");
    night.company(4, "Zeta");
    let plan = night.plan();
    assert_eq!(unplaced(&plan, "Zeta", "CloudFilter").verdict, Verdict::Held(Code::CompanyAmbiguous));
    assert!(said(&plan, Code::CompanyAmbiguous)[0].message.contains("3, 4"));
    night.directory.companies.get_mut(&CompanyId(4)).expect("the second").deleted = true;
    assert_eq!(line(&night.plan(), 30, FILTER).verdict, create(1, "4"), "a deleted company bears no name");
    night.skipped("Zeta");
    assert_eq!(codes(&night.plan()), [(Severity::Info, Code::CustomerSkipped)], "a row wins over a name");
}

/// The export's names are folded: the bill of one company would go to another whose name looks the same.
#[test]
fn companies_whose_names_differ_in_what_nobody_sees_are_not_told_apart_by_them() {
    for name in ["Zeta  Ltd", "Zeta\u{a0}Ltd", "Ze\u{200b}ta Ltd", "Zeta\u{2009}Ltd ", "\u{feff}Zeta Ltd"] {
        let mut night = acme();
        night.mapping.match_customers = MatchCustomers::ExactName;
        night.company(3, name).agreement(30, 3).row("Zeta Ltd", "CloudFilter", "4");
        assert_eq!(line(&night.plan(), 30, FILTER).verdict, create(1, "4"), "{name:?} is the only one");
        night.company(4, "Zeta Ltd").agreement(40, 4);
        let plan = night.plan();
        assert_eq!(unplaced(&plan, "Zeta Ltd", "CloudFilter").verdict, Verdict::Held(Code::CompanyAmbiguous));
        let message = &said(&plan, Code::CompanyAmbiguous)[0].message;
        assert!(message.contains("3, 4") && message.contains("nobody sees"), "{message}");
    }
}

/// A customer that matched by name and left the export would otherwise be billed for ever, and nobody told.
#[test]
fn a_customer_known_by_name_alone_is_missed_when_it_is_gone() {
    let mut night = acme();
    night.mapping.match_customers = MatchCustomers::ExactName;
    night.company(3, "Zeta").agreement(30, 3).addition(30, 300, FILTER, "4");
    let customers = ["Acme", "Zeta"].map(CustomerName::new);
    night.past.accepted = Some(Accepted { customers: BTreeSet::from(customers), ..super::guards::accepted(&[300]) });
    let plan = night.plan();
    assert_eq!(line(&plan, 30, FILTER).verdict, Verdict::Held(Code::CustomerMissing));
    assert_eq!(codes(&plan), [(Severity::Decide, Code::CustomerMissing)]);
}

/// Else somebody would add the agreement that is there.
#[test]
fn an_agreement_that_does_not_say_whose_it_is_is_not_told_as_missing() {
    let stray = |company, kind: &str| Unreadable {
        id: 90,
        known: AgreementSign { company, kind: Some(kind.to_owned()), name: None },
        why: "its company is missing".to_owned(),
    };
    for (record, code) in [
        (stray(None, "Email Security"), Code::AgreementUnreadable),
        (stray(None, "Other"), Code::AgreementMissing),
        (stray(Some(CompanyId(2)), "Email Security"), Code::AgreementMissing),
    ] {
        let mut night = acme();
        night.mapping.default_agreement = Some(AgreementRule::Type("Email Security".to_owned()));
        night.directory.agreements.clear();
        night.directory.unread.agreements.insert(AgreementId(90), record.clone());
        assert_eq!(stopped_by(&night), code, "{record:?}");
    }
}

/// The product may bill there already. What bills where everybody can see it follows its count all the same.
#[test]
fn an_agreement_that_may_be_anybody_s_holds_what_is_new_and_nothing_else() {
    let stray = |company| Unreadable {
        id: 90,
        known: AgreementSign { company, kind: Some("Managed".to_owned()), name: None },
        why: "company cannot be read".to_owned(),
    };
    for (company, waits) in [(None, true), (Some(CompanyId(1)), true), (Some(CompanyId(2)), false)] {
        let mut night = acme();
        let unread = &mut night.directory.unread.agreements;
        unread.insert(AgreementId(90), stray(company));
        let verdict = line(&night.plan(), 10, FILTER).verdict;
        let expected = if waits { Verdict::Held(Code::AgreementUnreadable) } else { create(1, "5") };
        assert_eq!(verdict, expected, "{company:?}");
        night.addition(10, 100, FILTER, "3");
        assert_eq!(line(&night.plan(), 10, FILTER).verdict, set(100, "3", "5"), "{company:?}");
    }
}
