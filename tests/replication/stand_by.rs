//! A host that stands by: what leaves the lease to the other one, and what its own pages, numbers and exit codes say meanwhile.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, SystemTime};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::desk::client::{DeskOfNight, PASSWORD};
use crate::replication::{DAYS, folder, lease_is_old, on_b, run_b};
use crate::support::{BUSY, Night, now};
use recount::replication::lease_marks::LeaseMarks;
use recount::replication::lease_owner::LeaseOwner;
use recount::replication::lease_turn::LeaseHolder;
use recount::replication::settings::{ReplicaPlace, ReplicaSettings};
use recount::replication::store::CopyStore;

fn lease(night: &Night) -> Value {
    serde_json::from_slice(&fs::read(night.path("shared/lease.json")).expect("the lease")).expect("JSON")
}

fn newest_copy(night: &Night) -> PathBuf {
    let copies = fs::read_dir(night.path("shared/copies")).expect("copies").filter_map(Result::ok);
    let copies = copies.map(|file| file.path()).filter(|file| file.extension().is_some_and(|ending| ending == "gz"));
    copies.max().expect("a copy")
}

/// The newest copy is one of a recount that this program is too old for.
fn copy_is_newer(night: &Night) {
    let file = newest_copy(night);
    let mut history = Vec::new();
    GzDecoder::new(&*fs::read(&file).expect("a copy")).read_to_end(&mut history).expect("unpacked");
    // `user_version` in the head of an SQLite file.
    history[60..64].copy_from_slice(&9999_u32.to_be_bytes());
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(&history).expect("packed");
    let packed = packer.finish().expect("packed");
    let described = PathBuf::from(file.display().to_string().replace(".db.gz", ".json"));
    let mut description: Value = serde_json::from_slice(&fs::read(&described).expect("read")).expect("JSON");
    description["sha256"] = json!(hex::encode(Sha256::digest(&packed)));
    description["bytes"] = json!(packed.len());
    fs::write(described, description.to_string()).expect("written");
    fs::write(file, packed).expect("written");
}

fn copy_is_damaged(night: &Night) {
    let file = newest_copy(night);
    let bytes = fs::read(&file).expect("its bytes");
    fs::write(file, &bytes[..bytes.len() / 2]).expect("cut");
}

/// It took the lease, renewed it every night, and the host that has the whole history stood by for ever: nothing was billed.
#[test]
fn a_host_that_cannot_use_the_newest_copy_leaves_the_lease_to_the_host_that_has_the_history() {
    for (spoil, why) in [(copy_is_damaged as fn(&Night), "is damaged"), (copy_is_newer, "newer recount")] {
        let night = folder();
        night.run().exits(0);
        let before = lease(&night);
        spoil(&night);
        night.export(BUSY);
        lease_is_old(&night, DAYS);
        for _ in 0..2 {
            let said = run_b(&night).exits(14);
            assert!(said.out.contains(why), "{}", said.out);
            assert_eq!(lease(&night), before, "it is as it was");
        }
        let status = on_b(&night, &["status"]).exits(14);
        assert!(status.out.contains(why) && !status.out.contains("no run has taken"), "{}", status.out);
        assert_eq!(on_b(&night, &["status", "--json"]).json()["integrations"][0]["state"], "no-lease");
        let check = on_b(&night, &["check"]).exits(14);
        assert!(check.out.contains(why) && check.out.contains("no host could take over"), "{}", check.out);
        assert_eq!(check.out.contains("is damaged"), why == "is damaged", "{}", check.out);
        night.run().exits(0);
        assert_eq!(night.billed(), super::goal(), "the host that has the history goes on at once");
        // Its night sent a sound copy.
        assert_eq!(run_b(&night).exit, 15);
        on_b(&night, &["status"]).exits(0);
    }
}

fn description_is_cut(night: &Night) {
    let described = newest_copy(night).display().to_string().replace(".db.gz", ".json");
    fs::write(described, "{\"schema\": 1, \"ho").expect("cut");
}

/// The way out that is printed ended with the same error, again and again.
#[test]
fn a_copy_that_is_put_back_by_hand_is_taken_whatever_is_damaged_in_the_newest() {
    for spoil in [copy_is_damaged as fn(&Night), description_is_cut] {
        for is_leased in [true, false] {
            let night = folder();
            night.export(BUSY);
            let mut packed = Vec::new();
            GzDecoder::new(&*fs::read(newest_copy(&night)).expect("a copy"))
                .read_to_end(&mut packed)
                .expect("unpacked");
            night.write("older.db", packed);
            night.run().exits(0);
            spoil(&night);
            lease_is_old(&night, DAYS);
            if !is_leased {
                fs::remove_file(night.path("shared/lease.json")).expect("removed");
            }
            let said = run_b(&night).exits(14);
            assert!(said.err.contains("recount restore FILE"), "{}", said.err);
            on_b(&night, &["restore", "older.db"]).exits(0);
            let after = run_b(&night);
            assert!([0, 3].contains(&after.exit), "{} {}", after.out, after.err);
            assert_eq!(night.run().exit, 15, "the other host stands by");
            assert!(night.sent("POST").len() <= 1, "no line was created twice");
        }
    }
}

