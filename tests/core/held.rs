//! What is held for a person: doubt means no write.

use super::guards::accepted;
use super::night::{BRACKET, FILTER, Night, codes, create, day, key, line, q, said, set, stamp, time, unplaced};
use recount::reconcile::guard::guard_policy::{HumanEdit, LineStep, Percent, ToZero};
use recount::reconcile::model::connectwise_records::Product;
use recount::reconcile::model::ids::{AdditionId, AgreementId, ProductId, RunId};
use recount::reconcile::model::last_change::LastChange;
use recount::reconcile::model::past::{
    AbandonedCreation, Accepted, CreationInDoubt, JustCreated, SeenQuantity, WrittenQuantity,
};
use recount::reconcile::model::plan::line::Verdict;
use recount::reconcile::model::plan::reason_code::{Code, Severity};

pub(super) fn written(quantity: &str) -> WrittenQuantity {
    WrittenQuantity::once(q(quantity), RunId(7))
}

/// Acme uses `used` and is billed `billed`; Borealis, who is missing, has no line.
fn acme(used: &str, billed: &str) -> Night {
    let mut night = Night::new();
    night.row("Acme", "CloudFilter", used).addition(10, 100, FILTER, billed);
    night
}

/// The reason for which the line is held, and that a person is asked about it once.
fn held(night: &Night) -> Code {
    let plan = night.plan();
    let line = line(&plan, 10, FILTER);
    let Verdict::Held(code) = line.verdict else { panic!("{line:#?}") };
    let asked: Vec<_> = plan.findings.iter().filter(|finding| finding.severity == Severity::Decide).collect();
    assert_eq!(asked.len(), 1, "{:#?}", plan.findings);
    assert!(!asked[0].message.is_empty() && !asked[0].fix.is_empty());
    code
}

#[test]
fn a_customer_who_is_not_in_the_export_at_all_is_missing_and_keeps_its_lines() {
    let mut night = acme("5", "5");
    night.addition(20, 200, FILTER, "4").addition(20, 201, BRACKET[0], "0");
    let plan = night.plan();
    let missing = line(&plan, 20, FILTER);
    assert_eq!((missing.wanted, &missing.verdict), (None, &Verdict::Held(Code::CustomerMissing)));
    assert_eq!(line(&plan, 20, BRACKET[0]).verdict, Verdict::Unchanged(Code::NothingToBill));
    assert_eq!(codes(&plan), [(Severity::Decide, Code::CustomerMissing)]);
    night.amend_addition(200, |addition| addition.quantity = Ok(q("0")));
    assert_eq!(codes(&night.plan()), [(Severity::Info, Code::CustomerMissing)], "nothing is billed to it");
}

#[test]
fn one_missing_customer_holds_the_line_that_it_shares() {
    let mut night = acme("5", "3");
    night.customer("Acme Labs", 1, Some(10));
    let plan = night.plan();
    assert_eq!(line(&plan, 10, FILTER).verdict, Verdict::Held(Code::CustomerMissing));
    let missing = said(&plan, Code::CustomerMissing);
    assert_eq!(missing[0].customer.as_ref().map(|name| name.as_str()), Some("Acme Labs"), "and not Acme");
    night.row("Acme Labs", "Bracket", "1");
    assert_eq!(night.filter_line().verdict, set(100, "3", "5"), "in the export without a row, it uses none");
}

/// The other customer's five units would be given away, and the report would say that nothing is used.
#[test]
fn a_line_at_zero_is_no_reason_to_forget_who_else_is_on_it() {
    let mut night = acme("5", "0");
    night.customer("Acme Labs", 1, Some(10));
    assert_eq!(held(&night), Code::CustomerMissing);
}

#[test]
fn a_customer_with_an_unreadable_row_keeps_all_its_lines() {
    let mut night = acme("5", "3");
    night.row("Acme", "Bracket", "N/A").addition(10, 101, BRACKET[0], "9");
    let plan = night.plan();
    for product in [FILTER, BRACKET[0]] {
        assert_eq!(line(&plan, 10, product).verdict, Verdict::Held(Code::CustomerIncomplete));
    }
    assert_eq!(codes(&plan)[0], (Severity::Decide, Code::CustomerIncomplete));
    let row = said(&plan, Code::RowMalformed)[0];
    assert!(row.message.starts_with("line 3, column \"Quantity\": \"N/A\""), "{}", row.message);
    night.customer("Acme Labs", 1, Some(10)).row("Acme Labs", "CloudFilter", "1");
    assert_eq!(night.filter_line().verdict, Verdict::Held(Code::CustomerIncomplete), "the shared line as well");
}

