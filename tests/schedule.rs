//! The schedule against the calendar: nobody loses a night, or gets two, because the clocks changed.

use std::fmt::Write as _;
use std::time::Duration;

use jiff::Timestamp;
use jiff::Zoned;
use jiff::civil::date;
use jiff::tz::TimeZone;
use jiff::tz::TimeZoneDatabase;
use recount::daemon::Schedule;
use recount::daemon::ScheduleError;
use recount::daemon::due;

use crate::snapshots::snapshot_settings;

const SIX_HOURS: Duration = Duration::from_secs(6 * 3600);

/// Zones with different ways of changing clocks: at 01:00 UTC, at 02:00 local, at midnight, by half an hour, in the south,
/// not at all, and one whose law changed in 2026.
const ZONES: [&str; 8] = [
    "Europe/London",
    "America/New_York",
    "America/Vancouver",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "Asia/Kolkata",
    "UTC",
];

fn schedule(cron: &str, zone: &str) -> Schedule {
    Schedule::parse(cron, zone, SIX_HOURS).expect("a schedule in the test")
}

fn zone(name: &str) -> TimeZone {
    TimeZoneDatabase::bundled()
        .get(name)
        .expect("a zone in the test")
}

fn utc(text: &str) -> Timestamp {
    text.parse().expect("a time in the test")
}

/// What a daemon does in two years when it asks every minute; returns the slots it served.
fn two_years(schedule: &Schedule, from: Timestamp, until: Timestamp) -> Vec<Timestamp> {
    let mut last_slot = from;
    let mut served = Vec::new();
    let mut now = from;
    while now < until {
        now += jiff::SignedDuration::from_mins(1);
        if let Some(due) = due(schedule, Some(last_slot), now) {
            assert_eq!(
                (due.slot, due.missed, due.too_late),
                (now, 0, false),
                "served late or skipped at {now}"
            );
            last_slot = due.slot;
            served.push(due.slot);
        }
    }
    served
}

fn every_local_day_once(cron: &str, name: &str) {
    let (zone, schedule) = (zone(name), schedule(cron, name));
    let start = date(2026, 1, 1)
        .to_zoned(zone.clone())
        .expect("a day in the zone");
    let end = date(2028, 1, 1)
        .to_zoned(zone.clone())
        .expect("a day in the zone");
    let served = two_years(
        &schedule,
        start.timestamp() - jiff::SignedDuration::from_mins(1),
        end.timestamp() - jiff::SignedDuration::from_mins(1),
    );
    let days: Vec<_> = served
        .iter()
        .map(|slot| slot.to_zoned(zone.clone()).date())
        .collect();
    let calendar: Vec<_> = date(2026, 1, 1)
        .series(jiff::Span::new().days(1))
        .take(730)
        .collect();
    assert_eq!(
        days, calendar,
        "{cron} in {name}: every local day exactly once"
    );
}

#[test]
fn two_years_of_minutes_run_every_local_day_exactly_once() {
    for name in ZONES {
        for cron in ["0 0 * * *", "30 2 * * *"] {
            every_local_day_once(cron, name);
        }
    }
}

/// The four slots around each change of clocks in 2026, as a person reads them.
#[test]
fn clock_changes_look_as_documented() {
    let mut table = String::new();
    for name in ZONES {
        for cron in [
            "0 0 * * *",
            "30 1 * * *",
            "30 2 * * *",
            "15 4 1 * *",
            "0 */6 * * *",
        ] {
            writeln!(table, "{cron}  {name}").expect("a string grows");
            for change in zone(name)
                .following(utc("2026-01-01T00:00:00Z"))
                .take_while(|change| change.timestamp() < utc("2027-01-01T00:00:00Z"))
            {
                writeln!(table, "  {}", around(cron, name, change.timestamp()))
                    .expect("a string grows");
            }
        }
    }
    snapshot_settings().bind(|| insta::assert_snapshot!("schedule_clock_changes", table));
}

fn around(cron: &str, name: &str, change: Timestamp) -> String {
    let schedule = schedule(cron, name);
    let mut slot = change - jiff::SignedDuration::from_hours(26);
    let mut line = format!("clocks change {}:", local(change, name));
    for _ in 0..4 {
        slot = schedule.next_after(slot).expect("a next slot");
        write!(line, "  {}", local(slot, name)).expect("a string grows");
    }
    line
}

fn local(instant: Timestamp, name: &str) -> String {
    let zoned: Zoned = instant.to_zoned(zone(name));
    zoned.strftime("%d %b %H:%M%:z").to_string()
}

#[test]
fn after_five_days_down_the_newest_slot_is_due_and_four_were_missed() {
    let schedule = schedule("30 2 * * *", "America/New_York");
    let due = due(
        &schedule,
        Some(utc("2026-03-05T07:30:00Z")),
        utc("2026-03-10T07:00:00Z"),
    )
    .expect("due");
    assert_eq!((due.slot, due.missed), (utc("2026-03-10T06:30:00Z"), 4));
}

#[test]
fn a_clock_set_back_runs_nothing_twice() {
    let schedule = schedule("30 2 * * *", "UTC");
    assert_eq!(
        due(
            &schedule,
            Some(utc("2026-03-10T02:30:00Z")),
            utc("2026-03-09T12:00:00Z")
        ),
        None
    );
}

#[test]
fn a_first_start_owes_nothing_to_the_past() {
    assert_eq!(
        due(
            &schedule("* * * * *", "UTC"),
            None,
            utc("2026-03-09T12:00:00Z")
        ),
        None
    );
}

#[test]
fn years_of_rest_are_counted_without_end_only_up_to_a_thousand() {
    let due = due(
        &schedule("* * * * *", "UTC"),
        Some(utc("2016-01-01T00:00:00Z")),
        utc("2026-01-01T00:00:00Z"),
    );
    assert_eq!(due.expect("due").missed, 1_000);
}

#[test]
fn a_slot_within_the_catch_up_runs_and_an_older_one_does_not() {
    let schedule = schedule("30 2 * * *", "UTC");
    let late = |now| {
        due(&schedule, Some(utc("2026-03-07T02:30:00Z")), utc(now))
            .expect("due")
            .too_late
    };
    assert!(!late("2026-03-08T08:30:00Z"));
    assert!(late("2026-03-08T08:30:01Z"));
}

#[test]
fn a_schedule_with_a_mistake_is_refused_in_words() {
    let refuse = |cron, zone| Schedule::parse(cron, zone, SIX_HOURS).expect_err("refused");
    assert!(
        matches!(refuse("0 30 2 * * *", "UTC"), ScheduleError::Cron { .. }),
        "seconds are not part of it"
    );
    assert!(matches!(
        refuse("61 2 * * *", "UTC"),
        ScheduleError::Cron { .. }
    ));
    assert!(matches!(refuse("", "UTC"), ScheduleError::Cron { .. }));
    assert!(
        matches!(refuse("0 0 30 2 *", "UTC"), ScheduleError::Never { .. }),
        "30 February never comes"
    );
    let unknown = refuse("30 2 * * *", "America/New York");
    assert_eq!(
        unknown.to_string(),
        "time zone \"America/New York\" is not an IANA name such as \"America/New_York\" or \"UTC\""
    );
}
