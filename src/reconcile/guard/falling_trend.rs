//! The falling trend: units that fell over many nights, each night under every limit.

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;

use crate::reconcile::model::display_text::day;
use crate::reconcile::model::ids::RunId;
use crate::reconcile::model::plan::finding::{Finding, finding};
use crate::reconcile::model::plan::reason_code::{Code, Severity};

/// How far back exports are compared.
pub const TREND_DAYS: TimeDelta = TimeDelta::days(30);
/// Percent of the units that may go in that time without a word.
const FALL_MAX: Decimal = Decimal::from_parts(25, 0, 0, false, 0);

/// What an earlier accepted export counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitsThen {
    /// The run that read it.
    pub run: RunId,
    /// When that began.
    pub at: DateTime<Utc>,
    /// Units, all services together.
    pub units: Decimal,
}

/// A warning, when the units fell further than anybody would overlook. `then` is in the order of the nights; what falls
/// that far from the last of them to now fell at once, and is the export guard's matter.
pub fn falling_trend(then: &[UnitsThen], now: Decimal) -> Option<Finding> {
    let gone = |from: Decimal| (from - now) * Decimal::ONE_HUNDRED;
    let is_far = |from: Decimal| from > Decimal::ZERO && gone(from) > from * FALL_MAX;
    let most = then.iter().max_by_key(|then| then.units)?;
    if !is_far(most.units) || then.last().is_some_and(|last| is_far(last.units)) {
        return None;
    }
    let UnitsThen { run, at, units } = most;
    let gone = gone(*units);
    let share = (gone / units).round_dp(1).normalize();
    let (units, now, day) = (units.normalize(), now.normalize(), day(at.date_naive()));
    let message = format!("total units fell from {units} in run {run} of {day} to {now} (−{share} %), gradually");
    let fix = "compare the export with the vendor's portal; if it is true, nothing".into();
    Some(Finding { fix, ..finding(Severity::Warning, Code::UnitsBleeding, message) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn then(run: i64, units: u32) -> UnitsThen {
        UnitsThen { run: RunId(run), at: DateTime::UNIX_EPOCH, units: units.into() }
    }

    /// Else a vendor's export that loses some customers every night would empty the invoices unseen.
    #[test]
    fn nights_that_each_stay_under_the_limit_are_added_up() {
        let nights = [then(1, 100), then(2, 91), then(3, 83)];
        assert_eq!(falling_trend(&nights, 75.into()), None, "a quarter may go");
        let told = falling_trend(&nights, 74.into()).expect("more than a quarter went");
        assert_eq!(told.code, Code::UnitsBleeding);
        assert_eq!(told.severity, Severity::Warning, "it holds nothing");
        assert_eq!(told.message, "total units fell from 100 in run 1 of Thu 1 Jan 1970 to 74 (−26 %), gradually");
        assert_eq!(falling_trend(&[then(1, 100), then(2, 95)], 40.into()), None, "not step by step");
        assert_eq!(falling_trend(&[], 74.into()), None);
        assert_eq!(falling_trend(&[then(1, 0)], 0.into()), None);
    }
}
