//! How each integration stands, and all of them together.

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use rust_decimal::Decimal;

use crate::history::run_record::RunSummary;
use crate::reconcile::model::display_text::shown;
use crate::report::report_model::Report;
use crate::report::{numbers_and_dates, sparkline};
use crate::web::desk::host::IntegrationStanding;
use crate::web::desk::visit::Visit;
use crate::web::pages::page_pieces;
use crate::web::site::PageError;

pub(super) fn table(visit: &Visit) -> Result<Markup, PageError> {
    let history = visit.desk.history()?;
    let newest = history.newest_runs()?;
    let (mut rows, mut all) = (Vec::new(), AllNumbers::default());
    for standing in &visit.desk.standings {
        let Some(run) = newest.iter().find(|run| run.integration == standing.name) else {
            rows.push(without_run(standing));
            continue;
        };
        let mut nights = history.nights(&standing.name, run.run, sparkline::NIGHTS)?;
        // How it goes is not known before its end.
        nights.retain(|night| visit.desk.under_way != Some(night.run));
        let numbers = RowNumbers::of(visit, run);
        all.add(&numbers);
        rows.push(standing_row(visit, standing, &numbers, (run, &nights)));
    }
    Ok(html! {
        div.sheet { table.mid.stand {
            caption.sr { "How each integration stands" }
            thead { tr {
                th scope="col" { "integration" } th scope="col" { "verdict" } th.n.wide scope="col" { "to decide" }
                th.n.wide scope="col" { "changed" } th.n.wide scope="col" { "failed" br; "or unknown" }
                th.n.wide scope="col" { "explained" } th.wide scope="col" { "export" }
                th.wide.wider scope="col" { "30 nights" }
            } }
            tbody { @for row in &rows { (row) } }
            @if visit.desk.standings.len() > 1 { (all.row()) }
        } }
    })
}

/// The four numbers of one integration's newest run.
struct RowNumbers {
    to_decide: usize,
    changed: usize,
    /// Lines that would change; with units up and down of what changed or would.
    would: usize,
    units: Option<(Decimal, Decimal)>,
    doubt: usize,
    explained: usize,
    lines: usize,
}

impl RowNumbers {
    fn of(visit: &Visit, newest: &RunSummary) -> Self {
        let plan = visit.desk.plan(&newest.integration).filter(|plan| plan.run.run == newest.run);
        let numbers = plan.map(|plan| Report::of(&plan.run).numbers);
        let totals = newest.end.as_ref().map(|end| end.totals).unwrap_or_default();
        let would = numbers.filter(|numbers| numbers.would).map(|numbers| numbers.changed);
        let written = numbers.filter(|numbers| !numbers.would);
        Self {
            to_decide: totals.to_decide,
            changed: numbers.map_or(totals.changed, |_| written.map_or(0, |written| written.changed)),
            would: would.unwrap_or_default(),
            units: written.map(|numbers| (numbers.up, numbers.down)),
            doubt: totals.failed + totals.unknown,
            explained: totals.explained,
            lines: totals.lines,
        }
    }

    /// `9 +22 −4`, `0 3 would`.
    fn changes(&self) -> Markup {
        html! {
            @if self.changed == 0 { span.zero { "0" } } @else { (self.changed) }
            @if self.would > 0 { " " small { (self.would) " would" } }
            @else if let Some((up, down)) = self.units { " " (page_pieces::ups_and_downs(up, down)) }
        }
    }
}

/// The numbers of all integrations together.
#[derive(Default)]
struct AllNumbers {
    to_decide: usize,
    changed: usize,
    /// Nothing once the units of one of them are not known.
    unknown_units: bool,
    units: (Decimal, Decimal),
    doubt: usize,
    explained: usize,
    lines: usize,
}

impl AllNumbers {
    fn add(&mut self, one: &RowNumbers) {
        self.to_decide += one.to_decide;
        self.changed += one.changed;
        self.doubt += one.doubt;
        self.explained += one.explained;
        self.lines += one.lines;
        let (up, down) = one.units.unwrap_or_default();
        self.unknown_units |= one.units.is_none() && one.changed > 0;
        self.units = (self.units.0.saturating_add(up), self.units.1.saturating_add(down));
    }

    fn row(&self) -> Markup {
        let (up, down) = self.units;
        html! { tfoot { tr {
            th scope="row" { "all" } td {} td.n.wide { (self.to_decide) }
            td.n.wide { (self.changed) @if !self.unknown_units { " " (page_pieces::ups_and_downs(up, down)) } }
            td.n.wide { (self.doubt) } td.n.wide { (self.explained) "/" (self.lines) } td.wide {} td.wide.wider {}
        } } }
    }
}

fn without_run(standing: &IntegrationStanding) -> Markup {
    html! { tr {
        th scope="row" { (shown(standing.name.as_str())) span.rest.mode { (standing.mode) } }
        td colspan="7" { "no run yet" }
    } }
}

fn standing_row(
    visit: &Visit,
    standing: &IntegrationStanding,
    numbers: &RowNumbers,
    (newest, nights): (&RunSummary, &[RunSummary]),
) -> Markup {
    let explained = format!("{}/{}", numbers.explained, numbers.lines);
    let export = newest.planned.as_ref().map(|planned| &planned.export);
    html! { tr {
        th scope="row" {
            a href={ "/nights/" (newest.run) } { (shown(standing.name.as_str())) }
            span.rest.mode { (standing.mode) }
            span.rest.narrow { (numbers.changes()) " changed · " (numbers.doubt) " failed or unknown · " (explained) " explained" }
        }
        td { (page_pieces::run_verdict(visit, newest)) @if !standing.health.is_healthy() { span.rest { (standing.health.sentence()) } } }
        td.n.wide { (count(numbers.to_decide, "ask")) }
        td.n.wide { (numbers.changes()) }
        td.n.wide { (count(numbers.doubt, "bad")) }
        td.n.wide { (explained) }
        td.wide.nb { @if let Some(export) = export { (come_at(visit, export.modified_at)) span.rest { (numbers_and_dates::plural(export.rows, "row")) (more_rows(export.rows, newest, nights)) } } @else { "–" } }
        td.wide.wider { (page_pieces::nights(nights)) }
    } }
}

/// `, +3` beside the rows: against the last accepted night before, if there was one.
fn more_rows(rows: usize, newest: &RunSummary, nights: &[RunSummary]) -> Markup {
    let earlier = nights.iter().rev().filter(|night| night.run < newest.run && night.undoes.is_none());
    let before = earlier.filter_map(|night| night.planned.as_ref()).find(|planned| planned.accepted);
    html! { @if let Some(before) = before.map(|planned| planned.export.rows) {
        ", "
        @if rows == before { span aria-hidden="true" { "=" } span.sr { "as many as the night before" } }
        @else if rows > before { "+" (rows - before) span.sr { " against the night before" } }
        @else { "−" (before - rows) span.sr { " against the night before" } }
    } }
}

/// When an export was written: a time of today, or with its day.
fn come_at(visit: &Visit, at: DateTime<Utc>) -> String {
    let (at, now) = (visit.desk.zone.local(at), visit.desk.zone.local(visit.now));
    at.format(if at.date_naive() == now.date_naive() { "%H:%M" } else { "%a %-d %b %H:%M" }).to_string()
}

fn count(count: usize, tone: &str) -> Markup {
    html! { @if count == 0 { span.zero { "0" } } @else { span.hot.(tone) { (count) } } }
}
