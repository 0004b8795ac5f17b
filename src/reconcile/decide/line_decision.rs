//! One line under judgement: what it is judged by, and what comes of it.

use crate::reconcile::model::plan::code::Code;
use crate::reconcile::model::plan::line::{LiveAddition, Verdict};

/// A judged line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineDecision {
    /// What is to happen.
    pub verdict: Verdict,
    /// What ConnectWise holds, if it is one readable live addition.
    pub live: Option<LiveAddition>,
    /// A sentence.
    pub detail: String,
}

/// A reason to hold, and the sentence that goes with it.
pub(in crate::reconcile) type HoldReason = (Code, String);
