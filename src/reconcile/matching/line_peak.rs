//! The day on which a line came to the most, where several counts make it up: the peaks of different days are never added,
//! for nobody used as much on any day. A service that is renamed, or a device that moves, would be billed twice.

use std::borrow::Cow;
use std::collections::BTreeSet;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::reconcile::model::past::{CountsByDay, EarlierDays};
use crate::reconcile::model::quantity::Quantity;
use crate::reconcile::model::quantity_policy::{Policy, PolicyInput};

/// One count of a line whose peak is asked for.
#[derive(Debug, Clone, Copy)]
pub(in crate::reconcile) struct PeakSource<'a> {
    pub(in crate::reconcile) policy: &'a Policy,
    /// Tonight's count.
    pub(in crate::reconcile) count: Quantity,
    pub(in crate::reconcile) stated: bool,
    pub(in crate::reconcile) days: EarlierDays<'a>,
}

/// What one count was on the line's peak day; nothing where a line is of one count.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::reconcile) struct OnPeakDay {
    /// Of this period up to tonight.
    pub(in crate::reconcile) tonight: Option<Quantity>,
    /// Of the period up to the last day that was counted.
    pub(in crate::reconcile) before: Option<Quantity>,
    /// Of this period, if tonight's counts were those of that day.
    pub(in crate::reconcile) carried: Option<Quantity>,
    /// Of the period before.
    pub(in crate::reconcile) last_period: Option<Quantity>,
}

/// The peak days of a line.
#[derive(Debug, Default)]
pub(in crate::reconcile) struct LinePeak {
    tonight: Option<NaiveDate>,
    before: Option<NaiveDate>,
    carried: Option<NaiveDate>,
    last_period: Option<NaiveDate>,
}

/// Which days are meant, as in [`OnPeakDay`].
#[derive(Debug, Clone, Copy)]
enum Span {
    Tonight,
    Before,
    Carried,
    LastPeriod,
}

/// Tonight, whatever the day: it is later than the days that were counted.
const TONIGHT: NaiveDate = NaiveDate::MAX;

impl LinePeak {
    /// Of the counts of one line.
    pub(in crate::reconcile) fn of(sources: &[PeakSource<'_>]) -> Self {
        if sources.len() < 2 {
            return Self::default();
        }
        let day = |span| peak_day(sources, span);
        Self {
            tonight: day(Span::Tonight),
            before: day(Span::Before),
            carried: day(Span::Carried),
            last_period: day(Span::LastPeriod),
        }
    }

    /// What one of them was on these days.
    pub(in crate::reconcile) fn of_source(&self, source: &PeakSource<'_>) -> OnPeakDay {
        let on = |day: Option<NaiveDate>, span| day.map(|day| source.counts(span).on(day).unwrap_or_default());
        OnPeakDay {
            tonight: on(self.tonight, Span::Tonight),
            before: on(self.before, Span::Before),
            carried: on(self.carried, Span::Carried),
            last_period: on(self.last_period, Span::LastPeriod),
        }
    }
}

impl PeakSource<'_> {
    fn counts(&self, span: Span) -> Cow<'_, CountsByDay> {
        let last = || self.days.last.counts().last().copied();
        match span {
            Span::Tonight => Cow::Owned(self.and_tonight(self.count)),
            Span::Before => Cow::Borrowed(self.days.last),
            Span::Carried => Cow::Owned(self.and_tonight(last().unwrap_or(self.count))),
            Span::LastPeriod => Cow::Borrowed(self.days.last_period),
        }
    }

    fn and_tonight(&self, count: Quantity) -> CountsByDay {
        let mut counts = self.days.this_period.clone();
        counts.push(TONIGHT, count);
        counts
    }

    /// What this many come to by themselves.
    fn units(&self, count: Quantity) -> Decimal {
        let used = PolicyInput { count, earlier: &[], on_peak_day: None, stated: self.stated };
        self.policy.apply(used).map_or(count, |reckoned| reckoned.units).as_decimal()
    }
}

/// The day of these on which the line came to the most; of several the last. `None` where no day was counted.
fn peak_day(sources: &[PeakSource<'_>], span: Span) -> Option<NaiveDate> {
    let counted: Vec<_> = sources.iter().map(|source| (source, source.counts(span))).collect();
    let days: BTreeSet<NaiveDate> = counted.iter().flat_map(|(_, counts)| counts.days()).copied().collect();
    let units = |day: NaiveDate| {
        let mut each = counted.iter().map(|(source, counts)| source.units(counts.on(day).unwrap_or_default()));
        // Too much to add up is held by the line itself.
        each.try_fold(Decimal::ZERO, Decimal::checked_add)
    };
    days.into_iter().max_by_key(|day| units(*day))
}
