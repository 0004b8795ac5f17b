//! Everybody's own authenticator: offered, switched on by its first code, switched off by another.

use axum::http::StatusCode;

use crate::history::desk::attempts::Attempt;
use crate::history::store::open::History;
use crate::web::access::{account, authenticator};
use crate::web::desk::action_outcome::{ActionOutcome, FormResponse};
use crate::web::desk::fields::PostedFields;
use crate::web::desk::roles::DeskAction;
use crate::web::desk::visit::Visit;
use crate::web::site::PageError;

/// Where it is seen.
const ACCOUNT: &str = "/account";

/// Offers the person an authenticator; nothing is asked of them before its first code came.
pub(super) fn offer(visit: &Visit) -> Result<ActionOutcome, PageError> {
    let mut history = open(visit)?;
    let person = history.people()?.into_iter().find(|person| person.name == visit.person.name);
    if person.is_none_or(|person| person.is_provided) {
        let page = Box::new(account::not_theirs(visit));
        return Ok(ActionOutcome { acted: FormResponse::Page(StatusCode::CONFLICT, page), events: Vec::new() });
    }
    authenticator::offer(&mut history, &visit.person.name)?;
    Ok(ActionOutcome::done(ACCOUNT, visit.event(DeskAction::OfferAuthenticator.as_str(), "")))
}

/// Switches it on by a code of it.
pub(super) fn confirm(visit: &Visit, fields: &PostedFields) -> Result<ActionOutcome, PageError> {
    let mut history = open(visit)?;
    let is_on = history.authenticator(&visit.person.name)?.is_some_and(|known| known.is_on);
    if is_on {
        return Ok(ActionOutcome { acted: FormResponse::To(ACCOUNT.to_owned()), events: Vec::new() });
    }
    coded(visit, &mut history, fields, DeskAction::ConfirmAuthenticator)
}

/// Switches it off by a code of it, where the configuration does not demand one.
pub(super) fn drop(visit: &Visit, fields: &PostedFields) -> Result<ActionOutcome, PageError> {
    let mut history = open(visit)?;
    if visit.site.door.rules.totp_required {
        return wrong(visit, DeskAction::DropAuthenticator, "This desk demands an authenticator.");
    }
    let deed = coded(visit, &mut history, fields, DeskAction::DropAuthenticator)?;
    if matches!(deed.acted, FormResponse::To(_)) {
        history.drop_authenticator(&visit.person.name)?;
    }
    Ok(deed)
}

fn open(visit: &Visit) -> Result<History, PageError> {
    History::open_beside(&visit.site.door.people)?.ok_or(PageError::Nothing)
}

/// What takes a code, as seldom as a sign-in: somebody at an open browser must not find it by trying.
fn coded(
    visit: &Visit,
    history: &mut History,
    fields: &PostedFields,
    action: DeskAction,
) -> Result<ActionOutcome, PageError> {
    let name = &visit.person.name;
    let subject = format!("account {name}");
    if let Attempt::Wait(until) = history.attempt(&[&subject], visit.now)? {
        let said = format!("Too many wrong codes. Try again at {} UTC.", until.format("%H:%M:%S"));
        return wrong(visit, action, &said);
    }
    if !authenticator::takes(&visit.site.door, history, name, fields.get("code"), visit.now)? {
        return wrong(visit, action, "This code is wrong, or was used before. Wait for the next one.");
    }
    history.forgive(&[&subject])?;
    Ok(ActionOutcome::done(ACCOUNT, visit.event(action.as_str(), "")))
}

fn wrong(visit: &Visit, action: DeskAction, said: &str) -> Result<ActionOutcome, PageError> {
    let mut event = visit.event(action.as_str(), "");
    (event.refused, event.said) = (true, said.to_owned());
    let page = Box::new(account::drawn(visit, Some(said))?);
    Ok(ActionOutcome { acted: FormResponse::Page(StatusCode::UNPROCESSABLE_ENTITY, page), events: vec![event] })
}
