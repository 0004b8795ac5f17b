//! What keeps other sites' pages, in the browser of somebody who may come in, from reading this one's and from pressing its
//! buttons.

mod foreign_forms;
pub(super) mod host_names;
mod security_headers;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::web::browser_protection::foreign_forms::comes_from;
use crate::web::browser_protection::host_names::HostNames;

/// Lets a request pass, and sets what every answer has to say to a browser.
pub(super) async fn check(State(names): State<Arc<HostNames>>, request: Request, next: Next) -> Response {
    let mut response = match refusal(&names, &request) {
        None => next.run(request).await,
        Some(refusal) => refusal.into_response(),
    };
    security_headers::set(&mut response);
    response
}

fn refusal(names: &HostNames, request: &Request) -> Option<(StatusCode, &'static str)> {
    let headers = request.headers();
    let hosts: Vec<&HeaderValue> = headers.get_all(header::HOST).iter().collect();
    let host = match hosts.as_slice() {
        [host] => host.to_str().ok().filter(|host| names.knows(host)),
        _ => None,
    };
    let Some(host) = host else {
        let why = "this server does not answer to that name; recount serve --host NAME\n";
        return Some((StatusCode::MISDIRECTED_REQUEST, why));
    };
    let foreign = !request.method().is_safe() && !comes_from(host, headers);
    foreign.then_some((StatusCode::FORBIDDEN, "this form comes from another site\n"))
}
