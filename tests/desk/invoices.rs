//! The page of a month's invoices: what changed line by line, what was left on purpose, and until when an answer counts.

use super::client::{DeskOfNight, handle};
use crate::support::Night;

/// The cells of a table's row that names this, as text.
fn cells(page: &str, name: &str) -> Vec<String> {
    let row = page.split("<tr>").find(|row| row.contains(name)).unwrap_or_else(|| panic!("no {name}: {page}"));
    let cells = row.split("</td>").filter_map(|cell| cell.split_once("<td").map(|(_, cell)| format!("<{cell}")));
    cells.map(|cell| text(&cell)).collect()
}

fn text(part: &str) -> String {
    part.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect()
}

/// Otherwise a line that moved on three nights stands there three times, and whoever signs has to find out what it began and
/// ended the month with.
#[test]
fn each_line_of_the_month_stands_once_with_what_it_billed_first_and_last() {
    let night = Night::busy();
    night.run().exits(0);
    night.export("Account,Product,Quantity\nAcme,CloudFilter,9\nAcme,Archive,2\nBorealis,CloudFilter,6\n");
    night.run().exits(0);
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "viewer");
    for page in
        [dana.get("/invoices").body, std::fs::read_to_string(night.path("state/reports/ready.html")).expect("the page")]
    {
        let changed = page.split(">Changed in ").nth(1).expect("what changed");
        let line = changed.split("<tr>").filter(|row| row.contains(">Acme <") && row.contains("MP-CLOUDFILTER"));
        assert_eq!(line.count(), 1, "{changed}");
        let today = crate::support::today().format("%a %-d %b %Y").to_string();
        assert_eq!(cells(changed, "MP-CLOUDFILTER")[..3], ["3", "9", "+6"], "{changed}");
        assert_eq!(cells(changed, "MP-CLOUDFILTER")[3], format!("{today}the last of 2 changes"), "{changed}");
        assert_eq!(cells(changed, "MP-ARCHIVE")[..3], ["–", "2", "+2"], "{changed}");
        assert_eq!(cells(changed, "MP-ARCHIVE")[3], format!("{today}, created"), "{changed}");
        assert!(changed.contains("+9</td>"), "the lines do not come to the sum: {changed}");
    }
    desk.close();
}

/// Otherwise nobody who signs the invoices knows whom to ask why a line is not billed as it is counted.
#[test]
fn what_was_left_on_purpose_says_by_whom_and_until_when() {
    let night = Night::busy();
    night.run().exits(0);
    night.export("Account,Product,Quantity\nAcme,CloudFilter,7\nAcme,Archive,0\nBorealis,CloudFilter,6\n");
    night.run().exits(3);
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let held = handle(&night, "to-zero");
    let item = format!("/items/{held}");
    let shown = dana.get(&item).field("shown");
    let fields = [("shown", shown.as_str()), ("answer", "keep"), ("until", "2999-12-31"), ("note", "as agreed")];
    assert_eq!(dana.press(&item, &format!("{item}/answer"), &fields).status, 303);
    assert!(!dana.get("/invoices").body.contains("Left as it is, on purpose"), "no night has left it yet");
    night.run().exits(0);
    let page = dana.get("/invoices").body;
    let left = page.split("Left as it is, on purpose").nth(1).expect("what was left");
    let today = crate::support::today().format("%a %-d %b %Y");
    let told = ["kept until Tue 31 Dec 2999as agreed".to_owned(), "2".into(), "0".into(), format!("dana{today}"), held];
    assert_eq!(cells(left, "MP-ARCHIVE"), told, "{left}");
    desk.close();
}

