//! What a plan was drawn on, as far as a write compares it with what ConnectWise shows just before.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::reconcile::model::ids::{AdditionId, AgreementId, CompanyId, ProductId};
use crate::reconcile::model::plan::line::LineKey;
use crate::reconcile::model::records::{Addition, Additions, Agreement};

/// Whose each agreement was, and of which product each addition.
#[derive(Debug, Default)]
pub struct ExpectedOwners {
    companies: BTreeMap<AgreementId, CompanyId>,
    /// Of those whose product could be read, it.
    products: BTreeMap<AdditionId, Option<ProductId>>,
    /// Agreements that bill and were read, and on which nobody is counted.
    uncounted: BTreeMap<CompanyId, Vec<AgreementId>>,
}

impl ExpectedOwners {
    /// What was read for the plan; `counted` are the agreements that customers of the export are billed on.
    pub fn of(
        agreements: &BTreeMap<AgreementId, Agreement>,
        additions: &Additions,
        counted: &BTreeSet<AgreementId>,
        today: NaiveDate,
    ) -> Self {
        let product = |addition: &Addition| (addition.id, addition.product);
        let mut uncounted: BTreeMap<CompanyId, Vec<AgreementId>> = BTreeMap::new();
        for agreement in agreements.values().filter(|agreement| agreement.billing(today).is_ok()) {
            if additions.contains_key(&agreement.id) && !counted.contains(&agreement.id) {
                uncounted.entry(agreement.company).or_default().push(agreement.id);
            }
        }
        Self {
            companies: agreements.values().map(|agreement| (agreement.id, agreement.company)).collect(),
            products: additions.values().flatten().map(product).collect(),
            uncounted,
        }
    }

    /// The other agreements of the company on which nobody is counted.
    pub(super) fn uncounted_beside(&self, agreement: AgreementId) -> impl Iterator<Item = AgreementId> {
        let company = self.companies.get(&agreement);
        let others = company.and_then(|company| self.uncounted.get(company)).into_iter().flatten().copied();
        others.filter(move |other| *other != agreement)
    }

    /// Whether an addition was not there when the plan was drawn.
    pub(super) fn is_new(&self, addition: AdditionId) -> bool {
        !self.products.contains_key(&addition)
    }

    /// Whose it was, if it is not this one's.
    pub(super) fn other_company(&self, agreement: &Agreement) -> Option<CompanyId> {
        self.companies.get(&agreement.id).copied().filter(|company| *company != agreement.company)
    }

    /// A second addition of a line that nobody saw when the plan was drawn: with it the line would bill twice.
    pub(super) fn second_of(
        &self,
        key: &LineKey,
        id: AdditionId,
        additions: &[Addition],
        today: NaiveDate,
    ) -> Option<AdditionId> {
        let own = additions.iter().find(|addition| addition.id == id)?;
        let second = additions.iter().find(|other| self.is_second(key, own, other, today))?;
        self.products.contains_key(&id).then_some(second.id)
    }

    fn is_second(&self, key: &LineKey, own: &Addition, other: &Addition, today: NaiveDate) -> bool {
        let on_line = other.product == own.product && (other.mark.is_none() || other.bears(key.item.as_ref()));
        let meant = !other.is_beside() || own.is_beside();
        on_line && meant && other.id != own.id && !self.products.contains_key(&other.id) && other.is_live(today)
    }

    /// Whether it is still of the product that it was of.
    pub(super) fn has_product(&self, addition: AdditionId, product: Option<ProductId>) -> bool {
        self.products.get(&addition).copied().flatten().is_none_or(|planned| product == Some(planned))
    }
}
