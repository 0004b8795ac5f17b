//! Each item in a line of its own: otherwise a customer's domains are billed twice, or the wrong one is ended.

use crate::core::night::{FILTER, Night, create, key, q, said, set};
use recount::reconcile::model::ids::{AdditionId, AgreementId, ItemName, ProductId, RunId};
use recount::reconcile::model::mapping::LineShape;
use recount::reconcile::model::past::WrittenQuantity;
use recount::reconcile::model::plan::Plan;
use recount::reconcile::model::plan::line::{LineKey, Verdict};
use recount::reconcile::model::plan::reason_code::Code;
use recount::reconcile::model::quantity_policy::Policy;

fn night(items: &[&str]) -> Night {
    let mut night = Night::new();
    night.billed("CloudFilter", |billed| billed.lines = LineShape::PerItem);
    night.items("Acme", "CloudFilter", items).row("Borealis", "Bracket", "0");
    night
}

/// Items and verdicts of Acme's lines.
fn lines(plan: &Plan) -> Vec<(Option<&str>, &Verdict)> {
    let of_product = plan.lines.iter().filter_map(|line| Some((line.key()?, &line.verdict)));
    let of_product = of_product.filter(|(key, _)| key.product.as_str() == FILTER && key.agreement.0 == 10);
    of_product.map(|(key, verdict)| (key.item.as_ref().map(ItemName::as_str), verdict)).collect()
}

fn item(item: &str) -> LineKey {
    LineKey { item: Some(ItemName::new(item)), ..key(10, FILTER) }
}

#[test]
fn each_item_is_created_once_and_known_again() {
    let mut night = night(&["a.com", "b.com"]);
    let plan = night.plan();
    assert_eq!(lines(&plan), [(Some("a.com"), &create(1, "1")), (Some("b.com"), &create(1, "1"))]);
    assert_ne!(plan.lines[0].handle, plan.lines[1].handle);
    night.carry_out(&plan);
    let again = night.plan();
    let equal = Verdict::Unchanged(Code::Equal);
    assert_eq!(lines(&again), [(Some("a.com"), &equal), (Some("b.com"), &equal)]);
    assert_ne!(plan.fingerprint(), again.fingerprint());
}

#[test]
fn a_mark_is_known_in_any_case_and_the_item_s_policy_is_its_quantity() {
    let mut night = night(&["A.com"]);
    night.marked(10, 100, FILTER, "2", "a.COM");
    night.billed("CloudFilter", |billed| billed.policy = Policy { minimum: Some(q("5")), ..Policy::default() });
    assert_eq!(lines(&night.plan()), [(Some("A.com"), &set(100, "2", "5"))]);
}

/// An item that disappears wants none, under the guards of any line, and no minimum keeps it.
#[test]
fn an_item_that_disappears_goes_to_zero_under_the_guards() {
    let mut night = night(&["a.com"]);
    night.marked(10, 100, FILTER, "1", "a.com").marked(10, 101, FILTER, "1", "b.com");
    night.billed("CloudFilter", |billed| billed.policy = Policy { minimum: Some(q("1")), ..Policy::default() });
    night.past.written.insert(AdditionId(101), WrittenQuantity::once(q("1"), RunId(7)));
    let held = Verdict::Held(Code::ToZero);
    assert_eq!(lines(&night.plan()), [(Some("a.com"), &Verdict::Unchanged(Code::Equal)), (Some("b.com"), &held)]);
    night.policy.to_zero = recount::reconcile::guard::guard_policy::ToZero::Apply;
    assert_eq!(lines(&night.plan())[1], (Some("b.com"), &set(101, "1", "0")));
}

/// Otherwise a serial number that somebody typed for a reason of his own would be set to 0.
#[test]
fn a_mark_that_no_export_named_is_left_alone() {
    let mut night = night(&["a.com"]);
    night.marked(10, 100, FILTER, "1", "a.com").marked(10, 101, FILTER, "1", "SN-4711");
    night.policy.to_zero = recount::reconcile::guard::guard_policy::ToZero::Apply;
    let plan = night.plan();
    assert_eq!(lines(&plan)[0], (Some("SN-4711"), &Verdict::Held(Code::LineForeign)));
    assert_eq!(said(&plan, Code::LineForeign).len(), 1);
}

