//! What a night held: how each item stands by now, and its answers where this night is still the one that asks.

use maud::{Markup, html};

use crate::history::run_record::{LineRecord, RunRecord};
use crate::reconcile::model::display_text::escaped;
use crate::reconcile::model::quantity::Quantity;
use crate::report::format::html::html_pieces::Anchors;
use crate::report::report_model::{ReportEntry, sign as sign_of};
use crate::web::desk::visit::Visit;
use crate::web::pages::today::answered;
use crate::web::pages::{page_pieces, today};

/// A row with buttons, or how it stands; what was answered since is a slip with its Undo.
pub(crate) fn asked(visit: &Visit, run: &RunRecord, (entry, places): (&ReportEntry<'_>, &Anchors)) -> Markup {
    let handle = entry.handle();
    let is_it = |found: Option<&str>| !handle.is_empty() && found == Some(handle);
    let night = Some(run.run);
    let open = visit.desk.waiting.iter().find(|one| is_it(one.finding.handle.as_deref()));
    let is_newest = is_newest(visit, run);
    if let Some(answer) = visit.desk.queued.iter().find(|one| is_it(Some(&one.handle))).filter(|_| is_newest) {
        return answered::waits(visit, answer, night);
    }
    let answered = visit.desk.answered.iter().find(|one| is_it(Some(&one.decision.handle)));
    if let Some(answer) = answered.filter(|_| is_newest) {
        return answered::slip(visit, answer, night);
    }
    let pressed = match open.filter(|open| is_newest && steps(open.line.as_ref()) == steps(entry.line)) {
        Some(open) => today::row_answers(visit, open, night),
        None => html! { p.do {} },
    };
    row(entry, "ask", (places, Some((stands(visit, run, handle, open.is_some()), pressed))))
}

/// Whether it drew the newest plan, or is the last night, after which there were dry runs alone. An older night shows steps that
/// may not be asked about any more.
fn is_newest(visit: &Visit, run: &RunRecord) -> bool {
    let plan = visit.desk.plan(&run.integration).map(|plan| plan.run.run);
    plan == Some(run.run) || visit.desk.last_night(&run.integration) == Some(run.run)
}

/// What a person would answer to.
fn steps(line: Option<&LineRecord>) -> Option<(Option<Quantity>, Option<Quantity>)> {
    line.map(|line| (line.was, line.wanted))
}

/// How it stands by now.
fn stands(visit: &Visit, run: &RunRecord, handle: &str, is_open: bool) -> Markup {
    let is_queued = visit.desk.queued.iter().any(|answer| answer.handle == handle);
    let decisions = visit.desk.plan(&run.integration).map(|plan| &plan.decisions);
    let answer = decisions.and_then(|all| all.of_handle(handle)).map(|(_, decision)| decision);
    html! {
        @if handle.is_empty() {}
        @else if is_open { b { "still open" } }
        @else if is_queued { b { "answered" } ", waits for the run" }
        @else if let Some(mapped) = visit.desk.mapped(handle) { (answered::mapped_by(visit, mapped)) }
        @else if let Some(answer) = answer { (escaped(&answer.sentence())) }
        @else { "settled since" }
    }
}

fn beside_title(entry: &ReportEntry<'_>) -> String {
    let why = page_pieces::words_of(entry.finding.code.as_str());
    if why == entry.title() { "of the whole integration".to_owned() } else { why }
}

/// Its sign is of this tone. `stands`: how it stands by now, and what can be pressed, of what somebody was asked about.
pub(crate) fn row(
    entry: &ReportEntry<'_>,
    tone: &str,
    (places, stands): (&Anchors, Option<(Markup, Markup)>),
) -> Markup {
    let handle = entry.handle();
    let (stands, pressed) = stands.unzip();
    html! {
        article.row id=[places.first(handle)] {
            (page_pieces::sign(tone, sign_of(entry.finding.code)))
            h3 { @if handle.is_empty() { (entry.title()) } @else { a href={ "/items/" (handle) } { (entry.title()) } } span.rest { (beside_title(entry)) } }
            p.why { (escaped(&entry.finding.message)) }
            p.since { @if let Some(stands) = stands { (stands) " " } @if !handle.is_empty() { code { (handle) } } }
            (page_pieces::step(entry.line))
            @match pressed { Some(pressed) => { (pressed) }, None => p.do {} }
        }
    }
}
