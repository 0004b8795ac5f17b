//! What a line is set to: sums, bundles, zeros, and what becomes of a line that is not there.

use super::night::{BRACKET, FILTER, Night, codes, create, day, line, q, set};
use recount::export::count::duplicate_rows::Duplicates;
use recount::reconcile::model::ids::AdditionId;
use recount::reconcile::model::plan::line::Verdict;
use recount::reconcile::model::plan::reason_code::Code;

#[test]
fn the_billed_quantity_follows_the_count() {
    let mut night = Night::new();
    night.row("Acme", "CloudFilter", "7").addition(10, 100, FILTER, "3").row("Borealis", "CloudFilter", "2");
    let plan = night.plan();
    assert_eq!(line(&plan, 10, FILTER).verdict, set(100, "3", "7"));
    assert_eq!(line(&plan, 20, FILTER).verdict, create(1, "2"));
    assert_eq!(plan.findings, [], "an ordinary night asks nobody anything");
}

#[test]
fn a_fraction_of_a_unit_is_billed_exactly() {
    let mut night = Night::new();
    night.row("Acme", "CloudFilter", "0.3").addition(10, 100, FILTER, "0.1");
    assert_eq!(night.filter_line().verdict, set(100, "0.1", "0.3"));
    // 0.1 + 0.2 is 0.3, which binary floating point does not know.
    night.service("CloudFilter+", &[FILTER]).rows.clear();
    night.row("Acme", "CloudFilter", "0.1").row("Acme", "CloudFilter+", "0.2");
    night.amend_addition(100, |addition| addition.quantity = Ok(q("0.3")));
    assert_eq!(night.filter_line().verdict, Verdict::Unchanged(Code::Equal));
}

/// A customer with several services of one product, or several customers on one agreement, would else be billed for
/// the last of them alone.
#[test]
fn services_and_customers_of_one_line_add_up() {
    let mut night = Night::new();
    night.service("CloudFilter Edu", &[FILTER]).customer("Acme Labs", 1, Some(10));
    night.row("Acme", "CloudFilter", "7").row("Acme", "CloudFilter Edu", "2").row("Acme Labs", "CloudFilter", "1");
    let line = night.filter_line();
    assert_eq!(line.verdict, create(1, "10"));
    let sources: Vec<_> = line.sources.iter().map(|s| (s.customer.as_str(), s.service.as_str(), s.count)).collect();
    assert_eq!(
        sources,
        [
            ("Acme", "CloudFilter", Some(q("7"))),
            ("Acme", "CloudFilter Edu", Some(q("2"))),
            ("Acme Labs", "CloudFilter", Some(q("1"))),
        ],
        "the person who sends the invoice sees where ten comes from; what nobody uses is not listed"
    );
}

#[test]
fn each_product_of_a_bundle_is_a_line_of_its_own_with_the_same_count() {
    let mut night = Night::new();
    night.row("Acme", "Bracket", "5").addition(10, 100, BRACKET[0], "4");
    let plan = night.plan();
    assert_eq!(plan.lines.len(), 2);
    assert_eq!(line(&plan, 10, BRACKET[0]).verdict, set(100, "4", "5"));
    assert_eq!(line(&plan, 10, BRACKET[1]).verdict, create(3, "5"));
}

#[test]
fn a_bundle_shares_a_product_with_a_service_of_its_own() {
    let mut night = Night::new();
    night.service("SafeSend", &[BRACKET[0]]).row("Acme", "Bracket", "5").row("Acme", "SafeSend", "3");
    let plan = night.plan();
    assert_eq!(line(&plan, 10, BRACKET[0]).verdict, create(2, "8"));
    assert_eq!(line(&plan, 10, BRACKET[1]).verdict, create(3, "5"));
}

/// Two lines for one addition would set it to one count and then to the other, every night.
#[test]
fn two_spellings_of_one_product_are_one_line() {
    let mut night = Night::new();
    night.service("CloudFilter Edu", &["mp-cloudfilter"]).addition(10, 100, FILTER, "3");
    night.row("Acme", "CloudFilter", "3").row("Acme", "CloudFilter Edu", "2");
    let plan = night.plan();
    assert_eq!(plan.lines.len(), 1);
    assert_eq!(line(&plan, 10, FILTER).verdict, set(100, "3", "5"));
    night.service("Twice", &[FILTER, "mp-cloudfilter"]).row("Acme", "Twice", "1");
    assert_eq!(line(&night.plan(), 10, FILTER).verdict, set(100, "3", "6"), "a bundle counts once a product");
}

