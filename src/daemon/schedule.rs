//! When a run is due: five-field cron text in an IANA time zone, over the zone data that is built in.

use std::time::Duration;

use croner::Cron;
use croner::errors::CronError;
use croner::parser::{CronParser, Seconds, Year};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// Slots that were missed are counted up to here. A report of "1000 or more" tells as much as the true number, and a
/// schedule of every minute after years of rest must not keep the host busy with counting.
const MISSED_COUNTED_MAX: usize = 1_000;

/// The newest slot that has come since `last_slot`, and how many came before it that nobody served.
///
/// `None` when nothing has come: also when `last_slot` is later than `now` (the clock was set back), and when there is
/// no `last_slot` at all, because a first start owes nothing to the past.
#[must_use]
pub fn due(schedule: &Schedule, last_slot: Option<Timestamp>, now: Timestamp) -> Option<Due> {
    let last_slot = last_slot?;
    let slot = schedule.at_or_before(now).filter(|slot| *slot > last_slot)?;
    let missed = schedule.after(last_slot).take(MISSED_COUNTED_MAX).take_while(|earlier| *earlier < slot).count();
    let too_late = now.duration_since(slot).unsigned_abs() > schedule.catch_up;
    Some(Due { slot, missed, too_late })
}

/// A slot whose time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The newest slot at or before now.
    pub slot: Timestamp,
    /// Slots after the last claimed one and before `slot`; counted up to 1,000.
    pub missed: usize,
    /// The slot is older than the schedule's `catch_up`: it is claimed and reported as missed, not run.
    pub too_late: bool,
}

/// A cron text bound to a time zone, with the age up to which a slot is still worth running.
///
/// A time that the clocks jump over in spring runs at the first instant after the gap; a time that comes twice in autumn
/// runs once, at the first of the two. Both as Vixie cron does.
#[derive(Clone, Debug)]
pub struct Schedule {
    cron: Cron,
    zone: TimeZone,
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
            zone: named_zone(zone)?,
            catch_up,
        };
        match schedule.cron.find_next_occurrence(&schedule.zoned(Timestamp::UNIX_EPOCH), true) {
            Ok(_) => Ok(schedule),
            Err(source) => Err(ScheduleError::Never { text: cron.to_owned(), source }),
        }
    }

    /// The cron text, the zone and the pattern in words, for a start-up message.
    #[must_use]
    pub fn describe(&self) -> String {
        let zone = self.zone.iana_name().unwrap_or("UTC");
        format!("{} ({zone}) {}", self.cron.as_str(), self.cron.describe())
    }

    /// The first slot after `instant`, if one exists in the calendar's range.
    #[must_use]
    pub fn next_after(&self, instant: Timestamp) -> Option<Timestamp> {
        let found = self.cron.find_next_occurrence(&self.zoned(instant), false);
        found.ok().map(|zoned| zoned.timestamp())
    }

    fn at_or_before(&self, now: Timestamp) -> Option<Timestamp> {
        let found = self.cron.find_previous_occurrence(&self.zoned(now), true);
        found.ok().map(|zoned| zoned.timestamp())
    }

    fn after(&self, instant: Timestamp) -> impl Iterator<Item = Timestamp> {
        std::iter::successors(self.next_after(instant), |slot| self.next_after(*slot))
    }

    fn zoned(&self, instant: Timestamp) -> Zoned {
        instant.to_zoned(self.zone.clone())
    }
}

/// Looks `name` up in the built-in data first: a host's own copy may be years behind the law of the land.
fn named_zone(name: &str) -> Result<TimeZone, ScheduleError> {
    let known = jiff::tz::TimeZoneDatabase::bundled().get(name);
    known.map_err(|source| ScheduleError::Zone { name: name.to_owned(), source })
}

/// Why a schedule was refused.
#[derive(Debug, thiserror::Error)]
pub enum ScheduleError {
    /// The text is not cron.
    #[error("schedule {text:?} is not five cron fields: minute hour day-of-month month day-of-week")]
    Cron {
        /// What the operator wrote.
        text: String,
        /// What the parser says of it.
        source: CronError,
    },
    /// The text is cron, but no day has that date.
    #[error("schedule {text:?} never comes: no day of the calendar matches it")]
    Never {
        /// What the operator wrote.
        text: String,
        /// What the search says of it.
        source: CronError,
    },
    /// The zone is unknown.
    #[error("time zone {name:?} is not an IANA name such as \"America/New_York\" or \"UTC\"")]
    Zone {
        /// What the operator wrote.
        name: String,
        /// What the zone data says of it.
        source: jiff::Error,
    },
}