/// Otherwise a customer who was billed in one line would be billed twice from the day it is split.
/// A person gives an addition of recount's another name: what it bills by now, no export has counted.
#[test]
fn a_mark_that_a_person_changed_to_a_name_of_no_export_is_left_alone() {
    let mut night = night(&["a.com", "b.com"]);
    let plan = night.plan();
    night.carry_out(&plan);
    let id = night.additions[&AgreementId(10)].iter().find(|one| one.mark == Some(ItemName::new("b.com"))).unwrap().id;
    night.past.ours.insert(item("b.com"), id);
    night.past.written.insert(id, WrittenQuantity::once(q("1"), RunId(7)));
    night.amend_addition(id.0, |addition| addition.mark = Some(ItemName::new("other.com")));
    night.policy.to_zero = recount::reconcile::guard::guard_policy::ToZero::Apply;
    let plan = night.plan();
    let foreign = Verdict::Held(Code::LineForeign);
    assert!(lines(&plan).contains(&(Some("other.com"), &foreign)), "{plan:#?}");
    assert!(lines(&plan).contains(&(Some("b.com"), &Verdict::Held(Code::HumanEdit))), "{plan:#?}");
}

#[test]
fn nothing_is_created_beside_an_addition_without_a_mark() {
    let mut night = night(&["a.com", "b.com"]);
    night.addition(10, 100, FILTER, "2").marked(10, 101, FILTER, "2", "b.com");
    let plan = night.plan();
    let held = Verdict::Held(Code::LineUnmarked);
    assert_eq!(lines(&plan), [(None, &held), (Some("a.com"), &held), (Some("b.com"), &set(101, "2", "1"))]);
    let found = said(&plan, Code::LineUnmarked);
    assert_eq!(found.len(), 1);
    assert!(found[0].message.ends_with("these additions name none: 100"), "{}", found[0].message);
}

#[test]
fn two_additions_of_one_item_are_several_live_lines() {
    let mut night = night(&["a.com"]);
    night.marked(10, 100, FILTER, "1", "a.com").marked(10, 101, FILTER, "1", "A.com");
    assert_eq!(lines(&night.plan()), [(Some("a.com"), &Verdict::Held(Code::LineAmbiguous))]);
}

#[test]
fn items_that_connectwise_would_take_for_one_are_held() {
    let plan = night(&["A.com", "a.com", "b\u{7}"]).plan();
    let ambiguous = Verdict::Held(Code::ItemAmbiguous);
    let expected = [
        (Some("A.com"), &ambiguous),
        (Some("a.com"), &ambiguous),
        (Some("b\u{7}"), &Verdict::Held(Code::ItemUnusable)),
    ];
    assert_eq!(lines(&plan), expected);
    assert_eq!((said(&plan, Code::ItemAmbiguous).len(), said(&plan, Code::ItemUnusable).len()), (2, 1));
}

/// Absent, unreadable and zero are three things for items as well.
#[test]
fn doubt_about_the_items_holds_every_line_of_the_product() {
    let mut night = night(&["a.com"]);
    night.marked(10, 100, FILTER, "2", "a.com").marked(10, 101, FILTER, "1", "b.com");
    night.past.written.insert(AdditionId(101), WrittenQuantity::once(q("1"), RunId(7)));
    night.rows[0].3 = "3".to_owned();
    let held = Verdict::Held(Code::ItemsDiffer);
    assert_eq!(lines(&night.plan()), [(Some("a.com"), &held), (Some("b.com"), &held)]);
    night.rows.remove(0);
    night.items.clear();
    let held = Verdict::Held(Code::CustomerMissing);
    assert_eq!(lines(&night.plan()), [(Some("a.com"), &held), (Some("b.com"), &held)]);
    night.additions.values_mut().for_each(Vec::clear);
    night.row("Acme", "CloudFilter", "0");
    assert_eq!(lines(&night.plan()), [(None, &Verdict::Unchanged(Code::NothingToBill))]);
}

