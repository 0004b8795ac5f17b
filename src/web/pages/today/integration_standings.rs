//! How each integration stands, and all of them together.

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use crate::history::run_record::Totals;
use crate::reconcile::model::display_text::shown;
use crate::report::report_model::Report;
use crate::report::{numbers_and_dates, sparkline};
use crate::web::desk::host::IntegrationStanding;
use crate::web::desk::visit::Visit;
use crate::web::pages::page_pieces;
use crate::web::site::PageError;

pub(super) fn table(visit: &Visit) -> Result<Markup, PageError> {
    let rows: Result<Vec<Markup>, PageError> =
        visit.desk.standings.iter().map(|standing| standing_row(visit, standing)).collect();
    Ok(html! {
        div.sheet { table.mid.stand {
            caption.sr { "How each integration stands" }
            thead { tr {
                th scope="col" { "integration" } th scope="col" { "verdict" } th.n.wide scope="col" { "to decide" }
                th.n.wide scope="col" { "changed" } th.n.wide scope="col" { "failed" br; "or unknown" }
                th.n.wide scope="col" { "explained" } th.wide scope="col" { "export" }
                th.wide.wider scope="col" { "30 nights" }
            } }
            tbody { @for row in rows? { (row) } }
            @if visit.desk.standings.len() > 1 { (all_of_them(visit)?) }
        } }
    })
}

/// The numbers of all integrations together.
fn all_of_them(visit: &Visit) -> Result<Markup, PageError> {
    let mut all = Totals::default();
    for newest in visit.desk.history()?.newest_runs()? {
        let known = visit.desk.standings.iter().any(|standing| standing.name == newest.integration);
        let Some(end) = newest.end.filter(|_| known) else { continue };
        all.to_decide += end.totals.to_decide;
        all.changed += end.totals.changed;
        all.failed += end.totals.failed + end.totals.unknown;
        all.explained += end.totals.explained;
        all.lines += end.totals.lines;
    }
    Ok(html! { tfoot { tr {
        th scope="row" { "all" } td {} td.n.wide { (all.to_decide) } td.n.wide { (all.changed) } td.n.wide { (all.failed) }
        td.n.wide { (all.explained) "/" (all.lines) } td.wide {} td.wide.wider {}
    } } })
}

fn standing_row(visit: &Visit, standing: &IntegrationStanding) -> Result<Markup, PageError> {
    let history = visit.desk.history()?;
    let newest = history.newest_runs()?.into_iter().find(|run| run.integration == standing.name);
    let Some(newest) = newest else {
        return Ok(html! { tr {
            th scope="row" { (shown(standing.name.as_str())) span.rest.mode { (standing.mode) } }
            td colspan="7" { "no run yet" }
        } });
    };
    let mut nights = history.nights(&standing.name, newest.run, sparkline::NIGHTS)?;
    // How it goes is not known before its end.
    nights.retain(|night| visit.desk.under_way != Some(night.run));
    let plan = visit.desk.plan(&standing.name).filter(|plan| plan.run.run == newest.run);
    let numbers = plan.map(|plan| Report::of(&plan.run).numbers);
    let totals = newest.end.as_ref().map(|end| end.totals).unwrap_or_default();
    let changed = numbers.map_or(totals.changed, |numbers| if numbers.would { 0 } else { numbers.changed });
    let doubt = totals.failed + totals.unknown;
    let explained = format!("{}/{}", totals.explained, totals.lines);
    let export = newest.planned.as_ref().map(|planned| &planned.export);
    Ok(html! { tr {
        th scope="row" {
            a href={ "/nights/" (newest.run) } { (shown(standing.name.as_str())) }
            span.rest.mode { (standing.mode) }
            span.rest.narrow { (changed) " changed · " (doubt) " failed or unknown · " (explained) " explained" }
        }
        td { (page_pieces::run_verdict(visit, &newest)) @if !standing.health.is_healthy() { span.rest { (standing.health.sentence()) } } }
        td.n.wide { (count(totals.to_decide, "ask")) }
        td.n.wide { (changed) " " @if let Some(numbers) = numbers {
            @if numbers.would { small { (numbers.changed) " would" } } @else { (page_pieces::ups_and_downs(numbers.up, numbers.down)) }
        } }
        td.n.wide { (count(doubt, "bad")) }
        td.n.wide { (explained) }
        td.wide.nb { @if let Some(export) = export { (come_at(visit, export.modified_at)) span.rest { (numbers_and_dates::plural(export.rows, "row")) } } @else { "–" } }
        td.wide.wider { (page_pieces::nights(&nights)) }
    } })
}

/// When an export was written: a time of today, or with its day.
fn come_at(visit: &Visit, at: DateTime<Utc>) -> String {
    let (at, now) = (visit.desk.zone.local(at), visit.desk.zone.local(visit.now));
    at.format(if at.date_naive() == now.date_naive() { "%H:%M" } else { "%a %-d %b %H:%M" }).to_string()
}

fn count(count: usize, tone: &str) -> Markup {
    html! { @if count == 0 { span.zero { "0" } } @else { span.hot.(tone) { (count) } } }
}
