//! An undo writes by the rules of a night: it bills nobody twice, and no line but the one that the run wrote.

use serde_json::Value;

use super::QUIET;
use super::office::Office;

const MOVED: &str = "customer,company_id,agreement_id,note\nAcme,1,11,\nBorealis,2,,\nCedar,3,,\nDunlin,4,,\n";

/// A night that raised Acme's line from 3 to 5, and its number.
fn raised() -> (Office, String) {
    let office = Office::running(&QUIET);
    office.export(&[("Acme", 5), ("Borealis", 12), ("Cedar", 40)]);
    let number = office.run_json()["run"].to_string();
    assert_eq!(office.billed(100), "5");
    (office, number)
}

/// Carries out what an undo has drawn; gives the exit code.
fn apply(office: &Office, drawn: &Value) -> i32 {
    office.recount(&["apply", &drawn["plan"].as_str().expect("a plan")[..12]]).code
}

fn line(run: &Value, addition: i64) -> Value {
    let lines = run["lines"].as_array().expect("lines").iter();
    lines.clone().find(|line| line["addition_id"] == addition).unwrap_or_else(|| panic!("{run:#}")).clone()
}

fn verdict(line: &Value) -> (&str, &str) {
    (line["outcome"].as_str().expect("an outcome"), line["reason"].as_str().expect("a reason"))
}

/// Acme moved to agreement 11: the night that set its old line to 0, and the night that created the new one.
fn moved() -> (Office, String, String) {
    let office = Office::running(&QUIET);
    office.edit(|world| {
        let mut agreement = world.agreements[0].clone();
        (agreement.id, agreement.kind) = (11, "Other".to_owned());
        world.agreements.push(agreement);
    });
    office.write("customers.csv", MOVED);
    assert_eq!(office.run().code, 3);
    let handle = office.held()["handle"].as_str().expect("a handle").to_owned();
    assert_eq!(office.recount(&["accept", &handle, "--to", "0"]).code, 0);
    let ended = office.run_json()["run"].to_string();
    let began = office.run_json()["run"].to_string();
    assert_eq!((office.billed(100), office.billed(office.newest_addition())), ("0".to_owned(), "3".to_owned()));
    (office, ended, began)
}

/// Acme would be billed 3 on its old agreement and 3 on its new one, every month, and no report would say so.
#[test]
fn an_undo_brings_nothing_back_beside_what_took_its_place() {
    let (office, ended, began) = moved();
    let successor = office.newest_addition();
    let (code, drawn) = office.undo(&ended);
    let held = line(&drawn, 100);
    assert_eq!((code, verdict(&held)), (3, ("held", "undo-replaced")), "{drawn:#}");
    assert!(held["detail"].as_str().unwrap().contains(&format!("addition {successor} on agreement 11 bills 3")));
    apply(&office, &drawn);
    assert_eq!(office.billed(100), "0", "nothing is written");

    let (_, drawn) = office.undo(&began);
    assert_eq!((apply(&office, &drawn), office.billed(successor)), (0, "0".to_owned()));
    let (_, drawn) = office.undo(&ended);
    assert!(drawn.to_string().contains("the next night asks about it"), "{drawn:#}");
    assert_eq!((apply(&office, &drawn), office.billed(100)), (0, "3".to_owned()), "one of them bills");
}

/// The 3 of the old agreement would be billed for ever, in no plan, with exit code 0.
#[test]
fn a_line_that_an_undo_lets_bill_again_stays_in_every_plan() {
    let (office, ended, began) = moved();
    let successor = office.newest_addition();
    for run in [&began, &ended] {
        let (_, drawn) = office.undo(run);
        assert_eq!(apply(&office, &drawn), 0);
    }
    for _ in 0..3 {
        let said = office.run();
        let night = office.newest_run();
        assert_eq!((said.code, verdict(&line(&night, 100))), (3, ("held", "line-left-behind")), "{night:#}");
        assert_eq!((office.billed(100), office.billed(successor)), ("3".to_owned(), "0".to_owned()));
    }
    assert_eq!(office.recount(&["status"]).code, 3);
}

