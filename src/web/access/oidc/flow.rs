//! To the provider and back.

use std::net::IpAddr;

use axum::extract::{ConnectInfo, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use maud::html;
use sha2::{Digest as _, Sha256};

use crate::history::desk::oidc_people::{Provided, ProvidedPerson, as_provided};
use crate::history::store::open::History;
use crate::web::access::browser_tokens::{Token, form_token, is_form_token};
use crate::web::access::cookies::CookieKind;
use crate::web::access::oidc::claims::{TokenAsked, person};
use crate::web::access::oidc::error::OidcError;
use crate::web::access::oidc::provider::Provider;
use crate::web::access::oidc::settings::OidcSettings;
use crate::web::access::sign_in::{next_page, sign_in_event, with_cookie};
use crate::web::access::sign_in_form::door_page;
use crate::web::access::signed_in::{LASTS, cookie, set};
use crate::web::desk::posted_fields::PostedFields;
use crate::web::peer_address::Peer;
use crate::web::response::{now, page_of, refused, see};
use crate::web::site::{Door, PageError};

/// How long somebody may take at the provider.
const AWAY: TimeDelta = TimeDelta::minutes(15);
/// Characters of a page's address that is kept meanwhile, at most.
const NEXT_MOST: usize = 1024;

/// A value of one sign-in, for one purpose.
fn derived(secret: &str, purpose: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{purpose}\0{secret}").as_bytes()))
}

/// `GET /signin/provider`: to the provider.
pub(crate) async fn begin(State(door): State<Door>, RawQuery(query): RawQuery) -> Response {
    let Some(settings) = door.rules.oidc.clone() else { return refused(&PageError::Nothing) };
    let query = PostedFields::parse(query.unwrap_or_default().as_bytes());
    let next = next_page(query.get("next"));
    let next = if next.len() > NEXT_MOST { "/" } else { next };
    let Ok(secret) = Token::random() else {
        return refused(&PageError::Broken("the system has no random bytes".to_owned()));
    };
    let provider = match Provider::discover(&settings).await {
        Ok(provider) => provider,
        Err(error) => return not_in(&door, &error),
    };
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(derived(secret.reveal(), "verifier").as_bytes()));
    let mut to = provider.authorization;
    to.query_pairs_mut().extend_pairs([
        ("response_type", "code"),
        ("client_id", &settings.client_id),
        ("redirect_uri", settings.redirect.as_str()),
        ("scope", &settings.scope),
        ("state", &derived(secret.reveal(), "state")),
        ("nonce", &derived(secret.reveal(), "nonce")),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ]);
    let kept = format!("{}.{}", secret.reveal(), URL_SAFE_NO_PAD.encode(next));
    with_cookie(see(to.as_str()), &set(&door.cookies.name(CookieKind::Provider), &kept, Some(AWAY)))
}

/// `GET /signin/provider/back`: from the provider.
pub(crate) async fn back(
    State(door): State<Door>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(settings) = door.rules.oidc.clone() else { return refused(&PageError::Nothing) };
    let query = PostedFields::parse(query.unwrap_or_default().as_bytes());
    let address = peer.address(&headers, door.rules.proxy);
    let away = door.cookies.name(CookieKind::Provider);
    let Some((secret, next)) = cookie(&headers, &away).and_then(|kept| kept.split_once('.')) else {
        return see("/signin");
    };
    let next = URL_SAFE_NO_PAD.decode(next).ok().and_then(|next| String::from_utf8(next).ok()).unwrap_or_default();
    let said = match vouched(&settings, secret, &query).await {
        Ok(person) => let_in(&door, person, address, next_page(&next)).await,
        Err(error) => {
            note(&door, address, &error).await;
            not_in(&door, &error)
        }
    };
    with_cookie(said, &set(&away, "", None))
}

