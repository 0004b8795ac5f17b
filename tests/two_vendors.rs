//! Two vendors bill in one ConnectWise: what is a line of the one is not written by the other.

use crate::support::{Night, Said};

/// A second vendor, with no services yet.
const OTHER: &str = "\n[integration.other]\nconnectwise = \"main\"\nmode = \"apply\"\ncustomers = \"customers.csv\"\n\
     match_customers = \"MATCH\"\ndefault_agreement = { type = \"Email Security\" }\n\
     [integration.other.guards]\nto_zero = \"apply\"\nmax_units_down = \"100%\"\nmin_lines_seen = \"10%\"\n\
     [integration.other.export]\npath = \"exports/other-*.csv\"\n\
     columns = { customer = \"Account\", service = \"Product\", count = \"Quantity\" }\n\
     [integration.other.services]\n\"Vault\" = { product = \"PRODUCT\" }\n";

fn with_another(night: &Night, customers: &str, product: &str) {
    night.append(&OTHER.replace("MATCH", customers).replace("PRODUCT", product));
}

fn plan_and_apply(night: &Night, integration: &str) -> Said {
    let plan = night.recount(&["plan", integration, "--json"]);
    night.recount(&["apply", plan.first_run()["plan"].as_str().expect("a plan")])
}

/// The handles of the lines that are held, with their reasons.
fn held(said: &Said) -> Vec<(String, String)> {
    let runs = said.json()["runs"].as_array().expect("runs").clone();
    let lines = runs.iter().flat_map(|run| run["lines"].as_array().into_iter().flatten());
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let held = lines.filter(|line| line["outcome"] == "held");
    held.map(|line| (text(&line["handle"]), text(&line["reason"]))).collect()
}

fn reasons(said: &Said) -> Vec<String> {
    let mut reasons: Vec<_> = held(said).into_iter().map(|(_, reason)| reason).collect();
    reasons.sort();
    reasons
}

fn units(night: &Night, agreement: i64) -> Vec<String> {
    let all = night.billed().into_iter().filter(|(of, ..)| *of == agreement);
    all.map(|(_, _, units)| units.to_string()).collect()
}

/// It was written over by the other one, and nobody was asked: no baseline had it yet.
#[test]
fn a_line_that_a_neighbour_created_last_night_is_owned_twice_at_once() {
    for customers in ["exact-name", "mapped"] {
        let night = Night::new();
        night.sim().edit(|world| world.additions.clear());
        night.config("services", "match_customers = \"exact-name\"");
        let unmapped = "customer,company_id,agreement_id,note\n";
        night.write("customers.csv", unmapped);
        plan_and_apply(&night, "mail");
        assert_eq!((units(&night, 10), units(&night, 20)), (vec!["3".to_owned()], vec!["5".to_owned()]));
        with_another(&night, customers, "MP-CLOUDFILTER");
        if customers == "mapped" {
            let text = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
            let (mail, other) = text.split_once("[integration.other]").expect("both");
            let other = other.replace("customers.csv", "other.csv");
            night.write("recount.toml", format!("{mail}[integration.other]{other}"));
            night.write("other.csv", format!("{unmapped}Acme,1,10,\nBorealis,2,20,\n"));
        }
        night.write("exports/other-1.csv", "Account,Product,Quantity\nAcme,Vault,2\nBorealis,Vault,4\n");
        let plan = night.recount(&["plan", "other", "--json"]).exits(3);
        assert_eq!(reasons(&plan), ["line-owned-twice", "line-owned-twice"], "{customers}: {}", plan.out);
        night.recount(&["apply", plan.first_run()["plan"].as_str().expect("a plan")]);
        assert!(night.sent("PATCH").is_empty(), "{customers}");
    }
}

