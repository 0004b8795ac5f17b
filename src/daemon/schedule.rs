//! When a run is due: five-field cron text in an IANA time zone.
//!
//! The zone's data is that of every other date: see [`crate::zone`].

use std::time::Duration;

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use croner::Cron;
use croner::errors::CronError;
use croner::parser::{CronParser, Seconds, Year};
use jiff::{Timestamp, Zoned};

use crate::zone::{UnknownZone, Zone};

/// Slots that were missed are counted up to here. A report of "1000 or more" tells as much as the true number, and a
/// schedule of every minute after years of rest must not keep the host busy with counting.
const MISSED_COUNTED_MAX: usize = 1_000;

/// So far may a clock be set back and what was claimed by it is believed still.
const CLOCK_STEP: TimeDelta = TimeDelta::minutes(5);

/// The time up to which claimed slots are believed, by a clock that says `now`. A later one was claimed by a clock that was
/// ahead: it is no reason to leave out the nights before it, and its own night is still to come.
#[must_use]
pub fn believed_until(now: DateTime<Utc>) -> DateTime<Utc> {
    now + CLOCK_STEP
}

/// The newest slot that has come since `last_slot`, and how many came before it that nobody served.
///
/// `None` when nothing has come: also when `last_slot` is later than `now` (the clock was set back), and when there is
/// no `last_slot` at all, because a first start owes nothing to the past.
#[must_use]
pub fn due(schedule: &Schedule, last_slot: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<Due> {
    let last_slot = last_slot?;
    let slot = schedule.at_or_before(now).filter(|slot| *slot > last_slot)?;
    let earlier = || schedule.after(last_slot).take_while(|earlier| *earlier < slot);
    let missed = earlier().next().zip(schedule.at_or_before(slot - TimeDelta::seconds(1)));
    let missed =
        missed.map(|(first, last)| MissedSlots { count: earlier().take(MISSED_COUNTED_MAX).count(), first, last });
    let too_late = (now - slot).to_std().is_ok_and(|late| late > schedule.catch_up);
    Some(Due { slot, missed, too_late })
}

/// A slot whose time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The newest slot at or before now.
    pub slot: DateTime<Utc>,
    /// The slots after the last claimed one and before `slot`.
    pub missed: Option<MissedSlots>,
    /// The slot is older than the schedule's `catch_up`: it is claimed and reported as missed, not run.
    pub too_late: bool,
}

/// Slots that nobody served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissedSlots {
    /// How many; counted up to 1,000.
    pub count: usize,
    /// The first.
    pub first: DateTime<Utc>,
    /// The last.
    pub last: DateTime<Utc>,
}

impl Due {
    /// How many slots were missed before this one.
    #[must_use]
    pub fn missed_count(&self) -> usize {
        self.missed.map_or(0, |missed| missed.count)
    }
}

/// A cron text bound to a time zone, with the age up to which a slot is still worth running.
///
/// A time that the clocks jump over in spring runs at the first instant after the gap; a time that comes twice in autumn
/// runs once, at the first of the two. Both as Vixie cron does.
#[derive(Clone, Debug)]
pub struct Schedule {
    cron: Cron,
    zone: Zone,
    catch_up: Duration,
}

impl Schedule {
    /// Reads `cron` (minute, hour, day of month, month, day of week; or `@daily` and the like) and `zone` (an IANA name).
    ///
    /// # Errors
    ///
    /// [`ScheduleError`], when the text is not five fields of cron, no time ever matches it, or the zone is unknown.
    pub fn parse(cron: &str, zone: &str, catch_up: Duration) -> Result<Self, ScheduleError> {
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let schedule = Self {
            cron: parser.parse(cron).map_err(|source| ScheduleError::Cron { text: cron.to_owned(), source })?,
            zone: Zone::named(zone)?,
            catch_up,
        };
        match schedule.cron.find_next_occurrence(&schedule.zoned(DateTime::UNIX_EPOCH), true) {
            Ok(_) => Ok(schedule),
            Err(source) => Err(ScheduleError::Never { text: cron.to_owned(), source }),
        }
    }

    /// The cron text, the zone and the pattern in words, for a start-up message.
    #[must_use]
    pub fn describe(&self) -> String {
        let zone = self.zone.name();
        format!("{} ({zone}) {}", self.cron.as_str(), self.cron.describe())
    }

    /// The first slot after `instant`, if one exists in the calendar's range.
    #[must_use]
    pub fn next_after(&self, instant: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let found = self.cron.find_next_occurrence(&self.zoned(instant), false);
        found.ok().map(|zoned| to_chrono(zoned.timestamp()))
    }

    /// How far the zone's clocks are from UTC at that instant.
    pub(super) fn offset(&self, instant: DateTime<Utc>) -> FixedOffset {
        *self.zone.local(instant).offset()
    }

    /// The next instant at which the zone changes its clocks.
    pub(super) fn next_clock_change(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let mut changes =
            self.zone.for_schedule().following(to_jiff(after)).map(|change| to_chrono(change.timestamp()));
        changes.find(|change| self.offset(*change) != self.offset(after))
    }

