//! Lines that recount has owned and the mapping no longer wants: out of sight they would bill for ever.

use std::collections::BTreeSet;

use super::night::{FILTER, Night, codes, day, key, line, q, set, time};
use recount::reconcile::guard::guard_policy::HumanEdit;
use recount::reconcile::matching::line_claims::{Claims, OtherIntegration};
use recount::reconcile::model::decision::{Decision, DecisionSubject, SeenLine};
use recount::reconcile::model::ids::{
    AdditionId, AgreementId, CompanyId, CustomerName, IntegrationName, ProductId, RunId, ServiceName,
};
use recount::reconcile::model::line_owners::{Owned, UncountedLine};
use recount::reconcile::model::mapping::ServiceRule;
use recount::reconcile::model::past::{CreationInDoubt, WrittenQuantity};
use recount::reconcile::model::plan::Plan;
use recount::reconcile::model::plan::line::{LiveAddition, Verdict};
use recount::reconcile::model::plan::named_additions::Named;
use recount::reconcile::model::plan::outcome::AnswerVerb;
use recount::reconcile::model::plan::reason_code::{Code, Severity};

/// Acme and Borealis have each had their line for a while: 9 and 7 units.
fn owned() -> Night {
    let mut night = Night::new();
    night.row("Acme", "CloudFilter", "9").row("Borealis", "CloudFilter", "7");
    night.addition(10, 100, FILTER, "9").addition(20, 200, FILTER, "7");
    own(&mut night, 10, 1, 100, &["Acme"]);
    own(&mut night, 20, 2, 200, &["Borealis"]);
    night
}

fn own(night: &mut Night, agreement: i64, company: i64, addition: i64, customers: &[&str]) {
    let source = |name: &&str| (CustomerName::new(name), ServiceName::new("CloudFilter"));
    let owned = Owned {
        addition: Some(AdditionId(addition)),
        company: Some(CompanyId(company)),
        sources: customers.iter().map(source).collect(),
    };
    night.past.owned.insert(key(agreement, FILTER), owned);
}

fn answer(night: &mut Night, verb: AnswerVerb, agreement: i64, was: &str) {
    let seen = SeenLine {
        addition: Some(AdditionId(agreement * 10)),
        was: Some(q(was)),
        wanted: Some(q("0")),
        changed_at: None,
    };
    let decision = Decision {
        handle: "abcd".to_owned(),
        verb,
        until: None,
        note: String::new(),
        who: "mmiller".to_owned(),
        at: time("2026-03-09T08:00:00Z").fixed_offset(),
        reason: Code::LineLeftBehind,
        seen: Some(seen),
        named: None,
        within: None,
        unmapped: false,
        spent: false,
    };
    night
        .past
        .decisions
        .0
        .insert(DecisionSubject::left_behind(&key(agreement, FILTER), Some(AdditionId(agreement * 10))), decision);
}

fn verdict(plan: &Plan, agreement: i64) -> Verdict {
    line(plan, agreement, FILTER).verdict
}

/// Otherwise every quiet night would ask about lines that are in order.
#[test]
fn a_line_that_the_mapping_wants_is_not_left_behind() {
    assert_eq!(codes(&owned().plan()), []);
}

/// 9 units would be billed to a customer whom nobody counts any more, under a report that says OK.
#[test]
fn every_edit_that_loses_a_line_is_told_with_its_reason() {
    type Edit = fn(&mut Night);
    let edits: [(&str, Edit); 6] = [
        ("Acme is not mapped any more", |night| _ = night.mapping.customers.remove("Acme")),
        ("Acme is skipped on purpose", |night| _ = night.skipped("Acme")),
        ("billed on agreement 11 now", |night| _ = night.agreement(11, 1).customer("Acme", 1, Some(11))),
        ("is not in recount.toml any more", |night| _ = night.mapping.services.remove("CloudFilter")),
        ("is not assigned any more", |night| {
            night.mapping.services.insert(ServiceName::new("CloudFilter"), ServiceRule::NotAssigned);
        }),
        ("is billed as MP-NEW now", |night| _ = night.product(9, "MP-NEW").service("CloudFilter", &["MP-NEW"])),
    ];
    for (why, edit) in edits {
        let mut night = owned();
        edit(&mut night);
        let line = line(&night.plan(), 10, FILTER);
        assert_eq!(line.verdict, Verdict::Held(Code::LineLeftBehind), "{why}: {line:#?}");
        assert!(line.detail.contains(why) && line.detail.contains("9"), "{why}: {}", line.detail);
        let plan = night.plan();
        let asked = plan.findings.iter().find(|finding| finding.handle.as_ref() == Some(&line.handle));
        assert_eq!(asked.map(|finding| finding.severity), Some(Severity::Decide), "{why}");
    }
}

