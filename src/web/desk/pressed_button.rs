//! From a pressed button to what is done: session, token of the form, role, and only then the action. Whatever comes of
//! it is noted with the person's name.

use axum::http::StatusCode;
use maud::{Markup, html};

use crate::history::desk::events::DeskEvent;
use crate::history::store::open::History;
use crate::web::access::browser_tokens;
use crate::web::access::left_page::LeftPage;
use crate::web::access::signed_in::SignedIn;
use crate::web::desk::account_actions;
use crate::web::desk::action_outcome::{ActionOutcome, FormResponse};
use crate::web::desk::answer_actions;
use crate::web::desk::mapping_actions;
use crate::web::desk::posted_fields::PostedFields;
use crate::web::desk::role_permissions::DeskAction;
use crate::web::desk::run_actions;
use crate::web::desk::service_actions;
use crate::web::desk::trial_actions;
use crate::web::desk::upload_actions;
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::{RailEntry, frame};
use crate::web::pages::page_pieces::note;
use crate::web::site::PageError;

/// Does it, if the person may, and if the form is one that this desk gave them.
pub(crate) fn act(action: DeskAction, visit: &Visit, fields: &PostedFields) -> Result<FormResponse, PageError> {
    let deed = match refusal(action, &visit.person, fields) {
        Some(why) => {
            let event = DeskEvent { refused: true, said: why.to_owned(), ..visit.event(action.as_str(), "") };
            ActionOutcome {
                acted: FormResponse::Page(
                    StatusCode::FORBIDDEN,
                    Box::new(forbidden_page(visit, why, &left_page(action, visit, fields))),
                ),
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
    if !browser_tokens::is_form_token(&person.form_token, fields.get("csrf")) {
        return Some("the form is of another sign-in");
    }
    (person.role < action.least()).then_some("the role does not allow it")
}

fn dispatch(action: DeskAction, visit: &Visit, fields: &PostedFields) -> Result<ActionOutcome, PageError> {
    match action {
        DeskAction::SignOut => sign_out(visit),
        DeskAction::Answer => answer_actions::one(visit, fields),
        DeskAction::Several => answer_actions::several(visit, fields),
        DeskAction::AnswerSeveral => answer_actions::answer_several(visit, fields),
        DeskAction::TakeBack => answer_actions::take_back(visit, fields),
        DeskAction::Map => mapping_actions::map(visit, fields),
        DeskAction::MapExact => mapping_actions::map_exact(visit, fields),
        DeskAction::Pin => mapping_actions::pin(visit, fields),
        DeskAction::TryService => service_actions::try_out(visit, fields),
        DeskAction::SaveService => service_actions::save(visit, fields),
        DeskAction::Upload => Ok(upload_actions::received(visit, fields)),
        DeskAction::TryUpload => upload_actions::try_out(visit, fields),
        DeskAction::KeepUpload => upload_actions::keep(visit, fields),
        DeskAction::ForgetUpload => Ok(upload_actions::forget(visit, fields)),
        DeskAction::TakeBackUpload => upload_actions::take_back(visit, fields),
        DeskAction::Approve => run_actions::approve(visit, fields),
        DeskAction::Start => run_actions::start(visit, fields),
        DeskAction::Stop => Ok(run_actions::stop(visit, fields)),
        DeskAction::UndoRun => run_actions::undo(visit),
        DeskAction::Test => trial_actions::test(visit, fields),
        DeskAction::Mode => run_actions::mode(visit, fields),
        DeskAction::OfferAuthenticator
        | DeskAction::ConfirmAuthenticator
        | DeskAction::DropAuthenticator
        | DeskAction::ChangePassword
        | DeskAction::EndOthers => account_actions::change(visit, fields, action),
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

/// The page on which the form stood, with what was typed into it.
fn left_page(action: DeskAction, visit: &Visit, fields: &PostedFields) -> LeftPage {
    let mut sent_to = action.path().to_owned();
    for (name, part) in &visit.path {
        sent_to = sent_to.replace(&format!("{{{name}}}"), part);
    }
    LeftPage::of("", &sent_to, fields, (&visit.site.door.typed, visit.now))
}

fn forbidden_page(visit: &Visit, why: &str, left: &LeftPage) -> Markup {
    let main = html! {
        header.head { div { h1 { "Not done" } } }
        (note("bad", "Nothing was done.", html! { "This request was refused: " (why) ". " }))
        (left.typed())
        p.do { a.b href=(left.address) { "Back to the page" } a.b href="/" { "Back to Today" } }
    };
    frame(visit, RailEntry::None, "Not done", &main)
}
