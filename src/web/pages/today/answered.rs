//! What was answered: what the next night uses, and what is kept or ignored since an earlier one. Each can be taken back.

use maud::{Markup, html};

use crate::history::desk::answer_queue::QueuedAnswer;
use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::ids::RunId;
use crate::report::command_output::held_output::AnsweredItem;
use crate::report::numbers_and_dates;
use crate::web::desk::mapped_since::MappedItem;
use crate::web::desk::role_permissions::DeskAction;
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::token;
use crate::web::pages::{next_step, page_pieces};

/// Answers of a list, at most.
const LISTED: usize = 200;

/// `dry`: the button that shows what they would do.
pub(super) fn section(visit: &Visit, dry: &Markup) -> Markup {
    let (answered, queued, mapped) = (&visit.desk.answered, &visit.desk.queued, &visit.desk.mapped);
    let all = answered.len() + queued.len() + mapped.len();
    html! { @if all > 0 {
        section aria-labelledby="answered" {
            div.sec {
                h2 id="answered" { "Answered, not yet written " span.count { (all) } }
                @if visit.may(DeskAction::Start) { (dry) }
            }
            div.rows {
                @for one in queued { (waits(visit, one, None)) }
                @for one in answered.iter().take(LISTED) { (slip(visit, one, None)) }
                @for one in mapped.iter().take(LISTED) { (mapping(visit, one)) }
            }
            @let more = answered.len().saturating_sub(LISTED) + mapped.len().saturating_sub(LISTED);
            @if more > 0 { p.small.soft { "and " (more) " more: the pages of their items and customers have them" } }
        }
    } }
}

/// What stays as it is because somebody said so on an earlier day.
pub(super) fn in_force(visit: &Visit) -> Markup {
    let all = &visit.desk.in_force;
    html! { @if !all.is_empty() {
        details.fold #in-force {
            summary { "Kept or ignored " small { (numbers_and_dates::plural(all.len(), "answer")) " in force" } }
            div.in { div.rows { @for one in all.iter().take(LISTED) { (slip(visit, one, None)) } } }
            @if all.len() > LISTED { div.in { p.small.soft { "and " (all.len() - LISTED) " more: the pages of their items and customers have them" } } }
        }
    } }
}

/// An answer that was given while a run was under way.
pub(crate) fn waits(visit: &Visit, one: &QueuedAnswer, night: Option<RunId>) -> Markup {
    let about = visit.desk.item(&one.handle).map(|item| item.sentence()).unwrap_or_default();
    // A command that stores something holds the lock for a moment, and is no run.
    let until = if visit.desk.is_run_at_work() {
        "saved, it waits for the end of the run"
    } else {
        "saved, it is stored in a moment"
    };
    html! {
        div.slip {
            (page_pieces::sign("info", '·'))
            p { b { (about) } br; span.small.soft { (one.verb) " by " (shown(&one.who)) " · " (until) } }
            (take_back(visit, (&one.handle, &one.as_shown()), &about, night))
        }
    }
}

/// One answer, and the button that takes it back.
pub(crate) fn slip(visit: &Visit, one: &AnsweredItem, night: Option<RunId>) -> Markup {
    let decision = &one.decision;
    let is_new = visit.desk.answered.iter().any(|known| known.decision.as_shown() == decision.as_shown());
    html! {
        div.slip {
            (page_pieces::sign(if one.holds { "good" } else { "plain" }, if one.holds { '✓' } else { '–' }))
            p { b { (one.about()) } br; span.small.soft {
                (escaped(&decision.sentence())) @if !one.holds { "; it has expired" } @else if is_new { " · the next night uses it" }
            } }
            @if one.holds { (take_back(visit, (&decision.handle, &decision.as_shown()), &one.about(), night)) }
        }
    }
}

/// The answer that stands, and the button that takes it back.
pub(crate) fn standing(visit: &Visit, handle: &str) -> Markup {
    html! { @if let Some(one) = visit.desk.standing_answer(handle) {
        section aria-labelledby="stands" { h2.sr id="stands" { "The answer that stands" } div.rows { (slip(visit, one, None)) } }
    } }
}

/// Where an answer leads afterwards: a number, and no address.
pub(super) fn way_back(night: Option<RunId>) -> Markup {
    html! { @if let Some(night) = night { input type="hidden" name="night" value=(night); } }
}

/// The form carries which answer it takes back: not one that came since.
fn take_back(visit: &Visit, (handle, which): (&str, &str), about: &str, night: Option<RunId>) -> Markup {
    html! { @if visit.may(DeskAction::TakeBack) {
        form method="post" action=(DeskAction::TakeBack.path().replace("{handle}", handle)) {
            (token(visit)) (way_back(night)) input type="hidden" name="shown" value=(which);
            button.b { "Undo" span.sr { " " (about) } }
        }
    } }
}

fn mapping(visit: &Visit, one: &MappedItem) -> Markup {
    let waiting = &one.waiting;
    let handle = waiting.finding.handle.as_deref().unwrap_or_default();
    html! {
        div.slip {
            (page_pieces::sign("good", '✓'))
            p { b { @if handle.is_empty() { (waiting.title()) } @else { a href={ "/items/" (handle) } { (waiting.title()) } } } br;
                span.small.soft { (mapped_by(visit, one)) } }
            (next_step::link(visit, &waiting.integration, &waiting.finding, &waiting.title()))
        }
    }
}

/// `customer unmapped: mapped by ada, Sun 29 Nov 18:20 · the next night uses it`.
pub(crate) fn mapped_by(visit: &Visit, one: &MappedItem) -> String {
    let at = numbers_and_dates::minute(visit.desk.zone.local(one.at));
    let what = page_pieces::words_of(one.waiting.finding.code.as_str());
    format!("{what}: mapped by {}, {at} · the next night uses it", shown(&one.who))
}
