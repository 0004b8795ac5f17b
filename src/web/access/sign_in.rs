//! Signing in, and choosing a password by a link.

use std::net::IpAddr;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use maud::{Markup, html};

use crate::history::desk::events::DeskEvent;
use crate::history::desk::password_attempts::Attempt;
use crate::history::desk::sessions::SessionPart;
use crate::history::store::open::History;
use crate::reconcile::model::display_text::shown;
use crate::web::access::browser_tokens::Token;
use crate::web::access::cookies::CookieKind;
use crate::web::access::sign_in_addresses::HALF_LASTS;
use crate::web::access::sign_in_form::{NO_ACCOUNT, door_page, step};
use crate::web::access::signed_in::{LASTS, cookie, set};
use crate::web::access::wrong_guesses::Guessed;
use crate::web::access::{browser_tokens, password, sign_in_addresses, sign_in_form};
use crate::web::desk::posted_fields::PostedFields;
use crate::web::peer_address::Peer;
use crate::web::response::{now, page_of, refused, see};
use crate::web::site::{Door, PageError};

/// How long a form of the door may lie open.
const DOOR_LASTS: TimeDelta = TimeDelta::hours(1);

/// What is tried for somebody who is not there, so that the answer takes as long.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGlzIGhlcmUh$pU3lG1X3pJ6o0cZqDxj9n1b7Q1cV6n0r8m2yq5t4w3s";

/// Somebody without a session is sent to sign in, and back afterwards.
pub(crate) fn to_door(address: &str) -> Response {
    let next: String = url::form_urlencoded::byte_serialize(address.as_bytes()).collect();
    see(&if address == "/" { "/signin".to_owned() } else { format!("/signin?next={next}") })
}

/// A page of this desk to go on to; whatever else was asked for is none.
pub(crate) fn next_page(asked: &str) -> &str {
    let own = asked.starts_with('/') && !asked.starts_with("//") && !asked.contains('\\');
    if own && asked.bytes().all(|byte| byte.is_ascii_graphic()) { asked } else { "/" }
}

/// What the door says.
#[derive(Default)]
struct DoorForm<'a> {
    status: StatusCode,
    said: Option<&'a str>,
    name: &'a str,
    next: &'a str,
    /// Whether a provider lets people in as well.
    provider: bool,
}

/// `GET /signin`.
pub(crate) async fn door(State(door): State<Door>, RawQuery(query): RawQuery) -> Response {
    let query = PostedFields::parse(query.unwrap_or_default().as_bytes());
    open(&door, &DoorForm { next: query.get("next"), provider: door.rules.oidc.is_some(), ..DoorForm::default() })
}

/// A door with a fresh form.
fn open(door: &Door, form: &DoorForm<'_>) -> Response {
    let Ok(secret) = Token::random() else {
        return refused(&PageError::Broken("the system has no random bytes".to_owned()));
    };
    let page =
        door_page(door, "Sign in", &sign_in_form(form, &browser_tokens::form_token(secret.reveal())), NO_ACCOUNT);
    let own = door.cookies.name(CookieKind::Door);
    with_cookie(page_of(form.status, page), &set(&own, secret.reveal(), Some(DOOR_LASTS)))
}

