//! A morning on which nothing waits: what the last night changed, and whether the invoices could go out.

use maud::{Markup, html};

use crate::history::run_record::{LineRecord, RunRecord};
use crate::reconcile::model::display_text::shown;
use crate::report::{Change, lines, numbers_and_dates};
use crate::web::desk::visit::Visit;
use crate::web::pages::plan::plan_pieces;
use crate::web::pages::{invoices, page_pieces};
use crate::web::site::PageError;

/// Changed lines that are listed.
const LISTED: usize = 30;

pub(super) fn sections(visit: &Visit) -> Result<Markup, PageError> {
    let nights = last_nights(visit)?;
    let changed: Vec<(&RunRecord, &LineRecord)> = nights
        .iter()
        .flat_map(|run| lines(run).iter().map(move |line| (run, line)))
        .filter(|(_, line)| Change::of(line) == Some(Change::Done))
        .collect();
    Ok(html! {
        @if !changed.is_empty() { (changes(&changed, nights.len() > 1)) }
        (invoices::in_short(visit)?)
    })
}

/// The last night of each integration, whole.
fn last_nights(visit: &Visit) -> Result<Vec<RunRecord>, PageError> {
    let mut nights = Vec::new();
    for standing in visit.desk.standings.iter().filter(|standing| standing.is_on()) {
        let Some(night) = visit.desk.last_night(&standing.name) else { continue };
        let drawn = visit.desk.plan(&standing.name).map(|plan| &plan.run).filter(|run| run.run == night);
        let night = match drawn {
            Some(run) => Some(run.clone()),
            None => visit.desk.history()?.run(night)?,
        };
        nights.extend(night);
    }
    Ok(nights)
}

fn changes(changed: &[(&RunRecord, &LineRecord)], are_several: bool) -> Markup {
    let all: Vec<&LineRecord> = changed.iter().map(|(_, line)| *line).collect();
    html! {
        section aria-labelledby="changed" {
            div.sec { h2 id="changed" { "Changed last night " span.count { (changed.len()) } } p { (plan_pieces::sums(&all)) } }
            div.sheet { table.mid {
                thead { tr { th scope="col" { "line" } th.n scope="col" { "billed" } th.n scope="col" { "now" } th.n scope="col" { "by" } th.wide scope="col" { "night" } } }
                tbody { @for (run, line) in changed.iter().take(LISTED) { tr {
                    th scope="row" { (page_pieces::line_name(line)) }
                    td.n { (page_pieces::quantity(line.was)) } td.n { b { (page_pieces::quantity(line.now)) } }
                    td.n { (numbers_and_dates::signed(numbers_and_dates::delta(line))) }
                    td.wide { a href={ "/nights/" (run.run) "?line=" (line.handle) } { "run " (run.run) } @if are_several { span.rest { (shown(run.integration.as_str())) } } }
                } } }
            } }
            @if changed.len() > LISTED { p.small.soft { "and " (changed.len() - LISTED) " more: the night's page has them" } }
        }
    }
}
