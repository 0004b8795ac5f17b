//! The own account where there are many tenants: the same for all of them, and also for somebody who has none.

use axum::body::Bytes;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use chrono::{DateTime, Utc};
use maud::{Markup, html};

use crate::history::desk::events::DeskEvent;
use crate::history::store::open::History;
use crate::web::access::account_change::{AccountChange, changed};
use crate::web::access::account_page::{ADDRESS, OwnAccount, WrongForm, main, not_theirs_note};
use crate::web::access::left_page::{LeftPage, signed_out_page};
use crate::web::access::signed_in::SignedIn;
use crate::web::access::{browser_tokens, sign_in};
use crate::web::desk::posted_fields::PostedFields;
use crate::web::desk::role_permissions::DeskAction;
use crate::web::fleet::fleet_host::FleetDesk;
use crate::web::fleet::tenant_addresses::LIST;
use crate::web::fleet::tenant_list::framed;
use crate::web::peer_address::Peer;
use crate::web::response::{now, page_of, refused, see};
use crate::web::site::{Door, PageError};
use crate::zone::Zone;

/// `GET /account`.
pub(crate) async fn page(State(fleet): State<FleetDesk>, headers: HeaderMap) -> Response {
    let (door, reads) = (fleet.door.clone(), fleet.door.reads.clone());
    let drawn = reads.read(move || {
        let person = SignedIn::at(&door, &headers, now())?;
        person.map(|person| drawn(&door, &person, now(), None)).transpose()
    });
    match drawn.await {
        Ok(Some(page)) => page_of(StatusCode::OK, page),
        Ok(None) => sign_in::to_door(ADDRESS),
        Err(missing) => refused(&missing),
    }
}

fn drawn(door: &Door, person: &SignedIn, now: DateTime<Utc>, wrong: WrongForm<'_>) -> Result<Markup, PageError> {
    let zone = Zone::utc();
    let of = OwnAccount { door, person, zone: &zone, now };
    let over = html! { a href=(LIST) { "Tenants" } " · times are UTC" };
    Ok(framed(person, "Your account", &main(&of, &over, wrong)?))
}

/// `POST` of one of [`DeskAction::OWN_ACCOUNT`].
pub(crate) async fn change(
    action: DeskAction,
    State(fleet): State<FleetDesk>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (door, reads) = (fleet.door.clone(), fleet.door.reads.clone());
    let done = reads.read(move || {
        let (fields, at) = (PostedFields::parse(&body), now());
        let Some(person) = SignedIn::at(&door, &headers, at)? else { return Ok(None) };
        if !browser_tokens::is_form_token(&person.form_token, fields.get("csrf")) {
            return Ok(Some((StatusCode::FORBIDDEN, Some(signed_out_page(&door, &here())))));
        }
        let change = changed(action, (&door, &person), &fields, at)?;
        note(&door, &event(action, &person, &peer.address(&headers, door.rules.proxy).to_string(), at), &change)?;
        Ok(Some(match change {
            AccountChange::Done | AccountChange::AsBefore => (StatusCode::SEE_OTHER, None),
            AccountChange::NotTheirs => (StatusCode::CONFLICT, Some(framed(&person, "Not done", &not_theirs_note()))),
            AccountChange::Wrong(said) => {
                let page = drawn(&door, &person, at, Some((action, &said)))?;
                (StatusCode::UNPROCESSABLE_ENTITY, Some(page))
            }
        }))
    });
    match done.await {
        Ok(Some((status, Some(page)))) => page_of(status, page),
        Ok(Some((_, None))) => see(ADDRESS),
        Ok(None) => page_of(StatusCode::UNAUTHORIZED, signed_out_page(&fleet.door, &here())),
        Err(missing) => refused(&missing),
    }
}

/// The page on which these forms stand.
fn here() -> LeftPage {
    LeftPage::at(ADDRESS)
}

fn event(action: DeskAction, person: &SignedIn, address: &str, at: DateTime<Utc>) -> DeskEvent {
    DeskEvent {
        at,
        person: person.called.clone(),
        address: address.to_owned(),
        deed: action.as_str().to_owned(),
        about: String::new(),
        refused: false,
        said: String::new(),
    }
}

/// Kept with the people: it is no tenant's.
fn note(door: &Door, event: &DeskEvent, change: &AccountChange) -> Result<(), PageError> {
    let event = match change {
        AccountChange::Done => event.clone(),
        AccountChange::Wrong(said) => DeskEvent { refused: true, said: said.clone(), ..event.clone() },
        AccountChange::AsBefore | AccountChange::NotTheirs => return Ok(()),
    };
    let mut history = History::open_beside(&door.people)?.ok_or(PageError::Nothing)?;
    Ok(history.note_desk_event(&event)?)
}
