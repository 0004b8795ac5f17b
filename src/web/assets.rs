//! The files that pages load: one style sheet; htmx, which swaps what a link or a form would load anyway; and the keys.

use axum::Router;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use maud::{Markup, html};

use crate::report::format::html::STYLE;

/// Their addresses hold their version, so a browser may keep them.
const HTMX: &str = "/htmx-4.0.1.js";
const HTMX_EVENTS: &str = "/htmx-sse-4.0.1.js";
const KEYS: &str = "/keys.js";
const STYLE_SHEET: &str = "/style.css";

/// Whether an address is that of one of these files, which are the same for every desk.
pub(crate) fn is_asset(address: &str) -> bool {
    [HTMX, HTMX_EVENTS, KEYS, STYLE_SHEET].contains(&address)
}

pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route(STYLE_SHEET, get(|| async { ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], STYLE) }))
        .route(
            KEYS,
            get(|| async {
                ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("assets/keys.js"))
            }),
        )
        .route(HTMX, get(|| async { script(include_str!("assets/htmx/htmx.min.js")) }))
        .route(HTMX_EVENTS, get(|| async { script(include_str!("assets/htmx/hx-sse.min.js")) }))
}

fn script(text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CACHE_CONTROL, "private, max-age=31536000, immutable"),
    ];
    (headers, text).into_response()
}

/// What a page's head loads. Without it every page works as well.
pub(crate) fn scripts() -> Markup {
    html! {
        meta name="htmx-config" content=r#"{"includeIndicatorCSS":false,"history":false}"#;
        // Not deferred: then htmx may start before its extension is there, and live parts stay dead.
        script src=(HTMX) {}
        script src=(HTMX_EVENTS) {}
        script src=(KEYS) defer {}
    }
}
