//! Exports that were refused: nothing of their integration is written until the right file is there.

use maud::{Markup, html};

use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::ticket_kind::TicketKind;
use crate::report::command_output::held_output::Waiting;
use crate::report::numbers_and_dates;
use crate::web::desk::role_permissions::DeskAction;
use crate::web::desk::visit::Visit;
use crate::web::pages::page_pieces;

/// Whether it is asked because of a refused export.
pub(super) fn is_one(one: &Waiting) -> bool {
    TicketKind::of(&one.finding) == Some(TicketKind::RefusedExport)
}

/// `mail and backup`: whose exports were refused; empty where none was.
pub(super) fn whose(visit: &Visit) -> String {
    let names = visit.desk.waiting.iter().filter(|one| is_one(one)).map(|one| shown(one.integration.as_str()));
    let mut names: Vec<String> = names.collect();
    names.dedup();
    names.join(" and ")
}

/// Above everything else: what is wrong with each, and the ways on.
pub(super) fn notes(visit: &Visit) -> Markup {
    html! { @for one in visit.desk.waiting.iter().filter(|one| is_one(one)) { (note(visit, one)) } }
}

fn note(visit: &Visit, one: &Waiting) -> Markup {
    let plan = visit.desk.plan(&one.integration).and_then(|plan| plan.refused.as_ref());
    let has_plan = plan.is_some_and(|(run, _)| run.run == one.run && run.planned.is_some());
    html! {
        div.note.bad role="status" {
            div {
                b { (shown(one.integration.as_str())) ": nothing was written, for its export was refused." }
                ul { @for said in one.finding.message.split("; ") { li { (escaped(said)) } } }
                p.small { a href={ "/nights/" (one.run) } { "run " (one.run) } " · " (numbers_and_dates::minute(visit.desk.zone.local(one.since.1))) }
                (page_pieces::ways(visit, &one.finding.fix))
            }
            div.do {
                @if visit.may(DeskAction::Upload) { a.b.act href="/export#drop" { "Drop the right file…" } }
                @if has_plan { a.b href={ "/plan?run=" (one.run) } { "See what this one would do" } }
            }
        }
    }
}
