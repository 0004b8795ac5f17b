//! What a peak or an average comes to because a day or a period has passed, and not because anybody uses more or less.

use crate::reconcile::matching::line_peak::OnPeakDay;
use crate::reconcile::model::past::EarlierDays;
use crate::reconcile::model::quantity::Quantity;
use crate::reconcile::model::quantity_policy::{Policy, PolicyInput};

/// A line whose services are looked back on, if tonight's counts were those of the last day that was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookBackLine {
    /// What the line came to on that day.
    pub before: Quantity,
    /// What the period before came to, where that is known: the line holds it until its invoice is made.
    pub last_period: Option<Quantity>,
    /// What it would come to tonight.
    pub carried: Quantity,
}

impl LookBackLine {
    /// Whether a line that holds this much moves by the day or the period alone.
    pub(in crate::reconcile) fn explains(&self, now: Quantity) -> bool {
        now == self.before || self.last_period == Some(now)
    }

    /// The same, to so many decimals.
    pub(in crate::reconcile) fn rounded(self, decimals: u32) -> Self {
        let Self { before, last_period, carried } = self;
        let last_period = last_period.map(|units| units.rounded(decimals));
        Self { before: before.rounded(decimals), last_period, carried: carried.rounded(decimals) }
    }
}

/// What a policy is applied to where the invoice of the period before is not made yet: the days of that one alone.
pub(in crate::reconcile) fn of_last_period<'a>(
    days: EarlierDays<'a>,
    peaks: OnPeakDay,
    used: PolicyInput<'a>,
) -> Option<PolicyInput<'a>> {
    let (last, earlier) = days.last_period.counts().split_last()?;
    Some(PolicyInput { count: *last, earlier, on_peak_day: peaks.last_period, ..used })
}

/// Adds up the counts of one line.
#[derive(Debug, Default)]
pub(in crate::reconcile) struct Rolling {
    looks_back: bool,
    unknown: bool,
    before: Quantity,
    carried: Quantity,
    last_period: Quantity,
    /// A count of the period before is not known.
    is_first_period: bool,
}

impl Rolling {
    /// One count, and those of the days before. What is not looked back on counts as it is tonight: then the line held
    /// something else before, and nothing of its step is put down to the day.
    pub(in crate::reconcile) fn add(
        &mut self,
        policy: &Policy,
        used: PolicyInput<'_>,
        days: EarlierDays<'_>,
        peaks: OnPeakDay,
    ) {
        let last_period = if policy.looks_back() { of_last_period(days, peaks, used) } else { Some(used) };
        let (before, carried) = match (policy.looks_back(), days.last.counts().split_last()) {
            (false, _) => (used, used),
            (true, Some((last, earlier))) => {
                self.looks_back = true;
                let before = PolicyInput { count: *last, earlier, on_peak_day: peaks.before, ..used };
                (before, PolicyInput { count: *last, on_peak_day: peaks.carried, ..used })
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
        match last_period.and_then(|last_period| sum(self.last_period, last_period)) {
            Some(last_period) => self.last_period = last_period,
            None => self.is_first_period = true,
        }
    }

    /// The same of a count that is the one of the period before, until its invoice is made: no day changes it.
    pub(in crate::reconcile) fn add_last_period(&mut self, policy: &Policy, used: PolicyInput<'_>) {
        self.looks_back = true;
        let units = policy.apply(used).ok().map(|reckoned| reckoned.units);
        let sum = |sum: Quantity| units.and_then(|units| sum.checked_add(units));
        match (sum(self.before), sum(self.carried), sum(self.last_period)) {
            (Some(before), Some(carried), Some(last_period)) => {
                (self.before, self.carried, self.last_period) = (before, carried, last_period);
            }
            _ => self.unknown = true,
        }
    }

    /// `None` where nothing is looked back on, or the last day is not known.
    pub(in crate::reconcile) fn finish(self) -> Option<LookBackLine> {
        let Self { looks_back, unknown, before, carried, last_period, is_first_period } = self;
        let last_period = (!is_first_period).then_some(last_period);
        (looks_back && !unknown).then_some(LookBackLine { before, last_period, carried })
    }
}
