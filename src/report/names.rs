//! What a line is called where a person reads it.

use crate::history::record::LineRecord;
use crate::reconcile::ids::CustomerName;
use crate::reconcile::ids::ServiceName;
use crate::reconcile::shown::shown;

/// The customers behind a line, each once, in order.
pub(super) fn customers(line: &LineRecord) -> Vec<&CustomerName> {
    let mut customers: Vec<&CustomerName> = line.sources.iter().map(|source| &source.customer).collect();
    customers.sort();
    customers.dedup();
    customers
}

/// The services behind a line, each once, in order.
pub(super) fn services(line: &LineRecord) -> Vec<&ServiceName> {
    let mut services: Vec<&ServiceName> = line.sources.iter().map(|source| &source.service).collect();
    services.sort();
    services.dedup();
    services
}

/// `Acme Dental · MP-CLOUDFILTER`.
pub(super) fn line(line: &LineRecord) -> String {
    format!("{} · {}", join(customers(line).into_iter().map(CustomerName::as_str)), product(line))
}

/// The product, which is what stands in ConnectWise and tells the lines of a bundle apart; the service where there is
/// no product.
pub(super) fn product(line: &LineRecord) -> String {
    match &line.product {
        Some(product) => shown(product.as_str()),
        None => join(services(line).into_iter().map(ServiceName::as_str)),
    }
}

fn join<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(shown).collect::<Vec<_>>().join(" + ")
}
