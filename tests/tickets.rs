//! Service tickets: each matter that waits for a person has one, whatever goes wrong on the way, and no run changes
//! because of them.

mod faults;

use recount_sim::Wire;
use serde_json::Value;

use crate::support::{Night, Said};

/// Tickets for everything, closed when settled.
const TICKETS: &str = r#"
[integration.mail.tickets]
board = "billing"
company = 250
status = "New"
closing_status = ">Closed"
priority = "Priority 3 - Medium"
type = "Billing"
source = "API"
note_every = "7d"
"#;

/// Cedar has no row in customers.csv.
const UNMAPPED: &str = "Account,Product,Quantity\nAcme,CloudFilter,3\nBorealis,CloudFilter,5\nCedar,CloudFilter,1\n";
const QUIET: &str = "Account,Product,Quantity\nAcme,CloudFilter,3\nBorealis,CloudFilter,5\n";

/// An installation past its first approval that keeps tickets, with these keys changed or added.
fn desk(keys: &[&str]) -> Night {
    let night = Night::new();
    night.approve();
    night.sim().edit(|world| {
        let own = r#"{"id": 250, "name": "Example MSP"}"#;
        world.companies.push(serde_json::from_str(own).expect("a company"));
    });
    // An export that lost a customer is another test's matter.
    for share in ["min_rows", "min_customers", "min_units"] {
        night.config("guards", &format!("{share} = \"0%\""));
    }
    night.config("guards", "max_units_down = \"100%\"");
    let config = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    let mut tickets: Vec<&str> = TICKETS.lines().collect();
    for key in keys {
        let name = |line: &str| line.split('=').next().unwrap_or_default().trim().to_owned();
        tickets.retain(|line| name(line) != name(key));
        tickets.push(key);
    }
    night.write("recount.toml", format!("{config}\n{}\n", tickets.join("\n")));
    night.sim().clear_requests();
    night
}

fn tickets(night: &Night) -> Vec<Wire> {
    night.sim().world().tickets
}

fn notes(night: &Night) -> Vec<String> {
    let text = |note: &Wire| note["text"].as_str().unwrap_or_default().to_owned();
    night.sim().world().notes.iter().map(text).collect()
}

/// The only ticket there is, which is open or closed.
fn only_one(night: &Night, closed: bool) -> Wire {
    let mut tickets = tickets(night);
    assert_eq!(tickets.len(), 1, "{tickets:#?}");
    assert_eq!(tickets[0]["closedFlag"], closed, "{tickets:#?}");
    tickets.remove(0)
}

/// What `recount tickets --json` lists.
fn listed(night: &Night) -> Value {
    night.recount(&["tickets", "--json"]).exits(0).json()
}

fn troubles(night: &Night) -> Vec<String> {
    let last = listed(night)["last"][0]["events"].clone();
    let events = last.as_array().cloned().unwrap_or_default();
    let trouble = |event: &&Value| event["event"] == "trouble";
    events.iter().filter(trouble).filter_map(|event| event["said"].as_str().map(str::to_owned)).collect()
}

fn sent(night: &Night, method: &str) -> usize {
    night.sent(method).iter().filter(|request| request.path().contains("/service/tickets")).count()
}

#[test]
fn a_matter_is_opened_once_left_alone_and_closed_once() {
    let night = desk(&[]);
    night.export(UNMAPPED);
    night.run().exits(3);
    let ticket = only_one(&night, false);
    assert_eq!(ticket["company"]["id"], 250);
    assert_eq!((&ticket["board"]["name"], &ticket["status"]["name"]), (&"Billing".into(), &"New".into()));
    assert_eq!((&ticket["type"]["name"], &ticket["source"]["name"]), (&"Billing".into(), &"API".into()));
    assert_eq!(ticket["priority"]["name"], "Priority 3 - Medium");
    let summary = ticket["summary"].as_str().expect("a summary");
    assert!(summary.starts_with("recount mail: customer-unmapped, Cedar ("), "{summary}");
    assert!(ticket["initialInternalAnalysis"].as_str().is_some_and(|text| text.contains("Cedar")), "{ticket:#?}");
    assert!(ticket.get("initialDescription").is_none(), "the customer's people do not read it");
    assert_eq!(ticket["processNotifications"], false);
    assert_eq!(listed(&night)["tickets"][0]["ticket"], ticket["id"]);

    night.sim().clear_requests();
    night.run().exits(3);
    only_one(&night, false);
    assert_eq!((sent(&night, "POST"), sent(&night, "PATCH")), (0, 0), "nothing is due");

    night.export(QUIET);
    night.run().exits(0);
    only_one(&night, true);
    assert_eq!(notes(&night).len(), 1, "why it was closed");
    night.sim().clear_requests();
    night.run().exits(0);
    assert_eq!(sent(&night, "GET") + sent(&night, "POST") + sent(&night, "PATCH"), 0, "closed once");
    assert_eq!(listed(&night)["tickets"], serde_json::json!([]));
}

