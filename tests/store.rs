//! The history on the disk, damaged or in the way: without it nobody knows what was written, so nothing is asked of
//! ConnectWise, and nobody is told that all is well.

use std::fs;
use std::path::Path;

use crate::support;
use crate::support::{Night, wait_until};

/// Each way of losing the history, and a word of what is said of it.
type Damage = (&'static str, fn(&Night), &'static str);

const DAMAGES: [Damage; 8] = [
    ("removed", |night| remove_database(night), "history"),
    ("empty", |night| night.write("state/history.db", ""), "history"),
    ("garbage", |night| night.write("state/history.db", "not a database, ".repeat(500)), "history"),
    ("cut in half", |night| cut_in_half(&night.path("state/history.db")), "history"),
    ("of a newer version", |night| set_user_version(night, 9999), "newer"),
    ("of another program", |night| set_user_version(night, 0), "history"),
    ("a folder", |night| become_a_folder(night), "history"),
    ("state is a file", |night| become_a_file(night), "state"),
];

#[test]
fn a_history_that_cannot_be_trusted_stops_everything() {
    support::each(
        &DAMAGES,
        |(name, ..)| (*name).to_owned(),
        |(_, damage, word)| {
            let night = Night::busy();
            damage(&night);
            for command in ["run", "plan"] {
                let said = night.recount(&[command, "-vv"]).exits(14);
                assert!(said.err.contains(word), "{}", said.err);
                assert!(said.err.contains("fix:"), "what to do is said\n{}", said.err);
            }
            assert!(night.sim().requests().is_empty(), "nothing was asked of ConnectWise");
        },
    );
}

/// `check` said "no run yet; the first one creates it" and ended with 0, while every night was refused.
#[test]
fn a_state_folder_whose_disk_is_not_mounted_is_told_by_every_command() {
    let night = Night::busy();
    fs::rename(night.path("state"), night.path("disk")).expect("moved");
    std::os::unix::fs::symlink(night.path("not-mounted"), night.path("state")).expect("a link");
    let commands: [&[&str]; 10] = [
        &["run"],
        &["plan"],
        &["check"],
        &["status"],
        &["held"],
        &["history"],
        &["report"],
        &["undo", "1"],
        &["backup", "kept.db"],
        &["restore", "disk/history.db"],
    ];
    for command in commands {
        let said = night.recount(command).exits(14);
        let told = said.out + &said.err;
        assert!(told.contains("state is a link that leads to nothing"), "{command:?}: {told}");
        assert!(told.contains("mount what the link leads to"), "{command:?}: {told}");
    }
    assert!(night.sim().requests().iter().all(|request| request.method == "GET"), "nothing was written");
    assert!(!night.path("not-mounted").exists(), "nothing was begun anew");
    fs::rename(night.path("disk"), night.path("not-mounted")).expect("mounted");
    night.run();
    assert_eq!(night.recount(&["history", "--json"]).json()["history"].as_array().map(Vec::len), Some(3));
}

/// The plan that a person had read before the upgrade was refused with "the next command that writes brings it up".
#[test]
fn what_was_approved_before_an_upgrade_is_carried_out_after_it() {
    let older = |night: &Night| {
        let history = rusqlite::Connection::open(night.path("state/history.db")).expect("the history");
        let before = "ALTER TABLE runs DROP COLUMN export_counts; PRAGMA user_version = 31;";
        history.execute_batch(before).expect("the version before");
    };
    let night = Night::busy();
    night.recount(&["plan"]);
    let plan = night.plan();
    older(&night);
    let reading = night.recount(&["status"]).exits(14);
    assert!(reading.err.contains("the next night, or plan, brings it up"), "{}", reading.err);
    night.recount(&["apply", &plan]).exits(0);
    let written = night.sim().writes().len();
    assert!(written > 0, "the plan was carried out");
    let run = night.recount(&["history", "--json"]).json()["history"][0]["run"].to_string();
    older(&night);
    let undo = night.recount(&["undo", &run]);
    assert!(undo.exit != 14 && undo.out.contains("recount apply"), "{} {}", undo.out, undo.err);
}

