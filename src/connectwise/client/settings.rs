//! What the client has to be told, and why it cannot be made of it.

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use secrecy::SecretString;
use url::Url;

/// One ConnectWise and how to talk to it.
#[derive(Clone)]
pub struct ConnectWiseSettings {
    /// The site: `https://na.myconnectwise.net`, or the base URL of an own server. `http` only for a loopback host.
    pub url: Url,
    /// The login company id.
    pub company: String,
    /// The integration's client id, a GUID from the ConnectWise developer portal.
    pub client_id: String,
    /// `v4_6_release`, `v2025_1` and the like; `None`: asked of the server, once.
    pub codebase: Option<String>,
    /// Pins the model of the answers. ConnectWise keeps a version for twelve months (ConnectWise developer guide).
    pub api_version: String,
    /// An authority to trust beside the system's own, in PEM form.
    pub ca_file: Option<PathBuf>,
    /// Requests on their way at the same time.
    pub max_in_flight: usize,
    /// Requests in any 60 seconds. ConnectWise throttles from 1,000 a minute (ConnectWise developer guide), and
    /// sometimes well before (seen in the field).
    pub requests_per_minute: u32,
    /// Whether the additions of many agreements are asked for in one request, where ConnectWise can do that.
    pub bundled_reads: bool,
    /// One request, from the connection to the last byte.
    pub request_timeout: Duration,
    /// The longest pause before a retry, and the wait after a 429 that names none.
    pub retry_pause_max: Duration,
    /// This host's clock, for a `Retry-After` date of a server that does not say what time it is there.
    pub clock: Option<fn() -> SystemTime>,
}

/// The keys of an API member.
pub struct ApiKeys {
    /// Who it is.
    pub public_key: SecretString,
    /// And the proof.
    pub private_key: SecretString,
}

impl ConnectWiseSettings {
    /// These, and every other setting at its default.
    pub fn new(url: Url, company: String, client_id: String) -> Self {
        Self {
            url,
            company,
            client_id,
            codebase: None,
            // The model that this version was written for (ConnectWise developer guide: pinned in `Accept`).
            api_version: "2025.1".to_owned(),
            ca_file: None,
            // Twelve at a time were throttled where four were not (seen in the field).
            max_in_flight: 4,
            requests_per_minute: 600,
            bundled_reads: true,
            // Lists take up to half a minute on a bad day (seen in the field).
            request_timeout: Duration::from_secs(60),
            retry_pause_max: Duration::from_secs(60),
            clock: None,
        }
    }
}

impl fmt::Debug for ConnectWiseSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Destructured without `..`: a new field has to say whether it is a secret.
        let Self {
            url,
            company,
            client_id: _,
            codebase,
            api_version,
            ca_file,
            max_in_flight,
            requests_per_minute,
            bundled_reads,
            request_timeout,
            retry_pause_max,
            clock: _,
        } = self;
        f.debug_struct("ConnectWiseSettings")
            .field("url", &without_credentials(url))
            .field("company", company)
            .field("client_id", &"[redacted]")
            .field("codebase", codebase)
            .field("api_version", api_version)
            .field("ca_file", ca_file)
            .field("max_in_flight", max_in_flight)
            .field("requests_per_minute", requests_per_minute)
            .field("bundled_reads", bundled_reads)
            .field("request_timeout", request_timeout)
            .field("retry_pause_max", retry_pause_max)
            .finish()
    }
}

/// The scheme, host, port and path of a URL: what may be shown of it.
pub(crate) fn without_credentials(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
}

/// Why no client can be made of the settings.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "its messages say it")]
pub enum ClientError {
    #[error("url {url}: {why}")]
    Url {
        url: String,
        /// What is wrong with it, and what to write instead.
        why: &'static str,
    },
    #[error("{key}: {why}")]
    Setting { key: &'static str, why: &'static str },
    #[error("ca_file {}: cannot be read", path.display())]
    CaFile { path: PathBuf, source: std::io::Error },
    #[error("ca_file {}: holds no certificate in PEM form", path.display())]
    CaFileForm { path: PathBuf },
    /// TLS or the connection pool could not be set up, mostly because the system has no certificates.
    #[error("cannot set up TLS; are the system's CA certificates installed?")]
    Tls { source: reqwest::Error },
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise a log line with the settings in it would give the keys away.
    #[test]
    fn debug_shows_no_secret() {
        let url = Url::parse("https://someone:hunter2@na.myconnectwise.net/").expect("a URL");
        let settings = ConnectWiseSettings::new(url, "examplemsp".into(), "0000-client".into());
        let shown = format!("{settings:?}");
        for secret in ["hunter2", "0000-client"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        assert!(shown.contains("na.myconnectwise.net") && shown.contains("examplemsp"), "{shown}");
    }
}
