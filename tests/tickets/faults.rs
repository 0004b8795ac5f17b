//! Tickets while the network or ConnectWise goes wrong: still one of each, and the run is what it was without them.

use crate::support;
use crate::support::{Night, wait_until};
use crate::tickets::{QUIET, UNMAPPED, desk, listed, notes, only_one, sent, tickets, troubles};

const POST: &str = r#""method": "POST", "path": "*/service/tickets""#;

fn fault(night: &Night, when: &str, then: &str) {
    night.fault(&format!(r#"[{{"when": {{{when}}}, "then": {then}}}]"#));
}

/// What can become of one POST: whether ConnectWise has carried it out, and what it says.
const ANSWERS: [&str; 12] = [
    r#"{"status": 502, "body": "html", "applied": true}"#,
    r#"{"status": 502, "body": "html"}"#,
    r#"{"status": 500, "applied": true}"#,
    r#"{"status": 429, "headers": {"Retry-After": "0"}}"#,
    r#"{"connection": "reset", "applied": true}"#,
    r#"{"connection": "reset"}"#,
    r#"{"connection": "close", "applied": true}"#,
    r#"{"truncate_at": 10}"#,
    r#"{"raw": "<html>", "applied": true}"#,
    r#"{"status": 400}"#,
    r#"{"status": 403}"#,
    r#"{"status": 401}"#,
];

#[test]
fn however_a_creation_is_answered_there_is_one_ticket_in_the_end() {
    support::each(
        &ANSWERS,
        |then| (*then).to_owned(),
        |then| {
            let night = desk(&[]);
            night.export(UNMAPPED);
            fault(&night, &format!("{POST}, \"nth\": 1"), then);
            // The run is what it is without a ticket.
            night.run().exits(3);
            assert!(tickets(&night).len() <= 1);
            night.no_faults();
            night.run().exits(3);
            only_one(&night, false);
            night.sim().clear_requests();
            night.run().exits(3);
            assert_eq!(sent(&night, "POST"), 0);
            night.export(QUIET);
            night.run().exits(0);
            only_one(&night, true);
        },
    );
}

/// While it may still be on its way, "not there" is no proof.
#[test]
fn a_creation_in_doubt_is_left_alone_until_it_has_settled() {
    let night = desk(&[]);
    night.config("", "settle = \"1h\"");
    night.export(UNMAPPED);
    fault(&night, POST, r#"{"connection": "reset"}"#);
    night.run().exits(3);
    night.no_faults();
    night.sim().clear_requests();
    night.run().exits(3);
    assert_eq!((sent(&night, "POST"), tickets(&night).len()), (0, 0), "it is not sent again");
    assert!(troubles(&night)[0].contains("not known yet"), "{:?}", troubles(&night));
}

/// Power is lost between the intent and the answer, before or after ConnectWise has carried it out.
#[test]
fn killed_at_any_request_about_tickets_there_is_one_ticket_in_the_end() {
    let requests = {
        let night = desk(&["note_every = \"0s\""]);
        night.export(UNMAPPED);
        night.run().exits(3);
        night.sim().requests().len()
    };
    let cases: Vec<(usize, bool)> = (1..=requests).flat_map(|at| [(at, true), (at, false)]).collect();
    support::each(
        &cases,
        |(at, applied)| format!("request {at}, carried out: {applied}"),
        |(at, applied)| {
            let night = desk(&[]);
            night.export(UNMAPPED);
            fault(
                &night,
                &format!(r#""request_index": {at}"#),
                &format!(r#"{{"connection": "hold", "applied": {applied}}}"#),
            );
            let run = night.start(&["run", "-vv"]);
            wait_until("the request that is held", || {
                let requests = night.sim().requests();
                let held = requests.iter().find(|request| request.fault.is_some());
                held.is_some_and(|held| !applied || held.member.is_some() || held.path().starts_with("/login"))
            });
            night.heard(run.kill());
            night.no_faults();
            night.run().exits(3);
            only_one(&night, false);
            night.export(QUIET);
            night.run().exits(0);
            only_one(&night, true);
        },
    );
}

#[test]
fn a_closing_that_goes_wrong_is_done_by_a_later_run() {
    for then in [
        r#"{"status": 502, "applied": true}"#,
        r#"{"status": 502}"#,
        r#"{"connection": "reset", "applied": true}"#,
        r#"{"status": 403}"#,
        r#"{"status": 429, "headers": {"Retry-After": "0"}}"#,
        r#"{"ignore_patch": true}"#,
    ] {
        let night = desk(&[]);
        night.export(UNMAPPED);
        night.run().exits(3);
        night.export(QUIET);
        fault(&night, r#""method": "PATCH", "path": "/service/tickets/", "times": 1"#, then);
        night.run().exits(0);
        night.no_faults();
        night.run().exits(0);
        only_one(&night, true);
        assert_eq!(notes(&night).len(), 1, "{then}: settled is said once");
        night.sim().clear_requests();
        night.run().exits(0);
        assert_eq!(sent(&night, "PATCH") + sent(&night, "GET"), 0, "{then}");
    }
}

/// It stayed New on the board for ever, and nobody was told that a ticket is open.
#[test]
fn a_ticket_that_connectwise_refuses_to_close_is_listed_until_it_is_closed() {
    let why = r#"{"code": "InvalidObject", "message": "ticket object is invalid", "errors": [{"code":
        "MissingRequiredItem", "message": "The resolution field is required.", "field": "resolution"}]}"#;
    let refused = serde_json::json!({ "status": 400, "raw": why }).to_string();
    for by_hand in [true, false] {
        let night = desk(&[]);
        night.export(UNMAPPED);
        night.run().exits(3);
        night.export(QUIET);
        fault(&night, r#""method": "PATCH", "path": "/service/tickets/""#, &refused);
        night.run().exits(0);
        night.run().exits(0);
        let told = night.recount(&["tickets"]).exits(0).out;
        for part in ["resolution", "400", "settled by run 4", "close it by hand"] {
            assert!(told.contains(part), "{part}: {told}");
        }
        assert!(!told.contains("no ticket is open") && told.matches("recount mail: ").count() == 1, "{told}");
        assert_eq!(notes(&night).len(), 1, "settled is said once");
        if by_hand {
            night.sim().edit(|world| {
                world.tickets[0].insert("closedFlag".to_owned(), true.into());
            });
        } else {
            night.no_faults();
        }
        night.run().exits(0);
        only_one(&night, true);
        assert!(night.recount(&["tickets"]).exits(0).out.contains("no ticket is open"));
    }
}

/// A note is no thing to be doubled.
#[test]
fn a_note_whose_answer_is_lost_is_not_sent_again() {
    let night = desk(&["note_every = \"0s\""]);
    night.export(UNMAPPED);
    night.run().exits(3);
    fault(&night, r#""method": "POST", "path": "/notes""#, r#"{"connection": "reset", "applied": true}"#);
    night.run().exits(3);
    assert_eq!((notes(&night).len(), sent(&night, "POST")), (1, 2), "one ticket, one note");
    assert!(troubles(&night)[0].contains("note"), "{:?}", troubles(&night));
}

/// Two creations that both arrived are told, and the older one is the matter's ticket.
#[test]
fn of_several_tickets_the_oldest_is_used_and_the_others_are_named() {
    let night = desk(&[]);
    night.export(UNMAPPED);
    night.run().exits(3);
    night.sim().edit(|world| {
        let mut twin = world.tickets[0].clone();
        twin.insert("id".to_owned(), 99_999.into());
        world.tickets.push(twin);
    });
    night.export(QUIET);
    night.run().exits(0);
    let tickets = tickets(&night);
    assert_eq!((&tickets[0]["closedFlag"], &tickets[1]["closedFlag"]), (&true.into(), &false.into()));
    assert!(troubles(&night)[0].contains("99999"), "{:?}", troubles(&night));
}

/// A history that was begun anew finds its tickets again.
#[test]
fn a_lost_history_opens_no_second_ticket() {
    let night = desk(&[]);
    night.export(UNMAPPED);
    night.run().exits(3);
    std::fs::remove_dir_all(night.path("state")).expect("removed");
    night.config("", "mode = \"observe\"");
    night.run().exits(3);
    only_one(&night, false);
    night.export(QUIET);
    night.run().exits(0);
    only_one(&night, true);
}

/// A role without rights, names that are not there, a desk that hangs: the run is what it was.
#[test]
fn what_keeps_tickets_from_being_kept_never_changes_the_run() {
    for (keys, when, then, said) in [
        (vec!["board = \"Biling\""], "", "", "there is no board \"Biling\"; there are: Billing"),
        (vec!["type = \"Nothing\""], "", "", "there is no type"),
        (vec!["closing_status = \"New\""], "", "", "does not close a ticket"),
        (vec![], r#""path": "/service/boards""#, r#"{"status": 403}"#, "may not read the service boards"),
        (vec![], r#""path": "/service/tickets""#, r#"{"status": 403}"#, "may not read service tickets"),
        (vec![], POST, r#"{"status": 403}"#, "Service Desk > Service Tickets > Add Level = All"),
        (vec!["time_limit = \"300ms\""], r#""path": "/service/""#, r#"{"connection": "hold"}"#, "gave up after"),
    ] {
        let night = desk(&keys);
        night.export(UNMAPPED);
        if !when.is_empty() {
            fault(&night, when, then);
        }
        let run = night.run().exits(3).first_run();
        assert_eq!(run["verdict"], "decide");
        assert!(troubles(&night)[0].contains(said), "{said}: {:?}", troubles(&night));
    }
}

/// systemd stops the service while a desk does not answer.
#[test]
fn asked_to_stop_it_does_not_wait_for_the_desk() {
    let night = desk(&[]);
    night.export(UNMAPPED);
    fault(&night, r#""path": "/service/boards""#, r#"{"connection": "hold"}"#);
    let run = night.start(&["run", "--json", "-vv"]);
    wait_until("the desk", || night.sim().requests().iter().any(|request| request.path().contains("/service/")));
    run.signal("TERM");
    let said = night.heard(run.end()).exits(3);
    assert_eq!(said.first_run()["verdict"], "decide", "the run was over before");
    assert!(tickets(&night).is_empty());
}

/// In another ConnectWise the references are not there, and a ticket that is not there was taken for settled.
#[test]
fn a_ticket_of_another_connectwise_is_left_alone_until_that_one_is_back() {
    let night = desk(&[]);
    night.export(UNMAPPED);
    night.run();
    let reference = only_one(&night, false)["externalXRef"].clone();
    let other = desk(&[]);
    let config = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    let there = other.sim().url().replace("127.0.0.1", "localhost");
    night.write("recount.toml", config.replace(&night.sim().url(), &there));
    night.run();
    night.recount(&["apply", &night.plan()]);
    night.run();
    assert!(tickets(&other).iter().all(|ticket| ticket["externalXRef"] != reference), "{:#?}", tickets(&other));
    assert_eq!(tickets(&night)[0]["closedFlag"], false, "{}", listed(&night));

    night.write("recount.toml", config);
    night.export(QUIET);
    night.run();
    night.recount(&["apply", &night.plan()]);
    let ours = tickets(&night).into_iter().find(|ticket| ticket["externalXRef"] == reference).expect("the ticket");
    assert_eq!(ours["closedFlag"], true, "closed where it is: {}", listed(&night));
}
