//! Five mornings as everybody is told of them: terminal, mail, ticket, Teams and Slack, word for word. Whoever sends the
//! invoices can read these files, and a change of one is a change of somebody's morning.

mod everything_told;
mod forms;
mod records;
mod week;

use std::fmt::Write as _;

use recount_sim::{Addition, Agreement, Company};

use self::everything_told::Morning;
use crate::support::{BUSY, Night, QUIET, Said, wait_until};

/// Nothing has changed since last night.
#[test]
fn a_quiet_morning() {
    let morning = Morning::of(Night::new());
    morning.night.approve();
    morning.forget();
    let run = morning.night.recount(&["run"]).exits(0);
    assert!(lines_logged(&run) < 10, "{run:?}");
    morning.is("quiet", &run);
}

/// Lines written, one customer new, one item settled, the others as the night before.
#[test]
fn an_ordinary_morning() {
    let morning = Morning::of(Night::demo());
    morning.night.recount(&["plan"]).exits(3);
    morning.night.recount(&["apply", &morning.night.plan()]).exits(3);
    morning.night.recount(&["map", "ignore", "Birchwood Dental", "--note", "leaves in May"]).exits(0);
    let yesterday = std::fs::read_to_string(morning.night.path("exports/mail-1.csv")).expect("the export");
    let today = yesterday.replace("Acme Dental,CloudFilter,45", "Acme Dental,CloudFilter,47");
    assert_ne!(yesterday, today, "a change to tell of");
    morning.night.export(today + "Nightingale Care,CloudFilter,6\n");
    morning.forget();
    let run = morning.night.recount(&["run"]).exits(3);
    morning.is("ordinary", &run);
}

/// The first plan of an integration waits for its approval.
#[test]
fn a_held_morning() {
    let morning = Morning::of(Night::new());
    morning.night.export(BUSY);
    let run = morning.night.recount(&["run"]).exits(10);
    morning.is("held", &run);
}

/// What stopped the night before was told as new, and nobody was told that it is over.
#[test]
fn a_morning_after_a_refused_one() {
    let morning = Morning::of(Night::new());
    let night = &morning.night;
    night.approve();
    night.export("Account,Product,Quantity\nAcme,CloudFilter,3\n");
    night.recount(&["run"]).exits(11);
    night.export(QUIET);
    morning.forget();
    let run = night.recount(&["run"]).exits(0);
    let told = morning.everything("after_refused", &run);
    assert!(told.contains("Settled: 1 item: the export (this run went through)"), "{told}");
}

/// A person approved what was held, and mail and ticket said that it was "no longer found".
#[test]
fn a_held_plan_that_is_approved_is_told_as_that() {
    let morning = Morning::of(Night::new());
    let night = &morning.night;
    night.export(BUSY);
    night.recount(&["run"]).exits(10);
    morning.forget();
    let run = night.recount(&["apply", &night.plan()]).exits(0);
    let told = morning.everything("approved", &run);
    assert!(told.contains("Settled: 1 item: the whole plan (approved)"), "{told}");
    assert!(told.contains("Settled: approved. Seen by run"), "{told}");
}

/// What the service's journal has of a night: somebody looks through it for what is wrong.
fn lines_logged(run: &Said) -> usize {
    run.out.lines().count() + run.err.lines().count()
}

/// A file that was cut: of 3000 lines not one is an item of its own.
#[test]
fn a_refused_morning() {
    let morning = Morning::of(large());
    morning.night.approve();
    let (whole, cut) = (exported(AGREEMENTS), exported(AGREEMENTS / 3));
    morning.night.export(whole);
    morning.night.recount(&["run"]).exits(0);
    morning.night.export(cut);
    morning.forget();
    let run = morning.night.recount(&["run"]).exits(11);
    let held = morning.night.recount(&["held", "--json"]).json();
    assert_eq!(held["waiting"].as_array().map(Vec::len), Some(1), "one item, not one for each line: {held:#}");
    assert_eq!(morning.open_tickets(), 1, "one ticket");
    assert!(lines_logged(&run) < 30, "{run:?}");
    morning.is("refused", &run);
}

/// The power is lost while a creation is under way; this is the next night.
#[test]
fn a_morning_after_a_crash() {
    let morning = Morning::of(Night::busy());
    morning.night.fault(r#"[{"when": {"method": "POST"}, "then": {"connection": "hold", "applied": true}}]"#);
    let cut_off = morning.night.start(&["run"]);
    wait_until("the creation", || morning.night.sent("POST").iter().any(|post| post.applied > 0));
    morning.night.heard(cut_off.kill());
    morning.night.no_faults();
    morning.forget();
    let run = morning.night.recount(&["run"]).exits(0);
    morning.is("crashed", &run);
}

const AGREEMENTS: i64 = 300;
/// Of each customer; 3000 lines in all.
const SERVICES: i64 = 10;

/// A vendor with 300 customers and ten services.
fn large() -> Night {
    let night = Night::new();
    let products: Vec<String> = (1..=SERVICES).map(|service| format!("MP-{service}")).collect();
    night.sim().edit(|world| {
        world.additions.clear();
        let product = world.catalog[0].clone();
        for (id, name) in (600_i64..).zip(&products) {
            world.catalog.push(recount_sim::Product { id, identifier: name.clone(), ..product.clone() });
        }
        for at in 1000..1000 + AGREEMENTS {
            let record = |json: String| serde_json::from_str(&json).expect("a record");
            let company: Company =
                serde_json::from_str(&format!(r#"{{"id": {at}, "name": "Customer {at}"}}"#)).expect("a company");
            world.companies.push(company);
            let agreement: Agreement = record(format!(r#"{{"id": {at}, "company": {at}, "type": "Email Security"}}"#));
            world.agreements.push(agreement);
            for (id, product) in (at * SERVICES..).zip(&products) {
                let addition: Addition = serde_json::from_str(&format!(
                    r#"{{"id": {id}, "agreement": {at}, "product": "{product}", "quantity": 4}}"#
                ))
                .expect("an addition");
                world.additions.push(addition);
            }
        }
    });
    let mut customers = "customer,company_id,agreement_id,note\n".to_owned();
    (1000..1000 + AGREEMENTS).for_each(|at| {
        let _ = writeln!(customers, "Customer {at},{at},,");
    });
    night.write("customers.csv", customers);
    let config = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    let services: String =
        products.iter().map(|product| format!("\"Service {product}\" = {{ product = \"{product}\" }}\n")).collect();
    let config = config.replace("[integration.mail.services]\n", &format!("[integration.mail.services]\n{services}"));
    night.write("recount.toml", config.replace("settle = \"0s\"", "settle = \"0s\"\nrequests_per_minute = 100000"));
    night.export(exported(AGREEMENTS));
    night
}

fn exported(customers: i64) -> String {
    let mut export = "Account,Product,Quantity\n".to_owned();
    for at in 1000..1000 + customers {
        for service in 1..=SERVICES {
            let _ = writeln!(export, "Customer {at},Service MP-{service},4");
        }
    }
    export
}
