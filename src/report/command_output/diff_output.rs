//! `recount diff RUN RUN`: what differed between two nights.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Serialize;

use crate::history::run_record::{ExportRecord, LineRecord, RunRecord};
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::ids::RunId;
use crate::reconcile::model::plan::fingerprint::short;
use crate::reconcile::model::plan::outcome::Outcome;
use crate::reconcile::model::quantity::{Quantity, or_dash};
use crate::report::format::json::JsonLine;
use crate::report::format::text::{WIDTH, middle_cut};
use crate::report::report_model::Report;
use crate::report::{LinesKept, display_names, lines, numbers_and_dates};

/// A line as the earlier run has it, and as the later one.
type Pair<'a> = (Option<&'a LineRecord>, Option<&'a LineRecord>);

/// What differed between two runs.
#[derive(Debug)]
pub struct Difference<'a> {
    earlier: &'a RunRecord,
    later: &'a RunRecord,
    /// Lines whose counts, place, quantity or outcome differ, by customer and product.
    lines: Vec<Pair<'a>>,
}

impl<'a> Difference<'a> {
    /// The difference of these two. Of older nights the unchanged lines are gone; a line that only one side has is
    /// left out if the other side has lost its unchanged ones and it is unchanged here.
    pub fn of(earlier: &'a RunRecord, later: &'a RunRecord) -> Self {
        let (before, after) = (by_handle(earlier), by_handle(later));
        let handles: BTreeSet<&str> = before.keys().chain(after.keys()).copied().collect();
        let thinned = [earlier, later].into_iter().any(|run| LinesKept::of(run) != LinesKept::All);
        let pairs = handles.into_iter().map(|handle| (before.get(handle).copied(), after.get(handle).copied()));
        let dropped = [earlier, later].into_iter().any(|run| LinesKept::of(run) == LinesKept::Nothing);
        let lines = pairs.filter(|_| !dropped).filter(|pair| match pair {
            (Some(before), Some(after)) => facts(before) != facts(after),
            (Some(one), None) | (None, Some(one)) => !(thinned && one.outcome == Outcome::Unchanged),
            (None, None) => false,
        });
        let mut lines: Vec<Pair<'a>> = lines.collect();
        lines.sort_by_cached_key(|pair| {
            pair.1.or(pair.0).map(|line| (display_names::line(line).to_lowercase(), line.handle.clone()))
        });
        Self { earlier, later, lines }
    }

    /// Of which of the two the history holds no line any more: then nobody knows how they differ.
    pub fn without_lines(&self) -> Vec<RunId> {
        let dropped = |run: &&&RunRecord| LinesKept::of(run) == LinesKept::Nothing;
        [&self.earlier, &self.later].into_iter().filter(dropped).map(|run| run.run).collect()
    }

    /// The lines that differ: as the earlier run has each, and as the later one.
    pub fn lines(&self) -> &[Pair<'a>] {
        &self.lines
    }
}

fn by_handle(run: &RunRecord) -> BTreeMap<&str, &LineRecord> {
    lines(run).iter().map(|line| (line.handle.as_str(), line)).collect()
}

/// What makes two nights of a line differ: not the numbers of its rows, which move with every other customer.
fn facts(line: &LineRecord) -> impl PartialEq + use<'_> {
    let counts: Vec<_> = line.sources.iter().map(|source| (&source.customer, &source.service, source.count)).collect();
    (counts, line.agreement, line.addition, &line.product, line.wanted, line.now, line.outcome, line.reason)
}

/// The difference as text.
pub fn render(difference: &Difference<'_>) -> String {
    let Difference { earlier, later, lines } = difference;
    let differ = match difference.without_lines().as_slice() {
        [] => format!("differ in {}", numbers_and_dates::plural(lines.len(), "line")),
        [run, ..] => format!("the lines of run {run} are kept no more"),
    };
    let mut text = format!("recount  run {} → run {}   {differ}\n", earlier.run, later.run);
    for run in [earlier, later] {
        let report = Report::of(run);
        let (at, integration) = (numbers_and_dates::minute(run.started_at), shown(run.integration.as_str()));
        let _ = writeln!(text, "  run {:<5} {at}  {integration}  {}", run.run.to_string(), report.verdict.words);
        let _ = writeln!(text, "            {}", report.numbers.sentence());
    }
    let _ = writeln!(text, "  export    {}", export_step(earlier, later));
    let _ = writeln!(text, "  plan      {}", plan_step(earlier, later));
    if !lines.is_empty() {
        let _ = writeln!(text, "\nLINES THAT DIFFER{:>33} {:>12}  outcome", "wanted", "billed");
    }
    for (before, after) in lines {
        line_row(&mut text, *before, *after);
    }
    text
}

