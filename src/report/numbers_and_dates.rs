//! Numbers, dates and steps as a person reads them: the same words in every form of a report.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use chrono::{DateTime, FixedOffset, TimeDelta};
use rust_decimal::Decimal;

use crate::history::run_record::{ExportRecord, LineRecord, RunRecord};
use crate::reconcile::model::display_text;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::export::row_lines::RowLines;
use crate::reconcile::model::ids::{CustomerName, RunId};
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::line::Source;
use crate::reconcile::model::plan::outcome::{Outcome, RunCommand, Traffic};
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::quantity::{Quantity, or_dash};
use crate::reconcile::model::record_links::{OpenedRecord, RecordLinks};

/// `12 → 0`, as a line shows it; empty where nothing is known.
pub(crate) fn step(line: &LineRecord) -> String {
    match (line.was, line.wanted) {
        (None, None) => String::new(),
        (was, wanted) => format!("{} → {}", or_dash(was), or_dash(wanted)),
    }
}

/// What the vendor counted for a line: all its counts together. `None` where nobody counts it, where one of them is not
/// known, and where they are of several services of which one is billed in other units than it is counted in.
pub(crate) fn counted(line: &LineRecord) -> Option<Quantity> {
    let services: BTreeSet<_> = line.sources.iter().map(|source| &source.service).collect();
    let is_one_unit = services.len() <= 1 || line.sources.iter().all(|source| source.how.is_none());
    let mut counts = line.sources.iter().map(|source| source.count).filter(|_| is_one_unit);
    let first = counts.next()??;
    counts.try_fold(first, |sum, count| sum.checked_add(count?))
}

/// By how much a line moves, or would.
pub(crate) fn delta(line: &LineRecord) -> Decimal {
    line.was.unwrap_or_default().delta_to(reached(line).unwrap_or_default())
}

/// What a line holds now, where it was written, else what it is to hold.
pub(crate) fn reached(line: &LineRecord) -> Option<Quantity> {
    match line.outcome {
        Outcome::Updated | Outcome::Created => line.now.or(line.wanted),
        _ => line.wanted,
    }
}

/// `+3`, `−3`.
pub(crate) fn signed(delta: Decimal) -> String {
    if delta > Decimal::ZERO { format!("+{delta}") } else { format!("−{}", delta.abs()) }
}

/// `Tue 24 Nov 2026`.
pub(crate) fn day(at: DateTime<FixedOffset>) -> String {
    display_text::day(at.date_naive())
}

/// `Tue 24 Nov 2026 03:11 UTC`.
pub(crate) fn minute(at: DateTime<FixedOffset>) -> String {
    display_text::minute(at)
}

/// How old the export was when the run began.
pub(crate) fn age(started_at: DateTime<FixedOffset>, export: &ExportRecord) -> String {
    span(started_at.signed_duration_since(export.modified_at))
}

/// A length of time, in the largest unit that says it: `4 d`, `26 h`, `5 min`.
pub(crate) fn span(time: TimeDelta) -> String {
    match (time.num_days(), time.num_hours(), time.num_minutes()) {
        (days, _, _) if days >= 3 => format!("{days} d"),
        (_, hours, _) if hours >= 1 => format!("{hours} h"),
        (_, _, minutes) => format!("{} min", minutes.max(0)),
    }
}

/// `1 row`, `1204 rows`, `2 companies`: numbers stand as they are typed, everywhere.
pub(crate) fn plural(count: usize, noun: &str) -> String {
    let is_vowel = |letter: &str| letter.ends_with(['a', 'e', 'i', 'o', 'u']);
    match (count, noun.strip_suffix('y')) {
        (1, _) => format!("{count} {noun}"),
        (_, Some(stem)) if !is_vowel(stem) => format!("{count} {stem}ies"),
        _ => format!("{count} {noun}s"),
    }
}

/// `1 unit`, `2.5 units`.
pub(crate) fn units(units: Decimal) -> String {
    match units.normalize() {
        one if one == Decimal::ONE => "1 unit".to_owned(),
        several => format!("{several} units"),
    }
}

