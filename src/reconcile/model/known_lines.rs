//! Lines that earlier nights knew, looked up by a line of tonight: its product's identifier may be spelled otherwise since.

use std::collections::BTreeMap;

use crate::reconcile::model::ids::{AdditionId, ProductCode, ProductId};
use crate::reconcile::model::line_owners::Owned;
use crate::reconcile::model::plan::line::LineKey;

/// What is kept by [`LineKey::folded`].
pub trait KnownLines<T> {
    /// What is known of a line, in whatever letters its product was written then.
    fn of_line(&self, key: &LineKey) -> Option<&T>;
}

impl<T> KnownLines<T> for BTreeMap<LineKey, T> {
    fn of_line(&self, key: &LineKey) -> Option<&T> {
        let key = &*key.folded();
        let spelled = || {
            let product = key.product.folded();
            let mut there = on_agreement(self, key);
            there.find(|(known, _)| known.item == key.item && known.product.folded() == product).map(|(_, one)| one)
        };
        self.get(key).or_else(spelled)
    }
}

/// What was sent to be a line, with the catalog item that was sent.
pub trait OfCatalogItem {
    /// Which, where that is known.
    fn catalog_item(&self) -> Option<ProductId>;
}

/// What was sent to be a line: also where its catalog item got another identifier since.
pub(in crate::reconcile) fn sent_as<'a, T: OfCatalogItem>(
    all: &'a BTreeMap<LineKey, T>,
    key: &LineKey,
    product: Option<ProductId>,
) -> Option<&'a T> {
    let renamed = || {
        let item = &key.folded().item;
        let of_item = |(known, one): &(&LineKey, &T)| {
            known.item == *item && one.catalog_item().is_some_and(|sent| product == Some(sent))
        };
        on_agreement(all, key).find(of_item).map(|(_, one)| one)
    };
    all.of_line(key).or_else(renamed)
}

/// The line that an addition was owned as, on its agreement and for its item, under whatever identifier its product had:
/// `is_renamed` says whether one of another identifier is the same product.
pub(in crate::reconcile) fn owned_as<'a>(
    owned: &'a BTreeMap<LineKey, Owned>,
    (key, addition): (&LineKey, Option<AdditionId>),
    is_renamed: impl Fn(&LineKey) -> bool,
) -> Option<&'a Owned> {
    let renamed = || {
        let (addition, item) = (addition?, &key.folded().item);
        let mut there = on_agreement(owned, key);
        let is_it = |(known, one): &(&LineKey, &Owned)| one.addition == Some(addition) && known.item == *item;
        there.find(|it| is_it(it) && is_renamed(it.0)).map(|(_, one)| one)
    };
    owned.of_line(key).or_else(renamed)
}

/// What is known of the lines on the agreement of this one.
pub(in crate::reconcile) fn on_agreement<'a, T>(
    all: &'a BTreeMap<LineKey, T>,
    key: &LineKey,
) -> impl Iterator<Item = (&'a LineKey, &'a T)> + use<'a, T> {
    let agreement = key.agreement;
    let first = LineKey { agreement, product: ProductCode::new(""), item: None };
    all.range(first..).take_while(move |(known, _)| known.agreement == agreement)
}
