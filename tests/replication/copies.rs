//! Copies that fail, or were not finished, and a lease that somebody removed.

use std::fs;
use std::process::Command;

use crate::alerts::{Listener, OK};
use crate::replication::bucket::Bucket;
use crate::replication::{DAYS, bucket, folder, goal, lease_is_old, on_b, run_b};
use crate::support::{BUSY, Said};

fn code_in(said: &Said, code: &str) -> bool {
    said.codes().contains(&code.to_owned())
}

/// Otherwise nobody knows for months that nothing is copied, until the host burns.
#[test]
fn a_copy_that_cannot_be_sent_is_told_by_report_exit_code_alert_and_status() {
    let store = Bucket::new();
    let night = bucket(&store);
    let hook = Listener::answering(OK);
    let url = hook.url("/hook");
    night.append(&format!("\n[alert.hook]\nkind = \"webhook\"\nurl = \"{url}\"\nwhen = \"attention\"\n"));
    night.export(BUSY);
    store.takes_copies(false);
    let said = night.recount(&["run", "--json"]).exits(5);
    assert!(code_in(&said, "copy-failed"), "{}", said.out);
    assert!(said.outcome(10, "MP-ARCHIVE") == "created", "what was to be written is written: {}", said.out);
    assert!(hook.heard().iter().any(|heard| heard.body.contains("not copied")), "{:?}", hook.heard());
    let report = night.recount(&["report", "--json"]);
    assert!(report.out.contains("copy-failed"), "{}", report.out);
    let status = night.recount(&["status"]).exits(5);
    assert!(status.out.contains("was not copied"), "{}", status.out);
    // The run ended with 5, and the metrics said 3 and healthy.
    let numbers = || fs::read_to_string(night.path("state/metrics.prom")).expect("metrics");
    let says = |name: &str, value: u8| numbers().contains(&format!("{name}{{integration=\"mail\"}} {value}\n"));
    assert!(says("recount_healthy", 0) && says("recount_last_run_exit_code", 5), "{}", numbers());
    let one = &night.recount(&["status", "--json"]).exits(5).json()["integrations"][0];
    assert_eq!(
        (&one["healthy"], &one["state"], &one["last_exit_code"]),
        (&false.into(), &"not-copied".into(), &5.into())
    );
    // A command that copies nothing does not make it good.
    night.recount(&["accept", "zzzz"]);
    night.recount(&["status"]).exits(5);
    store.takes_copies(true);
    // A plan writes to the history, so it is copied, and then all is well.
    night.recount(&["plan"]).exits(0);
    assert!(says("recount_healthy", 1), "{}", numbers());
    night.recount(&["status"]).exits(0);
    night.run().exits(0);
    night.recount(&["status"]).exits(0);
}

/// Whoever removed the lease to move in good order would find every later night undone by an old copy.
#[test]
fn after_the_lease_was_removed_the_newest_copy_is_still_the_newest() {
    let night = folder();
    night.export(BUSY);
    lease_is_old(&night, DAYS);
    run_b(&night);
    lease_is_old(&night, DAYS);
    night.run();
    fs::remove_file(night.path("shared/lease.json")).expect("the lease");
    let said = run_b(&night);
    assert!(code_in(&said, "host-changed"), "nobody knows what the other host wrote last: {}", said.out);
    let runs = |arguments: &[&str]| on_b(&night, arguments).json()["history"].as_array().map(Vec::len);
    let before = runs(&["history", "--json"]);
    run_b(&night);
    run_b(&night);
    assert_eq!(runs(&["history", "--json"]), before.map(|before| before + 2), "no night is undone");
}

/// Each would stay for ever, and be paid for.
#[test]
fn what_was_sent_in_part_goes_with_the_next_copy() {
    let night = folder();
    let part = night.path("shared/copies/0001-00000000-20260101T000000Z.db.gz");
    fs::write(&part, "half of one").expect("written");
    night.export(BUSY);
    night.run().exits(0);
    assert!(!part.exists());
    let copies = fs::read_dir(night.path("shared/copies")).expect("copies").count();
    assert_eq!(copies % 2, 0, "each copy has its description");
}