/// The export's file, without its folder, and how many others it is of.
pub(crate) fn file(export: &ExportRecord) -> String {
    let newest = shown(export.path.rsplit('/').next().unwrap_or_default());
    match export.files.len() {
        0 | 1 => newest,
        several => format!("{newest} and {}", plural(several - 1, "other file")),
    }
}

/// How the export behind a run could be read, which tells what a missing count means.
#[derive(Debug, Default)]
pub(crate) struct ExportReadability<'a> {
    /// No export was read: the run sets another one back.
    undo: bool,
    /// Customers with rows that could not be read.
    incomplete: BTreeSet<&'a CustomerName>,
}

impl<'a> ExportReadability<'a> {
    /// Of a run that sets another one back or not, and that found this.
    pub(crate) fn of(undoes: Option<RunId>, findings: &'a [Finding]) -> Self {
        let unreadable = |finding: &&Finding| matches!(finding.code, Code::CustomerIncomplete | Code::RowMalformed);
        let incomplete = findings.iter().filter(unreadable).filter_map(|finding| finding.customer.as_ref());
        Self { undo: undoes.is_some(), incomplete: incomplete.collect() }
    }

    /// Of a run.
    pub(crate) fn of_run(run: &'a RunRecord) -> Self {
        Self::of(run.undoes, run.end.as_ref().map(|end| end.findings.as_slice()).unwrap_or_default())
    }

    /// One count behind a line: the rows of the export, and what they say.
    pub(crate) fn source(&self, line: &LineRecord, source: &Source) -> String {
        let Source { customer, service, count, lines, place, how: _, items: _, is_former } = source;
        let name = format!("{} · {}", shown(customer.as_str()), shown(service.as_str()));
        let stands = place.clone().unwrap_or_else(|| format!("line {}", numbers(lines)));
        let incomplete = self.incomplete.contains(customer);
        match (count, lines.as_slice()) {
            _ if self.undo => format!("{name}: no export was read"),
            (_, [])
                if *is_former
                    && !matches!(line.reason, Code::LineLeftBehind | Code::CustomerMissing)
                    && line.wanted.is_none() =>
            {
                format!(
                    "{name} was billed here; where its count belongs now cannot be said, so nothing of it is for this line"
                )
            }
            (Some(_), []) if *is_former || is_left_behind(line) => {
                format!("{name} was billed here; no row of the export is for this line now")
            }
            (Some(count), []) => format!("no row for {name}: the customer is in the export, so that counts as {count}"),
            (None, []) if incomplete => format!("no readable row for {name}: a row of the customer cannot be read"),
            (None, []) => format!("no row for {name}: the customer is not in the export, which is not zero"),
            (Some(count), _) => format!("{stands}: {name} = {count}"),
            (None, _) if incomplete => {
                format!("{stands}: {name}, not counted because another row of the customer cannot be read")
            }
            (None, _) => format!("{stands}: {name}, which could not be counted"),
        }
    }
}

/// Whether nobody counts a line any more, or its customer has no place now: its counts of 0 are no zero of the export, which
/// may well count the customer. A line that the export does count is to hold something, though it be 0.
fn is_left_behind(line: &LineRecord) -> bool {
    line.reason == Code::LineLeftBehind || line.wanted.is_none()
}

/// As many lines as are kept may be the first of more.
fn numbers(lines: &[u64]) -> String {
    let whole = lines.len() < RowLines::KEPT;
    let shown = if whole { lines } else { &lines[..RowLines::KEPT - 1] };
    let shown: Vec<String> = shown.iter().map(u64::to_string).collect();
    format!("{}{}", shown.join(", "), if whole { "" } else { " and more" })
}

/// Where a line stands in ConnectWise: the ids that a person searches for.
pub(crate) fn place(line: &LineRecord) -> String {
    let part = |name: &str, id: Option<i64>| id.map(|id| format!("{name} {id}"));
    let parts = [
        part("company", line.company.map(|id| id.0)),
        part("agreement", line.agreement.map(|id| id.0)),
        part("addition", line.addition.map(|id| id.0)),
        line.product.as_ref().map(|product| format!("product {}", shown(product.as_str()))),
        line.item.as_ref().map(|item| format!("item {}", shown(item.as_str()))),
    ];
    let known: Vec<String> = parts.into_iter().flatten().collect();
    if known.is_empty() { "no line there".to_owned() } else { known.join(", ") }
}

