//! The additions that a question names. An answer is for these: one that comes into sight later is another question.

use std::collections::BTreeMap;
use std::fmt;

use rust_decimal::Decimal;

use crate::reconcile::model::ids::AdditionId;
use crate::reconcile::model::quantity::Quantity;

/// Additions that stand in the way of a line, beside it or in its place, each with its units where they can be read and
/// count. Empty where a question is about its line alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named(pub BTreeMap<AdditionId, Option<Quantity>>);

impl Named {
    /// One addition.
    pub fn one(addition: AdditionId, units: Option<Quantity>) -> Self {
        Self(BTreeMap::from([(addition, units)]))
    }

    /// Several additions of which the units do not matter.
    pub fn several(additions: impl IntoIterator<Item = AdditionId>) -> Self {
        Self(additions.into_iter().map(|addition| (addition, None)).collect())
    }

    /// The addition that a question is about: the live one, else the first that is named.
    pub fn own(&self, live: Option<AdditionId>) -> Option<AdditionId> {
        live.or_else(|| self.0.keys().next().copied())
    }

    /// What an answer to `shown` was not for: the first addition that was not named, or held other units.
    pub fn moved_from(&self, shown: &Named) -> Option<String> {
        self.0.iter().find_map(|(id, units)| match (shown.0.get(id), units) {
            (None, _) => Some(format!("nobody was asked about addition {id}")),
            (Some(Some(then)), Some(now)) if then != now => {
                Some(format!("addition {id} held {then} then, and {now} now"))
            }
            (Some(_), _) => None,
        })
    }

    /// The same, whatever they hold.
    pub fn is_within(&self, shown: &Named) -> bool {
        self.0.keys().all(|id| shown.0.contains_key(id))
    }

    /// What they bill together, as far as their units can be read.
    pub fn together(&self) -> Decimal {
        let units = self.0.values().flatten().map(|units| units.as_decimal());
        units.fold(Decimal::ZERO, Decimal::saturating_add)
    }

    /// These and others.
    #[must_use]
    pub fn and(mut self, others: impl IntoIterator<Item = (AdditionId, Option<Quantity>)>) -> Self {
        self.0.extend(others);
        self
    }
}

/// `addition 1800 of 6 and addition 1900`; empty where none is named.
impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (addition, units)) in self.0.iter().enumerate() {
            let and = if at == 0 { "" } else { " and " };
            write!(f, "{and}addition {addition}")?;
            if let Some(units) = units {
                write!(f, " of {units}")?;
            }
        }
        Ok(())
    }
}
