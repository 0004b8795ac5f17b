//! A look at the mapping without a plan: what `recount check` says of it, and where `recount map` finds the customers.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::connectwise::{ReadError, Reader};
use crate::nightly::remote::read_directory;
use crate::reconcile::decide::findings::line_remedies::name_service;
use crate::reconcile::matching::catalog::product;
use crate::reconcile::matching::line_claims::{Claims, OtherIntegration};
use crate::reconcile::matching::placement::{Place, place_all};
use crate::reconcile::model::connectwise_records::Directory;
use crate::reconcile::model::export::counts::{Counts, CustomerCounts};
use crate::reconcile::model::ids::{AgreementId, CustomerName, IntegrationName, ProductCode};
use crate::reconcile::model::mapping::{Mapping, ServiceRule};
use crate::reconcile::model::past::Past;
use crate::reconcile::model::plan::finding::{Finding, finding, sort};
use crate::reconcile::model::plan::reason_code::{Code, Severity};

/// What a look at the mapping found.
#[derive(Debug)]
pub struct Precheck {
    /// What is wrong with it, in the order of a report.
    pub findings: Vec<Finding>,
    /// The agreements that customers are billed on, to try whether their additions may be read.
    pub agreements: BTreeSet<AgreementId>,
    /// Customers that have a place.
    pub placed: usize,
    /// Products that neighbours bill on the same agreements, with the customers that this is about.
    pub owned_twice: BTreeMap<(ProductCode, IntegrationName), BTreeSet<CustomerName>>,
}

/// Holds every row of the mapping against ConnectWise: companies, agreements, products, deprecated services.
#[expect(clippy::too_many_arguments, reason = "all that the mapping is held against")]
pub async fn precheck<R: Reader>(
    connectwise: &R,
    integration: &IntegrationName,
    mapping: &Mapping,
    counts: &Counts,
    others: OtherIntegrations<'_>,
    today: NaiveDate,
) -> Result<Precheck, ReadError> {
    let past = Past::default();
    let directory = read_directory(connectwise, mapping, counts, &past).await?;
    let places = place_all(counts, mapping, &past, &directory, today);
    let mut findings = Vec::new();
    for (customer, place) in &places {
        if let Some(problem) = place.problem() {
            let told = finding(Severity::Decide, problem.code, problem.message.clone());
            let fix = problem.remedy(integration, customer);
            findings.push(Finding { customer: Some(customer.clone()), fix, ..told });
        }
    }
    findings.extend(products(mapping, &directory));
    findings.extend(services(mapping, counts));
    sort(&mut findings);
    let placed: Vec<AgreementId> = places
        .values()
        .filter_map(|place| match place {
            Place::On { agreement, .. } => Some(*agreement),
            Place::Blocked { .. } | Place::Skipped | Place::Nowhere(_) => None,
        })
        .collect();
    let claims = Claims::new(others.neighbours, others.seen, &directory, today);
    let owned_twice = owned_twice(mapping, &places, &claims);
    let agreements = placed.iter().copied().collect();
    Ok(Precheck { findings, agreements, placed: placed.len(), owned_twice })
}

/// Where everybody is billed, and what ConnectWise holds there.
#[derive(Debug)]
pub struct PlacedCustomers {
    /// Companies and agreements; no products.
    pub directory: Directory,
    /// Every customer of the export and of `customers.csv`.
    pub places: BTreeMap<CustomerName, Place>,
}

/// Places every customer, without a look at the catalog.
pub async fn place_customers<R: Reader>(
    connectwise: &R,
    mapping: &Mapping,
    counts: &Counts,
    today: NaiveDate,
) -> Result<PlacedCustomers, ReadError> {
    let (past, unbilled) = (Past::default(), Mapping { services: BTreeMap::new(), ..mapping.clone() });
    let directory = read_directory(connectwise, &unbilled, counts, &past).await?;
    let places = place_all(counts, mapping, &past, &directory, today);
    Ok(PlacedCustomers { directory, places })
}

/// Who else bills in the same ConnectWise, and the agreements on which customers that match by name were seen.
#[derive(Debug, Clone, Copy)]
pub struct OtherIntegrations<'a> {
    /// The other integrations.
    pub neighbours: &'a [OtherIntegration<'a>],
    /// See [`Claims::new`].
    pub seen: &'a BTreeMap<IntegrationName, BTreeSet<AgreementId>>,
}

fn owned_twice(
    mapping: &Mapping,
    places: &BTreeMap<CustomerName, Place>,
    claims: &Claims,
) -> BTreeMap<(ProductCode, IntegrationName), BTreeSet<CustomerName>> {
    let mut twice: BTreeMap<_, BTreeSet<CustomerName>> = BTreeMap::new();
    for (customer, place) in places {
        for product in mapping.products().into_iter().filter(|_| place.agreement().is_some()) {
            let owners = place.agreement().map(|(_, agreement)| claims.of(agreement, product));
            for other in owners.into_iter().flatten() {
                twice.entry((product.clone(), other.clone())).or_default().insert(customer.clone());
            }
        }
    }
    twice
}

fn products(mapping: &Mapping, directory: &Directory) -> Vec<Finding> {
    let codes: BTreeSet<&ProductCode> = mapping.billed().flat_map(|(_, billed)| &billed.products).collect();
    let wrong = codes.into_iter().filter_map(|code| Some((code, product(directory, code).err()?)));
    let told = wrong.map(|(product, code)| {
        let named = mapping.edit_services("name an active product of another class");
        let fix = named.or("fix it in the product catalog".into());
        let message = format!("product {product}: {}", code.as_str().replace('-', " "));
        Finding { fix, ..finding(Severity::Decide, code, message) }
    });
    told.collect()
}

fn services(mapping: &Mapping, counts: &Counts) -> Vec<Finding> {
    let deprecated = mapping.services.iter().filter_map(|(service, rule)| match rule {
        ServiceRule::Deprecated { product: Some(product) } => {
            let message = format!("is deprecated, but still has product {product}");
            let fix = "take the product out: a deprecated service is not to be billed".into();
            let told = finding(Severity::Decide, Code::ServiceDeprecated, message);
            Some(Finding { service: Some(service.clone()), fix, ..told })
        }
        _ => None,
    });
    let mut unmapped = BTreeMap::new();
    for service in counts.customers.values().flat_map(CustomerCounts::services) {
        if !mapping.services.contains_key(service) {
            *unmapped.entry(service).or_insert(0_usize) += 1;
        }
    }
    let unmapped = unmapped.into_iter().map(|(service, customers)| {
        let fix = name_service(mapping);
        let told = finding(Severity::Decide, Code::ServiceUnmapped, unmapped_message(customers));
        Finding { service: Some(service.clone()), fix, ..told }
    });
    deprecated.chain(unmapped).collect()
}

fn unmapped_message(customers: usize) -> String {
    match customers {
        1 => "is not mapped: 1 customer uses it".to_owned(),
        _ => format!("is not mapped: {customers} customers use it"),
    }
}