/// `check` was all ✓ beside a copy from which no host could go on, and the night that took over ended with 14.
#[test]
fn check_opens_the_newest_copy_and_says_which_run_it_holds() {
    let night = folder();
    night.run().exits(0);
    let sound = night.recount(&["check"]).out;
    assert!(sound.contains("opens, and holds the history up to run 3"), "{sound}");
    let copies = fs::read_dir(night.path("shared/copies")).expect("copies").filter_map(Result::ok);
    let mut copies: Vec<_> = copies.map(|file| file.path()).collect();
    copies.retain(|file| file.extension().is_some_and(|ending| ending == "gz"));
    copies.sort();
    let newest = copies.last().expect("a copy");
    let bytes = fs::read(newest).expect("its bytes");
    fs::write(newest, &bytes[..bytes.len() / 2]).expect("cut");
    let said = night.recount(&["check"]).exits(14);
    assert!(said.out.contains("no host could take over"), "{}", said.out);
    fs::remove_file(night.path("shared/lease.json")).expect("the lease");
    run_b(&night).exits(14);
    let status = on_b(&night, &["status"]).out;
    assert!(!status.contains("no run has taken the lease"), "check says that this host has it: {status}");
}

/// Otherwise one answer that is lost, of the first request of a night, costs the whole night.
#[test]
fn a_lost_answer_of_the_store_is_looked_up_and_costs_nothing() {
    for what in ["/probes/", "/lease.json", ".db.gz", "Z.json"] {
        let store = Bucket::new();
        let night = bucket(&store);
        night.export(BUSY);
        store.loses_an_answer(what);
        let said = night.run().exits(0);
        assert!(store.has_lost_it() && !said.codes().contains(&"copy-failed".to_owned()), "{what}: {}", said.out);
        assert_eq!(night.billed(), goal(), "{what}");
        night.recount(&["status"]).exits(0);
    }
}

/// A night that the store refused was in no history: `status` said healthy, and the good night after it told nobody.
#[test]
fn a_night_that_the_store_refuses_is_recorded_and_over_with_the_next_good_one() {
    let store = Bucket::new();
    let night = bucket(&store);
    night.export(BUSY);
    night.sim().clear_requests();
    store.is_down();
    let said = night.recount(&["run", "--json"]).exits(14).json();
    assert_eq!(said["runs"].as_array().map(Vec::len), Some(0), "it could not begin: {said}");
    let status = night.recount(&["status", "--json"]).exits(14).json();
    assert_eq!(status["integrations"][0]["healthy"], false, "{status}");
    let report = night.recount(&["report", "--json"]).json();
    assert_eq!((&report["runs"][0]["command"], &report["runs"][0]["verdict"]), (&"run".into(), &"failed".into()));
    assert_eq!(report["runs"][0]["findings"][0]["code"], "store-failed", "{report}");
    assert!(night.sim().requests().is_empty(), "nothing is asked of ConnectWise by a host that may not be the one");
    store.is_up();
    night.run().exits(0);
    night.recount(&["status"]).exits(0);
    assert_eq!(night.billed(), goal());
}

/// The next night would put the newer copy back, without a word.
#[test]
fn a_backup_that_was_put_back_and_not_copied_is_told() {
    let store = Bucket::new();
    let night = bucket(&store);
    night.recount(&["backup", "kept.db"]).exits(0);
    night.export(BUSY);
    night.run().exits(0);
    store.takes_copies(false);
    let said = night.recount(&["restore", "kept.db"]).exits(14);
    assert!(said.err.contains("takes the newest copy instead"), "{}", said.err);
    store.takes_copies(true);
    night.recount(&["restore", "kept.db"]).exits(0);
}

/// A machine that was cloned, or a container that was moved with its volume, bears the name and the state of the first one;
/// eight lines were created twice, on both of which the customer was billed.
#[test]
fn a_copied_machine_of_the_same_name_stands_by() {
    let night = folder();
    night.run().exits(0);
    let copied = Command::new("cp").args(["-a", "state", "state-b"]).current_dir(night.path(".")).status();
    assert!(copied.expect("cp runs").success());
    night.export(BUSY);
    night.run().exits(0);
    let billed = night.billed();
    night.sim().clear_requests();
    let twin = run_b(&night);
    assert_eq!(twin.exit, 15, "{}{}", twin.out, twin.err);
    assert!(twin.err.contains("another machine or state folder of the name"), "{}", twin.err);
    assert!(night.sim().requests().is_empty(), "nothing was asked of ConnectWise");
    night.run().exits(0);
    // Once it has taken over, the first one is the other.
    lease_is_old(&night, DAYS);
    run_b(&night).exits(0);
    assert_eq!(night.run().exit, 15);
    assert_eq!(night.billed(), billed);
}
