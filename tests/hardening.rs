//! What an attacker, a shortage or a slip of the hand finds to hold on to: nothing; and what years leave behind.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use rusqlite::Connection;

use crate::alerts::{Listener, OK};
use crate::support::{Night, today};
use recount::history::store::run_lock::RunLock;

fn set_mode(night: &Night, mode: u32) {
    fs::set_permissions(night.path("state"), fs::Permissions::from_mode(mode)).expect("changed");
}

fn now() -> chrono::DateTime<chrono::Utc> {
    today().and_time(chrono::NaiveTime::MIN).and_utc()
}

fn count(night: &Night, sql: &str) -> i64 {
    let history = Connection::open(night.path("state/history.db")).expect("the history");
    history.query_row(sql, [], |row| row.get(0)).expect("a number")
}

/// Otherwise whoever shares the host decides what the guards compare with, and a night that cannot begin is seen by nobody.
#[test]
fn a_state_folder_that_others_may_write_in_stops_the_night_and_is_told() {
    let night = Night::busy();
    let server = Listener::answering(OK);
    night.secret("hook", &server.url("/hook"), 0o600);
    night.append("\n[alert.chat]\nkind = \"webhook\"\nurl = { file = \"keys/hook\" }\nwhen = \"attention\"\n");
    set_mode(&night, 0o777);
    let said = night.recount(&["run"]).exits(14);
    assert!(said.err.contains("others may write in it") && said.err.contains("chmod go-w"), "{}", said.err);
    assert_eq!(server.heard().len(), 1, "somebody is told");
    let check = night.recount(&["check"]).exits(14);
    assert!(check.out.contains("others may write in it"), "{}", check.out);
    assert!(night.sent("PATCH").is_empty());
    set_mode(&night, 0o700);
    night.run().exits(0);
}

/// Otherwise a key that was pasted where its file's name belongs stands in the journal, the report and the mail.
#[test]
fn a_key_pasted_in_the_place_of_its_name_is_repeated_nowhere() {
    const KEY: &str = "Zq7RtB2mXw9KpL4s";
    for pasted in
        ["{ file = \"Zq7RtB2mXw9KpL4s\" }", "{ credential = \"Zq7RtB2mXw9KpL4s\" }", "{ env = \"Zq7RtB2mXw9KpL4s\" }"]
    {
        let night = Night::new();
        let config = fs::read_to_string(night.path("recount.toml")).expect("the configuration");
        night.write(
            "recount.toml",
            config.replace("private_key = { file = \"keys/private\" }", &format!("private_key = {pasted}")),
        );
        for command in [["check"].as_slice(), &["run"], &["report"], &["status"], &["plan", "-vv"], &["run", "--json"]]
        {
            let said = night.recount(command);
            assert!(!said.out.contains(KEY) && !said.err.contains(KEY), "{command:?}: {}{}", said.out, said.err);
        }
        let said = night.recount(&["run"]).exits(16);
        assert!(said.out.contains("`private_key`"), "it is said which: {}", said.out);
        for file in ["history.db", "history.db-wal", "reports/1.txt", "reports/1.html"] {
            let bytes = fs::read(night.path("state").join(file)).unwrap_or_default();
            assert!(!bytes.windows(KEY.len()).any(|window| window == KEY.as_bytes()), "{file}");
        }
    }
}

/// Otherwise a backup would need a night without billing, and to put one back would be a matter of moving files by hand.
#[test]
fn a_backup_is_taken_during_a_run_and_put_back_by_one_command() {
    let night = Night::busy();
    let lock = RunLock::take(&night.path("state"), now()).expect("the lock");
    let said = night.recount(&["backup", "copy.db"]).exits(0);
    assert!(said.out.contains("up to run 2"), "{}", said.out);
    night.recount(&["backup", "copy.db"]).exits(2);
    night.recount(&["restore", "copy.db"]).exits(15);
    drop(lock);
    let mode = fs::metadata(night.path("copy.db")).expect("the copy").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    night.run().exits(0);
    let written = night.sent("PATCH").len() + night.sent("POST").len();
    assert!(written > 0);
    for (name, bytes) in [("nothing.db", &b""[..]), ("other.db", b"not a database at all, whatever its name says")] {
        night.write(name, bytes);
        night.recount(&["restore", name]).exits(14);
        assert_eq!(count(&night, "SELECT max(run) FROM runs"), 3, "nothing is changed");
    }
    let said = night.recount(&["restore", "copy.db"]).exits(0);
    assert!(said.out.contains("up to run 2") && said.out.contains("history.db.before-restore"), "{}", said.out);
    night.recount(&["verify"]).exits(0);
    // What was written since is as wanted already: nothing is written twice.
    night.run();
    assert_eq!(night.sent("PATCH").len() + night.sent("POST").len(), written);
}

