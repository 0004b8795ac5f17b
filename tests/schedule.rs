//! The schedule against the calendar: nobody loses a night, or gets two, because the clocks changed.

use std::fmt::Write as _;
use std::iter::successors;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Timelike as _, Utc};
use jiff::civil::{Date, date};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, Zoned};

use crate::snapshots::snapshot_settings;
use crate::support;
use crate::support::{Night, wait_until};
use recount::daemon::schedule::{Schedule, ScheduleError, due};

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
    TimeZoneDatabase::bundled().get(name).expect("a zone in the test")
}

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time in the test")
}

/// Midnight of 1 January in the zone.
fn new_year(year: i16, zone: &TimeZone) -> DateTime<Utc> {
    midnight(date(year, 1, 1), zone)
}

/// The first instant of a day in the zone.
fn midnight(day: Date, zone: &TimeZone) -> DateTime<Utc> {
    let instant = day.to_zoned(zone.clone()).expect("a day in the zone").timestamp();
    DateTime::from_timestamp(instant.as_second(), 0).expect("a time")
}

/// The instant as the zone's clocks show it: by jiff's own arithmetic, not by the code under test.
fn in_zone(instant: DateTime<Utc>, zone: &TimeZone) -> Zoned {
    Timestamp::from_second(instant.timestamp()).expect("a time").to_zoned(zone.clone())
}

/// The instants in 2026 and 2027 at which the zone changes its clocks.
fn clock_changes(zone: &TimeZone, until: &str) -> Vec<DateTime<Utc>> {
    let until = utc(until);
    let from = Timestamp::from_second(utc("2026-01-01T00:00:00Z").timestamp()).expect("a time");
    let seconds = zone.following(from).map(|change| change.timestamp().as_second());
    let changes = seconds.map(|second| DateTime::from_timestamp(second, 0).expect("a time"));
    changes.take_while(|change| *change < until).collect()
}

/// What a daemon that is rung every minute serves in `[from, until)`.
fn every_minute(schedule: &Schedule, from: DateTime<Utc>, until: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let minute = TimeDelta::minutes(1);
    let (mut last_slot, mut now) = (from - minute, from);
    let mut served = Vec::new();
    while now < until {
        if let Some(due) = due(schedule, Some(last_slot), now) {
            assert_eq!(
                (due.slot, due.missed_count(), due.too_late),
                (now, 0, false),
                "served late or skipped at {now}"
            );
            last_slot = due.slot;
            served.push(due.slot);
        }
        now += minute;
    }
    served
}

/// The local days of `slots` must be `days` days from `first` on, each once.
fn assert_each_day_once(slots: &[DateTime<Utc>], zone: &TimeZone, first: Date, days: usize) {
    let served: Vec<_> = slots.iter().map(|slot| in_zone(*slot, zone).date()).collect();
    let calendar: Vec<_> = first.series(jiff::Span::new().days(1)).take(days).collect();
    assert_eq!(served, calendar, "{zone:?}: every local day exactly once");
}

fn two_years_of_minutes(cron: &str, name: &str) {
    let zone = zone(name);
    let served = every_minute(&schedule(cron, name), new_year(2026, &zone), new_year(2028, &zone));
    assert_each_day_once(&served, &zone, date(2026, 1, 1), 730);
}

/// 02:30 does not exist on one day of the year in New York, and exists once only because of care in autumn.
#[test]
fn two_years_of_minutes_in_new_york_run_every_day_once() {
    two_years_of_minutes("30 2 * * *", "America/New_York");
}

/// A midnight job in London is the one that cron libraries double: at 00:00 and after the gap at 02:00.
#[test]
fn two_years_of_minutes_in_london_run_every_day_once() {
    two_years_of_minutes("0 0 * * *", "Europe/London");
}

#[test]
fn every_minute_around_every_clock_change_runs_every_day_once() {
    for (name, cron) in zones_and_times() {
        let (zone, schedule) = (zone(name), schedule(cron, name));
        for change in clock_changes(&zone, "2028-01-01T00:00:00Z") {
            let first = in_zone(change, &zone).date().yesterday().expect("a day before");
            let end = first.saturating_add(jiff::Span::new().days(3));
            assert_each_day_once(
                &every_minute(&schedule, midnight(first, &zone), midnight(end, &zone)),
                &zone,
                first,
                3,
            );
        }
    }
}