/// A creation in doubt stops its own item, and no other.
#[test]
fn a_doubt_about_one_item_is_not_one_about_another() {
    let mut night = night(&["a.com", "b.com"]);
    let sent_at = crate::core::night::time("2026-03-09T01:00:00Z");
    let doubt = recount::reconcile::model::past::CreationInDoubt {
        run: RunId(7),
        sent_at,
        candidates: Vec::new(),
        elsewhere: None,
        product: None,
    };
    night.past.in_doubt.insert(item("a.com"), doubt);
    let held = Verdict::Held(Code::InDoubt);
    assert_eq!(lines(&night.plan()), [(Some("a.com"), &held), (Some("b.com"), &create(1, "1"))]);
}

#[test]
fn the_items_behind_a_total_are_named_only_where_asked_for() {
    let mut night = night(&["a.com", "b.com"]);
    night.billed("CloudFilter", |billed| billed.lines = LineShape::Total);
    assert!(night.filter_line().sources[0].items.is_empty());
    night.billed("CloudFilter", |billed| billed.names_in_report = true);
    assert_eq!(night.filter_line().sources[0].items, ["a.com", "b.com"].map(ItemName::new));
}

/// A vendor that writes names in capitals from one night on: else a line that a person ended is created anew, one in
/// doubt is created twice, and a domain that is gone is asked about for ever.
#[test]
fn an_item_that_is_spelled_otherwise_than_last_night_is_the_same() {
    let mut night = night(&["B.com"]);
    night.past.ours.insert(item("b.com"), AdditionId(101));
    assert_eq!(lines(&night.plan()), [(Some("B.com"), &Verdict::Held(Code::HumanEdit))]);
    night.past.ours.clear();
    let sent_at = crate::core::night::time("2026-03-09T01:00:00Z");
    let doubt = recount::reconcile::model::past::CreationInDoubt {
        run: RunId(7),
        sent_at,
        candidates: Vec::new(),
        elsewhere: None,
        product: None,
    };
    night.past.in_doubt.insert(item("b.com"), doubt);
    assert_eq!(lines(&night.plan()), [(Some("B.com"), &Verdict::Held(Code::InDoubt))]);
    night.past.in_doubt.clear();
    let made = recount::reconcile::model::past::JustCreated {
        run: RunId(7),
        addition: AdditionId(101),
        product: ProductId(7),
    };
    night.past.just_created.insert(item("b.com"), made);
    assert_eq!(lines(&night.plan()), [(Some("B.com"), &Verdict::Held(Code::InDoubt))]);
}

#[test]
fn the_second_night_of_an_item_knows_its_first_in_any_case() {
    let mut night = night(&["a.com"]);
    night.marked(10, 100, FILTER, "1", "a.com").marked(10, 101, FILTER, "1", "B.com");
    night.past.written.insert(AdditionId(101), WrittenQuantity::once(q("1"), RunId(7)));
    night.policy.to_zero = recount::reconcile::guard::guard_policy::ToZero::SecondNight;
    assert_eq!(lines(&night.plan())[0], (Some("B.com"), &Verdict::Held(Code::ToZero)));
    night.past.zero_before.insert(item("b.com"), crate::core::night::stamp("bb", "2026-03-09T01:00:00Z"));
    assert_eq!(lines(&night.plan())[0], (Some("B.com"), &set(101, "1", "0")));
}

/// Two integrations cannot share a product of one agreement, items or not: each would take the other's lines for items
/// that are gone.
#[test]
fn a_product_with_a_line_for_each_item_has_one_owner_as_well() {
    let mut night = night(&["a.com"]);
    let (name, other) = (recount::reconcile::model::ids::IntegrationName::new("backup"), night.mapping.clone());
    let neighbours =
        [recount::reconcile::matching::line_claims::OtherIntegration { integration: &name, mapping: &other }];
    let seen = std::collections::BTreeMap::new();
    night.claims =
        recount::reconcile::matching::line_claims::Claims::new(&neighbours, &seen, &night.directory, night.today);
    assert_eq!(lines(&night.plan()), [(Some("a.com"), &Verdict::Held(Code::LineOwnedTwice))]);
}
