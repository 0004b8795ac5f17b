//! The run that is under way, as the history knows it: also one that the timer began.

use maud::{Markup, html};

use crate::history::journal::{WriteOutcome, WriteRecord};
use crate::history::run_lookup::RunSummary;
use crate::history::run_record::RunRecord;
use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::plan::fingerprint::short;
use crate::report::lines;
use crate::report::report_model::ReportVerdict;
use crate::web::desk::role_permissions::DeskAction;
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::{RailEntry, frame_with, token};
use crate::web::pages::{page_pieces, plan};
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
    Ok(match newest.filter(|run| busy && run.end.is_none()) {
        Some(run) => running(visit, &run, here)?,
        None if busy => html! {
            header.head { div { h1 { "A run is beginning" } p.lead { "It reads the configuration and takes the lock." } } }
        },
        None => over(visit)?,
    })
}

fn running(visit: &Visit, run: &RunRecord, here: Option<&str>) -> Result<Markup, PageError> {
    let writes = visit.desk.history()?.writes_of(run.run)?;
    let pending = lines(run).iter().filter(|line| plan::would_change(line)).count();
    let done = writes.iter().filter(|write| write.outcome.is_some()).count();
    let planned = run.planned.is_some();
    let stage = |name: &str, done: bool, now: bool, said: String| {
        html! { li.(if done { "done" } else if now { "now" } else { "waits" }) aria-current=[now.then_some("step")] { b { (name) } (said) } }
    };
    Ok(html! {
        header.head {
            div {
                p.over { "Run " (run.run) @if let Some(by) = here { " · started by " (by) } @else { " · started by the timer or on the host" } }
                div.headline { h1 { (shown(run.integration.as_str())) } span.verdict.info { "RUNNING" } }
                p.lead {
                    @if let Some(planned) = &run.planned { "Plan " span.mono { (short(&planned.fingerprint)) } ". " }
                    "You can leave this page; the run goes on, and its report will be under Nights."
                }
            }
            @if here.is_some() && visit.may(DeskAction::Stop) {
                form.do method="post" action=(DeskAction::Stop.path()) { (token(visit)) button.b.bad { "Stop after this line" } }
            }
        }
        div.sheet { ol.stages aria-label="Stages" {
            (stage("Read", planned, !planned, "export and ConnectWise".to_owned()))
            (stage("Plan", planned, false, String::new()))
            (stage("Write", false, planned, if pending == 0 { words_none(writes.len()) } else { format!("{done} of {pending}") }))
            (stage("Report", false, false, "waits".to_owned()))
        } }
        @if planned && pending > 0 {
            section.panel { progress max=(pending) value=(done.min(pending)) aria-label="Lines done" { (done) " of " (pending) } }
        }
        @if !writes.is_empty() { (written(&writes)) }
        section.panel aria-labelledby="stop" { h2 id="stop" { "If you stop it" }
            p { "The line in flight is finished and read back, then the run ends as INTERRUPTED. What is written stays written and is named in the report; the next run goes on with the rest." } }
    })
}

fn words_none(writes: usize) -> String {
    if writes == 0 { String::new() } else { format!("{writes} done") }
}

fn written(writes: &[WriteRecord]) -> Markup {
    html! {
        section aria-labelledby="wr" {
            div.sec { h2 id="wr" { "Written so far" } p { "newest first" } }
            div.sheet { table {
                thead { tr { th scope="col" { "line" } th scope="col" { "state" } } }
                tbody { @for write in writes.iter().rev().take(LISTED) { tr {
                    th scope="row" { "agreement " (write.intent.key.agreement) " " span.rest { (shown(write.intent.key.product.as_str())) } }
                    td { @match &write.outcome {
                        None => span.tag.info { "sent" },
                        Some(WriteOutcome::Applied { quantity, .. }) => { "read back: " b { (quantity) } },
                        Some(_) => span.tag.ask { "not written" },
                    } }
                } } }
            } }
        }
    }
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
                    div.headline { h1 { "Run " (run.run) " is over" } (page_pieces::verdict(&ReportVerdict::of_summary(run))) }
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
