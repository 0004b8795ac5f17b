//! A history is found, or it is an error; it is never silently an empty one.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tempfile::TempDir;

use crate::history::store::error::StoreError;
use crate::history::store::migrations;
use crate::history::store::migrations::MIGRATIONS;
use crate::history::store::open::History;
use crate::history::tests::{Place, line, noon, plan};
use crate::reconcile::model::ids::RunId;
use crate::reconcile::model::plan::outcome::RunCommand;

/// A state folder with run 1 in its history, closed.
fn used() -> (TempDir, PathBuf) {
    let mut place = Place::new();
    place.night(RunCommand::Run, &plan(0, vec![line(1, 3, 3)]));
    let Place { _dir, state, lock, history } = place;
    drop((lock, history));
    (_dir, state)
}

type Damage<'a> = &'a dyn Fn(&Path);
type ByteDamage = fn(&mut Vec<u8>);

/// How opening fails, for a run and for a reader.
fn refusals(state: &Path) -> [StoreError; 2] {
    [History::open(state, noon()).unwrap_err(), History::open_existing(state).unwrap_err()]
}

#[test]
fn a_first_use_creates_it_for_the_owner_alone_and_a_reader_before_that_finds_none() {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    assert!(History::open_existing(&state).unwrap().is_none());

    let history = History::open(&state, noon()).unwrap();
    assert!(history.latest_run(None).unwrap().is_none());
    for name in ["history.db", "history.db-wal"] {
        assert_eq!(fs::metadata(state.join(name)).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
    assert_eq!(fs::metadata(&state).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(fs::read_to_string(state.join("history.created")).unwrap(), "2026-03-04T12:00:00.000000000Z\n");
    assert!(History::open_existing(&state).unwrap().is_some());
}

#[test]
fn a_history_that_others_could_read_is_closed_to_them() {
    let (_dir, state) = used();
    fs::set_permissions(state.join("history.db"), fs::Permissions::from_mode(0o644)).unwrap();
    let _history = History::open(&state, noon()).unwrap();
    assert_eq!(fs::metadata(state.join("history.db")).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn what_a_commit_stored_survives_a_power_cut_and_sql_mistakes_are_caught() {
    let place = Place::new();
    let connection = &place.history.connection;
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(pragma("synchronous"), 2, "FULL");
    assert_eq!(pragma("foreign_keys"), 1);
    assert_eq!(pragma("trusted_schema"), 0);
    assert_eq!(pragma("busy_timeout"), 5000);
    assert_eq!(pragma("application_id"), migrations::APPLICATION_ID);
    assert_eq!(pragma("user_version"), migrations::known(MIGRATIONS));
    let journal: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
    assert_eq!(journal, "wal");
    let loose: i64 = connection
        .query_row(
            "SELECT count(*) FROM pragma_table_list
             WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%' AND strict = 0",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(loose, 0, "every table is STRICT");
}

/// The report of a night would be dated by another day than it was, and nobody would know.
#[test]
fn a_zone_that_no_clock_has_is_an_error_and_not_utc() {
    let (_dir, state) = used();
    let connection = Connection::open(state.join("history.db")).unwrap();
    connection.execute_batch("UPDATE runs SET utc_offset = 1000000").unwrap();
    drop(connection);
    let run = History::open_existing(&state).unwrap().unwrap().run(RunId(1));
    assert!(matches!(run, Err(StoreError::Unreadable { column: "utc_offset", .. })), "{run:?}");
}

#[test]
fn a_copy_taken_while_a_run_was_killed_has_all_that_was_committed() {
    let mut place = Place::new();
    let run = place.begin(RunCommand::Run);
    place.history.record_plan(run, &plan(0, vec![line(1, 3, 5)])).unwrap();

    let after = tempfile::tempdir().unwrap();
    for file in fs::read_dir(&place.state).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), after.path().join(file.file_name())).unwrap();
    }
    let reader = History::open_existing(after.path()).unwrap().unwrap();
    assert_eq!(reader.run(run).unwrap(), place.history.run(run).unwrap());
    drop(reader);
    let next = History::open(after.path(), noon()).unwrap();
    assert_eq!(next.run(run).unwrap(), place.history.run(run).unwrap());
}

#[test]
fn a_history_that_was_there_and_is_gone_is_an_error_until_somebody_says_so() {
    let empty_database = |path: &Path| {
        let connection = Connection::open(path).unwrap();
        connection.execute_batch("CREATE TABLE t (x); DROP TABLE t").unwrap();
    };
    let damages: [(&str, Damage<'_>); 3] = [
        ("deleted", &|path| fs::remove_file(path).unwrap()),
        ("empty", &|path| fs::write(path, "").unwrap()),
        ("without content", &|path| {
            fs::remove_file(path).unwrap();
            empty_database(path);
        }),
    ];
    for (name, damage) in damages {
        let (_dir, state) = used();
        damage(&state.join("history.db"));
        for refusal in refusals(&state) {
            assert!(matches!(refusal, StoreError::Gone { .. }), "{name}: {refusal}");
            assert!(refusal.advice().contains("remove history.created"));
        }
        fs::remove_file(state.join("history.created")).unwrap();
        assert!(History::open_existing(&state).unwrap().is_none(), "{name}");
        assert!(History::open(&state, noon()).unwrap().latest_run(None).unwrap().is_none(), "{name}");
    }
}

#[test]
fn a_creation_that_was_cut_short_is_simply_done_again() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("history.db"), "").unwrap();
    assert!(History::open_existing(dir.path()).unwrap().is_none());
    drop(History::open(dir.path(), noon()).unwrap());

    // Cut short before the marker: ours, so the marker is written now.
    fs::remove_file(dir.path().join("history.created")).unwrap();
    drop(History::open(dir.path(), noon()).unwrap());
    assert!(dir.path().join("history.created").exists());
}

#[test]
fn a_damaged_history_is_never_read_as_an_empty_one() {
    let damages: [(&str, ByteDamage); 4] = [
        ("not a database", |bytes| bytes.fill(b'x')),
        ("zeroed", |bytes| bytes.fill(0)),
        ("cut in half", |bytes| bytes.truncate(bytes.len() / 2)),
        ("a few bytes left", |bytes| bytes.truncate(50)),
    ];
    for (name, damage) in damages {
        let (_dir, state) = used();
        let mut bytes = fs::read(state.join("history.db")).unwrap();
        damage(&mut bytes);
        fs::write(state.join("history.db"), &bytes).unwrap();
        for refusal in refusals(&state) {
            assert!(matches!(refusal, StoreError::Corrupt { .. }), "{name}: {refusal:?}");
        }
        assert_eq!(fs::read(state.join("history.db")).unwrap(), bytes, "{name}: the evidence is left alone");
    }
}

#[test]
fn no_flipped_byte_makes_a_history_forget_its_run() {
    let (_dir, state) = used();
    let database = state.join("history.db");
    let whole = fs::read(&database).unwrap();
    // Every byte of the header, and a sample of the rest.
    for position in (0..100).chain((100..whole.len()).step_by(211)) {
        let mut bytes = whole.clone();
        bytes[position] ^= 0x15;
        fs::write(&database, &bytes).unwrap();
        let run = History::open(&state, noon()).and_then(|history| history.run(RunId(1)));
        assert!(!matches!(run, Ok(None)), "byte {position}");
        for left in ["history.db-wal", "history.db-shm"] {
            let _ = fs::remove_file(state.join(left));
        }
    }
}

#[test]
fn somebody_elses_database_is_refused_and_left_alone() {
    let sqls = ["CREATE TABLE theirs (x)", "PRAGMA application_id = 42", "PRAGMA user_version = 1"];
    for sql in sqls {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("history.db");
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let before = fs::read(&path).unwrap();
        for refusal in refusals(dir.path()) {
            assert!(matches!(refusal, StoreError::Foreign { .. }), "{sql}: {refusal}");
        }
        assert_eq!(fs::read(&path).unwrap(), before, "{sql}");
    }
}

#[test]
fn a_newer_history_is_left_to_the_newer_program() {
    let (_dir, state) = used();
    Connection::open(state.join("history.db")).unwrap().pragma_update(None, "user_version", 99).unwrap();
    for refusal in refusals(&state) {
        assert!(matches!(refusal, StoreError::Newer { found: 99, .. }), "{refusal}");
    }
}

#[test]
fn a_reader_does_not_upgrade() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("history.db");
    let mut connection = Connection::open(&path).unwrap();
    migrations::migrate(&mut connection, &path, &MIGRATIONS[..1]).unwrap();
    drop(connection);

    let refusal = History::open_existing(dir.path()).unwrap_err();
    assert!(matches!(refusal, StoreError::Older { found: 1, .. }), "{refusal}");

    drop(History::open(dir.path(), noon()).unwrap());
    assert!(History::open_existing(dir.path()).unwrap().is_some());
}

#[test]
fn an_upgrade_keeps_a_copy_and_a_failing_one_changes_nothing() {
    let (_dir, state) = used();
    let path = state.join("history.db");
    let mut connection = Connection::open(&path).unwrap();
    let version = migrations::known(MIGRATIONS);

    let good_then_bad = [MIGRATIONS, &["CREATE TABLE more (x INTEGER) STRICT", "CREATE TABLE more (x)"]].concat();
    migrations::migrate(&mut connection, &path, &good_then_bad).unwrap_err();
    assert_eq!(migrations::version(&connection).unwrap(), version);
    assert!(!connection.table_exists(None, "more").unwrap());

    let good = [MIGRATIONS, &["CREATE TABLE more (x INTEGER) STRICT"]].concat();
    migrations::migrate(&mut connection, &path, &good).unwrap();
    assert_eq!(migrations::version(&connection).unwrap(), version + 1);

    let copy = state.join(format!("history.db.before-v{}", version + 1));
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    let copy = Connection::open(&copy).unwrap();
    assert_eq!(migrations::version(&copy).unwrap(), version);
    let runs: i64 = copy.query_row("SELECT count(*) FROM runs", [], |row| row.get(0)).unwrap();
    assert_eq!(runs, 1);
}

#[test]
fn another_writer_is_waited_for_and_then_named() {
    let mut place = Place::new();
    place.history.connection.busy_timeout(std::time::Duration::ZERO).unwrap();
    let other = Connection::open(place.state.join("history.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refusal = place.history.claim_slot(noon(), noon(), noon()).unwrap_err();
    assert!(matches!(refusal, StoreError::Busy(_)), "{refusal}");
}

#[test]
fn a_reader_cannot_write_and_a_full_database_says_so() {
    let (_dir, state) = used();
    let mut reader = History::open_existing(&state).unwrap().unwrap();
    let refusal = reader.approve(RunId(1)).unwrap_err();
    assert!(matches!(refusal, StoreError::ReadOnly(_)), "{refusal}");

    let mut place = Place::new();
    let run = place.begin(RunCommand::Run);
    place.history.connection.pragma_update_and_check(None, "max_page_count", 1, |_| Ok(())).unwrap();
    let many = (0..5_000).map(|number| line(number, 1, 1)).collect();
    let refusal = place.history.record_plan(run, &plan(0, many)).unwrap_err();
    assert!(matches!(refusal, StoreError::Full(_)), "{refusal}");
    assert_eq!(place.history.run(run).unwrap().unwrap().planned, None, "all or nothing");
}

#[test]
fn each_night_of_the_schedule_is_begun_once() {
    let mut place = Place::new();
    let later = noon() + chrono::TimeDelta::days(1);
    assert_eq!(place.history.last_slot(later).unwrap(), None);
    assert!(place.history.claim_slot(later, later, later).unwrap());
    assert!(!place.history.claim_slot(later, later, later).unwrap());
    assert!(place.history.claim_slot(noon(), later, later).unwrap());
    assert_eq!(place.history.last_slot(later).unwrap(), Some(later));
}

/// The clock was ahead: what was claimed then is not yet, and its night is begun when it comes.
#[test]
fn a_slot_that_is_still_to_come_was_claimed_by_nobody() {
    let mut place = Place::new();
    let later = noon() + chrono::TimeDelta::days(18);
    assert!(place.history.claim_slot(later, later, later).unwrap());
    assert_eq!(place.history.last_slot(noon()).unwrap(), None);
    assert!(place.history.claim_slot(noon(), noon(), noon()).unwrap());
    assert_eq!(place.history.last_claim(later).unwrap().map(|claim| claim.slot), Some(noon()));
    assert!(place.history.claim_slot(later, later, later).unwrap());
}
