//! One line under judgement: what it is judged by, and what comes of it.

use crate::reconcile::model::plan::code::Code;
use crate::reconcile::model::plan::line::{Live, Verdict};
use crate::reconcile::model::plan::named::Named;

/// A judged line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// What is to happen.
    pub verdict: Verdict,
    /// What ConnectWise holds, if it is one readable live addition.
    pub live: Option<Live>,
    /// A sentence.
    pub detail: String,
    /// The other additions that it asks about.
    pub named: Named,
}

impl Judgement {
    /// One that asks about no other addition.
    pub fn new(verdict: Verdict, live: Option<Live>, detail: String) -> Self {
        Self { verdict, live, detail, named: Named::default() }
    }

    /// One that waits for somebody.
    pub fn held(code: Code, live: Option<Live>, detail: String) -> Self {
        Self::new(Verdict::Held(code), live, detail)
    }

    /// The same, asking about these additions.
    #[must_use]
    pub fn naming(self, named: Named) -> Self {
        Self { named, ..self }
    }
}

/// A reason to hold, and the sentence that goes with it.
pub(in crate::reconcile) type HoldReason = (Code, String);
