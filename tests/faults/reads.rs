//! A read that goes wrong. A read that failed is never "there is nothing".

use crate::faults::{converges_then_is_silent, goal};
use crate::support;
use crate::support::Night;

/// What a fault is called, and what it does.
type Fault = (&'static str, &'static str);

/// Once is nothing that anybody has to hear of.
const PASSING: [Fault; 14] = [
    ("429 with seconds", r#"{"status": 429, "headers": {"Retry-After": "0"}}"#),
    (
        "429 with a date",
        r#"{"status": 429, "headers": {"Retry-After": "Sun, 22 Nov 2026 01:59:59 GMT", "Date": "Sun, 22 Nov 2026 02:00:00 GMT"}}"#,
    ),
    ("429 with nothing", r#"{"status": 429}"#),
    ("429 in a page", r#"{"status": 429, "body": "html"}"#),
    ("500", r#"{"status": 500}"#),
    ("502 in a page", r#"{"status": 502, "body": "html"}"#),
    ("503", r#"{"status": 503, "body": "text"}"#),
    ("504", r#"{"status": 504, "body": "empty"}"#),
    ("reset", r#"{"connection": "reset"}"#),
    ("reset half way", r#"{"connection": "reset", "truncate_at": 10, "applied": true}"#),
    ("closed", r#"{"connection": "close"}"#),
    ("cut", r#"{"truncate_at": 10}"#),
    ("cut in a chunk", r#"{"cut_chunk": true}"#),
    ("cut JSON that is complete to the connection", r#"{"raw": "[{\"id\": 1"}"#),
];

/// The three lists of a plan, and the second look at the additions before a write.
const LISTS: [&str; 4] = [
    r#""path": "/company/companies", "nth": 1"#,
    r#""path": "*/finance/agreements", "nth": 1"#,
    r#""path": "*/agreements/10/additions", "nth": 1"#,
    r#""path": "*/agreements/10/additions", "nth": 2"#,
];

#[test]
fn a_read_that_goes_wrong_once_costs_nothing() {
    support::each(
        &PASSING,
        |(name, _)| (*name).to_owned(),
        |(_, then)| {
            let night = Night::busy();
            let rules = LISTS.map(|list| format!(r#"{{"when": {{"method": "GET", {list}}}, "then": {then}}}"#));
            night.fault(&format!("[{}]", rules.join(",")));
            let said = night.run().exits(0);
            assert!(
                night.sim().requests().iter().filter(|request| request.fault.is_some()).count() >= 3,
                "it went wrong"
            );
            assert_eq!(night.billed(), goal());
            assert!(
                said.first_run()["requests"]["retried"].as_u64().is_some_and(|retried| retried >= 3),
                "and it is told"
            );
            converges_then_is_silent(&night);
        },
    );
}

/// Each with the exit code, and a word that the person who mends it needs.
const LASTING: [(&str, &str, i32, &str); 14] = [
    ("429 with an hour", r#"{"status": 429, "headers": {"Retry-After": "3600"}}"#, 12, "too many requests"),
    ("429 for ever", r#"{"status": 429}"#, 12, "429"),
    ("500", r#"{"status": 500}"#, 12, "500"),
    ("503 in a page", r#"{"status": 503, "body": "html"}"#, 12, "503"),
    ("reset", r#"{"connection": "reset"}"#, 12, "cannot"),
    ("closed", r#"{"connection": "close"}"#, 12, "cannot"),
    ("cut", r#"{"truncate_at": 10}"#, 12, "cannot"),
    ("a page with 200", r#"{"body": "html"}"#, 12, "cannot"),
    ("an object for a list", r#"{"raw": "{}"}"#, 12, "cannot"),
    ("rows that are none", r#"{"raw": "[{\"id\": \"one\"}]"}"#, 12, "cannot"),
    ("a redirect", r#"{"redirect": "http://127.0.0.1:9/elsewhere"}"#, 12, "redirect"),
    ("401", r#"{"status": 401}"#, 13, "private_key"),
    ("403", r#"{"status": 403}"#, 13, "Inquire Level"),
    ("404", r#"{"status": 404}"#, 13, "404"),
];

#[test]
fn a_read_that_stays_wrong_ends_the_night_before_any_write() {
    let cases: Vec<_> = LASTING
        .iter()
        .flat_map(|lasting| ["/company/companies", "/agreements/20/additions"].map(|list| (lasting, list)))
        .collect();
    support::each(
        &cases,
        |((name, ..), list)| format!("{name} at {list}"),
        |((_, then, exit, word), list)| {
            let night = Night::busy();
            night.fault(&format!(r#"[{{"when": {{"method": "GET", "path": "{list}"}}, "then": {then}}}]"#));
            let said = night.run().exits(*exit);
            assert!(said.out.contains(word), "{word} is not said\n{}", said.out);
            assert!(night.sim().writes().is_empty(), "nothing was written");
            converges_then_is_silent(&night);
        },
    );
}

/// The second look is the last one before a write.
#[test]
fn an_agreement_that_cannot_be_looked_at_again_is_not_written() {
    support::each(
        &LASTING,
        |(name, ..)| (*name).to_owned(),
        |(_, then, exit, _)| {
            let night = Night::busy();
            // The first look is request 1 of this list, the second one 2 and later.
            night.fault(&format!(
                r#"[{{"when": {{"method": "GET", "path": "*/agreements/10/additions", "from": 2}}, "then": {then}}}]"#
            ));
            let said = night.run().exits(*exit);
            assert_eq!([said.outcome(10, "MP-CLOUDFILTER"), said.outcome(10, "MP-ARCHIVE")], ["held", "held"]);
            assert!(night.sim().writes().is_empty(), "nothing was written");
            converges_then_is_silent(&night);
        },
    );
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    let night = Night::busy();
    night.config("guards", r#"request_timeout = "1s""#);
    night.fault(r#"[{"when": {"path": "/agreements/20/additions"}, "then": {"connection": "hold"}}]"#);
    let said = night.run().exits(12);
    assert!(said.out.contains("no answer in time"), "{}", said.out);
    assert!(night.sim().writes().is_empty());
    night.config("guards", r#"request_timeout = "60s""#);
    converges_then_is_silent(&night);
}

/// The address is wrong, or the server is down.
#[test]
fn nobody_listening_is_unreachable() {
    let night = Night::busy();
    let url = night.sim().url();
    night.config("guards", r#"url = "http://127.0.0.1:9""#);
    night.run().exits(12);
    night.config("guards", &format!("url = {url:?}"));
    converges_then_is_silent(&night);
}

/// Some clouds answer wrong keys with 404, and that must not read as "there is nothing".
#[test]
fn keys_that_are_wrong_or_may_not_look_are_named() {
    for status in [401, 404] {
        let night = Night::busy();
        night.sim().edit(|world| {
            world.options.bad_key_status = status;
            world.keys[0].public = "other".to_owned();
        });
        let said = night.run().exits(13);
        assert!(said.out.contains("private_key"), "{}", said.out);
    }
}
