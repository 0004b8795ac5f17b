//! One answer of a vendor's server.

use std::time::Duration;

use chrono::{DateTime, Utc};
use http::header::{LAST_MODIFIED, LINK, LOCATION};
use http::{HeaderMap, StatusCode};
use reqwest::Response;
use url::Url;

use crate::export::locate::fetch::error::FetchError;
use crate::http_client::{date, failure, retry_after};

/// Between two pieces of a body.
const STALL: Duration = Duration::from_secs(30);

/// A whole body.
pub(in crate::export::locate) struct VendorAnswer {
    pub(in crate::export::locate) bytes: Vec<u8>,
    /// As the server says.
    pub(super) modified_at: Option<DateTime<Utc>>,
    /// Where the next page is (RFC 8288), as it is written.
    pub(in crate::export::locate) next: Option<String>,
}

impl VendorAnswer {
    /// One that nobody sent.
    #[cfg(fuzzing)]
    pub(in crate::export::locate) fn of_bytes(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_owned(), modified_at: None, next: None }
    }

    /// Reads the body, counting.
    pub(super) async fn read(mut response: Response, max: u64) -> Result<Self, FetchError> {
        let modified_at = date(response.headers(), &LAST_MODIFIED).map(DateTime::from);
        let next = next_of(response.headers());
        let mut bytes = Vec::new();
        loop {
            let piece = tokio::time::timeout(STALL, response.chunk()).await;
            let piece = piece.map_err(|_| FetchError::NoAnswer { why: "it was cut off".to_owned() })?;
            let piece = piece.map_err(|error| FetchError::NoAnswer { why: failure(error) })?;
            let Some(piece) = piece else { return Ok(Self { bytes, modified_at, next }) };
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

/// The address that a `Link` header calls the next one.
fn next_of(headers: &HeaderMap) -> Option<String> {
    let links = headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok());
    links.flat_map(|links| links.split('<').skip(1)).find_map(|link| {
        let (address, about) = link.split_once('>')?;
        is_next(about).then(|| address.trim().to_owned())
    })
}

/// `; rel="next"`, of any case, and among others.
fn is_next(about: &str) -> bool {
    about.split(';').filter_map(|part| part.split_once('=')).any(|(name, value)| {
        let words = value.trim().trim_end_matches(',').trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("rel")
            && words.split_whitespace().any(|word| word.eq_ignore_ascii_case("next"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A link that is not seen is a list that ends after its first page.
    #[test]
    fn the_next_page_is_found_among_other_links() {
        for (link, next) in [
            ("<https://v/2>; rel=\"next\"", Some("https://v/2")),
            ("<https://v/1>; rel=\"first\", </l?page=2,3>; title=x; rel=next", Some("/l?page=2,3")),
            ("<https://v/9>; REL=\"last Next\"", Some("https://v/9")),
            ("<https://v/9>; rel=\"last\"", None),
            ("nonsense; rel=next", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(LINK, link.parse().expect("a value"));
            assert_eq!(next_of(&headers).as_deref(), next, "{link}");
        }
    }
}
