//! Customers that stand in an export in several spellings.

use std::collections::{BTreeMap, BTreeSet};

use crate::reconcile::model::export::counts::Counts;
use crate::reconcile::model::ids::CustomerName;
use crate::reconcile::model::mapping::Mapping;

/// The customers whose names differ only in case, where one of the spellings has no row in `customers.csv`: most likely
/// they are one, and the count of each spelling is a part of its own.
pub fn in_two_spellings<'a>(counts: &'a Counts, mapping: &Mapping) -> BTreeSet<&'a CustomerName> {
    let mut folded: BTreeMap<String, Vec<&CustomerName>> = BTreeMap::new();
    for customer in counts.customers.keys() {
        folded.entry(customer.as_str().to_lowercase()).or_default().push(customer);
    }
    let in_doubt = |spellings: &Vec<&CustomerName>| {
        spellings.len() > 1 && spellings.iter().any(|name| !mapping.customers.contains_key(*name))
    };
    folded.into_values().filter(in_doubt).flatten().collect()
}
