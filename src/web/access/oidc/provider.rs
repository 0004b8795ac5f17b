//! What is asked of the provider itself: where its parts are, a token for a code, and its keys.

use std::time::Duration;

use jsonwebtoken::jwk::JwkSet;
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::http_client;
use crate::web::access::oidc::error::OidcError;
use crate::web::access::oidc::settings::OidcSettings;

/// Somebody waits in front of a browser.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of an answer, at most.
const ANSWER_MOST: usize = 512 * 1024;

/// Where its parts are.
pub(super) struct Provider {
    pub(super) authorization: Url,
    token: Url,
    keys: Url,
}

#[derive(Deserialize)]
struct Discovered {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
}

#[derive(Deserialize)]
struct Tokens {
    id_token: String,
}

impl Provider {
    /// Asks the issuer where its parts are. They are asked anew each time: few sign in, and keys may change.
    pub(super) async fn discover(settings: &OidcSettings) -> Result<Self, OidcError> {
        let text = format!("{}/.well-known/openid-configuration", settings.issuer.trim_end_matches('/'));
        let url = Url::parse(&text).map_err(|_| OidcError::Answer("its address is none"))?;
        let found: Discovered = answer(request(&url, reqwest::Method::GET)?).await?;
        if found.issuer != settings.issuer {
            return Err(OidcError::Answer("it calls itself by another name"));
        }
        let [authorization, token, keys] =
            [&found.authorization_endpoint, &found.token_endpoint, &found.jwks_uri].map(|text| part(text));
        let (authorization, token, keys) = (authorization?, token?, keys?);
        Ok(Self { authorization, token, keys })
    }

    /// The ID token for a code.
    pub(super) async fn exchange(
        &self,
        settings: &OidcSettings,
        code: &str,
        verifier: &str,
    ) -> Result<String, OidcError> {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([
                ("grant_type", "authorization_code"),
                ("code", code),
                ("redirect_uri", settings.redirect.as_str()),
                ("code_verifier", verifier),
            ])
            .finish();
        // Name and secret go through the form's encoding before they are a header (RFC 6749, 2.3.1).
        let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let secret = encoded(settings.client_secret.expose_secret());
        let request = request(&self.token, reqwest::Method::POST)?
            .basic_auth(encoded(&settings.client_id), Some(secret))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        let tokens: Tokens = answer(request).await?;
        Ok(tokens.id_token)
    }

    /// Its keys, now.
    pub(super) async fn keys(&self) -> Result<JwkSet, OidcError> {
        answer(request(&self.keys, reqwest::Method::GET)?).await
    }
}

/// The address of a part, which has https like the issuer.
fn part(text: &str) -> Result<Url, OidcError> {
    let url = Url::parse(text).ok();
    let url = url.filter(|url| url.scheme() == "https" || http_client::is_loopback(url));
    url.ok_or(OidcError::Answer("a part of it has no https address"))
}

fn unreachable(error: reqwest::Error) -> OidcError {
    OidcError::Unreachable(http_client::failure(error))
}

fn request(url: &Url, method: reqwest::Method) -> Result<reqwest::RequestBuilder, OidcError> {
    let client = http_client::client(url, None).timeout(PATIENCE).build().map_err(unreachable)?;
    Ok(client.request(method, url.clone()).header("accept", "application/json"))
}

async fn answer<T: DeserializeOwned>(request: reqwest::RequestBuilder) -> Result<T, OidcError> {
    let mut answer = request.send().await.map_err(unreachable)?;
    if !answer.status().is_success() {
        return Err(OidcError::Answer("it refused the request"));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > ANSWER_MOST {
            return Err(OidcError::Answer("it is too long"));
        }
    }
    serde_json::from_slice(&bytes).map_err(|_| OidcError::Answer("it is not what the protocol says"))
}
