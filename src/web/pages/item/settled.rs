//! An item that no newest plan names any more: that it is settled, how and by whom. An old mail or ticket leads here.

use maud::{Markup, html};

use crate::history::run_record::{LineRecord, RunSummary};
use crate::history::store::open::History;
use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::ids::CustomerName;
use crate::reconcile::model::plan::finding::Finding;
use crate::report::brief::settled::{APPROVED, AnswersSince};
use crate::report::report_model::sign as sign_of;
use crate::report::{display_names, lines, numbers_and_dates};
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::{RailEntry, frame};
use crate::web::pages::item::evidence;
use crate::web::pages::page_pieces;
use crate::web::pages::today::answered;
use crate::web::site::PageError;

/// What is known of it: the newest run that names it, and what that says.
struct LastNamed {
    run: RunSummary,
    finding: Option<Finding>,
    line: Option<LineRecord>,
}

/// The page of a handle that only earlier runs know.
///
/// # Errors
/// [`PageError::Nothing`] where no run that is kept knows it.
pub(super) fn page(visit: &Visit, handle: &str) -> Result<Markup, PageError> {
    let last = last_named(visit.desk.history()?, handle)?.ok_or(PageError::Nothing)?;
    let step = last.line.as_ref().map(numbers_and_dates::step).unwrap_or_default();
    let title = format!("{} {step}", name(&last));
    let main = html! {
        header.head { div {
            p.over { a href="/" { "Today" } " · " code { (handle) } " · " (shown(last.run.integration.as_str())) }
            div.headline { h1 { (title.trim_end()) } span.verdict.good { "SETTLED" } }
            p.lead { (lead(visit, &last)) }
        } }
        div.two {
            div.stack { (as_it_was(visit, &last)) @if last.line.is_some() { (evidence::nights(visit, handle, &last.run.integration)?) } }
            div.stack { (answered::standing(visit, handle)) (how(visit, handle, &last)?) }
        }
    };
    Ok(frame(visit, RailEntry::Today, title.trim_end(), &main))
}

fn name(last: &LastNamed) -> String {
    match (&last.finding, &last.line) {
        (Some(finding), line) => display_names::matter(finding, line.as_ref()),
        (None, Some(line)) => display_names::line(line),
        (None, None) => String::new(),
    }
}

/// Whether a run that is kept knows the handle.
pub(super) fn is_known(history: &History, handle: &str) -> Result<bool, PageError> {
    Ok(last_named(history, handle)?.is_some())
}

fn last_named(history: &History, handle: &str) -> Result<Option<LastNamed>, PageError> {
    let finding = history.last_finding(handle)?;
    let line = history.line_history(handle, 1)?.pop().map(|(run, _, line)| (run, line));
    let run = finding.iter().map(|(run, _)| *run).chain(line.iter().map(|(run, _)| *run)).max();
    let Some(run) = run.map(|run| history.summary(run)).transpose()?.flatten() else { return Ok(None) };
    Ok(Some(LastNamed { run, finding: finding.map(|(_, finding)| finding), line: line.map(|(_, line)| line) }))
}

fn lead(visit: &Visit, last: &LastNamed) -> Markup {
    let newest = visit.desk.plan(&last.run.integration).map(|plan| &plan.run);
    html! {
        "It was last named by " a href={ "/nights/" (last.run.run) } { "run " (last.run.run) } " on " (numbers_and_dates::day(visit.desk.zone.local(last.run.started_at.to_utc()))) "; "
        @match newest {
            Some(newest) => { a href={ "/nights/" (newest.run) } { "run " (newest.run) } ", the newest plan, asks nothing about it." },
            None => { (shown(last.run.integration.as_str())) " is not configured any more, and asks nothing." },
        }
    }
}

fn as_it_was(visit: &Visit, last: &LastNamed) -> Markup {
    html! {
        section.card aria-labelledby="ch" {
            header {
                @if let Some(finding) = &last.finding { (page_pieces::sign("plain", sign_of(finding.code))) }
                h2 id="ch" { @match (&last.finding, &last.line) {
                    (Some(finding), _) => (page_pieces::words_of(finding.code.as_str())),
                    (None, Some(line)) => { (line.outcome) ", " (page_pieces::words_of(line.reason.as_str())) },
                    (None, None) => "",
                } }
                (page_pieces::step(last.line.as_ref()))
            }
            @if let Some(finding) = &last.finding { p { (escaped(&finding.message)) (page_pieces::ticket(visit, &last.run.integration, finding)) } }
            p.meta { span { "As run " (last.run.run) " showed it. Nothing can be answered to it." } }
        }
    }
}

/// Whether the newest plans have lines of this customer.
fn has_lines(visit: &Visit, customer: &CustomerName) -> bool {
    let mut all = visit.desk.plans.iter().flat_map(|plan| lines(&plan.run));
    all.any(|line| line.sources.iter().any(|source| source.customer == *customer))
}

/// By an answer, by the mapping, or by the counts themselves.
fn how(visit: &Visit, handle: &str, last: &LastNamed) -> Result<Markup, PageError> {
    let history = visit.desk.history()?;
    let newest = visit.desk.plan(&last.run.integration).map(|plan| &plan.run);
    let said = match newest {
        Some(newest) => {
            let answers = AnswersSince::of(newest, last.run.started_at.to_utc(), history)?;
            answers.settled(handle, last.finding.as_ref())
        }
        None => None,
    };
    let answers = history.answers_to(handle, evidence::ANSWERS)?;
    Ok(html! {
        section.panel aria-labelledby="how" {
            h2 id="how" { "How it was settled" }
            p { @match said {
                Some(said) if said == APPROVED => "A person approved the plan.",
                Some(said) => (said),
                None if answers.is_empty() => "Nobody answered it: the export, the mapping or ConnectWise says something else since.",
                None => "No answer to it was given since.",
            } }
            @if let Some(customer) = last.finding.as_ref().and_then(|finding| finding.customer.as_ref()).filter(|name| has_lines(visit, name)) {
                p.do { a.b href=(page_pieces::customer_address(customer.as_str())) { "The lines of " (shown(customer.as_str())) } }
            }
        }
        (evidence::answers(&answers))
    })
}