    /// The cron text of the job that wakes the daemon, with a field for seconds in front. It wakes it at every slot of an
    /// unchanging offset, and on other days too where the scheduler would read the days otherwise: it takes a day of the
    /// month and a weekday for "both", and does not know every letter. What is due is decided by [`due`].
    pub(super) fn job_text(&self) -> String {
        let text = self.cron.as_str();
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else { return text.to_owned() }; // `@daily`
        let letters = self.cron.pattern.days.has_modifiers() || self.cron.pattern.days_of_week.has_modifiers();
        match (day, weekday) {
            (_, "*") | ("*", _) if !letters => format!("0 {minute} {hour} {day} {month} {weekday}"),
            _ => format!("0 {minute} {hour} * {month} *"),
        }
    }

    fn at_or_before(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let found = self.cron.find_previous_occurrence(&self.zoned(now), true);
        found.ok().map(|zoned| to_chrono(zoned.timestamp()))
    }

    fn after(&self, instant: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
        std::iter::successors(self.next_after(instant), |slot| self.next_after(*slot))
    }

    fn zoned(&self, instant: DateTime<Utc>) -> Zoned {
        to_jiff(instant).to_zoned(self.zone.for_schedule().clone())
    }
}

/// Whole seconds: a slot has no smaller part, and a time outside jiff's years is no time of this program.
fn to_jiff(instant: DateTime<Utc>) -> Timestamp {
    Timestamp::from_second(instant.timestamp()).unwrap_or(Timestamp::MAX)
}

fn to_chrono(instant: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp(instant.as_second(), 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Why a schedule was refused.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "its messages say it")]
pub enum ScheduleError {
    #[error(
        "schedule {text:?} is not cron's five fields, each within its range: minute (0-59) hour (0-23) day-of-month (1-31) month (1-12) day-of-week (0-7)"
    )]
    Cron { text: String, source: CronError },
    /// The text is cron, but no day has that date.
    #[error("schedule {text:?} never occurs: no day of the calendar matches it")]
    Never { text: String, source: CronError },
    #[error(transparent)]
    Zone(#[from] UnknownZone),
}

#[cfg(test)]
mod tests {
    use std::iter::successors;

    use super::*;

    const CRONS: [&str; 9] = [
        "30 2 * * *",
        "0 0 * * *",
        "*/20 1-3 * * *",
        "15 6 1 * *",
        "15 6 * * MON-FRI",
        "15 6 13 * 5",
        "15 6 LW * *",
        "15 6 * 3,11 7#1",
        "@weekly",
    ];
    const ZONES: [&str; 6] =
        ["UTC", "Asia/Kolkata", "Europe/London", "America/New_York", "America/Santiago", "Australia/Lord_Howe"];

    /// When the jobs wake the daemon in `[from, until)`: each as the scheduler reads it, over the offset that it froze,
    /// until the clocks change; and the change itself.
    fn wakings(schedule: &Schedule, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<DateTime<Utc>> {
        let parser = CronParser::builder().seconds(Seconds::Required).dom_and_dow(true).build();
        let job = parser.parse(&schedule.job_text()).expect("the scheduler reads it");
        let changes = successors(Some(from), |at| schedule.next_clock_change(*at));
        let mut all = Vec::new();
        for begin in changes.take_while(|at| *at < until) {
            let end = schedule.next_clock_change(begin).unwrap_or(until).min(until);
            let frozen = jiff::tz::Offset::from_seconds(schedule.offset(begin).local_minus_utc()).expect("an offset");
            let after = |at: DateTime<Utc>| {
                let found = job.find_next_occurrence(&to_jiff(at).to_zoned(frozen.to_time_zone()), false);
                found.ok().map(|zoned| to_chrono(zoned.timestamp()))
            };
            all.push(begin);
            all.extend(successors(after(begin), |at| after(*at)).take_while(|at| *at < end));
        }
        all
    }

    /// Otherwise a night would begin late or not at all, because the scheduler reads days and zones otherwise than we do.
    #[test]
    fn the_jobs_wake_the_daemon_at_every_slot_of_two_years() {
        let (from, until) = ("2026-01-01T00:00:00Z", "2028-01-01T00:00:00Z");
        let (from, until) = (from.parse().expect("a time"), until.parse().expect("a time"));
        for (cron, zone) in CRONS.iter().flat_map(|cron| ZONES.map(|zone| (cron, zone))) {
            let schedule = Schedule::parse(cron, zone, Duration::ZERO).expect("a schedule in the test");
            let wakings = wakings(&schedule, from, until);
            let missed = schedule.after(from).take_while(|slot| *slot < until);
            let missed: Vec<_> = missed.filter(|slot| wakings.binary_search(slot).is_err()).collect();
            assert!(missed.is_empty(), "{cron} in {zone} sleeps through {missed:?}");
        }
    }
}