#[test]
fn an_unmapped_or_skipped_customer_holds_nobody_elses_line() {
    let mut night = acme("5", "3");
    night.row("Zeta", "CloudFilter", "N/A").row("Omega", "CloudFilter", "1").skipped("Omega");
    assert_eq!(night.filter_line().verdict, set(100, "3", "5"));
}

#[test]
fn a_service_that_nobody_mapped_is_asked_about_once() {
    let mut night = acme("5", "5");
    night.row("Acme", "New thing", "3").row("Borealis", "New thing", "4").row("Acme", "Trial", "9");
    let plan = night.plan();
    assert_eq!(unplaced(&plan, "Acme", "New thing").verdict, Verdict::Held(Code::ServiceUnmapped));
    assert_eq!(unplaced(&plan, "Acme", "Trial").verdict, Verdict::Skipped(Code::ServiceNotAssigned));
    assert_eq!(codes(&plan), [(Severity::Decide, Code::ServiceUnmapped)]);
    assert_eq!(plan.findings[0].message, "is not mapped: 7 units of 2 customers");
}

/// Two matters that look unrelated, a service nobody mapped and everybody's line at zero, are one slip of a hand.
#[test]
fn a_service_that_is_misspelt_is_told_beside_its_right_name() {
    let mut night = acme("5", "5");
    night.rows.clear();
    night.row("Acme", "Cloud-Filter", "3").row("Borealis", "Cloud-Filter", "4");
    let plan = night.plan();
    let unmapped = plan.findings.iter().find(|finding| finding.code == Code::ServiceUnmapped).expect("unmapped");
    let told = "is not mapped: 7 units of 2 customers; recount.toml has \"CloudFilter\", which is in no row";
    assert_eq!(unmapped.message, told);
    // As soon as the right one is in a row, it is another service.
    night.row("Borealis", "CloudFilter", "1");
    let unmapped = night.plan().findings.into_iter().find(|finding| finding.code == Code::ServiceUnmapped);
    assert_eq!(unmapped.expect("unmapped").message, "is not mapped: 7 units of 2 customers");
}

/// Whoever pins a line believes that it is settled.
#[test]
fn a_pin_that_settles_nothing_is_told_of() {
    let mut night = acme("5", "5");
    night.product(9, "MP-FOREIGN").addition(10, 900, "MP-FOREIGN", "1");
    let told = |night: &Night| -> Vec<String> {
        let of_pins = night.plan().findings.into_iter().filter(|finding| finding.code == Code::PinUnused);
        of_pins.map(|finding| finding.message).collect()
    };
    night.mapping.pins.extend([AdditionId(100), AdditionId(999)]);
    assert_eq!(told(&night), ["addition_id 999 is on none of the agreements that were looked at"]);
    night.mapping.pins = [AdditionId(100), AdditionId(900)].into();
    assert_eq!(told(&night), ["addition_id 900 is an addition of another product"]);
}

/// A mailbox that is entered in two spellings is billed twice.
#[test]
fn items_that_differ_only_in_case_are_told_of() {
    let mut night = acme("5", "5");
    night.rows.clear();
    night.items("Acme", "CloudFilter", &["A@x.com", "a@x.com", "b@x.com"]);
    let told = night.plan().findings.into_iter().find(|finding| finding.code == Code::ItemSpelledTwice).expect("told");
    assert_eq!(told.severity, Severity::Warning);
    assert!(told.message.starts_with("\"A@x.com\" and \"a@x.com\" differ only in case"), "{}", told.message);
}