/// A first run makes the state folder for itself alone.
#[test]
fn what_is_stored_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let night = Night::busy();
    night.run().exits(0);
    for entry in ["state", "state/history.db", "state/reports", "state/reports/3.txt"] {
        let mode =
            fs::metadata(night.path(entry)).unwrap_or_else(|error| panic!("{entry}: {error}")).permissions().mode();
        assert_eq!(mode & 0o077, 0, "{entry} has mode {mode:o}");
    }
}

/// Without a report of this morning a person would look at yesterday's.
#[test]
fn every_run_leaves_a_report_and_one_that_cannot_be_kept_changes_nothing() {
    let night = Night::busy();
    fs::remove_dir_all(night.path("state/reports")).expect("removed");
    night.write("state/reports", "in the way");
    let said = night.recount(&["run"]).exits(0);
    assert!(said.err.contains("cannot be kept"), "{}", said.err);
    assert!(night.recount(&["report"]).exits(0).out.contains("changed 3"), "the history has it");
}

/// Two nights ended with 14 while the disk was full, and once there was room no history, report or page knew of them.
#[test]
fn a_night_that_could_not_be_stored_is_in_the_history_and_has_a_report_once_it_can_be() {
    let night = Night::busy();
    night.run().exits(0);
    let files = ["history.db", "history.db-wal", "history.db-shm"].map(|name| night.path("state").join(name));
    let kept = files.clone().map(|path| fs::read(path).ok());
    remove_database(&night);
    fs::create_dir(&files[0]).expect("in the way");
    for _ in 0..2 {
        night.recount(&["run"]).exits(14);
    }
    let noted = fs::read(night.path("state/unbegun-nights")).expect("the notes");
    fs::remove_dir(&files[0]).expect("removed");
    for (path, bytes) in files.iter().zip(kept) {
        if let Some(bytes) = bytes {
            fs::write(path, bytes).expect("as it was");
        }
    }

    let report = night.recount(&["report"]).exits(0).out;
    assert!(report.contains("FAILED") && report.contains("Nothing could be recorded then"), "{report}");
    let history = night.recount(&["history", "--json"]).exits(0).out;
    let history: serde_json::Value = serde_json::from_str(&history).expect("JSON");
    let codes: Vec<_> =
        history["history"].as_array().into_iter().flatten().map(|run| run["exit_code"].as_i64()).collect();
    assert_eq!(&codes[..3], [Some(14), Some(14), Some(0)], "{history:#}");
    let newest = &history["history"][0];
    assert!(night.path(&format!("state/reports/{}.txt", newest["run"])).exists(), "{newest:#}");
    assert_eq!(night.recount(&["status"]).exit, 14, "the night is told until one goes well");
    // A process that died before it forgot them, or could not: the next one knows that it has them.
    night.write("state/unbegun-nights", noted);
    night.run().exits(0);
    night.recount(&["status"]).exits(0);
    let after = night.recount(&["history", "--json"]).exits(0).out;
    assert_eq!(after.matches("\"exit_code\": 14").count() + after.matches("\"exit_code\":14").count(), 2, "once each");
}

