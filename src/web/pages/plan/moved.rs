//! A plan that another one stands in the place of: what moved, and the approval of the plan as it is now beside it.

use std::collections::BTreeSet;

use maud::{Markup, html};

use crate::history::run_record::{LineRecord, RunRecord};
use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::fingerprint::short;
use crate::reconcile::model::plan::outcome::RunCommand;
use crate::reconcile::model::plan::reason_code::Code;
use crate::report::command_output::moved_plan::{MovedLine, moved_lines, planned_step};
use crate::report::{lines, numbers_and_dates};
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::{RailEntry, frame};
use crate::web::pages::plan::approval;
use crate::web::pages::plan::plan_pieces;
use crate::web::pages::{guard_measurements, page_pieces};

/// Lines that are listed.
const LISTED: usize = 100;

/// The page of the older plan, with the newest one in its place.
pub(super) fn page(visit: &Visit, older: &RunRecord, newest: &RunRecord) -> Markup {
    let moved = moved_lines(lines(older), lines(newest));
    let main = html! {
        header.head {
            div {
                p.over { (shown(older.integration.as_str())) " · " (older.mode) " · drawn " (numbers_and_dates::minute(older.started_at)) ", run " (older.run) }
                div.headline { h1 { "Plan " span.mono { (print(older)) } } span.verdict.bad { "HAS MOVED" } }
                p.lead { "Nothing is written of it. Plan " span.mono { (print(newest)) } ", drawn " (numbers_and_dates::minute(newest.started_at)) " by run " (newest.run) ", stands in its place." }
            }
            (plan_pieces::switch(visit, older))
        }
        @if moved.is_empty() { (page_pieces::empty("No line differs", "The two plans differ in the agreements or the counts behind their lines alone.")) }
        @else { (table(&moved)) }
        (as_they_were(newest, &moved))
        (guard_measurements::fold(newest))
        (approval::bar(visit, newest, None))
        p.do { a.b href={ "/plan?run=" (newest.run) } { "See all of the plan as it is now" } }
    };
    frame(
        visit,
        RailEntry::Plan,
        &format!("Plan {} has moved · {}", print(older), shown(older.integration.as_str())),
        &main,
    )
}

fn print(run: &RunRecord) -> &str {
    run.planned.as_ref().map(|planned| short(&planned.fingerprint)).unwrap_or_default()
}

fn table(moved: &[MovedLine<'_>]) -> Markup {
    let step = |line: Option<&LineRecord>, none: &'static str| line.map_or_else(|| none.to_owned(), planned_step);
    html! {
        div.sheet { table {
            caption { (numbers_and_dates::plural(moved.len(), "line")) " moved" }
            thead { tr { th scope="col" { "line" } th.n scope="col" { "planned" } th.n scope="col" { "now" } th scope="col" { "so it is" } } }
            tbody { @for (then, now) in moved.iter().take(LISTED) { tr {
                th scope="row" { @if let Some(line) = now.or(*then) { (page_pieces::line_name(line)) } }
                td.n { (step(*then, "not in it")) } td.n { b { (step(*now, "not there")) } }
                td { @match now {
                    Some(line) if plan_pieces::would_change(line) => "to be written",
                    Some(line) => { (line.outcome) ", " (page_pieces::words_of(line.reason.as_str())) },
                    None => "left alone",
                } }
            } } }
        } }
        @if moved.len() > LISTED { p.small.soft { "and " (moved.len() - LISTED) " more" } }
    }
}

/// What would be written now as the older plan had it.
fn as_they_were(newest: &RunRecord, moved: &[MovedLine<'_>]) -> Markup {
    let handles: BTreeSet<&str> = moved.iter().filter_map(|(_, now)| *now).map(|line| line.handle.as_str()).collect();
    let same =
        lines(newest).iter().filter(|line| plan_pieces::would_change(line) && !handles.contains(line.handle.as_str()));
    let same: Vec<&LineRecord> = same.collect();
    html! { @if !same.is_empty() {
        details.fold {
            summary { (numbers_and_dates::plural(same.len(), "line")) " to be written as planned " small { (plan_pieces::sums(&same)) } }
            table {
                (plan_pieces::columns())
                tbody { @for line in same.iter().take(LISTED) { (plan_pieces::row(line)) } }
            }
            @if same.len() > LISTED { div.in { p.small.soft { "and " (same.len() - LISTED) " more" } } }
        }
    } }
}

/// What a run found that was to carry out an approved plan: which lines are not as in that one.
pub(super) fn since_approval(run: &RunRecord) -> Markup {
    let findings = run.end.iter().filter(|_| run.command == RunCommand::Apply).flat_map(|end| &end.findings);
    let moved: Vec<(&Finding, Option<&LineRecord>)> = findings
        .filter(|finding| finding.code == Code::PlanMoved)
        .filter_map(|finding| Some((finding, finding.handle.as_deref()?)))
        .map(|(finding, handle)| (finding, lines(run).iter().find(|line| line.handle == handle)))
        .collect();
    html! { @if !moved.is_empty() {
        div.sheet { table {
            caption { "What moved since it was approved" }
            thead { tr { th scope="col" { "line" } th scope="col" { "as it was approved, and now" } } }
            tbody { @for (finding, line) in &moved { tr {
                th scope="row" { @match line { Some(line) => (page_pieces::line_name(line)), None => @if let Some(customer) = &finding.customer { (shown(customer.as_str())) } } }
                td { (escaped(&finding.message)) }
            } } }
        } }
    } }
}
