//! The desk: pages over history and report, and the buttons on them; and `/metrics`, which needs neither.
//!
//! A page of another site must not read them through the browser of somebody who may: requests under a foreign name are
//! refused ([`host_check`]), and so is every form that a page of ours did not give to this very session.

pub mod desk;
pub mod door;
pub(crate) mod host_check;
mod monitoring;
mod pages;
mod peer;
mod response;
mod routes;
pub mod site;
pub mod tls;

use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;

use crate::web::host_check::HostCheck;
use crate::web::peer::Peer;
use crate::web::site::{DeskSite, Site};
use crate::web::tls::{TlsFiles, TlsListener};

/// Serves the desk until `stop` is ready. `names` are host names under which it may be asked, beside addresses and
/// localhost.
///
/// # Errors
/// When the listener fails, or the certificate cannot be used.
pub async fn serve_desk(
    listener: TcpListener,
    desk: DeskSite,
    (names, tls): (Vec<String>, Option<TlsFiles>),
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let router = monitoring::routes(desk.site.clone(), monitoring::Asked::BesidePages).merge(routes::routes(desk));
    let service = guarded(router, names).into_make_service_with_connect_info::<Peer>();
    match tls {
        None => axum::serve(listener, service).with_graceful_shutdown(stop).await,
        Some(files) => axum::serve(TlsListener::over(listener, files)?, service).with_graceful_shutdown(stop).await,
    }
}

/// Serves `/metrics` and `/healthz` alone.
///
/// # Errors
/// When the listener fails.
pub async fn serve_monitoring(
    listener: TcpListener,
    site: Site,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let router = guarded(monitoring::routes(site, monitoring::Asked::Alone), Vec::new());
    axum::serve(listener, router.into_make_service_with_connect_info::<Peer>()).with_graceful_shutdown(stop).await
}

fn guarded(router: Router, names: Vec<String>) -> Router {
    let doorkeeper = Arc::new(HostCheck::new(names));
    router.layer(axum::middleware::from_fn_with_state(doorkeeper, host_check::check))
}
