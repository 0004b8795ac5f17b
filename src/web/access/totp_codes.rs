//! Codes of an authenticator app (RFC 6238: SHA-1, six digits, thirty seconds, what every app knows).

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use qrcodegen::{QrCode, QrCodeEcc};
use sha2::{Digest as _, Sha256};
use totp_rs::{Builder, Totp};

use crate::history::desk::authenticators::{Authenticator, Salt};
use crate::history::store::open::History;
use crate::web::site::{Door, PageError};

/// Bytes of a secret, as RFC 4226 recommends.
const SECRET: usize = 20;

/// A salt for a new authenticator.
fn salt() -> Result<Salt, PageError> {
    let mut salt = Salt::default();
    getrandom::fill(&mut salt).map_err(|error| PageError::Broken(error.to_string()))?;
    Ok(salt)
}

/// The authenticator of a person, for as long as its salt and the desk's key are what they are.
fn totp(door: &Door, name: &str, salt: &Salt) -> Result<Totp, PageError> {
    let mut hash = Sha256::new();
    hash.update(b"authenticator of the desk\0");
    hash.update(door.rules.key.reveal());
    hash.update(salt);
    hash.update(name.as_bytes());
    let secret = hash.finalize()[..SECRET].to_vec();
    let built = Builder::new().with_secret(secret).with_account_name(name).with_issuer(Some("recount")).build();
    built.map_err(|error| PageError::Broken(error.to_string()))
}

/// Offers somebody an authenticator, unless they have one.
pub(crate) fn offer(history: &mut History, name: &str) -> Result<(), PageError> {
    Ok(history.offer_authenticator(name, &salt()?)?)
}

/// Uses up a code; `false` if it is wrong, or was used before.
pub(crate) fn takes(
    door: &Door,
    history: &mut History,
    name: &str,
    typed: &str,
    at: DateTime<Utc>,
) -> Result<bool, PageError> {
    let Some(Authenticator { salt, .. }) = history.authenticator(name)? else { return Ok(false) };
    let digits: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    let now = u64::try_from(at.timestamp()).unwrap_or_default();
    match totp(door, name, &salt)?.check(&digits, now) {
        Some(step) => Ok(history.use_code(name, &salt, step)?),
        None => Ok(false),
    }
}

/// What an app has to know of an authenticator that was offered: a picture to scan, and the same to type.
pub(crate) fn shown_once(door: &Door, name: &str, salt: &Salt) -> Result<Markup, PageError> {
    let totp = totp(door, name, salt)?;
    let broken = |error: String| PageError::Broken(error);
    let url = totp.to_url().map_err(|error| broken(error.to_string()))?;
    let code = QrCode::encode_text(&url, QrCodeEcc::Medium).map_err(|error| broken(error.to_string()))?;
    let typed = totp.secret().to_base32();
    let groups: Vec<&str> =
        (0..typed.len()).step_by(4).filter_map(|at| typed.get(at..(at + 4).min(typed.len()))).collect();
    Ok(html! {
        (picture(&code))
        p.small { "Or type it into the app: " code.key { (groups.join(" ")) } }
    })
}

/// Squares of quiet around a code, which readers want.
const QUIET: i32 = 4;

fn picture(code: &QrCode) -> Markup {
    use std::fmt::Write as _;
    let mut path = String::new();
    for (y, x) in (0..code.size()).flat_map(|y| (0..code.size()).map(move |x| (y, x))) {
        if code.get_module(x, y) {
            let _ = write!(path, "M{} {}h1v1h-1z", x + QUIET, y + QUIET);
        }
    }
    let size = code.size() + 2 * QUIET;
    html! {
        svg.qr viewBox={ "0 0 " (size) " " (size) } role="img" aria-label="A code for an authenticator app to scan; it says the same as the letters below" {
            path d=(path) {}
        }
    }
}

/// The field for a code.
pub(crate) fn field(wrong: bool) -> Markup {
    html! {
        div.field { label for="code" { "Code" }
            input id="code" name="code" inputmode="numeric" autocomplete="one-time-code" required aria-invalid=[wrong.then_some("true")] aria-describedby=[wrong.then_some("err")]; }
    }
}