pub(crate) fn with_cookie(mut response: Response, cookie: &str) -> Response {
    if let Ok(cookie) = cookie.parse() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// Whether the form was given to this browser.
fn is_own_form(door: &Door, headers: &HeaderMap, fields: &PostedFields) -> bool {
    cookie(headers, &door.cookies.name(CookieKind::Door))
        .is_some_and(|secret| browser_tokens::is_form_token(&browser_tokens::form_token(secret), fields.get("csrf")))
}

/// `POST /signin`.
pub(crate) async fn knock(
    State(door): State<Door>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let fields = PostedFields::parse(&body);
    let (name, next) = (fields.get("name").trim().to_lowercase(), next_page(fields.get("next")).to_owned());
    let (provider, own) = (door.rules.oidc.is_some(), door.clone());
    let form = |status, said| open(&own, &DoorForm { status, said: Some(said), name: &name, next: &next, provider });
    if !is_own_form(&door, &headers, &fields) {
        return form(StatusCode::FORBIDDEN, "This page was open for too long. Try again.");
    }
    let Ok(_permit) = door.hashing.clone().acquire_owned().await else {
        return refused(&PageError::Broken("the desk is closing".to_owned()));
    };
    let (typed, address) = (fields.get("password").to_owned(), peer.address(&headers, door.rules.proxy));
    let who = name.clone();
    let reads = door.reads.clone();
    let named = |kind| own.cookies.name(kind);
    let tried = reads.read(move || try_password(&door, &who, &typed, address, now())).await;
    match tried {
        Ok(Tried::In(secret)) => {
            let response = with_cookie(see(&next), &set(&named(CookieKind::Session), secret.reveal(), Some(LASTS)));
            with_cookie(response, &set(&named(CookieKind::Door), "", None))
        }
        Ok(Tried::Half(secret)) => {
            let response = see(&sign_in_addresses::of_code(&next));
            let response = with_cookie(response, &set(&named(CookieKind::Half), secret.reveal(), Some(HALF_LASTS)));
            with_cookie(response, &set(&named(CookieKind::Door), "", None))
        }
        Ok(Tried::Wrong) => form(StatusCode::UNAUTHORIZED, "Name or password is wrong."),
        Ok(Tried::Wait(until)) => {
            let said = format!("Too many wrong passwords. Try again at {} UTC.", until.format("%H:%M:%S"));
            form(StatusCode::TOO_MANY_REQUESTS, &said)
        }
        Err(missing) => refused(&missing),
    }
}

/// What came of a password.
enum Tried {
    In(Token),
    /// A code is asked for.
    Half(Token),
    Wrong,
    Wait(DateTime<Utc>),
}

/// A sign-in, or why there was none.
pub(crate) fn sign_in_event(name: &str, address: IpAddr, at: DateTime<Utc>, how: Result<&str, &str>) -> DeskEvent {
    DeskEvent {
        at,
        person: shown(name),
        address: address.to_string(),
        deed: if how.is_err() { "sign-in" } else { "signed in" }.to_owned(),
        about: String::new(),
        refused: how.is_err(),
        said: how.unwrap_or_else(|why| why).to_owned(),
    }
}

fn try_password(door: &Door, name: &str, typed: &str, address: IpAddr, at: DateTime<Utc>) -> Result<Tried, PageError> {
    let Some(mut history) = History::open_beside(&door.people)? else { return Ok(Tried::Wrong) };
    let counted = Guessed::Password.account_and_address(name, address);
    let counted: Vec<&str> = counted.iter().map(String::as_str).collect();
    let event = |how| sign_in_event(name, address, at, how);
    let attempt = match history.attempt(&counted, at)? {
        Attempt::Counted(attempt) => attempt,
        Attempt::Wait(until) => {
            history.note_desk_event(&event(Err("too many wrong passwords")))?;
            return Ok(Tried::Wait(until));
        }
    };
    let known = history.password_of(name)?;
    let fits = password::fits(typed, known.as_deref().unwrap_or(NOBODY));
    let hash = known.filter(|_| fits).unwrap_or_default();
    let secret = Token::random().map_err(|error| PageError::Broken(error.to_string()))?;
    let (part, lasts) = match asks_for_code(door, &history, name)? {
        true => (SessionPart::Half, HALF_LASTS),
        false => (SessionPart::Whole, LASTS),
    };
    if !history.begin_session(part, (name, &hash), &secret.digest(), (at, at + lasts))? {
        history.note_desk_event(&event(Err("wrong name or password")))?;
        return Ok(Tried::Wrong);
    }
    if part == SessionPart::Half {
        // Those before it stay counted until the code has come.
        history.take_attempt_back(&attempt)?;
        return Ok(Tried::Half(secret));
    }
    history.forgive(&counted)?;
    history.note_desk_event(&event(Ok("by password")))?;
    Ok(Tried::In(secret))
}

fn asks_for_code(door: &Door, history: &History, name: &str) -> Result<bool, PageError> {
    let is_on = history.authenticator(name)?.is_some_and(|authenticator| authenticator.is_on);
    Ok(is_on || door.rules.totp_required)
}

/// `GET /welcome/LINK`: the form to choose a password.
pub(crate) async fn welcome(State(door): State<Door>, Path(link): Path<String>) -> Response {
    welcome_form(&door, link, StatusCode::OK, None).await
}

async fn welcome_form(door: &Door, link: String, status: StatusCode, said: Option<String>) -> Response {
    let state = door.people.clone();
    let digest = browser_tokens::digest(&link);
    let name = door.reads.read(move || {
        let history = History::open_existing(&state)?;
        Ok(history.map(|history| history.invited(&digest, now())).transpose()?.flatten())
    });
    match name.await {
        Err(missing) => refused(&missing),
        Ok(None) => page_of(StatusCode::GONE, door_page(door, "Link", &used_up(), NO_ACCOUNT)),
        Ok(Some(name)) => {
            let Ok(secret) = Token::random() else {
                return refused(&PageError::Broken("the system has no random bytes".to_owned()));
            };
            let form = password_form(&name, &browser_tokens::form_token(secret.reveal()), said.as_deref());
            let page = page_of(status, door_page(door, "Choose a password", &form, NO_ACCOUNT));
            with_cookie(page, &set(&door.cookies.name(CookieKind::Door), secret.reveal(), Some(DOOR_LASTS)))
        }
    }
}

/// `POST /welcome/LINK`.
pub(crate) async fn choose(
    State(door): State<Door>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Path(link): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let fields = PostedFields::parse(&body);
    if !is_own_form(&door, &headers, &fields) {
        let said = Some("This page was open for too long. Try again.".to_owned());
        return welcome_form(&door, link, StatusCode::FORBIDDEN, said).await;
    }
    let Ok(_permit) = door.hashing.clone().acquire_owned().await else {
        return refused(&PageError::Broken("the desk is closing".to_owned()));
    };
    let (chosen, again) = (fields.get("password").to_owned(), fields.get("again").to_owned());
    let (state, address, digest) =
        (door.people.clone(), peer.address(&headers, door.rules.proxy), browser_tokens::digest(&link));
    let stored = door.reads.read(move || store_password(&state, &digest, (&chosen, &again), address, now())).await;
    match stored {
        Ok(ChosenPassword::Stored) => see("/signin"),
        // Who is second learns it: somebody else has used the link.
        Ok(ChosenPassword::LinkOver) => welcome_form(&door, link, StatusCode::GONE, None).await,
        Ok(ChosenPassword::NotTaken(said)) => {
            welcome_form(&door, link, StatusCode::UNPROCESSABLE_ENTITY, Some(said)).await
        }
        Err(missing) => refused(&missing),
    }
}

/// What became of a password that somebody chose.
enum ChosenPassword {
    Stored,
    LinkOver,
    /// Why, in words.
    NotTaken(String),
}

fn store_password(
    state: &std::path::Path,
    digest: &[u8; 32],
    (chosen, again): (&str, &str),
    address: IpAddr,
    at: DateTime<Utc>,
) -> Result<ChosenPassword, PageError> {
    let mut history = History::open_beside(state)?.ok_or(PageError::Nothing)?;
    let Some(name) = history.invited(digest, at)? else { return Ok(ChosenPassword::LinkOver) };
    if chosen != again {
        return Ok(ChosenPassword::NotTaken("The two are not the same.".to_owned()));
    }
    if let Err(error) = password::check(&name, chosen) {
        return Ok(ChosenPassword::NotTaken(format!("This password cannot be taken: {error}.")));
    }
    let hash = password::hash(chosen).map_err(|error| PageError::Broken(error.to_string()))?;
    let Some(person) = history.choose_password(digest, &hash, at)? else { return Ok(ChosenPassword::LinkOver) };
    let (deed, address) = ("chose a password".to_owned(), address.to_string());
    let event = DeskEvent { at, person, address, deed, about: String::new(), refused: false, said: String::new() };
    history.note_desk_event(&event)?;
    Ok(ChosenPassword::Stored)
}

fn used_up() -> Markup {
    html! {
        h1.sr { "Link" }
        div.note.ask { div { b { "This link is not good any more." } " It is good once, for a day." } }
        p { a.b href="/signin" { "Sign in" } }
    }
}

fn sign_in_form(form: &DoorForm<'_>, csrf: &str) -> Markup {
    let wrong = form.said.is_some();
    html! {
        h1.sr { "Sign in to recount" }
        (step("/signin", (csrf, next_page(form.next)), form.said, &html! {
            div.field { label for="name" { "Name" }
                input id="name" name="name" autocomplete="username" value=(form.name) required aria-describedby=[wrong.then_some("err")]; }
            div.field { label for="pw" { "Password" }
                input id="pw" name="password" type="password" autocomplete="current-password" required aria-invalid=[wrong.then_some("true")] aria-describedby=[wrong.then_some("err")]; }
            button.b.act { "Sign in" }
        }))
        @if form.provider {
            p.or { "or" }
            p { a.b href=(sign_in_addresses::of_provider(next_page(form.next))) { "Sign in with your company's account" } }
        }
    }
}

fn password_form(name: &str, csrf: &str, said: Option<&str>) -> Markup {
    html! {
        h1 { "Choose a password" }
        p { "At least " (password::LENGTH_LEAST) " characters; a few words are easy to remember." }
        (sign_in_form::wrong(said))
        form method="post" {
            input type="hidden" name="csrf" value=(csrf);
            div.field { label for="name" { "Name" } input id="name" name="name" value=(name) autocomplete="username" readonly; }
            div.field { label for="pw" { "Password" }
                input id="pw" name="password" type="password" autocomplete="new-password" required minlength=(password::LENGTH_LEAST) aria-describedby=[said.map(|_| "err")]; }
            div.field { label for="again" { "Again" }
                input id="again" name="again" type="password" autocomplete="new-password" required; }
            button.b.act { "Save" }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise a link to the desk could lead on to a page that looks like it.
    #[test]
    fn nobody_is_led_away_from_the_desk() {
        for own in ["/", "/items/a7kx", "/plan?q=Acme%20Dental"] {
            assert_eq!(next_page(own), own);
        }
        for foreign in [
            "",
            "//evil.example",
            "https://evil.example",
            "/\\evil.example",
            "/a\r\nset-cookie: x",
            "javascript:alert(1)",
        ] {
            assert_eq!(next_page(foreign), "/", "{foreign:?}");
        }
    }

    /// Otherwise a name that is not there would be answered at once, and names could be guessed.
    #[test]
    fn nobodys_password_takes_as_long_to_check() {
        assert!(argon2::password_hash::phc::PasswordHash::new(NOBODY).is_ok());
        assert!(!password::fits("anything", NOBODY));
    }
}
