//! A read that goes wrong. A read that failed is never "there is nothing".

use recount_sim::{Addition, Agreement, Company, FieldsOnWrites, Product, Unset, Wire, World};

use crate::faults::{converges_then_is_silent, goal, is_silent};
use crate::support;
use crate::support::{Night, Said};

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
const LASTING: [(&str, &str, i32, &str); 12] = [
    ("429 with an hour", r#"{"status": 429, "headers": {"Retry-After": "3600"}}"#, 12, "too many requests"),
    ("429 for ever", r#"{"status": 429}"#, 12, "requests_per_minute"),
    ("reset", r#"{"connection": "reset"}"#, 12, "look at the network"),
    ("closed", r#"{"connection": "close"}"#, 12, "look at the network"),
    ("cut", r#"{"truncate_at": 10}"#, 12, "look at the network"),
    ("a page with 200", r#"{"body": "html"}"#, 12, "proxy"),
    ("a redirect", r#"{"redirect": "http://127.0.0.1:9/elsewhere"}"#, 12, "redirect"),
    ("401", r#"{"status": 401}"#, 13, "private_key"),
    (
        "401 by the role",
        r#"{"status": 401, "raw": "{\"code\":\"ConnectWiseApi\",\"message\":\"UserNotAuthenticated\"}"}"#,
        13,
        "role is too small",
    ),
    (
        "403 over http",
        r#"{"status": 403, "raw": "{\"code\":\"Security\",\"message\":\"SSL is required.\",\"errors\":null}"}"#,
        13,
        "api-REGION",
    ),
    ("403 in a page", r#"{"status": 403, "body": "html"}"#, 13, "proxy"),
    ("404 in a page", r#"{"status": 404, "body": "html"}"#, 13, "proxy"),
];

/// Lists without an end are not read for minutes. It stands beside a key that is there already.
const UNHURRIED: &str = "settle = \"0s\"\nrequests_per_minute = 100000";

/// What may be the matter of one agreement alone, where it is about its additions.
const ALONE: [(&str, &str, i32, &str); 8] = [
    ("400", r#"{"status": 400}"#, 12, "api_version"),
    ("403", r#"{"status": 403}"#, 13, "Inquire Level"),
    ("404", r#"{"status": 404}"#, 13, "404"),
    ("500", r#"{"status": 500}"#, 12, "ask the administrator of this ConnectWise"),
    ("503 in a page", r#"{"status": 503, "body": "html"}"#, 12, "ask the administrator of this ConnectWise"),
    ("an object for a list", r#"{"raw": "{}"}"#, 12, "check what is named"),
    ("rows that are none", r#"{"raw": "[{\"id\": \"one\"}]"}"#, 12, "check what is named"),
    ("a list without an end", r#"{"endless": true}"#, 12, "no end of the list"),
];

#[test]
fn a_read_that_stays_wrong_ends_the_night_before_any_write() {
    let everywhere = LASTING
        .iter()
        .flat_map(|lasting| ["/company/companies", "/agreements/20/additions"].map(|list| (lasting, list)));
    let lists = ALONE.iter().flat_map(|alone| ["/company/companies", "/additions"].map(|list| (alone, list)));
    let cases: Vec<_> = everywhere.chain(lists).collect();
    support::each(
        &cases,
        |((name, ..), list)| format!("{name} at {list}"),
        |((_, then, exit, word), list)| {
            let night = Night::busy();
            night.config("guards", UNHURRIED);
            night.fault(&format!(r#"[{{"when": {{"method": "GET", "path": "{list}"}}, "then": {then}}}]"#));
            let said = night.run().exits(*exit);
            assert!(said.out.contains(word), "{word} is not said\n{}", said.out);
            assert_eq!(said.out.contains("look at the network"), *word == "look at the network", "{}", said.out);
            assert!(night.sim().writes().is_empty(), "nothing was written");
            converges_then_is_silent(&night);
        },
    );
}

/// Acme's two changes are made, whatever ConnectWise says of Borealis' agreement.
fn only_borealis_waits(night: &Night, said: &Said) {
    assert_eq!(said.outcome(10, "MP-CLOUDFILTER"), "updated", "{}", said.out);
    assert_eq!(said.outcome(10, "MP-ARCHIVE"), "created", "{}", said.out);
    let billed: Vec<_> = goal().into_iter().filter(|(agreement, ..)| *agreement == 10).collect();
    assert_eq!(night.billed()[..2], billed, "{}", said.out);
    assert_eq!(night.sim().world().addition(200).expect("Borealis' line").quantity, 5.into(), "{}", said.out);
}

/// One agreement that ConnectWise does not show must not keep the others from being billed.
#[test]
fn an_agreement_that_cannot_be_read_holds_its_own_customers() {
    support::each(
        &ALONE,
        |(name, ..)| (*name).to_owned(),
        |(_, then, _, word)| {
            let night = Night::busy();
            night.config("guards", UNHURRIED);
            night.fault(&format!(
                r#"[{{"when": {{"method": "GET", "path": "/agreements/20/additions"}}, "then": {then}}}]"#
            ));
            let said = night.run().exits(3);
            assert!(said.codes().contains(&"agreement-unreadable".to_owned()), "{}", said.out);
            assert!(said.out.contains(word), "{word} is not said\n{}", said.out);
            only_borealis_waits(&night, &said);
            converges_then_is_silent(&night);
        },
    );
}

/// More than single agreements: it is the key, the role or ConnectWise, and a night of holds would hide that.
#[test]
fn too_many_agreements_that_cannot_be_read_end_the_night() {
    for (agreements, hidden, exit) in [(25, 5, 3), (24, 5, 13), (4, 4, 13), (6, 4, 3)] {
        let night = Night::new();
        let mut customers = "customer,company_id,agreement_id,note\n".to_owned();
        let mut export = "Account,Product,Quantity\n".to_owned();
        night.sim().edit(|world| {
            let (company, agreement) = (world.companies[0].clone(), world.agreements[0].clone());
            world.additions.clear();
            world.companies =
                (1..=agreements).map(|id| Company { id, name: format!("C{id}"), ..company.clone() }).collect();
            let refused = |id| (id <= hidden).then_some(403);
            let with = |id| Agreement { id, company: id, additions_refused: refused(id), ..agreement.clone() };
            world.agreements = (1..=agreements).map(with).collect();
            world.additions =
                (1..=agreements).map(|id| Addition::new(1000 + id, id, "MP-CLOUDFILTER", 3.into())).collect();
        });
        for id in 1..=agreements {
            customers += &format!("C{id},{id},,\n");
            export += &format!("C{id},CloudFilter,3\n");
        }
        night.write("customers.csv", customers);
        night.export(export);
        let said = night.run().exits(exit);
        let held = said.codes().iter().filter(|code| *code == "agreement-unreadable").count();
        assert_eq!(held, if exit == 3 { usize::try_from(hidden).expect("a count") } else { 0 }, "{}", said.out);
        assert!(exit == 3 || said.out.contains("more of"), "{}", said.out);
    }
}

/// What a person did to a record of ConnectWise, and what then is said.
type Odd = (&'static str, fn(&mut World), &'static str, &'static str);

const ODD: [Odd; 7] = [
    (
        "a company's name is a number",
        |world| odd(&mut world.companies[1].more, "name", "7"),
        "company-unreadable",
        "name 7",
    ),
    (
        "a company's types are a text",
        |world| odd(&mut world.companies[1].more, "types", "\"Client\""),
        "company-unreadable",
        "types",
    ),
    (
        "an agreement's first day is no date",
        |world| odd(&mut world.agreements[1].more, "startDate", "\"soon\""),
        "agreement-unreadable",
        "startDate",
    ),
    (
        "an agreement's flag is a text",
        |world| odd(&mut world.agreements[1].more, "cancelledFlag", "\"no\""),
        "agreement-unreadable",
        "cancelledFlag",
    ),
    (
        "an addition's id is a text",
        |world| odd(&mut world.additions[1].more, "id", "\"200\""),
        "agreement-unreadable",
        "its id",
    ),
    (
        "an addition's quantity is a text",
        |world| odd(&mut world.additions[1].more, "quantity", "\"5\""),
        "line-unreadable",
        "quantity",
    ),
    (
        "an addition's serial number is a number",
        |world| odd(&mut world.additions[1].more, "serialNumber", "17"),
        "line-unreadable",
        "serialNumber",
    ),
];

fn odd(more: &mut Wire, member: &str, value: &str) {
    more.insert(member.to_owned(), serde_json::from_str(value).expect("a value"));
}

/// One odd record must not keep the others from being billed.
#[test]
fn a_record_that_cannot_be_read_holds_what_depends_on_it() {
    support::each(
        &ODD,
        |(name, ..)| (*name).to_owned(),
        |(_, spoil, code, word)| {
            let night = Night::busy();
            let whole = night.sim().world();
            night.sim().edit(spoil);
            let said = night.run().exits(3);
            assert!(said.codes().contains(&(*code).to_owned()), "{}", said.out);
            assert!(said.out.contains(word), "{word} is not named\n{}", said.out);
            only_borealis_waits(&night, &said);
            night.sim().edit(|world| {
                world.companies = whole.companies;
                world.agreements = whole.agreements;
                world.additions.iter_mut().for_each(|addition| addition.more.clear());
            });
            converges_then_is_silent(&night);
        },
    );
}

/// A catalog item that cannot be read holds the lines of its product alone.
#[test]
fn a_product_that_cannot_be_read_holds_its_lines() {
    let night = Night::busy();
    night.sim().edit(|world| odd(&mut world.catalog[1].more, "inactiveFlag", "\"no\""));
    let said = night.run().exits(3);
    assert!(said.codes().contains(&"product-unreadable".to_owned()), "{}", said.out);
    assert!(said.out.contains("inactiveFlag"), "{}", said.out);
    assert_eq!(said.outcome(10, "MP-CLOUDFILTER"), "updated", "{}", said.out);
    assert_eq!(said.outcome(20, "MP-CLOUDFILTER"), "updated", "{}", said.out);
    night.sim().edit(|world| world.catalog[1].more.clear());
    converges_then_is_silent(&night);
}

/// `company: null` is seen in the field: who names that agreement waits, and nobody else.
#[test]
fn an_agreement_without_a_company_holds_who_names_it() {
    let night = Night::busy();
    night.write("customers.csv", "customer,company_id,agreement_id,note\nAcme,1,10,\nBorealis,2,20,\n");
    night.sim().edit(|world| odd(&mut world.agreements[1].more, "company", "null"));
    let said = night.run().exits(3);
    assert!(said.codes().contains(&"agreement-unreadable".to_owned()), "{}", said.out);
    assert!(said.out.contains("its company is missing"), "{}", said.out);
    only_borealis_waits(&night, &said);
}

/// Absent, null and empty are all seen in the field; so are decimals, and names in lower case.
#[test]
fn members_that_are_not_set_may_be_absent_null_or_empty() {
    for unset in [Unset::Absent, Unset::Null, Unset::Empty] {
        let night = Night::busy();
        night.sim().edit(|world| {
            world.options.unset = unset;
            world.options.quantity_places = 2;
            world.options.lower_case_resources = true;
            world.options.errors_absent = true;
            world.options.addition_status = true;
        });
        night.run().exits(0);
        assert_eq!(night.billed(), goal(), "{unset:?}");
        is_silent(&night);
    }
}

/// Quantities that came as texts are held: never zero, and never a second line.
#[test]
fn quantities_that_are_texts_hold_every_line() {
    let night = Night::busy();
    night.export("Account,Product,Quantity\nAcme,CloudFilter,7\nBorealis,CloudFilter,6\n");
    night.sim().edit(|world| world.options.text_numbers = true);
    let said = night.run().exits(3);
    assert!(said.codes().contains(&"line-unreadable".to_owned()), "{}", said.out);
    assert!(night.sim().writes().is_empty(), "{}", said.out);
}

/// 25 of 61 rows, and no word of more: the line behind them was created a second time.
#[test]
fn rows_behind_a_cut_that_nobody_tells_are_not_created_again() {
    for (links, size_max) in [(true, None), (false, None), (false, Some(100))] {
        let night = Night::new();
        night.sim().edit(|world| {
            world.options.page_rows_max = Some(25);
            world.options.page_links = links;
            world.options.page_size_max = size_max;
            let other = Product { id: 600, identifier: "OTHER".to_owned(), ..world.catalog[0].clone() };
            world.catalog.push(other);
            world.additions.extend((1..=60).map(|id| Addition::new(id, 10, "OTHER", 1.into())));
        });
        night.approve();
        night.export("Account,Product,Quantity\nAcme,CloudFilter,7\nBorealis,CloudFilter,5\n");
        let said = night.run().exits(0);
        assert_eq!(said.outcome(10, "MP-CLOUDFILTER"), "updated", "{}", said.out);
        assert_eq!(night.sent("POST").len(), 0);
        let large = night.sent("GET").iter().filter(|read| read.target.contains("pageSize=1000")).count();
        // Of each command, what leaves before the first answer: companies, agreements, catalog, and what was billed before.
        assert!(size_max.is_none() || large <= 12, "{large} pages of 1000 asked for");
        is_silent(&night);
    }
}

/// A line that counts nowhere, because it names an agreement where nobody sees it, would get another one beside it.
#[test]
fn nothing_is_created_beside_a_row_that_may_be_the_line() {
    for (agreement, outcome) in [("11", "held"), ("20", "held"), ("0", "unchanged"), ("null", "unchanged")] {
        let night = Night::busy();
        night.sim().edit(|world| {
            let mut stray = Addition::new(300, 10, "MP-ARCHIVE", 2.into());
            odd(&mut stray.more, "agreementId", agreement);
            world.additions.push(stray);
        });
        let said = night.run().exits(if outcome == "held" { 3 } else { 0 });
        assert_eq!(said.outcome(10, "MP-ARCHIVE"), outcome, "{agreement}: {}", said.out);
        assert_eq!(night.sent("POST").iter().filter(|sent| sent.target.ends_with("/additions")).count(), 0);
    }
}

/// A child agreement's line in its parent's list is not the parent's: it was one of two live lines, or the only one.
#[test]
fn rows_of_another_agreement_in_a_list_are_set_aside_and_named() {
    let night = Night::busy();
    night.sim().edit(|world| {
        let mut child = Addition::new(300, 10, "MP-CLOUDFILTER", 40.into());
        odd(&mut child.more, "agreementId", "11");
        world.additions.push(child);
    });
    let said = night.run().exits(0);
    assert!(said.codes().contains(&"line-other-agreement".to_owned()), "{}", said.out);
    assert!(said.out.contains("300 (of agreement 11)"), "{}", said.out);
    assert_eq!(said.outcome(10, "MP-CLOUDFILTER"), "updated", "{}", said.out);
    let world = night.sim().world();
    let quantity = |id| world.addition(id).expect("a line").quantity;
    assert_eq!((quantity(100), quantity(300)), (7.into(), 40.into()));
    is_silent(&night);
}

/// A name that ConnectWise does not know costs one more request for each list, and nothing else.
#[test]
fn a_field_that_connectwise_refuses_is_left_out() {
    for field in ["_info", "billCustomer", "types"] {
        let night = Night::busy();
        night.sim().edit(|world| world.options.refused_fields = vec![field.to_owned()]);
        night.run().exits(0);
        assert_eq!(night.billed(), goal(), "{field}");
        is_silent(&night);
    }
}

/// No text of the vendor's declares `fields` for writes, so none is sent, and the answer's money is read into nothing.
#[test]
fn writes_name_no_fields() {
    for fields in [FieldsOnWrites::Refuse, FieldsOnWrites::Ignore] {
        let night = Night::busy();
        night.sim().edit(|world| world.options.fields_on_writes = fields);
        night.run().exits(0);
        assert_eq!((night.billed(), night.sim().writes().len()), (goal(), 3));
        assert!(night.sim().writes().iter().all(|write| !write.target.contains('?')));
        is_silent(&night);
    }
}

/// A late answer may come after those to later questions: each goes to who asked.
#[test]
fn answers_in_another_order_than_the_questions_are_told_apart() {
    let night = Night::busy();
    night.fault(
        r#"[{"when": {"path": "/agreements/10/additions"}, "then": {"delay_after_ms": 200}},
            {"when": {"path": "/agreements/20/additions"}, "then": {"delay_after_ms": 1}}]"#,
    );
    night.run().exits(0);
    assert_eq!(night.billed(), goal());
    is_silent(&night);
}

/// The second look is the last one before a write.
#[test]
fn an_agreement_that_cannot_be_looked_at_again_is_not_written() {
    let cases: Vec<_> = LASTING.iter().map(|case| (case, case.2)).chain(ALONE.iter().map(|case| (case, 3))).collect();
    support::each(
        &cases,
        |((name, ..), _)| (*name).to_owned(),
        |((_, then, ..), exit)| {
            let night = Night::busy();
            night.config("guards", UNHURRIED);
            // The first look is request 1 of this list, the second one 2 and later.
            night.fault(&format!(
                r#"[{{"when": {{"method": "GET", "path": "*/agreements/10/additions", "from": 2}}, "then": {then}}}]"#
            ));
            let said = night.run().exits(*exit);
            assert_eq!([said.outcome(10, "MP-CLOUDFILTER"), said.outcome(10, "MP-ARCHIVE")], ["held", "held"]);
            assert!(night.sim().writes().iter().all(|write| !write.path().contains("/agreements/10/")));
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

/// Else an agreement that is billed once, under a cycle of an odd name, would be written on and nobody be told why.
#[test]
fn that_only_a_cycles_name_was_known_is_told() {
    let night = Night::busy();
    night.fault(r#"[{"when": {"path": "/finance/billingCycles"}, "then": {"status": 403}}]"#);
    let said = night.run().exits(0);
    assert!(said.codes().contains(&"cycles-by-name".to_owned()), "{}", said.out);
    night.no_faults();
    let said = night.run().exits(0);
    assert!(!said.codes().contains(&"cycles-by-name".to_owned()), "{}", said.out);
}

/// A cycle that a list which can be read does not tell of: whoever bills by its name is told on which agreement.
#[test]
fn an_agreement_whose_cycle_is_in_no_list_is_named() {
    let night = Night::busy();
    night.sim().edit(|world| world.agreements[0].billing_cycle = "Each quarter".to_owned());
    let said = night.run().exits(0);
    assert!(said.codes().contains(&"cycles-by-name".to_owned()), "{}", said.out);
    assert!(said.out.contains("agreement 10 by") && !said.out.contains("agreement 20 by"), "{}", said.out);
}

/// A project that is billed once would be billed each night more, after one answer that does not tell of its cycle.
#[test]
fn an_agreement_that_was_held_as_billed_once_stays_so_while_nothing_tells_of_its_cycle() {
    let answers = [
        (r#"{"status": 200, "body": "html", "content_type": "text/html"}"#, 12),
        (r#"{"status": 200, "raw": "null"}"#, 12),
        (r#"{"status": 200, "raw": "{}"}"#, 12),
        (r#"{"status": 403, "body": "html", "content_type": "text/html"}"#, 13),
        (r#"{"status": 403}"#, 3),
        (r#"{"status": 404}"#, 3),
        (r#"{"status": 200, "raw": "[]"}"#, 3),
        (r#"{"status": 200, "raw": "[{\"id\": 2, \"billingOptions\": \"Monthly\"}]"}"#, 3),
    ];
    let name = |(answer, _): &(&str, i32)| (*answer).to_owned();
    support::each(&answers, name, |(answer, exit)| {
        let night = Night::busy();
        let on_20 =
            |night: &Night| night.billed().into_iter().filter(|(agreement, ..)| *agreement == 20).collect::<Vec<_>>();
        let before = on_20(&night);
        night.sim().edit(|world| world.agreements[1].billing_cycle = "Once".to_owned());
        let held = |said: &Said| {
            assert_eq!(said.outcome(20, "MP-CLOUDFILTER"), "held", "{}", said.out);
            assert!(said.codes().contains(&"agreement-one-time".to_owned()), "{}", said.out);
        };
        held(&night.run().exits(3));
        night.fault(&format!(r#"[{{"when": {{"path": "/finance/billingCycles"}}, "then": {answer}}}]"#));
        // One such night after another.
        for units in [7, 8] {
            night.export(format!(
                "Account,Product,Quantity\nAcme,CloudFilter,7\nAcme,Archive,2\nBorealis,CloudFilter,{units}\n"
            ));
            let said = night.run().exits(*exit);
            if *exit == 3 {
                held(&said);
                assert!(said.codes().contains(&"cycles-by-name".to_owned()), "{}", said.out);
                assert!(said.out.contains("was billed once when its billing cycle was last known"), "{}", said.out);
            }
            assert_eq!(on_20(&night), before);
        }
        night.no_faults();
        held(&night.run().exits(3));
        // It recurs now, and that is told.
        night.sim().edit(|world| world.agreements[1].billing_cycle = "Monthly".to_owned());
        night.run().exits(0);
        assert_eq!(on_20(&night)[0].2, 8.into());
    });
}