/// They named a run that was in no history any more, and were green while `status` was not.
#[test]
fn numbers_and_pages_are_those_of_the_history_that_was_restored() {
    let night = Night::busy();
    night.run().exits(0);
    night.recount(&["backup", "copy.db"]).exits(0);
    night.run().exits(0);
    let number = || {
        let metrics = fs::read_to_string(night.path("state/metrics.prom")).expect("metrics");
        let line = metrics.lines().find_map(|line| line.strip_prefix("recount_last_run_number{integration=\"mail\"} "));
        line.unwrap_or_else(|| panic!("no number: {metrics}")).to_owned()
    };
    let newest = number();
    let names_it = || {
        let page = fs::read_to_string(night.path("state/reports/index.html")).expect("a page");
        page.contains(&format!("{newest}.html"))
    };
    assert!(names_it());
    night.recount(&["restore", "copy.db"]).exits(0);
    assert_ne!(number(), newest);
    assert!(!names_it());
}

/// The wrong backup first, then the right one: the nights since must not be lost by the way that is printed.
#[test]
fn a_second_restore_overwrites_nothing_that_the_first_set_aside() {
    let night = Night::busy();
    night.recount(&["backup", "copy.db"]).exits(0);
    night.run().exits(0);
    let runs = count(&night, "SELECT max(run) FROM runs");
    for name in ["history.db.before-restore", "history.db.before-restore-2", "history.db.before-restore-3"] {
        let said = night.recount(&["restore", "copy.db"]).exits(0);
        assert!(said.out.contains(&format!("{name}\n")), "{}", said.out);
    }
    night.recount(&["restore", "state/history.db.before-restore"]).exits(0);
    assert_eq!(count(&night, "SELECT max(run) FROM runs"), runs, "the nights since the backup are there again");
    night.recount(&["verify"]).exits(0);
}

/// Who was removed would be an admin again, by the old password, and nobody would know what they had done.
#[test]
fn who_was_removed_or_locked_does_not_come_back_with_a_backup() {
    let night = Night::busy();
    for name in ["dana", "priya"] {
        night.recount(&["users", "add", name, "--role", "admin"]).exits(0);
    }
    let history = Connection::open(night.path("state/history.db")).expect("the history");
    let event = |at: &str, deed: &str| {
        let sql = "INSERT INTO desk_events VALUES ((SELECT coalesce(max(event), 0) + 1 FROM desk_events), ?1, 'dana', '', ?2, \
                   '', 0, '')";
        history.execute(sql, [at, deed]).expect("noted");
    };
    event("2026-11-01T02:00:00.000000000Z", "sign-in");
    night.recount(&["backup", "copy.db"]).exits(0);
    night.recount(&["users", "remove", "dana"]).exits(0);
    night.recount(&["users", "lock", "priya"]).exits(0);
    night.recount(&["users", "add", "vera", "--role", "viewer"]).exits(0);
    event("2026-11-02T02:00:00.000000000Z", "accept");
    drop(history);
    let said = night.recount(&["restore", "copy.db"]).exits(0);
    assert!(said.out.contains("people, and what was done on the desk, are those of what stood there"), "{}", said.out);
    let known = "SELECT count(*) FROM people WHERE (name, locked) IN (VALUES ('priya', 1), ('vera', 0))";
    assert_eq!((count(&night, known), count(&night, "SELECT count(*) FROM people")), (2, 2));
    let deeds = count(&night, "SELECT count(*) FROM desk_events");
    assert_eq!(deeds, 7, "what was done before the backup once, and what was done since");
    // What is damaged says nothing of people: those of the backup are there, which is said.
    night.write("state/history.db", "not a database at all, whatever its name says");
    let said = night.recount(&["restore", "copy.db"]).exits(0);
    assert!(said.out.contains("people are those of the backup"), "{}", said.out);
    assert_eq!(count(&night, "SELECT count(*) FROM people WHERE name = 'dana'"), 1);
    assert_eq!(count(&night, "SELECT count(*) FROM invitations"), 0, "no link of that time is good");
}

