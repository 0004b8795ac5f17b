//! A large MSP: pages that stay small, and pickers that do not ask ConnectWise at every letter.

use std::fmt::Write as _;

use super::client::{DeskOfNight, handle, held_night};
use crate::support::Night;

/// Bytes of a page, at most.
const MOST: usize = 200_000;

/// 500 customers with six lines each; every tenth line goes to zero, and 250 customers are not mapped.
fn large_night() -> Night {
    let night = Night::new();
    let (mut customers, mut services) = ("customer,company_id,agreement_id,note\n".to_owned(), String::new());
    let mut export = "Account,Product,Quantity\n".to_owned();
    night.sim().edit(|world| {
        for service in 0..6 {
            let item = format!(r#"{{"id": {}, "identifier": "PRODUCT-CODE-{service}"}}"#, 900 + service);
            world.catalog.push(serde_json::from_str(&item).expect("a catalog item"));
        }
        for customer in 1000..1500 {
            let company = format!(r#"{{"id": {customer}, "name": "Customer {customer} of a long name Ltd"}}"#);
            world.companies.push(serde_json::from_str(&company).expect("a company"));
            let agreement = format!(r#"{{"id": {customer}, "company": {customer}, "type": "Email Security"}}"#);
            world.agreements.push(serde_json::from_str(&agreement).expect("an agreement"));
            for service in 0..6 {
                let addition = format!(
                    r#"{{"id": {}, "agreement": {customer}, "product": "PRODUCT-CODE-{service}", "quantity": 8}}"#,
                    customer * 10 + service
                );
                world.additions.push(serde_json::from_str(&addition).expect("an addition"));
            }
        }
    });
    for service in 0..6 {
        let _ = writeln!(services, "\"Service {service}\" = {{ product = \"PRODUCT-CODE-{service}\" }}");
    }
    for customer in 1000..1500 {
        let _ = writeln!(customers, "Customer {customer} of a long name Ltd,{customer},,");
        for service in 0..6 {
            let count = if (customer + service) % 10 == 0 { 0 } else { 9 };
            let _ = writeln!(export, "Customer {customer} of a long name Ltd,Service {service},{count}");
        }
    }
    for customer in 0..250 {
        let _ = writeln!(export, "Somebody whom nobody mapped {customer},Service 1,5");
    }
    night.write("customers.csv", customers);
    night.config("services", services.trim_end());
    night.export(export);
    night
}

/// Otherwise the first page of a bad morning takes seconds on a telephone.
#[test]
fn every_page_of_a_large_msp_is_small() {
    let night = large_night();
    night.config("guards", "max_lines_changed = \"100%\"\nmax_units_up = \"100%\"\nmax_units_down = \"100%\"");
    night.recount(&["plan"]);
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "admin");
    let today = dana.get("/").body;
    assert!(today.contains("to zero") && today.contains("customer unmapped"), "{today}");
    let unmapped = dana.get("/?ask=customer-unmapped&select=1");
    assert!(unmapped.body.contains("checked") && unmapped.body.contains("page 1 of 5"), "{}", unmapped.body);
    let last = dana.get("/?ask=customer-unmapped&page=5").body;
    assert_eq!(last.matches("<article").count(), 10, "250 items are four pages of 60 and one of 10");
    for path in [
        "/",
        "/?ask=to-zero&select=1",
        "/?ask=customer-unmapped&page=18446744073709551615",
        "/plan",
        "/plan?only=all&page=18446744073709551615",
        "/plan?only=all&page=30",
        "/plan?only=held",
        "/invoices",
        "/invoices?month=2020-01",
        "/customers",
        "/customers?look=1&s=unmapped",
        "/customers?page=18446744073709551615",
        "/services",
        "/export",
        "/nights",
        "/nights/1",
        "/integrations",
        "/find?q=customer",
    ] {
        let page = dana.get(path);
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        assert!(page.body.len() < MOST, "{path} has {} bytes", page.body.len());
    }
    desk.close();
}

/// Otherwise whoever picks a company waits a second at each letter, and ConnectWise is asked for all of them each time.
#[test]
fn a_picker_asks_connectwise_once() {
    let night = held_night();
    let desk = DeskOfNight::open(&night);
    let mut dana = desk.person("dana", "operator");
    let customer = format!("/mapping/{}", handle(&night, "customer-unmapped"));
    let services = dana.get("/services").body;
    let service = services.split("href=\"/services/").nth(1).and_then(|rest| rest.split('"').next());
    let service = format!("/services/{}", service.expect("a service"));
    let pages = |dana: &mut super::client::Browser| {
        for word in ["", "b", "bo", "bor"] {
            assert!(dana.get(&format!("{customer}?q={word}&company=2")).body.contains("Borealis") || word.is_empty());
            assert_eq!(dana.get(&format!("{service}?q={word}")).status, 200);
        }
    };
    pages(&mut dana);
    let asked = night.sim().requests().len();
    pages(&mut dana);
    assert_eq!(night.sim().requests().len(), asked, "what is known was asked for again");

    night.sim().edit(|world| {
        let company = r#"{"id": 3, "name": "Borealis Legal"}"#;
        world.companies.push(serde_json::from_str(company).expect("a company"));
    });
    assert!(!dana.get(&format!("{customer}?q=legal")).body.contains("Borealis Legal"));
    let again = dana.get(&format!("{customer}?q=legal&again=1")).body;
    assert!(again.contains("Borealis Legal"), "what was added a moment ago cannot be found: {again}");
    let mut viewer = desk.person("vera", "viewer");
    let asked = night.sim().requests().len();
    for page in [&customer, &service, "/customers"] {
        viewer.get(&format!("{page}?look=1&again=1"));
    }
    dana.get(&customer);
    assert_eq!(night.sim().requests().len(), asked, "a viewer makes it read again");
    desk.close();
}
