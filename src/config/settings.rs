//! The validated configuration.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use std::time::SystemTime;

use crate::config::secrets::SecretError;
use crate::config::secrets::SecretSource;
use crate::config::secrets::read;
use crate::connectwise::settings::ConnectWiseSettings;
use crate::export::ExportSettings;
use crate::notify::ticket_settings::TicketSettings;
use crate::reconcile::guards::GuardPolicy;
use crate::reconcile::ids::IntegrationName;
use crate::reconcile::mapping::Mapping;
use crate::reconcile::outcome::Mode;

/// `recount.toml`, with everything it names.
#[derive(Debug, Clone)]
pub struct Config {
    /// The file.
    pub path: PathBuf,
    /// The folder of the history and the reports.
    pub state: PathBuf,
    /// `[connectwise.NAME]`.
    pub connectwise: BTreeMap<String, ConnectWiseConfig>,
    /// `[integration.NAME]`.
    pub integrations: BTreeMap<IntegrationName, IntegrationConfig>,
    /// `[daemon]`.
    pub daemon: Option<DaemonConfig>,
}

/// One ConnectWise; its secrets are named, not read.
#[derive(Debug, Clone)]
pub struct ConnectWiseConfig {
    /// The folder that relative paths start from.
    pub folder: PathBuf,
    /// Base URL, without the API's path.
    pub url: url::Url,
    /// The login company id.
    pub company: String,
    /// The integration's client id.
    pub client_id: String,
    /// Where the API member's public key is.
    pub public_key: SecretSource,
    /// Where the API member's private key is.
    pub private_key: SecretSource,
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
    /// How long an unknown creation is left alone before a later run looks for it.
    pub settle: Duration,
}

/// One vendor's export bound to one ConnectWise.
#[derive(Debug, Clone)]
pub struct IntegrationConfig {
    /// Its name.
    pub name: IntegrationName,
    /// Which [`Config::connectwise`] it bills in. Always there.
    pub connectwise: String,
    /// What it may do.
    pub mode: Mode,
    /// `customers.csv`.
    pub customers_path: PathBuf,
    /// Where counts are billed, or what is wrong with `customers.csv`: that stops this integration and no other.
    pub mapping: Result<Mapping, String>,
    /// Where counts come from.
    pub export: ExportSettings,
    /// What is held.
    pub guards: GuardPolicy,
    /// `[integration.NAME.tickets]`.
    pub tickets: Option<TicketSettings>,
}

/// `[daemon]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaemonConfig {
    /// When it runs, as a cron expression.
    pub schedule: String,
    /// The time zone of the schedule.
    pub zone: String,
    /// How late a missed run may still begin.
    pub catch_up: Duration,
}

impl ConnectWiseConfig {
    /// What the client needs, with the secrets read now.
    ///
    /// # Errors
    /// A secret that is not there, or that others may read.
    pub fn settings(&self, clock: fn() -> SystemTime) -> Result<ConnectWiseSettings, SecretError> {
        Ok(ConnectWiseSettings {
            url: self.url.clone(),
            company: self.company.clone(),
            client_id: self.client_id.clone(),
            public_key: read(&self.public_key, &self.folder)?,
            private_key: read(&self.private_key, &self.folder)?,
            codebase: self.codebase.clone(),
            api_version: self.api_version.clone(),
            ca_file: self.ca_file.clone(),
            max_in_flight: self.max_in_flight,
            requests_per_minute: self.requests_per_minute,
            request_timeout: self.request_timeout,
            retry_pause_max: self.retry_pause_max,
            clock: Some(clock),
        })
    }
}
