//! Additions that come in bundles, and all the ways in which a bundle can be wrong: what it hides is not billed for a night
//! at worst, and never billed otherwise than ConnectWise's own lists would have it.

use recount_sim::{Addition, Recorded};
use rust_decimal::Decimal;

use crate::faults::side_by_side::{HEAD, many};
use crate::faults::{is_silent, journal_fits};
use crate::support::{self, Night, Said};

/// Enough for two bundles.
const AGREEMENTS: i64 = 60;

/// Each agreement has a line of either product; the export asks for one more unit of the first, on every tenth.
fn night() -> Night {
    let night = many(AGREEMENTS);
    night.sim().edit(|world| {
        world.additions.extend((1..=AGREEMENTS).map(|id| Addition::new(2000 + id, id, "MP-ARCHIVE", 4.into())));
    });
    night.export(rows(|_| 30, |_| 4));
    night.run().exits(0);
    night.sim().clear_requests();
    night.export(rows(|id| if id % 10 == 0 { 31 } else { 30 }, |_| 4));
    night
}

fn rows(filter: impl Fn(i64) -> i64, archive: impl Fn(i64) -> i64) -> String {
    let row = |id| format!("C{id},CloudFilter,{}\nC{id},Archive,{}\n", filter(id), archive(id));
    HEAD.to_owned() + &(1..=AGREEMENTS).map(row).collect::<String>()
}

/// What every night here has to come to.
fn is_billed(night: &Night) {
    let billed: Vec<_> = night.billed().into_iter().map(|(agreement, _, quantity)| (agreement, quantity)).collect();
    let wanted = |id| [(id, Decimal::from(4)), (id, Decimal::from(if id % 10 == 0 { 31 } else { 30 }))];
    assert_eq!(billed, (1..=AGREEMENTS).flat_map(wanted).collect::<Vec<_>>());
}

fn bundles(night: &Night) -> Vec<Recorded> {
    night.sim().requests().into_iter().filter(|request| request.path().ends_with("/system/bundles")).collect()
}

fn lists(night: &Night) -> usize {
    night.sent("GET").iter().filter(|request| request.path().ends_with("/additions")).count()
}

fn is_left(said: &Said) -> bool {
    said.codes().contains(&"bundles-left".to_owned())
}

/// Otherwise a night of a thousand agreements takes a thousand requests; and the look before a write is its own always.
#[test]
fn sixty_agreements_are_read_in_two_bundles() {
    let night = night();
    let said = night.run().exits(0);
    is_billed(&night);
    let (plain, looks, ends) = (2, 6, 1);
    assert_eq!((bundles(&night).len(), lists(&night)), (2 + ends, plain + looks), "{}", said.out);
    assert!(!is_left(&said), "{}", said.out);
    is_silent(&night);
    let (requests, most) = (night.sim().requests().len(), 10 + usize::try_from(AGREEMENTS).expect("a count") / 25);
    assert!(requests <= most, "{requests} requests for a quiet night, {most} are enough");
}

/// An operator whose ConnectWise gets bundles wrong says so once.
#[test]
fn bundles_that_are_off_are_not_tried() {
    let night = night();
    night.config("", "settle = \"0s\"\nbundled_reads = \"off\"");
    let said = night.run().exits(0);
    is_billed(&night);
    assert_eq!((bundles(&night).len(), lists(&night)), (0, 60 + 6));
    assert!(!is_left(&said), "{}", said.out);
}

