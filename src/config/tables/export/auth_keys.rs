//! `headers` and `auth`: how recount signs in at a vendor's server.

use std::path::Path;

use http::HeaderName;
use url::Url;

use crate::config::secret_source::secret;
use crate::config::secrets::SecretSource;
use crate::config::tables::export::over_profile::Layered;
use crate::config::toml_document::{Field, Section};
use crate::config::values::optional;
use crate::export::locate::link_settings::{Auth, HeaderValue, OAuth2, TokenForm};
use crate::http_client::is_loopback;

const SEND: &[(&str, TokenForm)] = &[("form", TokenForm::Form), ("basic", TokenForm::Basic), ("json", TokenForm::Json)];

/// `auth`, with what a profile says of it. `Some(None)` where there is none.
pub(super) fn auth(keys: &Layered<'_>, folder: &Path) -> Option<Option<Auth>> {
    if !keys.has_own("auth") {
        if keys.get("auth").is_some() {
            keys.error("the export lacks `auth`, which its profile asks for: docs/exports.md has it");
            return None;
        }
        return Some(None);
    }
    let auth = keys.table("auth")?;
    let basic = optional(auth.own("basic"), |field| basic(&field.table()?, folder));
    let token = optional(auth.own("bearer"), |field| value(field, folder));
    let oauth2 = match auth.table("oauth2") {
        Some(section) => oauth2(section, folder).map(Some),
        None => auth.own("oauth2").is_none().then_some(None),
    };
    let scheme = auth.get("scheme").map_or(Some("Bearer".to_owned()), |field| scheme(&field));
    // A profile may say how a token is asked for, and somebody signs in otherwise.
    auth.get("oauth2");
    let (none, several) = (keys.own("auth"), "`auth` takes one of `basic`, `bearer` and `oauth2`");
    auth.finish();
    match (basic?, token?, oauth2?) {
        (Some(basic), None, None) => Some(Some(basic)),
        (None, Some(token), None) => Some(Some(Auth::Bearer { scheme: scheme?, token })),
        (None, None, Some(oauth2)) => Some(Some(Auth::OAuth2(Box::new(oauth2)))),
        _ => {
            none?.error_unseen(several);
            None
        }
    }
}

/// What a profile may say of signing in: nothing secret.
pub(super) fn of_profile(section: &Section<'_>) {
    let Some(auth) = section.get("auth").and_then(|field| field.table()) else { return };
    auth.get("scheme").and_then(|field| scheme(&field));
    if let Some(oauth2) = auth.get("oauth2").and_then(|field| field.table()) {
        oauth2.get("token_url").and_then(|field| address(&field));
        oauth2.get("scope").and_then(|field| field.text());
        oauth2.get("audience").and_then(|field| field.text());
        oauth2.get("send").and_then(|field| field.word(SEND));
        oauth2.finish(&[]);
    }
    auth.finish(&[]);
}

fn basic(section: &Section<'_>, folder: &Path) -> Option<Auth> {
    let user = section.required("user").and_then(|field| value(&field, folder));
    let password = section.required("password").and_then(|field| value(&field, folder));
    for field in section.entries().iter().filter(|field| !matches!(field.key.as_str(), "user" | "password")) {
        field.error_unseen("`basic` takes `user` and `password`");
    }
    Some(Auth::Basic { user: user?, password: password? })
}

fn oauth2(keys: Layered<'_>, folder: &Path) -> Option<OAuth2> {
    let required = |key| {
        let field = keys.get(key);
        if field.is_none() {
            keys.error(format!("`oauth2` lacks `{key}`"));
        }
        field
    };
    let token_url = required("token_url").and_then(|field| address(&field));
    let client_id = required("client_id").and_then(|field| value(&field, folder));
    let client_secret = required("client_secret").and_then(|field| value(&field, folder));
    let text = |key| optional(keys.get(key), |field| field.text().map(str::to_owned));
    let (scope, audience) = (text("scope"), text("audience"));
    let send = keys.get("send").map_or(Some(TokenForm::Form), |field| field.word(SEND));
    keys.finish();
    Some(OAuth2 {
        token_url: token_url?,
        client_id: client_id?,
        client_secret: client_secret?,
        scope: scope?,
        audience: audience?,
        send: send?,
    })
}

/// The word before a token.
fn scheme(field: &Field<'_>) -> Option<String> {
    let text = field.text()?;
    if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        field.error_unseen("`scheme` is one word, such as \"Bearer\"");
        return None;
    }
    Some(text.to_owned())
}

/// An address, which is never shown: it may hold a key.
pub(super) fn address(field: &Field<'_>) -> Option<Url> {
    let key = &field.key;
    let Some(text) = field.value().as_str() else {
        field.mistyped("a string");
        return None;
    };
    let url = match Url::parse(text.trim()) {
        Ok(url) => url,
        Err(_) => {
            field.error_unseen(format!("`{key}` is not an address; one begins with https://"));
            return None;
        }
    };
    let fault = if !url.username().is_empty() || url.password().is_some() {
        "holds a user name or a password; keys stand in `auth` or `headers`"
    } else if url.host_str().is_none_or(str::is_empty) || !matches!(url.scheme(), "http" | "https") {
        "must begin with https://"
    } else if url.scheme() == "http" && !is_loopback(&url) {
        "must begin with https://; http:// is for this host alone"
    } else {
        return Some(url);
    };
    field.error_unseen(format!("`{key}` {fault}"));
    None
}

pub(super) fn headers(section: &Section<'_>, folder: &Path) -> Option<Vec<(String, HeaderValue)>> {
    section.entries().iter().map(|field| header(field, folder)).collect::<Vec<_>>().into_iter().collect()
}

fn header(field: &Field<'_>, folder: &Path) -> Option<(String, HeaderValue)> {
    if HeaderName::from_bytes(field.key.as_bytes()).is_err() {
        field.error_unseen("`headers` has a name that no header may have");
        return None;
    }
    Some((field.key.clone(), value(field, folder)?))
}

/// A text, or where a secret stands.
pub(super) fn value(field: &Field<'_>, folder: &Path) -> Option<HeaderValue> {
    match field.value().as_str() {
        Some(text) if http::HeaderValue::from_str(text).is_ok() => Some(HeaderValue::Plain(text.to_owned())),
        Some(_) => {
            field.error_unseen(format!("`{}` holds a character that no header may have", field.key));
            None
        }
        None => Some(match secret(field, folder)? {
            SecretSource::Credential(name) => HeaderValue::Credential(name),
            SecretSource::File(path) => HeaderValue::File(path),
            SecretSource::Env(name) => HeaderValue::Env(name),
        }),
    }
}
