//! How requests of one export prove who asks: headers that stay, or a token that is asked for anew when it has expired.

use std::collections::BTreeMap;

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use reqwest::{Client, RequestBuilder};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;
use url::form_urlencoded::Serializer;

use crate::export::locate::fetch::error::FetchError;
use crate::export::locate::fetch::time_limits::{CONNECT_TIMEOUT, FIRST_BYTE};
use crate::export::locate::fetch::vendor_answer::{VendorAnswer, refusal};
use crate::export::locate::link_settings::{OAuth2, TokenForm};
use crate::http_client::{client, failure};

/// Everything secret that a link needs, read.
#[derive(Debug, Default)]
pub struct LinkSecrets {
    /// Names and values of headers.
    pub headers: Vec<(String, SecretString)>,
    /// What asks for a token.
    pub token: Option<OAuth2<SecretString>>,
    /// What opens a store or another host.
    pub place: Option<PlaceSecrets>,
}

/// What opens a store or another host.
#[derive(Debug)]
pub enum PlaceSecrets {
    /// S3.
    Keys {
        /// The key's name.
        access_key: SecretString,
        /// And the key.
        secret_key: SecretString,
    },
    /// Azure.
    Account {
        /// The account's key.
        key: SecretString,
    },
    /// SFTP by a password.
    Password {
        /// The password.
        password: SecretString,
    },
    /// SFTP by a key.
    PrivateKey {
        /// OpenSSH's form, of several lines.
        key: SecretString,
        /// What opens it, if it is closed.
        passphrase: Option<SecretString>,
    },
}

/// The token of an export's requests.
pub(super) struct Tokens<'a> {
    request: &'a OAuth2<SecretString>,
    client: Client,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    token: Option<HeaderValue>,
    /// Whether the vendor has taken it.
    worked: bool,
}

/// More is no token.
const TOKEN_BYTES: u64 = 64 * 1024;

impl<'a> Tokens<'a> {
    pub(super) fn new(request: &'a OAuth2<SecretString>) -> Result<Self, FetchError> {
        let client = client(&request.token_url, None).connect_timeout(CONNECT_TIMEOUT).timeout(FIRST_BYTE);
        let client = client.build().map_err(|error| FetchError::Client { why: failure(error) })?;
        Ok(Self { request, client, held: Mutex::default() })
    }

    /// The token, asked for where there is none.
    pub(super) async fn header(&self) -> Result<HeaderValue, FetchError> {
        let mut held = self.held.lock().await;
        if let Some(token) = &held.token {
            return Ok(token.clone());
        }
        let token = self.ask().await?;
        *held = Held { token: Some(token.clone()), worked: false };
        Ok(token)
    }

    /// The vendor took it.
    pub(super) async fn worked(&self, token: &HeaderValue) {
        let mut held = self.held.lock().await;
        if held.token.as_ref() == Some(token) {
            held.worked = true;
        }
    }

    /// The vendor refused it: whether a new one may do better. One that never worked is not asked for again.
    pub(super) async fn expired(&self, token: &HeaderValue) -> bool {
        let mut held = self.held.lock().await;
        if held.token.as_ref() != Some(token) {
            return true;
        }
        let had_worked = held.worked;
        if had_worked {
            *held = Held::default();
        }
        had_worked
    }

    async fn ask(&self) -> Result<HeaderValue, FetchError> {
        let response = tokio::time::timeout(FIRST_BYTE, self.request()?.send()).await;
        let response = response.map_err(|_| FetchError::NoAnswer { why: "no token in time".to_owned() })?;
        let response = response.map_err(|error| FetchError::NoAnswer { why: failure(error) })?;
        if !response.status().is_success() {
            return Err(match refusal(&response, None) {
                FetchError::Refused { status } if status.is_client_error() => FetchError::SignIn { status },
                other => other,
            });
        }
        let status = response.status();
        let answer = VendorAnswer::read(response, TOKEN_BYTES).await?;
        bearer(&answer.bytes).ok_or(FetchError::NoToken { status })
    }

    fn request(&self) -> Result<RequestBuilder, FetchError> {
        let OAuth2 { token_url, client_id, client_secret, scope, audience, send } = self.request;
        let (id, secret) = (client_id.expose_secret(), client_secret.expose_secret());
        let mut pairs = vec![("grant_type", "client_credentials")];
        if *send != TokenForm::Basic {
            pairs.extend([("client_id", id), ("client_secret", secret)]);
        }
        pairs.extend(scope.as_deref().map(|scope| ("scope", scope)));
        pairs.extend(audience.as_deref().map(|audience| ("audience", audience)));
        let request = self.client.post(token_url.clone());
        let request = if *send == TokenForm::Basic { request.basic_auth(id, Some(secret)) } else { request };
        Ok(match send {
            TokenForm::Json => {
                let pairs: BTreeMap<_, _> = pairs.into_iter().collect();
                let body = serde_json::to_vec(&pairs).map_err(|error| FetchError::Client { why: error.to_string() })?;
                request.header(CONTENT_TYPE, "application/json").body(body)
            }
            TokenForm::Form | TokenForm::Basic => {
                let body = Serializer::new(String::new()).extend_pairs(pairs).finish();
                request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body)
            }
        })
    }
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
}

fn bearer(bytes: &[u8]) -> Option<HeaderValue> {
    let answer: TokenAnswer = serde_json::from_slice(bytes).ok()?;
    let mut value = HeaderValue::from_str(&format!("Bearer {}", answer.access_token)).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The headers of every request.
pub(super) fn headers(written: &[(String, SecretString)]) -> Result<HeaderMap, FetchError> {
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

/// Whether the vendor says that it does not know who asks.
pub(super) fn is_unknown(failure: &FetchError) -> bool {
    matches!(failure, FetchError::Refused { status: StatusCode::UNAUTHORIZED })
}

/// With the token, where there is one.
pub(super) fn with_token(mut headers: HeaderMap, token: Option<&HeaderValue>) -> HeaderMap {
    if let Some(token) = token {
        headers.insert(AUTHORIZATION, token.clone());
    }
    headers
}
