//! The tenants that somebody has a role at, the worst first.

use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use maud::{Markup, html};

use crate::history::desk::events::EventFilter;
use crate::history::desk::people::Role;
use crate::history::desk::tenant_roles::TenantRoles;
use crate::history::store::open::History;
use crate::reconcile::model::display_text::{escaped, shell_word, shown};
use crate::report::exit_codes::Exit;
use crate::report::numbers_and_dates::plural;
use crate::web::access::account_page;
use crate::web::access::browser_tokens;
use crate::web::access::left_page::{LeftPage, signed_out_page};
use crate::web::access::sign_in;
use crate::web::access::signed_in::{SignedIn, without_session};
use crate::web::assets::scripts;
use crate::web::desk::posted_fields::PostedFields;
use crate::web::desk::role_permissions::DeskAction;
use crate::web::fleet::fleet_host::{FleetDesk, TenantStanding};
use crate::web::fleet::tenant_addresses::{LIST, base};
use crate::web::html_head::{brand, document};
use crate::web::pages::audit;
use crate::web::response::{now, page_of, refused, see};
use crate::web::site::PageError;
use crate::zone::Zone;

/// `GET /t/`.
pub(crate) async fn page(State(fleet): State<FleetDesk>, headers: HeaderMap) -> Response {
    let reads = fleet.lists.clone();
    let drawn = reads.read(move || {
        let Some(person) = SignedIn::at(&fleet.door, &headers, now())? else { return Ok(None) };
        let history = History::open_existing(&fleet.door.people)?.ok_or(PageError::Nothing)?;
        let roles = history.tenant_roles(&person.name)?;
        let standings = fleet.host.standings(&|tenant| roles.at(tenant).is_some()).map_err(PageError::Broken)?;
        Ok(Some(drawn(&person, &roles, &standings)))
    });
    match drawn.await {
        Ok(Some(page)) => page_of(StatusCode::OK, page),
        Ok(None) => sign_in::to_door(LIST),
        Err(missing) => refused(&missing),
    }
}

fn drawn(person: &SignedIn, roles: &TenantRoles, standings: &[TenantStanding]) -> Markup {
    let well = standings.iter().filter(|one| one.exit == Exit::Done).count();
    let main = html! {
        header.head { div { h1 { "Tenants" } p.lead { (plural(standings.len(), "tenant")) ", " (well) " with nothing to do." } } }
        @if standings.is_empty() { p { "No tenant is yours yet. An administrator gives you one: " code { "recount users role " (shell_word(&person.name)) " ROLE --tenants DIR --tenant TENANT" } } }
        @else { (table(roles, standings)) }
        @if sees_sign_ins(roles) { p.do { a.b.quiet href=(SIGN_INS) { "Sign-ins and changes of people" } } }
    };
    framed(person, "Tenants", &main)
}

/// Where an administrator of all tenants sees who came in.
pub(crate) const SIGN_INS: &str = "/audit";

fn sees_sign_ins(roles: &TenantRoles) -> bool {
    // No folder has this name: what is said of every tenant is what counts.
    roles.at("") == Some(Role::Admin)
}

/// `GET /audit`: what is kept with the people. Names of tenants may be in it, so it is for who may see all of them.
pub(crate) async fn sign_ins(
    State(fleet): State<FleetDesk>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let reads = fleet.door.reads.clone();
    let drawn = reads.read(move || {
        let Some(person) = SignedIn::at(&fleet.door, &headers, now())? else { return Ok(None) };
        let history = History::open_existing(&fleet.door.people)?.ok_or(PageError::Nothing)?;
        if !sees_sign_ins(&history.tenant_roles(&person.name)?) {
            return Err(PageError::Nothing);
        }
        let query = PostedFields::parse(query.unwrap_or_default().as_bytes());
        let typed = query.get("q");
        let events = history.desk_events(&EventFilter { text: typed, ..EventFilter::default() }, query.get("before").parse().ok(), audit::LISTED)?;
        let main = html! { header.head { div { p.over { a href=(LIST) { "Tenants" } } h1 { "Sign-ins and changes of people" } p.lead { "Times are UTC." } } } (audit::table(&Zone::utc(), &events, &[("q", typed)])) };
        Ok(Some(framed(&person, "Sign-ins", &main)))
    });
    match drawn.await {
        Ok(Some(page)) => page_of(StatusCode::OK, page),
        Ok(None) => sign_in::to_door(SIGN_INS),
        Err(missing) => refused(&missing),
    }
}

pub(super) fn framed(person: &SignedIn, title: &str, main: &Markup) -> Markup {
    let body = html! {
        body {
            a.skip href="#main" { "Skip to the page" }
            div.shell {
                header.rail {
                    a.brand href=(LIST) { (brand()) }
                    div.me {
                        a href=(account_page::ADDRESS) { b { (person.name) } }
                        form method="post" action=(DeskAction::SignOut.path()) {
                            input type="hidden" name="csrf" value=(person.form_token);
                            button.b.quiet { "Sign out" }
                        }
                    }
                }
                main.main #main {
                    (main)
                    footer.foot { p { "Quantities only: no page of this desk holds an amount of money." } }
                }
            }
        }
    };
    document(title, &scripts(), &body)
}

fn table(roles: &TenantRoles, standings: &[TenantStanding]) -> Markup {
    html! {
        div.sheet { table {
            caption.sr { "Tenants, the worst first" }
            thead { tr { th scope="col" { "Tenant" } th scope="col" { "Stands" } th.wide scope="col" { "You are" } } }
            tbody { @for one in standings { tr {
                th scope="row" {
                    @if one.is_whole { a href={ (base(&one.tenant)) "/" } { (shown(&one.tenant)) } } @else { (shown(&one.tenant)) }
                }
                td { span.tag.(tone(one.exit)) { (one.exit.sentence()) } @if !one.said.is_empty() { span.rest { (escaped(&one.said)) } } }
                td.wide { @if let Some(role) = roles.at(&one.tenant) { (role) } }
            } } }
        } }
    }
}

fn tone(exit: Exit) -> &'static str {
    match exit {
        Exit::Done => "good",
        Exit::Decide | Exit::Pending => "ask",
        _ => "bad",
    }
}

/// `POST /signout`, from the list.
pub(crate) async fn sign_out(State(fleet): State<FleetDesk>, headers: HeaderMap, body: Bytes) -> Response {
    let (reads, door) = (fleet.door.reads.clone(), fleet.door.clone());
    let done = reads.read(move || {
        let Some(person) = SignedIn::at(&fleet.door, &headers, now())? else { return Ok(true) };
        let is_own = browser_tokens::is_form_token(&person.form_token, PostedFields::parse(&body).get("csrf"));
        if is_own {
            let mut history = History::open_beside(&fleet.door.people)?.ok_or(PageError::Nothing)?;
            history.end_session(&person.digest)?;
        }
        Ok(is_own)
    });
    match done.await {
        Ok(true) => without_session(see("/signin"), &door),
        Ok(false) => page_of(StatusCode::FORBIDDEN, signed_out_page(&door, &LeftPage::at(LIST))),
        Err(missing) => refused(&missing),
    }
}
