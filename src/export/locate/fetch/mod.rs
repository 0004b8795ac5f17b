//! A vendor's report link: the export is fetched over https, kept, and read like any file.

mod answer;
pub(in crate::export) mod error;
mod kept;

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use reqwest::Client;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::export::locate::fetch::answer::VendorAnswer;
use crate::export::locate::fetch::error::{FetchError, REDIRECTS_MAX};
use crate::http_client::{client, failure};

/// Report links are built while they are asked for, so the first byte may take long; a minute and a half is generous.
const FIRST_BYTE: Duration = Duration::from_secs(90);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The whole download: 64 MiB over a slow line.
const TIMEOUT: Duration = Duration::from_secs(600);
/// Tries in all. A vendor's server that fails three times fails all night.
const TRIES: u32 = 3;
/// The pause before the second try, where the server names none; it doubles.
const PAUSE: Duration = Duration::from_secs(2);

/// What is asked for, and where the answer is kept.
pub struct Order<'a> {
    /// The link.
    pub url: &'a Url,
    /// Names and values of its headers.
    pub headers: &'a [(String, SecretString)],
    /// More than this is refused.
    pub max_bytes: u64,
    /// The folder that keeps what was fetched.
    pub folder: &'a Path,
    /// Whose it is: the beginning of its file name.
    pub name: &'a str,
    /// The clock.
    pub clock: &'a dyn Fn() -> DateTime<Utc>,
}

/// What was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Where it is kept.
    pub path: PathBuf,
    /// What it says.
    pub bytes: Vec<u8>,
    /// When it was last modified: as the server says, else now.
    pub modified_at: DateTime<Utc>,
}

/// Fetches the file, and keeps it. Tries again where that may help, and waits as long as the server says.
///
/// # Errors
/// If there is no whole file in the end.
pub async fn fetch(order: &Order<'_>) -> Result<Fetched, FetchError> {
    fetch_patiently(order, PAUSE).await
}

async fn fetch_patiently(order: &Order<'_>, pause: Duration) -> Result<Fetched, FetchError> {
    let client = client(order.url, None).connect_timeout(CONNECT_TIMEOUT).timeout(TIMEOUT).build();
    let client = client.map_err(|error| FetchError::Client { why: failure(error) })?;
    let headers = headers(order.headers)?;
    let mut tried = 1;
    let answer = loop {
        let failure = match follow(&client, &headers, order).await {
            Ok(answer) => break answer,
            Err(failure) => failure,
        };
        let Some(named) = failure.worth_another_try().filter(|_| tried < TRIES) else {
            return Err(failure);
        };
        let pause = named.unwrap_or(pause * 2_u32.pow(tried - 1));
        tracing::info!("the export of {} was not fetched: {failure}; trying again in {pause:?}", order.name);
        tokio::time::sleep(pause).await;
        tried += 1;
    };
    let now = (order.clock)();
    let modified_at = answer.modified_at.filter(|modified| *modified <= now).unwrap_or(now);
    let path = kept::keep(order.folder, order.name, &answer.bytes, now)
        .map_err(|error| FetchError::Keep { folder: order.folder.to_owned(), why: error.to_string() })?;
    Ok(Fetched { path, bytes: answer.bytes, modified_at })
}

/// The link without what may be a secret in it.
pub fn shown(url: &Url) -> String {
    format!("{}{}", url.origin().ascii_serialization(), url.path())
}

fn headers(written: &[(String, SecretString)]) -> Result<HeaderMap, FetchError> {
    let mut headers = HeaderMap::new();
    for (name, value) in written {
        let bad = || FetchError::Header { name: name.clone() };
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?;
        let mut value = HeaderValue::from_str(value.expose_secret()).map_err(|_| bad())?;
        value.set_sensitive(true);
        headers.insert(key, value);
    }
    Ok(headers)
}

/// One try: redirects are followed on the same host alone, so the headers stay with whom they are meant for.
async fn follow(client: &Client, headers: &HeaderMap, order: &Order<'_>) -> Result<VendorAnswer, FetchError> {
    let mut url = order.url.clone();
    for _ in 0..=REDIRECTS_MAX {
        let request = client.get(url.clone()).headers(headers.clone());
        let response = tokio::time::timeout(FIRST_BYTE, request.send()).await;
        let response = response.map_err(|_| FetchError::NoAnswer { why: "none in time".to_owned() })?;
        let response = response.map_err(|error| FetchError::NoAnswer { why: failure(error) })?;
        // 206 is a part of the file, 202 and 204 are none of it.
        if response.status() == StatusCode::OK {
            return VendorAnswer::read(response, order.max_bytes).await;
        }
        url = match answer::points_to(&response, &url) {
            Some(next) if next.origin() == order.url.origin() => next,
            Some(next) => return Err(FetchError::OffHost { to: next.host_str().unwrap_or_default().to_owned() }),
            None => return Err(answer::refusal(&response, (order.clock)())),
        };
    }
    Err(FetchError::Redirects)
}

#[cfg(test)]
mod tests;
