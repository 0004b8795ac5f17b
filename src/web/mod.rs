//! Read-only pages over history and report. There is no address here that changes anything.
//!
//! A page of another site must not read them through the browser of somebody who may: requests under a foreign name are
//! refused ([`host_check`]), and nothing on a page may load or run anything.

pub(crate) mod history_view;
pub(crate) mod host_check;
mod listener;
mod pages;
pub mod site;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::web::host_check::HostCheck;
use crate::web::listener::Limits;
use crate::web::site::Site;

/// Which pages are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All.
    Pages,
    /// `/metrics` and `/healthz`: what monitoring asks.
    Monitoring,
}

/// Serves until `stop` is ready. `names` are host names under which it may be asked, beside addresses and localhost.
/// Nobody holds many connections, or one for long.
pub async fn serve(
    listener: TcpListener,
    site: Site,
    extent: Extent,
    names: Vec<String>,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    listener::serve(listener, router(site, extent, names), Limits::USUAL, stop).await;
}

/// Pages that are made at a time: each has the history open for itself.
static READS: Semaphore = Semaphore::const_new(4);

fn router(site: Site, extent: Extent, names: Vec<String>) -> Router {
    let monitoring = Router::new().route("/metrics", get(metrics)).route("/healthz", get(healthz));
    let pages = match extent {
        Extent::Monitoring => monitoring,
        Extent::Pages => monitoring
            .route("/", get(index))
            .route("/runs/{run}", get(run))
            .route("/reports/{run}", get(report))
            .route("/customers", get(customers))
            .route("/customers/{customer}", get(customer))
            .route("/style.css", get(style)),
    };
    let doorkeeper = Arc::new(HostCheck::new(names));
    pages.with_state(site).layer(axum::middleware::from_fn_with_state(doorkeeper, host_check::check))
}

/// Pages load the style sheet of this site, and nothing else at all.
const CSP: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// A kept report is one file, with its style inside.
const CSP_REPORT: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

async fn index(State(site): State<Site>) -> Response {
    page(&site, |site| {
        let health = (site.health)().map_err(history_view::Missing::Broken)?;
        Ok(pages::index(&health, &history_view::runs(site)?))
    })
    .await
}

async fn run(State(site): State<Site>, Path(run): Path<i64>) -> Response {
    page(&site, move |site| Ok(pages::run(&history_view::run(site, run)?, history_view::kept(site, run).is_some())))
        .await
}

/// The report of a run as it was kept, whole.
async fn report(State(site): State<Site>, Path(run): Path<i64>) -> Response {
    let found = read(&site, move |site| history_view::kept(site, run).ok_or(history_view::Missing::Nothing)).await;
    match found {
        Ok(html) => answer(StatusCode::OK, "text/html; charset=utf-8", CSP_REPORT, html),
        Err(missing) => refused(&missing),
    }
}

async fn customers(State(site): State<Site>) -> Response {
    page(&site, |site| Ok(pages::customers(&history_view::customers(site)?))).await
}

async fn customer(State(site): State<Site>, Path(customer): Path<String>) -> Response {
    page(&site, move |site| {
        let lines = history_view::lines_of(site, &customer)?;
        if lines.is_empty() { Err(history_view::Missing::Nothing) } else { Ok(pages::customer(&customer, &lines)) }
    })
    .await
}

async fn style() -> Response {
    answer(StatusCode::OK, "text/css; charset=utf-8", CSP, pages::STYLE.to_owned())
}

async fn metrics(State(site): State<Site>) -> Response {
    match read(&site, |site| (site.metrics)().map_err(history_view::Missing::Broken)).await {
        Ok(text) => answer(StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8", CSP, text),
        Err(missing) => refused(&missing),
    }
}

/// Whether this server can do its work; how the nights were says `recount status`.
async fn healthz(State(site): State<Site>) -> Response {
    match read(&site, |site| history_view::runs(site).map(|_| ())).await {
        Ok(()) | Err(history_view::Missing::Nothing) => {
            answer(StatusCode::OK, "text/plain; charset=utf-8", CSP, "ok\n".to_owned())
        }
        Err(missing) => refused(&missing),
    }
}

async fn page(
    site: &Site,
    make: impl FnOnce(&Site) -> Result<maud::Markup, history_view::Missing> + Send + 'static,
) -> Response {
    match read(site, make).await {
        Ok(page) => answer(StatusCode::OK, "text/html; charset=utf-8", CSP, page.into_string()),
        Err(missing) => refused(&missing),
    }
}

/// The history is read on a thread that may wait for the disk.
async fn read<T: Send + 'static>(
    site: &Site,
    work: impl FnOnce(&Site) -> Result<T, history_view::Missing> + Send + 'static,
) -> Result<T, history_view::Missing> {
    let site = site.clone();
    let _place = READS.acquire().await;
    let done = tokio::task::spawn_blocking(move || work(&site)).await;
    done.unwrap_or_else(|error| Err(history_view::Missing::Broken(error.to_string())))
}

fn refused(missing: &history_view::Missing) -> Response {
    let (status, text) = match missing {
        history_view::Missing::Nothing => (StatusCode::NOT_FOUND, "there is nothing here\n"),
        history_view::Missing::Broken(why) => {
            tracing::error!("a page cannot be shown: {why}");
            (StatusCode::SERVICE_UNAVAILABLE, "the history cannot be read; recount verify says more\n")
        }
    };
    answer(status, "text/plain; charset=utf-8", CSP, text.to_owned())
}

fn answer(status: StatusCode, kind: &'static str, csp: &'static str, body: String) -> Response {
    let mut response = (status, [(header::CONTENT_TYPE, kind)], body).into_response();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(csp));
    response
}
