//! `/metrics` and `/healthz`: what monitoring asks.

use axum::Router;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::web::peer_address::Peer;
use crate::web::response::refused;
use crate::web::site::{PageError, Site};

/// Who is served with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AskedBy {
    /// Nobody: the address is that of monitoring alone.
    Alone,
    /// People: then the numbers, which name integrations, are for this host alone.
    BesidePages,
}

pub(crate) fn routes(site: Site, asked: AskedBy) -> Router {
    let metrics =
        get(move |State(site): State<Site>, ConnectInfo(peer): ConnectInfo<Peer>, headers: HeaderMap| async move {
            let forwarded = headers.contains_key("x-forwarded-for") || headers.contains_key("forwarded");
            match asked == AskedBy::Alone || (peer.0.ip().to_canonical().is_loopback() && !forwarded) {
                true => metrics(site).await,
                false => (StatusCode::FORBIDDEN, "the numbers are for this host alone\n").into_response(),
            }
        });
    Router::new().route("/metrics", metrics).route("/healthz", get(healthz)).with_state(site)
}

async fn metrics(site: Site) -> Response {
    let reads = site.reads.clone();
    match reads.read(move || (site.metrics)().map_err(PageError::Broken)).await {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response(),
        Err(missing) => refused(&missing),
    }
}

/// Whether this server can do its work; how the nights were says `recount status`. Under an older history it shows pages all
/// the same, which say so: it is up, and not ok.
async fn healthz(State(site): State<Site>) -> Response {
    let reads = site.reads.clone();
    match reads.read(move || said(&site)).await {
        Ok(said) => said.into_response(),
        Err(missing) => refused(&missing),
    }
}

fn said(site: &Site) -> Result<&'static str, PageError> {
    let history = History::open_existing(&site.state)?;
    match history.map(|history| history.is_current()).transpose() {
        Ok(_) => Ok("ok\n"),
        Err(StoreError::Restored { .. }) => Ok("up, but the history is older than its last run: recount status\n"),
        Err(StoreError::Unrecorded { .. } | StoreError::NotesUnreadable { .. }) => {
            Ok("up, but the last night could not be recorded: recount status\n")
        }
        Err(unreadable) => Err(unreadable.into()),
    }
}
