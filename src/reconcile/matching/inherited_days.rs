//! The days of a line that another integration counted: a service that moves to another one, or an integration that gets another
//! name, does not begin the month anew. A month's peak or average is the line's, whoever counts it.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::reconcile::matching::catalog::candidates;
use crate::reconcile::matching::line_claims::OtherIntegration;
use crate::reconcile::matching::placement::Place;
use crate::reconcile::model::connectwise_records::{Additions, Directory};
use crate::reconcile::model::ids::{AgreementId, CustomerName, ServiceName};
use crate::reconcile::model::mapping::{Billed, Mapping, ServiceRule};
use crate::reconcile::model::past::{CountedDays, CountsByDay, EarlierOwner, Past};

/// What tells whether a line of tonight was another integration's.
#[derive(Debug, Clone, Copy)]
pub struct LinesTonight<'a> {
    /// Tonight's.
    pub mapping: &'a Mapping,
    /// Who else bills in the same ConnectWise. What one of them counts still is its own.
    pub neighbours: &'a [OtherIntegration<'a>],
    /// Where each customer is billed.
    pub places: &'a BTreeMap<CustomerName, Place>,
    /// The catalog.
    pub directory: &'a Directory,
    /// What is billed.
    pub additions: &'a Additions,
}

/// Puts the days that earlier owners counted of a line before those of tonight's integration: of the same customer and service,
/// where they saw one of its additions as their line. A day that both counted is as tonight's integration counted it.
pub fn inherit(past: &mut Past, owners: &[EarlierOwner], tonight: LinesTonight<'_>) {
    let looked_back = tonight.mapping.looked_back_on();
    let services: Vec<_> = tonight.mapping.billed().filter(|(service, _)| looked_back.contains(service)).collect();
    for owner in owners {
        for (customer, agreement) in tonight.places.iter().filter_map(|(one, place)| Some((one, place.agreement()?.1)))
        {
            for (service, billed) in &services {
                let looks_back = tonight.mapping.policy(customer, service, billed).looks_back();
                if looks_back && tonight.was_of(owner, agreement, (*service, *billed)) {
                    take_over(past, owner, customer, service);
                }
            }
        }
    }
}

impl LinesTonight<'_> {
    fn was_of(&self, owner: &EarlierOwner, agreement: AgreementId, (service, billed): (&ServiceName, &Billed)) -> bool {
        let counts_still = |one: &&OtherIntegration<'_>| {
            *one.integration == owner.integration
                && matches!(one.mapping.services.get(service), Some(ServiceRule::Billed(_)))
        };
        if self.neighbours.iter().any(|one| counts_still(&one)) {
            return false;
        }
        let mut products = billed.products.iter().flat_map(|code| candidates(self.directory, code));
        products.any(|product| {
            let mut listed = self.additions.get(&agreement).into_iter().flatten();
            listed.any(|addition| addition.product == Some(product.id) && owner.additions.contains(&addition.id))
        })
    }
}

fn take_over(past: &mut Past, owner: &EarlierOwner, customer: &CustomerName, service: &ServiceName) {
    let first = |days: &CountedDays| days.get(customer)?.get(service)?.days().first().copied();
    let own = first(&past.counted_before).or_else(|| first(&past.counted));
    put_before(&mut past.counted_before, &owner.last_period, (customer, service), own);
    put_before(&mut past.counted, &owner.this_period, (customer, service), own);
}

fn put_before(
    counted: &mut CountedDays,
    theirs: &CountedDays,
    (customer, service): (&CustomerName, &ServiceName),
    own: Option<NaiveDate>,
) {
    let Some(theirs) = theirs.get(customer).and_then(|counts| counts.get(service)) else { return };
    let before = theirs.iter().filter(|(day, _)| own.is_none_or(|first| *day < first));
    let mut days: BTreeMap<NaiveDate, _> = before.collect();
    if days.is_empty() {
        return;
    }
    let known = counted.entry(customer.clone()).or_default().entry(service.clone()).or_default();
    days.extend(known.iter());
    *known = days.into_iter().collect::<CountsByDay>();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reconcile::model::quantity::Quantity;

    fn days(counts: &[(u32, u32)]) -> CountedDays {
        let day = |(day, count): &(u32, u32)| {
            (NaiveDate::from_ymd_opt(2026, 12, *day).unwrap(), count.to_string().parse::<Quantity>().unwrap())
        };
        let counts = counts.iter().map(day).collect();
        BTreeMap::from([(CustomerName::new("Acme"), BTreeMap::from([(ServiceName::new("S"), counts)]))])
    }

    /// Two counts of one day would be a day too many in an average, and the other's later ones are not the line's.
    #[test]
    fn only_the_days_before_the_first_own_one_are_taken_over() {
        let (customer, service) = (&CustomerName::new("Acme"), &ServiceName::new("S"));
        let mut own = days(&[(10, 13), (11, 14)]);
        let first = NaiveDate::from_ymd_opt(2026, 12, 10);
        put_before(&mut own, &days(&[(8, 12), (9, 20), (10, 30), (12, 40)]), (customer, service), first);
        assert_eq!(own, days(&[(8, 12), (9, 20), (10, 13), (11, 14)]));
        let mut none = CountedDays::new();
        put_before(&mut none, &days(&[(8, 12)]), (customer, service), None);
        assert_eq!(none, days(&[(8, 12)]));
    }
}
