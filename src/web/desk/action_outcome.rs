//! What came of a pressed button: where the browser goes, and what is noted.

use axum::http::StatusCode;
use maud::{Markup, html};

use crate::history::desk::events::DeskEvent;
use crate::reconcile::model::display_text::{escaped, shown};
use crate::web::desk::host::not_done::{NotDone, NotDoneKind};
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::{RailEntry, frame};
use crate::web::pages::page_pieces::{note, ways};

/// What a browser gets for a form.
pub(crate) enum FormResponse {
    /// It was done: to this page.
    To(String),
    /// Signed out.
    Left,
    /// A page that asks for more, or says why nothing was done.
    Page(StatusCode, Box<Markup>),
}

/// What an action made.
pub(crate) struct ActionOutcome {
    pub(crate) acted: FormResponse,
    /// What is noted; empty for what stores nothing.
    pub(crate) events: Vec<DeskEvent>,
}

impl ActionOutcome {
    /// It was done, and this is noted.
    pub(crate) fn done(to: impl Into<String>, event: DeskEvent) -> Self {
        Self { acted: FormResponse::To(to.into()), events: vec![event] }
    }

    /// It was not done.
    pub(crate) fn refused(visit: &Visit, event: DeskEvent, why: &NotDone) -> Self {
        let status = match why.kind {
            NotDoneKind::Moved | NotDoneKind::Busy => StatusCode::CONFLICT,
            NotDoneKind::Wrong => StatusCode::UNPROCESSABLE_ENTITY,
            NotDoneKind::Failed => StatusCode::SERVICE_UNAVAILABLE,
        };
        let page = not_done_page(visit, why);
        let event = DeskEvent { refused: true, said: shown(&why.message), ..event };
        Self { acted: FormResponse::Page(status, Box::new(page)), events: vec![event] }
    }
}

pub(crate) fn not_done_page(visit: &Visit, why: &NotDone) -> Markup {
    let NotDone { kind, message, fix } = why;
    let (tone, title) = match kind {
        NotDoneKind::Moved => ("ask", "Nothing was saved: it has moved since you saw it."),
        NotDoneKind::Busy => ("bad", "Another run is under way. Nothing was saved."),
        NotDoneKind::Wrong => ("ask", "Nothing was saved."),
        NotDoneKind::Failed => ("bad", "Nothing was saved."),
    };
    let main = html! {
        header.head { div { h1 { "Not done" } } }
        (note(tone, title, html! { (escaped(message)) }))
        @if !fix.is_empty() { section.panel { h2 { "What helps" } (ways(visit, fix)) } }
        p.do { a.b href="/" { "Look again" } @if *kind == NotDoneKind::Busy { a.b href="/live" { "Watch it" } } }
    };
    frame(visit, RailEntry::None, "Not done", &main)
}
