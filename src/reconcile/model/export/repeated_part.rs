//! A file or a sheet of an export that says once more what others say.

use rust_decimal::Decimal;

use crate::reconcile::model::ids::{CustomerName, ServiceName};

/// One of several files or sheets, and what of it stands in others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepeatedPart {
    /// Which of the export's parts, from 0.
    pub part: usize,
    /// The one that says the same; `None` where it is all others together.
    pub other: Option<usize>,
    /// How many of its counts are the same there.
    pub same: usize,
    /// How many counts it has.
    pub of: usize,
    /// The customer of the first that stands in both.
    pub customer: CustomerName,
    /// The service of that count.
    pub service: ServiceName,
    /// What this part says of it.
    pub units: Decimal,
}
