//! A write that goes wrong, before or after ConnectWise carried it out.

use recount_sim::{Addition, Agreement, Company};

use crate::faults::{converges_then_is_silent, goal, is_silent, journal_fits};
use crate::support;
use crate::support::Night;

/// A fault of one write: what it is called, what it does, the exit code, and the line's outcome.
type Case = (&'static str, &'static str, i32, &'static str);

const SETS: [Case; 32] = [
    ("429 with seconds", r#"{"status": 429, "headers": {"Retry-After": "0"}}"#, 0, "updated"),
    (
        "429 with a date",
        r#"{"status": 429, "headers": {"Retry-After": "Sun, 22 Nov 2026 01:59:59 GMT", "Date": "Sun, 22 Nov 2026 02:00:00 GMT"}}"#,
        0,
        "updated",
    ),
    ("429 with nothing", r#"{"status": 429}"#, 0, "updated"),
    ("500 before", r#"{"status": 500}"#, 0, "updated"),
    ("500 after", r#"{"status": 500, "applied": true}"#, 0, "updated"),
    ("502 in a page, before", r#"{"status": 502, "body": "html"}"#, 0, "updated"),
    ("502 in a page, after", r#"{"status": 502, "body": "html", "applied": true}"#, 0, "updated"),
    ("503 before", r#"{"status": 503}"#, 0, "updated"),
    ("504 after", r#"{"status": 504, "body": "empty", "applied": true}"#, 0, "updated"),
    ("408 after", r#"{"status": 408, "applied": true}"#, 0, "updated"),
    ("reset before", r#"{"connection": "reset"}"#, 0, "updated"),
    ("reset after", r#"{"connection": "reset", "applied": true}"#, 0, "updated"),
    ("closed before", r#"{"connection": "close"}"#, 0, "updated"),
    ("closed after", r#"{"connection": "close", "applied": true}"#, 0, "updated"),
    ("cut", r#"{"truncate_at": 5}"#, 0, "updated"),
    ("cut in a chunk", r#"{"cut_chunk": true}"#, 0, "updated"),
    ("a page with 200, before", r#"{"body": "html", "applied": false}"#, 0, "updated"),
    ("a page with 200, after", r#"{"body": "html"}"#, 0, "updated"),
    ("an answer about nothing", r#"{"raw": "{}"}"#, 0, "updated"),
    ("an answer about another", r#"{"raw": "{\"id\": 200, \"quantity\": 7}"}"#, 0, "updated"),
    ("delivered twice", r#"{"deliver_twice": true}"#, 0, "updated"),
    ("ignored", r#"{"ignore_patch": true}"#, 5, "failed"),
    ("401", r#"{"status": 401}"#, 13, "failed"),
    ("403 for this line", r#"{"status": 403}"#, 5, "failed"),
    ("404", r#"{"status": 404}"#, 5, "failed"),
    ("400 after", r#"{"status": 400, "applied": true}"#, 0, "updated"),
    ("403 after", r#"{"status": 403, "applied": true}"#, 0, "updated"),
    ("404 after", r#"{"status": 404, "applied": true}"#, 0, "updated"),
    ("409 after", r#"{"status": 409, "applied": true}"#, 0, "updated"),
    ("412 after", r#"{"status": 412, "applied": true}"#, 0, "updated"),
    ("422 after", r#"{"status": 422, "applied": true}"#, 0, "updated"),
    ("a redirect", r#"{"redirect": "http://127.0.0.1:9/elsewhere"}"#, 5, "failed"),
];

/// "May not read" sends a person to a right that is there, while it is the write that was refused.
#[test]
fn a_write_that_is_refused_is_not_told_as_a_read() {
    for (status, method, said) in [
        (401, "PATCH", "may not change agreement additions"),
        (403, "PATCH", "may not change agreement additions"),
        (401, "POST", "may not add agreement additions"),
        (403, "POST", "may not add agreement additions"),
    ] {
        let night = Night::busy();
        night.fault(&format!(r#"[{{"when": {{"method": "{method}"}}, "then": {{"status": {status}}}}}]"#));
        let run = night.run().exits(13);
        assert!(run.out.contains(said) && !run.out.contains("may not read"), "{method} {status}: {}", run.out);
    }
}

#[test]
fn a_quantity_that_goes_wrong_once() {
    support::each(
        &SETS,
        |(name, ..)| (*name).to_owned(),
        |(_, then, exit, outcome)| {
            let night = Night::busy();
            night.fault(&format!(
                r#"[{{"when": {{"method": "PATCH", "path": "/additions/100", "nth": 1}}, "then": {then}}}]"#
            ));
            let said = night.run().exits(*exit);
            assert_eq!(said.outcome(10, "MP-CLOUDFILTER"), *outcome, "{}", said.out);
            if *exit == 0 {
                assert_eq!(night.billed(), goal());
            }
            journal_fits(&night);
            converges_then_is_silent(&night);
            journal_fits(&night);
        },
    );
}

/// An answer to a creation that is about addition 200, as if it were of the right product and quantity.
macro_rules! another {
    ($agreement:expr, $then:expr) => {
        concat!(
            r#"{"raw": "{\"id\": 200, \"product\": {\"id\": 501}, \"quantity\": 2"#,
            $agreement,
            r#"}""#,
            $then,
            "}"
        )
    };
}

/// `created` in the same night means: looked up, found, adopted. `unknown` is left to a later run, never sent again.
const CREATIONS: [Case; 32] = [
    ("429 with seconds", r#"{"status": 429, "headers": {"Retry-After": "0"}}"#, 5, "failed"),
    ("429 with nothing", r#"{"status": 429}"#, 5, "failed"),
    ("500 before", r#"{"status": 500}"#, 5, "unknown"),
    ("500 after", r#"{"status": 500, "applied": true}"#, 0, "created"),
    ("502 in a page, before", r#"{"status": 502, "body": "html"}"#, 5, "unknown"),
    ("502 in a page, after", r#"{"status": 502, "body": "html", "applied": true}"#, 0, "created"),
    ("504 after", r#"{"status": 504, "body": "empty", "applied": true}"#, 0, "created"),
    ("408 before", r#"{"status": 408}"#, 5, "unknown"),
    ("reset before", r#"{"connection": "reset"}"#, 5, "unknown"),
    ("reset after", r#"{"connection": "reset", "applied": true}"#, 0, "created"),
    ("closed before", r#"{"connection": "close"}"#, 5, "unknown"),
    ("closed after", r#"{"connection": "close", "applied": true}"#, 0, "created"),
    ("cut", r#"{"truncate_at": 5}"#, 0, "created"),
    ("cut in a chunk", r#"{"cut_chunk": true}"#, 0, "created"),
    ("a page with 200, before", r#"{"body": "html", "applied": false}"#, 5, "unknown"),
    ("a page with 200, after", r#"{"body": "html"}"#, 0, "created"),
    ("an answer about nothing", r#"{"raw": "{}"}"#, 0, "created"),
    ("a success that did nothing", r#"{"raw": "{}", "applied": false}"#, 5, "unknown"),
    ("a line of another agreement", another!(r#", \"agreementId\": 20"#, ""), 0, "created"),
    (
        "a line of another agreement, and nothing done",
        another!(r#", \"agreementId\": 20"#, r#", "applied": false"#),
        5,
        "unknown",
    ),
    ("a line that was there, of no agreement", another!("", ""), 0, "created"),
    ("a line that was there, under this agreement", another!(r#", \"agreementId\": 10"#, ""), 0, "created"),
    ("a line that was there, and nothing done", another!("", r#", "applied": false"#), 5, "unknown"),
    ("401", r#"{"status": 401}"#, 13, "failed"),
    ("403", r#"{"status": 403}"#, 13, "failed"),
    ("404", r#"{"status": 404}"#, 5, "failed"),
    ("400", r#"{"status": 400}"#, 5, "failed"),
    ("400 after", r#"{"status": 400, "applied": true}"#, 0, "created"),
    ("409 after", r#"{"status": 409, "applied": true}"#, 0, "created"),
    ("412 after", r#"{"status": 412, "applied": true}"#, 0, "created"),
    ("a redirect", r#"{"redirect": "http://127.0.0.1:9/elsewhere"}"#, 5, "failed"),
    ("a redirect with 307, after", r#"{"redirect": "http://127.0.0.1:9/elsewhere", "status": 307}"#, 5, "failed"),
];

#[test]
fn a_creation_that_goes_wrong_is_never_sent_twice() {
    support::each(
        &CREATIONS,
        |(name, ..)| (*name).to_owned(),
        |(_, then, exit, outcome)| {
            let night = Night::busy();
            night.fault(&format!(r#"[{{"when": {{"method": "POST"}}, "then": {then}}}]"#));
            let said = night.run().exits(*exit);
            assert_eq!(said.outcome(10, "MP-ARCHIVE"), *outcome, "{}", said.out);
            assert_eq!(night.sent("POST").len(), 1, "sent once, whatever was answered");
            let lines = said.first_run()["lines"].clone();
            let lines = lines.as_array().into_iter().flatten();
            assert!(
                lines.filter(|line| line["addition_id"] == 200).all(|line| line["agreement_id"] == 20),
                "{}",
                said.out
            );
            journal_fits(&night);
            converges_then_is_silent(&night);
        },
    );
}

/// A busy ConnectWise that names no wait is not hammered, and the numbers of the run say how often it was asked again.
#[test]
fn a_quantity_that_is_turned_away_is_sent_again_after_a_pause_and_counted() {
    let night = Night::busy();
    night.config("", r#"retry_pause_max = "20ms""#);
    let rule = r#"{"when": {"method": "PATCH", "path": "/additions/100", "times": 4}, "then": THEN}"#;
    let busy = r#"{"status": 429, "headers": {"Retry-After": "0"}}"#;
    night.fault(&format!("[{}]", rule.replace("THEN", busy)));
    let said = night.run().exits(0);
    let requests = said.first_run()["requests"].clone();
    assert_eq!(requests["retried"], 4, "{requests}");
    assert_eq!(said.outcome(10, "MP-CLOUDFILTER"), "updated", "{}", said.out);
    assert!(requests["throttled_ms"].as_u64() > Some(0), "{requests}");
}

/// A proxy that delivers a creation again makes two lines. They are found, and nobody adds a third, or guesses.
#[test]
fn a_creation_that_arrives_twice_is_told() {
    let night = Night::busy();
    night.fault(r#"[{"when": {"method": "POST"}, "then": {"deliver_twice": true}}]"#);
    night.run().exits(0);
    night.no_faults();
    let said = night.run().exits(3);
    assert!(said.codes().contains(&"line-ambiguous".to_owned()), "{}", said.out);
    assert_eq!(night.sent("POST").len(), 1);
}

/// Two new lines and no answer: both are named, and no third one is made while they stand.
#[test]
fn a_creation_in_doubt_with_two_candidates_is_left_to_a_person() {
    let night = Night::busy();
    night.fault(r#"[{"when": {"method": "POST"}, "then": {"deliver_twice": true, "status": 502, "applied": true}}]"#);
    let said = night.run().exits(5);
    assert_eq!(said.outcome(10, "MP-ARCHIVE"), "unknown");
    assert!(said.codes().contains(&"in-doubt-ambiguous".to_owned()), "{}", said.out);
    night.no_faults();
    let said = night.run();
    assert_ne!(said.exit, 0, "{}", said.out);
    assert_eq!(night.sent("POST").len(), 1);
    // A person ends one of them.
    night.sim().edit(|world| {
        let one = world.additions.iter().rposition(|addition| addition.product == "MP-ARCHIVE");
        world.additions.remove(one.expect("a line"));
    });
    night.run();
    is_silent(&night);
    assert_eq!((night.sent("POST").len(), night.billed()), (0, goal()));
}

/// The service is taken out of recount.toml while two lines may be its creation, and somebody ends one and changes the other:
/// what is left bills a customer for something that nobody counts.
#[test]
fn a_creation_in_doubt_that_the_mapping_no_longer_wants_is_not_forgotten_once_it_is_found() {
    let night = Night::busy();
    night.config("guards", r#"settle = "0s""#);
    night.fault(r#"[{"when": {"method": "POST"}, "then": {"deliver_twice": true, "status": 502, "applied": true}}]"#);
    night.run().exits(5);
    night.no_faults();
    let archive = r#""Archive" = { product = "MP-ARCHIVE" }"#;
    let config = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    assert!(config.contains(archive), "{config}");
    night.write("recount.toml", config.replace(archive, r#""Archive" = { not_assigned = true }"#));
    night.run().exits(5);
    night.sim().edit(|world| {
        let mut archives = world.additions.iter_mut().filter(|addition| addition.product == "MP-ARCHIVE");
        archives.next().expect("a line").quantity = 9.into();
        let other = archives.next().expect("another line").id;
        world.additions.retain(|addition| addition.id != other);
    });
    for _ in 0..2 {
        let said = night.run().exits(3);
        assert!(said.codes().contains(&"line-left-behind".to_owned()), "{}", said.out);
    }
}

/// The request is still on its way when the next run looks: "not there" is no proof, and nothing is sent again.
#[test]
fn a_creation_that_arrives_late_is_waited_for_and_adopted() {
    let night = Night::busy();
    night.config("guards", r#"settle = "1h""#);
    night.fault(r#"[{"when": {"method": "POST"}, "then": {"connection": "close", "apply_late_ms": 1500}}]"#);
    assert_eq!(night.run().exits(5).outcome(10, "MP-ARCHIVE"), "unknown");
    // ConnectWise answers the next night's first question only after the late one has arrived.
    night.run();
    assert_eq!(night.sent("POST").len(), 1, "not sent again");
    night.fault(r#"[{"when": {"path": "/companies", "nth": 1}, "then": {"delay_before_ms": 1600}}, {"when": {"path": "/additions", "nth": 1}, "then": {"delay_before_ms": 1600}}]"#);
    night.run().exits(0);
    assert_eq!((night.sent("POST").len(), night.billed()), (1, goal()));
    is_silent(&night);
}

/// Past `settle` a creation that is not there counts as not done, and is decided anew.
#[test]
fn a_creation_that_never_arrived_is_made_once_settled() {
    let night = Night::busy();
    night.config("guards", r#"settle = "1h""#);
    night.fault(r#"[{"when": {"method": "POST"}, "then": {"connection": "close"}}]"#);
    night.run().exits(5);
    night.no_faults();
    let said = night.run().exits(5);
    assert_eq!(said.outcome(10, "MP-ARCHIVE"), "unknown", "{}", said.out);
    assert_eq!(night.sent("POST").len(), 1, "not while it may still be on its way");
    night.config("guards", r#"settle = "0s""#);
    converges_then_is_silent(&night);
}

/// The second look reads from a replica that has not heard of the creation: "not there" is no proof.
#[test]
fn a_replica_that_lags_behind_is_no_reason_to_create_again() {
    let night = Night::busy();
    night.config("guards", r#"settle = "1h""#);
    let lagging = r#"{"when": {"method": "GET", "path": "/additions"}, "then": {"stale": {"writes": 10}}}"#;
    night.fault(&format!(
        r#"[{{"when": {{"method": "POST"}}, "then": {{"status": 502, "applied": true}}}}, {lagging}]"#
    ));
    assert_eq!(night.run().exits(5).outcome(10, "MP-ARCHIVE"), "unknown");
    night.fault(&format!("[{lagging}]"));
    night.run();
    assert_eq!(night.sent("POST").len(), 1, "not sent again");
    night.no_faults();
    night.run().exits(0);
    assert_eq!((night.sent("POST").len(), night.billed()), (1, goal()));
    is_silent(&night);
}

/// While a creation was in doubt the customer went on using more: the line is found, and then follows.
#[test]
fn a_creation_in_doubt_whose_count_has_changed_is_found_and_followed() {
    let night = Night::busy();
    night.fault(
        r#"[{"when": {"method": "POST"}, "then": {"status": 502, "applied": true}},
            {"when": {"method": "GET", "path": "/additions"}, "then": {"stale": {"writes": 10}}}]"#,
    );
    assert_eq!(night.run().exits(5).outcome(10, "MP-ARCHIVE"), "unknown");
    night.no_faults();
    night.export("Account,Product,Quantity\nAcme,CloudFilter,7\nAcme,Archive,3\nBorealis,CloudFilter,6\n");
    night.run().exits(0);
    let archive: Vec<_> = night.billed().into_iter().filter(|(_, product, _)| product == "MP-ARCHIVE").collect();
    assert_eq!(archive, [(10, "MP-ARCHIVE".to_owned(), 3.into())]);
    assert_eq!(night.sent("POST").len(), 1);
    is_silent(&night);
}

/// A line that is wrong must not keep the others from being right.
#[test]
fn a_right_that_is_missing_does_not_stop_the_other_write() {
    for (method, switch, done) in [("PATCH", "Edit Level", "created"), ("POST", "Add Level", "updated")] {
        let night = Night::busy();
        night.fault(&format!(r#"[{{"when": {{"method": "{method}"}}, "then": {{"status": 403}}}}]"#));
        let said = night.run().exits(13);
        assert!(said.out.contains(switch), "{}", said.out);
        let product = if method == "PATCH" { "MP-ARCHIVE" } else { "MP-CLOUDFILTER" };
        assert_eq!(said.outcome(10, product), done, "{}", said.out);
        assert!(night.sent(method).len() <= 2, "each line is tried once");
        converges_then_is_silent(&night);
    }
}

/// Two changes of a night that were refused ended with 13, and a single one with 5: a monitor that waits for 13 slept.
#[test]
fn a_right_that_no_write_of_a_kind_has_is_told_alike_however_many_there_are() {
    for (counts, sent) in
        [("Acme,CloudFilter,7\nBorealis,CloudFilter,5\n", 1), ("Acme,CloudFilter,7\nBorealis,CloudFilter,6\n", 2)]
    {
        let night = Night::busy();
        night.export(format!("Account,Product,Quantity\n{counts}"));
        night.fault(r#"[{"when": {"method": "PATCH"}, "then": {"status": 403}}]"#);
        let said = night.run().exits(13);
        assert_eq!(
            (night.sent("PATCH").len(), said.outcome(10, "MP-CLOUDFILTER")),
            (sent, "failed".into()),
            "{}",
            said.out
        );
    }
}

/// The role may be kept from a single line. Three in a row mean that it lacks the right, and the others are not tried.
#[test]
fn a_line_that_the_role_may_not_change_fails_alone() {
    for (locked, exit, sent) in [(1, 5, 6), (2, 5, 6), (3, 13, 3), (6, 13, 3)] {
        let night = Night::new();
        let mut customers = "customer,company_id,agreement_id,note\n".to_owned();
        let (mut before, mut after) =
            ("Account,Product,Quantity\n".to_owned(), "Account,Product,Quantity\n".to_owned());
        night.sim().edit(|world| {
            let (company, agreement) = (world.companies[0].clone(), world.agreements[0].clone());
            world.additions.clear();
            world.companies = (1..=6).map(|id| Company { id, name: format!("C{id}"), ..company.clone() }).collect();
            world.agreements = (1..=6).map(|id| Agreement { id, company: id, ..agreement.clone() }).collect();
            let line =
                |id| Addition { locked: id <= locked, ..Addition::new(100 + id, id, "MP-CLOUDFILTER", 30.into()) };
            world.additions = (1..=6).map(line).collect();
        });
        for id in 1..=6 {
            customers += &format!("C{id},{id},,\n");
            before += &format!("C{id},CloudFilter,30\n");
            after += &format!("C{id},CloudFilter,31\n");
        }
        night.write("customers.csv", customers);
        night.export(before);
        night.approve();
        night.export(after);
        let said = night.run().exits(exit);
        assert_eq!(night.sent("PATCH").len(), sent, "{}", said.out);
        assert_eq!(said.outcome(1, "MP-CLOUDFILTER"), "failed", "{}", said.out);
        let last = if sent == 6 { "updated" } else { "held" };
        assert_eq!(said.outcome(6, "MP-CLOUDFILTER"), last, "{}", said.out);
        assert!(said.out.contains("Edit Level"), "the switch is named: {}", said.out);
    }
}

/// Words of ConnectWise that are no sum are what the reader needs.
#[test]
fn a_refusal_is_told_in_connectwises_words_and_without_sums() {
    let night = Night::busy();
    night.fault(
        r#"[{"when": {"method": "PATCH", "path": "/additions/100"}, "then": {"status": 400,
            "raw": "{\"code\":\"InvalidObject\",\"message\":\"Cost Center custom field is required, Margin of 12.5\"}"}}]"#,
    );
    let said = night.run().exits(5);
    assert!(said.out.contains("Cost Center custom field is required, Margin of [redacted]"), "{}", said.out);
    assert!(!said.out.contains("12.5"), "{}", said.out);
}

#[test]
fn a_write_that_is_never_answered_is_looked_up() {
    let cases = [
        ("PATCH", false, "updated"),
        ("PATCH", true, "updated"),
        ("POST", false, "unknown"),
        ("POST", true, "created"),
    ];
    support::each(
        &cases,
        |(method, applied, _)| format!("{method} {applied}"),
        |(method, applied, outcome)| {
            let night = Night::busy();
            night.config("guards", r#"request_timeout = "1s""#);
            night.fault(&format!(
            r#"[{{"when": {{"method": "{method}", "nth": 1}}, "then": {{"connection": "hold", "applied": {applied}}}}}]"#
        ));
            let said = night.run();
            let product = if *method == "PATCH" { "MP-CLOUDFILTER" } else { "MP-ARCHIVE" };
            assert_eq!(said.outcome(10, product), *outcome, "{}", said.out);
            night.config("guards", r#"request_timeout = "60s""#);
            converges_then_is_silent(&night);
        },
    );
}

/// In a bad night ConnectWise is not hammered, and what was not tried is told.
#[test]
fn repeated_server_errors_stop_the_writing() {
    let night = Night::busy();
    night.fault(r#"[{"when": {"method": "PATCH"}, "then": {"status": 500}}, {"when": {"method": "POST"}, "then": {"status": 500}}]"#);
    let said = night.run().exits(5);
    assert!(night.sim().writes().len() <= 3, "{}", said.out);
    converges_then_is_silent(&night);
}

/// A quantity that arrives after it was given up: the next night follows what is there.
#[test]
fn a_quantity_that_arrives_late_is_not_a_conflict_of_anybody() {
    let night = Night::busy();
    night.fault(r#"[{"when": {"method": "PATCH", "path": "/additions/100"}, "then": {"connection": "close", "apply_late_ms": 1500}}]"#);
    assert_eq!(night.run().exits(5).outcome(10, "MP-CLOUDFILTER"), "unknown");
    night.fault(r#"[{"when": {"path": "/companies", "nth": 1}, "then": {"delay_before_ms": 1600}}, {"when": {"path": "/additions", "nth": 1}, "then": {"delay_before_ms": 1600}}]"#);
    // The customer went on using more meanwhile: what arrived late is no edit of a person.
    night.export("Account,Product,Quantity\nAcme,CloudFilter,8\nAcme,Archive,2\nBorealis,CloudFilter,6\n");
    let said = night.run().exits(0);
    assert_eq!(said.outcome(10, "MP-CLOUDFILTER"), "updated", "{}", said.out);
    is_silent(&night);
}

/// It arrived after the second try was refused: the night had said "refused, 3 now", and billed 7.
#[test]
fn a_refusal_of_the_second_try_says_nothing_of_the_first() {
    for status in [400, 404] {
        let night = Night::busy();
        let then = r#""when": {"method": "PATCH", "path": "/additions/100", "nth": NTH}, "then""#;
        night.fault(&format!(
            r#"[{{{}: {{"connection": "close", "apply_late_ms": 1500}}}}, {{{}: {{"status": {status}}}}}]"#,
            then.replace("NTH", "1"),
            then.replace("NTH", "2")
        ));
        let said = night.run().exits(5);
        assert_eq!(said.outcome(10, "MP-CLOUDFILTER"), "unknown", "{status}: {}", said.out);
        assert!(said.out.contains("a try got no answer") && said.out.contains(&status.to_string()), "{}", said.out);
        night.fault(r#"[{"when": {"path": "/companies", "nth": 1}, "then": {"delay_before_ms": 1600}}, {"when": {"path": "/additions", "nth": 1}, "then": {"delay_before_ms": 1600}}]"#);
        let said = night.run().exits(0);
        assert_eq!(said.outcome(10, "MP-CLOUDFILTER"), "unchanged", "{status}: {}", said.out);
        is_silent(&night);
    }
}

/// What was done and refused on the way back was told as refused; the next night took it for a hand edit of recount's own, and
/// `undo` did not know it.
#[test]
fn a_write_that_was_done_and_refused_is_ours() {
    let refused = r#"then": {"status": 409, "applied": true}"#;
    let night = Night::busy();
    night.fault(&format!(r#"[{{"when": {{"method": "PATCH", "path": "/additions/100"}}, "{refused}}}, {{"when": {{"method": "POST"}}, "{refused}}}]"#));
    let said = night.run().exits(0);
    assert!(said.out.contains("the answer was: ConnectWise refused it (409)"), "{}", said.out);
    assert_eq!(night.sim().writes().len(), 3, "each is sent once");
    night.no_faults();
    night.config("guards", r#"max_units_down = "100%""#);
    let undo = night.recount(&["undo", &said.first_run()["run"].to_string(), "--json"]);
    assert_eq!(
        (undo.outcome(10, "MP-CLOUDFILTER"), undo.outcome(10, "MP-ARCHIVE")),
        ("would-update".to_owned(), "would-update".to_owned()),
        "{}",
        undo.out
    );
    night.export("Account,Product,Quantity\nAcme,CloudFilter,8\nAcme,Archive,3\nBorealis,CloudFilter,6\n");
    let said = night.run().exits(0);
    assert_eq!(said.outcome(10, "MP-CLOUDFILTER"), "updated", "{}", said.out);
    assert_eq!(said.outcome(10, "MP-ARCHIVE"), "updated", "{}", said.out);
    is_silent(&night);
}