/// Held in both until a line of one vendor's file was damaged: that night the other one wrote what both had asked about.
#[test]
fn a_line_of_a_neighbour_whose_mapping_cannot_be_read_is_not_written() {
    let night = Night::new();
    night.approve();
    with_another(&night, "mapped", "MP-CLOUDFILTER");
    let text = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    let (mail, other) = text.split_once("[integration.other]").expect("both");
    night.write("recount.toml", format!("{mail}[integration.other]{}", other.replace("customers.csv", "other.csv")));
    night.write("other.csv", "customer,company_id,agreement_id,note\nAcme,1,10,\nBorealis,2,20,\n");
    night.write("exports/other-1.csv", "Account,Product,Quantity\nAcme,Vault,2\nBorealis,Vault,4\n");
    plan_and_apply(&night, "other").exits(3);
    let sent = night.sent("PATCH").len();
    night.write("customers.csv", "customer,company_id,agreement_id,note\nAcme,one,10,\n");
    let run = night.recount(&["run", "other", "--json"]).exits(3);
    assert_eq!(reasons(&run), ["line-owned-twice"; 2], "{}", run.out);
    assert_eq!(night.sent("PATCH").len(), sent);
    assert!(!run.codes().contains(&"billed-not-counted".to_owned()), "{}", run.out);
}

/// It was set to 0 while its own vendor asked what was meant by the edit; the night after it was created anew, and the edit
/// of a person was gone without an answer.
#[test]
fn a_line_whose_product_somebody_changed_is_not_set_to_0_by_the_vendor_of_that_product() {
    let night = Night::new();
    night.config(
        "guards",
        "min_lines_seen = \"10%\"\nmax_units_down = \"100%\"\nmin_units = \"10%\"\nmax_units_up = \"100%\"",
    );
    night.approve();
    night.run().exits(0);
    let text = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    night.write("recount.toml", text.replace("\"Archive\" = { product = \"MP-ARCHIVE\" }\n", ""));
    with_another(&night, "mapped", "MP-ARCHIVE");
    night.write("exports/other-1.csv", "Account,Product,Quantity\nAcme,Vault,0\nBorealis,Vault,0\n");
    plan_and_apply(&night, "other").exits(0);
    night.sim().edit(|world| world.addition_mut(200).expect("the line").product = "MP-ARCHIVE".to_owned());
    for order in [["mail", "other"], ["other", "mail"], ["mail", "other"]] {
        let said = night.recount(&["run", order[0], order[1], "--json"]).exits(3);
        assert_eq!(reasons(&said), ["human-edit", "line-left-behind"], "{}", said.out);
        assert!(said.out.contains("was the line of MP-CLOUDFILTER on agreement 20 of mail"), "{}", said.out);
        assert_eq!(units(&night, 20), ["5"]);
    }
    // Answered by its own vendor, it is nobody's question any more.
    let said = night.recount(&["run", "--json"]).exits(3);
    let asked = held(&said).into_iter().find(|(_, reason)| reason == "line-left-behind").expect("the item");
    night.recount(&["accept", &asked.0, "--to", "0"]).exits(0);
    night.recount(&["run", "--json"]);
    night.recount(&["run", "--json"]).exits(0);
    assert_eq!(units(&night, 20), ["0", "5"]);
    night.sim().clear_requests();
    night.recount(&["run", "--json"]).exits(0);
    assert!(night.sent("PATCH").is_empty() && night.sent("POST").is_empty());
}

