//! Two hosts with one configuration, and a store that both see: one writes, the other stands by, and takes over from the
//! newest copy when the first one is gone.
//!
//! The hosts are two state folders of one installation. `bucket` is a store in the test that keeps conditions as S3 does;
//! `tests/proof/replication.py` runs the same against moto.

mod bucket;
mod copies;
mod stand_by;

use std::fs;
use std::time::{Duration, SystemTime};

use chrono::TimeDelta;
use rust_decimal::Decimal;

use self::bucket::{Bucket, Held};
use crate::support;
use crate::support::{BUSY, Night, Said, wait_until};
use recount::apply::lease_guard::{LeaseGuard, LeaseSpan};
use recount::apply::stop_signal::Stop;
use recount::config::load::load;
use recount::connectwise::client::Client;
use recount::history::store::open::History;
use recount::history::store::run_lock::RunLock;
use recount::nightly::job::{ExportSource, Job, PlanSource, RunControl};
use recount::nightly::run::plan_and_apply;
use recount::reconcile::model::plan::outcome::{Mode, RunCommand};
use recount::reconcile::model::plan::reason_code::Code;

const SECRET: &str = "CANARY-replica-secret";

/// The second host: the same files, and a state of its own.
const B: &[&str] = &["--config", "b.toml"];

/// Sets `replicate` on both hosts of an installation.
fn replicated(night: &Night, place: &str, auth: &str) {
    night.config_root(&format!("replicate = \"{place}\""));
    night.append(&format!("\n[replication]\nlease = \"60s\"\n{auth}"));
    let text = fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    night.write("b.toml", text.replace("state = \"state\"", "state = \"state-b\""));
}

/// Both hosts see a folder. The first plan is approved on host A.
fn folder() -> Night {
    let night = Night::new();
    replicated(&night, &format!("file://{}", night.path("shared").display()), "");
    night.approve();
    night
}

/// Both hosts see a bucket. The first plan is approved on host A.
fn bucket(bucket: &Bucket) -> Night {
    let night = Night::new();
    night.secret("bucket", SECRET, 0o600);
    let keys = "access_key = \"AKID\", secret_key = { file = \"keys/bucket\" }";
    let auth = format!("auth = {{ s3 = {{ endpoint = \"{}\", {keys} }} }}\n", bucket.url());
    replicated(&night, "s3://bucket/recount", &auth);
    night.approve();
    night
}

fn on_b(night: &Night, arguments: &[&str]) -> Said {
    night.recount(&[arguments, B].concat())
}

fn run_b(night: &Night) -> Said {
    on_b(night, &["run", "--json", "-vv"])
}

/// The lease was renewed so long ago, by the store's clock.
fn lease_is_old(night: &Night, age: Duration) {
    let file = fs::File::options().write(true).open(night.path("shared/lease.json")).expect("the lease");
    file.set_modified(SystemTime::from(support::now()) - age).expect("a time");
}

const DAYS: Duration = Duration::from_secs(3 * 86_400);

/// What ConnectWise has to bill in the end.
fn goal() -> Vec<(i64, String, Decimal)> {
    [(10, "MP-ARCHIVE", 2), (10, "MP-CLOUDFILTER", 7), (20, "MP-CLOUDFILTER", 6)]
        .map(|(agreement, product, quantity)| (agreement, product.to_owned(), Decimal::from(quantity)))
        .to_vec()
}

/// The new line waits for a person on the first night of another host; then the goal is reached, and nothing more is sent.
fn answered_it_reaches_the_goal(night: &Night) {
    let said = run_b(night);
    let line = said.first_run()["lines"]
        .as_array()
        .and_then(|lines| lines.iter().find(|line| line["reason"] == "host-changed").cloned());
    if let Some(line) = line {
        let handle = line["handle"].as_str().expect("a handle").to_owned();
        on_b(night, &["accept", &handle, "--to", "2"]).exits(0);
        run_b(night).exits(0);
    }
    assert_eq!(night.billed(), goal(), "{}", said.out);
    assert!(night.sent("POST").len() <= 1, "a line was created twice");
    night.sim().clear_requests();
    run_b(night).exits(0);
    assert!(night.sim().writes().is_empty(), "{:#?}", night.sim().writes());
}