#[test]
fn two_years_of_slots_hold_every_local_day_once() {
    for (name, cron) in zones_and_times() {
        let (zone, schedule) = (zone(name), schedule(cron, name));
        let before = new_year(2026, &zone) - TimeDelta::seconds(1);
        let slots: Vec<_> =
            successors(schedule.next_after(before), |slot| schedule.next_after(*slot)).take(730).collect();
        assert_each_day_once(&slots, &zone, date(2026, 1, 1), 730);
    }
}

fn zones_and_times() -> impl Iterator<Item = (&'static str, &'static str)> {
    ZONES.into_iter().flat_map(|name| ["0 0 * * *", "30 1 * * *", "30 2 * * *"].map(|cron| (name, cron)))
}

/// The four slots around each change of clocks in 2026, as a person reads them.
#[test]
fn clock_changes_look_as_documented() {
    let mut table = String::new();
    for name in ZONES {
        for change in clock_changes(&zone(name), "2027-01-01T00:00:00Z") {
            writeln!(table, "{name}, clocks change to {}", local(change, name)).expect("a string grows");
            for cron in ["0 0 * * *", "30 1 * * *", "30 2 * * *", "30 0 1 * *"] {
                writeln!(table, "  {cron:10}  {}", around(cron, name, change)).expect("a string grows");
            }
        }
    }
    snapshot_settings().bind(|| insta::assert_snapshot!("schedule_clock_changes", table));
}

fn around(cron: &str, name: &str, change: DateTime<Utc>) -> String {
    let schedule = schedule(cron, name);
    let first = schedule.next_after(change - TimeDelta::hours(26));
    let slots = successors(first, |slot| schedule.next_after(*slot)).take(4);
    slots.map(|slot| local(slot, name)).collect::<Vec<_>>().join("  ")
}

fn local(instant: DateTime<Utc>, name: &str) -> String {
    in_zone(instant, &zone(name)).strftime("%d %b %H:%M%:z").to_string()
}

#[test]
fn after_five_days_down_the_newest_slot_is_due_and_four_were_missed() {
    let schedule = schedule("30 2 * * *", "America/New_York");
    let due = due(&schedule, Some(utc("2026-03-05T07:30:00Z")), utc("2026-03-10T07:00:00Z")).expect("due");
    assert_eq!((due.slot, due.missed_count()), (utc("2026-03-10T06:30:00Z"), 4));
}

#[test]
fn a_clock_set_back_runs_nothing_twice() {
    let schedule = schedule("30 2 * * *", "UTC");
    assert_eq!(due(&schedule, Some(utc("2026-03-10T02:30:00Z")), utc("2026-03-09T12:00:00Z")), None);
}

#[test]
fn a_first_start_owes_nothing_to_the_past() {
    assert_eq!(due(&schedule("* * * * *", "UTC"), None, utc("2026-03-09T12:00:00Z")), None);
}

#[test]
fn years_of_rest_are_counted_without_end_only_up_to_a_thousand() {
    let due = due(&schedule("* * * * *", "UTC"), Some(utc("2016-01-01T00:00:00Z")), utc("2026-01-01T00:00:00Z"));
    assert_eq!(due.expect("due").missed_count(), 1_000);
}

#[test]
fn a_slot_within_the_catch_up_runs_and_an_older_one_does_not() {
    let schedule = schedule("30 2 * * *", "UTC");
    let late = |now| due(&schedule, Some(utc("2026-03-07T02:30:00Z")), utc(now)).expect("due").too_late;
    assert!(!late("2026-03-08T08:30:00Z"));
    assert!(late("2026-03-08T08:30:01Z"));
}

#[test]
fn a_schedule_with_a_mistake_is_refused_in_words() {
    let refuse = |cron, zone| Schedule::parse(cron, zone, SIX_HOURS).expect_err("refused");
    assert!(matches!(refuse("0 30 2 * * *", "UTC"), ScheduleError::Cron { .. }), "seconds are not part of it");
    assert!(matches!(refuse("61 2 * * *", "UTC"), ScheduleError::Cron { .. }));
    assert!(matches!(refuse("", "UTC"), ScheduleError::Cron { .. }));
    assert!(matches!(refuse("0 0 30 2 *", "UTC"), ScheduleError::Never { .. }), "30 February never comes");
    let unknown = refuse("30 2 * * *", "America/New York");
    assert_eq!(
        unknown.to_string(),
        "time zone \"America/New York\" is not an IANA name such as \"America/New_York\" or \"UTC\""
    );
}

