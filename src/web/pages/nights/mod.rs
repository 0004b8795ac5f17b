//! Every run there was, and what differed between two of them.

pub(crate) mod held_items;
pub(crate) mod night_diff;
pub(crate) mod night_links;

use maud::{Markup, html};

use crate::history::run_record::RunSummary;
use crate::reconcile::model::display_text::shown;
use crate::report::numbers_and_dates;
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::{RailEntry, frame};
use crate::web::pages::page_pieces;
use crate::web::site::PageError;

/// Runs that are listed.
const RUNS: usize = 90;
/// Runs that are looked through for those of one integration.
const SEEN: usize = 1000;

pub(crate) fn page(visit: &Visit) -> Result<Markup, PageError> {
    let asked = visit.query.get("i");
    let mut runs = match &visit.desk.history {
        Some(history) => history.runs(if asked.is_empty() { RUNS } else { SEEN })?,
        None => Vec::new(),
    };
    runs.retain(|run| asked.is_empty() || run.integration.as_str() == asked);
    runs.truncate(RUNS);
    let main = html! {
        header.head {
            div { h1 { "Nights" } p.lead { "The last runs, newest first." } }
            ul.seg aria-label="Integration" {
                li { a href="/nights" aria-current=[asked.is_empty().then_some("true")] { "All" } }
                @for standing in &visit.desk.standings {
                    @let name = standing.name.as_str();
                    li { a href={ "/nights?i=" (name) } aria-current=[(name == asked).then_some("true")] { (shown(name)) } }
                }
            }
        }
        @if runs.is_empty() { (page_pieces::empty("No run yet", "")) } @else { (compare(&runs)) (table(visit, &runs)) }
    };
    Ok(frame(visit, RailEntry::Nights, "Nights", &main))
}

/// The newest two of one integration stand there at first; where there are no two, there is nothing to compare.
fn compare(runs: &[RunSummary]) -> Markup {
    let earlier = |(at, newest): (usize, &RunSummary)| {
        runs.iter()
            .skip(at + 1)
            .find(|run| run.integration == newest.integration)
            .map(|before| (before.run, newest.run))
    };
    html! { @if let Some((before, newest)) = runs.iter().enumerate().find_map(earlier) {
        form.filters action="/diff" aria-label="Compare two runs" {
            label for="da" { "Compare run" } input id="da" name="a" inputmode="numeric" size="5" required value=(before);
            label for="db" { "with run" } input id="db" name="b" inputmode="numeric" size="5" required value=(newest);
            button.b { "Compare" }
        }
    } }
}

fn table(visit: &Visit, runs: &[RunSummary]) -> Markup {
    html! { div.sheet { table.mid {
        thead { tr {
            th scope="col" { "run" } th scope="col" { "verdict" } th.n.wide scope="col" { "to decide" } th.n scope="col" { "changed" }
            th.n.wide scope="col" { "failed or unknown" } th.n.wide scope="col" { "explained" } th.wide scope="col" { "by" }
        } }
        tbody { @for run in runs {
            @let totals = run.end.as_ref().map(|end| end.totals).unwrap_or_default();
            tr {
                th scope="row" { a href={ "/nights/" (run.run) } { (run.run) " " (shown(run.integration.as_str())) } span.rest { (numbers_and_dates::minute(run.started_at)) } }
                td { (page_pieces::run_verdict(visit, run)) }
                td.n.wide { (totals.to_decide) } td.n { (totals.changed) }
                td.n.wide { (totals.failed + totals.unknown) }
                td.n.wide { (totals.explained) "/" (totals.lines) }
                td.wide { (run.command) " in " (run.mode) " mode" }
            }
        } }
    } } }
}