/// Otherwise both hosts bill each night, and each takes the other's writes for edits by hand.
#[test]
fn a_second_host_stands_by_says_so_and_writes_nothing() {
    let night = folder();
    night.export(BUSY);
    for command in [&["run"][..], &["plan"], &["accept", "a7kx"]] {
        let said = on_b(&night, command);
        if command[0] != "accept" {
            assert_eq!(said.exit, 15, "{}{}", said.out, said.err);
            assert!(said.err.contains("stands by") && said.err.contains("holds the lease until 20"), "{}", said.err);
        }
    }
    // Whoever was added or locked here would be neither, once the newest copy takes this history's place.
    let users = on_b(&night, &["users", "add", "dana", "--role", "viewer"]).exits(15);
    assert!(users.err.contains("holds the lease"), "{}", users.err);
    assert!(night.sim().requests().is_empty(), "nothing was asked of ConnectWise");
    let status = on_b(&night, &["status"]).exits(0);
    assert!(status.out.contains("stands by"), "{}", status.out);
    let check = on_b(&night, &["check"]);
    assert!(check.out.contains("conditional writes hold") && check.out.contains("stands by"), "{}", check.out);
    night.run().exits(0);
    assert_eq!(night.billed(), goal());
    let status = night.recount(&["status"]).exits(0);
    assert!(status.out.contains("holds the lease") && status.out.contains("newest copy of run 3"), "{}", status.out);
}

/// A mount that is missing looks like a store that holds nothing: two hosts would bill, each for the writer.
#[test]
fn an_empty_folder_in_the_place_of_the_store_makes_no_host_the_writer() {
    let night = folder();
    night.export(BUSY);
    on_b(&night, &["run"]).exits(15);
    fs::rename(night.path("shared"), night.path("unmounted")).expect("moved");
    for there in [true, false] {
        if there {
            fs::create_dir(night.path("shared")).expect("an empty one");
        }
        for said in [on_b(&night, &["run"]), night.recount(&["run"])] {
            assert_eq!(said.exit, 14, "{}{}", said.out, said.err);
            assert!(said.err.contains("store of copies is empty") && said.err.contains("replica.json"), "{}", said.err);
        }
        assert!(night.sim().writes().is_empty(), "nothing was written");
        for said in [on_b(&night, &["check"]), night.recount(&["check"])] {
            assert!(said.exit == 14 && said.out.contains("store of copies is empty"), "{}", said.out);
        }
        night.recount(&["status"]).exits(14);
        on_b(&night, &["status"]).exits(14);
        fs::remove_dir_all(night.path("shared")).expect("gone");
    }
    fs::rename(night.path("unmounted"), night.path("shared")).expect("mounted");
    on_b(&night, &["run"]).exits(15);
    on_b(&night, &["status"]).exits(0);
    night.run().exits(0);
    night.recount(&["status"]).exits(0);
    // On purpose, and with another store, it begins anew.
    fs::remove_dir_all(night.path("shared")).expect("emptied");
    fs::remove_file(night.path("state/replica.json")).expect("on purpose");
    night.run().exits(0);
    let text = fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    night.write("recount.toml", text.replace("/shared\"", "/elsewhere\""));
    night.run().exits(0);
}

/// The host burnt down on the 30th: its nights, answers and the last value of each line are not gone with it.
#[test]
fn a_host_without_state_takes_over_from_the_newest_copy_when_the_lease_has_run_out() {
    let night = folder();
    night.export(BUSY);
    lease_is_old(&night, DAYS);
    let said = run_b(&night).exits(3);
    assert_eq!(said.outcome(10, "MP-CLOUDFILTER"), "updated", "{}", said.out);
    assert_eq!(said.outcome(10, "MP-ARCHIVE"), "held", "the first night creates nothing: {}", said.out);
    assert!(said.codes().contains(&"host-changed".to_owned()), "{}", said.out);
    let history = on_b(&night, &["history"]).exits(0);
    assert!(history.out.contains("apply"), "the first host's runs are there: {}", history.out);
    // The first host comes back with a history that is behind.
    let back = night.run().exits(15);
    assert!(back.err.contains("stands by"), "{}", back.err);
    answered_it_reaches_the_goal(&night);
}

