//! The run that is under way, as the history knows it: also one that the timer began.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use crate::history::journal::{IntentKind, WriteOutcome, WriteRecord};
use crate::history::run_record::{LineRecord, PlanRecord, RunRecord, RunSummary};
use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::plan::fingerprint::short;
use crate::report::{lines, numbers_and_dates};
use crate::web::desk::role_permissions::DeskAction;
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::{RailEntry, frame_with, token};
use crate::web::pages::page_pieces;
use crate::web::pages::plan::plan_pieces;
use crate::web::site::PageError;

/// A browser asks again after so many seconds while a run is under way.
const AGAIN: u32 = 2;
/// Writes that are listed.
const LISTED: usize = 50;

pub(crate) fn page(visit: &Visit) -> Result<Markup, PageError> {
    let (busy, picture) = (is_busy(visit), picture(visit)?);
    let main = html! { @if busy { div #live hx-sse:connect="/live/events" { (picture) } } @else { (picture) } };
    let title = if busy { "Running" } else { "The last run" };
    Ok(frame_with(visit, RailEntry::Nights, title, busy.then_some(AGAIN), &main))
}

/// Whether a run is under way.
pub(crate) fn is_busy(visit: &Visit) -> bool {
    visit.desk.running.is_some() || visit.desk.background.by.is_some()
}

/// What the page shows of it; the same goes out as events.
pub(crate) fn picture(visit: &Visit) -> Result<Markup, PageError> {
    let newest = match &visit.desk.history {
        Some(history) => history.latest_run(None)?,
        None => None,
    };
    let here = visit.desk.background.by.as_deref();
    let busy = is_busy(visit);
    Ok(match newest {
        Some(run) if busy && run.end.is_none() => running(visit, &run, here)?,
        newest if busy => between(visit, newest.as_ref()),
        _ => over(visit)?,
    })
}

/// A run is under way, and none of an integration.
fn between(visit: &Visit, newest: Option<&RunRecord>) -> Markup {
    let background = &visit.desk.background;
    let ended = newest.filter(|run| background.began_at.is_some_and(|began| run.started_at.to_utc() >= began));
    html! { header.head { div {
        @match ended {
            Some(run) => {
                div.headline { h1 { "Run " (run.run) " has ended" } (page_pieces::record_verdict(visit, run)) }
                p.lead { "What comes after it is under way: its report, who is told of it" @if !background.is_stopping { ", and the next integration if there is one" } "." }
            },
            None if background.by.is_some() => {
                h1 { "A run is beginning" }
                p.lead {
                    @if background.is_stopping { "It was asked to stop: it ends before it writes anything." }
                    @else { "It reads the configuration and takes the lock." }
                }
            },
            None => {
                h1 { "A run is beginning or ending" }
                p.lead { "It was begun by the timer or on the host. No line is read or written now." }
            },
        }
    } } }
}

fn running(visit: &Visit, run: &RunRecord, here: Option<&str>) -> Result<Markup, PageError> {
    let writes = visit.desk.history()?.writes_of(run.run)?;
    let progress = Progress::of(run, &writes);
    Ok(html! {
        header.head {
            div {
                p.over {
                    "Run " (run.run) " · started by " (here.unwrap_or("the timer or on the host")) " at " (clock(visit, run.started_at.to_utc()))
                }
                div.headline { h1 { (shown(run.integration.as_str())) } span.verdict.info { "RUNNING" } }
                p.lead {
                    @if let Some(planned) = &run.planned {
                        "Plan " span.mono { (short(&planned.fingerprint)) } ": " (numbers_and_dates::plural(progress.pending.len(), "line")) " to write "
                        (plan_pieces::sums(&progress.pending)) ". "
                    }
                    "You can leave this page; the run goes on, and its report will be under Nights."
                }
            }
            @if visit.desk.background.is_stopping { p.do { b { "It was asked to stop." } } }
            @else if here.is_some() && visit.may(DeskAction::Stop) {
                form.do method="post" action=(DeskAction::Stop.path()) { (token(visit)) input type="hidden" name="shown" value=(visit.desk.background.shown); button.b.bad { "Stop after this line" } }
            }
        }
        (stages(run, &progress))
        @if run.planned.is_some() && !progress.pending.is_empty() { (writing(run, &progress)) }
        @if !writes.is_empty() { (written(visit, run, &writes)) }
        section.panel aria-labelledby="stop" { h2 id="stop" { "If you stop it" }
            p { "The line in flight is finished and read back, then the run ends as INTERRUPTED. What is written stays written and is named in the report; the next run goes on with the rest." } }
    })
}

/// How far the writes of a run are.
struct Progress<'a> {
    /// The lines that it writes.
    pending: Vec<&'a LineRecord>,
    written: usize,
    refused: usize,
    in_doubt: usize,
    in_flight: usize,
}

impl<'a> Progress<'a> {
    fn of(run: &'a RunRecord, writes: &[WriteRecord]) -> Self {
        let count = |of: fn(&Option<WriteOutcome>) -> bool| writes.iter().filter(|write| of(&write.outcome)).count();
        Self {
            pending: lines(run).iter().filter(|line| plan_pieces::would_change(line)).collect(),
            written: count(|outcome| matches!(outcome, Some(WriteOutcome::Applied { .. }))),
            refused: count(|outcome| {
                matches!(outcome, Some(WriteOutcome::Refused { .. } | WriteOutcome::Superseded { .. }))
            }),
            in_doubt: count(|outcome| matches!(outcome, Some(WriteOutcome::Unknown { .. }))),
            in_flight: count(Option::is_none),
        }
    }

    fn done(&self) -> usize {
        self.written + self.refused + self.in_doubt
    }

    /// `3 of 14`.
    fn so_far(&self) -> String {
        let all = self.pending.len().max(self.done());
        if all == 0 { "nothing to write".to_owned() } else { format!("{} of {all}", self.done()) }
    }
}

fn stages(run: &RunRecord, progress: &Progress<'_>) -> Markup {
    let stage = |name: &str, state: &str, said: &str| {
        html! { li.(state) aria-current=[(state == "now").then_some("step")] { b { (name) } (said) } }
    };
    html! {
        div.sheet { ol.stages aria-label="Stages" {
            @if let Some(planned) = &run.planned {
                (stage("Read", "done", &numbers_and_dates::plural(planned.export.rows, "row")))
                (stage("Plan", "done", &numbers_and_dates::plural(planned.lines.len(), "line")))
                (stage("Guards", "done", &guards(planned)))
                (stage("Write", "now", &progress.so_far()))
            } @else {
                (stage("Read", "now", "export and ConnectWise"))
                @for name in ["Plan", "Guards", "Write"] { (stage(name, "waits", "waits")) }
            }
            (stage("Report", "waits", "waits"))
        } }
    }
}

/// A plan is stored with its guards before its first write.
fn guards(planned: &PlanRecord) -> String {
    match planned.guards.iter().filter(|look| look.stops).count() {
        0 => format!("{} passed", planned.guards.len()),
        stop if planned.accepted => format!("{stop} approved"),
        stop => format!("held by {stop}"),
    }
}

fn writing(run: &RunRecord, progress: &Progress<'_>) -> Markup {
    let all = progress.pending.len();
    html! {
        section.panel aria-labelledby="writing" {
            div.sec {
                h2 id="writing" { "Writing " span.soft { (progress.so_far()) } }
                p { (progress.written) " written, " (progress.refused) " refused, " (progress.in_doubt) " in doubt, " (progress.in_flight) " in flight" }
            }
            progress max=(all) value=(progress.done().min(all)) aria-label={ "Lines of run " (run.run) " that are done" } { (progress.so_far()) }
        }
    }
}

fn written(visit: &Visit, run: &RunRecord, writes: &[WriteRecord]) -> Markup {
    let planned: BTreeMap<_, _> = lines(run).iter().filter_map(|line| Some((line.key()?, line))).collect();
    html! {
        section aria-labelledby="wr" {
            div.sec { h2 id="wr" { "Written so far" } p { "newest first" } }
            div.sheet { table {
                thead { tr {
                    th scope="col" { "line" } th.n scope="col" { "billed" } th.n scope="col" { "wanted" }
                    th scope="col" { "state" } th.wide scope="col" { "at" }
                } }
                tbody { @for write in writes.iter().rev().take(LISTED) { (write_row(visit, planned.get(&write.intent.key).copied(), write)) } }
            } }
        }
    }
}

fn write_row(visit: &Visit, line: Option<&LineRecord>, write: &WriteRecord) -> Markup {
    let (billed, wanted) = match &write.intent.kind {
        IntentKind::Set { from, to, .. } => (Some(*from), *to),
        IntentKind::Create { quantity, .. } => (None, *quantity),
    };
    let key = &write.intent.key;
    html! { tr {
        th scope="row" {
            @if let Some(line) = line { (page_pieces::line_name(line)) }
            @else { span.line { "agreement " (key.agreement) " " span.rest { (shown(key.product.as_str())) } } }
        }
        td.n { (page_pieces::quantity(billed)) } td.n { b { (page_pieces::quantity(Some(wanted))) } }
        td { @match &write.outcome {
            None => span.tag.info { "sent" },
            Some(WriteOutcome::Applied { quantity, .. }) => { "read back " (quantity) },
            Some(WriteOutcome::Refused { .. }) => span.tag.bad { "refused" },
            Some(WriteOutcome::Unknown { .. }) => span.tag.bad { "in doubt" },
            Some(WriteOutcome::Superseded { .. }) => span.tag.ask { "given up" },
        } }
        td.wide { (clock(visit, write.sent_at)) }
    } }
}

/// `07:52:41`, as the clocks of the desk's zone show it.
fn clock(visit: &Visit, at: DateTime<Utc>) -> String {
    visit.desk.zone.local(at).format("%H:%M:%S").to_string()
}

fn over(visit: &Visit) -> Result<Markup, PageError> {
    let newest = match &visit.desk.history {
        Some(history) => history.runs(1)?.into_iter().next(),
        None => None,
    };
    Ok(html! {
        header.head { div {
            @match newest.as_ref().filter(|_| visit.desk.background.failed.is_none()) {
                Some(run) => {
                    p.over { (shown(run.integration.as_str())) " · " (run.command) " in " (run.mode) " mode" }
                    div.headline { h1 { "Run " (run.run) " is over" } (page_pieces::run_verdict(visit, run)) }
                    p.lead { "No run is under way." }
                },
                None => h1 { "No run is under way" },
            }
        } }
        @if let Some(failed) = &visit.desk.background.failed {
            (page_pieces::note("bad", "The last run that was started here ended before its report.", html! { (escaped(&failed.message)) (page_pieces::ways(visit, &failed.fix)) }))
        }
        @if let Some(run) = newest { p.do { (ways_on(&run)) a.b href="/" { "Today" } } }
    })
}

/// A plan that nobody has written leads to its approval first.
fn ways_on(run: &RunSummary) -> Markup {
    let waits = run.end.as_ref().is_some_and(|end| end.totals.would_change > 0);
    html! {
        @if waits { a.b.act href={ "/plan?run=" (run.run) } { "Look at its plan" } a.b href={ "/nights/" (run.run) } { "Its report" } }
        @else { a.b.act href={ "/nights/" (run.run) } { "Its report" } }
    }
}
