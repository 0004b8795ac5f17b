//! Units over time: what each export counted, night after night.

use maud::{Markup, html};
use rust_decimal::Decimal;

use crate::history::run_record::RunSummary;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::ids::IntegrationName;
use crate::report::format::html::{Place, document, html_pieces};
use crate::report::numbers_and_dates;

/// Nights that the page shows of each integration.
pub const NIGHTS: usize = 90;

/// Nights that are listed below a chart.
const LISTED: usize = 14;

/// The page; of each integration its nights, oldest first.
pub fn page(integrations: &[(IntegrationName, Vec<RunSummary>)]) -> String {
    let main = html! {
        h1 { "Trends" }
        @for (at, (integration, nights)) in integrations.iter().enumerate() {
            section aria-labelledby={ "i" (at) } {
                h2 id={ "i" (at) } { (shown(integration.as_str())) }
                (integration_charts(nights))
            }
        }
    };
    document(Place::Trends, "Trends · recount", &main)
}

fn integration_charts(nights: &[RunSummary]) -> Markup {
    let units: Vec<Option<Decimal>> =
        nights.iter().map(|night| night.planned.as_ref().map(|planned| planned.export.units)).collect();
    let day =
        |night: Option<&RunSummary>| night.map(|night| numbers_and_dates::day(night.started_at)).unwrap_or_default();
    let (from, to) = (day(nights.first()), day(nights.last()));
    let shown = |units: Option<&Decimal>| units.map(|units| units.normalize().to_string()).unwrap_or_default();
    let (first, last) = (units.iter().flatten().next(), units.iter().flatten().last());
    let said = format!("Units in the export: {} on {from}, {} on {to}", shown(first), shown(last));
    html! {
        @if first.is_none() {
            p { "No export could be read yet." }
        } @else {
            div.panel { p { b { (said) } } (html_pieces::chart(&units, &from, &to, &said)) }
            (table(nights))
        }
    }
}

fn table(nights: &[RunSummary]) -> Markup {
    html! {
        div.sheet tabindex="0" { table {
            caption { "The last nights" }
            thead { tr {
                th scope="col" { "night" } th.n scope="col" { "units" } th.n.wide scope="col" { "rows" }
                th.n.wide scope="col" { "customers" } th.n scope="col" { "changed" } th.n scope="col" { "to decide" }
            } }
            tbody { @for night in nights.iter().rev().take(LISTED) {
                @let export = night.planned.as_ref().map(|planned| &planned.export);
                @let totals = night.end.as_ref().map(|end| end.totals).unwrap_or_default();
                tr {
                    th scope="row" { a href={ (night.run) ".html" } { (numbers_and_dates::day(night.started_at)) } }
                    td.n { (export.map_or_else(|| "–".to_owned(), |export| export.units.normalize().to_string())) }
                    td.n.wide { (export.map_or_else(|| "–".to_owned(), |export| export.rows.to_string())) }
                    td.n.wide { (export.map_or_else(|| "–".to_owned(), |export| export.customers.to_string())) }
                    td.n { (totals.changed) } td.n { (totals.to_decide) }
                }
            } }
        } }
    }
}
