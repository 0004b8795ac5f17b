//! The pages: escaped by construction, no script, one style sheet.

use std::collections::BTreeMap;

use maud::{DOCTYPE, Markup, html};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::history::lookup::RunSummary;
use crate::history::record::{LineRecord, RunRecord};
use crate::reconcile::model::display_text::escaped;
use crate::reconcile::model::ids::{IntegrationName, RunId};
use crate::reconcile::model::quantity::Quantity;
use crate::report::format::json::time;
use crate::report::format::paint::Paint;
use crate::report::format::text;
use crate::report::format::text::View;
use crate::report::health::Health;

/// The style sheet.
pub(super) const STYLE: &str = "\
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:0 auto;padding:0 1rem;color:#1f2328;background:#fff}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #d0d7de;vertical-align:top}
.n{text-align:right}
.chip{border:1px solid;border-radius:1rem;padding:0 .5rem}
.good{color:#116329}.bad{color:#a40e26}
pre{overflow-x:auto;background:#f6f8fa;padding:1rem}
a{color:#0550ae}
@media (prefers-color-scheme:dark){
body{color:#e6edf3;background:#0d1117}pre{background:#161b22}a{color:#79c0ff}
.good{color:#7ee787}.bad{color:#ffa198}th,td{border-color:#30363d}}
";

/// Health of every integration, and the last runs.
pub(super) fn index(health: &[(IntegrationName, Health)], runs: &[RunSummary]) -> Markup {
    page(
        "Overview",
        html! {
            h2 { "Integrations" }
            table {
                thead { tr { th scope="col" { "Integration" } th scope="col" { "Health" } th scope="col" { "Last good run" } } }
                tbody { @for (name, health) in health { tr {
                    td { (name) }
                    td { (chip(health)) @if let Some(run) = health.running { " run " (run) " is in progress" } }
                    td { (health.last_success.map_or("–".to_owned(), time)) }
                } } }
            }
            h2 { "Runs" }
            @if runs.is_empty() { p { "There was no run yet." } } @else { (run_table(runs)) }
        },
    )
}

fn run_table(runs: &[RunSummary]) -> Markup {
    html! { table {
        thead { tr {
            th scope="col" { "Run" } th scope="col" { "Started" } th scope="col" { "Integration" } th scope="col" { "By" }
            th scope="col" { "Verdict" } th scope="col" class="n" { "To decide" } th scope="col" class="n" { "Changed" }
            th scope="col" class="n" { "Failed or unknown" } th scope="col" class="n" { "Explained" }
        } }
        tbody { @for run in runs { tr {
            td { a href={ "/runs/" (run.run) } { (run.run) } }
            td { (time(run.started_at.to_utc())) }
            td { (run.integration) }
            td { (run.command.as_str()) }
            @match &run.end {
                Some(end) => {
                    td { (end.verdict.as_str()) }
                    td class="n" { (end.totals.to_decide) }
                    td class="n" { (end.totals.changed) }
                    td class="n" { (end.totals.failed + end.totals.unknown) }
                    td class="n" { (end.totals.explained) "/" (end.totals.lines) }
                }
                None => td colspan="5" { "not finished" }
            }
        } } }
    } }
}

/// One run, as on the terminal, with the whole of its changes.
pub(super) fn run(run: &RunRecord, kept: bool) -> Markup {
    let report = text::render(run, View { paint: Paint::PLAIN, whole: true, known: &[] });
    page(
        &format!("Run {}", run.run),
        html! {
            @if kept { p { a href={ "/reports/" (run.run) } { "The kept report" } } }
            pre { (report) }
        },
    )
}

/// Every customer.
pub(super) fn customers(customers: &BTreeMap<String, usize>) -> Markup {
    page(
        "Customers",
        html! {
            table {
                thead { tr { th scope="col" { "Customer" } th scope="col" class="n" { "Lines" } } }
                tbody { @for (name, lines) in customers { tr {
                    td { a href=(link(name)) { (escaped(name)) } }
                    td class="n" { (lines) }
                } } }
            }
        },
    )
}

/// One customer's lines.
pub(super) fn customer(name: &str, lines: &[(IntegrationName, RunId, LineRecord)]) -> Markup {
    page(
        &escaped(name),
        html! {
            table {
                thead { tr {
                    th scope="col" { "Integration" } th scope="col" { "Product" } th scope="col" class="n" { "Was" }
                    th scope="col" class="n" { "Wanted" } th scope="col" class="n" { "Now" } th scope="col" { "Outcome" }
                    th scope="col" { "Why" } th scope="col" { "Run" }
                } }
                tbody { @for (integration, run, line) in lines { tr {
                    td { (integration) }
                    td { (line.product.as_ref().map_or("–".to_owned(), |product| escaped(product.as_str()))) }
                    td class="n" { (units(line.was)) }
                    td class="n" { (units(line.wanted)) }
                    td class="n" { (units(line.now)) }
                    td { (line.outcome.as_str()) }
                    td { (line.reason.as_str()) @if !line.detail.is_empty() { ": " (escaped(&line.detail)) } }
                    td { a href={ "/runs/" (run) } { (run) } }
                } } }
            }
        },
    )
}

fn page(title: &str, body: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                title { (title) " · recount" }
                link rel="stylesheet" href="/style.css";
            }
            body {
                nav { a href="/" { "Overview" } " · " a href="/customers" { "Customers" } }
                main { h1 { (title) } (body) }
            }
        }
    }
}

fn chip(health: &Health) -> Markup {
    let (class, sign) = if health.is_healthy() { ("chip good", "✓") } else { ("chip bad", "✗") };
    html! { span class=(class) { (sign) " " (health.said()) } }
}

/// Dots as well: a part that is made of them alone leads out of the folder.
const ENCODED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'~');

/// The address of a customer's page; whatever the name is made of, it is one part of the path.
fn link(name: &str) -> String {
    format!("/customers/{}", utf8_percent_encode(name, &ENCODED))
}

fn units(quantity: Option<Quantity>) -> String {
    quantity.map_or_else(|| "–".to_owned(), |quantity| quantity.to_string())
}
