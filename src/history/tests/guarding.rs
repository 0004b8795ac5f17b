//! What the guards are told of earlier runs. A history that tells them less disarms them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use rust_decimal::Decimal;

use crate::history::journal::WriteOutcome;
use crate::history::past::earlier_exports::ExportDigests;
use crate::history::run_record::{LineRecord, PlanRecord};
use crate::history::tests::{Place, create, end, key, line, mail, noon, plan, set, source, units};
use crate::reconcile::guard::accepted_counts::AcceptedCount;
use crate::reconcile::model::ids::{
    AdditionId, AgreementId, CustomerName, IntegrationName, ProductCode, ProductId, ServiceName,
};
use crate::reconcile::model::past::{Accepted, CreationInDoubt, ExportStamp, MissedCounts, Past, WrittenQuantity};
use crate::reconcile::model::plan::line::Source;
use crate::reconcile::model::plan::outcome::{Outcome, RunCommand};
use crate::reconcile::model::plan::reason_code::Code;

/// What a run that begins now is told.
fn past(place: &mut Place) -> Past {
    let current = place.begin(RunCommand::Run);
    let past = place.history.past(&mail(), current).unwrap();
    place.history.end_run(current, &[], &end()).unwrap();
    past
}

fn stamp(hours: i64) -> ExportStamp {
    let path = "exports/mail.csv".to_owned();
    ExportStamp { path, sha256: format!("{hours:064}"), modified_at: noon() + TimeDelta::hours(hours) }
}

#[test]
fn a_new_integration_has_no_past() {
    let mut place = Place::new();
    place.night(RunCommand::Run, &plan(0, vec![line(1, 3, 3)]));
    let current = place.begin_for("other", RunCommand::Run);
    assert_eq!(place.history.past(&IntegrationName::new("other"), current).unwrap(), Past::default());
}

#[test]
fn the_baseline_is_the_last_accepted_run_that_was_not_a_dry_one() {
    let mut place = Place::new();
    let absent = LineRecord { sources: vec![source("Absent", None, &[])], addition: None, ..line(2, 1, 1) };
    let accepted = place.night(RunCommand::Run, &plan(0, vec![line(1, 3, 3), absent]));
    place.night(RunCommand::Plan, &plan(1, vec![]));
    place.night(RunCommand::Run, &PlanRecord { accepted: false, ..plan(2, vec![]) });

    let expected = Accepted {
        run: accepted,
        rows: 40,
        customers: BTreeSet::from([CustomerName::new("Acme")]),
        units: Decimal::new(2125, 1),
        lines: BTreeMap::from([(key(11, "FILTER"), AdditionId(101))]),
        missing: BTreeSet::from([CustomerName::new("Absent")]),
        open_end: false,
        files: 0,
        by_count: false,
    };
    assert_eq!(past(&mut place).accepted, Some(expected));

    // An approved plan is the new baseline, and is not its own.
    let current = place.begin(RunCommand::Apply);
    place.history.record_plan(current, &plan(3, vec![line(4, 1, 1)])).unwrap();
    assert_eq!(place.history.past(&mail(), current).unwrap().accepted.unwrap().run, accepted);
    assert_eq!(past(&mut place).accepted.unwrap().run, current);
}

#[test]
fn thinning_leaves_the_baseline_whole() {
    let mut place = Place::new();
    let accepted = place.night(RunCommand::Run, &plan(0, vec![line(1, 3, 3), line(2, 3, 5), line(3, 4, 4)]));
    for hours in 1..9 {
        place.night(RunCommand::Plan, &plan(hours, vec![line(1, 3, 3)]));
    }
    let kept = place.history.run(accepted).unwrap().unwrap().planned.unwrap().lines;
    assert_eq!(kept, vec![line(2, 3, 5)]);
    let baseline = past(&mut place).accepted.unwrap();
    assert_eq!(baseline.run, accepted);
    let seen: Vec<AdditionId> = baseline.lines.into_values().collect();
    assert_eq!(seen, [AdditionId(101), AdditionId(102), AdditionId(103)]);
}