#[test]
fn a_deprecated_service_is_said_and_one_that_is_mapped_nevertheless_is_held() {
    let mut night = acme("5", "5");
    night.mapping.customers.remove("Borealis");
    night.row("Acme", "Exchange", "3");
    let plan = night.plan();
    assert_eq!(unplaced(&plan, "Acme", "Exchange").verdict, Verdict::Skipped(Code::ServiceDeprecated));
    assert_eq!(codes(&plan), [(Severity::Warning, Code::ServiceDeprecated)]);
    night.row("Acme", "Exchange+", "3");
    let plan = night.plan();
    assert_eq!(unplaced(&plan, "Acme", "Exchange+").verdict, Verdict::Held(Code::ServiceDeprecated));
    assert_eq!(codes(&plan)[0], (Severity::Decide, Code::ServiceDeprecated));
}

#[test]
fn a_product_that_cannot_be_billed_stops_its_lines_and_is_asked_about_once() {
    let of = |change: &dyn Fn(&mut Night)| {
        let mut night = acme("5", "3");
        night.row("Borealis", "CloudFilter", "1");
        change(&mut night);
        let plan = night.plan();
        for agreement in [10, 20] {
            assert!(matches!(line(&plan, agreement, FILTER).verdict, Verdict::Held(_)));
        }
        assert_eq!(codes(&plan).len(), 1);
        assert!(plan.findings[0].message.ends_with("2 lines held"), "{}", plan.findings[0].message);
        codes(&plan)[0].1
    };
    assert_eq!(of(&|n| drop(n.directory.products.remove("mp-cloudfilter"))), Code::ProductMissing);
    assert_eq!(of(&|n| _ = n.amend_product(FILTER, |p| p.inactive = true)), Code::ProductInactive);
    assert_eq!(of(&|n| _ = n.amend_product(FILTER, |p| p.bundle_class = true)), Code::ProductBundleClass);
    let other_case = |n: &mut Night| {
        n.amend_product(FILTER, |p| p.identifier = "MP-CloudFilter".to_owned()).product(9, "Mp-Cloudfilter");
    };
    assert_eq!(of(&other_case), Code::ProductAmbiguous);
    assert_eq!(of(&|n| _ = n.product(9, FILTER)), Code::ProductAmbiguous);
}

#[test]
fn the_exact_spelling_wins_over_one_that_differs_in_case() {
    let mut night = acme("5", "3");
    night.product(9, "mp-CloudFilter");
    assert_eq!(night.filter_line().verdict, set(100, "3", "5"));
    night.amend_product(FILTER, |product| product.identifier = product.identifier.to_lowercase());
    night.directory.products.get_mut("mp-cloudfilter").expect("both").truncate(1);
    assert_eq!(night.filter_line().verdict, set(100, "3", "5"), "a single one is found in any case");
}

/// A product that was made inactive, and that its customer gave up: its line still bills, so somebody has to hear of it.
#[test]
fn a_line_of_an_inactive_product_is_not_forgotten() {
    let changes: [fn(&mut Product); 2] = [|product| product.inactive = true, |product| product.bundle_class = true];
    for change in changes {
        let mut night = acme("5", "3");
        night.rows[0].2 = "Trial".to_owned();
        night.amend_product(FILTER, change);
        assert!(matches!(held(&night), Code::ProductInactive | Code::ProductBundleClass));
    }
}

#[test]
fn several_live_additions_are_never_summed_and_a_pin_says_which_is_meant() {
    let mut night = acme("5", "3");
    night.addition(10, 101, FILTER, "2");
    assert_eq!(held(&night), Code::LineAmbiguous);
    assert_eq!(night.filter_line().detail, "2 live additions: 100, 101");
    night.mapping.pins.insert(AdditionId(101));
    assert_eq!(night.filter_line().verdict, set(101, "2", "5"));
    night.mapping.pins.insert(AdditionId(100));
    assert_eq!(held(&night), Code::LineAmbiguous);
    assert_eq!(night.filter_line().detail, "2 additions of one line are pinned: 100, 101");
    night.mapping.pins.remove(&AdditionId(100));
    night.amend_addition(101, |addition| addition.cancelled_on = Some(day("2026-01-01")));
    assert_eq!(held(&night), Code::LineAmbiguous);
    assert_eq!(night.filter_line().detail, "the pinned addition 101 is not live today; live is 100");
    let named: Vec<_> = night.filter_line().named.0.into_keys().collect();
    assert_eq!(named, [AdditionId(100), AdditionId(101)], "the one that is live can be chosen instead");
}

