//! One answer of a vendor's server.

use std::time::Duration;

use chrono::{DateTime, Utc};
use http::StatusCode;
use http::header::{LAST_MODIFIED, LOCATION};
use reqwest::Response;
use url::Url;

use crate::export::locate::fetch::error::FetchError;
use crate::export::locate::fetch::paging_headers::PagingHeaders;
use crate::http_client::{date, failure, retry_after};

/// Between two pieces of a body.
const STALL: Duration = Duration::from_secs(30);

/// A whole body.
pub(in crate::export::locate) struct VendorAnswer {
    pub(in crate::export::locate) bytes: Vec<u8>,
    /// As the server says.
    pub(super) modified_at: Option<DateTime<Utc>>,
    /// What its headers say of pages.
    pub(in crate::export::locate) paging: PagingHeaders,
}

impl VendorAnswer {
    /// One that nobody sent.
    #[cfg(fuzzing)]
    pub(in crate::export::locate) fn of_bytes(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_owned(), modified_at: None, paging: PagingHeaders::default() }
    }

    /// Reads the body, counting.
    pub(super) async fn read(mut response: Response, max: u64) -> Result<Self, FetchError> {
        let modified_at = date(response.headers(), &LAST_MODIFIED).map(DateTime::from);
        let paging = PagingHeaders::of(response.headers());
        let mut bytes = Vec::new();
        loop {
            let piece = tokio::time::timeout(STALL, response.chunk()).await;
            let piece = piece.map_err(|_| FetchError::NoAnswer { why: "it was cut off".to_owned() })?;
            let piece = piece.map_err(|error| FetchError::NoAnswer { why: failure(error) })?;
            let Some(piece) = piece else { return Ok(Self { bytes, modified_at, paging }) };
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
pub(super) fn refusal(response: &Response, now: Option<DateTime<Utc>>) -> FetchError {
    let status = response.status();
    let asks = matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE);
    match retry_after(response.headers(), now.map(Into::into)).filter(|_| asks) {
        Some(pause) => FetchError::Throttled { status, pause },
        None if status == StatusCode::TOO_MANY_REQUESTS => {
            FetchError::Throttled { status, pause: Duration::from_secs(60) }
        }
        None => FetchError::Refused { status },
    }
}