#[test]
fn only_the_last_three_plans_keep_their_unchanged_lines() {
    let mut place = Place::new();
    let nights: Vec<_> =
        (0..6).map(|hours| place.night(RunCommand::Run, &plan(hours, vec![line(1, 3, 3), line(2, 1, 2)]))).collect();
    let lines = |run| place.history.run(run).unwrap().unwrap().planned.unwrap().lines.len();
    assert_eq!(nights.into_iter().map(lines).collect::<Vec<_>>(), vec![1, 1, 1, 2, 2, 2]);
    assert_eq!(place.history.line_history("h1", 10).unwrap().len(), 3);
    assert_eq!(place.history.line_history("h2", 10).unwrap().len(), 6);
}

#[test]
fn a_line_at_zero_is_known_by_the_first_export_that_said_so() {
    let mut place = Place::new();
    place.night(RunCommand::Run, &plan(0, vec![line(1, 3, 3), line(2, 5, 0)]));
    place.night(RunCommand::Run, &plan(24, vec![line(1, 3, 0), line(2, 5, 0)]));
    // An accepted export that says nothing of it comes between: the next one is a first night again.
    let unsaid = LineRecord { wanted: None, outcome: Outcome::Held, reason: Code::CustomerMissing, ..line(1, 3, 3) };
    place.night(RunCommand::Run, &plan(48, vec![unsaid, line(2, 5, 0)]));
    let expected = BTreeMap::from([(key(12, "FILTER"), stamp(0))]);
    assert_eq!(past(&mut place).zero_before, expected);
}

#[test]
fn a_line_that_came_back_has_to_say_zero_twice_again() {
    let mut place = Place::new();
    place.night(RunCommand::Run, &plan(0, vec![line(1, 3, 0)]));
    place.night(RunCommand::Run, &plan(24, vec![line(1, 3, 3)]));
    for day in 2..9 {
        // So long that the night on which it came back is thinned out.
        place.night(RunCommand::Run, &plan(day * 24, vec![line(2, 1, 1)]));
    }
    assert_eq!(past(&mut place).zero_before, BTreeMap::new());

    place.night(RunCommand::Run, &plan(300, vec![line(1, 3, 0)]));
    assert_eq!(past(&mut place).zero_before, BTreeMap::from([(key(11, "FILTER"), stamp(300))]));
}

#[test]
fn a_run_is_not_its_own_first_night() {
    let mut place = Place::new();
    let current = place.begin(RunCommand::Run);
    place.history.record_plan(current, &plan(0, vec![line(1, 3, 0)])).unwrap();
    assert_eq!(place.history.past(&mail(), current).unwrap().zero_before, BTreeMap::new());
}

#[test]
fn what_recount_wrote_last_is_told_from_what_a_person_wrote() {
    let mut place = Place::new();
    let first = place.begin(RunCommand::Run);
    let applied = |addition, quantity| WriteOutcome::Applied { addition: AdditionId(addition), quantity };
    for (intent, outcome) in [
        (set(100, 3, 7), applied(100, units(7))),
        (set(101, 3, 7), WriteOutcome::Refused { why: "no".to_owned() }),
        (create(20, "NEW"), applied(555, "2.5".parse().unwrap())),
    ] {
        let write = place.write(first, &intent);
        place.history.outcome(write, &outcome, noon()).unwrap();
    }
    let second = place.begin(RunCommand::Run);
    let write = place.write(second, &set(100, 7, 9));
    place.history.outcome(write, &applied(100, units(9)), noon()).unwrap();

    let written_at = Some(noon());
    let expected = BTreeMap::from([
        (
            AdditionId(100),
            WrittenQuantity { from: Some(units(7)), written_at, ..WrittenQuantity::once(units(9), second) },
        ),
        (AdditionId(555), WrittenQuantity { written_at, ..WrittenQuantity::once("2.5".parse().unwrap(), first) }),
    ]);
    assert_eq!(past(&mut place).written, expected);
}