/// What several changes have in common beside their numbers, as the invoice that they reach: it is said once.
pub(crate) fn of_each<'a>(lines: &[&'a LineRecord]) -> Option<&'a str> {
    let (first, others) = lines.split_first()?;
    let same = !others.is_empty() && others.iter().all(|line| line.detail == first.detail);
    Some(first.detail.as_str()).filter(|detail| same && !detail.is_empty())
}

/// The records of a line that ConnectWise opens by their ids, in words, and where each opens. An addition opens with its
/// agreement.
pub(crate) fn records(line: &LineRecord, links: Option<&RecordLinks>) -> Vec<OpenedRecord> {
    let Some(links) = links else { return Vec::new() };
    let company = line.company.map(|id| links.company(id));
    let with = |(said, address)| match line.addition {
        Some(addition) => (format!("{said} with addition {addition}"), address),
        None => (said, address),
    };
    let agreement = line.agreement.map(|id| with(links.agreement(id)));
    company.into_iter().chain(agreement).collect()
}

/// The records of an open item: those of its line, and its ticket.
pub(crate) fn item_records(
    finding: &Finding,
    line: Option<&LineRecord>,
    links: Option<&RecordLinks>,
) -> Vec<OpenedRecord> {
    let of_line = line.map(|line| records(line, links)).unwrap_or_default();
    of_line.into_iter().chain(links.and_then(|links| links.ticket_of(finding))).collect()
}

/// What a run waited for. Reads, looks and writes include the waits for their turn.
pub(crate) fn waits(requests: &Traffic) -> String {
    let Traffic { sent: _, retried: _, throttled_ms, pace_ms, read_ms, look_ms, write_ms } = *requests;
    let seconds = |ms: u64| format!("{}.{} s", ms / 1000, ms % 1000 / 100);
    let (read, look, write) = (seconds(read_ms), seconds(look_ms), seconds(write_ms));
    let (pace, asked) = (seconds(pace_ms), seconds(throttled_ms));
    format!(
        "{read} reading, {look} looking before writes, {write} writing; in it {pace} for requests_per_minute, {asked} \
         because ConnectWise asked for it"
    )
}

/// How long a run took; nothing while it lasts.
pub(crate) fn took(run: &RunRecord) -> String {
    let Some(end) = &run.end else { return String::new() };
    let seconds = end.finished_at.signed_duration_since(run.started_at).num_seconds().max(0);
    let mut text = String::new();
    if seconds >= 60 {
        let _ = write!(text, "{} min ", seconds / 60);
    }
    let _ = write!(text, "{} s", seconds % 60);
    text
}

/// `run 5 of mail wrote 1 line, and is recorded: OK`: one run where its report cannot be shown.
pub(crate) fn recorded(run: &RunRecord) -> String {
    let written = run.end.as_ref().map_or(0, |end| end.totals.changed);
    let wrote = if written == 0 { "wrote nothing".to_owned() } else { format!("wrote {}", plural(written, "line")) };
    let verdict = run.end.as_ref().map(|end| format!(": {}", end.verdict)).unwrap_or_default();
    format!("run {} of {} {wrote}, and is recorded{verdict}", run.run, shown(run.integration.as_str()))
}

/// `3 runs`, and where the last one is a dry run `3 runs and a plan`: a plan is no night.
pub(crate) fn runs(commands: impl Iterator<Item = RunCommand>) -> String {
    let (mut runs, mut plans) = (0, 0);
    commands.for_each(|command| if command == RunCommand::Plan { plans += 1 } else { runs += 1 });
    match (runs, plans) {
        (0, _) => "a plan".to_owned(),
        (_, 0) => plural(runs, "run"),
        _ => format!("{} and a plan", plural(runs, "run")),
    }
}