/// The printed `accept --to 0` was taken, and the next run asked something else: the other vendor counts the line by then.
#[test]
fn what_is_printed_for_a_line_of_a_neighbours_product_works() {
    let night = Night::new();
    night.config(
        "guards",
        "min_lines_seen = \"10%\"\nmax_units_down = \"100%\"\nmin_units = \"10%\"\nmax_units_up = \"200%\"",
    );
    night.approve();
    night.run().exits(0);
    let text = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    night.write("recount.toml", text.replace("\"Archive\" = { product = \"MP-ARCHIVE\" }\n", ""));
    with_another(&night, "mapped", "MP-ARCHIVE");
    night.write("exports/other-1.csv", "Account,Product,Quantity\nAcme,Vault,0\nBorealis,Vault,0\n");
    plan_and_apply(&night, "other").exits(0);
    night.sim().edit(|world| world.addition_mut(200).expect("the line").product = "MP-ARCHIVE".to_owned());
    night.write("exports/other-2.csv", "Account,Product,Quantity\nAcme,Vault,0\nBorealis,Vault,5\n");
    let said = night.recount(&["run", "--json"]).exits(3);
    let asked = held(&said).into_iter().find(|(_, reason)| reason == "line-left-behind").expect("the item").0;
    let runs = said.json()["runs"].as_array().cloned().unwrap_or_default();
    let mut findings = runs.iter().flat_map(|run| run["findings"].as_array().cloned().unwrap_or_default());
    let finding = findings.find(|finding| finding["code"] == "line-left-behind").expect("the finding");
    let fix = finding["fix"].as_str().unwrap_or_default();
    assert!(!fix.contains("accept") && fix.contains("is left to that one"), "{fix}");
    let keep = format!("recount keep {asked}");
    assert!(fix.contains(&keep), "{fix}");
    night.recount(&keep.split(' ').skip(1).collect::<Vec<_>>()).exits(0);
    night.recount(&["run", "--json"]).exits(0);
    assert_eq!(units(&night, 20), ["5", "5"], "the neighbour's line, and a new one of our own product");
    night.sim().clear_requests();
    night.recount(&["run", "--json"]).exits(0);
    assert!(night.sent("PATCH").is_empty() && night.sent("POST").is_empty());
}

/// The same between two customers of one vendor: what was moved to the other's agreement was set to what that one counts.
#[test]
fn a_line_that_somebody_moved_to_the_agreement_of_another_customer_is_asked_about_first() {
    let night = Night::new();
    night.config(
        "guards",
        "to_zero = \"apply\"\nmin_lines_seen = \"10%\"\nmax_units_down = \"100%\"\nmin_units = \"10%\"",
    );
    night.sim().edit(|world| world.additions.retain(|addition| addition.id == 200));
    let counted = "Account,Product,Quantity\nAcme,CloudFilter,0\nBorealis,CloudFilter,5\n";
    night.export(counted);
    night.approve();
    night.run().exits(0);
    night.sim().edit(|world| world.addition_mut(200).expect("the line").agreement = 10);
    for _ in 0..2 {
        night.export(counted);
        let said = night.run().exits(3);
        assert_eq!(reasons(&said), ["human-edit", "human-edit"], "{}", said.out);
        assert!(said.out.contains("is on agreement 10 now, where it bills 5"), "{}", said.out);
        assert!(said.out.contains("was the line of MP-CLOUDFILTER on agreement 20"), "{}", said.out);
        assert_eq!((units(&night, 10), units(&night, 20)), (vec!["5".to_owned()], vec![]));
    }
    // Taken back, everything is as it was.
    night.sim().edit(|world| world.addition_mut(200).expect("the line").agreement = 20);
    night.run().exits(0);
    assert!(night.sent("PATCH").is_empty() && night.sent("POST").is_empty());
}

/// Switched off, it owns nothing: its last night asked for ever who of the two is to have the line.
#[test]
fn a_line_that_two_owned_is_no_open_item_of_the_one_that_is_off() {
    let night = Night::new();
    with_another(&night, "mapped", "MP-CLOUDFILTER");
    night.write("exports/other-1.csv", "Account,Product,Quantity\nAcme,Vault,3\nBorealis,Vault,5\n");
    night.recount(&["plan", "--json"]).exits(3);
    let asks = |night: &Night| {
        let held = night.recount(&["held", "--json"]).exits(0).json();
        let waiting = held["waiting"].as_array().expect("a list").clone();
        let twice = waiting.into_iter().filter(|one| one["code"] == "line-owned-twice");
        twice.map(|one| one["integration"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(asks(&night), ["mail", "other"]);
    let config = std::fs::read_to_string(night.path("recount.toml")).expect("the configuration");
    let (mail, other) = config.split_once("[integration.other]").expect("both");
    let other = other.replacen("mode = \"apply\"", "mode = \"off\"", 1);
    night.write("recount.toml", format!("{mail}[integration.other]{other}"));
    assert_eq!(asks(&night), ["mail"], "until its next plan");
    night.recount(&["plan", "--json"]).exits(0);
    assert!(asks(&night).is_empty());
    assert!(!night.recount(&["held"]).out.contains("other is off"), "nothing of it waits");
}
