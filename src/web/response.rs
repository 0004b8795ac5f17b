//! Answers of the desk: a page, a redirect, a refusal.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use maud::Markup;

use crate::web::html_head::message_page;
use crate::web::site::PageError;

#[expect(clippy::disallowed_methods, reason = "a session ends by the clock")]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}

/// Marks an answer that pages of other origins may frame, as far as its policy says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MayBeFramed;

pub(crate) fn page_of(status: StatusCode, page: Markup) -> Response {
    (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], page.into_string()).into_response()
}

/// To another page of the desk.
pub(crate) fn see(address: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, address.to_owned())]).into_response()
}

/// What is done by a form was asked for like a page.
pub(crate) async fn only_a_form() -> Response {
    let said = "This is done by a button of the desk, and by nothing else. Nothing was changed.";
    page_of(StatusCode::METHOD_NOT_ALLOWED, message_page("Not by an address", said))
}

pub(crate) fn refused(missing: &PageError) -> Response {
    match missing {
        PageError::Nothing => page_of(
            StatusCode::NOT_FOUND,
            message_page("There is nothing here", "What stood at this address is gone, or never was."),
        ),
        PageError::Broken(why) => {
            tracing::error!("a page cannot be shown: {why}");
            let said = "The history or the configuration cannot be read; on the host recount verify and recount check say more.";
            page_of(StatusCode::SERVICE_UNAVAILABLE, message_page("Nothing can be shown now", said))
        }
    }
}