/// A request that left the old host in its last second may still arrive: nothing is created until it has.
#[test]
fn nothing_is_created_until_what_the_other_host_sent_last_has_had_time_to_arrive() {
    let night = folder();
    let config = fs::read_to_string(night.path("b.toml")).expect("the configuration");
    night.write("b.toml", config.replace("settle = \"0s\"", "settle = \"15m\""));
    night.export(BUSY);
    lease_is_old(&night, Duration::from_secs(90));
    let said = run_b(&night).exits(3);
    let line = said.first_run()["lines"]
        .as_array()
        .and_then(|lines| lines.iter().find(|line| line["reason"] == "host-changed").cloned());
    let line = line.expect("the new line");
    assert!(line["detail"].as_str().is_some_and(|detail| detail.contains("nothing is created before")), "{line}");
    let handle = line["handle"].as_str().expect("a handle");
    on_b(&night, &["accept", handle, "--to", "2"]).exits(0);
    let said = run_b(&night).exits(0);
    assert!(night.sent("POST").is_empty(), "not even when a person says so");
    // What was answered is not asked again, and is not lost either.
    assert_eq!(said.outcome(10, "MP-ARCHIVE"), "skipped", "{}", said.out);
    assert!(said.out.contains("the first run after that creates it"), "{}", said.out);
    assert!(on_b(&night, &["held", "--all"]).exits(0).out.contains(handle), "the answer is shown");
    night.write("b.toml", config.replace("settle = \"0s\"", "settle = \"1s\""));
    run_b(&night).exits(0);
    assert_eq!(night.billed(), goal(), "what was accepted is created once it can be");
}

/// The first host was alive after all, and comes back when the second one is gone: it goes on from the second one's nights.
#[test]
fn a_host_that_comes_back_goes_on_from_the_newest_copy_and_not_from_its_own() {
    let night = folder();
    night.export(BUSY);
    lease_is_old(&night, DAYS);
    answered_it_reaches_the_goal(&night);
    let runs = on_b(&night, &["history", "--json"]).json()["history"].as_array().map(Vec::len);
    lease_is_old(&night, DAYS);
    let said = night.run().exits(0);
    assert!(night.sim().writes().is_empty(), "{}", said.out);
    let own = night.recount(&["history", "--json"]).json()["history"].as_array().map(Vec::len);
    assert_eq!(own, runs.map(|runs| runs + 1));
    assert!(night.path("state/history.db.before-restore").exists(), "what it had is set aside");
}

/// Otherwise an answer of the morning is lost with the host.
#[test]
fn an_answer_is_in_a_copy_too() {
    let night = folder();
    night.export("Account,Product,Quantity\nAcme,CloudFilter,14\nBorealis,CloudFilter,5\n");
    let said = night.run().exits(3);
    let handle = said.first_run()["lines"][0]["handle"].as_str().expect("a handle").to_owned();
    night.recount(&["keep", &handle]).exits(0);
    lease_is_old(&night, DAYS);
    let said = run_b(&night).exits(0);
    assert_eq!(said.outcome(10, "MP-CLOUDFILTER"), "skipped", "{}", said.out);
}

/// What a person puts back on purpose must not be replaced by a newer copy of what was wrong.
#[test]
fn a_backup_that_is_put_back_by_hand_stays() {
    let night = folder();
    night.recount(&["backup", "kept.db"]).exits(0);
    night.export(BUSY);
    night.run().exits(0);
    night.recount(&["restore", "kept.db"]).exits(0);
    let runs = night.recount(&["history", "--json"]).json()["history"].as_array().map(Vec::len);
    night.run();
    let after = night.recount(&["history", "--json"]).json()["history"].as_array().map(Vec::len);
    assert_eq!(after, runs.map(|runs| runs + 1));
}

