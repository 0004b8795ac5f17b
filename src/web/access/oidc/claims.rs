//! What an ID token has to say before anybody is let in.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::history::desk::oidc_people::ProvidedPerson;
use crate::history::desk::people::Role;
use crate::reconcile::model::display_text::shown;
use crate::web::access::browser_tokens::{form_token, is_form_token};
use crate::web::access::oidc::error::OidcError;
use crate::web::access::oidc::settings::OidcSettings;

/// Clocks differ by so many seconds.
const LEEWAY: u64 = 60;
/// Characters of a name, at most.
const NAME_MOST: usize = 60;

/// What was asked for.
pub(super) struct TokenAsked<'a> {
    pub(super) settings: &'a OidcSettings,
    pub(super) nonce: &'a str,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    nonce: Option<String>,
    azp: Option<String>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

/// Whom the token vouches for, once all of it fits.
pub(super) fn person(token: &str, keys: &JwkSet, asked: &TokenAsked<'_>) -> Result<ProvidedPerson, OidcError> {
    let settings = asked.settings;
    let key = key(token, keys)?;
    // The algorithm follows from the provider's key, never from what the token says of itself.
    let mut rules = Validation::new(algorithm(key)?);
    rules.set_issuer(&[&settings.issuer]);
    rules.set_audience(&[&settings.client_id]);
    rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    rules.validate_nbf = true;
    rules.leeway = LEEWAY;
    let decoding = DecodingKey::from_jwk(key).map_err(OidcError::Token)?;
    let claims = decode::<Claims>(token, &decoding, &rules).map_err(OidcError::Token)?.claims;
    let nonce = claims.nonce.as_deref().unwrap_or_default();
    if !is_form_token(&form_token(asked.nonce), &form_token(nonce)) {
        return Err(OidcError::Claim("it is for another sign-in"));
    }
    if claims.azp.as_ref().is_some_and(|party| *party != settings.client_id) {
        return Err(OidcError::Claim("it is for somebody else"));
    }
    let name = name(&claims)?;
    let subject = format!("{}\n{}", settings.issuer, claims.sub);
    match role(&claims, settings) {
        Some(role) => Ok(ProvidedPerson { subject, name, role }),
        None => Err(OidcError::NoRole { subject, name }),
    }
}

/// The key that the token names; of a provider with one key alone it need not.
fn key<'a>(token: &str, keys: &'a JwkSet) -> Result<&'a Jwk, OidcError> {
    let named = decode_header(token).map_err(OidcError::Token)?.kid;
    let found = match (&named, keys.keys.as_slice()) {
        (Some(kid), _) => keys.find(kid),
        (None, [only]) => Some(only),
        (None, _) => None,
    };
    found.ok_or(OidcError::Claim("its key is not the provider's"))
}

fn algorithm(key: &Jwk) -> Result<Algorithm, OidcError> {
    match &key.algorithm {
        AlgorithmParameters::RSA(_) => Ok(Algorithm::RS256),
        AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P256 => Ok(Algorithm::ES256),
        AlgorithmParameters::OctetKeyPair(_) => Ok(Algorithm::EdDSA),
        _ => Err(OidcError::Claim("its key is of a kind that is not taken")),
    }
}

/// The name that people know, as the provider gives it, as far as it can be one here.
fn name(claims: &Claims) -> Result<String, OidcError> {
    let said = |claim: &str| claims.others.get(claim).and_then(Value::as_str);
    let told = [said("preferred_username"), said("email"), Some(claims.sub.as_str())];
    let name = told.into_iter().flatten().map(str::trim).find(|name| is_name(name)).map(str::to_owned);
    name.ok_or(OidcError::Claim("it holds no name of letters, digits, spaces, `.`, `_`, `-`, `@` and `'`"))
}

/// Letters of any script, and nothing that reads as something else: no brackets, and nothing that is not seen.
fn is_name(name: &str) -> bool {
    const UNSEEN: [char; 4] = ['\u{115f}', '\u{1160}', '\u{3164}', '\u{ffa0}'];
    let known = |c: char| (c.is_alphanumeric() && !UNSEEN.contains(&c)) || " ._-@'’".contains(c);
    let is_short = (1..=NAME_MOST).contains(&name.chars().count());
    is_short && name.chars().all(known) && !name.contains("  ") && shown(name) == name
}

/// The largest role that one of the groups has.
fn role(claims: &Claims, settings: &OidcSettings) -> Option<Role> {
    let groups: Vec<&str> = match claims.others.get(&settings.groups_claim) {
        Some(Value::Array(groups)) => groups.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(group)) => vec![group],
        _ => Vec::new(),
    };
    groups.iter().filter_map(|group| settings.roles.get(*group)).copied().max()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise people are called by a number that nobody knows, or somebody shows as another.
    #[test]
    fn a_name_is_taken_as_people_write_it_and_hides_nothing() {
        for name in ["dana", "Dana Miller", "müller", "O'Hara", "dana@x.de", "山田 太郎", "Anne-Marie d’Arc"] {
            assert!(is_name(name), "{name}");
        }
        let long = "a".repeat(61);
        for none in
            ["", "a  b", "dana (as root)", "<b>", "a/b", "a\nb", "dana\u{200b}", "\u{202e}anad", "\u{3164}", &long]
        {
            assert!(!is_name(none), "{none:?}");
        }
    }
}
