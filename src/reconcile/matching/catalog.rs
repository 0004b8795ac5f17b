//! Products as the configuration spells them, found in ConnectWise's catalog.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use crate::reconcile::model::connectwise_records::{Directory, Product, Products};
use crate::reconcile::model::ids::{ProductCode, ProductId};
use crate::reconcile::model::mapping::{Mapping, ServiceRule};
use crate::reconcile::model::plan::reason_code::Code;

impl Products {
    /// The identifiers of its items, folded as [`ProductCode::folded`]; empty for one that cannot be read.
    pub fn identifiers(&self) -> impl Iterator<Item = String> + '_ {
        let unreadable = self.unreadable.iter().map(|item| item.known.as_deref().unwrap_or_default());
        let all = self.records.iter().map(|item| item.identifier.as_str()).chain(unreadable);
        all.map(|identifier| ProductCode::new(identifier).folded())
    }

    /// Those of one identifier, folded.
    #[must_use]
    pub fn named(&self, folded: &str) -> Self {
        let is_named = |identifier: &str| ProductCode::new(identifier).folded() == folded;
        let records = self.records.iter().filter(|item| is_named(&item.identifier)).cloned().collect();
        let unreadable = self.unreadable.iter().filter(|item| item.known.as_deref().is_some_and(is_named));
        Self { records, unreadable: unreadable.cloned().collect() }
    }
}

/// Looks a product up in the catalog: it must be there once, active, and no bundle.
///
/// # Errors
/// The code of what is wrong with it.
pub fn product<'a>(directory: &'a Directory, code: &ProductCode) -> Result<&'a Product, Code> {
    if directory.unread.products.contains_key(&code.folded()) {
        return Err(Code::ProductUnreadable);
    }
    let product = match candidates(directory, code).as_slice() {
        [] => return Err(Code::ProductMissing),
        [one] => *one,
        _ => return Err(Code::ProductAmbiguous),
    };
    match (product.bundle_class, product.inactive) {
        (true, _) => Err(Code::ProductBundleClass),
        (_, true) => Err(Code::ProductInactive),
        _ => Ok(product),
    }
}

impl Directory {
    /// Takes up what additions call their products.
    pub fn note_named(&mut self, named: BTreeMap<ProductId, ProductCode>) {
        for (product, code) in named {
            let code = code.folded();
            if self.products.get(&code).is_some_and(|known| known.iter().all(|item| item.id != product)) {
                self.not_in_catalog.entry(code).or_default().insert(product);
            }
        }
    }
}

/// The catalog items that a spelling may mean: those of exactly that identifier, or else those that differ in case.
pub(in crate::reconcile) fn candidates<'a>(directory: &'a Directory, code: &ProductCode) -> Vec<&'a Product> {
    let found = directory.products.get(&code.folded()).map(Vec::as_slice).unwrap_or_default();
    let exact: Vec<&Product> = found.iter().filter(|product| product.identifier == code.as_str()).collect();
    if exact.is_empty() { found.iter().collect() } else { exact }
}

/// The mapping with one spelling for each catalog item. Left as two products, two spellings would be two lines that
/// write the same addition in turn, or create it twice.
pub(in crate::reconcile) fn one_spelling<'a>(mapping: &'a Mapping, directory: &Directory) -> Cow<'a, Mapping> {
    let mut spelled: BTreeMap<ProductId, &ProductCode> = BTreeMap::new();
    let mut others: BTreeMap<ProductCode, ProductCode> = BTreeMap::new();
    for code in mapping.products() {
        if let [product] = candidates(directory, code).as_slice() {
            let first = *spelled.entry(product.id).or_insert(code);
            if first != code {
                others.insert(code.clone(), first.clone());
            }
        }
    }
    if others.is_empty() {
        return Cow::Borrowed(mapping);
    }
    let mut mapping = mapping.clone();
    for rule in mapping.services.values_mut() {
        if let ServiceRule::Billed(billed) = rule {
            let mut seen = HashSet::new();
            let products = billed.products.iter().map(|code| others.get(code).unwrap_or(code).clone());
            billed.products = products.filter(|code| seen.insert(code.clone())).collect();
        }
    }
    Cow::Owned(mapping)
}