/// Every way in which the first bundle can be of no use, and a word of why it is left.
const AT_ONCE: [(&str, &str, &str); 17] = [
    ("no such address", r#"{"status": 404}"#, "404"),
    ("not taken", r#"{"status": 400}"#, "400"),
    ("not allowed", r#"{"status": 403}"#, "403"),
    ("a key that is refused there", r#"{"status": 401}"#, "401"),
    ("a method that is not allowed", r#"{"status": 405, "body": "empty"}"#, "405"),
    ("errors", r#"{"status": 500, "body": "html"}"#, "500"),
    ("a page", r#"{"body": "html", "content_type": "text/html"}"#, "text/html"),
    ("an answer that breaks off", r#"{"truncate_at": 900, "connection": "close"}"#, "agreement by agreement"),
    ("another answer", r#"{"raw": "[]"}"#, "not a bundle"),
    ("no lists in it", r#"{"raw": "{\"results\": []}"}"#, "0 of 50"),
    ("a part of its lists", r#"{"bundle": {"results": 31}}"#, "31 of 50"),
    ("one row of each list", r#"{"bundle": {"rows": 1}}"#, "another one by itself"),
    ("some rows in all", r#"{"bundle": {"rows_in_all": 20}}"#, "another one by itself"),
    ("an empty list", r#"{"bundle": {"empty": 17}}"#, "another one by itself"),
    ("quantities that are others", r#"{"bundle": {"quantities": true}}"#, "another one by itself"),
    ("lists of each other", r#"{"bundle": {"swapped": true}}"#, "another one by itself"),
    ("a row too few", r#"{"bundle": {"without": 1017}}"#, "another one by itself"),
];

/// A bundle that is refused, cut, capped or other than the plain lists is left for the night, and the night is as without.
#[test]
fn a_bundle_that_is_wrong_is_left_for_the_night() {
    support::each(
        &AT_ONCE,
        |(name, ..)| (*name).to_owned(),
        |(_, then, word)| {
            let night = night();
            night.fault(&format!(r#"[{{"when": {{"path": "/system/bundles"}}, "then": {then}}}]"#));
            let said = night.run().exits(0);
            is_billed(&night);
            assert!(is_left(&said) && said.out.contains(word), "{word} is not said\n{}", said.out);
            assert!(bundles(&night).len() <= 2, "it is tried once");
            assert!(lists(&night) >= 60, "each list was read by itself");
            journal_fits(&night);
            night.no_faults();
            is_silent(&night);
        },
    );
}

/// The first bundle is right, the second one wrong: nobody compared a list of it.
const LATER: [(&str, &str); 7] = [
    ("errors", r#"{"status": 502, "body": "html"}"#),
    ("a part of its lists", r#"{"bundle": {"results": 3}}"#),
    ("one row of each list", r#"{"bundle": {"rows": 1}}"#),
    ("some rows in all", r#"{"bundle": {"rows_in_all": 5}}"#),
    ("an empty list", r#"{"bundle": {"empty": 57}}"#),
    ("a row too few", r#"{"bundle": {"without": 1060}}"#),
    ("lists of each other", r#"{"bundle": {"swapped": true}}"#),
];

/// Else a line that a bundle hides would be created a second time, or told as gone.
#[test]
fn a_later_bundle_that_hides_lines_leads_to_no_line_and_to_no_zero() {
    support::each(
        &LATER,
        |(name, ..)| (*name).to_owned(),
        |(_, then)| {
            let night = night();
            night.fault(&format!(r#"[{{"when": {{"path": "/system/bundles", "from": 2}}, "then": {then}}}]"#));
            let said = night.run().exits(0);
            is_billed(&night);
            assert!(is_left(&said), "{}", said.out);
            assert!(night.sent("POST").is_empty(), "nothing was created\n{}", said.out);
            is_silent(&night);
        },
    );
}

/// A person ended a line, and bundles carry no `cancelledDate` at all: by them the line bills on, and nobody is told.
#[test]
fn a_line_that_ended_is_not_billed_on_because_bundles_do_not_say_so() {
    for (lie, says) in [(true, true), (false, false)] {
        let night = night();
        night.run().exits(0);
        night.sim().clear_requests();
        night.sim().edit(|world| {
            let today = world.today;
            let line = world.additions.iter_mut().find(|one| one.id == 1017).expect("a line");
            line.cancelled = Some(today - chrono::Days::new(40));
            "jdoe".clone_into(&mut line.updated_by);
        });
        night.fault(&format!(
            r#"[{{"when": {{"path": "/system/bundles"}}, "then": {{"bundle": {{"endless_lines": {lie}}}}}}}]"#
        ));
        let said = night.run().exits(3);
        assert_eq!(said.outcome(17, "MP-CLOUDFILTER"), "held", "{}", said.out);
        assert_eq!(is_left(&said), says, "{}", said.out);
        // What was seen once is not believed away by the next bundle.
        assert_eq!(night.run().exits(3).outcome(17, "MP-CLOUDFILTER"), "held");
    }
}

/// A ConnectWise that does not take the question for lines that end, or answers it with all lines.
#[test]
fn bundles_that_cannot_tell_which_lines_end_are_compared_where_something_changed() {
    for then in [r#"{"status": 400}"#, r#"{"status": 500}"#, r#"{"raw": "{\"results\": []}"}"#] {
        let night = night();
        night.fault(&format!(
            r#"[{{"when": {{"path": "/system/bundles", "body": "cancelledDate>"}}, "then": {then}}}]"#
        ));
        let said = night.run().exits(0);
        is_billed(&night);
        let (plain, suspects, looks) = (2, 3, 6);
        assert_eq!((lists(&night), is_left(&said)), (plain + suspects + looks, false), "{}", said.out);
    }
}

/// Nobody has seen these lines before, so only the plain list tells that they are there.
#[test]
fn a_line_that_is_to_be_created_is_looked_for_in_the_plain_list_first() {
    let night = many(AGREEMENTS);
    night.sim().edit(|world| {
        world.additions.extend((51..=AGREEMENTS).map(|id| Addition::new(2000 + id, id, "MP-ARCHIVE", 9.into())));
    });
    let row =
        |id| format!("C{id},CloudFilter,30\n{}", if id > 50 { format!("C{id},Archive,9\n") } else { String::new() });
    night.export(HEAD.to_owned() + &(1..=AGREEMENTS).map(row).collect::<String>());
    let lie = r#"{"bundle": {"rows": 1}}"#;
    night.fault(&format!(r#"[{{"when": {{"path": "/system/bundles", "nth": 2}}, "then": {lie}}}]"#));
    let said = night.run().exits(0);
    assert!(night.sim().writes().is_empty(), "{}", said.out);
    assert!(is_left(&said) && said.out.contains("lacked rows"), "{}", said.out);
}

/// A second live line is hidden: with it the first one would be billed twice, so nothing is written.
#[test]
fn a_second_line_that_a_bundle_hides_is_seen_before_the_write() {
    let night = night();
    night.sim().edit(|world| world.additions.push(Addition::new(3060, 60, "MP-CLOUDFILTER", 7.into())));
    let lie = r#"{"bundle": {"without": 3060}}"#;
    night.fault(&format!(r#"[{{"when": {{"path": "/system/bundles", "nth": 2}}, "then": {lie}}}]"#));
    let said = night.run();
    assert_eq!(said.outcome(60, "MP-CLOUDFILTER"), "conflict", "{}", said.out);
    assert!(said.out.contains("addition 3060 bills it as well"), "{}", said.out);
    assert_eq!(night.sim().world().addition(1060).expect("the line").quantity, 30.into());
    assert_eq!(said.outcome(50, "MP-CLOUDFILTER"), "updated", "{}", said.out);
    night.no_faults();
    assert!(night.run().codes().contains(&"line-ambiguous".to_owned()));
}

/// A line that the mapping wants no more was said to be at 0 for one night, and was asked about no more.
#[test]
fn a_line_left_behind_that_a_bundle_shows_at_0_is_asked_about() {
    let night = night();
    let customers = std::fs::read_to_string(night.path("customers.csv")).expect("the customers");
    let others: Vec<&str> = customers.lines().filter(|line| !line.starts_with("C60,")).collect();
    night.write("customers.csv", others.join("\n") + "\n");
    let lie = r#"{"bundle": {"at_zero": 2060}}"#;
    night.fault(&format!(r#"[{{"when": {{"path": "/system/bundles", "nth": 2}}, "then": {lie}}}]"#));
    let said = night.run().exits(3);
    for product in ["MP-ARCHIVE", "MP-CLOUDFILTER"] {
        assert_eq!(said.outcome(60, product), "held", "{product}: {}", said.out);
    }
    assert!(is_left(&said), "{}", said.out);
}

/// One agreement that ConnectWise does not show must not keep the others from being billed, nor from coming in bundles.
#[test]
fn a_part_that_is_refused_or_cannot_be_read_holds_its_own_customer() {
    for hidden in [Some(403), Some(404), Some(500), None] {
        let night = night();
        night.sim().edit(|world| match hidden {
            Some(_) => world.agreements[9].additions_refused = hidden,
            None => {
                let id = serde_json::Value::from("1010");
                world.additions.iter_mut().find(|one| one.id == 1010).expect("a line").more.insert("id".to_owned(), id);
            }
        });
        let said = night.run().exits(3);
        assert!(said.codes().contains(&"agreement-unreadable".to_owned()), "{hidden:?}\n{}", said.out);
        assert_eq!(night.sent("PATCH").len(), 5, "{hidden:?}\n{}", said.out);
        assert_eq!((bundles(&night).len(), is_left(&said)), (3, false), "{hidden:?}\n{}", said.out);
    }
}

/// Lists of more than 25 rows are asked on, as they are by themselves; one that was cut without a word shows by that.
#[test]
fn long_lists_are_asked_on_and_a_cap_is_noticed() {
    for (cap, left) in [(None, false), (Some(40), true)] {
        let night = night();
        night.sim().edit(|world| {
            world.options.page_rows_max = cap;
            let other = recount_sim::Product { id: 600, identifier: "OTHER".to_owned(), ..world.catalog[0].clone() };
            world.catalog.push(other);
            world.additions.extend((1..=60).map(|id| Addition::new(id, 20, "OTHER", 1.into())));
        });
        let said = night.run().exits(0);
        assert_eq!(night.sent("POST").len(), 0);
        assert_eq!(said.outcome(20, "MP-CLOUDFILTER"), "updated", "{}", said.out);
        assert_eq!(is_left(&said), left, "{}", said.out);
        assert!(!left || said.out.contains("was cut"), "{}", said.out);
    }
}

/// A busy ConnectWise is waited for, as with any read.
#[test]
fn a_bundle_that_is_throttled_is_asked_again() {
    let night = night();
    night.fault(r#"[{"when": {"path": "/system/bundles", "times": 2}, "then": {"status": 429}}]"#);
    let said = night.run().exits(0);
    is_billed(&night);
    assert_eq!((bundles(&night).len(), is_left(&said)), (5, false), "{}", said.out);
}

/// The second vendor of a night stands on what came in bundles for the first, and tries none that were left.
#[test]
fn what_came_in_bundles_is_shared_and_left_for_all_vendors() {
    for (then, tried, plain) in [("{}", 3, 2), (r#"{"status": 404}"#, 1, 60)] {
        let night = night();
        night.append(&crate::faults::side_by_side::second());
        night.write(
            "vault.csv",
            HEAD.to_owned() + &(1..=AGREEMENTS).map(|id| format!("C{id},Vault,4\n")).collect::<String>(),
        );
        night.export(rows(|_| 30, |_| 4));
        night.fault(&format!(r#"[{{"when": {{"path": "/system/bundles"}}, "then": {then}}}]"#));
        let said = night.recount(&["run", "--json"]);
        assert_eq!(said.json()["runs"].as_array().map(Vec::len), Some(2), "{}", said.out);
        assert_eq!((bundles(&night).len(), lists(&night)), (tried, plain), "{}", said.out);
    }
}
