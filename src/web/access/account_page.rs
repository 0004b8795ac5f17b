//! The own account: who one is here, the authenticator, the password, and what is open elsewhere.

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use crate::history::desk::authenticators::Authenticator;
use crate::history::store::open::History;
use crate::report::numbers_and_dates;
use crate::web::access::signed_in::{LASTS, SignedIn};
use crate::web::access::{password, totp_codes};
use crate::web::desk::role_permissions::DeskAction;
use crate::web::desk::visit::Visit;
use crate::web::pages::frame::{RailEntry, frame};
use crate::web::pages::page_pieces;
use crate::web::site::{Door, PageError};
use crate::zone::Zone;

/// Where it is.
pub(crate) const ADDRESS: &str = "/account";

/// Whose page it is.
pub(crate) struct OwnAccount<'a> {
    pub(crate) door: &'a Door,
    pub(crate) person: &'a SignedIn,
    pub(crate) zone: &'a Zone,
    pub(crate) now: DateTime<Utc>,
}

/// What was wrong with a form.
pub(crate) type WrongForm<'a> = Option<(DeskAction, &'a str)>;

pub(crate) fn page(visit: &Visit) -> Result<Markup, PageError> {
    drawn(visit, None)
}

/// The page within a desk, with what was wrong.
pub(crate) fn drawn(visit: &Visit, wrong: WrongForm<'_>) -> Result<Markup, PageError> {
    let of = OwnAccount { door: &visit.site.door, person: &visit.person, zone: &visit.desk.zone, now: visit.now };
    let over = html! { (visit.person.role) };
    Ok(frame(visit, RailEntry::None, "Your account", &main(&of, &over, wrong)?))
}

/// What stands on the page, wherever it is.
pub(crate) fn main(of: &OwnAccount<'_>, over: &Markup, wrong: WrongForm<'_>) -> Result<Markup, PageError> {
    let history = History::open_existing(&of.door.people)?.ok_or(PageError::Nothing)?;
    let person = history.people()?.into_iter().find(|person| person.name == of.person.name);
    let provided = person.as_ref().is_some_and(|person| person.is_provided);
    let local = |at| numbers_and_dates::minute(of.zone.local(at));
    let session = history.session_began(&of.person.digest)?;
    let sessions = history.sessions_of(&of.person.name, of.now)?;
    Ok(html! {
        header.head { div { p.over { (over) } h1 { (of.person.name) }
            p.lead {
                @if let Some(person) = &person { "Known here since " (local(person.added_at)) "." }
                @if let Some(began) = session { " Signed in since " (local(began)) "; a session lasts " (LASTS.num_hours()) " hours." }
            }
        } }
        @if let Some((_, wrong)) = wrong { div.note.bad role="alert" id="err" { div { b { (wrong) } } } }
        section.panel aria-labelledby="auth" {
            h2 id="auth" { "Authenticator" }
            @if provided { p { "Your company's account lets you in; a second step is asked for there." } }
            @else { (own(of, history.authenticator(&of.person.name)?, wrong)?) }
        }
        @if !provided { section.panel aria-labelledby="password" {
            h2 id="password" { "Password" }
            p { "Another one ends what you have open in other browsers." }
            (form(of, DeskAction::ChangePassword, &passwords(&of.person.name, wrong)))
        } }
        section.panel aria-labelledby="sessions" {
            h2 id="sessions" { "Where you are signed in" }
            @if sessions.len() <= 1 { p { "In this browser alone." } }
            @else {
                p { "In this browser, and in " (numbers_and_dates::plural(sessions.len() - 1, "other")) "; the newest session began " (sessions.first().map(|at| local(*at)).unwrap_or_default()) "." }
                (form(of, DeskAction::EndOthers, &html! { button.b { "Sign out in the other browsers" } }))
            }
        }
    })
}

fn own(of: &OwnAccount<'_>, known: Option<Authenticator>, wrong: WrongForm<'_>) -> Result<Markup, PageError> {
    let field = |action| totp_codes::field(is_of(wrong, action));
    Ok(match known {
        None => html! {
            p { "With an authenticator app a password alone lets nobody in: each sign-in asks for a code as well." }
            (form(of, DeskAction::OfferAuthenticator, &html! { button.b { "Set up an authenticator…" } }))
        },
        Some(Authenticator { salt, is_on: false }) => html! {
            p { "Scan this with the app, then type the code that the app shows." }
            (totp_codes::shown_once(of.door, &of.person.name, &salt)?)
            (form(of, DeskAction::ConfirmAuthenticator, &html! { (field(DeskAction::ConfirmAuthenticator)) button.b.act { "Switch it on" } }))
        },
        Some(Authenticator { is_on: true, .. }) if of.door.rules.totp_required => html! {
            p { "It is on. This desk demands it of everybody; if the app is lost, an administrator resets the sign-in." }
        },
        Some(Authenticator { is_on: true, .. }) => html! {
            p { "It is on: each sign-in asks for a code." }
            (form(of, DeskAction::DropAuthenticator, &html! { (field(DeskAction::DropAuthenticator)) button.b.bad { "Switch it off" } }))
        },
    })
}

fn is_of(wrong: WrongForm<'_>, action: DeskAction) -> bool {
    wrong.is_some_and(|(of, _)| of == action)
}

fn passwords(name: &str, wrong: WrongForm<'_>) -> Markup {
    let err = is_of(wrong, DeskAction::ChangePassword).then_some("err");
    html! {
        div.field { label for="name" { "Name" } input id="name" name="name" value=(name) autocomplete="username" readonly; }
        div.field { label for="old" { "The one that you have now" }
            input id="old" name="old" type="password" autocomplete="current-password" required aria-describedby=[err]; }
        div.field { label for="pw" { "The new one, " (password::LENGTH_LEAST) " characters at least" }
            input id="pw" name="password" type="password" autocomplete="new-password" required minlength=(password::LENGTH_LEAST) aria-describedby=[err]; }
        div.field { label for="again" { "Again" }
            input id="again" name="again" type="password" autocomplete="new-password" required; }
        button.b { "Change it" }
    }
}

fn form(of: &OwnAccount<'_>, action: DeskAction, fields: &Markup) -> Markup {
    html! { form.stack method="post" action=(action.path()) {
        input type="hidden" name="csrf" value=(of.person.form_token);
        (fields)
    } }
}

/// What is said to somebody whom the provider lets in.
pub(crate) fn not_theirs(visit: &Visit) -> Markup {
    frame(visit, RailEntry::None, "Not done", &not_theirs_note())
}

/// The same, wherever it is said.
pub(crate) fn not_theirs_note() -> Markup {
    page_pieces::note("plain", "Nothing was changed.", html! { "Your company's account lets you in." })
}