/// The disk had room to be looked at, and none for another night: status, report, held, history, the numbers and the page of the
/// invoices told of the good night before.
#[test]
fn a_night_that_cannot_be_recorded_is_told_by_whatever_reads_the_history() {
    let night = Night::busy();
    night.run().exits(0);
    refuse(&night, "BEFORE INSERT ON runs");
    night.recount(&["run"]).exits(14);
    for command in [&["report"][..], &["report", "--json"], &["held"], &["history"], &["status"], &["status", "--json"]]
    {
        let said = night.recount(command).exits(14);
        let said = format!("{}{}", said.out, said.err).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("could not be recorded: the history refused an operation"), "{command:?}: {said}");
    }
    let status = night.recount(&["status"]).exits(14).out;
    assert!(status.contains("unhealthy: its last night could not be recorded"), "{status}");
    let numbers = fs::read_to_string(night.path("state/metrics.prom")).expect("the numbers");
    assert!(numbers.contains("recount_healthy{integration=\"mail\"} 0"), "{numbers}");
    let page = fs::read_to_string(night.path("state/reports/ready.html")).expect("the page");
    assert!(page.contains("The last night could not be recorded."), "{page}");

    permit(&night);
    let report = night.recount(&["report"]).exits(0).out;
    assert!(report.contains("FAILED") && report.contains("Nothing could be recorded then"), "{report}");
    night.run().exits(0);
    night.recount(&["status"]).exits(0);
}

/// Notes of failed nights that could not be read were taken for none, and all was well.
#[test]
fn notes_of_nights_that_cannot_be_read_are_not_taken_for_none() {
    let night = Night::busy();
    night.run().exits(0);
    let notes = night.path("state/unbegun-nights");
    fs::remove_file(&notes).expect("the room for notes");
    std::os::unix::fs::symlink("elsewhere", &notes).expect("a link");
    for command in [&["report"][..], &["held"], &["history"], &["status"]] {
        let said = night.recount(command).exits(14);
        let said = format!("{}{}", said.out, said.err).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("unbegun-nights, where nights are noted"), "{command:?}: {said}");
    }
    fs::remove_file(&notes).expect("the link");
    night.recount(&["status"]).exits(0);
}

/// A run that said that the disk is full stood in the history as one that somebody cut off, without an exit code.
#[test]
fn a_run_whose_end_could_not_be_stored_ends_in_the_history_as_it_ended() {
    let night = Night::busy();
    refuse(&night, "BEFORE UPDATE OF finished_at ON runs");
    let said = night.recount(&["run"]).exits(14);
    assert!(said.out.contains("FAILED"), "{}", said.out);
    let history = night.recount(&["history"]).exits(14).out;
    let history = history.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(history.contains("the end of run 3,") && history.contains("could not be recorded"), "{history}");

    permit(&night);
    let history = night.recount(&["history", "--json"]).exits(0).json();
    let newest = &history["history"][0];
    assert_eq!((newest["run"].as_i64(), newest["exit_code"].as_i64()), (Some(3), Some(14)), "{history:#}");
    let report = night.recount(&["report"]).exits(0).out;
    assert!(report.contains("FAILED") && report.contains("Its end could not be recorded then"), "{report}");
    assert!(report.contains("changed 3"), "what its journal knows\n{report}");
    assert!(!report.contains("cut off"), "nobody cut it off\n{report}");
    let next = night.run().exits(0);
    assert!(!next.codes().contains(&"previous-run-cut-off".to_owned()), "{}", next.out);
    night.recount(&["status"]).exits(0);
}

/// What refused the last export of an integration was an open item for good after it was switched off: no run could settle it.
#[test]
fn what_refused_an_export_waits_for_nobody_once_its_integration_is_off() {
    let night = Night::busy();
    night.run().exits(0);
    night.export("no columns of ours\n1\n");
    night.run().exits(11);
    assert!(
        night.recount(&["held"]).exits(0).out.contains("1 open item."),
        "it waits while a run may read another one"
    );
    night.config("", "mode = \"off\"");
    let held = night.recount(&["held"]).exits(0).out;
    assert!(held.contains("No open items."), "{held}");
}

/// The history cannot take this in any more, as on a disk that is nearly full, and can be read.
fn refuse(night: &Night, what: &str) {
    let history = rusqlite::Connection::open(night.path("state/history.db")).expect("the history");
    let refusal = format!("CREATE TRIGGER no_room {what} BEGIN SELECT raise(FAIL, 'no room'); END");
    history.execute_batch(&refusal).expect("a trigger");
}

