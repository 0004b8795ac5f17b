//! The journal: what was meant, what became of it, and that nobody changed it.

use std::fs;

use rusqlite::Connection;

use crate::history::journal::{Intent, WriteOutcome};
use crate::history::run_record::WriteId;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::history::tests::{Place, create, mail, noon, set, units};
use crate::reconcile::model::ids::{AdditionId, IntegrationName, RunId};
use crate::reconcile::model::plan::outcome::RunCommand;

fn applied(addition: i64, quantity: u32) -> WriteOutcome {
    WriteOutcome::Applied { addition: AdditionId(addition), quantity: units(quantity) }
}

fn unknown() -> WriteOutcome {
    WriteOutcome::Unknown { why: "the connection broke".to_owned() }
}

/// A run with three writes: applied, unknown, and without an outcome.
fn three_writes(place: &mut Place) -> (RunId, [WriteId; 3]) {
    let run = place.begin(RunCommand::Run);
    let writes = [set(100, 3, 7), create(20, "NEW"), set(101, 1, 2)].map(|intent| place.write(run, &intent));
    place.history.outcome(writes[0], &applied(100, 7), noon()).unwrap();
    place.history.outcome(writes[1], &unknown(), noon()).unwrap();
    (run, writes)
}

#[test]
fn every_write_comes_back_as_it_was_meant() {
    let mut place = Place::new();
    let (run, writes) = three_writes(&mut place);
    let stored = place.history.writes_of(run).unwrap();
    let seen: Vec<(WriteId, Intent)> = stored.iter().map(|write| (write.write, write.intent.clone())).collect();
    assert_eq!(seen, vec![(writes[0], set(100, 3, 7)), (writes[1], create(20, "NEW")), (writes[2], set(101, 1, 2))]);
    let outcomes: Vec<_> = stored.into_iter().map(|write| write.outcome).collect();
    assert_eq!(outcomes, vec![Some(applied(100, 7)), Some(unknown()), None]);
}

#[test]
fn a_write_is_open_until_somebody_knows_its_end() {
    let mut place = Place::new();
    let (run, writes) = three_writes(&mut place);
    let open = place.history.open_writes(&mail()).unwrap();
    let seen: Vec<_> = open.iter().map(|open| (open.write, open.run, open.sent_at, open.unknown.as_deref())).collect();
    assert_eq!(seen, vec![(writes[1], run, noon(), Some("the connection broke")), (writes[2], run, noon(), None)]);
    assert_eq!(place.history.open_writes(&IntegrationName::new("other")).unwrap(), vec![]);

    place.history.outcome(writes[1], &applied(555, 2), noon()).unwrap();
    place.history.outcome(writes[2], &WriteOutcome::Refused { why: "no".to_owned() }, noon()).unwrap();
    assert_eq!(place.history.open_writes(&mail()).unwrap(), vec![]);
}

#[test]
fn an_outcome_is_final_unless_it_is_unknown() {
    let mut place = Place::new();
    let (_, writes) = three_writes(&mut place);
    place.history.outcome(writes[1], &unknown(), noon()).unwrap();
    for settled in [writes[0], WriteId(999)] {
        let refusal = place.history.outcome(settled, &applied(100, 8), noon()).unwrap_err();
        assert!(matches!(refusal, StoreError::Settled { write } if write == settled), "{refusal}");
    }
}

#[test]
fn a_line_is_not_created_again_while_a_creation_of_it_is_in_doubt() {
    let mut place = Place::new();
    let (run, writes) = three_writes(&mut place);
    // ConnectWise takes "new" and "NEW" for the same product.
    let refusal = place.history.intent(&place.lock, run, &create(20, "new"), noon()).unwrap_err();
    assert!(matches!(refusal, StoreError::CreationOpen { .. }), "{refusal}");
    place.write(run, &create(21, "NEW"));

    place.history.outcome(writes[1], &WriteOutcome::Superseded { why: "not there".to_owned() }, noon()).unwrap();
    place.write(run, &create(20, "new"));
}

#[test]
fn an_intent_needs_a_run() {
    let mut place = Place::new();
    assert!(place.history.intent(&place.lock, RunId(7), &set(100, 3, 7), noon()).is_err());
    assert_eq!(place.history.verify_journal().unwrap().rows, 0);
}

#[test]
fn an_intent_is_in_the_file_when_it_returns() {
    let mut place = Place::new();
    let run = place.begin(RunCommand::Run);
    place.write(run, &create(20, "NEW"));
    let after = tempfile::tempdir().unwrap();
    for file in fs::read_dir(&place.state).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), after.path().join(file.file_name())).unwrap();
    }
    let next = History::open(after.path(), noon()).unwrap();
    assert_eq!(next.open_writes(&mail()).unwrap().len(), 1);
}

#[test]
fn the_journal_refuses_every_change_but_a_new_row() {
    let mut place = Place::new();
    three_writes(&mut place);
    let columns = "event, run, write, at, agreement, product, addition, from_quantity, quantity, catalog_item,
                   effective_on, before, why, hash, item";
    for sql in [
        "UPDATE journal SET quantity = '9' WHERE seq = 1".to_owned(),
        "DELETE FROM journal WHERE seq = 5".to_owned(),
        format!("INSERT OR REPLACE INTO journal SELECT 5, {columns} FROM journal WHERE seq = 5"),
        format!("INSERT INTO journal SELECT 9, {columns} FROM journal WHERE seq = 5"),
    ] {
        let refusal = place.history.connection.execute(&sql, []).unwrap_err();
        assert!(refusal.to_string().contains("append-only"), "{sql}: {refusal}");
    }
    assert_eq!(place.history.verify_journal().unwrap().rows, 5);
}

#[test]
fn a_changed_row_is_found_at_its_number() {
    let mut place = Place::new();
    let empty = place.history.head().unwrap();
    assert_eq!(empty, "0".repeat(64));
    three_writes(&mut place);
    let head = place.history.head().unwrap();
    let chain = place.history.verify_journal().unwrap();
    assert_eq!((chain.rows, &chain.head), (5, &head));
    assert!(place.history.had_head(&head.to_uppercase()).unwrap());
    assert!(place.history.had_head(&empty).unwrap());
    assert!(!place.history.had_head(&"1".repeat(64)).unwrap());

    let other = Connection::open(place.state.join("history.db")).unwrap();
    other.execute_batch("DROP TRIGGER journal_no_update; UPDATE journal SET quantity = '9' WHERE seq = 4").unwrap();
    let refusal = place.history.verify_journal().unwrap_err();
    assert!(matches!(refusal, StoreError::ChainBroken { row: 4 }), "{refusal}");
}

#[test]
fn a_removed_row_is_found_too() {
    let mut place = Place::new();
    three_writes(&mut place);
    let head = place.history.head().unwrap();
    place
        .history
        .connection
        .execute_batch("DROP TRIGGER journal_no_delete; DELETE FROM journal WHERE seq = 5")
        .unwrap();
    // What is left fits; only a head that was kept elsewhere tells.
    assert_eq!(place.history.verify_journal().unwrap().rows, 4);
    assert!(!place.history.had_head(&head).unwrap());

    place.history.connection.execute_batch("DELETE FROM journal WHERE seq = 2").unwrap();
    assert!(matches!(place.history.verify_journal(), Err(StoreError::ChainBroken { row: 3 })));
}