/// Whom the provider vouches for in this answer.
async fn vouched(settings: &OidcSettings, secret: &str, query: &PostedFields) -> Result<ProvidedPerson, OidcError> {
    // Compared as hashes, like the tokens of forms.
    if !is_form_token(&form_token(&derived(secret, "state")), &form_token(query.get("state"))) {
        return Err(OidcError::Claim("the answer is for another sign-in"));
    }
    if query.all("iss").any(|issuer| issuer != settings.issuer) {
        return Err(OidcError::Claim("the answer is from another provider"));
    }
    let code = query.get("code");
    if code.is_empty() || !query.get("error").is_empty() {
        return Err(OidcError::Answer("it did not let you in"));
    }
    let provider = Provider::discover(settings).await?;
    let token = provider.exchange(settings, code, &derived(secret, "verifier")).await?;
    let keys = provider.keys().await?;
    let asked = TokenAsked { settings, nonce: &derived(secret, "nonce") };
    person(&token, &keys, &asked)
}

async fn let_in(door: &Door, person: ProvidedPerson, address: IpAddr, next: &str) -> Response {
    let state = door.people.clone();
    let begun = door.reads.read(move || {
        let mut history = History::open_beside(&state)?.ok_or(PageError::Nothing)?;
        let secret = Token::random().map_err(|error| PageError::Broken(error.to_string()))?;
        let at = now();
        let provided = history.begin_provided_session(&person, &secret.digest(), (at, at + LASTS))?;
        let how = match &provided {
            Provided::In(_) => Ok("by the company's account"),
            Provided::NameTaken => Err("somebody else has this name here"),
            Provided::Locked => Err("locked"),
        };
        history.note_desk_event(&sign_in_event(&as_provided(&person.name), address, at, how))?;
        Ok((provided, secret, person.name))
    });
    match begun.await {
        Ok((Provided::In(_), secret, _)) => {
            with_cookie(see(next), &set(&door.cookies.name(CookieKind::Session), secret.reveal(), Some(LASTS)))
        }
        Ok((Provided::Locked, ..)) => {
            error_page(door, StatusCode::FORBIDDEN, "You are locked here. An administrator can unlock you.")
        }
        Ok((Provided::NameTaken, _, name)) => {
            let why = format!(
                "There is a {name} here already who signs in another way. An administrator can remove that one."
            );
            error_page(door, StatusCode::CONFLICT, &why)
        }
        Err(missing) => refused(&missing),
    }
}

async fn note(door: &Door, address: IpAddr, error: &OidcError) {
    tracing::warn!("a sign-in by the provider was refused: {}", crate::error_chain::error_chain(error));
    let (state, why) = (door.people.clone(), error.to_string());
    let without_role = match error {
        OidcError::NoRole { subject, .. } => Some(subject.clone()),
        _ => None,
    };
    let noted = door.reads.read(move || {
        let mut history = History::open_beside(&state)?.ok_or(PageError::Nothing)?;
        // What they have open was begun with groups that they no longer have.
        let known = without_role.map(|subject| history.end_provided_sessions(&subject)).transpose()?.flatten();
        let who = known.map(|name| as_provided(&name)).unwrap_or_default();
        Ok(history.note_desk_event(&sign_in_event(&who, address, now(), Err(&why)))?)
    });
    if let Err(missing) = noted.await {
        tracing::error!("a refused sign-in cannot be noted: {missing:?}");
    }
}

fn not_in(door: &Door, error: &OidcError) -> Response {
    let status = match error {
        OidcError::Unreachable(_) | OidcError::Answer(_) => StatusCode::BAD_GATEWAY,
        OidcError::Token(_) | OidcError::Claim(_) | OidcError::NoRole { .. } => StatusCode::FORBIDDEN,
    };
    error_page(door, status, &format!("You are not signed in: {error}."))
}

fn error_page(door: &Door, status: StatusCode, why: &str) -> Response {
    let panel = html! {
        h1.sr { "Not signed in" }
        div.note.bad role="alert" { div { b { (why) } } }
        p { a.b href="/signin" { "Sign in" } }
    };
    page_of(
        status,
        door_page(
            door,
            "Not signed in",
            &panel,
            "Your groups at the provider decide what you may do here. People with a password: ",
        ),
    )
}