/// "All in order", and the night never came: `check` said nothing of a schedule that the daemon refuses.
#[test]
fn check_says_what_the_daemon_would_say_of_a_schedule() {
    for (cron, exit, said) in [
        ("15 6 * * *", 0, "✓ schedule"),
        ("60 6 * * *", 16, "is not cron's five fields"),
        ("15 6 31 2 *", 16, "never occurs"),
    ] {
        let night = Night::new();
        night.append(&format!("\n[daemon]\nschedule = \"{cron}\"\nzone = \"UTC\"\n"));
        let check = night.recount(&["check"]);
        assert!(check.exit == exit && check.out.contains(said), "{cron}: {}\n{}", check.exit, check.out);
    }
}

/// A night with changes to be made, and a daemon whose slot of each day was an hour ago.
fn an_hour_late(daemon: &str) -> Night {
    let night = Night::busy();
    let slot = support::now() - TimeDelta::hours(1);
    night.append(&format!("\n[daemon]\nschedule = \"{} {} * * *\"\n{daemon}\n", slot.minute(), slot.hour()));
    night
}

/// Somebody claimed the slot of so many days ago.
fn claimed(night: &Night, days_ago: i64) {
    let slot = support::now() - TimeDelta::hours(1) - TimeDelta::days(days_ago);
    let slot = slot.with_second(0).and_then(|slot| slot.with_nanosecond(0)).expect("a minute");
    let slot = slot.to_rfc3339_opts(SecondsFormat::Nanos, true);
    let history = rusqlite::Connection::open(night.path("state/history.db")).expect("the history");
    history.execute("INSERT INTO slots VALUES (?1, ?1)", [slot]).expect("claimed");
}

/// A turn of the fleet's daemon.
fn turn(night: &Night) -> i32 {
    let since = (support::now() - TimeDelta::hours(3)).to_rfc3339();
    night.recount(&["daemon", "--turn-since", &since]).exit
}

/// The clock was weeks ahead for a minute, and the slot of then was claimed: no night began until that date, and nobody was told.
#[test]
fn a_slot_that_was_claimed_by_a_clock_that_was_ahead_leaves_out_no_night() {
    let fleet = an_hour_late("");
    claimed(&fleet, -18);
    assert_eq!(turn(&fleet), 0);
    assert_eq!(fleet.sim().writes().len(), 3, "the night of an hour ago");
    assert_eq!(turn(&fleet), 0);
    assert_eq!(fleet.recount(&["history", "--json"]).json()["history"].as_array().map(Vec::len), Some(3), "once");
    let night = an_hour_late("");
    claimed(&night, 1);
    claimed(&night, -18);
    let daemon = night.start(&["daemon"]);
    wait_until("the night of an hour ago", || night.sim().writes().len() == 3);
    daemon.signal("TERM");
    night.heard(daemon.end());
}

/// The host was off for three nights: it was documented that they are named, and they were not.
#[test]
fn the_night_that_makes_up_for_missed_ones_names_them() {
    let night = an_hour_late("");
    claimed(&night, 4);
    assert_eq!(turn(&night), 0);
    let report = night.recount(&["report", "--json"]);
    assert_eq!(report.codes(), ["nights-missed"]);
    let first = (support::now() - TimeDelta::hours(1) - TimeDelta::days(3)).format("%-d %b").to_string();
    let text = night.recount(&["report"]).out;
    assert!(text.contains("3 nights were missed") && text.contains(&first), "{first}: {text}");
    let page = std::fs::read_to_string(night.path("state/reports/3.html")).expect("a page");
    assert!(page.contains("3 nights were missed"), "{page}");
    night.recount(&["status"]).exits(0);
}

/// A night that is too late was a line in the log of a process that nobody watches.
#[test]
fn a_night_that_is_too_late_is_recorded_and_told() {
    for name in ["fleet", "single"] {
        let night = an_hour_late("catch_up = \"30m\"");
        claimed(&night, 2);
        if name == "fleet" {
            assert_eq!(turn(&night), 1);
            assert_eq!(turn(&night), 0, "once");
        } else {
            let daemon = night.start(&["daemon"]);
            let runs = || night.recount(&["history", "--json"]).json()["history"].as_array().map(Vec::len);
            wait_until("the record", || runs() == Some(3));
            daemon.signal("TERM");
            night.heard(daemon.end());
        }
        assert!(night.sim().writes().is_empty(), "a night in the working day surprises people who edit");
        let report = night.recount(&["report", "--json"]);
        assert_eq!(report.codes(), ["nights-missed"], "{}", report.out);
        assert_eq!(report.first_run()["verdict"], "failed", "{}", report.out);
        assert!(report.out.contains("was not run") && report.out.contains("before it the night of"), "{}", report.out);
        night.recount(&["status"]).exits(1);
        night.recount(&["run"]).exits(0);
        night.recount(&["status"]).exits(0);
    }
}