fn permit(night: &Night) {
    let history = rusqlite::Connection::open(night.path("state/history.db")).expect("the history");
    history.execute_batch("DROP TRIGGER no_room").expect("no trigger");
}

fn remove_database(night: &Night) {
    for name in ["history.db", "history.db-wal", "history.db-shm"] {
        // Not all of them are always there.
        let _ = fs::remove_file(night.path("state").join(name));
    }
}

fn cut_in_half(path: &Path) {
    let file = fs::File::options().write(true).open(path).expect("the history");
    let length = file.metadata().expect("its length").len();
    file.set_len(length / 2).expect("cut");
}

fn set_user_version(night: &Night, version: i32) {
    let history = rusqlite::Connection::open(night.path("state/history.db")).expect("the history");
    history.pragma_update(None, "user_version", version).expect("a version");
}

fn become_a_folder(night: &Night) {
    remove_database(night);
    fs::create_dir(night.path("state/history.db")).expect("a folder");
}

/// As root, no folder is read-only; a file where the folder should be stops even root.
fn become_a_file(night: &Night) {
    fs::remove_dir_all(night.path("state")).expect("removed");
    night.write("state", "in the way");
}

/// A clock that is off by a day moves effective dates, and by a year ends agreements.
#[test]
fn a_clock_that_jumped_stops_a_night_that_nobody_watches() {
    for (ended, when) in
        [("2999-01-01T00:00:00.000000000Z", "set back"), ("2001-01-01T00:00:00.000000000Z", "years ahead")]
    {
        let night = Night::busy();
        let database = rusqlite::Connection::open(night.path("state/history.db")).expect("opened");
        database.execute("UPDATE runs SET finished_at = ?1", [ended]).expect("changed");
        drop(database);
        let said = night.run().exits(16);
        assert_eq!(said.codes(), ["config-invalid"], "{when}");
        assert!(night.sim().requests().is_empty(), "{when}: nothing was asked of ConnectWise");
        // What ended by the clock that was refused is no reason to believe it the next night.
        night.run().exits(16);
        let check = night.recount(&["check"]).exits(16);
        assert!(check.out.contains("✗ clock") && check.out.contains("the clock says"), "{when}: {}", check.out);
        // A person who looks goes on, and the clock is trusted again.
        night.recount(&["plan"]).exits(3);
        night.recount(&["apply", &night.plan()]).exits(0);
        night.recount(&["check"]).exits(0);
        night.run().exits(0);
    }
}

/// The way out that each night printed was not there where no line changes: `plan` said OK, and showed no fingerprint.
#[test]
fn a_clock_that_was_ahead_for_one_night_is_settled_by_the_plan_that_is_printed() {
    let night = Night::new();
    night.approve();
    night.run().exits(0);
    let database = rusqlite::Connection::open(night.path("state/history.db")).expect("opened");
    let last = "UPDATE runs SET finished_at = ?1 WHERE run = (SELECT max(run) FROM runs)";
    database.execute(last, ["2999-01-01T00:00:00.000000000Z"]).expect("changed");
    drop(database);
    night.run().exits(16);
    let plan = night.recount(&["plan"]).exits(3);
    assert!(plan.out.contains("the clock says"), "{}", plan.out);
    let printed = format!("recount apply {}", &night.plan()[..8]);
    assert!(plan.out.contains(&printed), "{printed}: {}", plan.out);
    let held = night.recount(&["held"]).exits(0);
    assert!(held.out.contains("the clock says"), "{}", held.out);
    night.recount(&["apply", &night.plan()[..8]]).exits(0);
    night.run().exits(0);
    assert!(night.recount(&["plan"]).exits(0).out.contains("nothing to decide"));
}

