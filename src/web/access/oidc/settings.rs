//! The provider, as configured.

use std::collections::BTreeMap;

use secrecy::SecretString;
use url::Url;

use crate::history::desk::people::Role;

/// The provider, as configured.
#[derive(Clone)]
pub struct OidcSettings {
    /// Its address, exactly as it calls itself.
    pub issuer: String,
    /// Who we are there.
    pub client_id: String,
    /// How we show it.
    pub client_secret: SecretString,
    /// What groups allow.
    pub roles: BTreeMap<String, Role>,
    /// The claim that holds the groups.
    pub groups_claim: String,
    /// What is asked for; `openid` is among it.
    pub scope: String,
    /// Where the provider sends a browser back to.
    pub redirect: Url,
}