/// Both bill on that invoice, and the page before it said READY until its day.
#[test]
fn two_lines_that_begin_with_one_invoice_are_held_before_its_day() {
    let april = day("2026-04-01");
    let mut night = acme("5", "5");
    night.amend(10, |agreement| (agreement.prorates, agreement.next_invoice_on) = (false, Some(april)));
    night.amend_addition(100, |addition| addition.effective_on = Some(april));
    night.past.begins.insert(AdditionId(100), april);
    assert_eq!(night.filter_line().verdict, Verdict::Unchanged(Code::Equal));
    night.addition(10, 101, FILTER, "5");
    for (from, until, asked) in [
        ("2026-04-01", None, true),
        ("2026-04-01", Some("2027-03-31"), true),
        ("2026-03-20", None, true),
        ("2026-04-20", None, true),
        ("2026-05-01", None, false),
        ("2026-04-01", Some("2026-04-20"), false),
        ("2026-02-01", Some("2026-04-01"), true),
    ] {
        night.amend_addition(101, |addition| {
            (addition.effective_on, addition.cancelled_on) = (Some(day(from)), until.map(day));
        });
        if !asked {
            assert_eq!(night.filter_line().verdict, Verdict::Unchanged(Code::Equal), "{from} {until:?}");
            continue;
        }
        assert_eq!(held(&night), Code::LineAmbiguous, "{from} {until:?}");
        assert!(night.filter_line().detail.ends_with(": 100, 101"), "{}", night.filter_line().detail);
    }
    night.amend_addition(101, |addition| (addition.effective_on, addition.cancelled_on) = (Some(april), None));
    assert_eq!(night.filter_line().detail, "2 additions that begin to bill: 100, 101");
    // Who ends the one that recount began, before it bills anything, means the other.
    night.amend_addition(100, |addition| addition.cancelled_on = Some(april));
    assert_eq!(night.filter_line().verdict, Verdict::Unchanged(Code::Equal));
    night.amend_addition(100, |addition| addition.cancelled_on = None);
    night.mapping.pins.insert(AdditionId(100));
    assert_eq!(night.filter_line().verdict, Verdict::Unchanged(Code::Equal), "a pin says which is meant");
}

#[test]
fn an_addition_that_cannot_be_read_is_not_zero_and_not_absent() {
    let mut night = acme("5", "3");
    night.amend_addition(100, |addition| addition.quantity = Err("its quantity is \"-3\"".to_owned()));
    assert_eq!(held(&night), Code::LineUnreadable);
    let mut night = acme("5", "3");
    night.addition(10, 101, BRACKET[0], "1").amend_addition(101, |addition| addition.product = None);
    assert_eq!(held(&night), Code::LineUnreadable, "it may be one of this product");
    night.amend_addition(101, |addition| addition.cancelled_on = Some(day("2026-03-10")));
    assert_eq!(night.filter_line().verdict, set(100, "3", "5"), "what is over cannot matter");
}

/// An agreement whose additions were not read is not one without additions: a line would be created twice.
#[test]
fn nothing_is_created_where_nobody_looked() {
    let mut night = acme("5", "3");
    night.additions.remove(&AgreementId(10));
    assert_eq!(held(&night), Code::LineUnreadable);
}

#[test]
fn to_zero_asks_unless_the_operator_chose_otherwise() {
    let mut night = acme("0", "3");
    assert_eq!(held(&night), Code::ToZero);
    night.policy.to_zero = ToZero::Apply;
    assert_eq!(night.filter_line().verdict, set(100, "3", "0"));
    night.amend_addition(100, |addition| addition.quantity = Ok(q("500")));
    assert_eq!(night.filter_line().verdict, set(100, "500", "0"), "it is not a step as well");
}

