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
mod routes;
pub mod site;

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::web::desk::host::DeskHost;
use crate::web::host_check::HostCheck;
use crate::web::peer::Peer;
use crate::web::site::Site;

/// The desk of one state folder.
#[derive(Clone)]
pub struct DeskSite {
    pub(crate) site: Site,
    pub(crate) host: Arc<dyn DeskHost>,
    /// The proxy in front, whose word about browsers is taken.
    pub(crate) proxy: Option<IpAddr>,
    /// A hash takes 19 MiB: as many at a time, and the others wait.
    pub(crate) hashing: Arc<Semaphore>,
}

/// Hashes of passwords that are made at the same time.
const HASHES: usize = 2;

impl DeskSite {
    /// The desk of this site.
    pub fn new(site: Site, host: Arc<dyn DeskHost>, proxy: Option<IpAddr>) -> Self {
        Self { site, host, proxy, hashing: Arc::new(Semaphore::new(HASHES)) }
    }
}

/// Serves the desk until `stop` is ready. `names` are host names under which it may be asked, beside addresses and
/// localhost.
///
/// # Errors
/// When the listener fails.
pub async fn serve_desk(
    listener: TcpListener,
    desk: DeskSite,
    names: Vec<String>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let router = monitoring::routes(desk.site.clone(), monitoring::Asked::BesidePages).merge(routes::routes(desk));
    serve(listener, router, names, stop).await
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
    serve(listener, monitoring::routes(site, monitoring::Asked::Alone), Vec::new(), stop).await
}

async fn serve(
    listener: TcpListener,
    router: Router,
    names: Vec<String>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let doorkeeper = Arc::new(HostCheck::new(names));
    let guarded = router.layer(axum::middleware::from_fn_with_state(doorkeeper, host_check::check));
    axum::serve(listener, guarded.into_make_service_with_connect_info::<Peer>()).with_graceful_shutdown(stop).await
}
