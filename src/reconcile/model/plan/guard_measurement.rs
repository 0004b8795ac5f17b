//! What each guard of an export or a run saw of a plan, whether it let it pass or not.

use crate::reconcile::model::plan::reason_code::Code;

/// What one guard saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardLook {
    /// Which guard.
    pub code: Code,
    /// What it measured, and its limit.
    pub said: String,
    /// Whether the plan may not be carried out for this.
    pub stops: bool,
}