/// Billed on both agreements, the customer pays twice.
#[test]
fn nothing_begins_beside_a_line_left_behind_until_a_night_after_it_is_at_0() {
    let mut night = owned();
    night.agreement(11, 1).customer("Acme", 1, Some(11));
    assert_eq!(verdict(&night.plan(), 11), Verdict::Held(Code::SuccessorWaits));
    night.addition(11, 110, FILTER, "0");
    assert_eq!(verdict(&night.plan(), 11), Verdict::Held(Code::SuccessorWaits), "nor is a line at 0 raised");

    answer(&mut night, AnswerVerb::Accept, 10, "9");
    let plan = night.plan();
    assert_eq!(verdict(&plan, 10), set(100, "9", "0"));
    assert_eq!(verdict(&plan, 11), Verdict::Held(Code::SuccessorWaits), "not in the same run");
    night.carry_out(&plan);
    let plan = night.plan();
    assert!(plan.lines.iter().all(|line| line.key() != Some(&key(10, FILTER))), "at 0 it is nobody's business");
    assert_eq!(verdict(&plan, 11), set(110, "0", "9"));
}

/// A successor that bills already would be raised beside the old line, and a customer who moved to another company created.
#[test]
fn nobody_is_billed_more_elsewhere_before_the_old_line_is_answered() {
    let mut night = owned();
    night.agreement(11, 1).customer("Acme", 1, Some(11)).addition(11, 110, FILTER, "5");
    assert_eq!(verdict(&night.plan(), 11), Verdict::Held(Code::SuccessorWaits), "raised from 5 to 9");

    let mut night = owned();
    night.agreement(21, 2).customer("Acme", 2, Some(21));
    assert_eq!(verdict(&night.plan(), 21), Verdict::Held(Code::SuccessorWaits), "on an agreement of another company");
}

/// Two customers shared a line; its agreement ended, and one of them is billed on a new one. The new line waited for an answer
/// about a line that bills nobody, and that nothing can be answered to.
#[test]
fn a_customer_of_an_agreement_that_ended_is_billed_on_the_next_at_once() {
    let mut night = owned();
    night.agreement(11, 1).customer("Acme", 1, Some(11)).customer("Acme Labs", 1, Some(10));
    night.row("Acme Labs", "CloudFilter", "8").addition(11, 110, FILTER, "5");
    night.amend_addition(100, |line| line.quantity = Ok(q("17")));
    own(&mut night, 10, 1, 100, &["Acme", "Acme Labs"]);
    assert_eq!(verdict(&night.plan(), 11), Verdict::Held(Code::SuccessorWaits), "while the old one bills");
    night.amend(10, |agreement| agreement.cancelled = true);
    let plan = night.plan();
    assert_eq!(verdict(&plan, 10), Verdict::Held(Code::AgreementNotActive));
    assert_eq!(verdict(&plan, 11), set(110, "5", "9"));
}

/// 17 billed for two customers; one of them moves to an agreement of its own: 8 more would be billed for nobody.
#[test]
fn a_customer_who_leaves_a_shared_line_is_billed_elsewhere_once_that_line_is_written() {
    let mut night = owned();
    night.agreement(11, 1).customer("Acme", 1, Some(10)).customer("Acme Labs", 1, Some(11));
    night.row("Acme Labs", "CloudFilter", "8");
    night.amend_addition(100, |line| line.quantity = Ok(q("17")));
    own(&mut night, 10, 1, 100, &["Acme", "Acme Labs"]);
    let plan = night.plan();
    assert_eq!(verdict(&plan, 10), Verdict::Held(Code::CountTakenOut));
    assert_eq!(verdict(&plan, 11), Verdict::Held(Code::SuccessorWaits));
    assert_eq!(verdict(&plan, 20), Verdict::Unchanged(Code::Equal), "nobody else waits");
    // The line is right already: nothing is billed twice.
    night.amend_addition(100, |line| line.quantity = Ok(q("9")));
    assert!(matches!(verdict(&night.plan(), 11), Verdict::Create(_)));
}