/// A service that a customer gave up has no row any more; without this it would be billed for ever.
#[test]
fn a_customer_of_the_export_without_a_row_for_a_service_wants_none_of_it() {
    let mut night = Night::new();
    night.row("Acme", "Bracket", "1").addition(10, 100, FILTER, "0").addition(10, 101, BRACKET[0], "1");
    assert_eq!(night.filter_line().verdict, Verdict::Unchanged(Code::Equal));
    night.amend_addition(100, |addition| addition.quantity = Ok(q("4")));
    let line = night.filter_line();
    assert_eq!((line.wanted, line.verdict), (Some(q("0")), Verdict::Held(Code::ToZero)));
    assert_eq!(line.sources.len(), 1, "the line still says whose it is");
}

#[test]
fn nothing_used_and_nothing_billed_is_nothing_to_do() {
    let mut night = Night::new();
    night.row("Acme", "CloudFilter", "0").row("Borealis", "Bracket", "0");
    let plan = night.plan();
    assert!(plan.lines.iter().all(|line| line.verdict == Verdict::Unchanged(Code::NothingToBill)), "{plan:#?}");
    assert_eq!(plan.findings, []);
}

#[test]
fn a_line_that_begins_later_is_not_created_a_second_time() {
    let mut night = Night::new();
    night.row("Acme", "CloudFilter", "5").addition(10, 100, FILTER, "5");
    night.amend_addition(100, |addition| addition.effective_on = Some(day("2026-03-11")));
    assert_eq!(night.filter_line().verdict, Verdict::Held(Code::LineNotYetEffective));
    night.rows[0].3 = "0".to_owned();
    let line = night.filter_line();
    assert_eq!(line.verdict, Verdict::Held(Code::LineNotYetEffective), "5 units will be billed that nobody counts");
    assert_eq!(line.detail, "addition 100 of 5 begins on Wed 11 Mar 2026, and nothing is used");
    let mut two = night.clone();
    two.addition(10, 101, FILTER, "3").amend_addition(101, |addition| addition.effective_on = Some(day("2026-04-01")));
    let said = two.filter_line().detail;
    let both = "addition 100 of 5 and addition 101 of 3 begin, the first on Wed 11 Mar 2026, and nothing is used";
    assert_eq!(said, both, "whoever ignores the one has not seen the other");
    night.amend_addition(100, |addition| addition.quantity = Ok(q("0")));
    assert_eq!(night.filter_line().verdict, Verdict::Unchanged(Code::NothingToBill), "nobody has to decide anything");
    night.amend_addition(100, |addition| addition.quantity = Ok(q("5")));
    night.amend_addition(100, |addition| addition.effective_on = Some(day("2026-03-10")));
    night.rows[0].3 = "5".to_owned();
    assert_eq!(night.filter_line().verdict, Verdict::Unchanged(Code::Equal), "it is live from its first day on");
}

#[test]
fn an_addition_cancelled_by_today_is_not_live() {
    let mut night = Night::new();
    night.row("Acme", "CloudFilter", "5").addition(10, 100, FILTER, "3");
    night.amend_addition(100, |addition| addition.cancelled_on = Some(day("2026-03-11")));
    assert_eq!(night.filter_line().verdict, set(100, "3", "5"), "it bills until tomorrow");
    night.amend_addition(100, |addition| addition.cancelled_on = Some(day("2026-03-10")));
    assert_eq!(night.filter_line().verdict, Verdict::Held(Code::LineJustEnded), "nor is it replaced on its last day");
    night.amend_addition(100, |addition| addition.cancelled_on = Some(day("2026-02-28")));
    assert_eq!(night.filter_line().verdict, create(1, "5"));
    night.addition(10, 101, FILTER, "4");
    assert_eq!(night.filter_line().verdict, set(101, "4", "5"), "the cancelled one is no second line");
}

#[test]
fn a_creation_takes_effect_today_and_never_before_the_agreement_bills() {
    let mut night = Night::new();
    night.row("Acme", "CloudFilter", "5").amend(10, |agreement| agreement.bills_from = Some(day("2026-03-10")));
    assert_eq!(night.filter_line().verdict, create(1, "5"));
    night.amend(10, |agreement| agreement.bills_from = Some(day("2026-03-11")));
    assert_eq!(night.filter_line().verdict, Verdict::Held(Code::LineBeforeBilling));
    night.amend(10, |agreement| agreement.bills_from = None);
    assert_eq!(night.filter_line().verdict, create(1, "5"));
}

