//! What a count is of, where an export names it.

use std::ops::Deref;

use crate::reconcile::model::ids::ItemName;

/// The items of a count, in order, each once. As wide as a pointer: a million counts are kept, and of most exports no count
/// names any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CellItems(Option<Box<AtLeastOne>>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct AtLeastOne(Vec<ItemName>);

impl Deref for CellItems {
    type Target = [ItemName];

    fn deref(&self) -> &[ItemName] {
        self.0.as_ref().map_or(&[], |items| &items.0)
    }
}

impl FromIterator<ItemName> for CellItems {
    fn from_iter<I: IntoIterator<Item = ItemName>>(items: I) -> Self {
        let items: Vec<ItemName> = items.into_iter().collect();
        Self((!items.is_empty()).then(|| Box::new(AtLeastOne(items))))
    }
}
