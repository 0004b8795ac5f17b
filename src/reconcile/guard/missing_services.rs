//! A service that several customers had and that nobody in the export has tonight: a column, a sheet or a list that is gone,
//! or a new name. That customers of one vendor stop to use a service in one night is no usage that fell, so their lines wait.
//!
//! Two are several: that one customer left a service is ordinary, and so is the last of them. Where the export still names the service
//! and says 0 it takes five: a vendor that counts nothing more has said so, unless it says so of many in one night. Who is not in the export at all is
//! missing by itself, and who has another new service on the same product has it under a new name that somebody mapped.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use crate::reconcile::matching::placement::Place;
use crate::reconcile::model::decision::{DecisionSubject, Decisions};
use crate::reconcile::model::export::counts::{Cell, Counts, CustomerCounts};
use crate::reconcile::model::ids::{AgreementId, CustomerName, ProductCode, ServiceName};
use crate::reconcile::model::known_lines::KnownLines as _;
use crate::reconcile::model::mapping::{Billed, Mapping, ServiceRule};
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

/// Counts that are less than was accepted in a way that a person has to look at, by the lines that they stand on.
#[derive(Debug, Default)]
pub struct LesserCounts<'a>(BTreeMap<(AgreementId, String), LesserCount<'a>>);

/// The first of a line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LesserCount<'a> {
    /// One of several customers of the line uses nothing any more of what it is for.
    pub gone: Option<MissingCount<'a>>,
    /// The newest day of the export has fewer rows of it, and less: the others may be on their way. With the rows then and now.
    pub fewer_rows: Option<(MissingCount<'a>, usize, usize)>,
}

impl<'a> LesserCounts<'a> {
    /// Those of tonight.
    pub fn of(ground: CountsAndPlaces<'a>) -> Self {
        let CountsAndPlaces { counts, mapping, places, past } = ground;
        let mut on: BTreeMap<AgreementId, usize> = BTreeMap::new();
        let placed = places.values().filter_map(Place::agreement);
        placed.for_each(|(_, agreement)| *on.entry(agreement).or_default() += 1);
        let is_of_day = counts.newest_day.is_some() && counts.newest_day == counts.newest_day_began;
        let mut lines: BTreeMap<_, LesserCount<'a>> = BTreeMap::new();
        for (customer, accepted) in &past.counts {
            let agreement = places.get(customer).and_then(Place::agreement).map(|(_, agreement)| agreement);
            let (Some(agreement), Some(tonight)) = (agreement, counts.of(customer)) else { continue };
            let is_shared = on.get(&agreement).is_some_and(|customers| *customers > 1);
            for (service, before) in accepted.iter().filter(|(_, before)| !before.units.is_zero()) {
                let Some(ServiceRule::Billed(billed)) = mapping.services.get(service) else { continue };
                let (units, rows) =
                    tonight.get(service).map_or((Decimal::ZERO, 0), |cell| (cell.units(), cell.lines().number()));
                // Where each row is one, fewer rows are a smaller count and nothing else.
                let is_row_each = before.units == Decimal::from(before.rows) && units == Decimal::from(rows);
                let is_fewer = is_of_day && rows < before.rows && units < before.units && !is_row_each;
                let count = MissingCount { customer, service, units: before.units };
                for product in &billed.products {
                    let is_gone = || is_shared && units.is_zero() && !uses(mapping, tonight, product);
                    let gone = is_gone().then_some(count);
                    if is_fewer || gone.is_some() {
                        let line = lines.entry((agreement, product.folded())).or_default();
                        line.gone = line.gone.or(gone);
                        line.fewer_rows = line.fewer_rows.or(is_fewer.then_some((count, before.rows, rows)));
                    }
                }
            }
        }
        Self(lines)
    }

    /// What stands on a line.
    pub fn on(&self, key: &LineKey) -> LesserCount<'a> {
        let known = if self.0.is_empty() { None } else { self.0.get(&(key.agreement, key.product.folded())) };
        known.copied().unwrap_or_default()
    }
}

/// Whether a customer uses anything of a product.
fn uses(mapping: &Mapping, own: &CustomerCounts, product: &ProductCode) -> bool {
    own.cells().filter(is_used).any(|(service, _)| match mapping.services.get(service) {
        Some(ServiceRule::Billed(billed)) => billed.products.contains(product),
        _ => false,
    })
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
            let min = match was_asked(&ground.past.decisions, service, billed) {
                true => 1,
                false if named.contains(service) => CUSTOMERS_AT_ZERO_MIN,
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
