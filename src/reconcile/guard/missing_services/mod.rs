//! A service that several customers had and that nobody in the export has tonight: a column, a sheet or a list that is gone,
//! or a new name. That customers of one vendor stop to use a service in one night is no usage that fell, so their lines wait.
//!
//! Two are several: that one customer left a service is ordinary, and so is the last of them. Where the export still names the service
//! and says 0 it takes five: a vendor that counts nothing more has said so, unless it says so of many in one night. Who is not in the export at all is
//! missing by itself, and who has another new service on the same product has it under a new name that somebody mapped.

pub mod lesser_counts;

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use crate::reconcile::matching::placement::Place;
use crate::reconcile::model::decision::{DecisionSubject, Decisions};
use crate::reconcile::model::export::counts::{Cell, Counts, CustomerCounts};
use crate::reconcile::model::ids::{AgreementId, CustomerName, ServiceName};
use crate::reconcile::model::known_lines::KnownLines as _;
use crate::reconcile::model::mapping::{Billed, Mapping};
use crate::reconcile::model::past::Past;
use crate::reconcile::model::plan::line::{LineKey, Source};
use crate::reconcile::model::plan::outcome::AnswerVerb;
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::quantity::Quantity;

/// Fewer customers than this may well have left a service.
const CUSTOMERS_MIN: usize = 2;
/// The same where the export names the service, with 0.
const CUSTOMERS_AT_ZERO_MIN: usize = 5;

/// The counts that are gone, by the lines that they stood on.
#[derive(Debug, Default)]
pub struct MissingServices<'a>(BTreeMap<(AgreementId, String), Vec<MissingCount<'a>>>);

/// What one customer had of a service that nobody has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissingCount<'a> {
    /// Who.
    pub customer: &'a CustomerName,
    /// Of what.
    pub service: &'a ServiceName,
    /// How many, where that is known.
    pub units: Decimal,
}

impl MissingCount<'_> {
    /// As what a line was billed for before: its 0 is no count.
    pub fn as_source(self) -> Source {
        Source {
            customer: self.customer.clone(),
            service: self.service.clone(),
            count: Some(Quantity::ZERO),
            lines: Vec::new(),
            place: None,
            how: None,
            items: Vec::new(),
            is_former: true,
        }
    }
}

/// What is looked at.
#[derive(Debug, Clone, Copy)]
pub struct CountsAndPlaces<'a> {
    /// Tonight's counts.
    pub counts: &'a Counts,
    /// What is billed as what.
    pub mapping: &'a Mapping,
    /// Where each customer is billed.
    pub places: &'a BTreeMap<CustomerName, Place>,
    /// What was counted before.
    pub past: &'a Past,
}

impl<'a> MissingServices<'a> {
    /// Those of tonight.
    pub fn of(ground: CountsAndPlaces<'a>) -> Self {
        let cells = || ground.counts.customers.values().flat_map(CustomerCounts::cells);
        let used: BTreeSet<&ServiceName> = cells().filter(is_used).map(|(name, _)| name).collect();
        let named: BTreeSet<&ServiceName> = cells().map(|(name, _)| name).collect();
        let mut lines: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (service, billed) in ground.mapping.billed().filter(|(service, _)| !used.contains(service)) {
            let had: Vec<_> =
                ground.places.iter().filter_map(|(name, place)| ground.had((name, place), (service, billed))).collect();
            let is_named = named.contains(service);
            // A line that was held for it is, whatever became of the others; unless the export says something else now.
            let waits = |one: &(AgreementId, MissingCount<'_>)| {
                let known = ground.past.missed.get(&(one.1.customer.clone(), service.clone()));
                known.is_some_and(|had_row| *had_row || !is_named)
            };
            let min = match was_asked(&ground.past.decisions, service, billed) || had.iter().any(waits) {
                true => 1,
                false if is_named => CUSTOMERS_AT_ZERO_MIN,
                false => CUSTOMERS_MIN,
            };
            if had.len() < min {
                continue;
            }
            for (agreement, count) in had {
                for product in &billed.products {
                    lines.entry((agreement, product.folded())).or_default().push(count);
                }
            }
        }
        Self(lines)
    }

    /// What stood on a line.
    pub fn on(&self, key: &LineKey) -> &[MissingCount<'a>] {
        if self.0.is_empty() {
            return &[];
        }
        self.0.get(&(key.agreement, key.product.folded())).map(Vec::as_slice).unwrap_or_default()
    }
}

impl<'a> CountsAndPlaces<'a> {
    /// What a customer who is in the export had of a service when it was last there.
    fn had(
        &self,
        (customer, place): (&'a CustomerName, &Place),
        (service, billed): (&'a ServiceName, &Billed),
    ) -> Option<(AgreementId, MissingCount<'a>)> {
        let (_, agreement) = place.agreement()?;
        let own = self.counts.of(customer)?;
        let accepted = self.past.counts.get(customer);
        let units = accepted.and_then(|own| own.get(service)).map(|count| count.units);
        let units = units.filter(|units| !units.is_zero()).or_else(|| self.looked_back_on(customer, (service, billed)));
        let units = units.or_else(|| is_ignored(&self.past.decisions, service).then_some(Decimal::ZERO))?;
        // On its way to zero since an earlier night, on which others had the service still.
        let line = |product| LineKey::total(agreement, product);
        let was_zero =
            billed.products.iter().any(|product| self.past.zero_before.of_line(&line(product.clone())).is_some());
        let is_new = |name: &ServiceName| !accepted.is_some_and(|known| known.contains_key(name));
        let is_alike = |name: &ServiceName| {
            let others =
                self.mapping.billed().filter(|(known, _)| *known == name).flat_map(|(_, other)| &other.products);
            others.into_iter().any(|product| billed.products.contains(product))
        };
        let renamed = own.cells().filter(is_used).any(|(name, _)| is_new(name) && is_alike(name));
        (!was_zero && !renamed).then_some((agreement, MissingCount { customer, service, units }))
    }

    /// What a peak or an average falls by once its period is over.
    fn looked_back_on(&self, customer: &CustomerName, (service, billed): (&ServiceName, &Billed)) -> Option<Decimal> {
        if !self.mapping.policy(customer, service, billed).looks_back() {
            return None;
        }
        let days = self.past.earlier_days(customer, service);
        let mut counts = days.last_period.counts().iter().chain(days.this_period.counts());
        counts.rfind(|count| !count.is_zero()).copied().map(Quantity::as_decimal)
    }
}

fn is_used((_, cell): &(&ServiceName, &Cell)) -> bool {
    !cell.units().is_zero()
}

/// Whether somebody answered to one of its lines that the service was gone: then the last of them is no ordinary fall either.
fn was_asked(decisions: &Decisions, service: &ServiceName, billed: &Billed) -> bool {
    let is_of = |subject: &DecisionSubject| match subject {
        DecisionSubject::Line(_, product, _) => billed.products.iter().any(|known| known.folded() == *product),
        DecisionSubject::Service(name) => name == service,
        _ => false,
    };
    decisions.0.iter().any(|(subject, decision)| decision.reason == Code::ServiceMissing && is_of(subject))
}

/// Whether somebody said not to ask about it: what is left alone by that stays so until it is used again.
fn is_ignored(decisions: &Decisions, service: &ServiceName) -> bool {
    let answer = decisions.0.get(&DecisionSubject::Service(service.clone()));
    answer.is_some_and(|answer| answer.verb == AnswerVerb::Ignore && answer.reason == Code::ServiceMissing)
}
