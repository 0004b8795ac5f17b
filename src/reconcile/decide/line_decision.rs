//! What comes of one judged line: its verdict, its sentence, and why it is held.

use crate::reconcile::model::connectwise_records::Addition;
use crate::reconcile::model::plan::line::{LiveAddition, Verdict};
use crate::reconcile::model::plan::named_additions::Named;
use crate::reconcile::model::plan::reason_code::Code;

/// A judged line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineDecision {
    /// What is to happen.
    pub verdict: Verdict,
    /// What ConnectWise holds, if it is one readable live addition.
    pub live: Option<LiveAddition>,
    /// A sentence.
    pub detail: String,
    /// The other additions that it asks about.
    pub named: Named,
}

impl LineDecision {
    /// One that asks about no other addition.
    pub fn new(verdict: Verdict, live: Option<LiveAddition>, detail: String) -> Self {
        Self { verdict, live, detail, named: Named::default() }
    }

    /// One that waits for somebody.
    pub fn held(code: Code, live: Option<LiveAddition>, detail: String) -> Self {
        Self::new(Verdict::Held(code), live, detail)
    }

    /// The same, asking about these additions.
    #[must_use]
    pub fn naming(self, named: Named) -> Self {
        Self { named, ..self }
    }

    /// The same, asking about what else is billed beside its addition as well.
    pub(in crate::reconcile) fn beside(mut self, others: &[&Addition]) -> Self {
        for other in others.iter().filter(|other| self.live.is_none_or(|live| live.addition != other.id)) {
            self.detail = format!("{}; addition {} beside it bills {}", self.detail, other.id, other.units());
            self.named.0.insert(other.id, other.quantity.as_ref().ok().copied());
        }
        self
    }
}

/// A reason to hold a line, and the additions that it asks about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::reconcile) struct Hold {
    pub(in crate::reconcile) code: Code,
    pub(in crate::reconcile) detail: String,
    pub(in crate::reconcile) named: Named,
}

impl Hold {
    /// One that asks about no other addition.
    pub(in crate::reconcile) fn new(code: Code, detail: String) -> Self {
        Self { code, detail, named: Named::default() }
    }

    /// The same, asking about these additions.
    #[must_use]
    pub(in crate::reconcile) fn naming(self, named: Named) -> Self {
        Self { named, ..self }
    }

    /// What becomes of a line by it.
    pub(in crate::reconcile) fn of(self, live: Option<LiveAddition>) -> LineDecision {
        LineDecision::held(self.code, live, self.detail).naming(self.named)
    }
}

/// A reason to hold, and the sentence that goes with it.
pub(in crate::reconcile) type HoldReason = (Code, String);
