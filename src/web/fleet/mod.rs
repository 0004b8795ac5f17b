//! The desk of many tenants: one door, a list of those that somebody has a role at, and behind it each tenant's own desk.
//!
//! Who comes is known before anything is looked at: whoever has no role at a tenant gets the answer that is given where there
//! is no such tenant. The tenant's desk asks again, at each of its pages and buttons.

mod fleet_account;
pub mod fleet_host;
pub(crate) mod tenant_addresses;
mod tenant_links;
mod tenant_list;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::Response;
use axum::routing::{get, post};
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;

use crate::web::access::account_page::ADDRESS;
use crate::web::access::left_page::{LeftPage, signed_out_page};
use crate::web::access::sign_in;
use crate::web::access::signed_in::SignedIn;
use crate::web::desk::posted_fields::PostedFields;
use crate::web::desk::role_permissions::DeskAction;
use crate::web::fleet::fleet_host::{FleetDesk, TenantDesk};
use crate::web::fleet::tenant_addresses::{LIST, base, parted};
use crate::web::fleet::tenant_links::moved;
use crate::web::html_head::message_page;
use crate::web::peer_address::Peer;
use crate::web::response::{now, only_a_form, page_of, refused, see};
use crate::web::routes;
use crate::web::site::{DeskSite, Door, PageError};
use crate::web::tab::is_tab;

pub(crate) fn routes(fleet: FleetDesk) -> Router {
    let mut router = routes::door_routes();
    for action in DeskAction::OWN_ACCOUNT {
        let handler = move |fleet, peer, headers, body| fleet_account::change(action, fleet, peer, headers, body);
        router = router.route(action.path(), post(handler));
    }
    router
        .route("/", get(|| async { see(LIST) }))
        .route(ADDRESS, get(fleet_account::page))
        .route(LIST, get(tenant_list::page))
        .route(tenant_list::SIGN_INS, get(tenant_list::sign_ins))
        .route("/signout", post(tenant_list::sign_out))
        .fallback(of_tenant)
        .method_not_allowed_fallback(only_a_form)
        .layer(DefaultBodyLimit::max(routes::FORM_MOST))
        .with_state(fleet)
}

/// Whatever lies under a tenant's address.
async fn of_tenant(State(fleet): State<FleetDesk>, ConnectInfo(peer): ConnectInfo<Peer>, request: Request) -> Response {
    let Some((tenant, page)) = parted(request.uri()) else { return refused(&PageError::Nothing) };
    if let Some(page) = page.clone().filter(|page| is_tab(page.path())) {
        return tab(fleet, tenant, peer, (request, page)).await;
    }
    match admitted(&fleet.door, request.headers().clone(), tenant.clone()).await {
        Ok(Admitted::Yes) => {}
        Ok(Admitted::Unknown) if request.method() == Method::GET => {
            let address = request.uri().path_and_query().map(|all| all.as_str().to_owned());
            return sign_in::to_door(&address.unwrap_or_default());
        }
        Ok(Admitted::Unknown) => return signed_out(&fleet, &tenant, (page, request)).await,
        Ok(Admitted::No) => return refused(&PageError::Nothing),
        Err(missing) => return refused(&missing),
    }
    let Some(page) = page else { return see(&format!("{}/", base(&tenant))) };
    let (host, name) = (Arc::clone(&fleet.host), tenant.clone());
    match fleet.door.reads.read(move || Ok(host.desk(&name))).await {
        Ok(Ok(Some(desk))) => answered(desk, (fleet.door, tenant), peer, (request, page)).await,
        Ok(Ok(None)) => refused(&PageError::Nothing),
        Ok(Err(why)) => {
            page_of(StatusCode::SERVICE_UNAVAILABLE, message_page(&format!("{tenant}: nothing can be shown now"), &why))
        }
        Err(missing) => refused(&missing),
    }
}

/// A form came without a session: what was typed into it is shown again.
async fn signed_out(fleet: &FleetDesk, tenant: &str, (page, request): (Option<Uri>, Request)) -> Response {
    let body = to_bytes(request.into_body(), routes::FORM_MOST).await.unwrap_or_default();
    let sent_to = page.map(|page| page.path().to_owned()).unwrap_or_default();
    let left = LeftPage::of(&base(tenant), &sent_to, &PostedFields::parse(&body), (&fleet.door.typed, now()));
    page_of(StatusCode::UNAUTHORIZED, signed_out_page(&fleet.door, &left))
}

/// The tab in a tenant's ConnectWise: nobody is signed in there, so of a tenant that has none, or is broken, nothing is said.
async fn tab(fleet: FleetDesk, tenant: String, peer: Peer, (request, page): (Request, Uri)) -> Response {
    let (host, name) = (Arc::clone(&fleet.host), tenant.clone());
    match fleet.door.reads.read(move || Ok(host.desk(&name))).await {
        Ok(Ok(Some(desk))) if desk.tab.is_some() => answered(desk, (fleet.door, tenant), peer, (request, page)).await,
        _ => refused(&PageError::Nothing),
    }
}

/// Whether somebody may come to a tenant's desk.
enum Admitted {
    Yes,
    No,
    /// Nobody is signed in.
    Unknown,
}

async fn admitted(door: &Door, headers: HeaderMap, tenant: String) -> Result<Admitted, PageError> {
    let own = door.clone();
    let asked = door.reads.read(move || {
        let Some(person) = SignedIn::at(&own, &headers, now())? else { return Ok(Admitted::Unknown) };
        Ok(if person.role_at(&own, &tenant)?.is_some() { Admitted::Yes } else { Admitted::No })
    });
    asked.await
}

/// What the tenant's desk answers, as if the page were its own.
async fn answered(
    desk: TenantDesk,
    (door, tenant): (Door, String),
    peer: Peer,
    (request, page): (Request, Uri),
) -> Response {
    let TenantDesk { site, host, tab, places } = desk;
    let Ok(_place) = places.try_acquire() else {
        let said = "Many pages of this desk are being made; those that ask ConnectWise wait for its answer. Try again.";
        return page_of(StatusCode::SERVICE_UNAVAILABLE, message_page("Busy", said));
    };
    let base = base(&tenant);
    let desk = DeskSite { site, host, door, tenant: Some(tenant.into()), tab };
    let (mut parts, body) = request.into_parts();
    parts.uri = page;
    // Nothing of this address is a part of that one.
    parts.extensions.clear();
    parts.extensions.insert(ConnectInfo(peer));
    let pages = TowerToHyperService::new(routes::of_desk(Router::new(), desk));
    match pages.call(Request::<Body>::from_parts(parts, body)).await {
        Ok(response) => moved(response, &base),
        Err(never) => match never {},
    }
}
