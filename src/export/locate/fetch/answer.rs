//! One answer of a vendor's server.

use std::error::Error as _;
use std::fmt::Write as _;
use std::time::Duration;

use chrono::{DateTime, Utc};
use http::header::{LAST_MODIFIED, LOCATION, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use reqwest::Response;
use url::Url;

use crate::export::locate::fetch::FetchError;

/// Between two pieces of a body.
const STALL: Duration = Duration::from_secs(30);

/// A whole body.
pub(super) struct Answer {
    pub(super) bytes: Vec<u8>,
    /// As the server says.
    pub(super) modified_at: Option<DateTime<Utc>>,
}

impl Answer {
    /// Reads the body, counting.
    pub(super) async fn read(mut response: Response, max: u64) -> Result<Self, FetchError> {
        let modified_at = date(response.headers(), LAST_MODIFIED.as_str());
        let mut bytes = Vec::new();
        loop {
            let piece = tokio::time::timeout(STALL, response.chunk()).await;
            let piece = piece.map_err(|_| FetchError::NoAnswer { why: "it stopped half way".to_owned() })?;
            let piece = piece.map_err(|error| FetchError::NoAnswer { why: chain(error) })?;
            let Some(piece) = piece else { return Ok(Self { bytes, modified_at }) };
            bytes.extend_from_slice(&piece);
            if u64::try_from(bytes.len()).is_ok_and(|length| length > max) {
                return Err(FetchError::TooBig { max });
            }
        }
    }
}

/// Where a redirect leads.
pub(super) fn points_to(response: &Response, from: &Url) -> Option<Url> {
    let moved = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    let to = response.headers().get(LOCATION)?.to_str().ok()?;
    if moved { from.join(to).ok() } else { None }
}

/// An answer that is not the file.
pub(super) fn refusal(response: &Response, now: DateTime<Utc>) -> FetchError {
    let status = response.status();
    let asks = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    match pause(response.headers(), now).filter(|_| asks) {
        Some(pause) => FetchError::Throttled { status, pause },
        None if status == StatusCode::TOO_MANY_REQUESTS => {
            FetchError::Throttled { status, pause: Duration::from_secs(60) }
        }
        None => FetchError::Refused { status },
    }
}

/// `Retry-After`, in seconds or as a date.
fn pause(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs);
    let until = || date(headers, RETRY_AFTER.as_str())?.signed_duration_since(now).to_std().ok();
    seconds.or_else(until)
}

fn date(headers: &HeaderMap, name: &str) -> Option<DateTime<Utc>> {
    let text = headers.get(name)?.to_str().ok()?;
    httpdate::parse_http_date(text.trim()).ok().map(DateTime::<Utc>::from)
}

/// All causes on one line, without the link: its query may be a secret.
pub(super) fn chain(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        // Layers of the library that say nothing which the ones below do not.
        if !matches!(words.as_str(), "client error (Connect)" | "tcp connect error") {
            let _ = write!(said, ": {words}");
        }
        cause = error.source();
    }
    said
}
