//! Who may ask: a request under a name that is not ours was made by a page of somebody else (DNS rebinding).

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

/// The names under which this server is known.
pub(super) struct HostCheck {
    names: Vec<String>,
}

impl HostCheck {
    pub(super) fn new(names: Vec<String>) -> Self {
        Self { names: names.into_iter().map(|name| name.to_ascii_lowercase()).collect() }
    }

    /// An address cannot be rebound; a name can, so only those that are known pass.
    fn knows(&self, host: &str) -> bool {
        if let Some((address, behind)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            return address.parse::<Ipv6Addr>().is_ok()
                && (behind.is_empty() || behind.strip_prefix(':').is_some_and(is_port));
        }
        let name = match host.split_once(':') {
            Some((name, port)) if is_port(port) => name,
            Some(_) => return false,
            None => host,
        };
        let name = name.to_ascii_lowercase();
        name == "localhost" || name.parse::<Ipv4Addr>().is_ok() || self.names.contains(&name)
    }
}

fn is_port(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Lets a request pass, and sets what every answer has to say to a browser.
pub(super) async fn check(State(doorkeeper): State<Arc<HostCheck>>, request: Request, next: Next) -> Response {
    let hosts: Vec<&HeaderValue> = request.headers().get_all(header::HOST).iter().collect();
    let known = match hosts.as_slice() {
        [host] => host.to_str().is_ok_and(|host| doorkeeper.knows(host)),
        _ => false,
    };
    let mut response = if known {
        next.run(request).await
    } else {
        (StatusCode::MISDIRECTED_REQUEST, "this server does not answer to that name; recount serve --host NAME\n")
            .into_response()
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise any page that an operator visits could read who is billed for what.
    #[test]
    fn foreign_names_are_refused() {
        let doorkeeper = HostCheck::new(vec!["Recount.example.com".to_owned()]);
        for host in ["127.0.0.1:8080", "localhost", "LOCALHOST:1", "[::1]:8080", "10.0.0.7", "recount.example.com:8080"]
        {
            assert!(doorkeeper.knows(host), "{host}");
        }
        let foreign =
            ["evil.example", "127.0.0.1.evil.example:8080", "localhost.evil.example", "", ":8080", "[evil]:1"];
        let disguised =
            ["[::1].evil.com", "[::1].evil.com:80", "[::1]:x", "[::1]:", "[::1", "::1", "localhost:8080.evil.com"];
        for host in foreign.into_iter().chain(disguised) {
            assert!(!doorkeeper.knows(host), "{host}");
        }
    }
}
