//! What a peak or an average comes to because a day or a period has passed, and not because anybody uses more or less.

use crate::reconcile::model::quantity::Quantity;
use crate::reconcile::model::quantity_policy::{Policy, PolicyInput};

/// A line whose services are looked back on, if tonight's counts were those of the last day that was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookBackLine {
    /// What the line came to on that day.
    pub before: Quantity,
    /// What it would come to tonight.
    pub carried: Quantity,
}

/// Adds up the counts of one line.
#[derive(Debug, Default)]
pub(in crate::reconcile) struct Rolling {
    looks_back: bool,
    unknown: bool,
    before: Quantity,
    carried: Quantity,
}

impl Rolling {
    /// One count, and those of the days up to the last one that was counted. What is not looked back on counts as it is
    /// tonight: then the line held something else before, and nothing of its step is put down to the day.
    pub(in crate::reconcile) fn add(&mut self, policy: &Policy, used: PolicyInput<'_>, last_days: &[Quantity]) {
        let (before, carried) = match (policy.looks_back(), last_days.split_last()) {
            (false, _) => (used, used),
            (true, Some((last, earlier))) => {
                self.looks_back = true;
                (PolicyInput { count: *last, earlier, ..used }, PolicyInput { count: *last, ..used })
            }
            (true, None) => {
                self.unknown = true;
                return;
            }
        };
        let sum = |sum: Quantity, used| policy.apply(used).ok().and_then(|reckoned| sum.checked_add(reckoned.units));
        match (sum(self.before, before), sum(self.carried, carried)) {
            (Some(before), Some(carried)) => (self.before, self.carried) = (before, carried),
            _ => self.unknown = true,
        }
    }

    /// `None` where nothing is looked back on, or the last day is not known.
    pub(in crate::reconcile) fn finish(self) -> Option<LookBackLine> {
        let Self { looks_back, unknown, before, carried } = self;
        (looks_back && !unknown).then_some(LookBackLine { before, carried })
    }
}