/// Otherwise a hand edit would be forgotten by the very night that asks about it.
#[test]
fn what_was_seen_last_is_moved_by_accepted_nights_and_not_by_lines_that_wait() {
    let mut place = Place::new();
    let held = |was, reason| LineRecord { outcome: Outcome::Held, reason, ..line(1, was, 9) };
    let seen = |place: &mut Place| past(place).seen.get(&AdditionId(101)).map(|seen| (seen.quantity, seen.run));
    place.night(RunCommand::Plan, &plan(0, vec![line(1, 2, 2)]));
    assert_eq!(seen(&mut place), None, "a dry run has looked for nobody");
    let first = place.night(RunCommand::Run, &plan(1, vec![line(1, 3, 3)]));
    for night in [plan(2, vec![held(5, Code::LineStep)]), plan(3, vec![held(6, Code::HumanEdit)])] {
        place.night(RunCommand::Run, &night);
        assert_eq!(seen(&mut place), Some((units(3), first)));
    }
    let refused = PlanRecord { accepted: false, ..plan(4, vec![line(1, 7, 7)]) };
    place.night(RunCommand::Run, &refused);
    assert_eq!(seen(&mut place), Some((units(3), first)));
    let last = place.night(RunCommand::Run, &plan(5, vec![line(1, 8, 8)]));
    assert_eq!(seen(&mut place), Some((units(8), last)));
}

/// A line that recount had created was changed by hand. One night of a row that could not be read, and the change was no longer asked
/// about: it was taken for what had been seen.
#[test]
fn a_hand_edit_of_a_line_that_was_only_written_is_not_forgotten_by_a_night_on_which_it_waits_for_something_else() {
    let mut place = Place::new();
    let run = place.night(RunCommand::Run, &plan(0, vec![LineRecord { addition: None, was: None, ..line(1, 0, 3) }]));
    let write = place.write(run, &create(11, "FILTER"));
    let applied = WriteOutcome::Applied { addition: AdditionId(101), quantity: units(3) };
    place.history.outcome(write, &applied, noon()).unwrap();
    for reason in [Code::HumanEdit, Code::RowDuplicate] {
        let waits = LineRecord { outcome: Outcome::Held, reason, ..line(1, 8, 9) };
        place.night(RunCommand::Run, &plan(24, vec![waits]));
    }
    let past = past(&mut place);
    assert_eq!(past.seen.get(&AdditionId(101)), None);
    assert_eq!(past.written[&AdditionId(101)].quantity, units(3));
}

#[test]
fn a_creation_in_doubt_is_known_to_the_next_run() {
    let mut place = Place::new();
    let run = place.begin(RunCommand::Run);
    place.write(run, &set(100, 3, 7));
    let write = place.write(run, &create(20, "NEW"));
    let doubt =
        CreationInDoubt { run, sent_at: noon(), candidates: Vec::new(), elsewhere: None, product: Some(ProductId(7)) };
    assert_eq!(past(&mut place).in_doubt, BTreeMap::from([(key(20, "NEW"), doubt)]));

    place.history.outcome(write, &WriteOutcome::Superseded { why: "not there".to_owned() }, noon()).unwrap();
    assert_eq!(past(&mut place).in_doubt, BTreeMap::new());
}

#[test]
fn an_approval_lasts() {
    let mut place = Place::new();
    place.night(RunCommand::Run, &plan(0, vec![]));
    assert!(!past(&mut place).approved_once);
    let run = place.night(RunCommand::Apply, &plan(0, vec![]));
    place.history.approve(run).unwrap();
    assert!(past(&mut place).approved_once);
}

/// Otherwise a line that somebody cancelled is held on the second night and billed again on the third.
#[test]
fn a_line_that_a_person_ended_is_remembered_for_good() {
    let mut place = Place::new();
    place.night(RunCommand::Run, &plan(0, vec![line(1, 3, 3), line(2, 5, 5)]));
    let ended =
        LineRecord { addition: None, was: None, outcome: Outcome::Held, reason: Code::HumanEdit, ..line(1, 3, 3) };
    for night in 1..4 {
        place.night(RunCommand::Run, &plan(night, vec![ended.clone(), line(2, 5, 5)]));
        assert_eq!(past(&mut place).ours, BTreeMap::from([(key(11, "FILTER"), AdditionId(101))]), "night {night}");
    }
}

