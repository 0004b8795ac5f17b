//! Counts that are less than was accepted in a way that a person has to look at: of one of several customers of a line, or of a
//! newest day that is half there.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::reconcile::guard::missing_services::{CountsAndPlaces, MissingCount, is_used};
use crate::reconcile::matching::placement::Place;
use crate::reconcile::model::export::counts::CustomerCounts;
use crate::reconcile::model::ids::{AgreementId, ProductCode};
use crate::reconcile::model::mapping::{Mapping, ServiceRule};
use crate::reconcile::model::plan::line::LineKey;

/// They, by the lines that they stand on.
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
