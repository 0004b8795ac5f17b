//! What all requests that leave this host have in common: how the client is made, and how an answer asks for patience.

use std::path::Path;
use std::time::{Duration, SystemTime};
use std::{fs, io};

use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderName};
use reqwest::{Certificate, Client, ClientBuilder};
use url::{Host, Url};

use crate::error_chain::error_chain;

/// A `Retry-After` that has gone by: clocks differ, so a little is waited all the same.
const WAIT_WHEN_PAST: Duration = Duration::from_secs(1);

/// A client for this address, with `authorities` beside those of the host. No redirect is followed, so credentials never
/// leave the server that they are for; and nothing is sent twice.
pub fn client(url: &Url, authorities: Option<Vec<Certificate>>) -> ClientBuilder {
    let plain = url.scheme() == "http" && is_loopback(url);
    let mut client = Client::builder()
        .user_agent(concat!("recount/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        // As before a library of ours turned HTTP/2 on for all: a connection for each request in flight.
        .http1_only()
        .https_only(!plain);
    if is_loopback(url) {
        client = client.no_proxy();
    }
    match authorities {
        Some(authorities) => client.tls_certs_merge(authorities),
        // Works on a host without any certificates.
        None if plain => client.tls_certs_only([]),
        None => client,
    }
}

/// The certificates of a PEM file. Empty when it holds none: then nothing of it is trusted, which is an error of the file.
pub fn authorities(pem: &Path) -> io::Result<Vec<Certificate>> {
    Ok(Certificate::from_pem_bundle(&fs::read(pem)?).unwrap_or_default())
}

/// Whether an address stays on this host. Only there it may do without https.
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Why a request failed, with all causes. Without the address: its path or its query may be a secret.
#[must_use]
pub fn failure(error: reqwest::Error) -> String {
    error_chain(&error.without_url())
}

/// The wait that an answer asks for: seconds, or a date by the server's own clock (its `Date`) or else by `now`. `None`
/// when it does not say so readably.
#[must_use]
pub fn retry_after(headers: &HeaderMap, now: Option<SystemTime>) -> Option<Duration> {
    let asked = text(headers, &RETRY_AFTER)?;
    if !asked.is_empty() && asked.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(asked.parse().unwrap_or(u64::MAX)));
    }
    let until = date(headers, &RETRY_AFTER)?;
    let wait = until.duration_since(date(headers, &DATE).or(now)?).unwrap_or_default();
    Some(wait.max(WAIT_WHEN_PAST))
}

/// The time that a header holds, if it does.
#[must_use]
pub fn date(headers: &HeaderMap, name: &HeaderName) -> Option<SystemTime> {
    httpdate::parse_http_date(text(headers, name)?).ok()
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(asked: Option<&str>) -> Option<u64> {
        let mut headers = HeaderMap::new();
        headers.insert(DATE, "Sun, 22 Nov 2026 02:00:00 GMT".parse().expect("a value"));
        if let Some(asked) = asked {
            headers.insert(RETRY_AFTER, asked.parse().expect("a value"));
        }
        retry_after(&headers, None).map(|wait| wait.as_secs())
    }

    /// Otherwise a server that asks for patience would be asked again too early, or a typo would stop a night.
    #[test]
    fn what_a_server_asks_for() {
        for (asked, seconds) in [
            (Some("30"), Some(30)),
            (Some(" 7 "), Some(7)),
            (Some("0"), Some(0)),
            (Some("31536000"), Some(31_536_000)),
            (Some("99999999999999999999999"), Some(u64::MAX)),
            (Some("Sun, 22 Nov 2026 02:02:00 GMT"), Some(120)),
            (Some("Sun, 22 Nov 2026 01:59:59 GMT"), Some(1)),
            (Some("Sun, 22 Nov 2026 02:00:00 GMT"), Some(1)),
            (Some("Mon, 22 Nov 2027 02:00:00 GMT"), Some(365 * 86_400)),
            (Some("-1"), None),
            (Some("1.5"), None),
            (Some("soon"), None),
            (Some(""), None),
            (None, None),
        ] {
            assert_eq!(after(asked), seconds, "{asked:?}");
        }
    }

    #[test]
    fn a_date_without_the_servers_clock_is_read_by_our_own() {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, "Sun, 22 Nov 2026 02:02:00 GMT".parse().expect("a value"));
        let ours = httpdate::parse_http_date("Sun, 22 Nov 2026 02:01:50 GMT").ok();
        assert_eq!(retry_after(&headers, ours), Some(Duration::from_secs(10)));
        assert_eq!(retry_after(&headers, None), None);
    }

    /// Otherwise keys would cross a network in the clear, whatever the configuration let pass.
    #[tokio::test]
    async fn nothing_is_sent_in_the_clear_to_another_host() {
        let url = Url::parse("http://192.0.2.1/hook?token=secret").expect("a URL");
        let client = client(&url, None).build().expect("a client");
        let error = client.get(url).send().await.expect_err("refused");
        assert!(error.is_builder(), "{error:?}");
        assert!(!failure(error).contains("secret"));
    }
}
