//! From a pressed button to what is done: session, token of the form, role, and only then the action. Whatever comes of
//! it is noted with the person's name.

use axum::http::StatusCode;
use maud::{Markup, html};

use crate::history::desk::events::DeskEvent;
use crate::history::store::open::History;
use crate::web::access::signed_in::SignedIn;
use crate::web::access::token;
use crate::web::desk::action_outcome::{ActionOutcome, FormResponse};
use crate::web::desk::answering;
use crate::web::desk::fields::PostedFields;
use crate::web::desk::mapping;
use crate::web::desk::own_account;
use crate::web::desk::roles::DeskAction;
use crate::web::desk::running;
use crate::web::desk::services;
use crate::web::desk::trials;
use crate::web::desk::uploads;
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::{RailEntry, frame};
use crate::web::pages::pieces::note;
use crate::web::site::PageError;

/// Does it, if the person may, and if the form is one that this desk gave them.
pub(crate) fn act(action: DeskAction, visit: &Visit, fields: &PostedFields) -> Result<FormResponse, PageError> {
    let deed = match refusal(action, &visit.person, fields) {
        Some(why) => {
            let event = DeskEvent { refused: true, said: why.to_owned(), ..visit.event(action.as_str(), "") };
            ActionOutcome {
                acted: FormResponse::Page(StatusCode::FORBIDDEN, Box::new(forbidden_page(visit, why))),
                events: vec![event],
            }
        }
        None => dispatch(action, visit, fields)?,
    };
    note_all(visit, &deed.events)?;
    Ok(deed.acted)
}

/// Why this person may not do it with this form.
pub(crate) fn refusal(action: DeskAction, person: &SignedIn, fields: &PostedFields) -> Option<&'static str> {
    if !token::is_form_token(&person.form_token, fields.get("csrf")) {
        return Some("the form is of another sign-in");
    }
    (person.role < action.least()).then_some("the role does not allow it")
}

fn dispatch(action: DeskAction, visit: &Visit, fields: &PostedFields) -> Result<ActionOutcome, PageError> {
    match action {
        DeskAction::SignOut => sign_out(visit),
        DeskAction::Answer => answering::one(visit, fields),
        DeskAction::Several => answering::several(visit, fields),
        DeskAction::AnswerSeveral => answering::answer_several(visit, fields),
        DeskAction::TakeBack => answering::take_back(visit),
        DeskAction::Map => mapping::map(visit, fields),
        DeskAction::MapExact => mapping::map_exact(visit, fields),
        DeskAction::Pin => mapping::pin(visit, fields),
        DeskAction::TryService => services::try_out(visit, fields),
        DeskAction::SaveService => services::save(visit, fields),
        DeskAction::Upload => Ok(uploads::received(visit, fields)),
        DeskAction::TryUpload => uploads::try_out(visit, fields),
        DeskAction::KeepUpload => uploads::keep(visit, fields),
        DeskAction::ForgetUpload => Ok(uploads::forget(visit)),
        DeskAction::Approve => running::approve(visit, fields),
        DeskAction::Start => running::start(visit, fields),
        DeskAction::Stop => Ok(running::stop(visit)),
        DeskAction::UndoRun => running::undo(visit),
        DeskAction::Test => trials::test(visit, fields),
        DeskAction::Mode => running::mode(visit, fields),
        DeskAction::OfferAuthenticator
        | DeskAction::ConfirmAuthenticator
        | DeskAction::DropAuthenticator
        | DeskAction::ChangePassword
        | DeskAction::EndOthers => own_account::change(visit, fields, action),
    }
}

fn sign_out(visit: &Visit) -> Result<ActionOutcome, PageError> {
    let mut history = History::open_beside(&visit.site.door.people)?.ok_or(PageError::Nothing)?;
    history.end_session(&visit.person.digest)?;
    Ok(ActionOutcome { acted: FormResponse::Left, events: vec![visit.event(DeskAction::SignOut.as_str(), "")] })
}

fn note_all(visit: &Visit, events: &[DeskEvent]) -> Result<(), PageError> {
    if events.is_empty() {
        return Ok(());
    }
    let mut history = History::open_beside(&visit.site.site.state)?.ok_or(PageError::Nothing)?;
    for event in events {
        history.note_desk_event(event)?;
    }
    Ok(())
}

fn forbidden_page(visit: &Visit, why: &str) -> Markup {
    let main = html! {
        header.head { div { h1 { "Not done" } } }
        (note("bad", "Nothing was done.", html! { "This request was refused: " (why) ". " }))
        p.do { a.b href="/" { "Back to Today" } }
    };
    frame(visit, RailEntry::None, "Not done", &main)
}