/// A catalog item that was renamed would show one addition as two lines, and the answer to the second would set a wanted
/// line to 0.
#[test]
fn a_line_whose_product_was_renamed_is_one_line() {
    let mut night = owned();
    let owned = night.past.owned.remove(&key(10, FILTER)).expect("owned");
    night.past.owned.insert(key(10, "OLD-NAME"), owned);
    let plan = night.plan();
    assert_eq!(verdict(&plan, 10), Verdict::Unchanged(Code::Equal));
    let of_acme = plan.lines.iter().filter(|line| line.key().is_some_and(|key| key.agreement.0 == 10));
    assert_eq!(of_acme.count(), 1);
}

/// Its catalog item got another identifier, and a line that somebody had cancelled was created anew.
#[test]
fn a_line_that_was_ended_by_hand_is_known_when_its_product_was_renamed() {
    let mut night = owned();
    night.past.owned.clear();
    night.past.written.clear();
    let seen = std::collections::BTreeMap::from([(key(10, "OLD-NAME"), AdditionId(100))]);
    night.past.accepted.as_mut().into_iter().for_each(|last| last.lines = seen.clone());
    night.past.ours = seen;
    night.amend_addition(100, |line| line.cancelled_on = Some(day("2020-01-31")));
    let plan = night.plan();
    assert_eq!(verdict(&plan, 10), Verdict::Held(Code::HumanEdit), "{:#?}", line(&plan, 10, FILTER));
}

/// Under the same identifier another catalog item is meant: its line was raised from 0, and the old one billed for ever.
#[test]
fn a_line_whose_identifier_means_another_catalog_item_comes_before_the_new_one() {
    for (there, waits) in [(Some("0"), "0 → 9 of addition 101"), (Some("9"), ""), (None, "a new line of 9")] {
        let mut night = owned();
        night.amend_addition(100, |line| line.product = Some(ProductId(70)));
        if let Some(units) = there {
            night.addition(10, 101, FILTER, units);
        }
        let old = line(&night.plan(), 10, FILTER);
        assert_eq!(old.verdict, Verdict::Held(Code::LineLeftBehind), "{there:?}: {old:#?}");
        assert_eq!(old.live.map(|live| live.addition), Some(AdditionId(100)), "{there:?}");
        assert!(old.detail.contains("catalog item 70") && old.detail.contains(waits), "{}", old.detail);
        assert!(!old.detail.contains("not show"), "it is in the list: {}", old.detail);

        answer(&mut night, AnswerVerb::Accept, 10, "9");
        let plan = night.plan();
        assert_eq!(verdict(&plan, 10), set(100, "9", "0"), "and nothing beside it: {there:?}");
        night.carry_out(&plan);
        let run = RunId(3);
        night.past.written.insert(AdditionId(100), WrittenQuantity::once(q("0"), run));
        night
            .past
            .accepted
            .as_mut()
            .into_iter()
            .for_each(|last| _ = last.lines.insert(key(10, FILTER), AdditionId(100)));
        let next = verdict(&night.plan(), 10);
        match there {
            Some("0") => assert_eq!(next, set(101, "0", "9")),
            Some(_) => assert_eq!(next, Verdict::Unchanged(Code::Equal)),
            None => assert!(matches!(next, Verdict::Create(_)), "{next:?}"),
        }
    }
}

