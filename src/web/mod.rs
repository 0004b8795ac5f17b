//! The desk: pages over history and report, and the buttons on them; and `/metrics`, which needs neither.
//!
//! A page of another site must not read them through the browser of somebody who may: requests under a foreign name are
//! refused ([`browser_protection`]), and so is every form that a page of ours did not give to this very session.

pub mod access;
mod assets;
mod browser_protection;
mod connection_limits;
pub mod desk;
mod desk_request;
pub mod fleet;
mod html_head;
mod kept_reports;
mod live_events;
mod monitoring;
mod pages;
mod peer_address;
mod receive_upload;
mod response;
mod routes;
pub mod site;
mod slow_connections;
mod tab;
pub mod tls;
mod typed_notes;

use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;

use crate::web::browser_protection::host_names::HostNames;
use crate::web::connection_limits::Limits;
use crate::web::fleet::fleet_host::FleetDesk;
use crate::web::site::{DeskSite, Site};
use crate::web::tls::{TlsDoor, TlsError, TlsFiles};

/// Serves the desk until `stop` is ready. `names` are host names under which it may be asked, beside addresses and
/// localhost. Nobody holds many connections, or one for long.
pub async fn serve_desk(
    listener: TcpListener,
    desk: DeskSite,
    (names, tls): (Vec<String>, Option<TlsFiles>),
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), TlsError> {
    let router = monitoring::routes(desk.site.clone(), monitoring::AskedBy::BesidePages).merge(routes::routes(desk));
    serve_pages(listener, guarded(router, names), tls, stop).await
}

/// Serves the desk of many tenants likewise. `site` has their metrics, and the store of the people.
pub async fn serve_fleet(
    listener: TcpListener,
    (fleet, site): (FleetDesk, Site),
    (names, tls): (Vec<String>, Option<TlsFiles>),
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), TlsError> {
    let router = monitoring::routes(site, monitoring::AskedBy::BesidePages).merge(fleet::routes(fleet));
    serve_pages(listener, guarded(router, names), tls, stop).await
}

async fn serve_pages(
    listener: TcpListener,
    router: Router,
    tls: Option<TlsFiles>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), TlsError> {
    let tls = tls.map(TlsDoor::of).transpose()?.map(Arc::new);
    connection_limits::serve(listener, router, Limits::USUAL, tls, stop).await;
    Ok(())
}

/// Serves `/metrics` and `/healthz` alone.
pub async fn serve_monitoring(listener: TcpListener, site: Site, stop: impl Future<Output = ()> + Send + 'static) {
    let router = guarded(monitoring::routes(site, monitoring::AskedBy::Alone), Vec::new());
    connection_limits::serve(listener, router, Limits::USUAL, None, stop).await;
}

fn guarded(router: Router, names: Vec<String>) -> Router {
    let names = Arc::new(HostNames::new(names));
    router.layer(axum::middleware::from_fn_with_state(names, browser_protection::check))
}
