//! Time zones: whose days and months count. Zone data is built in, the same for the schedule and for every date.
//!
//! Beside the schedule nothing else knows jiff: its data is newer than what chrono has, and a host's own copy may be
//! years behind the law of the land. Everywhere else a time is chrono's.

use chrono::{DateTime, Datelike as _, FixedOffset, NaiveDate, Offset as _, Utc};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// An IANA time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

/// No zone has this name.
#[derive(Debug, thiserror::Error)]
#[error("time zone {name:?} is not an IANA name such as \"America/New_York\" or \"UTC\"")]
pub struct UnknownZone {
    /// What the operator wrote.
    pub name: String,
    /// What the zone data says of it.
    source: jiff::Error,
}

impl Zone {
    /// The zone of an IANA name.
    pub fn named(name: &str) -> Result<Self, UnknownZone> {
        let known = TimeZoneDatabase::bundled().get(name);
        known.map(Self).map_err(|source| UnknownZone { name: name.to_owned(), source })
    }

    /// The zone of this host's clock; UTC where it has none that the built-in data know.
    #[must_use]
    pub fn of_host() -> Self {
        let host = TimeZone::try_system().ok();
        let named = host.as_ref().and_then(TimeZone::iana_name).and_then(|name| Self::named(name).ok());
        named.unwrap_or_else(Self::utc)
    }

    /// UTC.
    #[must_use]
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// Its name, as the zone data spells it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// When a day begins; `None` for a day of no year that the zone data know.
    #[must_use]
    pub fn begin_of(&self, day: NaiveDate) -> Option<DateTime<Utc>> {
        let part = |number: u32| i8::try_from(number).ok();
        let date = Date::new(i16::try_from(day.year()).ok()?, part(day.month())?, part(day.day())?).ok()?;
        let begins = date.to_zoned(self.0.clone()).ok()?.timestamp();
        DateTime::from_timestamp(begins.as_second(), 0)
    }

    /// An instant as the clocks of the zone show it.
    #[must_use]
    pub fn local(&self, instant: DateTime<Utc>) -> DateTime<FixedOffset> {
        // Whole seconds: a time outside jiff's years is no time of this program.
        let at = Timestamp::from_second(instant.timestamp()).unwrap_or(Timestamp::MAX);
        let offset = FixedOffset::east_opt(self.0.to_offset(at).seconds()).unwrap_or(Utc.fix());
        instant.with_timezone(&offset)
    }

    /// The day that the calendars of the zone show at an instant.
    #[must_use]
    pub fn day(&self, instant: DateTime<Utc>) -> NaiveDate {
        self.local(instant).date_naive()
    }

    /// The same for jiff, which the schedule's cron reader asks for.
    pub(crate) fn for_schedule(&self) -> &TimeZone {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What it says at an instant: its day and its hour.
    fn shown(zone: &str, instant: &str) -> String {
        let zone = Zone::named(zone).expect("a zone");
        let instant: DateTime<Utc> = instant.parse().expect("an instant");
        assert_eq!(zone.day(instant), zone.local(instant).date_naive());
        zone.local(instant).format("%Y-%m-%d %H:%M").to_string()
    }

    /// Otherwise a line would begin, a month end or an agreement run out on a day that nobody there calls so.
    #[test]
    fn days_are_those_of_the_zone_over_month_ends_leap_days_and_clock_changes() {
        for (zone, instant, local) in [
            // A month's end.
            ("Australia/Sydney", "2026-11-30T20:30:00Z", "2026-12-01 07:30"),
            ("America/Los_Angeles", "2026-12-01T06:15:00Z", "2026-11-30 22:15"),
            ("Asia/Kolkata", "2026-11-30T18:29:59Z", "2026-11-30 23:59"),
            ("Asia/Kolkata", "2026-11-30T18:30:00Z", "2026-12-01 00:00"),
            ("America/St_Johns", "2026-12-01T03:29:00Z", "2026-11-30 23:59"),
            // A leap day.
            ("Australia/Adelaide", "2028-02-28T13:30:00Z", "2028-02-29 00:00"),
            ("America/New_York", "2028-03-01T04:59:00Z", "2028-02-29 23:59"),
            // The clocks go forward.
            ("America/New_York", "2026-03-08T06:59:00Z", "2026-03-08 01:59"),
            ("America/New_York", "2026-03-08T07:00:00Z", "2026-03-08 03:00"),
            ("Australia/Sydney", "2026-10-03T16:00:00Z", "2026-10-04 03:00"),
            ("Australia/Lord_Howe", "2026-10-03T15:30:00Z", "2026-10-04 02:30"),
            // And back: the hour comes twice, on one day.
            ("America/New_York", "2026-11-01T05:30:00Z", "2026-11-01 01:30"),
            ("America/New_York", "2026-11-01T06:30:00Z", "2026-11-01 01:30"),
            ("America/New_York", "2026-11-02T04:59:00Z", "2026-11-01 23:59"),
            ("Australia/Sydney", "2026-04-04T16:30:00Z", "2026-04-05 02:30"),
            ("Australia/Lord_Howe", "2026-04-04T15:30:00Z", "2026-04-05 02:00"),
        ] {
            assert_eq!(shown(zone, instant), local, "{zone} at {instant}");
        }
    }

    #[test]
    fn names_are_those_of_the_zone_data() {
        assert_eq!(Zone::named("europe/amsterdam").expect("a zone").name(), "Europe/Amsterdam");
        assert_eq!(Zone::utc().name(), "UTC");
        assert!(Zone::named("Mars/Olympus").is_err_and(|error| error.to_string().contains("Mars/Olympus")));
    }
}
