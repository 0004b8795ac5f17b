//! Monday's digest: what still waits, what moved most, and which nights are missing. A pure function of history and clock.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use chrono::{DateTime, Datelike as _, Days, FixedOffset, NaiveDate};
use rust_decimal::Decimal;
use unicode_width::UnicodeWidthStr as _;

use crate::history::lookup::RunSummary;
use crate::history::record::LineRecord;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::ids::IntegrationName;
use crate::report::brief::{Brief, Event};
use crate::report::commands::held;
use crate::report::commands::held::Waiting;
use crate::report::exit::Exit;
use crate::report::format::text::{WIDTH, middle_cut};
use crate::report::names;

/// One integration's last week.
#[derive(Debug, Clone)]
pub struct Week {
    /// Whose.
    pub integration: IntegrationName,
    /// Its nights, newest first: those of the last seven days, and the one before them, if there was one.
    pub nights: Vec<RunSummary>,
    /// Lines that were changed in these days, each time that they were.
    pub changed: Vec<LineRecord>,
}

/// Lines that are shown as the top movers.
const MOVERS_SHOWN: usize = 10;
/// Matters that are shown; the others wait shorter.
const OPEN_SHOWN: usize = 30;
/// Days before today that a digest looks at.
const DAYS: u64 = 7;

/// The digest. `open` are the matters that wait, longest first.
pub fn digest(weeks: &[Week], open: &[Waiting], now: DateTime<FixedOffset>) -> Brief {
    let today = now.date_naive();
    let missed: Vec<(&IntegrationName, Vec<NaiveDate>)> =
        weeks.iter().map(|week| (&week.integration, missed(week, today))).collect();
    let nights_missed: usize = missed.iter().map(|(_, days)| days.len()).sum();
    let changed: usize = weeks.iter().map(|week| week.changed.len()).sum();
    let subject = format!(
        "recount WEEK · {} open · {changed} changed · {nights_missed} nights missed · {}",
        open.len(),
        now.format("%a %-d %b"),
    );
    let mut text = format!("{subject}\n\n");
    for (week, (_, missed)) in weeks.iter().zip(&missed) {
        nights(&mut text, week, missed, first_day(now));
    }
    text.push('\n');
    text.push_str(&held::render(&open[..open.len().min(OPEN_SHOWN)], &[]));
    if open.len() > OPEN_SHOWN {
        let _ = writeln!(text, "  … {} more: recount held", open.len() - OPEN_SHOWN);
    }
    movers(&mut text, weeks);
    Brief::plain(Event::Weekly, subject, text, now.to_utc())
}

/// Whether a digest is due: on a Monday, or later in a week whose Monday had none, if there was ever one before.
pub fn is_due(last: Option<DateTime<FixedOffset>>, now: DateTime<FixedOffset>) -> bool {
    let today = now.date_naive();
    let since_monday = u64::from(today.weekday().num_days_from_monday());
    let monday = today.checked_sub_days(Days::new(since_monday)).unwrap_or(today);
    match last {
        Some(last) => last.date_naive() < monday,
        None => since_monday == 0,
    }
}

/// The first of the days that a digest looks at.
pub fn first_day(now: DateTime<FixedOffset>) -> NaiveDate {
    let today = now.date_naive();
    today.checked_sub_days(Days::new(DAYS)).unwrap_or(today)
}

/// Days of the last seven without a run; none from before the first one.
fn missed(week: &Week, today: NaiveDate) -> Vec<NaiveDate> {
    let ran: BTreeSet<NaiveDate> = week.nights.iter().map(|night| night.started_at.date_naive()).collect();
    let Some(first) = ran.first() else { return Vec::new() };
    let days = (1..=DAYS).rev().filter_map(|back| today.checked_sub_days(Days::new(back)));
    days.filter(|day| day > first && !ran.contains(day)).collect()
}

fn nights(text: &mut String, week: &Week, missed: &[NaiveDate], from: NaiveDate) {
    let recent = week.nights.iter().filter(|night| night.started_at.date_naive() >= from);
    let (good, bad): (Vec<_>, Vec<_>) =
        recent.partition(|night| night.end.as_ref().is_some_and(|end| Exit::of_code(end.exit_code).is_good()));
    let _ = writeln!(text, "{}: {} good nights, {} bad", shown(week.integration.as_str()), good.len(), bad.len());
    for night in bad.iter().rev() {
        let verdict = night.end.as_ref().map_or("cut off", |end| end.verdict.as_str());
        let _ = writeln!(text, "  ✗ {}  run {} {verdict}", night.started_at.format("%a %-d %b"), night.run);
    }
    for day in missed {
        let _ = writeln!(text, "  ✗ {}  no run", day.format("%a %-d %b"));
    }
}

fn movers(text: &mut String, weeks: &[Week]) {
    let moved = |line: &LineRecord| line.was.unwrap_or_default().delta_to(line.wanted.unwrap_or_default());
    let mut lines: Vec<(&LineRecord, Decimal)> =
        weeks.iter().flat_map(|week| &week.changed).map(|line| (line, moved(line))).collect();
    lines.sort_by_key(|(line, delta)| (std::cmp::Reverse(delta.abs()), line.handle.clone()));
    if lines.is_empty() {
        return;
    }
    text.push_str("\nMOVED MOST\n");
    for (line, delta) in lines.iter().take(MOVERS_SHOWN) {
        let sign = if *delta > Decimal::ZERO { '+' } else { '−' };
        let step = format!("{sign}{}", delta.abs().normalize());
        let name = middle_cut(&names::line(line), WIDTH - 6 - step.width());
        let gap = WIDTH.saturating_sub(4 + name.width() + step.width());
        let _ = writeln!(text, "  {name}{}{step}", " ".repeat(gap));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<FixedOffset> {
        text.parse().expect("a time")
    }

    /// Otherwise a host that was down on Monday would never report its week, or a lively one would do it daily.
    #[test]
    fn a_digest_is_due_once_a_week_from_monday_on() {
        let monday = at("2026-11-23T03:00:00Z");
        assert!(is_due(None, monday), "the first one comes on a Monday");
        assert!(!is_due(None, at("2026-11-24T03:00:00Z")));
        assert!(is_due(Some(at("2026-11-16T03:00:00Z")), monday));
        assert!(!is_due(Some(monday), at("2026-11-23T04:00:00Z")), "once");
        assert!(!is_due(Some(monday), at("2026-11-29T23:00:00Z")));
        assert!(is_due(Some(at("2026-11-16T03:00:00Z")), at("2026-11-25T03:00:00Z")), "caught up on Wednesday");
        assert!(is_due(Some(at("2026-11-18T03:00:00Z")), monday), "after one that was caught up");
    }
}