/// A product without a successor: what was answered to 0 by mistake comes back, and is asked about again.
#[test]
fn a_line_of_a_customer_without_a_row_is_set_back_and_asked_about() {
    let office = Office::running(&QUIET);
    office.write("customers.csv", &MOVED.replace("Acme,1,11,\n", ""));
    office.export(&QUIET[1..]);
    office.configure(
        "max_units_down = \"100%\"",
        "max_units_down = \"100%\"\nmin_rows = \"50%\"\nmin_customers = \"50%\"",
    );
    office.run();
    let handle = line(&office.newest_run(), 100)["handle"].as_str().expect("a handle").to_owned();
    assert_eq!(office.recount(&["accept", &handle, "--to", "0"]).code, 0);
    let ended = office.run_json()["run"].to_string();
    assert_eq!(office.billed(100), "0");
    assert_eq!(office.run().code, 0);
    let (code, drawn) = office.undo(&ended);
    assert_eq!((code, apply(&office, &drawn), office.billed(100)), (0, 0, "3".to_owned()), "{drawn:#}");
    office.run();
    let night = office.newest_run();
    assert_eq!(verdict(&line(&night, 100)), ("held", "line-left-behind"), "{night:#}");
}

/// A customer would pay for 3 of a product that nobody counts, and the unit price of another.
#[test]
fn an_undo_writes_no_line_that_is_of_another_product_by_now() {
    let (office, number) = raised();
    let another = |office: &Office| {
        office.edit(|world| {
            let mut item = world.catalog[0].clone();
            (item.id, item.identifier) = (501, "ARCHIVE".to_owned());
            world.catalog.push(item);
            world.addition_mut(100).expect("Acme's line").product = "ARCHIVE".to_owned();
        });
    };
    let (_, right) = office.undo(&number);
    another(&office);
    assert_eq!((apply(&office, &right), office.billed(100)), (10, "5".to_owned()), "between plan and write");
    let (_, drawn) = office.undo(&number);
    let told = drawn["lines"][0].clone();
    assert_eq!(verdict(&told), ("skipped", "undo-moved"), "{drawn:#}");
    assert!(told["detail"].as_str().unwrap().contains("is of another product than FILTER"), "{told:#}");
    apply(&office, &drawn);
    assert_eq!(office.billed(100), "5");
}

/// A script took "nothing to set back" for a mistyped command, and "everything is back already" for success.
#[test]
fn what_has_nothing_to_set_back_ends_well_whatever_the_reason() {
    let (office, raised) = raised();
    let quiet = office.run_json()["run"].to_string();
    let said = office.recount(&["undo", &quiet]);
    assert!(said.code == 0 && said.out.contains("wrote nothing, so there is nothing to set back"), "{said:?}");
    assert_eq!(office.undo(&quiet), (0, Value::Null));
    // A program reads the reason as well.
    let said: Value = serde_json::from_str(&office.recount(&["undo", &quiet, "--json"]).out).expect("a document");
    assert!(said["message"].as_str().is_some_and(|why| why.contains("nothing to set back")), "{said}");
    let (_, drawn) = office.undo(&raised);
    assert_eq!((apply(&office, &drawn), office.billed(100)), (0, "3".to_owned()));
    assert_eq!(office.undo(&raised).0, 0, "it is back already");
    assert_eq!(office.recount(&["undo", "999"]).code, 2, "there is no such run");
}

/// Another company would be billed what this one used.
#[test]
fn an_undo_writes_on_no_agreement_of_another_company() {
    let (office, number) = raised();
    office.edit(|world| world.agreements[0].company = 4);
    let (code, drawn) = office.undo(&number);
    let told = drawn["lines"][0].clone();
    assert_eq!((code, verdict(&told)), (3, ("held", "agreement-other-company")), "{drawn:#}");
    apply(&office, &drawn);
    assert_eq!(office.billed(100), "5");
}

