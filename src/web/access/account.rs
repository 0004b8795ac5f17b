//! The own account: who one is here, and the authenticator.

use maud::{Markup, html};

use crate::history::desk::authenticators::Authenticator;
use crate::history::store::open::History;
use crate::report::words;
use crate::web::access::authenticator;
use crate::web::desk::roles::DeskAction;
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::{RailEntry, frame, token};
use crate::web::pages::pieces;
use crate::web::site::PageError;

pub(crate) fn page(visit: &Visit) -> Result<Markup, PageError> {
    drawn(visit, None)
}

/// The page, with what was wrong with a code.
pub(crate) fn drawn(visit: &Visit, wrong: Option<&str>) -> Result<Markup, PageError> {
    let history = History::open_existing(&visit.site.door.people)?.ok_or(PageError::Nothing)?;
    let person = history.people()?.into_iter().find(|person| person.name == visit.person.name);
    let provided = person.as_ref().is_some_and(|person| person.is_provided);
    let local = |at| words::minute(visit.desk.zone.local(at));
    let session = history.session_began(&visit.person.digest)?;
    let main = html! {
        header.head { div { p.over { (visit.person.role) } h1 { (visit.person.name) }
            p.lead {
                @if let Some(person) = &person { "Known here since " (local(person.added_at)) "." }
                @if let Some(began) = session { " Signed in since " (local(began)) "; a session lasts twelve hours." }
            }
        } }
        @if let Some(wrong) = wrong { div.note.bad role="alert" id="err" { div { b { (wrong) } } } }
        section.panel aria-labelledby="auth" {
            h2 id="auth" { "Authenticator" }
            @if provided { p { "Your company's account lets you in; a second step is asked for there." } }
            @else { (own(visit, history.authenticator(&visit.person.name)?, wrong.is_some())?) }
        }
    };
    Ok(frame(visit, RailEntry::None, "Your account", &main))
}

fn own(visit: &Visit, known: Option<Authenticator>, wrong: bool) -> Result<Markup, PageError> {
    Ok(match known {
        None => html! {
            p { "With an authenticator app a password alone lets nobody in: each sign-in asks for a code as well." }
            (form(visit, DeskAction::OfferAuthenticator, &html! { button.b { "Set up an authenticator…" } }))
        },
        Some(Authenticator { salt, is_on: false }) => html! {
            p { "Scan this with the app, then type the code that the app shows." }
            (authenticator::shown_once(&visit.site.door, &visit.person.name, &salt)?)
            (form(visit, DeskAction::ConfirmAuthenticator, &html! { (authenticator::field(wrong)) button.b.act { "Switch it on" } }))
        },
        Some(Authenticator { is_on: true, .. }) if visit.site.door.rules.totp_required => html! {
            p { "It is on. This desk demands it of everybody; if the app is lost, an administrator resets the sign-in." }
        },
        Some(Authenticator { is_on: true, .. }) => html! {
            p { "It is on: each sign-in asks for a code." }
            (form(visit, DeskAction::DropAuthenticator, &html! { (authenticator::field(wrong)) button.b.bad { "Switch it off" } }))
        },
    })
}

fn form(visit: &Visit, action: DeskAction, fields: &Markup) -> Markup {
    html! { form.stack method="post" action=(action.path()) { (token(visit)) (fields) } }
}

/// What is said to somebody whom the provider lets in.
pub(crate) fn not_theirs(visit: &Visit) -> Markup {
    let said = html! { "Your company's account lets you in." };
    frame(visit, RailEntry::None, "Not done", &pieces::note("plain", "Nothing was changed.", said))
}
