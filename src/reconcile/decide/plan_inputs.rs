//! Everything that a plan is drawn from.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::reconcile::guard::guard_policy::GuardPolicy;
use crate::reconcile::matching::line_claims::Claims;
use crate::reconcile::matching::placement::Place;
use crate::reconcile::model::connectwise_records::{Additions, Directory};
use crate::reconcile::model::export::counts::Counts;
use crate::reconcile::model::ids::{CustomerName, IntegrationName};
use crate::reconcile::model::mapping::Mapping;
use crate::reconcile::model::past::{ExportStamp, Past};

/// Everything a plan is drawn from. All of it was read before; nothing is looked up while deciding.
#[derive(Debug, Clone, Copy)]
pub struct PlanInputs<'a> {
    /// Whose plan.
    pub integration: &'a IntegrationName,
    /// The export's counts.
    pub counts: &'a Counts,
    /// Which export it is.
    pub export: &'a ExportStamp,
    /// The operator's mapping.
    pub mapping: &'a Mapping,
    /// Where each customer is billed.
    pub places: &'a BTreeMap<CustomerName, Place>,
    /// Companies, agreements, products.
    pub directory: &'a Directory,
    /// The additions of every agreement in `places`.
    pub additions: &'a Additions,
    /// What other integrations own.
    pub claims: &'a Claims,
    /// The line guards.
    pub policy: &'a GuardPolicy,
    /// What earlier nights know.
    pub past: &'a Past,
    /// The day of the run: dates of agreements and additions are calendar dates.
    pub today: NaiveDate,
}
