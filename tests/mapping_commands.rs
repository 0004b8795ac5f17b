//! Mapping by command, and many integrations in one configuration, through the program itself.

use std::fs;

use recount_sim::{Addition, Agreement};

use crate::support::{Night, wait_until};

const UNMAPPED: &str = "Account,Product,Quantity\nAcme,CloudFilter,3\nBorealis,CloudFilter,5\nCedar,CloudFilter,2\n";

/// The operator's own file: what a command leaves of it is what was asked for, and everything else byte for byte.
#[test]
fn a_row_is_added_and_nothing_else_is_touched() {
    let night = Night::new();
    let before = "\u{feff}# ours, \"quoted\r\ncustomer,company_id,agreement_id,note\r\n\"Acme\",1 ,,\"a, b\"\r\n\r\nBorealis,2\r\n";
    night.write("customers.csv", before);
    night.export(UNMAPPED);
    let added = night.recount(&["map", "add", "Cedar", "2", "--note", "a branch, of \"Borealis\""]).exits(0);
    assert!(added.out.contains("that company is \"Borealis\", too"), "{}", added.out);
    let after = fs::read_to_string(night.path("customers.csv")).expect("the file");
    assert_eq!(after, format!("{before}Cedar,2,,\"a branch, of \"\"Borealis\"\"\"\r\n"));
    night.recount(&["map", "ignore", "Acme", "--replace"]).exits(0);
    let after = fs::read_to_string(night.path("customers.csv")).expect("the file");
    assert!(after.contains("\r\n\"Acme\",,,\"a, b\"\r\n\r\nBorealis,2\r\n"), "{after:?}");
    assert!(night.sim().writes().is_empty());
}

/// A handle from the morning's report is what people have at hand.
#[test]
fn a_handle_of_a_report_maps_its_customer() {
    let night = Night::new();
    night.export(UNMAPPED);
    let plan = night.recount(&["plan", "--json"]).exits(3).first_run();
    let finding = plan["findings"][0].clone();
    assert_eq!(finding["customer"], "Cedar");
    // A line's handle means its customer as well.
    let line = plan["lines"].as_array().expect("lines").iter().find(|line| line["customers"][0] == "Cedar");
    let line = line.expect("a line")["handle"].as_str().expect("a handle").to_owned();
    night.recount(&["map", "add", &line, "2"]).exits(0);
    let handle = finding["handle"].as_str().expect("a handle");
    night.recount(&["map", "add", handle, "2"]).exits(2);
    assert_eq!(night.recount(&["plan", "--json"]).first_run()["findings"].as_array().map(Vec::len), Some(0));
}

/// A damaged file, or one that cannot be written, stays as it is.
#[test]
fn a_damaged_file_is_not_edited() {
    let night = Night::new();
    night.export(UNMAPPED);
    let damaged = "customer,company_id\nAcme,1\n\"Borealis,2\n";
    night.write("customers.csv", damaged);
    for args in [&["map", "add", "Cedar", "2"][..], &["map", "add", "Cedar", "2", "--integration", "mail"]] {
        let said = night.recount(args).exits(16);
        assert!(said.err.contains("customers.csv:3"), "{}", said.err);
    }
    assert_eq!(fs::read_to_string(night.path("customers.csv")).expect("the file"), damaged);
    assert!(night.sim().requests().is_empty());
}

