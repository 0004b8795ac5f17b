//! The files that pages load: one style sheet, and htmx, which swaps what a link or a form would load anyway.

use axum::Router;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use maud::{Markup, html};

/// Their addresses hold their version, so a browser may keep them.
const HTMX: &str = "/htmx-4.0.1.js";
const HTMX_EVENTS: &str = "/htmx-sse-4.0.1.js";

pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route(
            "/style.css",
            get(|| async { ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("assets/style.css")) }),
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
        script src=(HTMX) defer {}
        script src=(HTMX_EVENTS) defer {}
    }
}