/// A single truncated export must not end a service. Neither a touched nor a copied file nor a link that is fetched twice
/// is a second word: only an export of another day, twelve hours later, is.
#[test]
fn second_night_needs_a_second_and_newer_export() {
    let mut night = acme("0", "3");
    night.policy.to_zero = ToZero::SecondNight;
    let first = |night: &mut Night, export| drop(night.past.zero_before.insert(key(10, FILTER), export));
    assert_eq!(held(&night), Code::ToZero);
    for (earlier, passes) in [
        (stamp("aa", "2026-03-09T13:00:00Z"), true),
        (stamp("aa", "2026-03-09T13:00:01Z"), false),
        (stamp("bb", "2026-03-10T00:59:59Z"), false),
        (stamp("bb", "2026-03-10T01:00:00Z"), false),
        (stamp("bb", "2026-03-11T01:00:00Z"), false),
    ] {
        first(&mut night, earlier.clone());
        assert_eq!(night.filter_line().verdict.is_change(), passes, "{earlier:?}");
    }
    night.past.zero_before.clear();
    night.past.zero_before.insert(key(20, FILTER), stamp("bb", "2026-03-09T01:00:00Z"));
    assert_eq!(held(&night), Code::ToZero, "another line's first night is not this one's");
}

#[test]
fn a_step_may_be_the_larger_of_units_and_percent_and_not_one_unit_more() {
    for (billed, reached, too_far) in [
        ("0", "10", "11"),
        ("3", "13", "13.0001"),
        ("20", "30", "31"),
        ("20", "10", "9"),
        ("100", "150", "151"),
        ("100", "50", "49"),
        ("21", "31.5", "31.6"),
    ] {
        assert_eq!(acme(reached, billed).filter_line().verdict, set(100, billed, reached));
        assert_eq!(held(&acme(too_far, billed)), Code::LineStep, "{billed} to {too_far}");
    }
    let mut night = acme("4", "3");
    night.policy.line_step = LineStep { units: 0.into(), percent: Percent::of(0), ..LineStep::default() };
    assert_eq!(held(&night), Code::LineStep);
    night.additions.clear();
    night.additions.insert(AgreementId(10), Vec::new());
    night.rows[0].3 = "5000".to_owned();
    assert!(matches!(night.filter_line().verdict, Verdict::Large(_)), "a created line is a step from nothing");
}

#[test]
fn what_somebody_else_changed_since_is_not_overwritten() {
    let mut night = acme("5", "3");
    night.past.written.insert(AdditionId(100), written("4"));
    let change = LastChange { by: "jdoe".to_owned(), at: "2026-03-09T10:00:00Z".to_owned() };
    night.amend_addition(100, |addition| addition.changed = Some(change));
    assert_eq!(held(&night), Code::HumanEdit);
    let detail = night.filter_line().detail;
    assert_eq!(detail, "run 7 wrote 4, ConnectWise holds 3, last changed by jdoe at Mon 9 Mar 2026 10:00 UTC");
    night.policy.human_edit = HumanEdit::Overwrite;
    assert_eq!(night.filter_line().verdict, set(100, "3", "5"));
    night.policy.human_edit = HumanEdit::Ask;
    night.past.written.insert(AdditionId(100), written("3"));
    assert_eq!(night.filter_line().verdict, set(100, "3", "5"));
    night.past.written.insert(AdditionId(100), written("4"));
    night.rows[0].3 = "3".to_owned();
    assert_eq!(night.filter_line().verdict, Verdict::Unchanged(Code::Equal), "both agree by now");
}

/// Otherwise a line that recount never had to write would be overwritten the first time that its count moves.
#[test]
fn a_hand_edit_is_noticed_on_every_line_that_was_ever_seen() {
    let seen = |quantity: &str, run| SeenQuantity { quantity: q(quantity), run: RunId(run) };
    let mut night = acme("5", "3");
    night.past.seen.insert(AdditionId(100), seen("4", 7));
    assert_eq!(held(&night), Code::HumanEdit);
    assert_eq!(night.filter_line().detail, "run 7 saw 4, ConnectWise holds 3");
    // What was seen after the last write is what counts, and the other way round.
    for (wrote, saw, asked) in [((9, "3"), (7, "4"), false), ((7, "3"), (9, "4"), true), ((7, "4"), (9, "3"), false)] {
        night.past.written.insert(AdditionId(100), WrittenQuantity::once(q(wrote.1), RunId(wrote.0)));
        night.past.seen.insert(AdditionId(100), seen(saw.1, saw.0));
        let expected = if asked { Verdict::Held(Code::HumanEdit) } else { set(100, "3", "5") };
        assert_eq!(night.filter_line().verdict, expected, "wrote {wrote:?}, saw {saw:?}");
    }
    night.policy.human_edit = HumanEdit::Overwrite;
    night.past.seen.insert(AdditionId(100), seen("4", 9));
    assert_eq!(night.filter_line().verdict, set(100, "3", "5"));
}