/// What a script reads.
#[test]
fn lists_and_suggestions_are_documents_as_well() {
    let night = Night::new();
    night.export("Account,Product,Quantity\nAcme,CloudFilter,3\nBorealis Ltd,CloudFilter,5\nAcme,Cloud Filter,1\n");
    let list = night.recount(&["map", "list", "--json"]).exits(0).json();
    let customers = list["integrations"][0]["customers"].as_array().cloned().expect("customers");
    let states: Vec<_> = customers.iter().map(|one| (one["customer"].as_str(), one["state"].as_str())).collect();
    assert_eq!(
        states,
        [(Some("Borealis Ltd"), Some("unmapped")), (Some("Acme"), Some("mapped")), (Some("Borealis"), Some("mapped")),]
    );
    let suggestion = night.recount(&["map", "suggest", "--json"]).exits(3).json();
    let guess = &suggestion["integrations"][0]["unmapped"][0]["candidates"][0];
    assert_eq!((&guess["id"], &guess["reason"]), (&2.into(), &"without-legal-form".into()));
    assert_eq!(guess["mapped"][0], "Borealis");
    let services = night.recount(&["map", "suggest", "--services", "--json"]).exits(3).json();
    let take = &services["integrations"][0]["unmapped"][0]["candidates"][0]["take"];
    assert_eq!(take, "\"Cloud Filter\" = { product = \"MP-CLOUDFILTER\" }");
    let test = night.recount(&["map", "test", "exports/mail-2.csv", "--json"]).exits(3).json();
    assert_eq!(
        (&test["customers"][0]["state"], &test["services"][0]["state"]),
        (&"unmapped".into(), &"unmapped".into())
    );
    // ConnectWise is away: the list says what the files say, and that it is not all.
    night.fault(r#"[{"when": {"method": "GET", "path": "*"}, "then": {"status": 503}}]"#);
    let said = night.recount(&["map", "list"]).exits(12);
    assert!(said.out.contains("could not be asked") && said.out.contains("company 1"), "{}", said.out);
}

/// One vendor's missing file hid the lists of all the others.
#[test]
fn an_integration_that_cannot_be_listed_hides_no_other() {
    let night = Night::new();
    let toml = fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    let (before, mail) = toml.split_once("[integration.mail]").expect("the integration");
    let other = mail.replace("integration.mail", "integration.backup").replace("customers.csv", "none.csv");
    night.write("recount.toml", format!("{before}[integration.backup]{other}\n[integration.mail]{mail}"));
    night.export(UNMAPPED);
    for words in [&["map", "list"][..], &["map", "list", "--offline"], &["map", "suggest"]] {
        let said = night.recount(words).exits(16);
        assert!(said.out.contains("mail  ") && said.out.contains("Cedar"), "{}", said.out);
        assert!(said.err.contains("none.csv"), "{}", said.err);
        let document = night.recount(&[words, &["--json"]].concat()).exits(16).json();
        assert_eq!(document["integrations"][0]["integration"], "mail", "{document}");
        assert_eq!(document["unlisted"][0]["integration"], "backup", "{document}");
        assert!(document["unlisted"][0]["message"].as_str().is_some_and(|why| why.contains("none.csv")), "{document}");
    }
    // Named, it is the command's own fault, and no row is written while one cannot be read.
    let alone = night.recount(&["map", "list", "backup", "--json"]).exits(16).json();
    assert!(alone["error"]["message"].as_str().is_some_and(|why| why.contains("none.csv")), "{alone}");
    night.recount(&["map", "suggest", "--accept-exact", "--yes"]).exits(16);
}

/// Three vendors, two ConnectWise sites: each bills in its own, one after another, and one failing stops no other.
#[test]
fn three_integrations_bill_on_two_sites() {
    let (night, second) = (Night::new(), Night::new());
    let toml = fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    let (connectwise, mail) = toml.split_once("[integration.mail]").expect("the integration");
    let site = connectwise.split_once("[connectwise.main]").expect("the site").1;
    // One login company would be one ConnectWise, however its host is spelt.
    second.sim().edit(|world| world.company = "other".to_owned());
    let site = site.replace(&night.sim().url(), &second.sim().url()).replace(&night.sim().world().company, "other");
    let other = |name: &str, from: &str| {
        mail.replace("integration.mail", &format!("integration.{name}")).replace("mail-*", from)
    };
    let backup = other("backup", "backup-*").replace("\"main\"", "\"other\"");
    let edr = other("edr", "mail-*").replace("\"main\"", "\"other\"").replace("\"apply\"", "\"observe\"");
    let edr = edr.replace("MP-CLOUDFILTER", "MP-EDR");
    night.write(
        "recount.toml",
        format!("{connectwise}[connectwise.other]{site}\n[integration.mail]{mail}\n[integration.backup]{backup}\n[integration.edr]{edr}"),
    );
    night.write("exports/backup-1.csv", "Account,Product,Quantity\nAcme,CloudFilter,4\nBorealis,CloudFilter,5\n");
    night.export("Account,Product,Quantity\nAcme,CloudFilter,5\nBorealis,CloudFilter,5\n");
    let run = |arguments: &[&str]| night.recount(arguments).json()["runs"].as_array().cloned().unwrap_or_default();
    let plans = run(&["plan", "--json", "backup", "mail"]);
    for plan in &plans {
        night.recount(&["apply", &plan["plan"].as_str().expect("a plan")[..12]]).exits(0);
    }
    assert_eq!(quantity(&night), "5");
    assert_eq!(quantity(&second), "4");
    // The same product on the same agreement id, and yet not the same line: it is another ConnectWise.
    assert!(plans.iter().all(|plan| plan["totals"]["to_decide"] == 0), "{plans:#?}");
    night.export("Account,Product,Quantity\nAcme,CloudFilter,6\nBorealis,CloudFilter,5\n");
    fs::remove_file(night.path("exports/backup-1.csv")).expect("removed");
    second.sim().clear_requests();
    let runs = run(&["run", "--json"]);
    let verdicts: Vec<_> = runs.iter().map(|run| (run["integration"].as_str(), run["verdict"].as_str())).collect();
    assert_eq!(verdicts[0], (Some("backup"), Some("refused")));
    assert_eq!((verdicts[1].0, verdicts[2]), (Some("edr"), (Some("mail"), Some("ok"))));
    assert_eq!(quantity(&night), "6");
    assert!(second.sim().writes().is_empty(), "one has no export, and the other observes");
}

fn quantity(night: &Night) -> String {
    let billed = night.billed();
    billed.iter().find(|(agreement, ..)| *agreement == 10).expect("a line").2.to_string()
}

/// Customers that match by name stand in no file: the line belongs to who billed it last.
#[test]
fn a_line_that_another_integration_finds_by_name_is_held_as_well() {
    let night = Night::new();
    let toml = fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    let (_, mail) = toml.split_once("[integration.mail]").expect("the integration");
    night.write("empty.csv", "customer,company_id\n");
    let other = mail
        .replace("integration.mail", "integration.twin")
        .replace("\"mapped\"", "\"exact-name\"")
        .replace("\"customers.csv\"", "\"empty.csv\"");
    night.write("recount.toml", format!("{toml}\n[integration.twin]{other}"));
    let codes = |said: &crate::support::Said| {
        let runs = said.json()["runs"].as_array().cloned().unwrap_or_default();
        let lines = runs.iter().flat_map(|run| run["lines"].as_array().cloned().unwrap_or_default());
        lines.map(|line| line["reason"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    // The twin sees what the file of the other says. The other learns of the twin from its last accepted run.
    let first = codes(&night.recount(&["plan", "--json", "twin"]));
    assert!(first.iter().all(|code| code == "line-owned-twice") && !first.is_empty(), "{first:?}");
    night.recount(&["apply", &night.plan()]);
    let second = codes(&night.recount(&["plan", "--json", "mail"]));
    assert!(second.iter().all(|code| code == "line-owned-twice") && !second.is_empty(), "{second:?}");
    night.recount(&["check"]).exits(16);
}

/// Five hundred customers whose names are right are one look and one command, and nobody else is guessed.
#[test]
fn exact_names_are_mapped_by_one_command_and_others_are_left() {
    let night = Night::new();
    night.sim().edit(|world| {
        for (id, name) in [(31, "Cedar Veterinary"), (32, "Dune Labs Inc")] {
            let company = format!(r#"{{"id": {id}, "name": "{name}"}}"#);
            world.companies.push(serde_json::from_str(&company).expect("a company"));
        }
    });
    night.export("Account,Product,Quantity\nAcme,CloudFilter,3\nBorealis,CloudFilter,5\nCedar Veterinary,CloudFilter,2\nDune Labs,CloudFilter,1\n");
    let before = fs::read_to_string(night.path("customers.csv")).expect("the file");
    let refused = night.recount(&["map", "suggest", "--accept-exact"]).exits(2);
    assert!(refused.err.contains("Cedar Veterinary is company 31") && refused.err.contains("--yes"), "{}", refused.err);
    assert_eq!(fs::read_to_string(night.path("customers.csv")).expect("the file"), before);
    night.recount(&["map", "suggest", "--accept-exact", "--yes"]).exits(3);
    let after = fs::read_to_string(night.path("customers.csv")).expect("the file");
    assert!(after.contains("Cedar Veterinary,31") && !after.contains("Dune Labs"), "{after}");
}

/// Otherwise the export's "Cedar  Ltd", letter for letter company 31, is billed to company 32.
#[test]
fn a_name_that_two_companies_bear_but_for_a_blank_bills_neither() {
    let night = Night::new();
    let toml = fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    night.write("recount.toml", toml.replace("\"mapped\"", "\"exact-name\""));
    night.approve();
    night.sim().edit(|world| {
        for (id, name) in [(31, "Cedar  Ltd"), (32, "Cedar Ltd")] {
            let company = format!(r#"{{"id": {id}, "name": "{name}"}}"#);
            world.companies.push(serde_json::from_str(&company).expect("a company"));
            let agreement = Agreement { id: id * 10, company: id, ..world.agreements[0].clone() };
            world.agreements.push(agreement);
            world.additions.push(Addition::new(id * 100, id * 10, "MP-CLOUDFILTER", 3.into()));
        }
    });
    night.export("Account,Product,Quantity\nAcme,CloudFilter,3\nBorealis,CloudFilter,5\nCedar  Ltd,CloudFilter,5\n");
    let units = |id| night.sim().world().addition(id).expect("a line").quantity;
    let said = night.run().exits(3);
    assert!(said.codes().contains(&"company-ambiguous".to_owned()) && said.out.contains("31, 32"), "{}", said.out);
    assert_eq!((units(3100), units(3200)), (3.into(), 3.into()));
    night.recount(&["map", "suggest", "--accept-exact", "--yes"]).exits(3);
    night.sim().edit(|world| world.companies.retain(|company| company.id != 32));
    // What company 32 was billed is asked about: nobody counts it.
    night.run().exits(3);
    assert_eq!((units(3100), units(3200)), (5.into(), 3.into()), "the one company of that name");
}

/// Otherwise ids and identifiers would have to be looked up in ConnectWise by hand.
#[test]
fn agreements_and_products_can_be_picked() {
    let night = Night::new();
    let said = night.recount(&["map", "agreements", "Acme"]).exits(0);
    assert!(said.out.contains("✓     10"), "{}", said.out);
    assert_eq!(night.recount(&["map", "agreements", "1"]).exits(0).out, said.out);
    night.recount(&["map", "agreements", "Nobody"]).exits(2);
    let unknown = night.recount(&["map", "agreements", "999"]).exits(2);
    assert!(unknown.err.contains("company 999 does not exist in ConnectWise"), "{}", unknown.err);
    let said = night.recount(&["map", "products", "cloudfilter"]).exits(0);
    assert!(said.out.contains("MP-CLOUDFILTER"), "{}", said.out);
    assert!(night.recount(&["map", "products", "zzz"]).exits(0).out.contains("0 products"));
}

/// On an evening in New York an agreement that ended that day was said to bill no more, and could not be chosen.
#[test]
fn an_agreement_bills_by_the_days_of_the_integrations_zone() {
    use chrono::{TimeDelta, Timelike as _};
    let night = Night::new();
    // Somewhere it is another day than in UTC, at any hour.
    let (zone, days) = if crate::support::now().hour() < 11 { ("Etc/GMT+12", -1) } else { ("Etc/GMT-14", 1) };
    let text = fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    night
        .write("recount.toml", text.replace("create_lines = true", &format!("create_lines = true\nzone = \"{zone}\"")));
    let there = crate::support::today() + TimeDelta::days(days);
    night.sim().edit(|world| {
        let agreement = world.agreements.iter_mut().find(|one| one.id == 10).expect("the agreement");
        (agreement.start, agreement.end) = (there, Some(there));
        agreement.status = Some("Active".to_owned());
    });
    let said = night.recount(&["map", "agreements", "Acme", "--json"]).exits(0).json();
    assert_eq!(said["agreements"][0]["bills_today"], true, "{said}");
    night.recount(&["map", "add", "Acme", "1", "--agreement", "10", "--replace"]).exits(0);
}

/// A vendor with 500 customers is on the bill the same morning: one look, one command, one plan.
#[test]
fn five_hundred_customers_come_to_a_plan_in_three_commands() {
    const CUSTOMERS: i64 = 500;
    let night = Night::new();
    let mut export = "Account,Product,Quantity\n".to_owned();
    night.sim().edit(|world| {
        for at in 1000..1000 + CUSTOMERS {
            let company = format!(r#"{{"id": {at}, "name": "Customer {at}"}}"#);
            world.companies.push(serde_json::from_str(&company).expect("a company"));
            let agreement = format!(r#"{{"id": {at}, "company": {at}, "type": "Email Security"}}"#);
            world.agreements.push(serde_json::from_str(&agreement).expect("an agreement"));
            export += &format!("Customer {at},CloudFilter,4\n");
        }
    });
    night.export(export + "Acme,CloudFilter,3\nBorealis,CloudFilter,5\n");
    let config = fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    night.write("recount.toml", config.replace("settle = \"0s\"", "settle = \"0s\"\nrequests_per_minute = 100000"));
    night.recount(&["map", "suggest"]).exits(3);
    night.recount(&["map", "suggest", "--accept-exact", "--yes"]).exits(0);
    let plan = night.recount(&["plan", "--json"]).first_run();
    let created = plan["lines"].as_array().into_iter().flatten().filter(|line| line["outcome"] == "would-create");
    assert_eq!(created.count(), 500, "{}", plan["totals"]);
    let unmapped = plan["findings"].as_array().into_iter().flatten().filter(|one| one["code"] == "customer-unmapped");
    assert_eq!(unmapped.count(), 0, "{}", plan["findings"]);
}

/// `integrations list` is what people type first, and it changes nothing.
#[test]
fn integrations_are_listed_by_that_word_as_well() {
    let night = Night::new();
    let bare = night.recount(&["integrations"]).exits(0);
    assert_eq!(night.recount(&["integrations", "list"]).exits(0).out, bare.out);
}

/// A wrong file named to `restore` is that file's fault: nobody is told to move the history away.
#[test]
fn what_is_no_copy_is_not_restored_and_blames_no_history() {
    let night = Night::busy();
    night.run().exits(0);
    night.write("nothing", "");
    for file in ["recount.toml", "nothing", "state"] {
        let said = night.recount(&["restore", file]).exits(14);
        assert!(
            said.err.contains(&format!("{file} is no sound copy")) && !said.err.contains("history.db"),
            "{}",
            said.err
        );
        assert!(said.err.contains("`recount backup` wrote"), "{}", said.err);
    }
    night.recount(&["verify"]).exits(0);
}

/// The power went while a line was created, and the integration was switched off: the line may bill, and nobody looks.
#[test]
fn a_creation_in_doubt_of_an_integration_that_is_off_stands_in_the_status() {
    let night = Night::busy();
    let unwatched = || {
        night.recount(&["integrations", "disable", "mail"]).exits(0);
        let status = night.recount(&["status", "--json"]).json();
        let lines = status["unwatched"].as_array().cloned().unwrap_or_default();
        lines.iter().filter_map(|one| one["lines"].as_u64()).sum::<u64>()
    };
    let before = unwatched();
    night.recount(&["integrations", "enable", "mail", "--mode", "apply"]).exits(0);
    night.fault(
        r#"[{"when": {"method": "POST", "path": "/additions"}, "then": {"connection": "hold", "applied": true}}]"#,
    );
    let run = night.start(&["run", "-vv"]);
    wait_until("the creation", || !night.sent("POST").is_empty());
    night.heard(run.kill());
    assert_eq!(unwatched(), before + 1);
    night.recount(&["status"]).exits(3);
}

/// "--replace changes its row" left the rest to be put together: with the note, the agreement and the quotes.
#[test]
fn a_customer_who_has_a_row_is_refused_with_the_whole_command() {
    let night = Night::new();
    let refused = [
        (
            vec!["map", "ignore", "Acme", "--note", "left in May"],
            "recount map ignore Acme --note 'left in May' --replace",
        ),
        (vec!["map", "add", "Acme", "2", "--agreement", "20"], "recount map add Acme 2 --agreement 20 --replace"),
    ];
    for (typed, command) in refused {
        let said = night.recount(&typed).exits(2);
        assert!(said.err.contains(command), "{}", said.err);
    }
    night.recount(&["map", "ignore", "Acme", "--note", "left in May", "--replace"]).exits(0);
}
