//! What a person answered is kept, whoever tries to change it, and the last answer counts.

use super::*;
use crate::history::journal::WriteOutcome;
use crate::history::store::error::StoreError;
use crate::reconcile::model::decision::{Decision, DecisionSubject, SeenLine};
use crate::reconcile::model::plan::finding::{Finding, finding};
use crate::reconcile::model::plan::outcome::AnswerVerb;
use crate::reconcile::model::plan::reason_code::Severity;

fn decision(verb: AnswerVerb) -> Decision {
    let seen =
        SeenLine { addition: Some(AdditionId(101)), was: Some(units(3)), wanted: Some(units(0)), changed_at: None };
    Decision {
        handle: "h1".to_owned(),
        verb,
        until: None,
        note: "asked".to_owned(),
        who: "mmiller".to_owned(),
        at: noon().fixed_offset(),
        reason: Code::ToZero,
        seen: Some(seen),
        named: None,
        within: None,
        unmapped: false,
        spent: false,
    }
}

fn decide(place: &mut Place, run: RunId, matter: &DecisionSubject, decision: &Decision) {
    place.history.decide(&place.lock, &mail(), run, matter, decision).unwrap();
}

#[test]
fn every_kind_of_matter_comes_back_as_it_was_answered() {
    let mut place = Place::new();
    let run = place.night(RunCommand::Plan, &plan(0, Vec::new()));
    let (customer, service) = (CustomerName::new("Acme"), ServiceName::new("CloudFilter"));
    let until = Some(noon().date_naive());
    for matter in [
        DecisionSubject::Customer(customer.clone()),
        DecisionSubject::Service(service.clone()),
        DecisionSubject::Product("filter".to_owned()),
        DecisionSubject::Duplicate(customer, service),
        DecisionSubject::Nameless,
    ] {
        let answer = Decision { seen: None, until, ..decision(AnswerVerb::Ignore) };
        decide(&mut place, run, &matter, &answer);
        assert_eq!(place.history.decisions(&mail()).unwrap().0.get(&matter), Some(&answer));
        decide(&mut place, run, &matter, &Decision { verb: AnswerVerb::Reopen, until: None, ..answer });
        assert_eq!(place.history.past(&mail(), run).unwrap().decisions.0.get(&matter), None);
    }
    let line = DecisionSubject::line(&key(10, "FILTER"));
    decide(&mut place, run, &line, &decision(AnswerVerb::Accept));
    decide(&mut place, run, &line, &decision(AnswerVerb::Keep));
    assert_eq!(place.history.decisions(&mail()).unwrap().0[&line], decision(AnswerVerb::Keep));
    assert!(place.history.decisions(&IntegrationName::new("other")).unwrap().0.is_empty());
}

/// A step that was accepted, written and undone by hand is a new step.
#[test]
fn an_accepted_step_is_spent_by_the_write_and_by_no_attempt() {
    let mut place = Place::new();
    let line = DecisionSubject::line(&key(10, "Filter"));
    let run = place.begin(RunCommand::Run);
    let before = place.write(run, &set(101, 4, 3));
    place.history.outcome(before, &applied(3), noon()).unwrap();
    decide(&mut place, run, &line, &decision(AnswerVerb::Accept));
    let spent = |place: &Place| place.history.decisions(&mail()).unwrap().0[&line].spent;
    assert!(!spent(&place), "by a write before it");
    let refused = place.write(run, &set(101, 3, 0));
    place.history.outcome(refused, &WriteOutcome::Refused { why: "no".to_owned() }, noon()).unwrap();
    assert!(!spent(&place), "by a write that ConnectWise refused");
    let taken = place.write(run, &set(101, 3, 0));
    place.history.outcome(taken, &applied(0), noon()).unwrap();
    assert!(spent(&place));
}

fn applied(quantity: u32) -> WriteOutcome {
    WriteOutcome::Applied { addition: AdditionId(101), quantity: units(quantity) }
}

#[test]
fn an_answer_cannot_be_changed_or_taken_away() {
    let mut place = Place::new();
    let run = place.night(RunCommand::Plan, &plan(0, Vec::new()));
    decide(&mut place, run, &DecisionSubject::line(&key(10, "FILTER")), &decision(AnswerVerb::Keep));
    for sql in [
        "UPDATE decisions SET verb = 'accept'",
        "DELETE FROM decisions",
        "INSERT OR REPLACE INTO decisions SELECT * FROM decisions",
    ] {
        let refusal = place.history.connection.execute(sql, []).unwrap_err().to_string();
        assert!(refusal.contains("append-only"), "{sql}: {refusal}");
    }
}