/// A rule of ConnectWise's that takes a quantity back is not a colleague who means something by it.
#[test]
fn a_confirmed_write_that_was_not_kept_is_told_apart_from_a_hand_edit() {
    let mut night = acme("5", "3");
    let written_at = Some(time("2026-03-09T01:00:00Z"));
    let wrote = WrittenQuantity { from: Some(q("3")), written_at, ..written("5") };
    night.past.written.insert(AdditionId(100), wrote);
    let changed = |at: &str| Some(LastChange { by: "jdoe".to_owned(), at: at.to_owned() });
    for (change, code) in [
        (changed("2026-03-09T01:00:01Z"), Code::WriteIgnored),
        (changed("2026-03-09T08:00:00Z"), Code::HumanEdit),
        (changed("yesterday"), Code::HumanEdit),
        (None, Code::HumanEdit),
    ] {
        night.amend_addition(100, |addition| addition.changed.clone_from(&change));
        assert_eq!(held(&night), code, "{change:?}");
    }
    night.amend_addition(100, |addition| {
        (addition.changed, addition.quantity) = (changed("2026-03-09T01:00:01Z"), Ok(q("4")));
    });
    assert_eq!(held(&night), Code::HumanEdit, "neither the old nor the new value");
}

/// A write whose answer was lost is still no licence to overwrite what a person did after it, and is still our own if it
/// arrives late.
#[test]
fn behind_a_write_without_a_clear_end_a_hand_edit_is_asked_about_and_a_late_arrival_is_not() {
    let sent = Some((RunId(8), q("6")));
    let never_seen = WrittenQuantity { times: 0, sent, ..WrittenQuantity::once(q("5"), RunId(8)) };
    let after_another = WrittenQuantity { sent, ..WrittenQuantity::once(q("5"), RunId(7)) };
    for written in [never_seen, after_another] {
        for (now, asked) in [("5", false), ("6", false), ("9", true)] {
            let mut night = acme("7", now);
            night.past.written.insert(AdditionId(100), written);
            let expected = if asked { Verdict::Held(Code::HumanEdit) } else { set(100, now, "7") };
            assert_eq!(night.filter_line().verdict, expected, "{now}");
        }
    }
    let mut night = acme("7", "9");
    night.past.written.insert(AdditionId(100), never_seen);
    assert_eq!(night.filter_line().detail, "run 8 found 5 and sent 6, ConnectWise holds 9");
}

/// A catalog item got another identifier, and the mapping followed: what was sent under the old one is the line of the new one. A
/// second line would bill the customer twice.
#[test]
fn a_creation_is_known_where_its_catalog_item_got_another_identifier_since() {
    let sent_at = time("2026-03-09T02:00:00Z");
    let (product, old) = (ProductId(1), key(10, "FILTER-OF-OLD"));
    let absent = || {
        let mut night = acme("5", "3");
        night.additions.values_mut().for_each(Vec::clear);
        night.mapping.create_lines = true;
        night
    };
    let mut night = absent();
    let doubt =
        CreationInDoubt { run: RunId(7), sent_at, candidates: Vec::new(), elsewhere: None, product: Some(product) };
    night.past.in_doubt.insert(old.clone(), doubt);
    assert_eq!(night.filter_line().verdict, Verdict::Held(Code::InDoubt));
    let mut night = absent();
    let made = JustCreated { run: RunId(7), addition: AdditionId(555), product };
    night.past.just_created.insert(old.clone(), made);
    assert_eq!(night.filter_line().verdict, Verdict::Held(Code::InDoubt));
    let mut night = acme("5", "9");
    let before = Vec::new();
    night.past.given_up.insert(old, AbandonedCreation { run: RunId(8), quantity: q("4"), before, product, sent_at });
    assert_eq!(night.filter_line().verdict, Verdict::Held(Code::HumanEdit));
}