fn export_step(earlier: &RunRecord, later: &RunRecord) -> String {
    let of = |run: &RunRecord| run.planned.as_ref().map(|planned| planned.export.clone());
    match (of(earlier), of(later)) {
        (Some(before), Some(after)) if before.sha256 == after.sha256 => {
            format!("the same: {}, sha {}", numbers_and_dates::file(&after), sha(&after))
        }
        (Some(before), Some(after)) => format!(
            "rows {} → {}, customers {} → {}, units {} → {}, sha {} → {}",
            before.rows,
            after.rows,
            before.customers,
            after.customers,
            before.units.normalize(),
            after.units.normalize(),
            sha(&before),
            sha(&after),
        ),
        _ => "one of the two had none that could be read".to_owned(),
    }
}

fn plan_step(earlier: &RunRecord, later: &RunRecord) -> String {
    let of = |run: &RunRecord| run.planned.as_ref().map(|planned| sha_of(&planned.fingerprint));
    match (of(earlier), of(later)) {
        (Some(before), Some(after)) if before == after => format!("the same: {after}"),
        (before, after) => {
            let none = || "none".to_owned();
            format!("{} → {}", before.unwrap_or_else(none), after.unwrap_or_else(none))
        }
    }
}

fn sha(export: &ExportRecord) -> String {
    sha_of(&export.sha256)
}

fn sha_of(hex: &str) -> String {
    short(hex).to_owned()
}

fn line_row(text: &mut String, before: Option<&LineRecord>, after: Option<&LineRecord>) {
    let sign = match (before, after) {
        (None, _) => '+',
        (_, None) => '-',
        _ => '~',
    };
    let Some(named) = after.or(before) else { return };
    let name = middle_cut(&display_names::line(named), 36);
    let gap = " ".repeat(36_usize.saturating_sub(unicode_width::UnicodeWidthStr::width(name.as_str())));
    let step = |of: fn(&LineRecord) -> Option<Quantity>| {
        let (before, after) = (before.map(of), after.map(of));
        match (before, after) {
            (Some(before), Some(after)) if before == after => or_dash(after),
            (before, after) => format!("{}→{}", or_dash(before.flatten()), or_dash(after.flatten())),
        }
    };
    let outcome = |line: Option<&LineRecord>| line.map_or("not there", |line| line.outcome.as_str());
    let outcomes = match (outcome(before), outcome(after)) {
        (before, after) if before == after => after.to_owned(),
        (before, after) => format!("{before} → {after}"),
    };
    let row = format!("  {sign} {name}{gap} {:>9} {:>12}  ", step(|line| line.wanted), step(|line| line.now));
    if unicode_width::UnicodeWidthStr::width(row.as_str()) + unicode_width::UnicodeWidthStr::width(outcomes.as_str())
        <= WIDTH
    {
        let _ = writeln!(text, "{row}{outcomes}");
    } else {
        let _ = writeln!(text, "{}\n      {outcomes}", row.trim_end());
    }
}

/// The difference as one document.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    earlier: RunId,
    later: RunId,
    same_export: bool,
    same_plan: bool,
    without_lines: Vec<RunId>,
    lines: Vec<LineJson<'a>>,
}

#[derive(Debug, Serialize)]
struct LineJson<'a> {
    handle: &'a str,
    earlier: Option<JsonLine<'a>>,
    later: Option<JsonLine<'a>>,
}

impl<'a> Document<'a> {
    /// The document of a difference.
    pub fn new(difference: &'a Difference<'a>) -> Self {
        let Difference { earlier, later, lines } = difference;
        let planned = || earlier.planned.as_ref().zip(later.planned.as_ref());
        let line = |(before, after): &(Option<&'a LineRecord>, Option<&'a LineRecord>)| LineJson {
            handle: after.or(*before).map(|line| line.handle.as_str()).unwrap_or_default(),
            earlier: before.map(JsonLine::of),
            later: after.map(JsonLine::of),
        };
        Self {
            earlier: earlier.run,
            later: later.run,
            same_export: planned().is_some_and(|(before, after)| before.export.sha256 == after.export.sha256),
            same_plan: planned().is_some_and(|(before, after)| before.fingerprint == after.fingerprint),
            without_lines: difference.without_lines(),
            lines: lines.iter().map(line).collect(),
        }
    }
}
