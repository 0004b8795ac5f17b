//! What one line is judged by, and the line itself.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::reconcile::decide::billed_elsewhere::ElsewhereInputs;
use crate::reconcile::guard::guard_policy::GuardPolicy;
use crate::reconcile::guard::missing_services::MissingServices;
use crate::reconcile::guard::missing_services::lesser_counts::LesserCounts;
use crate::reconcile::matching::placement::Place;
use crate::reconcile::matching::wanted_line::WantedLine;
use crate::reconcile::model::connectwise_records::{Addition, Agreement, Product};
use crate::reconcile::model::ids::CustomerName;
use crate::reconcile::model::mapping::Mapping;
use crate::reconcile::model::past::{ExportStamp, Past};
use crate::reconcile::model::plan::line::LineKey;
use crate::reconcile::model::plan::reason_code::Code;

/// What a line is judged by, beside itself.
#[derive(Debug, Clone, Copy)]
pub struct LineRules<'a> {
    /// Pins, and whether a line may be created.
    pub mapping: &'a Mapping,
    /// The line guards.
    pub policy: &'a GuardPolicy,
    /// What earlier nights wrote and saw.
    pub past: &'a Past,
    /// Tonight's export.
    pub export: &'a ExportStamp,
    /// Where each customer is billed.
    pub places: &'a BTreeMap<CustomerName, Place>,
    /// What nobody in the export has any more.
    pub missing: &'a MissingServices<'a>,
    /// What is less than was accepted.
    pub lesser: &'a LesserCounts<'a>,
    /// What bills beside the lines.
    pub around: &'a ElsewhereInputs<'a>,
    /// The day of the run.
    pub today: NaiveDate,
}

/// One line, and what ConnectWise has of it.
#[derive(Debug, Clone, Copy)]
pub struct LineCase<'a> {
    /// Which line.
    pub key: &'a LineKey,
    /// What it ought to be.
    pub wanted: &'a WantedLine,
    /// The agreement that it stands on.
    pub agreement: &'a Agreement,
    /// Its product, or why the catalog has none that may be billed.
    pub product: Result<&'a Product, Code>,
    /// All additions of the agreement.
    pub additions: &'a [Addition],
}
