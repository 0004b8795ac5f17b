//! The bar with which a plan is approved: its fingerprint, its numbers, and the field for the number of its lines.

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use crate::history::run_record::{LineRecord, RunRecord};
use crate::reconcile::model::plan::fingerprint::short;
use crate::reconcile::model::plan::outcome::{Mode, RunCommand, RunVerdict};
use crate::reconcile::model::plan::reason_code::Code;
use crate::report::{lines, numbers_and_dates};
use crate::web::desk::role_permissions::DeskAction;
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::token;
use crate::web::pages::page_pieces;
use crate::web::pages::plan::plan_pieces;
use crate::web::site::PageError;

/// The approval of a plan that is the newest of its integration; nothing where there is nothing to approve.
pub(super) fn bar(visit: &Visit, run: &RunRecord, wrong: Option<&str>) -> Result<Markup, PageError> {
    let changes: Vec<&LineRecord> = lines(run).iter().filter(|line| plan_pieces::would_change(line)).collect();
    let pending = changes.len();
    if pending == 0 && !is_stopped(run) && !ends_clock_refusals(run) {
        return Ok(html! {});
    }
    if run.mode != Mode::Apply {
        return Ok(page_pieces::note(
            "plain",
            "It cannot be approved.",
            html! { "The integration is in " (run.mode) " mode, which never writes. An administrator switches it under Integrations." },
        ));
    }
    if !visit.may(DeskAction::Approve) {
        return Ok(page_pieces::note("plain", "You may read.", html! { "Approving is for operators." }));
    }
    let fingerprint = run.planned.as_ref().map(|planned| planned.fingerprint.as_str()).unwrap_or_default();
    let until = valid_until(visit, run, fingerprint)?;
    if let Some(until) = until.filter(|until| visit.now > *until) {
        return Ok(too_old(visit, run, until));
    }
    Ok(html! {
        form.bar method="post" action=(DeskAction::Approve.path().replace("{fingerprint}", fingerprint)) {
            (token(visit))
            p {
                b { "Approve " (short(fingerprint)) ": " (numbers_and_dates::plural(pending, "line")) @if pending > 0 { ", " (plan_pieces::sums(&changes)) } "." } " "
                @if pending == 0 { span.small { "No line changes by it. Its export, and the clock of now, are believed: the nights go on, and what is held is asked about line by line. " } }
                span.small {
                    "All of them, also those that a filter hides. Everything is read again first: if the plan has moved, nothing is written and the new one is shown. Each line is read again before it is written."
                    @if let Some(until) = until { " Valid until " (minute(visit, until)) "." }
                }
            }
            div.do {
                (lines_typed(pending, wrong))
                button.b.act { "Approve and write" }
                @if draws_again(visit, run) { button.b form="again" { "Draw again" } }
            }
        }
        @if draws_again(visit, run) { (again(visit, run)) }
    })
}

fn lines_typed(pending: usize, wrong: Option<&str>) -> Markup {
    html! { div.field {
        label for="type" { "Type " (pending) }
        input id="type" name="lines" inputmode="numeric" autocomplete="off" required aria-invalid=[wrong.map(|_| "true")] aria-describedby=[wrong.map(|_| "type-e")];
        @if let Some(wrong) = wrong { small.wrong id="type-e" { (wrong) } }
    } }
}

/// The last moment at which the plan can be carried out by its approval, as the run will reckon it.
fn valid_until(visit: &Visit, run: &RunRecord, fingerprint: &str) -> Result<Option<DateTime<Utc>>, PageError> {
    let drawn = visit.desk.history()?.last_drawn(&run.integration, fingerprint)?;
    let life = visit.desk.standings.iter().find(|standing| standing.name == run.integration);
    Ok(drawn.zip(life).and_then(|(drawn, standing)| drawn.checked_add_signed(standing.approval_life)))
}

fn minute(visit: &Visit, at: DateTime<Utc>) -> String {
    numbers_and_dates::minute(visit.desk.zone.local(at))
}

/// An approval of it would be refused: what to do instead.
fn too_old(visit: &Visit, run: &RunRecord, until: DateTime<Utc>) -> Markup {
    html! {
        div.bar {
            p { b { "Too old to be approved." } " " span.small { "It was valid until " (minute(visit, until)) ". Nothing is written by it." } }
            div.do {
                @if draws_again(visit, run) { button.b.act form="again" { "Draw again" } }
                @if let Some(undone) = run.undoes { a.b href={ "/nights/" (undone) } { "Run " (undone) ", to be undone" } }
            }
        }
        @if draws_again(visit, run) { (again(visit, run)) }
    }
}

/// An undo is drawn on the page of its night.
fn draws_again(visit: &Visit, run: &RunRecord) -> bool {
    run.undoes.is_none() && visit.may(DeskAction::Start)
}

/// A form of its own, beside that of the approval: no field of that is asked for by it.
fn again(visit: &Visit, run: &RunRecord) -> Markup {
    html! { form id="again" method="post" action=(DeskAction::Start.path()) {
        (token(visit))
        input type="hidden" name="kind" value="dry"; input type="hidden" name="integration" value=(run.integration.as_str());
    } }
}

/// Whether a guard stopped the whole plan, and nobody has approved it: also where no line would change by it, as its export is
/// believed by that.
fn is_stopped(run: &RunRecord) -> bool {
    run.planned.as_ref().is_some_and(|planned| !planned.accepted)
        && run.end.as_ref().is_some_and(|end| matches!(end.verdict, RunVerdict::Held | RunVerdict::Refused))
}

/// Whether nights are refused by the clock until a plan is applied: this one may be, also where no line changes by it.
fn ends_clock_refusals(run: &RunRecord) -> bool {
    let findings = run.end.iter().flat_map(|end| &end.findings);
    run.command == RunCommand::Plan
        && run.planned.is_some()
        && findings.into_iter().any(|finding| finding.code == Code::ConfigInvalid)
}
