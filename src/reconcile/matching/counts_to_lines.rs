//! Counts and places into wanted lines: what each line ought to be, and why nobody can say where nobody can.

use std::collections::{BTreeMap, BTreeSet};

use crate::reconcile::matching::per_item;
use crate::reconcile::matching::placement::Place;
use crate::reconcile::matching::wanted_line::{Biller, PresentAddition, Tenancy, WantedLine};
use crate::reconcile::model::export::counts::Counts;
use crate::reconcile::model::ids::{AgreementId, CustomerName, ProductCode};
use crate::reconcile::model::mapping::{LineShape, Mapping};
use crate::reconcile::model::past::Past;
use crate::reconcile::model::plan::line::LineKey;

/// What is known of an agreement, beside who is billed on it.
pub struct OnAgreement<T> {
    /// The additions that are there.
    pub present: T,
    /// The invoice of the month before is not made yet.
    pub owes_last_period: bool,
}

/// Every line of every agreement that customers are billed on, in order: those that a count asks for, and those that
/// are there already, which a customer without a row for the service wants at zero.
///
/// One at a time: a large MSP has a hundred thousand of them. An agreement owes the period before until its invoice is made:
/// what is looked back on is the peak or the average of that one until then.
pub fn wanted_lines<'a, T: Iterator<Item = PresentAddition<'a>>>(
    counts: &'a Counts,
    mapping: &'a Mapping,
    places: &'a BTreeMap<CustomerName, Place>,
    past: &'a Past,
    on: impl Fn(AgreementId) -> OnAgreement<T> + 'a,
) -> impl Iterator<Item = (LineKey, WantedLine)> + 'a {
    let biller = Biller::new(counts, mapping, past);
    tenancies(counts, places).into_iter().flat_map(move |(agreement, tenancy)| {
        let OnAgreement { present, owes_last_period } = on(agreement);
        let tenancy = Tenancy { owes_last_period, ..tenancy };
        let there: Vec<PresentAddition<'_>> = present.collect();
        let named = there.iter().map(|there| there.product);
        let products: BTreeSet<&ProductCode> = biller.asked(&tenancy).chain(named).collect();
        let lines = products.into_iter().flat_map(|product| {
            let of_product = Biller::services_of(&biller.by_product, product);
            if of_product.iter().any(|(_, billed)| billed.lines == LineShape::PerItem) {
                return per_item::lines(&biller, &tenancy, agreement, product, &there);
            }
            vec![(LineKey::total(agreement, product.clone()), biller.line(&tenancy, product))]
        });
        lines.collect::<Vec<_>>()
    })
}

fn tenancies<'a>(counts: &'a Counts, places: &'a BTreeMap<CustomerName, Place>) -> BTreeMap<AgreementId, Tenancy<'a>> {
    let mut tenancies = BTreeMap::new();
    for (customer, place) in places {
        if let Some((company, agreement)) = place.agreement() {
            let new = || Tenancy { company, agreement, customers: Vec::new(), owes_last_period: false };
            let counted = counts.of(customer);
            tenancies.entry(agreement).or_insert_with(new).customers.push((customer, counted));
        }
    }
    tenancies
}
