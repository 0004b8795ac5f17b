//! The client that webhooks and pings share: no redirect is followed, so no token leaves the host that it is for.

use std::path::{Path, PathBuf};

use reqwest::{Certificate, Client, RequestBuilder};
use url::{Host, Url};

use crate::alerts::{NotifyError, chain};

/// A client for this address.
pub(crate) fn client(url: &Url, ca_file: Option<&PathBuf>) -> Result<Client, NotifyError> {
    let mut client = Client::builder()
        .user_agent(concat!("../notify/recount/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .https_only(url.scheme() == "https");
    if is_loopback(url) {
        client = client.no_proxy();
    }
    if let Some(path) = ca_file {
        client = client.tls_certs_merge(authority(path)?);
    } else if url.scheme() == "http" {
        // Plain loopback: works on a host without any certificates.
        client = client.tls_certs_only([]);
    }
    client.build().map_err(|error| failed(url, &error.without_url()))
}

/// Sends a request; an answer of 2xx means that it arrived.
pub(crate) async fn send(url: &Url, request: RequestBuilder) -> Result<(), NotifyError> {
    let answer = request.send().await.map_err(|error| failed(url, &error.without_url()))?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let redirected = if status.is_redirection() { "; redirects are not followed" } else { "" };
    Err(NotifyError::Failed { host: host(url), why: format!("answered {}{redirected}", status.as_u16()) })
}

/// All that may be shown of an address: a token stands in the path, the query or the user's name.
pub(crate) fn host(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{port}", url.host_str().unwrap_or_default())
}

fn authority(path: &Path) -> Result<Vec<Certificate>, NotifyError> {
    let failed = |why: String| NotifyError::CaFile { path: path.to_owned(), why };
    let pem = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
    let found = Certificate::from_pem_bundle(&pem).unwrap_or_default();
    if found.is_empty() { Err(failed("it holds no certificate".to_owned())) } else { Ok(found) }
}

fn failed(url: &Url, error: &dyn std::error::Error) -> NotifyError {
    NotifyError::Failed { host: host(url), why: chain(error) }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}
