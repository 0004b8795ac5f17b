//! A line whose integration gets another name, is switched off, or hands its service to another one: what is known of the line
//! stays known.

use rust_decimal::Decimal;

use crate::support::{BUSY, Night, Said, today};

/// A second vendor, without a service of its own that anybody uses.
const OTHER: &str = "\n[integration.other]\nconnectwise = \"main\"\nmode = \"apply\"\ncustomers = \"customers.csv\"\n\
     default_agreement = { type = \"Email Security\" }\ncreate_lines = true\n\
     [integration.other.guards]\nmax_units_up = \"1000%\"\nmax_units_down = \"100%\"\nmin_units = \"1%\"\nmin_rows = \"1%\"\n\
     min_customers = \"1%\"\n\
     [integration.other.export]\npath = \"exports/other-*.csv\"\n\
     columns = { customer = \"Account\", service = \"Product\", count = \"Quantity\" }\n\
     [integration.other.services]\n\"Trial\" = { not_assigned = true }\n";

/// The guards of whole runs are not what these are about.
const WIDE: &str = "max_units_up = \"1000%\"\nmax_units_down = \"100%\"\nmin_units = \"1%\"\nmin_rows = \"1%\"";

const ARCHIVE: &str = "\"Archive\" = { product = \"MP-ARCHIVE\" }\n";

fn config(night: &Night, edit: impl Fn(&str) -> String) {
    let text = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    night.write("recount.toml", edit(&text));
}

/// The integration `mail` is called `post` from now on.
fn rename(night: &Night) {
    config(night, |text| text.replace("[integration.mail", "[integration.post"));
}

fn plan_and_apply(night: &Night, integration: &str) -> Said {
    let plan = night.recount(&["plan", integration, "--json"]);
    night.recount(&["apply", plan.first_run()["plan"].as_str().expect("a plan"), "--json"])
}

fn units(night: &Night, product: &str) -> Vec<Decimal> {
    night.billed().into_iter().filter(|(_, of, _)| of == product).map(|(_, _, units)| units).collect()
}

/// The creation of two units of the archive was lost: nobody knows whether it is on its way.
fn with_a_creation_in_doubt(settle: &str) -> Night {
    let night = Night::busy();
    night.config("guards", WIDE);
    config(&night, |text| text.replace("settle = \"0s\"", &format!("settle = \"{settle}\"")));
    night.fault(r#"[{"when": {"method": "POST"}, "then": {"connection": "close"}}]"#);
    night.run().exits(5);
    night.no_faults();
    assert_eq!(night.sent("POST").len(), 1);
    night
}

/// Every night of the new name ended as a failure of the store, with most lines not reached, until the old one was on again.
#[test]
fn a_creation_in_doubt_of_an_integration_that_was_renamed_holds_its_line_alone_and_is_looked_up() {
    let night = with_a_creation_in_doubt("1h");
    rename(&night);
    night.export("Account,Product,Quantity\nAcme,CloudFilter,8\nAcme,Archive,2\nBorealis,CloudFilter,7\n");
    let said = plan_and_apply(&night, "post").exits(5);
    assert_eq!(said.outcome(10, "MP-ARCHIVE"), "unknown", "{}", said.out);
    assert_eq!(units(&night, "MP-CLOUDFILTER"), [8.into(), 7.into()], "the other lines are written: {}", said.out);
    assert_eq!(night.sent("POST").len(), 1, "not while it may still be on its way");
    let status = night.recount(&["status"]);
    assert!(status.out.contains("1 line that it sent may bill 2 units"), "{}", status.out);

    config(&night, |text| text.replace("settle = \"1h\"", "settle = \"0s\""));
    let said = night.run().exits(0);
    assert!(said.out.contains("not in ConnectWise; planned anew"), "{}", said.out);
    assert_eq!(units(&night, "MP-ARCHIVE"), [2.into()]);
    let status = night.recount(&["status"]).exits(0);
    assert!(!status.out.contains("mail"), "of a line that is not there nothing is said: {}", status.out);
    night.sim().clear_requests();
    night.run().exits(0);
    assert!(night.sent("PATCH").is_empty() && night.sent("POST").is_empty());
}

/// It had arrived after all: a second line would have billed the customer twice.
#[test]
fn a_creation_in_doubt_that_arrived_is_taken_up_by_the_integration_of_another_name() {
    let night = Night::busy();
    night.fault(
        r#"[{"when": {"method": "POST"}, "then": {"status": 502, "applied": true}},
            {"when": {"method": "GET", "path": "/additions"}, "then": {"stale": {"writes": 10}}}]"#,
    );
    night.run().exits(5);
    night.no_faults();
    rename(&night);
    night.export("Account,Product,Quantity\nAcme,CloudFilter,7\nAcme,Archive,3\nBorealis,CloudFilter,6\n");
    let said = plan_and_apply(&night, "post").exits(0);
    assert_eq!((units(&night, "MP-ARCHIVE"), night.sent("POST").len()), (vec![3.into()], 1), "{}", said.out);
}