/// A night by a clock that was ahead stopped each later one, and in observe mode there is nothing to apply.
#[test]
fn a_clock_that_was_ahead_stops_no_night_that_only_watches_and_lets_none_write() {
    let night = Night::new();
    night.approve();
    night.run().exits(0);
    let config = fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    let ahead = || {
        let database = rusqlite::Connection::open(night.path("state/history.db")).expect("opened");
        let last = "UPDATE runs SET finished_at = ?1 WHERE run = (SELECT max(run) FROM runs)";
        database.execute(last, ["2999-01-01T00:00:00.000000000Z"]).expect("changed");
    };
    ahead();
    night.write(
        "recount.toml",
        config
            .replace("mode              = \"apply\"", "mode = \"observe\"")
            .replace("mode = \"apply\"", "mode = \"observe\""),
    );
    let said = night.recount(&["run"]).exits(3);
    assert!(said.out.contains("the clock says") && said.out.contains("observe mode writes nothing"), "{}", said.out);
    night.recount(&["check"]).exits(0);
    night.run().exits(0);
    // A night that watched says nothing for one that writes.
    night.write("recount.toml", config);
    night.run().exits(16);
}

/// Otherwise a restored backup would set lines back that were changed since, and create lines a second time.
#[test]
fn an_older_history_that_was_put_back_stops_a_run_until_somebody_says_so() {
    let night = Night::busy();
    let backup = fs::read(night.path("state/history.db")).expect("a backup");
    night.run().exits(0);
    remove_database(&night);
    night.write("state/history.db", &backup);
    night.sim().clear_requests();
    for command in ["run", "plan", "verify", "check"] {
        let said = night.recount(&[command]);
        assert_eq!(said.exit, 14, "{command}\n{}{}", said.out, said.err);
        let told = format!("{}{}", said.out, said.err).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains("older than its last run") && told.contains("history.head"), "{command}\n{told}");
        assert!(command == "check" || night.sim().requests().is_empty(), "nothing was asked of ConnectWise");
    }
    fs::remove_file(night.path("state/history.head")).expect("on purpose");
    night.recount(&["plan"]).exits(0);
    night.recount(&["verify"]).exits(0);
}

/// What was printed to apply was in no history once there was room again: "there is no plan 4864d978".
#[test]
fn a_plan_that_could_not_be_stored_is_not_offered() {
    let night = Night::busy();
    let database = rusqlite::Connection::open(night.path("state/history.db")).expect("opened");
    let refuse = "CREATE TRIGGER no_room BEFORE INSERT ON lines BEGIN SELECT RAISE(ABORT, 'no room'); END";
    database.execute_batch(refuse).expect("a trigger");
    for command in ["plan", "run"] {
        let said = night.recount(&[command]).exits(14);
        assert!(!said.out.contains("recount apply") && said.out.contains("Next:"), "{command}: {}", said.out);
    }
    assert!(night.sim().writes().is_empty(), "nothing was written");
    database.execute_batch("DROP TRIGGER no_room").expect("gone");
    drop(database);
    assert!(night.recount(&["plan", "-vv"]).exits(0).out.contains("recount apply"));
}

/// No night goes on, and whoever looks in the morning was told that all is well, for a day and more.
#[test]
fn whatever_reads_an_older_history_that_was_put_back_says_so() {
    let night = Night::busy();
    let backup = fs::read(night.path("state/history.db")).expect("a backup");
    night.run().exits(0);
    for command in [&["status"][..], &["report"], &["held"], &["integrations"], &["history"]] {
        let said = night.recount(command).exits(0);
        assert!(!said.out.contains("older"), "{command:?}: {}", said.out);
    }
    remove_database(&night);
    night.write("state/history.db", &backup);
    night.run().exits(14);
    let numbers = fs::read_to_string(night.path("state/metrics.prom")).expect("the numbers");
    assert!(numbers.contains("recount_healthy{integration=\"mail\"} 0"), "{numbers}");
    let commands = [
        &["status"][..],
        &["report"],
        &["report", "mail", "--format", "markdown"],
        &["held"],
        &["integrations"],
        &["history"],
        &["history", "--customer", "Acme"],
        &["why", "Acme"],
        &["diff", "1", "2"],
        &["backup", "copy.db"],
    ];
    for command in commands {
        let said = night.recount(command).exits(14);
        let told = format!("{}{}", said.out, said.err).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            told.contains("older than its last run") && told.contains("remove history.head"),
            "{command:?}: {told}"
        );
        if command[0] != "backup" && !command.contains(&"--format") {
            let json = night.recount(&[command, &["--json"]].concat());
            assert!(json.exit == 14 && json.json()["exit_code"] == 14, "{command:?}: {}", json.out);
        }
    }
    let status = night.recount(&["status", "--json"]).json();
    assert_eq!(status["integrations"][0]["healthy"], false, "{status}");
    let report = night.recount(&["report"]).out;
    assert!(report.contains("NOT KNOWN SINCE") && !report.contains("OK"), "{report}");
    for (page, gone) in [("ready.html", "READY</span>"), ("index.html", "<p>healthy</p>")] {
        let page = fs::read_to_string(night.path("state/reports").join(page)).expect("a page");
        assert!(page.contains("The history is older than its last run.") && !page.contains(gone), "{page}");
    }
    assert!(night.path("copy.db").exists(), "the copy may be wanted all the same");
}

