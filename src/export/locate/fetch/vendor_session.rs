//! Every request of one export: the same server, the same headers, and patience.

use std::time::Duration;

use chrono::{DateTime, Utc};
use http::{HeaderMap, StatusCode};
use reqwest::Client;
use url::Url;

use crate::export::locate::fetch::error::FetchError;
use crate::export::locate::fetch::time_limits::{CONNECT_TIMEOUT, FIRST_BYTE, REDIRECTS_MAX, TIMEOUT, TRIES};
use crate::export::locate::fetch::vendor_answer;
use crate::export::locate::fetch::vendor_answer::VendorAnswer;
use crate::export::locate::fetch::vendor_sign_in::{LinkSecrets, Tokens, headers, is_unknown, with_token};
use crate::http_client::{client, failure};

/// What asks one server.
pub(in crate::export::locate) struct VendorSession<'a> {
    client: Client,
    /// The address whose host is asked, and no other.
    home: &'a Url,
    headers: HeaderMap,
    tokens: Option<Tokens<'a>>,
    /// Whose export it is, for the log.
    name: &'a str,
    clock: &'a dyn Fn() -> DateTime<Utc>,
    /// Before the second try, where the server names none; it doubles.
    pause: Duration,
}

/// Whose requests they are.
pub(in crate::export::locate) struct SessionOf<'a> {
    pub(in crate::export::locate) home: &'a Url,
    pub(in crate::export::locate) secrets: &'a LinkSecrets,
    pub(in crate::export::locate) name: &'a str,
    pub(in crate::export::locate) clock: &'a dyn Fn() -> DateTime<Utc>,
    pub(in crate::export::locate) pause: Duration,
}

impl<'a> VendorSession<'a> {
    pub(in crate::export::locate) fn open(of: &SessionOf<'a>) -> Result<Self, FetchError> {
        let SessionOf { home, secrets, name, clock, pause } = *of;
        let client = client(home, None).connect_timeout(CONNECT_TIMEOUT).timeout(TIMEOUT).build();
        let client = client.map_err(|error| FetchError::Client { why: failure(error) })?;
        let tokens = secrets.token.as_ref().map(Tokens::new).transpose()?;
        Ok(Self { client, home, headers: headers(&secrets.headers)?, tokens, name, clock, pause })
    }

    /// Asks for an address, and makes something of the answer. Tries again where that may help, also where the answer
    /// was none; waits as long as the server says; asks for a new token once.
    ///
    /// # Errors
    /// If there is no whole answer in the end, or it would come from another host.
    pub(in crate::export::locate) async fn get<T>(
        &self,
        url: &Url,
        max_bytes: u64,
        made: impl Fn(VendorAnswer) -> Result<T, FetchError>,
    ) -> Result<T, FetchError> {
        if url.origin() != self.home.origin() {
            return Err(off_host(url));
        }
        let (mut tried, mut renewed) = (1, false);
        loop {
            let failure = match self.once(url, max_bytes, &mut renewed).await.and_then(&made) {
                Ok(made) => return Ok(made),
                Err(failure) => failure,
            };
            let Some(named) = failure.worth_another_try().filter(|_| tried < TRIES) else {
                return Err(failure);
            };
            let pause = named.unwrap_or(self.pause * 2_u32.pow(tried - 1));
            tracing::info!("the export of {} was not fetched: {failure}; trying again in {pause:?}", self.name);
            tokio::time::sleep(pause).await;
            tried += 1;
        }
    }

    /// One try; and one more with a new token where the old one has expired.
    async fn once(&self, url: &Url, max_bytes: u64, renewed: &mut bool) -> Result<VendorAnswer, FetchError> {
        let Some(tokens) = &self.tokens else { return self.follow(&self.headers, url, max_bytes).await };
        loop {
            let token = tokens.header().await?;
            let headers = with_token(self.headers.clone(), Some(&token));
            match self.follow(&headers, url, max_bytes).await {
                Err(failure) if is_unknown(&failure) && !*renewed && tokens.expired(&token).await => *renewed = true,
                Err(failure) => return Err(failure),
                Ok(answer) => {
                    tokens.worked(&token).await;
                    return Ok(answer);
                }
            }
        }
    }

    /// Redirects are followed on the same host alone, so the headers stay with whom they are meant for.
    async fn follow(&self, headers: &HeaderMap, url: &Url, max_bytes: u64) -> Result<VendorAnswer, FetchError> {
        let mut url = url.clone();
        for _ in 0..=REDIRECTS_MAX {
            let request = self.client.get(url.clone()).headers(headers.clone());
            let response = tokio::time::timeout(FIRST_BYTE, request.send()).await;
            let response = response.map_err(|_| FetchError::NoAnswer { why: "none in time".to_owned() })?;
            let response = response.map_err(|error| FetchError::NoAnswer { why: failure(error) })?;
            // 206 is a part of the file, 202 and 204 are none of it.
            if response.status() == StatusCode::OK {
                return VendorAnswer::read(response, max_bytes).await;
            }
            url = match vendor_answer::points_to(&response, &url) {
                Some(next) if next.origin() == self.home.origin() => next,
                Some(next) => return Err(off_host(&next)),
                None => return Err(vendor_answer::refusal(&response, Some((self.clock)()))),
            };
        }
        Err(FetchError::Redirects)
    }
}

fn off_host(url: &Url) -> FetchError {
    let to = url.host_str().map_or_else(|| format!("{}:", url.scheme()), str::to_owned);
    FetchError::OffHost { to }
}
