//! What an item's page shows beside its answers: where its numbers come from, its nights, and what people answered.

use std::collections::BTreeSet;

use maud::{Markup, html};

use crate::history::past::last_writes::LastWrite;
use crate::history::run_record::LineRecord;
use crate::reconcile::model::decision::Decision;
use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::ids::{IntegrationName, RunId};
use crate::reconcile::model::plan::outcome::{AnswerVerb, Outcome};
use crate::reconcile::model::quantity::or_dash;
use crate::reconcile::model::record_links::RecordLinks;
use crate::report::format::html::html_pieces::place;
use crate::report::numbers_and_dates::ExportReadability;
use crate::report::{display_names, numbers_and_dates, sparkline};
use crate::web::desk::visit::Visit;
use crate::web::pages::{page_pieces, today};
use crate::web::site::PageError;

/// Nights of a line that are listed.
const NIGHTS: usize = 30;

/// Answers that are listed.
pub(super) const ANSWERS: usize = 20;

/// Counts behind one line that are listed.
const SOURCES: usize = 12;

/// From the export's rows to what would be sent.
pub(crate) fn chain(
    visit: &Visit,
    line: &LineRecord,
    last: Option<&LastWrite>,
    (reading, records): (&ExportReadability<'_>, Option<&RecordLinks>),
) -> Markup {
    html! {
        ol.chain {
            @for source in line.sources.iter().take(SOURCES) { li { b { "export" } div { (reading.source(line, source)) } } }
            @if line.sources.len() > SOURCES { li { b { "export" } div { "… " (line.sources.len() - SOURCES) " more counts" } } }
            @if let (Some(company), Some(product), false) = (line.company, &line.product, line.sources.is_empty()) {
                li { b { "mapping" } div { (display_names::whose(line)) " is company " (company) "; " (services(line)) " → " (shown(product.as_str())) } }
            }
            @for how in line.sources.iter().filter_map(|source| source.how.as_deref()).take(SOURCES) { li { b { "policy" } div { (escaped(how)) } } }
            li { b { "ConnectWise" } div { (place(line, records)) ": " b { (page_pieces::quantity(line.was)) } } }
            @if let Some(LastWrite { at, run, quantity }) = last {
                li { b { "history" } div { a href={ "/nights/" (run) } { "run " (run) } " wrote " b { (quantity) } " on " (numbers_and_dates::day(visit.desk.zone.local(*at))) } }
            }
            li.held[line.outcome == Outcome::Held] { b { "rule" } div { (line.outcome) ", " (page_pieces::words_of(line.reason.as_str())) @if !line.detail.is_empty() { ": " (escaped(&line.detail)) } } }
            @if let Some(sent) = would_send(line) { li { b { "would send" } div { (sent) } } }
        }
    }
}

/// `service CloudFilter`, `services Bracket, SafeSend`.
fn services(line: &LineRecord) -> String {
    let names: Vec<String> = display_names::services(line).iter().map(|service| shown(service.as_str())).collect();
    format!("{} {}", if names.len() == 1 { "service" } else { "services" }, names.join(", "))
}

/// The last write of a line, for its chain.
pub(crate) fn last_write(
    visit: &Visit,
    integration: &IntegrationName,
    line: &LineRecord,
) -> Result<Option<LastWrite>, PageError> {
    let Some(key) = line.key() else { return Ok(None) };
    let last = visit.desk.history()?.last_writes(integration, &BTreeSet::from([key.agreement]))?;
    Ok(last.get(&*key.folded()).copied())
}

/// What is sent once nothing holds the line.
fn would_send(line: &LineRecord) -> Option<String> {
    let waits = matches!(line.outcome, Outcome::Held | Outcome::WouldUpdate | Outcome::WouldCreate);
    match (line.was, line.wanted?) {
        _ if !waits => None,
        (Some(was), wanted) if was != wanted => Some(format!("quantity {was} → {wanted}, and nothing else")),
        (Some(_), _) => None,
        // Several additions, or none: what is sent is not settled while it is held.
        (None, wanted) if line.outcome == Outcome::WouldCreate => Some(format!("a new line of {wanted}")),
        (None, _) => None,
    }
}

/// A line's nights, newest first.
pub(super) fn nights(visit: &Visit, handle: &str, integration: &IntegrationName) -> Result<Markup, PageError> {
    let history = visit.desk.history()?;
    let lines = history.line_history(handle, NIGHTS)?;
    let drawing = match lines.first() {
        Some((newest, ..)) => {
            let runs: Vec<RunId> =
                history.nights(integration, *newest, sparkline::NIGHTS)?.iter().map(|run| run.run).collect();
            let nights = history.line_nights(&runs, &BTreeSet::from([handle]))?;
            nights.get(handle).map(|nights| today::drawing(&runs, nights))
        }
        None => None,
    };
    let stands = |line: &LineRecord| (line.was, line.wanted, line.now, line.outcome, line.reason);
    let is_new = |at: usize| lines.get(at + 1).is_none_or(|(.., before)| stands(before) != stands(&lines[at].2));
    let moved = lines.iter().enumerate().filter(|(at, _)| is_new(*at)).map(|(_, night)| night);
    Ok(html! {
        div.sheet { table {
            caption { "Nights " small { "those that were as the one before are left out" } @if let Some(drawing) = drawing { " " (drawing) } }
            thead { tr { th scope="col" { "night" } th.n scope="col" { "billed" } th.n scope="col" { "wanted" } th.n scope="col" { "now" } th scope="col" { "what" } } }
            tbody { @for (run, at, line) in moved { tr {
                td { a href={ "/nights/" (run) } { (numbers_and_dates::day(visit.desk.zone.local(*at))) } }
                td.n { (page_pieces::quantity(line.was)) } td.n { (page_pieces::quantity(line.wanted)) } td.n { (page_pieces::quantity(line.now)) }
                td.fit { (line.outcome) span.rest { (page_pieces::words_of(line.reason.as_str())) } }
            } } }
        } }
    })
}

/// What people answered to it, newest first, whatever became of that.
pub(super) fn answers(given: &[Decision]) -> Markup {
    html! { @if !given.is_empty() {
        section aria-labelledby="an" {
            div.sec { h2 id="an" { "Answers " span.count { (given.len()) } } }
            ul.rows { @for decision in given { li.slip {
                (page_pieces::sign(if decision.verb == AnswerVerb::Reopen { "plain" } else { "good" }, if decision.verb == AnswerVerb::Reopen { '–' } else { '✓' }))
                p { @if let Some(seen) = decision.seen { b { (or_dash(seen.was)) " → " (or_dash(seen.wanted)) } ", " } (page_pieces::words_of(decision.reason.as_str())) br; span.small.soft { (escaped(&decision.sentence())) } }
            } } }
        }
    } }
}
