//! Monday's digest: what still waits, what moved most, and which nights are missing. A pure function of history and clock.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use chrono::{DateTime, Datelike as _, Days, FixedOffset, NaiveDate};
use unicode_width::UnicodeWidthStr as _;

use crate::history::run_record::LineRecord;
use crate::reconcile::model::display_text::{day, shown};
use crate::reconcile::model::ids::IntegrationName;
use crate::reconcile::model::record_links::RecordLinks;
use crate::report::brief::digest_week::{LinesMoved, Week, WeekNights};
use crate::report::brief::needs::Need;
use crate::report::brief::{Brief, Event};
use crate::report::command_output::held_output;
use crate::report::command_output::held_output::Waiting;
use crate::report::display_names;
use crate::report::exit_codes::Exit;
use crate::report::format::digest_html;
use crate::report::format::text::{WIDTH, middle_cut};
use crate::report::format::unlinked_names::{link_words, unlinked};
use crate::report::numbers_and_dates::{plural, signed};

/// Lines that are shown as the top movers.
const MOVERS_SHOWN: usize = 10;
/// Open items that are shown, those that wait longest.
const OPEN_SHOWN: usize = 30;
/// Days before today that a digest looks at.
const DAYS: u64 = 7;

/// Where a digest's readers go on.
#[derive(Debug, Clone, Copy, Default)]
pub struct WeekLinks<'a> {
    /// An address of a run's report, with `{run}` in it.
    pub link: Option<&'a str>,
    /// Where records open, by integration.
    pub records: Option<&'a BTreeMap<IntegrationName, RecordLinks>>,
}

/// The digest. `open` are the open items, longest first.
pub fn digest(weeks: &[Week], open: &[Waiting], links: WeekLinks<'_>, now: DateTime<FixedOffset>) -> Brief {
    let nights: Vec<WeekNights<'_>> = weeks.iter().map(|week| nights_of(week, links, now)).collect();
    let nights_missed: usize = nights.iter().map(|nights| nights.missed.len()).sum();
    let changed: usize = weeks.iter().map(|week| week.changed.len()).sum();
    let subject = format!(
        "recount WEEK · {} open · {changed} changed · {} missed · {}",
        open.len(),
        plural(nights_missed, "night"),
        day(now.date_naive()),
    );
    let moved = moved(weeks);
    let mut text = format!("{subject}\n\n");
    nights.iter().for_each(|nights| nights_section(&mut text, nights));
    text.push('\n');
    text.push_str(&held_output::render(&open[..open.len().min(OPEN_SHOWN)], &[]));
    if open.len() > OPEN_SHOWN {
        let _ = writeln!(text, "  … {} more: recount held", open.len() - OPEN_SHOWN);
    }
    movers(&mut text, &moved);
    let needs: Vec<Need> = open.iter().map(|one| need(one, links)).collect();
    let title = subject.trim_start_matches("recount ").to_owned();
    let names = weeks.iter().flat_map(|week| &week.changed).chain(open.iter().filter_map(|one| one.line.as_ref()));
    let names = link_words(names, open.iter().map(|one| &one.finding));
    Brief {
        html: unlinked(&digest_html::of(&title, &nights, &needs, &moved), &names, "<wbr>"),
        needs_left_out: needs.len().saturating_sub(OPEN_SHOWN),
        needs: needs.into_iter().take(OPEN_SHOWN).collect(),
        ..Brief::plain(Event::Weekly, subject, unlinked(&text, &names, "\u{200b}"), now.to_utc())
    }
}

fn need(one: &Waiting, links: WeekLinks<'_>) -> Need {
    let records = links.records.and_then(|records| records.get(&one.integration));
    let need = Need::of(&one.finding, one.line.as_ref(), records);
    let age = plural(usize::try_from(one.nights).unwrap_or_default(), "night");
    Need { message: format!("{} · open for {age} · {}", shown(one.integration.as_str()), need.message), ..need }
}

fn nights_of<'a>(week: &'a Week, links: WeekLinks<'_>, now: DateTime<FixedOffset>) -> WeekNights<'a> {
    let recent = week.nights.iter().filter(|night| night.started_at.date_naive() >= first_day(now));
    let (good, mut bad): (Vec<_>, Vec<_>) =
        recent.partition(|night| night.end.as_ref().is_some_and(|end| Exit::of_code(end.exit_code).is_good()));
    bad.reverse();
    let newest = week.nights.first().map(|night| night.run.to_string());
    let link = links.link.zip(newest).map(|(link, run)| link.replace("{run}", &run));
    WeekNights { week, good: good.len(), bad, missed: missed(week, now.date_naive()), link }
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

fn nights_section(text: &mut String, nights: &WeekNights<'_>) {
    let WeekNights { week, good, bad, missed, link } = nights;
    let name = shown(week.integration.as_str());
    let _ = writeln!(text, "{name}: {}, {} bad", plural(*good, "good night"), bad.len());
    for night in bad {
        let verdict = night.end.as_ref().map_or("cut off", |end| end.verdict.as_str());
        let _ = writeln!(text, "  ✗ {}  run {} {verdict}", day(night.started_at.date_naive()), night.run);
    }
    for without in missed {
        let _ = writeln!(text, "  ✗ {}  no run", day(*without));
    }
    if let Some(link) = link {
        let _ = writeln!(text, "  The newest report: {link}");
    }
}

/// The lines that moved most, the farthest first.
fn moved(weeks: &[Week]) -> Vec<LinesMoved<'_>> {
    let by = |line: &LineRecord| line.was.unwrap_or_default().delta_to(line.wanted.unwrap_or_default()).normalize();
    let changed = weeks.iter().flat_map(|week| &week.changed);
    let mut lines: Vec<LinesMoved<'_>> = changed.map(|line| LinesMoved { line, by: by(line) }).collect();
    lines.sort_by_key(|LinesMoved { line, by }| (std::cmp::Reverse(by.abs()), line.handle.clone()));
    lines.truncate(MOVERS_SHOWN);
    lines
}

fn movers(text: &mut String, lines: &[LinesMoved<'_>]) {
    if !lines.is_empty() {
        text.push_str("\nMOVED MOST\n");
    }
    for LinesMoved { line, by } in lines {
        let step = signed(*by);
        let name = middle_cut(&display_names::line(line), WIDTH - 6 - step.width());
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