/// Without proration a line begins with the next invoice. After the agreement's end it would never bill.
#[test]
fn a_line_does_not_begin_after_its_agreement_s_end() {
    let mut night = Night::new();
    night.row("Acme", "CloudFilter", "5");
    night.amend(10, |agreement| (agreement.prorates, agreement.next_invoice_on) = (false, Some(day("2026-04-01"))));
    for (end, held) in [("2026-03-31", true), ("2026-04-01", false)] {
        night.amend(10, |agreement| agreement.ends_on = Some(day(end)));
        assert_eq!(night.filter_line().verdict == Verdict::Held(Code::LineAfterEnd), held, "{end}");
    }
    night.amend(10, |agreement| (agreement.ends_on, agreement.cancelled_on) = (None, Some(day("2026-04-01"))));
    assert_eq!(night.filter_line().verdict, Verdict::Held(Code::LineAfterEnd));
    night.amend(10, |agreement| agreement.prorates = true);
    assert_eq!(night.filter_line().verdict, create(1, "5"), "it begins today");
}

/// A customer was told an invoice on which the line cannot be.
#[test]
fn a_line_that_begins_after_an_invoice_is_not_told_on_it() {
    let mut night = Night::new();
    night.row("Acme", "CloudFilter", "5");
    for (next, said) in [
        ("2026-03-01", "on an invoice after that of Sun 1 Mar 2026"),
        ("2026-03-10", "on the invoice of Tue 10 Mar 2026"),
        ("2026-04-01", "on the invoice of Wed 1 Apr 2026"),
    ] {
        for prorates in [true, false] {
            night.amend(10, |agreement| {
                (agreement.prorates, agreement.next_invoice_on) = (prorates, Some(day(next)));
            });
            assert_eq!(night.filter_line().detail, said);
        }
    }
    night.addition(10, 100, FILTER, "3").amend(10, |agreement| agreement.next_invoice_on = Some(day("2026-03-01")));
    assert_eq!(night.filter_line().detail, "on the invoice of Sun 1 Mar 2026", "a line that was there counts on it");
}

#[test]
fn a_missing_line_is_only_reported_where_the_operator_wants_no_creations() {
    let mut night = Night::new();
    night.mapping.create_lines = false;
    night.row("Acme", "CloudFilter", "5");
    assert_eq!(night.filter_line().verdict, Verdict::Held(Code::LineMissing));
    night.rows[0].3 = "0".to_owned();
    assert_eq!(night.filter_line().verdict, Verdict::Unchanged(Code::NothingToBill));
}

#[test]
fn split_rows_are_added_only_where_the_export_is_known_to_split_them() {
    let mut night = Night::new();
    night.mapping.customers.remove("Borealis");
    night.row("Acme", "Bracket", "2").row("Acme", "Bracket", "3");
    let plan = night.plan();
    for product in BRACKET {
        assert_eq!(line(&plan, 10, product).verdict, Verdict::Held(Code::RowDuplicate));
    }
    assert_eq!(codes(&plan).len(), 1, "one matter, however many lines of a bundle it stops");
    for (duplicates, quantity) in [(Duplicates::Sum, "5"), (Duplicates::Max, "3")] {
        night.duplicates = duplicates;
        assert_eq!(line(&night.plan(), 10, BRACKET[0]).verdict, create(2, quantity));
    }
}

/// Somebody ended the line in ConnectWise on purpose; the export does not know.
#[test]
fn a_line_that_somebody_else_cancelled_is_not_created_again() {
    let mut night = Night::new();
    night.row("Acme", "CloudFilter", "5").addition(10, 100, FILTER, "3");
    night.amend_addition(100, |addition| addition.cancelled_on = Some(day("2026-02-09")));
    assert_eq!(night.filter_line().verdict, create(1, "5"), "it was never ours");
    night.past.written.insert(AdditionId(100), super::held::written("3"));
    assert_eq!(night.filter_line().verdict, Verdict::Held(Code::HumanEdit));
    night.policy.human_edit = recount::reconcile::guard::guard_policy::HumanEdit::Overwrite;
    assert_eq!(night.filter_line().verdict, create(1, "5"));
    night.policy.human_edit = recount::reconcile::guard::guard_policy::HumanEdit::Ask;
    night.past.written.clear();
    night.past.accepted = Some(super::guards::accepted(&[100]));
    assert_eq!(night.filter_line().verdict, Verdict::Held(Code::HumanEdit), "seen live is enough");
    night.rows[0].3 = "0".to_owned();
    assert_eq!(night.filter_line().verdict, Verdict::Unchanged(Code::NothingToBill));
}
