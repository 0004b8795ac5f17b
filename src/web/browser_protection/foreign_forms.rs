//! Forms of other sites.

use axum::http::HeaderMap;

/// Whether a form comes from a page of this host, as far as the browser says. A program that is no browser says nothing;
/// the token of the form is asked for in any case.
pub(super) fn comes_from(host: &str, headers: &HeaderMap) -> bool {
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
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

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