/// The vendor that a service was moved to ran first, and its whole night failed.
#[test]
fn a_creation_in_doubt_of_a_neighbour_holds_the_line_of_the_vendor_that_its_service_was_moved_to() {
    let night = with_a_creation_in_doubt("1h");
    night.append(OTHER);
    config(&night, |text| text.replace(ARCHIVE, "") + ARCHIVE);
    night.write("exports/other-1.csv", "Account,Product,Quantity\nAcme,Archive,2\nBorealis,Trial,1\n");
    night.export("Account,Product,Quantity\nAcme,CloudFilter,7\nBorealis,CloudFilter,6\n");
    let said = plan_and_apply(&night, "other").exits(5);
    assert_eq!(said.outcome(10, "MP-ARCHIVE"), "unknown", "{}", said.out);
    let said = night.recount(&["run", "other", "--json"]).exits(5);
    assert_eq!(said.outcome(10, "MP-ARCHIVE"), "unknown", "{}", said.out);
    config(&night, |text| text.replace("settle = \"1h\"", "settle = \"0s\""));
    let said = night.recount(&["run", "other", "--json"]).exits(0);
    assert_eq!((units(&night, "MP-ARCHIVE"), night.sent("POST").len()), (vec![2.into()], 2), "{}", said.out);
    night.recount(&["run", "mail", "--json"]).exits(0);
}

/// The customer was skipped on the next night, when the line was not there yet; it came later, and billed until the weekly look.
#[test]
fn a_creation_that_arrives_late_is_asked_about_also_where_its_line_is_wanted_no_more() {
    let night = with_a_creation_in_doubt("0s");
    let skip = "customer,company_id,agreement_id,note\nAcme,,,\nBorealis,2,,\n";
    night.write("customers.csv", skip);
    for _ in 0..2 {
        let said = night.run().exits(3);
        assert!(said.outcome(10, "MP-ARCHIVE") == "unchanged" && said.out.contains("it is looked for"), "{}", said.out);
    }
    night.sim().edit(|world| world.additions.push(recount_sim::Addition::new(9_000, 10, "MP-ARCHIVE", 2.into())));
    let said = night.run().exits(3);
    assert_eq!(said.outcome(10, "MP-ARCHIVE"), "held", "{}", said.out);
    assert!(
        said.codes().contains(&"line-left-behind".to_owned()) && said.out.contains("got no answer"),
        "{}",
        said.out
    );
    let held = night.recount(&["held", "--json"]).exits(0).json();
    let waiting = held["waiting"].as_array().expect("a list");
    let asked = waiting.iter().find(|one| one.to_string().contains("got no answer"));
    let handle = asked.and_then(|one| one["handle"].as_str()).unwrap_or_else(|| panic!("{held:#}"));
    night.recount(&["accept", handle, "--to", "0"]).exits(0);
    night.run().exits(3);
    assert_eq!(units(&night, "MP-ARCHIVE"), [0.into()]);
}

/// A line of two units that begins with the next invoice.
fn with_a_line_that_begins_later() -> Night {
    let night = Night::new();
    night
        .config("guards", "max_units_up = \"1000%\"\nmax_units_down = \"100%\"\nmin_units = \"1%\"\nmin_rows = \"1%\"");
    let next = today() + chrono::TimeDelta::days(20);
    night.sim().edit(|world| {
        for agreement in &mut world.agreements {
            (agreement.prorate, agreement.next_invoice) = (false, Some(next));
        }
    });
    night.approve();
    night.export(BUSY);
    night.run().exits(0);
    let made = night.sim().world().additions.into_iter().find(|one| one.product == "MP-ARCHIVE").expect("the line");
    assert_eq!(made.effective, Some(next));
    night
}

/// It was "nothing to bill", and billed on the invoice; or a person's second line was equal beside it, and both were billed.
#[test]
fn a_line_that_begins_later_is_compared_by_whoever_wants_it_now() {
    for renamed in [true, false] {
        let night = with_a_line_that_begins_later();
        let name = if renamed { "post" } else { "other" };
        let counts = |archive: &str| {
            let of_mail = "Acme,CloudFilter,7\nBorealis,CloudFilter,6\n";
            let head = "Account,Product,Quantity\n";
            if renamed {
                night.export(format!("{head}{of_mail}{archive}"));
            } else {
                night.export(format!("{head}{of_mail}"));
                night.write("exports/other-1.csv", format!("{head}Acme,Trial,1\nBorealis,Archive,1\n{archive}"));
            }
        };
        if renamed {
            rename(&night);
        } else {
            night.append(OTHER);
            config(&night, |text| text.replace(ARCHIVE, "") + ARCHIVE);
        }
        counts("Acme,Archive,3\n");
        let said = plan_and_apply(&night, name);
        assert_eq!(said.outcome(10, "MP-ARCHIVE"), "updated", "{name}: {}", said.out);
        counts("");
        let said = night.recount(&["run", name, "--json"]).exits(3);
        assert!(said.codes().contains(&"to-zero".to_owned()), "{name}: {}", said.out);
        counts("Acme,Archive,3\n");
        night.sim().edit(|world| {
            let mut second = world.additions.iter().find(|one| one.product == "MP-ARCHIVE").expect("the line").clone();
            (second.id, second.effective) = (9_000, None);
            world.additions.push(second);
        });
        let said = night.recount(&["run", name, "--json"]).exits(3);
        assert!(said.codes().contains(&"line-ambiguous".to_owned()), "{name}: {}", said.out);
        if !renamed {
            let said = night.recount(&["run", "mail", "--json"]).exits(0);
            assert!(!said.out.contains("MP-ARCHIVE"), "another integration wants it: {}", said.out);
        }
    }
}
