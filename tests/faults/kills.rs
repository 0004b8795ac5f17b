//! A run that is cut off, asked to stop, or started twice.

use std::fs;

use rust_decimal::Decimal;

use crate::faults::{converges_then_is_silent, goal, is_silent, journal_fits};
use crate::support;
use crate::support::{BUSY, Night, wait_until};

/// So many requests the run of [`Night::busy`] makes, when nothing goes wrong.
fn requests_of_a_night() -> u64 {
    let night = Night::busy();
    night.run().exits(0);
    assert_eq!(night.billed(), goal());
    night.sim().requests().len() as u64
}

/// Power is lost while any one of the requests is in flight, before or after ConnectWise has carried it out.
#[test]
fn killed_at_any_request_a_run_loses_nothing_and_doubles_nothing() {
    let cases: Vec<(u64, bool)> =
        (1..=requests_of_a_night()).flat_map(|index| [(index, false), (index, true)]).collect();
    support::each(
        &cases,
        |(index, applied)| format!("request {index}, carried out: {applied}"),
        |(index, applied)| {
            let night = Night::busy();
            night.fault(&format!(
                r#"[{{"when": {{"request_index": {index}}}, "then": {{"connection": "hold", "applied": {applied}}}}}]"#
            ));
            let run = night.start(&["run", "-vv"]);
            wait_until("the request that is held", || {
                let requests = night.sim().requests();
                let held = requests.iter().find(|request| request.fault.is_some());
                held.is_some_and(|held| !applied || held.member.is_some() || held.path().starts_with("/login"))
            });
            night.heard(run.kill());
            journal_fits(&night);
            night.no_faults();
            let said = night.run();
            assert!(
                said.codes().contains(&"previous-run-cut-off".to_owned()),
                "what became of it is told\n{}",
                said.out
            );
            assert_eq!(night.billed(), goal(), "{}", said.out);
            let history = night.recount(&["history"]).exits(0);
            assert!(history.out.contains("interrupted"), "{}", history.out);
            converges_then_is_silent(&night);
            journal_fits(&night);
        },
    );
}