#[test]
fn a_matter_that_persists_gets_notes_and_one_that_returns_a_ticket_of_its_own() {
    let night = desk(&["note_every = \"0s\""]);
    night.export(UNMAPPED);
    night.run().exits(3);
    night.run().exits(3);
    only_one(&night, false);
    assert_eq!(notes(&night).len(), 1);
    assert!(notes(&night)[0].starts_with("Still so in run "), "{:?}", notes(&night));
    night.export(QUIET);
    night.run().exits(0);
    let first = only_one(&night, true);
    night.export(UNMAPPED);
    night.run().exits(3);
    let tickets = tickets(&night);
    assert_eq!(tickets.len(), 2);
    assert_ne!(tickets[0]["externalXRef"], tickets[1]["externalXRef"]);
    let text = tickets[1]["initialInternalAnalysis"].as_str().expect("a text");
    assert!(text.contains(&format!("Earlier ticket about it: {}.", first["id"])), "{text}");
}

/// Its ticket went on showing the first reason and a command that is refused by now, for a week.
#[test]
fn an_item_that_is_open_for_another_reason_tells_its_ticket_at_the_next_run() {
    let night = desk(&["note_every = \"never\""]);
    let counts = |acme: u32| {
        night.export(format!("Account,Product,Quantity\nAcme,CloudFilter,{acme}\nBorealis,CloudFilter,5\n"));
    };
    counts(0);
    night.run().exits(3);
    let first = only_one(&night, false);
    assert!(first["initialInternalAnalysis"].as_str().is_some_and(|text| text.contains("--to 0")), "{first:#?}");
    night.run().exits(3);
    assert!(notes(&night).is_empty(), "the same as it was: {:?}", notes(&night));
    counts(90);
    night.run().exits(3);
    assert_eq!(notes(&night).len(), 1, "{:?}", notes(&night));
    counts(95);
    night.run().exits(3);
    night.run().exits(3);
    assert_eq!(notes(&night).len(), 2, "another step, told once: {:?}", notes(&night));
    night.sim().edit(|world| {
        let addition = world.additions.iter_mut().find(|addition| addition.quantity == 3.into()).expect("Acme's line");
        addition.quantity = 6.into();
    });
    night.run().exits(3);
    night.run().exits(3);
    let notes = notes(&night);
    assert_eq!(notes.len(), 3, "{notes:?}");
    for (note, to) in notes.iter().zip(["--to 90", "--to 95", "--to 95"]) {
        assert!(note.contains(to) && !note.contains("--to 0"), "{note}");
    }
    only_one(&night, false);
    let typed = notes[2].lines().next().and_then(|line| line.split_once("What to do: recount ")).expect("a command").1;
    night.recount(&typed.split(' ').collect::<Vec<_>>()).exits(0);
}

/// Billing does not need tickets, nor tickets billing; and a plan tells nobody.
#[test]
fn observing_keeps_tickets_and_a_dry_run_does_not() {
    let night = desk(&[]);
    night.config("", "mode = \"observe\"");
    night.export("Account,Product,Quantity\nAcme,CloudFilter,0\nBorealis,CloudFilter,5\n");
    night.recount(&["plan"]).exits(3);
    night.recount(&["run", "--dry-run"]).exits(3);
    assert_eq!(night.sim().writes().len(), 0);
    night.run().exits(3);
    let ticket = only_one(&night, false);
    assert_eq!(ticket["company"]["id"], 1, "the customer's own company");
    let text = ticket["initialInternalAnalysis"].as_str().expect("a text");
    assert!(text.contains("Billed: 3. Wanted: 0.") && text.contains("recount accept "), "{text}");
    assert_eq!(night.sim().writes().len(), 1, "the ticket, and nothing of billing");
}

