//! The second step of a sign-in: the password was right, and a code of the authenticator is asked for. Where the
//! configuration demands one and somebody has none yet, it is set up here.

use std::net::IpAddr;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use chrono::{DateTime, Utc};
use maud::{Markup, html};

use crate::history::desk::password_attempts::Attempt;
use crate::history::store::open::History;
use crate::web::access::browser_tokens::Token;
use crate::web::access::cookies::CookieKind;
use crate::web::access::sign_in::{next_page, sign_in_event, with_cookie};
use crate::web::access::sign_in_form::{door_page, step};
use crate::web::access::signed_in::{LASTS, cookie, set};
use crate::web::access::wrong_guesses::Guessed;
use crate::web::access::{browser_tokens, totp_codes};
use crate::web::desk::posted_fields::PostedFields;
use crate::web::peer_address::Peer;
use crate::web::response::{now, page_of, refused, see};
use crate::web::site::{Door, PageError};

/// `GET /signin/code`.
pub(crate) async fn ask(State(door): State<Door>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    let query = PostedFields::parse(query.unwrap_or_default().as_bytes());
    let next = next_page(query.get("next")).to_owned();
    form(door, &headers, StatusCode::OK, (next, None)).await
}

/// The form of this step, as far as the password was right before.
async fn form(door: Door, headers: &HeaderMap, status: StatusCode, (next, said): (String, Option<String>)) -> Response {
    let half = door.cookies.name(CookieKind::Half);
    let Some(secret) = cookie(headers, &half).map(str::to_owned) else { return see("/signin") };
    let reads = door.reads.clone();
    let drawn = reads.read(move || {
        let Some(mut history) = History::open_beside(&door.people)? else { return Ok(None) };
        let Some(name) = history.half_session_owner(&browser_tokens::digest(&secret), now())? else { return Ok(None) };
        let known = match history.authenticator(&name)? {
            Some(known) => known,
            None => {
                totp_codes::offer(&mut history, &name)?;
                history.authenticator(&name)?.ok_or(PageError::Nothing)?
            }
        };
        let key = if known.is_on { None } else { Some(totp_codes::shown_once(&door, &name, &known.salt)?) };
        let panel = panel(&browser_tokens::form_token(&secret), &next, said.as_deref(), key.as_ref());
        Ok(Some(door_page(&door, "Code", &panel, "The app is lost? An administrator resets the sign-in: ")))
    });
    match drawn.await {
        Ok(Some(page)) => page_of(status, page),
        Ok(None) => see("/signin"),
        Err(missing) => refused(&missing),
    }
}

fn panel(csrf: &str, next: &str, said: Option<&str>, key: Option<&Markup>) -> Markup {
    html! {
        @if let Some(key) = key {
            h1 { "Set up an authenticator" }
            p { "This desk asks for a code at each sign-in. Scan this with an authenticator app, then type the code that the app shows. It is shown this once." }
            (key)
        } @else {
            h1 { "Code" }
            p { "The one that your authenticator app shows now." }
        }
        (step("/signin/code", (csrf, next), said, &html! { (totp_codes::field(said.is_some())) button.b.act { "Go on" } }))
    }
}

/// `POST /signin/code`.
pub(crate) async fn answer(
    State(door): State<Door>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let fields = PostedFields::parse(&body);
    let next = next_page(fields.get("next")).to_owned();
    let half = door.cookies.name(CookieKind::Half);
    let Some(secret) = cookie(&headers, &half).map(str::to_owned) else { return see("/signin") };
    if !browser_tokens::is_form_token(&browser_tokens::form_token(&secret), fields.get("csrf")) {
        return see("/signin");
    }
    let (typed, address) = (fields.get("code").to_owned(), peer.address(&headers, door.rules.proxy));
    let own = door.clone();
    let tried = door.reads.read(move || try_code(&own, &secret, &typed, address, now())).await;
    match tried {
        Ok(Coded::In(token)) => {
            let response =
                with_cookie(see(&next), &set(&door.cookies.name(CookieKind::Session), token.reveal(), Some(LASTS)));
            with_cookie(response, &set(&half, "", None))
        }
        Ok(Coded::Over) => see("/signin"),
        Ok(Coded::Wrong) => {
            let said = "This code is wrong, or was used before. Wait for the next one.".to_owned();
            form(door, &headers, StatusCode::UNAUTHORIZED, (next, Some(said))).await
        }
        Ok(Coded::Wait(until)) => {
            let said = format!("Too many wrong codes. Try again at {} UTC.", until.format("%H:%M:%S"));
            form(door, &headers, StatusCode::TOO_MANY_REQUESTS, (next, Some(said))).await
        }
        Err(missing) => refused(&missing),
    }
}

/// What came of a code.
enum Coded {
    In(Token),
    Wrong,
    /// The password has to be typed again.
    Over,
    Wait(DateTime<Utc>),
}

fn try_code(door: &Door, half: &str, typed: &str, address: IpAddr, at: DateTime<Utc>) -> Result<Coded, PageError> {
    let Some(mut history) = History::open_beside(&door.people)? else { return Ok(Coded::Over) };
    let half = browser_tokens::digest(half);
    let Some(name) = history.half_session_owner(&half, at)? else { return Ok(Coded::Over) };
    let counted = Guessed::Code.account_and_address(&name, address);
    let counted: Vec<&str> = counted.iter().map(String::as_str).collect();
    if let Attempt::Wait(until) = history.attempt(&counted, at)? {
        history.note_desk_event(&sign_in_event(&name, address, at, Err("too many wrong codes")))?;
        return Ok(Coded::Wait(until));
    }
    if !totp_codes::takes(door, &mut history, &name, typed, at)? {
        history.note_desk_event(&sign_in_event(&name, address, at, Err("wrong code")))?;
        return Ok(Coded::Wrong);
    }
    let secret = Token::random().map_err(|error| PageError::Broken(error.to_string()))?;
    if !history.complete_session(&half, &secret.digest(), (at, at + LASTS))? {
        return Ok(Coded::Over);
    }
    let passwords = Guessed::Password.account_and_address(&name, address);
    history.forgive(&counted)?;
    history.forgive(&passwords.each_ref().map(String::as_str))?;
    history.note_desk_event(&sign_in_event(&name, address, at, Ok("by password and code")))?;
    Ok(Coded::In(secret))
}