/// Every host ended with 14 for ever, and was told to fetch a copy, which changes nothing.
#[test]
fn a_lease_that_cannot_be_read_is_called_by_its_name_and_what_is_printed_helps() {
    for spoilt in ["", "{\"schema\": 1, \"te", "null", "<html>503</html>"] {
        let night = folder();
        night.write("shared/lease.json", spoilt);
        for command in [&["run", "-v"][..], &["check"]] {
            let said = night.recount(command).exits(14);
            let told = said.out + &said.err;
            assert!(told.contains("the lease, lease.json in the store of copies, is damaged"), "{told}");
            assert!(told.contains("remove lease.json from the store"), "{told}");
        }
        let status = night.recount(&["status"]).exits(14);
        assert!(status.out.contains("the lease, lease.json"), "{}", status.out);
        fs::remove_file(night.path("shared/lease.json")).expect("removed");
        night.run().exits(0);
        night.recount(&["status"]).exits(0);
    }
}

fn owner(night: &Night, host: &str) -> LeaseOwner {
    let settings = ReplicaSettings {
        shown: String::new(),
        place: ReplicaPlace::Folder(night.path("leases")),
        prefix: String::new(),
        lease: Duration::from_secs(600),
    };
    let draw = || {
        static DRAWN: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        format!("mark-{}", DRAWN.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
    };
    LeaseOwner {
        store: CopyStore::of(&settings, None).expect("a store"),
        me: LeaseHolder { id: host.to_owned(), host: host.to_owned() },
        length: settings.lease,
        clock: now,
        marks: LeaseMarks { file: night.path(&format!("{host}.marks")), draw },
    }
}

/// What a take-over comes to is known only at its end, on a disk that is full: until then the lease is another's.
#[test]
fn a_lease_that_is_given_back_is_its_holders_again_and_keeps_nobody_waiting() {
    let night = Night::new();
    let (a, b) = (owner(&night, "a"), owner(&night, "b"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let file = night.path("leases/lease.json");
    let is_old = || {
        let file = fs::File::options().write(true).open(&file).expect("the lease");
        file.set_modified(SystemTime::from(now()) - Duration::from_secs(700)).expect("a time");
    };
    runtime.block_on(async {
        a.take(&a.look(false).await.expect("nobody's")).await.expect("the first");
        is_old();
        let found = b.look(false).await.expect("it has run out");
        let taken = b.take(&found).await.expect("taken over");
        assert_eq!((taken.lease.term, taken.lease.holder.host.as_str()), (2, "b"));
        assert!(a.look(false).await.is_err(), "it is the other one's");
        b.give_back(&found).await.expect("given back");
        let renewed = a.renew().await.expect("it is its own again");
        assert_eq!(renewed.lease.term, 1);
        // What another host has by now is nobody's to give back.
        b.give_back(&found).await.expect("nothing to do");
        assert_eq!(a.renew().await.expect("still").lease.counter, renewed.lease.counter + 1);
    });
}

/// Whoever wanted to see what a night would do made the host the one that writes, and the other one stood by.
#[test]
fn a_command_that_only_looks_takes_the_lease_over_from_nobody() {
    let night = folder();
    night.export(BUSY);
    let before = lease(&night);
    lease_is_old(&night, DAYS);
    // Also what is only tried out.
    for command in [&["plan"][..], &["run", "--dry-run"], &["check", "--probe", "10", "--write"]] {
        let said = on_b(&night, command).exits(15);
        assert!(said.err.contains("ran out") && said.err.contains("recount run"), "{}", said.err);
    }
    assert_eq!(lease(&night), before);
    // The host itself plans on: its lease is nobody else's.
    night.recount(&["plan"]).exits(0);
    lease_is_old(&night, DAYS);
    run_b(&night).exits(3);
    assert_eq!(lease(&night)["term"], 2);
}

/// Weeks after the last host had died the standby's monitor was green.
#[test]
fn a_standby_is_well_as_long_as_the_lease_that_it_saw_is_running() {
    let night = folder();
    on_b(&night, &["run"]).exits(15);
    let status = on_b(&night, &["status", "--json"]).exits(0).json();
    let one = &status["integrations"][0];
    assert_eq!((&one["state"], &one["healthy"]), (&json!("stands-by"), &json!(true)), "{status}");
    assert!(on_b(&night, &["status"]).exits(0).out.contains("stands by: another host does the nights"));
    let known = night.path("state-b/replica.json");
    let mut standing: Value = serde_json::from_slice(&fs::read(&known).expect("kept")).expect("JSON");
    standing["until"] = json!("2026-01-01T00:00:00Z");
    fs::write(&known, standing.to_string()).expect("written");
    let status = on_b(&night, &["status", "--json"]).exits(1).json();
    let one = &status["integrations"][0];
    assert_eq!((&one["state"], &one["healthy"]), (&json!("never-ran"), &json!(false)), "{status}");
    let text = on_b(&night, &["status"]).exits(1).out;
    assert!(text.contains("held the lease until") && text.contains("has run out by this host's clock"), "{text}");
}

/// Who sends the invoices looked at the desk of the host that stood by, and it said READY.
#[test]
fn every_page_of_a_host_that_stands_by_says_so_and_that_all_is_well_on_none() {
    let night = folder();
    night.export(BUSY);
    night.run().exits(0);
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "admin");
    assert!(dana.get("/invoices").body.contains(">READY<"), "as it should be");
    lease_is_old(&night, DAYS);
    run_b(&night);
    night.run().exits(15);
    dana.sign_in("dana", PASSWORD);
    for path in ["/", "/invoices", "/plan", "/nights", "/customers", "/services", "/integrations", "/nights/3", "/live"]
    {
        let page = dana.get(path).body;
        assert!(page.contains("This host stands by.") && page.contains("as of the run of"), "{path}: {page}");
        for well in [">READY<", ">OK<", "Nothing to decide", ">healthy<", "healthy or off"] {
            assert!(!page.contains(well), "{path}: {well}: {page}");
        }
    }
    desk.close();
    for command in [&["held"][..], &["report"], &["history"], &["diff", "2", "3"], &["integrations"]] {
        let said = night.recount(command).exits(0).out;
        assert!(said.starts_with("! This host stands by.") && said.contains("as of the run of"), "{command:?}: {said}");
    }
    let document = night.recount(&["report", "--json"]).exits(0);
    assert!(document.err.contains("This host stands by."), "{}", document.err);
    for page in ["ready.html", "index.html"] {
        let page = fs::read_to_string(night.path("state/reports").join(page)).expect("a page");
        assert!(page.contains("This host stands by.") && !page.contains(">READY<") && !page.contains(">OK<"), "{page}");
    }
    let metrics = fs::read_to_string(night.path("state/metrics.prom")).expect("metrics");
    assert!(metrics.contains("recount_healthy{integration=\"mail\"} 1"), "{metrics}");
    night.recount(&["status"]).exits(0);
}

/// The report promised that the next command would send a copy, and that host stood by; its `status` held the lease.
#[test]
fn a_run_whose_lease_went_to_another_host_promises_no_copy() {
    let night = folder();
    let hook = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", hook.local_addr().expect("an address"));
    night.append(&format!("\n[alert.hook]\nkind = \"webhook\"\nurl = \"{url}\"\nwhen = \"always\"\n"));
    let file = night.path("shared/lease.json");
    // The run is told, and is not copied yet.
    thread::spawn(move || {
        for mut heard in hook.incoming().flatten() {
            let mut lease: Value = serde_json::from_slice(&fs::read(&file).expect("the lease")).expect("JSON");
            lease["holder"] = json!({"id": "other", "host": "office-2"});
            lease["mark"] = json!("another");
            fs::write(&file, lease.to_string()).expect("written");
            let _ = heard.read(&mut [0; 65_536]);
            let _ = heard.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
    });
    let said = night.recount(&["run", "--json"]).exits(5);
    let findings = said.first_run()["findings"].as_array().cloned().unwrap_or_default();
    let found = findings.iter().find(|one| one["code"] == "copy-failed").unwrap_or_else(|| panic!("{}", said.out));
    let (message, fix) = (found["message"].to_string(), found["fix"].to_string());
    assert!(message.contains("another host goes on without"), "{found}");
    assert!(fix.contains("office-2 goes on from the newest copy") && !fix.contains("sends a copy"), "{found}");
    let status = night.recount(&["status"]).exits(0).out;
    assert!(status.contains("stands by: office-2 holds the lease"), "{status}");
    assert!(!status.contains("this host (") && !status.contains("was not copied"), "{status}");
}