/// `history` said "running" of a night whose process was dead, where `status` said "cut off".
#[test]
fn history_and_status_say_the_same_of_a_run_that_was_killed() {
    let night = Night::busy();
    night.fault(r#"[{"when": {"method": "PATCH"}, "then": {"connection": "hold"}}]"#);
    let run = night.start(&["run"]);
    wait_until("the request", || !night.sent("PATCH").is_empty());
    let verdict = || night.recount(&["history", "--json"]).exits(0).json()["history"][0]["verdict"].clone();
    assert_eq!(verdict(), "running");
    night.heard(run.kill());
    assert_eq!(verdict(), "cut off");
    assert!(night.recount(&["history"]).exits(0).out.contains("cut off"));
    assert!(night.recount(&["status"]).exits(1).out.contains("cut off"));
}

/// Power is lost again while the next run looks up what the first one left.
#[test]
fn killed_again_while_looking_up_nothing_is_doubled() {
    let cases: Vec<u64> = (1..=requests_of_a_night()).collect();
    support::each(
        &cases,
        |index| format!("request {index} of the second run"),
        |index| {
            let night = Night::busy();
            night.fault(r#"[{"when": {"method": "POST"}, "then": {"connection": "hold", "applied": true}}]"#);
            let first = night.start(&["run", "-vv"]);
            wait_until("the creation", || night.sent("POST").iter().any(|post| post.applied > 0));
            night.heard(first.kill());
            let so_far = night.sim().requests().len() as u64;
            night.fault(&format!(
                r#"[{{"when": {{"request_index": {}}}, "then": {{"connection": "hold"}}}}]"#,
                so_far + index
            ));
            let mut second = night.start(&["run", "-vv"]);
            let held = || night.sim().requests().iter().any(|request| request.index == so_far + index);
            wait_until("the request that is held, or the end", || held() || second.has_ended());
            night.heard(second.kill());
            journal_fits(&night);
            converges_then_is_silent(&night);
            assert_eq!(night.sent("POST").len(), 0, "the first one's creation was found");
        },
    );
}

/// Killed behind a write that arrived; then somebody sets another quantity by hand. The next run asks.
#[test]
fn a_hand_edit_behind_a_write_that_nobody_saw_end_is_asked_about() {
    let night = Night::busy();
    night.fault(r#"[{"when": {"method": "PATCH"}, "then": {"connection": "hold", "applied": true}}]"#);
    let run = night.start(&["run", "-vv"]);
    wait_until("the write", || night.sent("PATCH").iter().any(|patch| patch.applied > 0));
    night.heard(run.kill());
    night.no_faults();
    let written =
        night.sent("PATCH")[0].path().rsplit('/').next().and_then(|id| id.parse::<i64>().ok()).expect("an id");
    night.sim().edit(|world| {
        let line = world.additions.iter_mut().find(|addition| addition.id == written).expect("the line");
        line.quantity = 99.into();
    });
    let said = night.run();
    assert!(said.codes().contains(&"human-edit".to_owned()), "{}", said.out);
    let world = night.sim().world();
    let line = world.additions.iter().find(|addition| addition.id == written).expect("the line");
    assert_eq!(line.quantity, 99.into(), "{}", said.out);
}

/// Somebody ends the line that recount wrote and begins another one with another quantity. That is asked about every
/// night until somebody answers.
#[test]
fn a_line_put_in_the_place_of_ours_is_asked_about_until_somebody_answers() {
    let night = Night::busy();
    night.run().exits(0);
    let written =
        night.sent("PATCH")[0].path().rsplit('/').next().and_then(|id| id.parse::<i64>().ok()).expect("an id");
    night.sim().edit(|world| {
        let today = world.today;
        let line = world.additions.iter_mut().find(|addition| addition.id == written).expect("the line");
        line.cancelled = Some(today);
        let mut new = line.clone();
        (new.id, new.quantity, new.cancelled) = (9_000, new.quantity + Decimal::ONE, None);
        world.additions.push(new);
    });
    let quantity = || night.sim().world().additions.iter().find(|one| one.id == 9_000).map(|one| one.quantity);
    let by_hand = quantity();
    for _ in 0..3 {
        let said = night.run().exits(3);
        assert_eq!((said.codes(), quantity()), (vec!["human-edit".to_owned()], by_hand), "{}", said.out);
    }
    let held = night.run().first_run();
    let handle = held["findings"][0]["handle"].as_str().expect("a handle").to_owned();
    night.recount(&["accept", &handle]).exits(0);
    night.run().exits(0);
    assert_ne!(quantity(), by_hand, "the answer was carried out");
    night.run().exits(0);
}

/// An item's line is known by its mark, also by the run that did not see it created.
#[test]
fn killed_after_the_line_of_an_item_was_created_it_is_known_by_its_mark() {
    const ITEMS: &str = "Company,Type,Domain\nAcme,CloudFilter,acme.example\nBorealis,CloudFilter,borealis.example\n";
    let items = ["shop.acme.example", &format!("{}.acme.example", "shop".repeat(15)), "named.acme.example"];
    let items = items.map(str::to_owned);
    support::each(&items, String::clone, |item| {
        let night = Night::new();
        night.config("export", r#"columns = { customer = "Company", service = "Type", item = "Domain" }"#);
        night.config("export", "count_by = \"distinct\"");
        night.config("services", r#""CloudFilter" = { product = "MP-CLOUDFILTER", lines = "per-item" }"#);
        night.sim().edit(|world| {
            for (addition, item) in world.additions.iter_mut().zip(["acme.example", "borealis.example"]) {
                (addition.quantity, addition.serial_number) = (1.into(), item.to_owned());
            }
        });
        let named = item.starts_with("named");
        let config = fs::read_to_string(night.path("recount.toml")).expect("the configuration");
        night.write(
            "recount.toml",
            config.replace("[integration.mail]", &format!("[integration.mail]\nnames_on_line = {named}")),
        );
        night.export(ITEMS);
        night.approve();
        night.export(format!("{ITEMS}Acme,CloudFilter,{item}\n"));
        night.fault(r#"[{"when": {"method": "POST"}, "then": {"connection": "hold", "applied": true}}]"#);
        let run = night.start(&["run", "-vv"]);
        wait_until("the creation", || night.sent("POST").iter().any(|post| post.applied > 0));
        night.heard(run.kill());
        journal_fits(&night);
        night.no_faults();
        night.sim().clear_requests();
        let said = night.run();
        assert!(said.codes().contains(&"previous-run-cut-off".to_owned()), "what became of it is told\n{}", said.out);
        assert!(night.sim().writes().is_empty(), "{:#?}", night.sim().writes());
        let world = night.sim().world();
        let marked = world.additions.iter().filter(|addition| {
            let described = addition.invoice_description.as_deref() == Some(&format!("[item {item}]"));
            described || addition.serial_number == *item
        });
        assert_eq!((marked.count(), world.additions.len()), (1, 3));
        let last = world.additions.last().expect("the new line");
        let both =
            (&last.serial_number, last.invoice_description.as_deref()) == (item, Some(&format!("[item {item}]")));
        assert_eq!(both, named, "{last:?}");
        is_silent(&night);
        is_silent(&night);
    });
}

/// A person approved the plan once; that its carrying out was cut off takes nothing of that away.
#[test]
fn a_first_apply_that_is_cut_off_goes_on_by_itself() {
    let night = Night::new();
    night.export(BUSY);
    night.recount(&["plan"]).exits(0);
    night.fault(r#"[{"when": {"method": "POST"}, "then": {"connection": "hold"}}]"#);
    let apply = night.start(&["apply", &night.plan(), "-vv"]);
    wait_until("the creation", || !night.sent("POST").is_empty());
    night.heard(apply.kill());
    converges_then_is_silent(&night);
}

/// `recount run | head -1`: a reader that has seen enough does not change the night.
#[test]
fn nobody_reads_and_the_night_goes_on() {
    let night = Night::busy();
    let run = night.start(&["run", "-vv"]);
    let said = night.heard(run.end_unread()).exits(0);
    assert_eq!((said.out.as_str(), night.billed()), ("", goal()));
}

/// systemd stops the service: the line in flight is finished, the next one is not begun, and all of it is told.
#[test]
fn asked_to_stop_it_finishes_the_line_in_flight() {
    stopped_by("TERM", 143);
}

/// The connection broke over which somebody had typed `recount apply`: the write in progress was cut in the middle.
#[test]
fn a_terminal_that_is_gone_is_a_wish_to_stop() {
    let status = std::fs::read_to_string("/proc/self/status").expect("of this process");
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).expect("a mask");
    // Under nohup the program goes on, and so does this test.
    let under_nohup = ignored.trim().ends_with(['1', '3', '5', '7', '9', 'b', 'd', 'f']);
    stopped_by(if under_nohup { "TERM" } else { "HUP" }, if under_nohup { 143 } else { 129 });
}

fn stopped_by(signal: &str, exit: i32) {
    let night = Night::busy();
    // The answer takes until the wish to stop has been heard.
    night.fault(r#"[{"when": {"method": "POST"}, "then": {"delay_after_ms": 3000}}]"#);
    let run = night.start(&["run", "--json", "-vv"]);
    wait_until("the creation", || night.sent("POST").iter().any(|post| post.applied > 0));
    run.signal(signal);
    let said = night.heard(run.end()).exits(exit);
    let run = said.first_run();
    assert_eq!((run["verdict"].as_str(), said.outcome(10, "MP-ARCHIVE").as_str()), (Some("interrupted"), "created"));
    assert_eq!(said.outcome(20, "MP-CLOUDFILTER"), "held", "{}", said.out);
    assert_eq!(night.sim().writes().len(), 1, "no further line was begun");
    converges_then_is_silent(&night);
}

#[test]
fn asked_to_stop_before_the_first_write_it_writes_nothing() {
    let night = Night::busy();
    night.fault(r#"[{"when": {"path": "/agreements/10/additions", "nth": 1}, "then": {"connection": "hold"}}]"#);
    let run = night.start(&["run", "--json", "-vv"]);
    wait_until("the read that is held", || night.sim().requests().iter().any(|request| request.fault.is_some()));
    run.signal("INT");
    night.heard(run.end()).exits(130);
    assert!(night.sim().writes().is_empty());
    converges_then_is_silent(&night);
}

/// systemd waits 90 s before it kills; ConnectWise may ask for ten minutes of patience.
#[test]
fn asked_to_stop_while_a_busy_server_makes_it_wait_it_stops() {
    let night = Night::busy();
    night.fault(
        r#"[{"when": {"method": "GET", "path": "/agreements/10/additions", "nth": 2},
             "then": {"status": 429, "headers": {"Retry-After": "600"}}}]"#,
    );
    let run = night.start(&["run", "--json", "-vv"]);
    wait_until("the look before a write", || night.sim().requests().iter().any(|request| request.fault.is_some()));
    run.signal("TERM");
    let said = night.heard(run.end()).exits(143);
    assert!(night.sim().writes().is_empty(), "nothing was sent");
    assert_eq!(said.outcome(10, "MP-ARCHIVE"), "held", "{}", said.out);
    converges_then_is_silent(&night);
}

/// Two runs at once would both see the old quantity, or both create the line.
#[test]
fn a_second_run_is_turned_away_while_the_first_is_at_work() {
    let night = Night::busy();
    night.fault(r#"[{"when": {"method": "GET", "nth": 1}, "then": {"connection": "hold"}}]"#);
    let first = night.start(&["run", "-vv"]);
    wait_until("the first run's request", || !night.sim().requests().is_empty());
    for command in ["run", "plan"] {
        let said = night.recount(&[command]).exits(15);
        assert!(said.err.contains("another run"), "{}", said.err);
    }
    assert_eq!(night.sim().requests().len(), 1, "the second run asked nothing");
    night.heard(first.kill());
    // The lock went with its process.
    converges_then_is_silent(&night);
}