/// The line that a pin has left bills on, beside the one that is pinned now, and stood in no plan.
#[test]
fn a_line_that_a_pin_has_left_comes_before_the_pinned_one() {
    for units in ["0", "3", "9"] {
        let mut night = owned();
        night.addition(10, 150, FILTER, units).mapping.pins.insert(AdditionId(150));
        let old = line(&night.plan(), 10, FILTER);
        assert_eq!(old.verdict, Verdict::Held(Code::LineLeftBehind), "{units}: {old:#?}");
        assert!(old.detail.contains("9 billed still: addition 150 is pinned now"), "{}", old.detail);
        assert!(!old.detail.contains("ended"), "nobody ended it: {}", old.detail);

        answer(&mut night, AnswerVerb::Keep, 10, "9");
        let freed = line(&night.plan(), 10, FILTER);
        assert_eq!(freed.live.map(|live| live.addition), Some(AdditionId(150)), "{units}: {freed:#?}");
        assert_ne!(freed.verdict, Verdict::Skipped(Code::Kept), "what was kept is addition 100");
    }
}

/// The customer is mapped, and its agreement is gone from the list: somebody would look for a row that is there.
#[test]
fn an_agreement_that_is_not_shown_is_no_edit_of_the_mapping() {
    let mut night = owned();
    night.directory.agreements.remove(&key(10, FILTER).agreement);
    night.additions.remove(&key(10, FILTER).agreement);
    let plan = night.plan();
    let line = line(&plan, 10, FILTER);
    assert_eq!(line.verdict, Verdict::Held(Code::AgreementMissing), "{line:#?}");
    assert!(line.detail.contains("agreement 10") && !line.detail.contains("not mapped"), "{}", line.detail);
    let asked: Vec<_> = plan.findings.iter().filter(|finding| finding.severity == Severity::Decide).collect();
    assert!(asked.len() == 1 && asked[0].code == Code::AgreementMissing, "{asked:#?}");
    assert!(asked[0].message.contains("agreement 10"), "which one it was: {asked:#?}");
}

/// Kept when the mapping did not want it, the line was never raised again once it was mapped: billed 9, wanted 12.
#[test]
fn what_was_kept_as_left_behind_is_not_kept_once_it_is_mapped_again() {
    let mut night = owned();
    answer(&mut night, AnswerVerb::Keep, 10, "9");
    night.rows.clear();
    night.row("Acme", "CloudFilter", "12").row("Borealis", "CloudFilter", "7");
    assert_eq!(verdict(&night.plan(), 10), set(100, "9", "12"));
}

/// Who bills the old line by hand must not wait for ever.
#[test]
fn to_keep_or_to_ignore_it_frees_what_it_held() {
    for (verb, expected) in [(AnswerVerb::Keep, Code::Kept), (AnswerVerb::Ignore, Code::Ignored)] {
        let mut night = owned();
        night.agreement(11, 1).customer("Acme", 1, Some(11));
        answer(&mut night, verb, 10, "9");
        let plan = night.plan();
        assert_eq!(verdict(&plan, 10), Verdict::Skipped(expected));
        assert!(matches!(verdict(&plan, 11), Verdict::Create(_)), "{:#?}", verdict(&plan, 11));
        assert!(plan.findings.iter().all(|finding| finding.severity != Severity::Decide), "{:#?}", plan.findings);
    }
}

/// A line that ended, or that another integration took over, would be asked about for ever.
#[test]
fn what_has_ended_or_is_wanted_elsewhere_is_let_go() {
    type Change = fn(&mut Night);
    let changes: [(&str, Change); 4] = [
        ("ended", |night| _ = night.amend_addition(100, |line| line.cancelled_on = Some(day("2026-03-01")))),
        ("at 0", |night| _ = night.amend_addition(100, |line| line.quantity = Ok(q("0")))),
        ("agreement ended", |night| _ = night.amend(10, |agreement| agreement.ends_on = Some(day("2026-03-01")))),
        ("another integration", |night| {
            let other = IntegrationName::new("other");
            let mut theirs = night.mapping.clone();
            theirs.customers = Night::new().mapping.customers;
            let neighbours = [OtherIntegration { integration: &other, mapping: &theirs }];
            night.claims = Claims::new(&neighbours, &Default::default(), &night.directory, night.today);
            night.mapping.services.remove("CloudFilter");
            night.rows.clear();
        }),
    ];
    for (what, change) in changes {
        let mut night = owned();
        night.mapping.customers.remove("Acme");
        change(&mut night);
        let plan = night.plan();
        let left: BTreeSet<_> = plan.lines.iter().filter_map(|line| line.key()).map(|key| key.agreement.0).collect();
        assert!(!left.contains(&10), "{what}: {:#?}", plan.lines);
    }
}

