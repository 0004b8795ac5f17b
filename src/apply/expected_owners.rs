//! What a plan was drawn on, as far as a write compares it with what ConnectWise shows just before.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::reconcile::decide::billed_elsewhere::may_be;
use crate::reconcile::matching::line_claims::Claims;
use crate::reconcile::model::connectwise_records::{Addition, Additions, Agreement, Directory};
use crate::reconcile::model::ids::{AdditionId, AgreementId, CompanyId, ProductId};
use crate::reconcile::model::plan::line::LineKey;

/// Whose each agreement was, and of which product each addition.
#[derive(Debug, Default)]
pub struct ExpectedOwners {
    companies: BTreeMap<AgreementId, CompanyId>,
    /// Of those whose product could be read, it.
    products: BTreeMap<AdditionId, Option<ProductId>>,
    beside: BilledBeside,
}

/// What a line that begins may bill beside, by the rules that the plan was drawn by.
#[derive(Debug, Default)]
struct BilledBeside {
    /// Agreements that bill and were read.
    agreements: BTreeMap<CompanyId, Vec<AgreementId>>,
    /// Those that customers of the export are billed on.
    counted: BTreeSet<AgreementId>,
    claims: Claims,
    /// Products that share their identifier with others of the catalog, with those.
    same_identifier: BTreeMap<ProductId, BTreeSet<ProductId>>,
    /// What billed when the plan was drawn: the plan has asked about it. With its product.
    billed: BTreeMap<AdditionId, Option<ProductId>>,
}

/// A line that begins: nothing of it billed when the plan was drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct BeginningLine<'a> {
    pub(super) key: &'a LineKey,
    pub(super) product: ProductId,
}

impl ExpectedOwners {
    /// What was read for the plan.
    pub fn of(directory: &Directory, additions: &Additions) -> Self {
        let product = |addition: &Addition| (addition.id, addition.product);
        let company = |agreement: &Agreement| (agreement.id, agreement.company);
        Self {
            companies: directory.agreements.values().map(company).collect(),
            products: additions.values().flatten().map(product).collect(),
            beside: BilledBeside::default(),
        }
    }

    /// The same for a plan that lines begin by. `counted` are the agreements that customers of the export are billed on,
    /// `claims` what other integrations want.
    #[must_use]
    pub fn beside(
        self,
        directory: &Directory,
        additions: &Additions,
        (counted, claims): (BTreeSet<AgreementId>, Claims),
        today: NaiveDate,
    ) -> Self {
        let mut agreements: BTreeMap<CompanyId, Vec<AgreementId>> = BTreeMap::new();
        for agreement in directory.agreements.values().filter(|agreement| agreement.billing(today).is_ok()) {
            if additions.contains_key(&agreement.id) {
                agreements.entry(agreement.company).or_default().push(agreement.id);
            }
        }
        let mut same_identifier = BTreeMap::new();
        for items in directory.products.values().filter(|items| items.len() > 1) {
            let ids: BTreeSet<ProductId> = items.iter().map(|item| item.id).collect();
            same_identifier.extend(ids.iter().map(|id| (*id, ids.clone())));
        }
        let bills = |addition: &&Addition| addition.is_live(today) && addition.bills();
        let billed =
            additions.values().flatten().filter(bills).map(|addition| (addition.id, addition.product)).collect();
        Self { beside: BilledBeside { agreements, counted, claims, same_identifier, billed }, ..self }
    }

    /// The other agreements of the company on which a line may bill what this one begins to bill: where nobody wants it,
    /// and, under another catalog item of its identifier, also where somebody is counted.
    pub(super) fn others_of(&self, line: BeginningLine<'_>) -> impl Iterator<Item = AgreementId> {
        let BeginningLine { key, product } = line;
        let company = self.companies.get(&key.agreement);
        let others = company.and_then(|company| self.beside.agreements.get(company)).into_iter().flatten().copied();
        others.filter(move |other| {
            let unwanted = self.beside.claims.of(*other, &key.product).is_empty();
            let by_item = self.beside.same_identifier.contains_key(&product);
            *other != key.agreement && unwanted && (by_item || !self.beside.counted.contains(other))
        })
    }

    /// Whether an addition of an agreement bills what a line begins to bill, and did not when the plan was drawn: then nobody
    /// was asked about it. One whose product cannot be read may.
    pub(super) fn bills_since(
        &self,
        line: BeginningLine<'_>,
        (agreement, addition): (AgreementId, &Addition),
        today: NaiveDate,
    ) -> bool {
        let BeginningLine { key, product } = line;
        let wanted = |id| self.beside.counted.contains(&agreement) && id == product;
        let same = |id| self.beside.same_identifier.get(&product).map_or(id == product, |items| items.contains(&id));
        let asked = self.beside.billed.get(&addition.id) == Some(&addition.product);
        !asked
            && addition.product.is_none_or(|id| same(id) && !wanted(id))
            && addition.is_live(today)
            && addition.bills()
            && may_be(addition, key.item.as_ref())
    }

    /// Whether it was read for the plan, on whatever agreement.
    pub(super) fn was_there(&self, addition: AdditionId) -> bool {
        self.products.contains_key(&addition)
    }

    /// The product of an addition that was read.
    pub(super) fn product_of(&self, addition: AdditionId) -> Option<ProductId> {
        self.products.get(&addition).copied().flatten()
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
