//! Lines that two integrations own: each would set the other's quantity back, night after night.

use std::collections::BTreeMap;

use crate::core::night::{FILTER, Night};
use recount::reconcile::matching::line_claims::{Claims, OtherIntegration, shared};
use recount::reconcile::model::ids::{AgreementId, CustomerName, IntegrationName, ProductCode, ServiceName};
use recount::reconcile::model::mapping::{Billed, Mapping, ServiceRule};
use recount::reconcile::model::plan::line::Verdict;
use recount::reconcile::model::plan::reason_code::Code;

/// The night's own mapping, billing only this product.
fn other(night: &Night, product: &str) -> Mapping {
    let billed = ServiceRule::Billed(Billed { products: vec![ProductCode::new(product)], ..Billed::default() });
    Mapping { services: BTreeMap::from([(ServiceName::new("Filter"), billed)]), ..night.mapping.clone() }
}

fn claims(night: &Night, mapping: &Mapping, seen: &[i64]) -> Claims {
    let name = IntegrationName::new("backup");
    let seen = seen.iter().copied().map(AgreementId).collect();
    let neighbours = [OtherIntegration { integration: &name, mapping }];
    Claims::new(&neighbours, &BTreeMap::from([(name.clone(), seen)]), &night.directory, night.today)
}

fn busy() -> Night {
    let mut night = Night::new();
    night.rows.push((2, "Acme".into(), "CloudFilter".into(), "7".into()));
    night.rows.push((3, "Borealis".into(), "CloudFilter".into(), "7".into()));
    night
}

fn held(night: &Night) -> Vec<i64> {
    let plan = night.plan();
    let held = plan.lines.iter().filter(|line| line.verdict == Verdict::Held(Code::LineOwnedTwice));
    held.filter_map(|line| Some(line.key()?.agreement.0)).collect()
}

#[test]
fn a_product_that_another_integration_maps_on_the_same_agreements_is_held() {
    let mut night = busy();
    assert_eq!(held(&night), Vec::<i64>::new());
    // By the default agreement, and in whatever case.
    night.claims = claims(&night, &other(&night, &FILTER.to_lowercase()), &[]);
    assert_eq!(held(&night), [10, 20]);
    let findings = night.plan().findings;
    let said: Vec<_> = findings.iter().filter(|finding| finding.code == Code::LineOwnedTwice).collect();
    assert!(said.len() == 1 && said[0].message.contains("backup"), "one matter, not one a line: {said:?}");
}

#[test]
fn other_products_and_other_agreements_are_nobody_elses() {
    let mut night = busy();
    night.claims = claims(&night, &other(&night, "MP-OTHER"), &[]);
    assert_eq!(held(&night), Vec::<i64>::new());
    let mut elsewhere = other(&night, FILTER);
    elsewhere.customers.remove("Borealis");
    night.claims = claims(&night, &elsewhere, &[]);
    assert_eq!(held(&night), [10]);
    // A customer who is matched by name stands in no file: what was billed last counts.
    elsewhere.customers.clear();
    night.claims = claims(&night, &elsewhere, &[20]);
    assert_eq!(held(&night), [20]);
}

/// `check` says it without ConnectWise where the files show it, and never where they may differ.
#[test]
fn the_files_show_what_is_shared() {
    let night = busy();
    let theirs = other(&night, &FILTER.to_uppercase());
    let found = shared(&night.mapping, &theirs);
    let acme = CustomerName::new("Acme");
    assert!(found[&ProductCode::new(FILTER)].contains(&acme), "{found:?}");
    let apart = Mapping { default_agreement: None, ..theirs };
    let found = shared(&night.mapping, &apart);
    assert!(found.values().all(|customers| !customers.contains(&acme)), "another default: {found:?}");
}
