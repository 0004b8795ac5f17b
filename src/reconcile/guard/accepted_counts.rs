//! The counts that were accepted last, as values, and how large an export they come to: rows, customers, units.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::reconcile::model::ids::{CustomerName, ServiceName};

/// By customer and service.
pub type AcceptedCounts = BTreeMap<CustomerName, BTreeMap<ServiceName, AcceptedCount>>;

/// The count of one customer and service, and what it was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AcceptedCount {
    /// Units.
    pub units: Decimal,
    /// Rows of the export.
    pub rows: usize,
}

/// How large an export is, in the three ways that a later one is compared with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Size {
    /// Rows of counts.
    pub rows: usize,
    /// Customers with a count.
    pub customers: usize,
    /// Units, all services together.
    pub units: Decimal,
}

impl Size {
    /// Of what was accepted.
    pub fn of(accepted: &AcceptedCounts) -> Self {
        let all = || accepted.values().flat_map(BTreeMap::values);
        Self {
            rows: all().map(|count| count.rows).sum(),
            customers: accepted.len(),
            units: all().map(|count| count.units).fold(Decimal::ZERO, Decimal::saturating_add),
        }
    }
}

impl AcceptedCount {
    /// The smaller of both, in units and in rows.
    pub(super) fn least(self, other: Self) -> Self {
        Self { units: self.units.min(other.units), rows: self.rows.min(other.rows) }
    }
}
