//! Who may ask: a request under a name that is not ours was made by a page of somebody else (DNS rebinding).

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::web::response::MayBeFramed;

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
    let mut response = match refusal(&doorkeeper, &request) {
        None => next.run(request).await,
        Some(refusal) => refusal.into_response(),
    };
    let framed = response.extensions_mut().remove::<MayBeFramed>().is_some();
    let headers = response.headers_mut();
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    // What names its own version may be kept.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    for (name, value) in SAID {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if framed {
        // Its policy says who may; this header knows only all or none.
        headers.remove(header::X_FRAME_OPTIONS);
    }
    response
}

/// Pages load the style sheet and the scripts of this site, ask it and send forms to it, and nothing else at all.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const SAID: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // Not `no-referrer`: with that a browser hides from which page a form comes.
    (header::REFERRER_POLICY, "same-origin"),
    // A browser heeds it over https alone.
    (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

fn refusal(doorkeeper: &HostCheck, request: &Request) -> Option<(StatusCode, &'static str)> {
    let headers = request.headers();
    let hosts: Vec<&HeaderValue> = headers.get_all(header::HOST).iter().collect();
    let host = match hosts.as_slice() {
        [host] => host.to_str().ok().filter(|host| doorkeeper.knows(host)),
        _ => None,
    };
    let Some(host) = host else {
        let why = "this server does not answer to that name; recount serve --host NAME\n";
        return Some((StatusCode::MISDIRECTED_REQUEST, why));
    };
    let foreign = !request.method().is_safe() && !comes_from(host, headers);
    foreign.then_some((StatusCode::FORBIDDEN, "this form comes from another site\n"))
}

/// Whether a form comes from a page of this host, as far as the browser says. A program that is no browser says nothing;
/// the token of the form is asked for in any case.
fn comes_from(host: &str, headers: &HeaderMap) -> bool {
    let said = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let site = said("sec-fetch-site").is_none_or(|site| site == "same-origin");
    let origin = said("origin").is_none_or(|origin| {
        let origin = origin.split_once("://").map(|(_, host)| host);
        origin.is_some_and(|origin| origin.eq_ignore_ascii_case(host))
    });
    site && origin
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

    /// Otherwise a page that somebody with a session visits could press the buttons of the desk.
    #[test]
    fn forms_of_other_sites_are_refused() {
        let headers = |pairs: &[(&'static str, &'static str)]| {
            let pairs =
                pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            pairs.collect::<HeaderMap>()
        };
        let from = |pairs: &[(&'static str, &'static str)]| comes_from("desk.example:8443", &headers(pairs));
        assert!(from(&[]) && from(&[("sec-fetch-site", "same-origin"), ("origin", "https://desk.example:8443")]));
        for pairs in [
            [("sec-fetch-site", "cross-site")],
            [("sec-fetch-site", "same-site")],
            [("sec-fetch-site", "none")],
            [("origin", "https://evil.example")],
            [("origin", "https://desk.example")],
            [("origin", "null")],
        ] {
            assert!(!from(&pairs), "{pairs:?}");
        }
    }
}
