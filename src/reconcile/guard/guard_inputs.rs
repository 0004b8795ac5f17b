//! What the guards look at beside the plan, and what ConnectWise returned of what it was asked for.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::reconcile::guard::guard_policy::GuardPolicy;
use crate::reconcile::model::export::counts::Counts;
use crate::reconcile::model::ids::{AdditionId, AgreementId};
use crate::reconcile::model::past::{ExportStamp, Past};

/// What the guards look at, beside the plan.
#[derive(Debug, Clone, Copy)]
pub struct GuardInputs<'a> {
    /// The limits.
    pub policy: &'a GuardPolicy,
    /// What the last accepted run saw.
    pub past: &'a Past,
    /// The export's counts.
    pub counts: &'a Counts,
    /// Which export, and how old.
    pub export: &'a ExportStamp,
    /// Which additions ConnectWise returned tonight.
    pub seen: &'a ReadCoverage,
    /// The time of the run.
    pub now: DateTime<Utc>,
    /// Whether this run would write without anybody having looked: a nightly run in apply mode.
    pub unattended: bool,
}

/// What ConnectWise returned, and what it was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadCoverage {
    /// Every addition that was returned.
    pub additions: BTreeSet<AdditionId>,
    /// The agreements whose additions were asked for.
    pub agreements: BTreeSet<AgreementId>,
    /// A company or an agreement that the mapping names was not to be found: then lines that were not asked for may be
    /// out of sight, and not unmapped.
    pub lost_sight: bool,
}