/// Absent is not zero: a listing that lacks it is no proof that nothing is billed.
#[test]
fn what_cannot_be_seen_stays_in_sight() {
    let mut night = owned();
    night.mapping.customers.remove("Acme");
    night.additions.insert(key(10, FILTER).agreement, Vec::new());
    let gone = line(&night.plan(), 10, FILTER);
    assert_eq!((gone.verdict, gone.wanted), (Verdict::Held(Code::LineLeftBehind), None));
    assert!(gone.detail.contains("does not show it"), "{}", gone.detail);

    night.directory.agreements.remove(&key(10, FILTER).agreement);
    night.additions.remove(&key(10, FILTER).agreement);
    assert_eq!(verdict(&night.plan(), 10), Verdict::Held(Code::LineLeftBehind));

    let mut night = owned();
    night.mapping.customers.remove("Acme");
    let (run, sent_at) = (RunId(1), time("2026-03-09T01:00:00Z"));
    night.past.in_doubt.insert(
        key(10, FILTER),
        CreationInDoubt { run, sent_at, candidates: Vec::new(), elsewhere: None, product: None },
    );
    assert_eq!(verdict(&night.plan(), 10), Verdict::Held(Code::InDoubt));
}

/// A customer who cannot be placed tonight is no edit: 9 → 0 must not be one keystroke away.
#[test]
fn a_customer_who_cannot_be_placed_holds_its_line_by_its_own_trouble() {
    let mut night = owned();
    night.directory.companies.remove(&CompanyId(1));
    let line = line(&night.plan(), 10, FILTER);
    assert_eq!((line.verdict, line.wanted), (Verdict::Held(Code::CompanyMissing), None));
}

/// 17 billed for two customers of one agreement; one of them is edited away, and 9 would be billed for both.
#[test]
fn a_line_that_loses_one_of_its_customers_is_held() {
    let mut night = owned();
    night.customer("Acme Labs", 1, None).row("Acme Labs", "CloudFilter", "8");
    night.amend_addition(100, |line| line.quantity = Ok(q("17")));
    own(&mut night, 10, 1, 100, &["Acme", "Acme Labs"]);
    assert_eq!(night.filter_line().verdict, Verdict::Unchanged(Code::Equal));
    night.skipped("Acme Labs");
    let line = night.filter_line();
    assert_eq!(line.verdict, Verdict::Held(Code::CountTakenOut));
    assert!(line.detail.contains("Acme Labs") && line.detail.contains("17 → 9"), "{}", line.detail);
}

/// "Not in the listing" is no sign that a line ended, whoever is to win: a second one would bill twice.
#[test]
fn a_line_that_was_there_and_is_not_listed_is_never_created_again() {
    let mut night = owned();
    night.policy.human_edit = HumanEdit::Overwrite;
    night.past.ours.insert(key(10, FILTER), AdditionId(100));
    night.additions.insert(key(10, FILTER).agreement, Vec::new());
    assert_eq!(night.filter_line().verdict, Verdict::Held(Code::HumanEdit));
}

/// The end date is the last billed day, and what ended this month is on this month's invoice.
#[test]
fn a_line_that_just_ended_is_not_replaced_in_its_month() {
    for (ended, held) in [("2026-03-10", true), ("2026-03-01", true), ("2026-02-28", false)] {
        let mut night = Night::new();
        night.row("Acme", "CloudFilter", "9").addition(10, 100, FILTER, "9");
        night.amend_addition(100, |line| line.cancelled_on = Some(day(ended)));
        let line = night.filter_line();
        assert_eq!(line.verdict == Verdict::Held(Code::LineJustEnded), held, "{ended}: {line:#?}");
        assert!(line.detail.contains(&day(ended).format("%-d %b %Y").to_string()), "{}", line.detail);
    }
}

