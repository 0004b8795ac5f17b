//! What bills by now in the place of a line that is to bill again: on both, the customer would pay twice.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::reconcile::decide::left_behind::taken_off;
use crate::reconcile::decide::line_decision::HoldReason;
use crate::reconcile::decide::undo::undo_inputs::{ConfirmedWrite, Undoing};
use crate::reconcile::matching::catalog::candidates;
use crate::reconcile::matching::placement::Place;
use crate::reconcile::model::connectwise_records::{Addition, Directory};
use crate::reconcile::model::ids::{AgreementId, CompanyId, CustomerName, ProductCode, ProductId, RunId, ServiceName};
use crate::reconcile::model::mapping::{Mapping, ServiceRule};
use crate::reconcile::model::plan::line::LineKey;
use crate::reconcile::model::plan::reason_code::Code;

/// The agreements whose additions an undo has to see: those of its lines, those that their customers are billed on now,
/// and all of the company of a line that is to rise and that the mapping does not want.
pub fn agreements_to_see(
    wrote: &BTreeMap<LineKey, ConfirmedWrite>,
    mapping: &Mapping,
    places: &BTreeMap<CustomerName, Place>,
    directory: &Directory,
    today: NaiveDate,
) -> BTreeSet<AgreementId> {
    let mut seen: BTreeSet<AgreementId> = wrote.keys().map(|key| key.agreement).collect();
    for (key, one) in wrote.iter().filter(|(_, one)| one.rises()) {
        let placed = one.sources.iter().filter_map(|source| places.get(&source.customer)?.agreement());
        seen.extend(placed.map(|(_, agreement)| agreement));
        let company = directory.agreements.get(&key.agreement).map(|agreement| agreement.company);
        if let Some(company) = company.filter(|_| !is_wanted(key, mapping, places)) {
            seen.extend(billing(directory, company, today));
        }
    }
    seen.retain(|agreement| directory.agreements.contains_key(agreement));
    seen
}

/// Whether the mapping wants anything of a line: it bills the product, and puts a customer on the agreement.
pub(super) fn is_wanted(key: &LineKey, mapping: &Mapping, places: &BTreeMap<CustomerName, Place>) -> bool {
    let placed = places.values().filter_map(Place::agreement).any(|(_, agreement)| agreement == key.agreement);
    placed && mapping.products().iter().any(|product| product.folded() == key.product.folded())
}

/// The agreements of a company that bill.
fn billing(directory: &Directory, company: CompanyId, today: NaiveDate) -> impl Iterator<Item = AgreementId> {
    let own = directory.agreements.values().filter(move |agreement| agreement.company == company);
    own.filter(move |agreement| agreement.billing(today).is_ok()).map(|agreement| agreement.id)
}

impl Undoing<'_> {
    /// Why the units of a line are not brought back: something bills in its place, or may.
    pub(super) fn replaced(&self, key: &LineKey, wrote: &ConfirmedWrite) -> Option<HoldReason> {
        let owned = wrote.owned();
        let mut lost = taken_off(&owned, key, self.mapping, self.places);
        lost.find_map(|(customer, service)| self.billed_now(key, wrote, (customer, service)))
            .or_else(|| self.beside(key, wrote).filter(|_| !is_wanted(key, self.mapping, self.places)))
    }

    /// What bills a customer's service now that the line billed then.
    fn billed_now(
        &self,
        key: &LineKey,
        wrote: &ConfirmedWrite,
        (customer, service): (&CustomerName, &ServiceName),
    ) -> Option<HoldReason> {
        let (_, agreement) = self.places.get(customer)?.agreement()?;
        let billed = match self.mapping.services.get(service) {
            Some(ServiceRule::Billed(billed)) => billed.products.as_slice(),
            _ => &[],
        };
        let mapped = self.mapping.products();
        let same = mapped.into_iter().filter(|product| product.folded() == key.product.folded());
        let products: Vec<&ProductCode> = billed.iter().chain(same).collect();
        if let Some(run) = self.creation_in_doubt(agreement, &products) {
            let why = format!("a creation of run {run} on agreement {agreement} is in doubt, which may bill it");
            return Some((Code::UndoReplaced, why));
        }
        let items = products.into_iter().flat_map(|product| candidates(self.directory, product));
        let items: BTreeSet<ProductId> = items.map(|product| product.id).collect();
        self.found(key, wrote, agreement, |addition| addition.product.is_none_or(|id| items.contains(&id)))
    }

    fn creation_in_doubt(&self, agreement: AgreementId, products: &[&ProductCode]) -> Option<RunId> {
        let is_one = |key: &LineKey| {
            key.agreement == agreement && products.iter().any(|product| product.folded() == key.product.folded())
        };
        self.in_doubt.iter().find(|(key, _)| is_one(key)).map(|(_, doubt)| doubt.run)
    }

    /// What bills on the company's agreements where the mapping wants nothing of the line: the same product, or whatever
    /// began since.
    fn beside(&self, key: &LineKey, wrote: &ConfirmedWrite) -> Option<HoldReason> {
        let company = self.directory.agreements.get(&key.agreement)?.company;
        let mut unread = self.directory.unread.agreements.iter();
        if let Some((id, _)) = unread.find(|(_, record)| record.known.company.is_none_or(|of| of == company)) {
            let why = format!("agreement {id} cannot be read, and something may bill there in its place");
            return Some((Code::AgreementUnreadable, why));
        }
        let items: BTreeSet<ProductId> =
            candidates(self.directory, &key.product).into_iter().map(|product| product.id).collect();
        let fits = |addition: &Addition| {
            addition.product.is_none_or(|id| items.contains(&id)) || self.begun.contains_key(&addition.id)
        };
        let mut agreements = billing(self.directory, company, self.today);
        agreements.find_map(|agreement| self.found(key, wrote, agreement, fits))
    }

    /// An addition of an agreement that bills the line's item and `fits`.
    fn found(
        &self,
        key: &LineKey,
        wrote: &ConfirmedWrite,
        agreement: AgreementId,
        fits: impl Fn(&Addition) -> bool,
    ) -> Option<HoldReason> {
        let bills = self.directory.agreements.get(&agreement).is_some_and(|found| found.billing(self.today).is_ok());
        if !bills {
            return None;
        }
        let listed = match self.listed(agreement) {
            Ok(listed) => listed,
            Err(unread) => return Some(unread),
        };
        let of_item = |addition: &Addition| addition.mark.is_none() || addition.bears(key.item.as_ref());
        let other = |addition: &&Addition| addition.id != wrote.addition && addition.is_current(self.today);
        let mut others = listed.iter().filter(other).filter(|addition| addition.bills() && of_item(addition));
        let found = others.find(|addition| fits(addition))?;
        let units = found.units();
        let begun = self.begun.get(&found.id).map(|run| format!(", since run {run}")).unwrap_or_default();
        let why = format!("addition {} on agreement {agreement} bills {units} in its place{begun}", found.id);
        Some((Code::UndoReplaced, why))
    }
}