/// Somebody writes `Filter` for `FILTER` in the mapping: a line that bills was remembered as ended, and the second night at 0 was the
/// first one again.
#[test]
fn a_line_in_other_letters_is_neither_ended_nor_at_zero_anew() {
    let mut place = Place::new();
    let spelled = |product: &str, line: LineRecord| LineRecord { product: Some(ProductCode::new(product)), ..line };
    let zero =
        |product: &str| LineRecord { outcome: Outcome::Held, reason: Code::ToZero, ..spelled(product, line(1, 3, 0)) };
    place.night(RunCommand::Run, &plan(0, vec![zero("FILTER"), spelled("FILTER", line(2, 5, 5))]));
    let first = past(&mut place).zero_before;
    assert_eq!(first.len(), 1);
    place.night(RunCommand::Run, &plan(1, vec![zero("Filter"), spelled("Filter", line(2, 5, 5))]));
    let past = past(&mut place);
    assert_eq!(past.ours, BTreeMap::new(), "nobody ended a line");
    assert_eq!(past.zero_before, first, "the first night at 0 is the first one");
}

/// Without it a typo that was held would be what the next export is compared with, and the month's trend.
#[test]
fn what_was_accepted_of_each_count_is_kept_by_change() {
    let mut place = Place::new();
    let count = |customer: &str, units: u32, rows: usize| {
        let own = [(ServiceName::new("CloudFilter"), AcceptedCount { units: units.into(), rows })];
        (CustomerName::new(customer), BTreeMap::from(own))
    };
    let nights = [
        vec![count("Acme", 20, 1), count("Borealis", 7, 3)],
        vec![count("Acme", 21, 1), count("Borealis", 7, 3), count("Cedar", 1, 1)],
        vec![count("Cedar", 1, 1)],
    ];
    for (hours, night) in (0..).zip(nights) {
        let after = BTreeMap::from_iter(night);
        let run = place.night(RunCommand::Run, &plan(hours, Vec::new()));
        place.history.accept_counts(&mail(), run, &after).unwrap();
        assert_eq!(past(&mut place).counts, after);
        assert!(past(&mut place).accepted.is_some_and(|accepted| accepted.by_count));
    }
    let other = place.begin_for("other", RunCommand::Run);
    assert_eq!(place.history.past(&IntegrationName::new("other"), other).unwrap().counts, BTreeMap::new());
    let units = place.history.units_since(&mail(), noon() - TimeDelta::days(30)).unwrap();
    let units: Vec<_> = units.into_iter().map(|then| then.units).collect();
    assert_eq!(units, [Decimal::from(27), Decimal::from(29), Decimal::ONE]);
}

/// A file with half of the customers was accepted, and set back: the next one was compared with it, and half of the half was enough.
#[test]
fn no_export_is_compared_with_one_that_was_set_back() {
    let mut place = Place::new();
    let count = |units: u32| {
        let own = [(ServiceName::new("CloudFilter"), AcceptedCount { units: units.into(), rows: 1 })];
        BTreeMap::from([(CustomerName::new("Acme"), BTreeMap::from(own))])
    };
    let night = |place: &mut Place, hours: i64, units: u32| {
        let run = place.night(RunCommand::Run, &plan(hours, vec![line(1, 3, 3)]));
        place.history.accept_counts(&mail(), run, &count(units)).unwrap();
        run
    };
    let right = night(&mut place, 0, 20);
    let wrong = night(&mut place, 24, 10);
    let known = |place: &mut Place| {
        let then = place.history.units_since(&mail(), noon() - TimeDelta::days(30)).unwrap();
        let past = past(place);
        (past.accepted.unwrap().run, past.counts, then.len())
    };
    place.undo(wrong, false);
    assert_eq!(known(&mut place), (wrong, count(10), 2), "it is only drawn, or changed nothing");
    let undo = place.undo(wrong, true);
    assert_eq!(known(&mut place), (right, count(20), 1));
    assert_eq!(place.history.last_good_export(&mail()).unwrap().unwrap().run, right);
    // Its bytes stay those of a night before, once another one has come, and are no obstacle to the right ones.
    let current = place.begin(RunCommand::Run);
    let older = |place: &Place, hours: i64| {
        let export = plan(hours, Vec::new()).export;
        let digests = ExportDigests { bytes: &export.sha256, counts: "" };
        place.history.older_night_of(&mail(), digests, current).unwrap()
    };
    assert_eq!((older(&place, 0), older(&place, 24)), (None, None));
    place.undo(undo, true);
    assert_eq!(known(&mut place), (wrong, count(10), 2), "the undo was set back");
}