/// A run that goes on when its lease is over would write beside the host that has it by then.
#[test]
fn a_host_that_lost_its_lease_stops_before_its_next_write() {
    let night = folder();
    night.export(BUSY);
    let config = load(&night.path("recount.toml")).expect("a configuration");
    let integration = config.integrations.values().next().expect("an integration");
    let (settings, keys) = config.connectwise["main"].settings(|| SystemTime::UNIX_EPOCH).expect("keys");
    let client = Client::new(settings, &keys).expect("a client");
    let (now, stop) = (support::now(), Stop::never());
    let clock = || now;
    let lock = RunLock::take(&config.state, now).expect("the lock");
    let mut history = History::open(&config.state, now).expect("the history");
    // It holds still by the host's time, and is over by the clock that nobody can set.
    let span = LeaseSpan { since: now, until: now + TimeDelta::minutes(10), ends: tokio::time::Instant::now() };
    let (_renew, lease) = LeaseGuard::new(span);
    let source = ExportSource {
        export: &integration.export,
        fetched: &config.state,
        shared: None,
        mapping: integration.mapping.as_ref().expect("a mapping"),
        neighbours: &[],
        guards: &integration.guards,
    };
    let job = Job {
        integration: &integration.name,
        mode: Mode::Apply,
        command: RunCommand::Run,
        source: PlanSource::Export(source),
        approved: None,
        settle: TimeDelta::zero(),
        approval_life: TimeDelta::MAX,
        site: &config.connectwise["main"].site(),
        zone: &integration.zone,
        host_change: None,
        missed: None,
        control: RunControl { clock: &clock, stop: &stop, lease: &lease },
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let run = runtime.block_on(plan_and_apply(job, &lock, &mut history, || Ok(client))).expect("a run");
    let end = run.end.expect("its end");
    assert_eq!(end.exit_code, 15);
    let found = &end.findings;
    assert!(found.iter().any(|finding| finding.code == Code::LeaseLost), "{found:?}");
    assert!(night.sim().writes().is_empty(), "{:#?}", night.sim().writes());
}

/// A store that takes every write would let two hosts hold the lease at once.
#[test]
fn a_store_that_keeps_no_conditions_is_refused() {
    let store = Bucket::without_conditions();
    let night = Night::new();
    night.secret("bucket", SECRET, 0o600);
    let keys = "access_key = \"AKID\", secret_key = { file = \"keys/bucket\" }";
    let auth = format!("auth = {{ s3 = {{ endpoint = \"{}\", {keys} }} }}\n", store.url());
    replicated(&night, "s3://bucket", &auth);
    for command in ["run", "check"] {
        let said = night.recount(&[command]).exits(16);
        let both = format!("{}{}", said.out, said.err);
        assert!(both.contains("conditional writes") && !both.contains(SECRET), "{both}");
    }
}

/// A store that does not answer leaves nobody who could say whose turn it is.
#[test]
fn without_the_store_nothing_is_written() {
    let store = Bucket::new();
    let night = bucket(&store);
    night.export(BUSY);
    store.is_down();
    let said = night.run().exits(14);
    assert!(said.out.contains("store of copies"), "{}", said.out);
    assert!(night.sim().requests().is_empty());
}

/// So many requests to the store a run makes, of a host that has the lease and of one that takes it over.
fn requests(take_over: bool) -> u64 {
    let store = Bucket::new();
    let night = bucket(&store);
    night.export(BUSY);
    if take_over {
        store.days_later(3);
    }
    let before = store.requests();
    if take_over {
        run_b(&night).exits(3)
    } else {
        night.run().exits(0)
    };
    store.requests() - before
}

/// Each second one after the store has done it.
fn points(many: u64) -> Vec<Held> {
    (1..=many).map(|request| Held { request, applied: request % 2 == 0 }).collect()
}

/// Power is lost at any request to the store, and the host does not come back.
#[test]
fn killed_at_any_request_to_the_store_another_host_goes_on_and_doubles_nothing() {
    support::each(
        &points(requests(false)),
        |held| format!("{held:?}"),
        |held| {
            let store = Bucket::new();
            let night = bucket(&store);
            night.export(BUSY);
            store.hold(*held);
            let run = night.start(&["run", "-vv"]);
            wait_until("the request that is held", || store.holds());
            night.heard(run.kill());
            store.days_later(3);
            answered_it_reaches_the_goal(&night);
        },
    );
}

/// The first host dies with a creation on its way; the second one dies at any request while it takes over, and tries again.
#[test]
fn killed_at_any_request_of_a_take_over_nothing_is_doubled() {
    support::each(
        &points(requests(true)),
        |held| format!("{held:?}"),
        |held| {
            let store = Bucket::new();
            let night = bucket(&store);
            night.export(BUSY);
            let applied = held.applied;
            night.fault(&format!(
                r#"[{{"when": {{"method": "POST"}}, "then": {{"connection": "hold", "applied": {applied}}}}}]"#
            ));
            let first = night.start(&["run", "-vv"]);
            wait_until("the creation", || !night.sent("POST").is_empty());
            night.heard(first.kill());
            night.no_faults();
            // What left the first host is on its way, or has arrived.
            let lines = night.sim().world().additions.len();
            night.sim().clear_requests();
            store.days_later(3);
            store.hold(*held);
            let second = night.start(&[&["run", "-vv"], B].concat());
            wait_until("the request that is held", || store.holds());
            night.heard(second.kill());
            answered_it_reaches_the_goal(&night);
            assert_eq!(night.sim().world().additions.len(), 3, "there were {lines}");
        },
    );
}