/// Two lines of one product on two agreements of a company are two invoices for one count.
#[test]
fn a_line_that_bills_elsewhere_is_no_line_to_be_created_beside() {
    let mut night = Night::new();
    night.row("Acme", "CloudFilter", "9").customer("Acme", 1, Some(10));
    night.agreement(11, 1).addition(11, 110, FILTER, "9");
    let line = night.filter_line();
    assert_eq!(line.verdict, Verdict::Held(Code::LineElsewhere));
    assert!(line.detail.contains("agreement 11") && line.detail.contains("9"), "{}", line.detail);

    let create = |night: &Night| matches!(night.filter_line().verdict, Verdict::Create(_));
    let mut wanted = night.clone();
    wanted.customer("Acme Labs", 1, Some(11)).row("Acme Labs", "CloudFilter", "9");
    assert!(create(&wanted), "a mapped customer wants it there");
    night.amend_addition(110, |line| line.quantity = Ok(q("0")));
    assert!(create(&night), "nothing is billed there");
}

/// What cannot be read beside a new line may be the product: a line created all the same bills it twice, and one that is
/// held without a word is never billed.
#[test]
fn a_line_is_not_created_beside_what_cannot_be_read_and_somebody_is_asked() {
    let mut night = Night::new();
    night.row("Acme", "CloudFilter", "9").customer("Acme", 1, Some(10));
    night.agreement(11, 1).addition(11, 110, FILTER, "9").amend_addition(110, |line| line.product = None);
    assert_eq!(night.filter_line().verdict, Verdict::Held(Code::AgreementUnreadable));
    let asked = night.plan().findings.into_iter().filter(|found| found.severity == Severity::Decide);
    let asked: Vec<Code> = asked.map(|found| found.code).collect();
    assert_eq!(asked, [Code::AgreementUnreadable]);
}

/// Two catalog items of one identifier are one product to whoever reads the invoice.
#[test]
fn a_line_under_another_catalog_item_of_the_same_identifier_is_one_too() {
    let mut night = Night::new();
    night.row("Acme", "CloudFilter", "9").product(9, "mp-cloudfilter").addition(10, 100, FILTER, "9");
    night.amend_addition(100, |line| line.product = Some(ProductId(9)));
    assert_eq!(night.filter_line().verdict, Verdict::Held(Code::LineElsewhere));
}

/// A trial window and a credit stand beside many lines: held for them, a line would never follow its count again.
#[test]
fn a_short_window_or_a_credit_beside_a_line_is_no_ambiguity() {
    let mut night = Night::new();
    night.row("Acme", "CloudFilter", "11").addition(10, 100, FILTER, "9");
    night.addition(10, 101, FILTER, "5").addition(10, 102, FILTER, "0");
    let window = (Some(day("2026-03-01")), Some(day("2026-03-30")));
    night.amend_addition(101, |line| (line.effective_on, line.cancelled_on) = window);
    night.amend_addition(102, |line| (line.credit, line.quantity) = (true, Err("below zero".to_owned())));
    let line = night.filter_line();
    assert_eq!(line.verdict, set(100, "9", "11"));
    assert!(line.detail.contains("addition 101") && line.detail.contains("addition 102"), "{}", line.detail);
    night.addition(10, 103, FILTER, "1");
    assert_eq!(night.filter_line().verdict, Verdict::Held(Code::LineAmbiguous));
}

/// Five were billed to 2028 and five without an end, and of seven counted seven were written to the second: twelve for seven.
#[test]
fn a_line_with_an_end_far_away_beside_another_is_ambiguous() {
    for owned in [100, 101] {
        let mut night = Night::new();
        night.row("Acme", "CloudFilter", "7").addition(10, owned, FILTER, "5").addition(10, 102, FILTER, "5");
        night.amend_addition(owned, |line| line.cancelled_on = Some(day("2028-12-31")));
        let line = night.filter_line();
        assert_eq!(line.verdict, Verdict::Held(Code::LineAmbiguous));
        assert!(line.detail.contains(&owned.to_string()) && line.detail.contains("102"), "{}", line.detail);
    }
}