/// The right export was refused after a wrong night: the fall that had waited for weeks was taken for a new one.
#[test]
fn what_a_line_is_held_for_is_known_also_after_a_night_of_a_wrong_count() {
    let mut place = Place::new();
    let night = |place: &mut Place, hours: i64, wanted: u32| {
        let held = LineRecord { outcome: Outcome::Held, ..line(1, 3, wanted) };
        let lines = if wanted == 3 { vec![line(1, 3, 3)] } else { vec![held] };
        let run = place.night(RunCommand::Run, &plan(hours, lines));
        place.history.accept_counts(&mail(), run, &BTreeMap::new()).unwrap();
        run
    };
    let known = |place: &mut Place| {
        let waiting = past(place).waiting;
        waiting.into_values().flatten().flatten().collect::<Vec<_>>()
    };
    night(&mut place, 0, 1);
    night(&mut place, 24, 3);
    assert_eq!(known(&mut place), []);
    night(&mut place, 48, 0);
    let wrong = night(&mut place, 72, 100);
    assert_eq!(known(&mut place), [units(0), units(100)], "since it waits, and not what it was held for before");
    place.undo(wrong, true);
    assert_eq!(known(&mut place), [units(0)]);
}

/// The same of a line of several customers, where the wrong night held it for one of them and did not say who else waits on it.
#[test]
fn a_count_waits_as_long_as_its_line_is_held_for_whomever() {
    let mut place = Place::new();
    let night = |place: &mut Place, hours: i64, reason: Code, sources: Vec<Source>| {
        let held = LineRecord { outcome: Outcome::Held, reason, sources, ..line(1, 7, 0) };
        let run = place.night(RunCommand::Run, &plan(hours, vec![held]));
        place.history.accept_counts(&mail(), run, &BTreeMap::new()).unwrap();
    };
    let both = vec![source("Acme", Some(0), &[]), source("Borealis", Some(0), &[])];
    night(&mut place, 0, Code::ServiceMissing, both);
    night(&mut place, 24, Code::RowDuplicate, vec![source("Acme", None, &[2, 3])]);
    let of = |customer: &str| (CustomerName::new(customer), ServiceName::new("CloudFilter"));
    let past = past(&mut place);
    let known: Vec<_> = past.waiting.into_iter().collect();
    let acme = (of("Acme"), BTreeSet::from([None, Some(units(0))]));
    assert_eq!(known, [acme, (of("Borealis"), BTreeSet::from([Some(units(0))]))]);
    assert_eq!(past.missed, MissedCounts::from([(of("Acme"), false), (of("Borealis"), false)]));
}

/// Otherwise an agreement that is billed once is billed each month, after one night that is not told of its billing cycle.
#[test]
fn an_agreement_that_was_held_as_billed_once_is_known_until_a_line_of_it_was_not_held() {
    let mut place = Place::new();
    let held = |reason| vec![LineRecord { outcome: Outcome::Held, reason, ..line(1, 3, 5) }];
    let once = BTreeSet::from([AgreementId(11)]);
    place.night(RunCommand::Run, &plan(0, held(Code::AgreementOneTime)));
    assert_eq!(past(&mut place).once_before, once);
    // Neither what was not accepted says otherwise, nor a dry run, nor what tells nothing of the agreement.
    place.night(RunCommand::Run, &PlanRecord { accepted: false, ..plan(24, vec![line(1, 3, 3)]) });
    place.night(RunCommand::Plan, &plan(48, vec![line(1, 3, 3)]));
    place.night(RunCommand::Run, &plan(72, held(Code::CustomerMissing)));
    place.night(RunCommand::Run, &plan(96, vec![line(2, 3, 3)]));
    assert_eq!(past(&mut place).once_before, once);
    place.night(RunCommand::Run, &plan(120, vec![line(1, 3, 3)]));
    assert_eq!(past(&mut place).once_before, BTreeSet::new(), "it recurs since");
}
