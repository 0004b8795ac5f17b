//! A write that ConnectWise takes, and stores otherwise than it was sent; and one that it is too busy to take.

use crate::faults::{converges_then_is_silent, goal, is_silent, journal_fits};
use crate::support::Night;
use crate::support::Said;

/// A fault of every request of a kind.
fn of(method: &str, then: &str) -> String {
    format!(r#"[{{"when": {{"method": "{method}", "path": "/additions"}}, "then": {then}}}]"#)
}

/// What a run said of one line: its reason, what happened, its handle.
fn line(said: &Said, agreement: i64, product: &str) -> [String; 3] {
    let run = said.first_run();
    let mut lines = run["lines"].as_array().into_iter().flatten();
    let line = lines.find(|line| line["agreement_id"] == agreement && line["product"] == product).expect("the line");
    ["reason", "detail", "handle"].map(|key| line[key].as_str().unwrap_or_default().to_owned())
}

/// The severity, the message and the remedy of the first finding of a code.
fn finding(said: &Said, code: &str) -> [String; 3] {
    let run = said.first_run();
    let mut findings = run["findings"].as_array().into_iter().flatten();
    let found = findings.find(|finding| finding["code"] == code).unwrap_or_else(|| panic!("{code}: {}", said.out));
    ["severity", "message", "fix"].map(|key| found[key].as_str().unwrap_or_default().to_owned())
}

/// It was told as "not in ConnectWise; planned anew", and created again each night: four lines after four nights.
#[test]
fn a_creation_that_was_confirmed_elsewhere_is_never_sent_again() {
    for (stored, answered, code, later) in [
        (
            r#"{"agreementId": 20}"#,
            "on agreement 20, not 10",
            "human-edit",
            "which no night has seen here and which is on agreement 20 now, where it bills 2",
        ),
        (
            r#"{"product": {"id": 502}}"#,
            "of product 502, not 501",
            "line-left-behind",
            "is of another product (catalog item 502)",
        ),
    ] {
        let night = Night::new();
        night.sim().edit(|world| {
            let other = world.catalog[1].clone();
            world.catalog.push(recount_sim::Product { id: 502, identifier: "MP-OTHER".to_owned(), ..other });
        });
        night.approve();
        night.export(crate::support::BUSY);
        night.fault(&of("POST", &format!(r#"{{"stored": {stored}}}"#)));
        let said = night.run().exits(5);
        assert_eq!(said.outcome(10, "MP-ARCHIVE"), "unknown", "{}", said.out);
        let id = night.sim().world().additions.iter().map(|addition| addition.id).max().expect("a line");
        let [severity, message, fix] = finding(&said, "in-doubt");
        assert_eq!(severity, "decide");
        assert!(message.contains(&format!("addition {id} {answered}")), "{message}");
        assert!(fix.contains(&format!("put addition {id} where it was sent, or end it")), "{fix}");
        journal_fits(&night);
        for _ in 0..3 {
            let said = night.run().exits(3);
            assert_eq!(night.sent("POST").len(), 1, "{}", said.out);
            let [reason, detail, _] = line(&said, 10, "MP-ARCHIVE");
            assert_eq!(reason, code, "{}", said.out);
            assert!(detail.contains(&format!("addition {id}")) && detail.contains(later), "{detail}");
            assert_eq!(finding(&said, code)[0], "decide");
        }
        night.no_faults();
        if code != "human-edit" {
            continue;
        }
        // A person ends it, and says that another one is to be created.
        night.sim().edit(|world| world.additions.retain(|addition| addition.id != id));
        let [_, _, handle] = line(&night.run().exits(3), 10, "MP-ARCHIVE");
        assert_eq!(night.recount(&["accept", &handle, "--to", "2"]).exit, 0);
        let said = night.run();
        assert_eq!((night.sent("POST").len(), night.billed()), (2, goal()), "{}", said.out);
        is_silent(&night);
    }
}

/// "Created, on the invoice of Tue 15 Dec", exit 0, of a line that by ConnectWise's own answer stands on no invoice.
#[test]
fn a_new_line_that_bills_otherwise_than_sent_is_told() {
    for (then, holds, later) in [
        (r#""stored": {"billCustomer": "DoNotBill"}"#, "billCustomer DoNotBill, not Billable", "bill-flag-differs"),
        (
            r#""stored": {"billCustomer": "NoCharge"}, "status": 502, "applied": true"#,
            "billCustomer NoCharge, not Billable",
            "bill-flag-differs",
        ),
        (r#""stored": {"lessIncluded": 2}"#, "lessIncluded 2", "bill-flag-differs"),
        (
            r#""stored": {"effectiveDate": "2099-01-01T00:00:00Z"}"#,
            "begins on Thu 1 Jan 2099",
            "line-not-yet-effective",
        ),
    ] {
        let night = Night::busy();
        night.fault(&of("POST", &format!("{{{then}}}")));
        let said = night.run().exits(5);
        assert_eq!(said.outcome(10, "MP-ARCHIVE"), "failed", "{}", said.out);
        let [severity, message, fix] = finding(&said, "write-ignored");
        assert_eq!(severity, "decide");
        assert!(message.contains(holds) && fix.contains("recount sets quantities only"), "{message} {fix}");
        journal_fits(&night);
        night.no_faults();
        for _ in 0..2 {
            let said = night.run();
            assert!(said.codes().contains(&later.to_owned()), "{later}: {}", said.out);
            assert_eq!(night.sent("POST").len(), 1);
        }
    }
}

/// What people agreed on for a line that they made is no business of recount's, as long as nobody set `bill`.
#[test]
fn a_line_that_people_made_may_bill_as_they_like() {
    let night = Night::new();
    night.sim().edit(|world| {
        world.additions[0].bill_customer = "DoNotBill".to_owned();
        world.additions[0].less_included = 1.into();
    });
    let said = night.run().exits(0);
    assert!(!said.codes().contains(&"bill-flag-differs".to_owned()), "{}", said.out);
}

/// It was told as a change of somebody else's, and asked about as a hand edit for good.
#[test]
fn a_quantity_that_connectwise_stores_otherwise_is_nobodys_edit_and_waits_for_a_person() {
    for policy in ["ask", "overwrite"] {
        let night = Night::busy();
        night.config("guards", &format!("human_edit = \"{policy}\""));
        night.fault(&of("PATCH", r#"{"stored": {"quantity": 4}}"#).replace("/additions", "/additions/100"));
        let said = night.run().exits(5);
        assert_eq!(said.outcome(10, "MP-CLOUDFILTER"), "failed", "{}", said.out);
        let [severity, message, fix] = finding(&said, "write-ignored");
        assert_eq!(severity, "decide");
        assert!(message.contains("7 was sent in the place of 3, and ConnectWise answered 4 and holds it"), "{message}");
        assert!(!fix.contains("find out who"), "{fix}");
        journal_fits(&night);
        night.sim().clear_requests();
        for _ in 0..2 {
            let said = night.run().exits(3);
            let [reason, detail, _] = line(&said, 10, "MP-CLOUDFILTER");
            assert_eq!(reason, "write-ignored", "{detail}");
            assert!(detail.contains("sent 7, and ConnectWise answered 4 and holds it"), "{detail}");
            assert_eq!(night.sent("PATCH").len(), 0);
        }
        // An answer is one more try.
        let [_, _, handle] = line(&night.run(), 10, "MP-CLOUDFILTER");
        assert_eq!(night.recount(&["accept", &handle, "--to", "7"]).exit, 0);
        night.run().exits(5);
        assert_eq!(night.sent("PATCH").len(), 1);
        // What a person sets then is theirs.
        night.no_faults();
        night.sim().edit(|world| world.additions[0].quantity = 5.into());
        let said = night.run();
        let is_asked = line(&said, 10, "MP-CLOUDFILTER")[0] == "human-edit";
        assert_eq!(is_asked, policy == "ask", "{}", said.out);
    }
}

/// The remedy was to end all but one of the new lines, and there was one: the only right one.
#[test]
fn one_new_line_of_another_quantity_is_not_one_of_several() {
    let lost = r#"{"stored": {"quantity": 1}, "status": 502, "applied": true}"#;
    let night = Night::busy();
    night.fault(&of("POST", lost));
    let said = night.run().exits(5);
    assert_eq!(said.outcome(10, "MP-ARCHIVE"), "unknown", "{}", said.out);
    let [_, message, fix] = finding(&said, "in-doubt");
    assert!(message.contains("holds 1, where 2 was sent"), "{message}");
    assert!(!fix.contains("end all"), "{fix}");
    night.no_faults();
    night.run();
    assert_eq!(night.sent("POST").len(), 1, "the one that is there is followed");
    // Fewer decimals are no other quantity.
    let night = Night::busy();
    night.export("Account,Product,Quantity\nAcme,CloudFilter,3\nAcme,Archive,2.1267\nBorealis,CloudFilter,5\n");
    night.fault(&of("POST", &lost.replace('1', "2.13")));
    let said = night.run().exits(0);
    assert_eq!(said.outcome(10, "MP-ARCHIVE"), "created", "{}", said.out);
    assert_eq!(line(&said, 10, "MP-ARCHIVE")[0], "stored-rounded");
}

/// It was said to be refused, with the advice to mend what ConnectWise reports.
#[test]
fn a_creation_that_connectwise_is_too_busy_for_is_sent_once_and_by_the_next_run() {
    let night = Night::busy();
    night.fault(&of("POST", r#"{"status": 429, "headers": {"Retry-After": "0"}}"#));
    let said = night.run().exits(5);
    assert_eq!(said.outcome(10, "MP-ARCHIVE"), "failed", "{}", said.out);
    assert!(said.out.contains("a new line is sent once, and by the next run again"), "{}", said.out);
    assert_eq!(night.sent("POST").len(), 1);
    converges_then_is_silent(&night);
}