/// Otherwise years of nights fill the disk, or what is pruned is what a bill is explained by.
#[test]
fn what_is_older_than_keep_goes_and_the_journal_stays() {
    let night = Night::busy();
    for _ in 0..4 {
        night.run();
    }
    night.recount(&["check"]);
    let (journal, findings) = ("SELECT count(*) FROM journal", "SELECT count(*) FROM runs");
    let before = (count(&night, journal), count(&night, findings));
    let history = Connection::open(night.path("state/history.db")).expect("the history");
    let old = "2024-01-01T02:00:00.000000000Z";
    history.execute("UPDATE runs SET started_at = ?1 WHERE run <= 3", [old]).expect("long ago");
    drop(history);
    let report = fs::File::options().write(true).open(night.path("state/reports/2.txt")).expect("a report");
    report.set_modified(std::time::SystemTime::UNIX_EPOCH).expect("long ago");
    assert!(count(&night, "SELECT count(*) FROM lines WHERE run <= 3") > 0);
    night.run();
    assert_eq!(count(&night, "SELECT count(*) FROM lines WHERE run <= 3"), 0);
    assert!(count(&night, "SELECT count(*) FROM lines WHERE run > 3") > 0);
    assert_eq!((count(&night, journal), count(&night, findings)), (before.0, before.1 + 1));
    assert!(!night.path("state/reports/2.txt").exists() && night.path("state/reports/3.txt").exists());
    night.recount(&["verify"]).exits(0);
    let undo = night.recount(&["undo", "3"]);
    assert!(undo.out.contains("Acme · MP-CLOUDFILTER"), "whose lines are to be approved: {}", undo.out);
    // It wrote, and said once its lines were gone that it had changed nothing.
    let wrote = |run: &str| night.recount(&["report", run]);
    assert!(wrote("3").out.contains("· changed 3 · failed 0"), "{}", wrote("3").out);
    assert!(wrote("3").out.contains("The lines of this run are kept no more"), "{}", wrote("3").out);
    let difference = night.recount(&["diff", "3", "4"]).exits(0);
    assert!(difference.out.contains("the lines of run 3 are kept no more"), "{}", difference.out);
    assert!(!difference.out.contains("differ in"), "{}", difference.out);
    let difference = night.recount(&["diff", "3", "4", "--json"]).exits(0).json();
    assert_eq!(difference["without_lines"], serde_json::json!([3]));
    let status = night.recount(&["status"]);
    assert!(status.out.contains("history under 1 MB") && status.out.contains("kept 400 days"), "{}", status.out);
    night.config_root("keep = \"61d\"");
    let said = night.recount(&["check"]).exits(16);
    assert!(said.err.contains("`keep` is too short"), "{}", said.err);
}

/// Otherwise whoever switches everything off for a while gets an alarm every night.
#[test]
fn all_off_is_nothing_to_do_and_no_error() {
    let night = Night::new();
    night.config("export", "mode = \"off\"");
    for command in ["run", "plan", "status", "check"] {
        night.recount(&[command]).exits(0);
    }
    let status = night.recount(&["status", "mail", "--json"]).exits(0).json();
    assert_eq!(
        (&status["integrations"][0]["state"], &status["integrations"][0]["healthy"]),
        (&"off".into(), &serde_json::Value::Null)
    );
}

/// What a newcomer types first, and what everybody types of a customer.
#[test]
fn help_helps_and_a_customers_name_lists_its_lines() {
    let night = Night::new();
    night.approve();
    let said = night.recount(&["help"]).exits(0);
    assert!(said.out.contains("Usage") && said.out.contains("why"), "{}", said.out);
    assert!(night.recount(&["help", "why"]).exits(0).out.contains("recount why"));
    let said = night.recount(&["why", "acme"]).exits(0);
    let next =
        said.out.lines().last().and_then(|line| line.strip_prefix("Next: recount why ")).expect("a next command");
    assert!(night.recount(&["why", next]).exits(0).out.contains("Acme"));
    assert_eq!(night.recount(&["why", "acme", "--json"]).exits(0).json()["nights"].as_array().map(Vec::len), Some(1));
    night.recount(&["why", "nobody at all"]).exits(2);
}

/// Otherwise the journal of the host fills with what the report says better, and nobody reads it any more.
#[test]
fn a_quiet_night_logs_little_and_a_refused_one_not_much() {
    let night = Night::new();
    night.approve();
    let quiet = night.recount(&["run", "-v"]).exits(0);
    assert!(quiet.err.lines().count() < 10, "{}", quiet.err);
    night.export("Account,Product,Quantity\n");
    let refused = night.recount(&["run", "-v"]).exits(11);
    assert!(refused.err.lines().count() < 30, "{}", refused.err);
}

/// A night that wrote ended with 1 behind a full disk, and nobody could tell whether it had written.
#[test]
fn a_night_whose_report_cannot_be_written_says_that_it_wrote() {
    for is_dumb in [false, true] {
        let night = Night::busy();
        let full = || fs::File::options().write(true).open("/dev/full").expect("the device");
        let mut command = Command::new(env!("CARGO_BIN_EXE_recount"));
        command.args(["run"]).current_dir(night.path(".")).stdout(full());
        if is_dumb {
            command.stderr(full());
        }
        let output = command.output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "the same code, whoever can be told: {said}");
        assert!(is_dumb || said.contains("run 3 of mail wrote 3 lines, and is recorded: ok"), "{said}");
        assert_eq!(night.journal().len(), 3);
    }
}

/// A full disk behind `>` was exit 0, and a script went on with nothing.
#[test]
fn output_that_cannot_be_written_is_no_success() {
    let night = Night::new();
    for arguments in [&["profiles"][..], &["profiles", "--json"]] {
        let full = fs::File::options().write(true).open("/dev/full").expect("the device");
        let mut command = Command::new(env!("CARGO_BIN_EXE_recount"));
        let output = command.args(arguments).current_dir(night.path(".")).stdout(full).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() != Some(0) && said.contains("No space left"), "{arguments:?}: {output:?}");
    }
}