/// Otherwise an answer of the last day comes after the last night, and the invoice goes out without it.
#[test]
fn the_last_night_before_the_invoices_is_named() {
    let night = Night::busy();
    let invoice = crate::support::today() + chrono::TimeDelta::days(45);
    night.sim().edit(|world| world.agreements.iter_mut().for_each(|one| one.next_invoice = Some(invoice)));
    night.run().exits(0);
    let said = |night: &Night| {
        let desk = DeskOfNight::open(night);
        let mut dana = desk.browser();
        if dana.sign_in("dana", super::client::PASSWORD).status != 303 {
            dana = desk.person("dana", "viewer");
        }
        let page = dana.get("/invoices").body;
        desk.close();
        text(page.split("<p class=\"lead\">").nth(1).and_then(|rest| rest.split("</p>").next()).expect("a sentence"))
    };
    let day = |before: i64| (invoice - chrono::TimeDelta::days(before)).format("%a %-d %b %Y").to_string();
    let by_timer = format!("before the invoices of {} begins on {} at the latest.", day(0), day(1));
    assert!(said(&night).contains(&by_timer), "{}", said(&night));
    let config = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    let config = format!("{config}\n[daemon]\nschedule = \"15 1 * * *\"\nzone = \"UTC\"\n");
    night.write("recount.toml", &config);
    let by_daemon = format!("before the invoices of {} is {} 01:15 UTC.", day(0), day(1));
    assert!(said(&night).contains(&by_daemon), "{}", said(&night));
    assert!(said(&night).contains("(2 agreements of mail.)"), "{}", said(&night));
    night.write("recount.toml", config.replacen("[integration.mail]\n", "[integration.mail]\nfreeze = \"3d\"\n", 1));
    assert!(said(&night).contains(&format!("is {} 01:15 UTC.", day(4))), "{}", said(&night));
    let soon = crate::support::today() + chrono::TimeDelta::days(2);
    night.sim().edit(|world| world.agreements.iter_mut().for_each(|one| one.next_invoice = Some(soon)));
    night.run().exits(0);
    assert!(said(&night).contains("No night is left that writes before the invoices"), "{}", said(&night));
    let past = crate::support::today() - chrono::TimeDelta::days(3);
    night.sim().edit(|world| world.agreements.iter_mut().for_each(|one| one.next_invoice = Some(past)));
    night.write("recount.toml", &config);
    night.run().exits(0);
    let not_made = format!("the invoices of {} are not made yet (2 agreements of mail)", day(48));
    assert!(said(&night).contains(&not_made), "{}", said(&night));
}

/// What is ignored was said to be "0 units: counted, but not billed" where 33 were billed, and what two additions bill was taken
/// off the month's sum.
#[test]
fn what_is_ignored_is_told_as_it_is_billed() {
    let ready = |night: &Night| {
        let page = std::fs::read_to_string(night.path("state/reports/ready.html")).expect("the page");
        text(page.split("<main").nth(1).expect("the page"))
    };
    let ignored = |code: &str, before: &dyn Fn(&Night)| {
        let night = Night::busy();
        night.run().exits(0);
        before(&night);
        night.run().exits(3);
        night.recount(&["ignore", &handle(&night, code)]).exits(0);
        night.run().exits(0);
        ready(&night)
    };
    let several = ignored("line-ambiguous", &|night| {
        night.sim().edit(|world| {
            let own = world.additions.iter().find(|one| one.id == 100).expect("a line").clone();
            world.additions.push(recount_sim::Addition { id: 900, quantity: 4.into(), ..own });
        });
    });
    assert!(several.contains("1 ignored, 11 units billed where 7 are counted."), "{several}");
    assert!(several.contains("+4 otherwise") && several.contains(", then 19."), "7 and 4, 2 and 6: {several}");
    let by_hand = ignored("human-edit", &|night| {
        night.sim().edit(|world| {
            world.additions.iter_mut().find(|one| one.id == 100).expect("a line").quantity = 12.into();
        });
    });
    assert!(by_hand.contains("1 ignored, 12 units billed where 7 are counted."), "{by_hand}");
    assert!(!by_hand.contains("counted, but not billed"), "{by_hand}");
    let missing = ignored("customer-missing", &|night| {
        night.config("guards", "min_customers = \"10%\"\nmin_units = \"10%\"\nmin_rows = \"10%\"");
        night.export("Account,Product,Quantity\nAcme,CloudFilter,7\nAcme,Archive,2\n");
    });
    assert!(missing.contains("1 ignored, 6 units billed, and counted by nobody."), "{missing}");
}