/// Twice in a plan, a line could not be stored, and nothing of the night was billed (exit 14).
#[test]
fn a_line_that_is_moved_to_where_another_bills_stands_in_the_plan_once() {
    let mut night = Night::new();
    night.row("Acme", "CloudFilter", "9").row("Borealis", "CloudFilter", "7").agreement(21, 2);
    night.addition(10, 100, FILTER, "9").addition(21, 200, FILTER, "7");
    own(&mut night, 10, 1, 100, &["Acme"]);
    own(&mut night, 20, 2, 200, &["Borealis"]);
    // Found by the look at all companies, and gone again when the agreement was read.
    night.past.uncounted.push(UncountedLine {
        key: key(21, FILTER),
        company: Some(CompanyId(2)),
        company_name: "Borealis".to_owned(),
        is_mapped: true,
        billed: Ok(LiveAddition { addition: AdditionId(300), quantity: q("5") }),
        named: Named::one(AdditionId(300), None),
    });
    let plan = night.plan();
    let there = plan.lines.iter().filter(|line| line.key() == Some(&key(21, FILTER)));
    assert_eq!(there.count(), 1, "{:#?}", plan.lines);
    let line = line(&plan, 21, FILTER);
    assert_eq!(line.verdict, Verdict::Held(Code::LineLeftBehind));
    assert!(line.named.0.keys().eq(&[AdditionId(200), AdditionId(300)]), "{line:?}");
}

/// A creation that was killed on its way, adopted by a refused night, and moved by a person billed 7 out of sight.
#[test]
fn a_creation_that_no_accepted_plan_has_seen_is_found_where_it_was_moved_to() {
    let mut night = Night::new();
    night.row("Acme", "CloudFilter", "9").agreement(21, 2);
    night.addition(10, 100, FILTER, "9").addition(21, 200, FILTER, "7");
    own(&mut night, 10, 1, 100, &["Acme"]);
    night.past.owned.insert(key(20, FILTER), Owned { company: Some(CompanyId(2)), ..Owned::default() });
    night.past.ours.insert(key(20, FILTER), AdditionId(200));
    let line = line(&night.plan(), 21, FILTER);
    assert_eq!(line.verdict, Verdict::Held(Code::LineLeftBehind));
    assert_eq!(line.live.map(|live| (live.addition, live.quantity)), Some((AdditionId(200), q("7"))));
}

/// A line that a person moved away, or that a list did not show, was not named once another one stood in its place: 19 were
/// billed, and nobody was told of them.
#[test]
fn a_line_that_is_not_shown_is_named_beside_the_one_in_its_place() {
    let mut night = owned();
    night.mapping.services.insert(ServiceName::new("CloudFilter"), ServiceRule::NotAssigned);
    night.additions.get_mut(&AgreementId(10)).expect("Acme's").clear();
    night.addition(10, 300, FILTER, "5");
    let left = line(&night.plan(), 10, FILTER);
    assert_eq!(left.verdict, Verdict::Held(Code::LineLeftBehind));
    assert_eq!(left.live.map(|live| live.addition), Some(AdditionId(300)));
    assert!(
        left.detail.contains("addition 100 was here, and ConnectWise does not show it any more"),
        "{}",
        left.detail
    );
}

/// A line that a person moved beside another one of its product was named nowhere once nothing was mapped to the product: what is
/// mapped to nothing is not read from the catalog. 3 units were billed for good, and nobody was told.
#[test]
fn what_bills_beside_a_line_left_behind_is_named_also_where_its_product_is_mapped_no_more() {
    let mut night = owned();
    night.addition(10, 300, FILTER, "3");
    night.mapping.services.insert(ServiceName::new("CloudFilter"), ServiceRule::NotAssigned);
    night.directory.products.clear();
    let left = line(&night.plan(), 10, FILTER);
    assert!(left.detail.contains("addition 300 beside it bills 3"), "{}", left.detail);
    night.amend_addition(100, |own| own.cancelled_on = Some(day("2026-03-01")));
    let left = line(&night.plan(), 10, FILTER);
    assert_eq!(left.verdict, Verdict::Held(Code::LineLeftBehind));
    assert_eq!(left.live.map(|live| live.addition), Some(AdditionId(300)));
}