/// The other integration would set it again the same night, and the customer would be billed by turns.
#[test]
fn an_undo_leaves_a_line_that_another_integration_owns_by_now() {
    let (office, number) = raised();
    office.configure("\"CloudFilter\" = { product = \"FILTER\" }", "\"CloudFilter\" = { not_assigned = true }");
    office.configure(
        "[integration.mail.guards]",
        "[integration.other]\nconnectwise = \"main\"\nmode = \"observe\"\ncustomers = \"other.csv\"\n\
         default_agreement = { type = \"Email\" }\n\
         [integration.other.export]\npath = \"other.csv\"\n\
         columns = { customer = \"Account\", service = \"Product\", count = \"Quantity\" }\n\
         [integration.other.services]\n\"X\" = { product = \"FILTER\" }\n[integration.mail.guards]",
    );
    office.write("other.csv", "customer,company_id,agreement_id,note\nZeta,1,10,\n");
    let (code, drawn) = office.undo(&number);
    assert_eq!((code, verdict(&line(&drawn, 100))), (3, ("held", "line-owned-twice")), "{drawn:#}");
    apply(&office, &drawn);
    assert_eq!(office.billed(100), "5");
}

/// Of two lines nobody knows which one bills the customer.
#[test]
fn an_undo_leaves_a_line_beside_a_second_one() {
    let (office, number) = raised();
    office.edit(|world| {
        let mut second = world.addition(100).expect("Acme's line").clone();
        second.id = 101;
        world.additions.push(second);
    });
    let (code, drawn) = office.undo(&number);
    assert_eq!((code, verdict(&line(&drawn, 100))), (3, ("held", "line-ambiguous")), "{drawn:#}");
    apply(&office, &drawn);
    assert_eq!(office.billed(100), "5");
}

/// Somebody is making the invoices of these days from what ConnectWise holds.
#[test]
fn an_undo_waits_for_the_invoice_as_a_night_does() {
    let (office, number) = raised();
    office.configure("create_lines      = true", "create_lines = true\nfreeze = \"3d\"");
    office.edit(|world| world.agreements[0].next_invoice = Some(world.today));
    let (code, drawn) = office.undo(&number);
    assert_eq!((code, verdict(&line(&drawn, 100))), (0, ("skipped", "frozen")), "{drawn:#}");
    apply(&office, &drawn);
    assert_eq!(office.billed(100), "5");
    office.edit(|world| world.agreements[0].next_invoice = world.today.checked_add_days(chrono::Days::new(30)));
    let (_, drawn) = office.undo(&number);
    assert_eq!((apply(&office, &drawn), office.billed(100)), (0, "3".to_owned()));
}

/// Two wrong nights, set back one after the other: the first would stay billed.
#[test]
fn an_older_night_is_set_back_after_the_later_one() {
    let (office, first) = raised();
    office.export(&[("Acme", 8), ("Borealis", 12), ("Cedar", 40)]);
    let second = office.run_json()["run"].to_string();
    for (run, billed) in [(&second, "5"), (&first, "3")] {
        let (_, drawn) = office.undo(run);
        assert_eq!((apply(&office, &drawn), office.billed(100)), (0, billed.to_owned()), "{drawn:#}");
    }
}

/// A command that says HANDLE keeps nothing, and the next night would bill the wrong count again.
#[test]
fn the_commands_that_an_undo_prints_do_what_they_say() {
    let (office, number) = raised();
    assert_eq!(office.run().code, 0, "a quiet night since");
    let (_, drawn) = office.undo(&number);
    let typed = drawn["findings"][0]["commands"][0].as_str().expect("a command").to_owned();
    assert_eq!(apply(&office, &drawn), 0);
    let words: Vec<&str> = typed.split(' ').skip(1).collect();
    let kept = office.recount(&words);
    assert_eq!(kept.code, 0, "{typed}: {kept:?}");
    assert!(kept.out.contains("3 → 5"), "what is billed since the undo, and what it would come to: {kept:?}");
    office.run();
    assert_eq!(office.billed(100), "3");
}

/// The second of two wrong nights could not be set back: its undo came to the same writes as the first one's, and
/// `apply` asked which of the two was meant.
#[test]
fn the_undo_of_a_second_night_like_the_first_is_carried_out() {
    let (office, first) = raised();
    let mut wrong = first;
    for _ in 0..2 {
        let (code, drawn) = office.undo(&wrong);
        assert_eq!((code, apply(&office, &drawn)), (0, 0), "{drawn:#}");
        assert_eq!(office.billed(100), "3");
        wrong = office.run_json()["run"].to_string();
        assert_eq!(office.billed(100), "5", "the vendor's count is wrong again");
    }
}
