//! Where requests go: the host rule, and URLs built of fixed words and numbers only.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use crate::connectwise::client::settings::{ClientError, without_credentials};
use crate::http_client::is_loopback;

/// The two places of one ConnectWise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sites {
    /// Where the API answers, without a slash at the end.
    api: String,
    /// Where people log in; tells a company's codebase.
    login: Url,
}

/// ConnectWise's own sites. API calls go to `api-REGION`, the login look-up to `REGION` (ConnectWise developer guide).
const CLOUD_REGIONS: &[&str] = &["na", "eu", "au", "aus", "za", "staging"];
const CLOUD_DOMAINS: &[&str] = &["myconnectwise.net", "connectwisedev.com"];

impl Sites {
    pub(crate) fn of(url: &Url) -> Result<Self, ClientError> {
        check(url).map_err(|why| ClientError::Url { url: without_credentials(url), why })?;
        let (mut api, mut login) = (url.clone(), url.clone());
        if let Some((region, domain)) = url.host_str().and_then(cloud_region) {
            // Both are host names that parsed a moment ago, give or take `api-`.
            let _ = api.set_host(Some(&format!("api-{region}.{domain}")));
            let _ = login.set_host(Some(&format!("{region}.{domain}")));
        }
        Ok(Self { api: api.as_str().trim_end_matches('/').to_owned(), login })
    }

    /// The site that the client is made for.
    pub(crate) fn base(&self) -> &Url {
        &self.login
    }

    /// The address that every path of the API hangs on, without a slash at the end.
    pub(crate) fn api_root(&self, codebase: &str) -> String {
        format!("{}/{codebase}/apis/3.0", self.api)
    }

    /// Where the server tells a company's codebase, to anyone (ConnectWise developer guide).
    pub(crate) fn company_info(&self, company: &str) -> Url {
        let mut url = self.login.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["login", "companyinfo", company]);
        }
        url
    }
}

fn check(url: &Url) -> Result<(), &'static str> {
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(url) => {}
        "http" => return Err("would send the keys in the clear; write https (http is for loopback hosts only)"),
        _ => return Err("has to begin with https://"),
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err("names no host");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("has a user or a password in it; the keys have settings of their own");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("has a ? or a # in it; write the site's address alone");
    }
    let path = url.path().to_ascii_lowercase();
    if format!("{path}/").contains("/apis/") {
        return Err("ends in the API's path; leave out the codebase and /apis/..., they are added");
    }
    if path.trim_end_matches('/').rsplit('/').next().is_some_and(looks_like_release) {
        return Err("ends in a codebase; leave it out here and set `codebase`");
    }
    Ok(())
}

/// `v4_6_release`, `v2025_1`: no folder that a server would be kept under.
fn looks_like_release(segment: &str) -> bool {
    let digits = segment.strip_prefix('v').unwrap_or_default();
    digits.starts_with(|c: char| c.is_ascii_digit()) && digits.contains('_')
}

fn cloud_region(host: &str) -> Option<(&str, &str)> {
    let (name, domain) = host.split_once('.')?;
    let region = name.strip_prefix("api-").unwrap_or(name);
    (CLOUD_REGIONS.contains(&region) && CLOUD_DOMAINS.contains(&domain)).then_some((region, domain))
}

/// Beside the unreserved characters a few may stand in a query as they are, and lists of ids stay short.
const ENCODED: AsciiSet = NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b',')
    .remove(b'(')
    .remove(b')')
    .remove(b'/');

/// A URL of the API: a path of fixed words and ids, and query values, which are encoded.
pub(crate) fn api_url(root: &str, path: &str, query: &[(&str, &str)]) -> String {
    let mut url = format!("{root}/{path}");
    for (place, (key, value)) in query.iter().enumerate() {
        url.push(if place == 0 { '?' } else { '&' });
        url.push_str(key);
        url.push('=');
        url.extend(utf8_percent_encode(value, &ENCODED));
    }
    url
}

/// How long a query value is in a URL.
pub(crate) fn encoded_len(value: &str) -> usize {
    utf8_percent_encode(value, &ENCODED).map(str::len).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sites(url: &str) -> Result<Sites, String> {
        Sites::of(&Url::parse(url).expect("a URL")).map_err(|error| error.to_string())
    }

    /// Otherwise a person who copies the address out of the browser gets "SSL is required" for an answer.
    #[test]
    fn cloud_sites_are_asked_at_their_api_host() {
        for (url, root, login) in [
            ("https://na.myconnectwise.net", "https://api-na.myconnectwise.net", "https://na.myconnectwise.net"),
            ("https://api-eu.myconnectwise.net/", "https://api-eu.myconnectwise.net", "https://eu.myconnectwise.net"),
            ("https://AUS.myconnectwise.net", "https://api-aus.myconnectwise.net", "https://aus.myconnectwise.net"),
            (
                "https://staging.connectwisedev.com",
                "https://api-staging.connectwisedev.com",
                "https://staging.connectwisedev.com",
            ),
            ("https://cw.example.com/psa/", "https://cw.example.com/psa", "https://cw.example.com/psa"),
            ("https://na.example.com:8443", "https://na.example.com:8443", "https://na.example.com:8443"),
            ("http://[::1]:8080", "http://[::1]:8080", "http://[::1]:8080"),
        ] {
            let sites = sites(url).expect(url);
            assert_eq!(sites.api_root("v4_6_release"), format!("{root}/v4_6_release/apis/3.0"));
            assert_eq!(sites.company_info("a b/c").as_str(), format!("{login}/login/companyinfo/a%20b%2Fc"));
        }
    }

    /// Otherwise keys would cross a network in the clear, or go to an address that cannot be right.
    #[test]
    fn addresses_that_cannot_be_right_are_refused_with_advice() {
        for (url, advice) in [
            ("http://na.myconnectwise.net", "loopback hosts only"),
            ("http://localhost.example.com", "loopback hosts only"),
            ("http://10.0.0.1", "loopback hosts only"),
            ("ftp://na.myconnectwise.net", "https://"),
            ("https://user:pass@cw.example.com", "settings of their own"),
            ("https://cw.example.com/?a=b", "address alone"),
            ("https://cw.example.com/v4_6_release/apis/3.0", "leave out the codebase"),
            ("https://cw.example.com/apis", "leave out the codebase"),
            ("https://cw.example.com/v4_6_release/", "set `codebase`"),
        ] {
            let error = sites(url).expect_err(url);
            assert!(error.contains(advice) && !error.contains("pass@"), "{url}: {error}");
        }
        for url in ["http://127.0.0.1:1", "http://127.9.9.9", "http://localhost:1", "http://[::1]"] {
            assert!(is_loopback(sites(url).expect(url).base()), "{url}");
        }
    }

    #[test]
    fn query_values_are_encoded() {
        let url =
            api_url("http://h/x", "a/b", &[("conditions", "company/id in (1,2) and id>5"), ("orderBy", "id asc")]);
        assert_eq!(url, "http://h/x/a/b?conditions=company/id%20in%20(1,2)%20and%20id%3E5&orderBy=id%20asc");
    }
}