/// The log holds what the database does not have yet: without it, nobody would look for what the dead run had sent.
#[test]
fn a_log_that_is_gone_after_a_kill_is_noticed() {
    let night = Night::busy();
    night.fault(r#"[{"when": {"method": "POST"}, "then": {"connection": "hold", "applied": true}}]"#);
    let run = night.start(&["run", "-vv"]);
    wait_until("the creation", || night.sent("POST").iter().any(|post| post.applied > 0));
    night.heard(run.kill());
    night.no_faults();
    for name in ["history.db-wal", "history.db-shm"] {
        fs::remove_file(night.path("state").join(name)).expect("the log is there");
    }
    night.sim().clear_requests();
    let said = night.recount(&["run"]).exits(14);
    assert!(said.err.contains("older than its last run"), "{}", said.err);
    assert!(night.sim().requests().is_empty(), "nothing was asked of ConnectWise");
    fs::remove_file(night.path("state/history.head")).expect("on purpose");
    night.recount(&["plan"]).exits(0);
    night.run();
    assert!(night.sent("POST").is_empty(), "the line is there once: {:?}", night.billed());
}

/// The file that tells is only ever behind: a process that dies before it writes it stops nobody.
#[test]
fn a_head_that_is_behind_is_no_alarm() {
    let night = Night::busy();
    let behind = fs::read(night.path("state/history.head")).expect("the head");
    night.run().exits(0);
    assert_ne!(fs::read(night.path("state/history.head")).expect("the head"), behind);
    night.write("state/history.head", behind);
    night.run().exits(0);
    night.recount(&["verify"]).exits(0);
}

/// Many nights, each under every limit, empty the invoices too.
#[test]
fn units_that_bleed_away_are_told() {
    let night = Night::busy();
    night.run().exits(0);
    let database = rusqlite::Connection::open(night.path("state/history.db")).expect("opened");
    database
        .execute("UPDATE runs SET export_units = '21', accepted_units = '21' WHERE approved = 1", [])
        .expect("changed");
    drop(database);
    let said = night.run().exits(0);
    assert_eq!(said.codes(), ["units-bleeding"]);
    assert!(said.out.contains("fell from 21"), "{}", said.out);
}

/// Otherwise the first night finds out.
#[test]
fn check_finds_a_state_folder_that_cannot_be_written() {
    let night = Night::new();
    let text = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    night.write("recount.toml", text.replace("state = \"state\"", "state = \"/proc/recount\""));
    let said = night.recount(&["check"]).exits(14);
    assert!(said.out.contains("/proc/recount cannot be written"), "{}", said.out);
}

/// Otherwise an upgrade would forget every line that recount owns, or ask a hundred questions on its first morning.
#[test]
fn a_history_of_the_version_before_owns_its_lines_and_asks_for_nothing_that_was_in_order() {
    let night = Night::new();
    let config = fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    night.write("recount.toml", config.replace("create_lines = true\n", ""));
    night.approve();
    night.recount(&["run"]).exits(0);
    as_of_version_7(&night);

    let first = night.recount(&["run", "--json"]).exits(0).json();
    let codes = |said: &serde_json::Value| {
        let findings = said["runs"][0]["findings"].as_array().into_iter().flatten();
        findings.filter_map(|finding| finding["code"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    assert_eq!(codes(&first), ["create-lines-unset"], "said by the first run after an upgrade");
    assert_eq!(codes(&night.recount(&["run", "--json"]).exits(0).json()), [""; 0], "and by no other");

    as_of_version_7(&night);
    night.write("customers.csv", "customer,company_id,agreement_id,note\nBorealis,2,,\n");
    let lost = night.recount(&["run", "--json"]).exits(3).json();
    assert!(codes(&lost).contains(&"line-left-behind".to_owned()), "{lost:#}");
}

/// Takes back what the migrations after the seventh added.
fn as_of_version_7(night: &Night) {
    let history = rusqlite::Connection::open(night.path("state/history.db")).expect("the history");
    let added = "DROP TABLE unknown_days; DROP TABLE replaced_counts; DROP TABLE names_on_lines; DROP TABLE customers_in_exports; DROP TABLE owned_lines; DROP TABLE create_lines_untold; DROP TABLE sweeps; DROP TABLE swept_lines;
                 DROP TABLE accepted_counts; DROP TABLE tenant_roles; DROP TABLE authenticators; DROP TABLE half_sessions; DROP TABLE sessions; DROP TABLE invitations; DROP TABLE people;
                 DROP TABLE attempts; DROP TABLE desk_events; ALTER TABLE runs DROP COLUMN accepted_units;
                 ALTER TABLE runs DROP COLUMN utc_offset; ALTER TABLE runs DROP COLUMN export_files; ALTER TABLE runs DROP COLUMN guards; ALTER TABLE runs DROP COLUMN pace_ms;
                 ALTER TABLE runs DROP COLUMN read_ms; ALTER TABLE runs DROP COLUMN look_ms;
                 ALTER TABLE runs DROP COLUMN write_ms; ALTER TABLE tickets DROP COLUMN place; ALTER TABLE tickets DROP COLUMN site; ALTER TABLE tickets DROP COLUMN told;
                 DROP VIEW writes; ALTER TABLE runs DROP COLUMN site;
                 CREATE VIEW writes AS SELECT i.seq AS write, i.run, r.integration, i.event AS kind, i.at, i.agreement, i.product, i.item,
                     i.addition, i.from_quantity, i.quantity, i.catalog_item, i.effective_on, i.before, o.event AS outcome,
                     o.addition AS applied_addition, o.quantity AS applied_quantity, o.why
                 FROM journal AS i JOIN runs AS r ON r.run = i.run
                 LEFT JOIN journal AS o ON o.seq = (SELECT max(seq) FROM journal WHERE write = i.seq AND seq > i.seq) WHERE i.write = i.seq;
                 DROP TABLE file_versions; DROP TABLE queued_answers;
                 DROP TABLE lapsed_answers; DROP TABLE connectwise_of; DROP TABLE seen_quantities; ALTER TABLE decisions DROP COLUMN within;
                 ALTER TABLE decisions DROP COLUMN named; ALTER TABLE lines DROP COLUMN named;
                 ALTER TABLE lines DROP COLUMN invoice; ALTER TABLE lines DROP COLUMN month; ALTER TABLE lines DROP COLUMN changed_at; ALTER TABLE runs DROP COLUMN billed_units; ALTER TABLE runs DROP COLUMN invoice_days; ALTER TABLE lines DROP COLUMN edited;
                 ALTER TABLE runs DROP COLUMN export_counts;";
    history.execute_batch(&format!("{added} PRAGMA user_version = 7;")).expect("the version before");
}