/// Otherwise 60 units that nobody bills stand on no page before the invoices.
#[test]
fn services_that_are_billed_nowhere_are_left_on_purpose() {
    let night = Night::busy();
    night.config("services", "\"Trial\" = { not_assigned = true }\n\"Old\" = { deprecated = true }");
    night.export(
        "Account,Product,Quantity\nAcme,CloudFilter,7\nAcme,Archive,2\nAcme,Trial,50\nBorealis,CloudFilter,6\nBorealis,Old,60\n",
    );
    night.run().exits(0);
    let page = std::fs::read_to_string(night.path("state/reports/ready.html")).expect("the page");
    let left = page.split("Left as it is, on purpose").nth(1).unwrap_or_else(|| panic!("{page}"));
    assert_eq!(cells(left, ">Trial<")[0], "not assigned, billed nowhereof 1 customer", "{left}");
    assert_eq!(cells(left, ">Trial<")[2], "50", "{left}");
    assert_eq!(
        (cells(left, ">Old<")[0].as_str(), cells(left, ">Old<")[2].as_str()),
        ("deprecated, billed nowhereof 1 customer", "60")
    );
}

/// What is ignored as "billed, and counted by nobody" stood in a sentence, and the sum beside it held nothing of it: whoever adds
/// the two, or does not, is wrong.
#[test]
fn what_nobody_counts_and_connectwise_bills_is_told_beside_the_sum() {
    let night = Night::new();
    night.config("", "create_lines = true\nsweep = \"nightly\"");
    night.sim().edit(|world| {
        let cedar = recount_sim::Company { id: 3, name: "Cedar".to_owned(), ..world.companies[0].clone() };
        world.companies.push(cedar);
        world.agreements.push(recount_sim::Agreement { id: 30, company: 3, ..world.agreements[0].clone() });
        for (id, product, units) in [(300, "MP-CLOUDFILTER", 4), (301, "MP-ARCHIVE", 7)] {
            world.additions.push(recount_sim::Addition::new(id, 30, product, units.into()));
        }
    });
    night.approve();
    night.run().exits(3);
    let page = || {
        let page = std::fs::read_to_string(night.path("state/reports/ready.html")).expect("the page");
        text(page.split("<main").nth(1).expect("the page"))
    };
    let beside = "Not in it, and billed by ConnectWise as well: 11 units of 2 lines that nobody counts.";
    assert!(page().contains(beside), "{}", page());
    let run = night.run().first_run();
    let lines = run["lines"].as_array().expect("lines");
    let one =
        lines.iter().find(|one| one["addition_id"] == 301).expect("the line")["handle"].as_str().expect("a handle");
    night.recount(&["ignore", one, "--note", "by contract"]).exits(0);
    night.run().exits(3);
    assert!(page().contains("1 ignored, 7 units billed, and counted by nobody."), "{}", page());
    assert!(page().contains(beside), "an answer makes nothing free: {}", page());
}

/// A count that the export does not say stood there as 0 units.
#[test]
fn a_count_that_is_not_known_is_no_zero_before_the_invoices() {
    let night = Night::busy();
    night.config("services", "\"Trial\" = { not_assigned = true }\n\"Old\" = { deprecated = true }");
    let customers = std::fs::read_to_string(night.path("customers.csv")).expect("the customers");
    night.write("customers.csv", customers + "House,,,our own\nLab,,,our own\n");
    let twice = "Acme,Old,5\nAcme,Old,6\nLab,Archive,1\nLab,Archive,2\n";
    night.export(format!(
        "Account,Product,Quantity\nAcme,CloudFilter,7\nAcme,Archive,2\nBorealis,CloudFilter,6\n\
         Borealis,Trial,50\nAcme,Trial,1\nAcme,Trial,2\nHouse,CloudFilter,4\nHouse,Archive,3\n{twice}"
    ));
    night.run();
    let page = std::fs::read_to_string(night.path("state/reports/ready.html")).expect("the page");
    let left = page.split("Left as it is, on purpose").nth(1).unwrap_or_else(|| panic!("{page}"));
    let counted = |name: &str| cells(left, name)[2].clone();
    assert_eq!(counted(">Trial<"), "50+ 1 count not known", "{left}");
    assert_eq!(counted(">Old<"), "–1 count not known", "{left}");
    assert_eq!(counted(">House<"), "7", "what is counted of a customer that is skipped: {left}");
    assert_eq!(counted(">Lab<"), "–1 count not known", "{left}");
}