/// The same of a creation that was given up: what stands there now may be it, with somebody's hand on it.
#[test]
fn a_line_that_stands_where_a_creation_was_given_up_is_asked_about_unless_it_is_the_creation() {
    let given_up = |before: &[i64]| {
        let before = before.iter().copied().map(AdditionId).collect();
        AbandonedCreation {
            run: RunId(8),
            quantity: q("4"),
            before,
            product: ProductId(7),
            sent_at: time("2026-03-09T02:00:00Z"),
        }
    };
    for (now, before, asked) in [("4", &[][..], false), ("9", &[], true), ("9", &[100], false)] {
        let mut night = acme("5", now);
        night.past.given_up.insert(key(10, FILTER), given_up(before));
        let expected = if asked { Verdict::Held(Code::HumanEdit) } else { set(100, now, "5") };
        assert_eq!(night.filter_line().verdict, expected, "{now} {before:?}");
    }
}

/// Who ends a line and begins another one for a new price keeps its quantity; who gives it another one means it.
#[test]
fn a_line_in_the_place_of_one_that_recount_wrote_is_asked_about_if_its_quantity_is_another() {
    for (now, asked) in [("6", false), ("9", true)] {
        let mut night = acme("7", now);
        let seen = |id| Some(Accepted { lines: [(key(10, FILTER), AdditionId(id))].into(), ..accepted(&[]) });
        night.past.written.insert(AdditionId(90), WrittenQuantity::once(q("6"), RunId(7)));
        night.past.accepted = seen(90);
        let expected = if asked { Verdict::Held(Code::HumanEdit) } else { set(100, now, "7") };
        assert_eq!(night.filter_line().verdict, expected, "{now}");
        // The same if a night lay between: then it is known as one that was ended.
        night.past.accepted = None;
        night.past.ours.insert(key(10, FILTER), AdditionId(90));
        assert_eq!(night.filter_line().verdict, expected, "{now}");
        // As soon as the new one was seen without a question, it is the line.
        night.past.accepted = seen(100);
        assert_eq!(night.filter_line().verdict, set(100, now, "7"), "{now}");
        night.past.accepted = None;
        night.policy.human_edit = HumanEdit::Overwrite;
        assert_eq!(night.filter_line().verdict, set(100, now, "7"), "{now}");
    }
}

#[test]
fn a_fraction_is_held_where_the_service_has_whole_units() {
    let mut night = acme("5.5", "5");
    night.whole("CloudFilter");
    assert_eq!(held(&night), Code::Fractional);
    night.additions.insert(AgreementId(10), Vec::new());
    assert_eq!(held(&night), Code::Fractional);
    night.rows[0].3 = "5.0".to_owned();
    assert_eq!(night.filter_line().verdict, create(1, "5"));
}

/// A creation whose answer was lost may have happened: a second one would bill the customer twice.
#[test]
fn a_line_in_doubt_is_left_alone() {
    let doubt = |candidates: &[i64]| CreationInDoubt {
        run: RunId(7),
        sent_at: time("2026-03-09T02:00:00Z"),
        candidates: candidates.iter().copied().map(AdditionId).collect(),
        elsewhere: None,
        product: None,
    };
    let mut night = acme("5", "3");
    night.mapping.customers.remove("Borealis");
    night.past.in_doubt.insert(key(10, FILTER), doubt(&[]));
    for used in ["5", "3", "0"] {
        night.rows[0].3 = used.to_owned();
        let plan = night.plan();
        assert_eq!(line(&plan, 10, FILTER).verdict, Verdict::Held(Code::InDoubt));
        assert_eq!(codes(&plan), [(Severity::Warning, Code::InDoubt)], "a later run looks again: nothing to decide");
    }
    night.additions.insert(AgreementId(10), Vec::new());
    assert_eq!(night.filter_line().verdict, Verdict::Held(Code::InDoubt));
    night.past.in_doubt.insert(key(10, FILTER), doubt(&[101, 102]));
    assert_eq!(held(&night), Code::InDoubtAmbiguous);
}

#[test]
fn a_line_belongs_to_the_product_and_not_to_its_neighbours() {
    let mut night = acme("5", "3");
    night.product(9, "UNRELATED").addition(10, 101, "UNRELATED", "77");
    let plan = night.plan();
    assert_eq!(plan.lines.len(), 1, "additions of other products are none of ours");
    assert!(plan.lines.iter().all(|line| line.key() == Some(&key(10, FILTER))));
}