/// A run that asks about lines of these handles.
fn asking(place: &mut Place, command: RunCommand, handles: &[&str]) -> RunId {
    let asked = |handle: &&str| Finding {
        handle: Some((*handle).to_owned()),
        ..finding(Severity::Decide, Code::ToZero, String::new())
    };
    let run = place.begin(command);
    place.history.record_plan(run, &plan(0, Vec::new())).unwrap();
    let findings = handles.iter().map(asked).collect();
    place.history.end_run(run, &[], &RunEnd { findings, ..end() }).unwrap();
    run
}

/// What waits longest is shown first; a matter that was away for a night begins anew.
#[test]
fn a_matter_waits_since_the_first_of_the_nights_in_a_row() {
    let mut place = Place::new();
    let nights = [vec!["a", "b"], vec!["a"], vec!["a", "b"], vec!["a", "b", "c"]];
    let runs = nights.map(|handles| asking(&mut place, RunCommand::Run, &handles));
    let since = place.history.waiting_since(&mail()).unwrap();
    let first = |handle: &str| since[&(handle.to_owned(), Code::ToZero)].0;
    assert_eq!([first("a"), first("b"), first("c")], [runs[0], runs[2], runs[3]]);
}

/// Somebody who looks ahead on Friday must still be told on Saturday what is new, and a dry run of another file settles nothing.
#[test]
fn a_dry_run_is_no_night_of_waiting() {
    let mut place = Place::new();
    let (dry, night) = (RunCommand::Plan, RunCommand::Run);
    let runs = [
        (night, vec!["a"]),
        (dry, vec!["a", "b"]),
        (night, vec!["a", "b"]),
        (dry, vec!["b"]),
        (dry, vec!["a", "b", "c"]),
    ];
    let runs = runs.map(|(command, handles)| asking(&mut place, command, &handles));
    let since = place.history.waiting_since(&mail()).unwrap();
    let first = |handle: &str| since[&(handle.to_owned(), Code::ToZero)].0;
    assert_eq!([first("a"), first("b"), first("c")], [runs[0], runs[2], runs[4]]);
}

/// Later exports are compared with the last night, not with the few lines that an undo set back.
#[test]
fn an_undo_is_no_night_to_compare_with() {
    let mut place = Place::new();
    let night = place.night(RunCommand::Run, &plan(0, vec![line(1, 3, 0)]));
    let start = NewRun {
        integration: mail(),
        command: RunCommand::Apply,
        mode: Mode::Apply,
        started_at: noon().fixed_offset(),
        undoes: Some(night),
        site: HOME.to_owned(),
    };
    let undo = place.history.begin_run(&place.lock, start).unwrap();
    place.history.record_plan(undo, &plan(1, vec![line(1, 0, 3)])).unwrap();
    place.history.end_run(undo, &[], &end()).unwrap();
    let next = place.begin(RunCommand::Run);
    let past = place.history.past(&mail(), next).unwrap();
    assert_eq!(past.accepted.unwrap().run, night);
    assert!(past.zero_before.contains_key(&key(11, "FILTER")), "the second night still counts from the first");
    assert_eq!(place.history.latest_plan(&mail()).unwrap().unwrap().run, night);
    assert_eq!(place.history.run(undo).unwrap().unwrap().undoes, Some(night));
}

/// Else somebody could put an approval into the past that nobody gave.
#[test]
fn a_decision_cannot_be_changed_added_or_taken_away_unnoticed() {
    for (change, row) in [
        ("DROP TRIGGER decisions_no_update; UPDATE decisions SET who = 'mmiller' WHERE decision = 1", Some(1)),
        ("DROP TRIGGER decisions_no_delete; DELETE FROM decisions WHERE decision = 2", Some(2)),
        ("INSERT INTO decisions SELECT 3, integration, kind, agreement, product, customer, service, handle, verb, until,
                 note, who, at, run, reason, addition, was, wanted, journal, item, within, named FROM decisions WHERE decision = 1", None),
    ] {
        let mut place = Place::new();
        let run = place.night(RunCommand::Plan, &plan(0, Vec::new()));
        let before = place.history.head().unwrap();
        let line = DecisionSubject::line(&key(10, "FILTER"));
        for verb in [AnswerVerb::Keep, AnswerVerb::Reopen] {
            decide(&mut place, run, &line, &Decision { who: "jdoe".to_owned(), ..decision(verb) });
        }
        assert_eq!(place.history.verify_journal().unwrap().rows, 2);
        assert_ne!(place.history.head().unwrap(), before, "a report's head covers decisions");
        place.history.connection.execute_batch(change).unwrap();
        let refusal = place.history.verify_journal().unwrap_err();
        match row {
            Some(row) => assert!(matches!(refusal, StoreError::DecisionChanged { row: at } if at == row), "{refusal}"),
            None => assert!(matches!(refusal, StoreError::DecisionUnchained { decision: 3 }), "{refusal}"),
        }
    }
}
