//! The falling trend: units that fell far within a month, whether night by night under every limit or in one that was let pass.

use std::collections::BTreeSet;

use chrono::{DateTime, FixedOffset, NaiveDate, TimeDelta};
use rust_decimal::Decimal;

use crate::reconcile::model::display_text::day;
use crate::reconcile::model::ids::RunId;
use crate::reconcile::model::plan::finding::{Finding, finding, plural};
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
    /// When that began, as the clocks of its zone showed it.
    pub at: DateTime<FixedOffset>,
    /// Units, all services together.
    pub units: Decimal,
}

/// A warning, when the units fell further than anybody would overlook. `then` is in the order of the nights; what falls
/// that far from the last of them to now fell at once, and is the export guard's matter.
/// Runs of one day are one night.
pub fn falling_trend(then: &[UnitsThen], now: Decimal, today: NaiveDate) -> Option<Finding> {
    let gone = |from: Decimal| (from - now) * Decimal::ONE_HUNDRED;
    let is_far = |from: Decimal| from > Decimal::ZERO && gone(from) > from * FALL_MAX;
    let (at_most, most) = then.iter().enumerate().max_by_key(|(_, then)| then.units)?;
    if !is_far(most.units) || then.last().is_some_and(|last| is_far(last.units)) {
        return None;
    }
    let UnitsThen { run, at, units } = most;
    let gone = gone(*units);
    let share = (gone / units).round_dp(1).normalize();
    let (units, now, day) = (units.normalize(), now.normalize(), day(at.date_naive()));
    let how = how(&then[at_most..], now, today);
    let message = format!("total units fell from {units} in run {run} of {day} to {now} (−{share} %), {how}");
    let fix = "compare the export with the vendor's portal; if it is true, nothing".into();
    Some(Finding { fix, ..finding(Severity::Warning, Code::UnitsBleeding, message) })
}

/// In which nights units fell since they were most.
fn how(since: &[UnitsThen], now: Decimal, today: NaiveDate) -> String {
    let mut falls = since.windows(2).filter(|pair| pair[1].units < pair[0].units).map(|pair| &pair[1]);
    let fell_tonight = since.last().is_some_and(|last| now < last.units).then_some(today);
    let nights: BTreeSet<NaiveDate> = falls.clone().map(|fall| fall.at.date_naive()).chain(fell_tonight).collect();
    match (falls.next_back(), nights.len(), fell_tonight) {
        (Some(UnitsThen { run, at, units }), 1, None) => {
            format!("in one night: run {run} of {} read {}", day(at.date_naive()), units.normalize())
        }
        (_, nights, _) => format!("in {}", plural(&nights, "night")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run a day, from the first of January on.
    fn then(run: i64, units: u32) -> UnitsThen {
        UnitsThen { units: units.into(), ..of_day(run, run) }
    }

    fn of_day(run: i64, day: i64) -> UnitsThen {
        let at = (DateTime::UNIX_EPOCH + TimeDelta::days(day - 1)).fixed_offset();
        UnitsThen { run: RunId(run), at, units: 83.into() }
    }

    fn falling(then: &[UnitsThen], now: u32) -> Option<Finding> {
        falling_trend(then, now.into(), NaiveDate::from_ymd_opt(1970, 1, 20).expect("a day"))
    }

    /// Two runs of one day were two nights, and one fall by day was told as if units went night by night.
    #[test]
    fn runs_of_one_day_are_one_night() {
        let lower = |units: u32, one: UnitsThen| UnitsThen { units: units.into(), ..one };
        let nights = [then(1, 100), lower(91, of_day(2, 2)), of_day(3, 2)];
        let told = falling(&nights, 74).expect("more than a quarter went").message;
        assert!(told.ends_with("in 2 nights"), "{told}");
        let today = [then(1, 100), lower(80, of_day(2, 20))];
        let told = falling(&today, 74).expect("more than a quarter went").message;
        assert!(told.ends_with("in 1 night"), "{told}");
    }

    /// Else a vendor's export that loses some customers every night would empty the invoices unseen.
    #[test]
    fn nights_that_each_stay_under_the_limit_are_added_up() {
        let nights = [then(1, 100), then(2, 91), then(3, 83)];
        assert_eq!(falling(&nights, 75), None, "a quarter may go");
        let told = falling(&nights, 74).expect("more than a quarter went");
        assert_eq!(told.code, Code::UnitsBleeding);
        assert_eq!(told.severity, Severity::Warning, "it holds nothing");
        assert_eq!(told.message, "total units fell from 100 in run 1 of Thu 1 Jan 1970 to 74 (−26 %), in 3 nights");
        let one = [then(1, 100), then(2, 100), then(3, 74), then(4, 74)];
        let told = falling(&one, 74).expect("more than a quarter went").message;
        assert!(told.ends_with("(−26 %), in one night: run 3 of Sat 3 Jan 1970 read 74"), "{told}");
        assert_eq!(falling(&[then(1, 100), then(2, 95)], 40), None, "not step by step");
        assert_eq!(falling(&[], 74), None);
        assert_eq!(falling(&[then(1, 0)], 0), None);
    }
}
