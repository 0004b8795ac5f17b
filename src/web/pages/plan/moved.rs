//! A plan that another one stands in the place of: what moved, and the approval of the plan as it is now beside it.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use crate::history::desk::file_versions::FileVersionChange;
use crate::history::run_record::{LineRecord, RunRecord};
use crate::history::store::open::History;
use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::ids::{AdditionId, RunId};
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::fingerprint::short;
use crate::reconcile::model::plan::moved_since::{BetweenPlans, MovedBy, MovedLine, is_written, moved_by, moved_lines};
use crate::reconcile::model::plan::outcome::{Outcome, RunCommand};
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::quantity::or_dash;
use crate::report::{display_names, lines, numbers_and_dates};
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::{RailEntry, frame};
use crate::web::pages::plan::approval;
use crate::web::pages::plan::plan_pieces;
use crate::web::pages::{guard_measurements, page_pieces};
use crate::web::site::PageError;

/// Lines that are listed.
const LISTED: usize = 100;

/// The page of the older plan, with the newest one in its place.
pub(super) fn page(visit: &Visit, older: &RunRecord, newest: &RunRecord) -> Result<Markup, PageError> {
    let print = older.planned.as_ref().map(|planned| planned.fingerprint.as_str()).unwrap_or_default();
    let done = visit.desk.history()?.carried_out_by(&older.integration, print)?;
    let mut moved = moved_lines(lines(older), lines(newest));
    moved.sort_by_cached_key(|(then, now)| now.or(*then).map(|line| display_names::line(line).to_lowercase()));
    let main = html! {
        (head(visit, (older, print), newest, done))
        @if moved.is_empty() { (page_pieces::empty("No line differs", "The two plans differ in the agreements or the counts behind their lines alone.")) }
        @else { (table(&moved, &causes(visit.desk.history()?, (older, newest), &moved)?)) }
        (as_they_were(newest, &moved))
        (guard_measurements::fold(newest))
        p.do { a.b href={ "/plan?run=" (newest.run) } { "See all of the plan as it is now" } }
        (approval::bar(visit, newest, None)?)
    };
    let title = format!("Plan {} · {}", short(print), shown(older.integration.as_str()));
    Ok(frame(visit, RailEntry::Plan, &title, &main))
}

fn head(visit: &Visit, (older, print): (&RunRecord, &str), newest: &RunRecord, done: Option<RunId>) -> Markup {
    let by = newest.planned.as_ref().map(|planned| short(&planned.fingerprint)).unwrap_or_default();
    html! {
        header.head {
            div {
                p.over { (shown(older.integration.as_str())) " · " (older.mode) " · drawn " (numbers_and_dates::minute(older.started_at)) ", run " (older.run) }
                div.headline {
                    h1 { "Plan " span.mono { (short(print)) } }
                    @if done.is_some() { span.verdict.info { "CARRIED OUT" } } @else { span.verdict.bad { "HAS MOVED" } }
                }
                p.lead {
                    @match done {
                        Some(run) => { a href={ "/nights/" (run) } { "Run " (run) } " carried it out. " },
                        None => "It was not carried out. ",
                    }
                    "Plan " span.mono { (by) } ", drawn " (numbers_and_dates::minute(newest.started_at)) " by run " (newest.run) ", stands in its place."
                }
            }
            (plan_pieces::switch(visit, older))
        }
    }
}

/// What moved each of the lines that are listed, as far as the history knows it.
fn causes(
    history: &History,
    (older, newest): (&RunRecord, &RunRecord),
    moved: &[MovedLine<'_, LineRecord>],
) -> Result<Vec<Vec<MovedBy>>, PageError> {
    let written = history.writers_between(&older.integration, (older.run, newest.run))?;
    let drawn = (older.started_at.to_utc(), newest.started_at.to_utc());
    let edits = history.file_changes_between(drawn)?;
    let mut causes = Vec::new();
    for pair in moved.iter().take(LISTED) {
        let Some(line) = pair.1.or(pair.0) else { continue };
        let answers = history.answers_to(&line.handle, 1)?;
        let mut answers = answers.into_iter().map(|answer| answer.in_zone(*newest.started_at.offset()));
        let answer = answers.find(|answer| answer.at >= older.started_at && answer.at <= newest.started_at);
        causes.push(moved_by(*pair, BetweenPlans { answer: answer.as_ref(), ..between(line, &written, &edits) }));
    }
    Ok(causes)
}

fn between<'a>(
    line: &'a LineRecord,
    written: &BTreeMap<AdditionId, RunId>,
    edits: &'a [FileVersionChange],
) -> BetweenPlans<'a> {
    let names = |edit: &&FileVersionChange| {
        line.sources.iter().any(|source| edit.names(source.customer.as_str()) || edit.names(source.service.as_str()))
    };
    BetweenPlans {
        written_by: line.addition.and_then(|addition| written.get(&addition)).copied(),
        edited: line.edited.as_ref(),
        answer: None,
        mapped_by: edits.iter().find(names).map(|edit| edit.who.as_str()),
    }
}

fn table(moved: &[MovedLine<'_, LineRecord>], causes: &[Vec<MovedBy>]) -> Markup {
    html! {
        div.sheet { table {
            caption { (numbers_and_dates::plural(moved.len(), "line")) " moved" }
            thead { tr { th scope="col" { "line" } th.n.wide scope="col" { "planned" } th.n scope="col" { "now" } th scope="col" { "so it is" } th.wide scope="col" { "changed by" } } }
            tbody { @for ((then, now), causes) in moved.iter().zip(causes) { tr {
                th scope="row" { @if let Some(line) = now.or(*then) { (page_pieces::line_name(line)) } span.rest.narrow { "planned " (units(*then)) } }
                td.n.wide { (units(*then)) } td.n { b { (units(*now)) } }
                td.fit {
                    @match now {
                        Some(line) if plan_pieces::would_change(line) => "to be written",
                        Some(line) if line.outcome == Outcome::Unchanged => "right already",
                        Some(line) => (fate(line)),
                        None => "not in it any more",
                    }
                    @match then {
                        Some(line) if !writes(line) => span.rest.wide { "planned: " (fate(line)) },
                        Some(_) => {},
                        None => span.rest { "not in the plan" },
                    }
                    @if !causes.is_empty() { span.rest.narrow { "changed: " (said(causes)) } }
                }
                td.wide { @if causes.is_empty() { "–" } @else { (said(causes)) } }
            } } }
        } }
        @if moved.len() > LISTED { p.small.soft { "and " (moved.len() - LISTED) " more" } }
    }
}

fn said(causes: &[MovedBy]) -> String {
    causes.iter().map(MovedBy::said).collect::<Vec<_>>().join("; ")
}

/// `3 → 7` of what is written; what is billed of what is not.
fn units(line: Option<&LineRecord>) -> String {
    match line {
        Some(line) if writes(line) => numbers_and_dates::step(line),
        Some(line) => or_dash(line.was),
        None => or_dash(None),
    }
}

/// Whether the plan writes the line, a creation that is held for its size included: approving the plan makes that, too.
fn writes(line: &LineRecord) -> bool {
    is_written(line) || plan_pieces::would_change(line)
}

fn fate(line: &LineRecord) -> String {
    format!("{}, {}", line.outcome, page_pieces::words_of(line.reason.as_str()))
}

/// What would be written now as the older plan had it.
fn as_they_were(newest: &RunRecord, moved: &[MovedLine<'_, LineRecord>]) -> Markup {
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
