//! From one night to others: of the other integrations, the one before, the one after.

use maud::{Markup, html};

use crate::history::run_record::{RunRecord, RunSummary};
use crate::history::store::open::History;
use crate::reconcile::model::display_text::shown;
use crate::report::numbers_and_dates;
use crate::web::desk::visit::Visit;
use crate::web::pages::page_pieces;
use crate::web::site::PageError;

/// The runs of the same night, where several integrations had one.
pub(crate) fn switch(history: &History, run: &RunRecord) -> Result<Markup, PageError> {
    let runs = history.runs_of_night(run)?;
    Ok(html! { @if runs.len() > 1 {
        ul.seg aria-label="Runs of this night" { @for one in &runs { li {
            a href={ "/nights/" (one.run) } aria-current=[(one.run == run.run).then_some("true")] { (shown(one.integration.as_str())) " " small { (one.run) } }
        } } }
    } })
}

/// The nights up to this one, each a bar that leads to it, between the one before and the one after.
pub(crate) fn strip(visit: &Visit, run: &RunRecord, nights: &[RunSummary]) -> Result<Markup, PageError> {
    let before = nights.iter().rev().find(|night| night.run < run.run && night.undoes.is_none());
    let after = visit.desk.history()?.night_after(run)?;
    let link = |night: &RunSummary, rel: &str| {
        let day = numbers_and_dates::day(night.started_at);
        html! { a href={ "/nights/" (night.run) } rel=(rel) { span.sr { "run " (night.run) ", " } (day) } }
    };
    Ok(html! {
        nav.panel.nightnav aria-label="Other nights" {
            @if let Some(before) = before { (link(before, "prev")) }
            (page_pieces::night_links(visit, nights, run.run))
            @match &after { Some(after) => { (link(after, "next")) }, None => span.soft { "newest" } }
            a href={ "/nights?i=" (run.integration.as_str()) } { "All nights" }
        }
    })
}
