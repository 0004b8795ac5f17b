//! The first page: how each integration stands, and the last runs.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use maud::{Markup, html};

use crate::history::run_record::RunSummary;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::ids::IntegrationName;
use crate::reconcile::model::plan::outcome::RunCommand;
use crate::report::format::html::{Links, Place, document, html_pieces};
use crate::report::health::{Health, State, health};
use crate::report::numbers_and_dates;
use crate::report::outdated::Outdated;
use crate::report::report_model::ReportVerdict;
use crate::report::sparkline::NIGHTS;

/// Runs that the page lists.
pub const RUNS: usize = 90;

/// The page of these runs, newest first; `outdated` says why they are not how things stand.
pub fn page(runs: &[RunSummary], outdated: Option<&Outdated>) -> String {
    let is_outdated = outdated.is_some();
    let main = html! {
        @if let Some(why) = outdated { (html_pieces::outdated(why)) }
        h1 { "Runs" }
        section aria-labelledby="now" {
            h2 #now { "HOW IT STANDS" }
            div.cards { @for (integration, runs) in &by_integration(runs) { (standing(integration, runs, outdated)) } }
        }
        section aria-labelledby="runs" {
            h2 #runs { "THE LAST RUNS" span.count { (runs.len()) } }
            (table(runs, is_outdated))
        }
    };
    document(Place::Index, "Runs · recount", &main)
}

fn by_integration(runs: &[RunSummary]) -> BTreeMap<&IntegrationName, Vec<&RunSummary>> {
    let mut all: BTreeMap<&IntegrationName, Vec<&RunSummary>> = BTreeMap::new();
    for run in runs {
        all.entry(&run.integration).or_default().push(run);
    }
    all
}

fn standing(integration: &IntegrationName, runs: &[&RunSummary], outdated: Option<&Outdated>) -> Markup {
    // An undo looks at a few lines only: what is open, the run before it says.
    let whole = runs.iter().find(|run| run.undoes.is_none()).or(runs.first());
    let Some(newest) = whole else { return html! {} };
    let verdict = verdict(newest, outdated.is_some());
    let is_night = |run: &&&RunSummary| matches!(run.command, RunCommand::Run | RunCommand::Apply);
    let mut nights: Vec<RunSummary> = runs.iter().filter(is_night).take(NIGHTS).map(|run| (*run).clone()).collect();
    // A page on the disk does not know how long ago it was written: whether a night is overdue, `recount status` says.
    let known = health(&nights, true, newest.mode, false, TimeDelta::MAX, newest.started_at.to_utc());
    let health = match outdated {
        Some(Outdated::Older(error)) => Health { state: State::outdated_by(error), ..known },
        Some(Outdated::StandsBy(_)) => Health { state: State::StandsBy, ..known },
        None => known,
    };
    let undos: Vec<RunSummary> =
        nights.iter().take_while(|night| night.undoes.is_some() && night.run > newest.run).cloned().collect();
    nights.reverse();
    html! {
        article.card.(html_pieces::tone(verdict.tone)) {
            header { h3 { a href={ (newest.run) ".html" } { (shown(integration.as_str())) } } (html_pieces::chip(&verdict)) }
            p { (numbers(newest)) }
            (html_pieces::nights(&nights, None, ""))
            p { (health.sentence()) }
            p.meta { "run " (newest.run) ", " (numbers_and_dates::minute(newest.started_at)) ", " (newest.mode) " mode"
                (html_pieces::set_back(&undos, Links::KEPT)) }
        }
    }
}

fn verdict(run: &RunSummary, is_outdated: bool) -> ReportVerdict {
    let verdict = ReportVerdict::of_summary(run);
    if is_outdated { verdict.when_outdated() } else { verdict }
}

fn numbers(run: &RunSummary) -> String {
    let Some(end) = &run.end else { return "not finished".to_owned() };
    let totals = end.totals;
    let (explained, lines) = (totals.explained, totals.lines);
    let doubt = totals.failed + totals.unknown;
    format!(
        "to decide {} · changed {} · failed or unknown {doubt} · explained {explained}/{lines}",
        totals.to_decide, totals.changed
    )
}

fn table(runs: &[RunSummary], is_outdated: bool) -> Markup {
    html! {
        div.sheet tabindex="0" { table {
            thead { tr {
                th scope="col" { "run" } th scope="col" { "verdict" } th.n scope="col" { "to decide" }
                th.n scope="col" { "changed" } th.n.wide scope="col" { "failed or unknown" }
                th.n.wide scope="col" { "explained" } th.wide scope="col" { "by" }
            } }
            tbody { @for run in runs { (row(run, is_outdated)) } }
        } }
    }
}

fn row(run: &RunSummary, is_outdated: bool) -> Markup {
    let totals = run.end.as_ref().map(|end| end.totals);
    let number = |number: Option<usize>| number.map_or_else(|| "–".to_owned(), |number| number.to_string());
    let explained = totals.map(|totals| format!("{}/{}", totals.explained, totals.lines));
    html! {
        tr {
            th scope="row" { a href={ (run.run) ".html" } { (run.run) } " " (shown(run.integration.as_str()))
                br; span.soft.small { (numbers_and_dates::minute(run.started_at)) } }
            td { (html_pieces::chip(&verdict(run, is_outdated))) }
            td.n { (number(totals.map(|totals| totals.to_decide))) }
            td.n { (number(totals.map(|totals| totals.changed))) }
            td.n.wide { (number(totals.map(|totals| totals.failed + totals.unknown))) }
            td.n.wide { (explained.unwrap_or_else(|| "–".to_owned())) }
            td.wide.soft { (run.command) " in " (run.mode) " mode" }
        }
    }
}