#[test]
fn a_refused_export_and_a_failed_run_are_matters_of_their_own() {
    let night = desk(&[]);
    night.export("Account,Product,Quantity\n");
    night.run().exits(11);
    let ticket = only_one(&night, false);
    assert!(ticket["summary"].as_str().is_some_and(|text| text.ends_with(", the export")), "{ticket:#?}");
    assert_eq!(ticket["company"]["id"], 250);
    night.run().exits(11);
    only_one(&night, false);
    night.export(QUIET);
    night.fault(r#"[{"when": {"path": "/procurement/catalog"}, "then": {"status": 403}}]"#);
    night.run().exits(13);
    let open = tickets(&night);
    assert_eq!(open.iter().filter(|ticket| ticket["closedFlag"] == false).count(), 2, "{open:#?}");
    night.no_faults();
    night.run().exits(0);
    assert!(tickets(&night).iter().all(|ticket| ticket["closedFlag"] == true));
    assert_eq!(tickets(&night).len(), 2);
}

#[test]
fn kinds_and_customers_are_selected() {
    for (key, opened) in [
        (r#"kinds = ["held-line"]"#, 0),
        (r#"kinds = ["unmapped-customer"]"#, 1),
        (r#"customers = { only = ["Acme"] }"#, 0),
        (r#"customers = { except = ["Acme"] }"#, 1),
        ("close = false", 1),
    ] {
        let night = desk(&[key]);
        night.export(UNMAPPED);
        night.run().exits(3);
        assert_eq!(tickets(&night).len(), opened, "{key}");
        night.export(QUIET);
        night.run().exits(0);
        let closed = tickets(&night).iter().filter(|ticket| ticket["closedFlag"] == true).count();
        assert_eq!(closed, if key == "close = false" { 0 } else { opened }, "{key}");
    }
}

/// Otherwise one bad export would fill a board.
#[test]
fn a_flood_is_spread_over_nights() {
    let night = desk(&["max_new = 2"]);
    let many: String = (1..=5).map(|n| format!("Unknown {n},CloudFilter,1\n")).collect();
    night.export(format!("{QUIET}{many}"));
    night.run().exits(3);
    assert_eq!(tickets(&night).len(), 2);
    assert!(troubles(&night)[0].starts_with("3 more wait"), "{:?}", troubles(&night));
    night.run();
    night.run();
    assert_eq!(tickets(&night).len(), 5);
    night.sim().clear_requests();
    night.run();
    assert_eq!(sent(&night, "POST"), 0);
}

/// As many items as `max_new` that ConnectWise refuses each night kept every other one from a ticket for ever.
#[test]
fn a_refused_opening_takes_nobodys_place() {
    let night = desk(&["max_new = 2"]);
    let many: String = (1..=5).map(|n| format!("Unknown {n},CloudFilter,1\n")).collect();
    night.export(format!("{QUIET}{many}"));
    let refused = |n: usize| {
        format!(
            r#"{{"when": {{"method": "POST", "path": "/service/tickets", "body": "Unknown {n}"}}, "then": {{"status": 400}}}}"#
        )
    };
    night.fault(&format!("[{}, {}]", refused(1), refused(2)));
    for opened in [0, 2, 3] {
        night.run();
        assert_eq!(tickets(&night).len(), opened, "{:?}", troubles(&night));
    }
    night.no_faults();
    night.run();
    assert_eq!(tickets(&night).len(), 5);
}

/// What the second table of a board opened was tended by the first, which leaves settled tickets open: it stayed open for ever,
/// and `recount tickets` said that none is.
#[test]
fn of_two_tables_of_one_board_the_one_that_took_an_item_closes_its_ticket() {
    let night = desk(&["customers = { except = [\"Cedar\"] }"]);
    let config = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    let first = "[[integration.mail.tickets]]\nboard = \"billing\"\ncompany = 250\nclose = false\n\
                 customers = { only = [\"Cedar\"] }\nkinds = [\"unmapped-customer\"]\n\n\
                 [[integration.mail.tickets]]";
    night.write("recount.toml", config.replace("[integration.mail.tickets]", first));
    night.export(format!("{UNMAPPED}Dune,CloudFilter,1\n"));
    night.run().exits(3);
    assert_eq!(tickets(&night).len(), 2);
    night.export(QUIET);
    night.run().exits(0);
    let mut closed: Vec<bool> = tickets(&night).iter().map(|ticket| ticket["closedFlag"] == true).collect();
    closed.sort_unstable();
    assert_eq!(closed, [false, true], "{:#?}", tickets(&night));
}

/// A person who closes a ticket has seen the matter.
#[test]
fn a_ticket_that_a_person_closed_is_left_alone_until_the_matter_is_settled() {
    closed_by_hand(&desk(&["note_every = \"0s\""]));
    // A week before the next note it is not listed as open either.
    closed_by_hand(&desk(&[]));
}

fn closed_by_hand(night: &Night) {
    night.export(UNMAPPED);
    night.run().exits(3);
    night.sim().edit(|world| {
        world.tickets[0].insert("closedFlag".to_owned(), true.into());
        world.tickets[0].insert("status".to_owned(), serde_json::json!({"id": 13, "name": ">Closed"}));
    });
    night.run().exits(3);
    let open = listed(night)["tickets"].as_array().map(|tickets| tickets.iter().any(|one| one["state"] == "open"));
    assert_eq!(open, Some(false), "{:#}", listed(night));
    night.run().exits(3);
    only_one(night, true);
    assert!(notes(night).is_empty());
    night.export(QUIET);
    night.run().exits(0);
    night.export(UNMAPPED);
    night.run().exits(3);
    assert_eq!(tickets(night).len(), 2, "it came up again");
}

/// It was listed as any open ticket, and nobody ever touched it again.
#[test]
fn a_ticket_that_no_run_tends_any_more_is_listed_as_that() {
    let night = desk(&[]);
    night.export(UNMAPPED);
    night.run().exits(3);
    let config = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    let off = config.replace("mode = \"apply\"", "mode = \"off\"");
    let renamed = config.replace("integration.mail", "integration.post");
    let without = config.split("[integration.mail.tickets]").next().expect("what stands before").to_owned();
    for (config, why) in [(off, "is off"), (renamed, "no integration is called mail"), (without, "keeps no tickets")] {
        night.write("recount.toml", config);
        let told = night.recount(&["tickets"]).exits(0).out;
        assert!(told.contains(why) && told.contains("close it by hand"), "{why}: {told}");
        assert!(listed(&night)["tickets"][0]["untended"].as_str().is_some_and(|said| said.contains(why)));
        let held = night.recount(&["held"]).exits(0).out;
        assert_eq!(held.contains("mail is off: an answer waits"), why == "is off", "{held}");
    }
}

/// Otherwise names in a vendor's export could write our words, or break the request.
#[test]
fn hostile_names_end_in_plain_texts() {
    let night = desk(&[r#"summary = "[customer] [[x]""#]);
    let name = format!("[fix] \u{202e}<b>' or id>0 {}", "🎫".repeat(200));
    night.export(format!("{QUIET}\"{name}\",CloudFilter,1\n"));
    night.run().exits(3);
    let ticket = only_one(&night, false);
    let summary = ticket["summary"].as_str().expect("a summary");
    assert!(summary.starts_with("[fix] \\u{202e}<b>' or id>0 ") && summary.chars().count() <= 100, "{summary}");
    night.run().exits(3);
    only_one(&night, false);
}

#[test]
fn a_test_ticket_says_what_it_is_and_no_run_takes_it_for_its_own() {
    let night = desk(&[]);
    let said: Said = night.recount(&["tickets", "test", "--leave-open"]).exits(0);
    assert!(said.out.contains("sample data"), "{}", said.out);
    let ticket = only_one(&night, false);
    assert!(ticket["summary"].as_str().is_some_and(|text| text.starts_with("TEST ")), "{ticket:#?}");
    assert!(ticket["externalXRef"].as_str().is_some_and(|text| text.starts_with("recount-test-")));
    night.run().exits(0);
    only_one(&night, false);
    assert_eq!(listed(&night)["tickets"], serde_json::json!([]));
}

/// A name that ConnectWise does not know is told by day, and not found out at night.
#[test]
fn check_looks_whether_the_desk_is_there() {
    let night = desk(&[]);
    let said = night.recount(&["check"]);
    assert!(said.out.contains("tickets") && said.out.contains("board billing"), "{}", said.out);
    let good = said.exit;
    for (key, words) in [
        (r#"board = "Nowhere""#, "there is no board \"Nowhere\""),
        (r#"status = "Nowhere""#, "there is no status \"Nowhere\""),
        (r#"priority = "Nowhere""#, "there is no priority \"Nowhere\""),
        (r#"source = "Nowhere""#, "there is no source \"Nowhere\""),
        ("company = 4711", "there is no company 4711"),
    ] {
        let said = desk(&[key]).recount(&["check"]);
        assert_eq!(said.exit, if good == 0 { 16 } else { good.max(16) }, "{key}: {}", said.out);
        assert!(said.out.contains(words), "{key}: {}", said.out);
    }
}

/// A vendor's cut export would otherwise close every ticket of a customer that it left out, or open hundreds.
#[test]
fn a_refused_export_is_one_ticket_and_touches_no_other() {
    let night = desk(&[]);
    night.export(UNMAPPED);
    night.run().exits(3);
    let before = only_one(&night, false);
    for share in ["min_rows", "min_customers", "min_units"] {
        night.config("guards", &format!("{share} = \"80%\""));
    }
    night.export("Account,Product,Quantity\nAcme,CloudFilter,3\n");
    let said = night.run().exits(11);
    let asked = said.first_run()["findings"].as_array().cloned().unwrap_or_default();
    let asked: Vec<_> = asked.iter().filter(|finding| finding["severity"] == "decide").collect();
    assert_eq!(asked.len(), 1, "{asked:#?}");
    assert!(asked[0]["message"].as_str().is_some_and(|text| text.contains("the last good file is")), "{asked:#?}");
    assert!(asked[0]["fix"].as_str().is_some_and(|text| text.contains("recount apply ")), "{asked:#?}");
    let all = tickets(&night);
    assert_eq!(all.len(), 2, "{all:#?}");
    assert!(all.iter().any(|ticket| ticket["id"] == before["id"] && ticket["closedFlag"] == false), "{all:#?}");
    let held = night.recount(&["held", "--json"]).exits(0).json();
    let waiting: Vec<_> = held["waiting"].as_array().into_iter().flatten().map(|one| one["code"].clone()).collect();
    assert!(waiting.len() == 2 && waiting.contains(&"customer-unmapped".into()), "{held:#}");
    night.export(UNMAPPED);
    night.run().exits(3);
    let open: Vec<Wire> = tickets(&night).into_iter().filter(|ticket| ticket["closedFlag"] == false).collect();
    assert!(open.len() == 1 && open[0]["id"] == before["id"], "{open:#?}");
}

/// Boards have rules of their own for what a ticket must say.
#[test]
fn other_fields_of_a_ticket_are_filled_and_cut_at_their_length() {
    let night = desk(&["fields = { siteName = \"[customer]\", poNumber = \"[message] [message] [message]\" }"]);
    night.export(UNMAPPED);
    night.run().exits(3);
    let ticket = only_one(&night, false);
    assert_eq!(ticket["siteName"], "Cedar");
    assert!(ticket["poNumber"].as_str().is_some_and(|text| text.chars().count() <= 50), "{ticket:#?}");
    let refused = desk(&["fields = { sideName = \"[customer]\" }"]).recount(&["check"]).exits(16);
    assert!(refused.err.contains("siteName"), "{}", refused.err);
}

/// Whoever reads the ticket later asks who decided.
#[test]
fn a_closing_note_says_who_settled_it() {
    let night = desk(&[]);
    night.export("Account,Product,Quantity\nAcme,CloudFilter,0\nBorealis,CloudFilter,5\n");
    night.run().exits(3);
    only_one(&night, false);
    let held = night.recount(&["held", "--json"]).exits(0).json();
    let handle = held["waiting"][0]["handle"].as_str().expect("a handle").to_owned();
    night.recount(&["keep", &handle, "--note", "asked Acme"]).exits(0);
    night.run();
    only_one(&night, true);
    assert!(notes(&night).iter().any(|note| note.starts_with("Settled: kept by ")), "{:#?}", notes(&night));
}

/// Its integration was switched off to end the double ownership, and the ticket that asked for that stayed open for ever.
#[test]
fn a_ticket_of_a_line_owned_twice_is_closed_when_its_integration_is_switched_off() {
    let night = desk(&[]);
    let text = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    let (before, own) = text.split_once("[integration.mail]").expect("the integration");
    night.append(&format!("\n[integration.second]{}", own.replace("[integration.mail.", "[integration.second.")));
    night.recount(&["run"]);
    let of_second = |closed: bool| {
        let all = listed(&night);
        let all = all["tickets"].as_array().expect("a list").clone();
        all.iter().filter(|one| one["integration"] == "second" && (one["state"] == "closed") == closed).count()
    };
    assert!(of_second(false) > 0, "{:#}", listed(&night));
    night.recount(&["integrations", "disable", "second"]).exits(0);
    night.recount(&["run"]);
    assert_eq!(of_second(false), 0, "{:#}", listed(&night));
    assert!(notes(&night).iter().any(|note| note.contains("second is switched off")), "{:#?}", notes(&night));
    let opened = sent(&night, "POST");
    night.recount(&["run"]);
    assert_eq!(sent(&night, "POST"), opened, "then nothing more is said ({before:.0})");
}

/// Otherwise a right that is missing would be found out on the night that has something to say.
#[test]
fn a_test_tries_every_right_that_tickets_ask_for() {
    let night = desk(&[]);
    let said = night.recount(&["tickets", "test", "--json"]).exits(0).json();
    assert_eq!(said["tickets"][0]["closed"], true, "{said:#}");
    only_one(&night, true);
    assert_eq!(notes(&night).len(), 1);
    let night = desk(&[]);
    night.fault(r#"[{"when": {"method": "PATCH", "path": "/service/tickets"}, "then": {"status": 403}}]"#);
    let said = night.recount(&["tickets", "test"]).exits(13);
    assert!(said.err.contains("Close Service Tickets") && said.err.contains("close ticket "), "{}", said.err);
    assert!(!said.err.contains("in ConnectWise in ConnectWise"), "{}", said.err);
}

/// A board whose rules ask for a subtype refuses every ticket without one.
#[test]
fn a_subtype_and_an_item_are_those_of_the_type() {
    let night = desk(&[r#"sub_type = "agreement""#, r#"item = "quantity""#]);
    night.export(UNMAPPED);
    night.run().exits(3);
    let ticket = only_one(&night, false);
    assert_eq!((&ticket["subType"]["name"], &ticket["item"]["name"]), (&"Agreement".into(), &"Quantity".into()));
    for (keys, words) in [
        (
            [r#"sub_type = "Server""#, "max_new = 1"],
            "there is no sub_type of this type \"Server\"; there are: Agreement, Invoice",
        ),
        ([r#"sub_type = "Invoice""#, r#"item = "Quantity""#], "there is no item of this sub_type \"Quantity\""),
    ] {
        let said = desk(&keys).recount(&["check"]).exits(16);
        assert!(said.out.replace("\n    ", " ").contains(words), "{}", said.out);
    }
    let said = desk(&[r#"item = "Quantity""#]).recount(&["check"]).exits(16);
    assert!(said.err.contains("`item` is one of a `sub_type`"), "{}", said.err);
}

/// Whoever sends invoices and whoever runs the host look at different boards.
#[test]
fn an_item_goes_to_the_first_table_that_takes_it_and_stays_there() {
    let night = desk(&[]);
    night.sim().edit(|world| {
        let other = r#"{"id": 7, "name": "Operations", "statuses":
            [{"id": 71, "name": "New"}, {"id": 72, "name": "Done", "closed": true}]}"#;
        world.boards.push(serde_json::from_str(other).expect("a board"));
    });
    let config = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    let config =
        config.replace("[integration.mail.tickets]", "[[integration.mail.tickets]]\nkinds = [\"unmapped-customer\"]");
    let second = "[[integration.mail.tickets]]\nboard = \"operations\"\ncompany = 250\nclosing_status = \"Done\"\n";
    night.write("recount.toml", format!("{config}\n{second}"));
    night.export(format!("{UNMAPPED}Acme,Nonsense,1\n"));
    night.run().exits(3);
    let mut boards: Vec<String> = tickets(&night).iter().map(|ticket| ticket["board"]["name"].to_string()).collect();
    boards.sort();
    assert_eq!(boards, [r#""Billing""#, r#""Operations""#]);
    night.run().exits(3);
    assert_eq!(tickets(&night).len(), 2, "whoever has a ticket takes no second one");
    night.export(QUIET);
    night.run().exits(0);
    assert!(tickets(&night).iter().all(|ticket| ticket["closedFlag"] == true), "{:#?}", tickets(&night));
}

/// Whoever got the mail and whoever got the ticket would otherwise talk about two things.
#[test]
fn the_token_mail_is_what_a_mail_says() {
    let night = desk(&[r#"description = "[mail]""#]);
    night.export("Account,Product,Quantity\nAcme,CloudFilter,0\nBorealis,CloudFilter,5\n");
    night.run().exits(3);
    let report = night.recount(&["report"]).out;
    let ticket = only_one(&night, false);
    let text = ticket["initialInternalAnalysis"].as_str().expect("a text");
    assert!(text.contains("3 → 0") && report.contains(text), "{text}\n---\n{report}");
}
