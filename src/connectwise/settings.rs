//! What the client needs to know about one ConnectWise.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

/// One ConnectWise, with its secrets read.
#[derive(Debug, Clone)]
pub struct ConnectWiseSettings {
    /// Base URL, without the API's path.
    pub url: url::Url,
    /// The login company id.
    pub company: String,
    /// The integration's client id.
    pub client_id: String,
    /// The API member's public key.
    pub public_key: SecretString,
    /// The API member's private key.
    pub private_key: SecretString,
    /// The codebase, if it is not to be looked up.
    pub codebase: Option<String>,
    /// The API version that is asked for.
    pub api_version: String,
    /// An on-premises authority, in PEM.
    pub ca_file: Option<PathBuf>,
    /// Requests at a time.
    pub max_in_flight: usize,
    /// Requests in a minute.
    pub requests_per_minute: u32,
    /// After which a request is given up.
    pub request_timeout: Duration,
    /// Cap of the client's own back-off, and the wait when a 429 names none.
    pub retry_pause_max: Duration,
}
