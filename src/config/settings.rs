//! The validated configuration.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, NaiveDate, Utc};

use crate::config::desk_settings::DeskConfig;
use crate::config::error::{ConfigError, ConfigErrors};
use crate::config::secrets::{SecretError, SecretSource, read};
use crate::config::tables::alerts::AlertConfig;
use crate::connectwise::client::settings::{ApiKeys, ConnectWiseSettings};
use crate::export::settings::ExportSettings;
use crate::reconcile::guard::guard_policy::GuardPolicy;
use crate::reconcile::matching::line_claims::OtherIntegration;
use crate::reconcile::model::display_text::escaped;
use crate::reconcile::model::ids::IntegrationName;
use crate::reconcile::model::mapping::Mapping;
use crate::reconcile::model::plan::outcome::Mode;
use crate::reconcile::model::plan::remedy::Remedy;
use crate::reconcile::model::record_links::{RecordAddress, RecordLinks};
use crate::replication::settings::ReplicaSettings;
use crate::tickets::settings::TicketSettings;
use crate::zone::Zone;

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
    /// `[desk]`.
    pub desk: Option<DeskConfig>,
    /// `[alert.NAME]`.
    pub alerts: BTreeMap<String, AlertConfig>,
    /// How long alerts may delay one run, all of them together.
    pub alerts_within: Duration,
    /// Whose days count where no integration is meant: that of `[daemon]`, else UTC.
    pub zone: Zone,
    /// The metrics for Prometheus's node exporter.
    pub metrics_file: PathBuf,
    /// Every other path that it names, with its key.
    pub paths: Vec<(String, PathBuf)>,
    /// `replicate`: where copies of the history go, and the lease lies.
    pub replica: Option<ReplicaSettings>,
    /// How long plans' lines, reports and fetched files are kept. The journal and the decisions stay.
    pub keep: Duration,
}

/// One ConnectWise; its secrets are named, not read.
#[derive(Debug, Clone)]
pub struct ConnectWiseConfig {
    /// The folder that relative paths start from.
    pub folder: PathBuf,
    /// Its address, and how to talk to it.
    pub client: ConnectWiseSettings,
    /// Where the API member's public key is.
    pub public_key: SecretSource,
    /// Where the API member's private key is.
    pub private_key: SecretSource,
    /// How long an unknown creation is left alone before a later run looks for it.
    pub settle: Duration,
    /// Where its records open in a browser.
    pub records: Option<RecordAddress>,
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
    /// `services_file`, if the services are in a file of their own.
    pub services_path: Option<PathBuf>,
    /// Where counts are billed, or what is wrong with `customers.csv` or `services_file`: that stops this integration and
    /// no other.
    pub mapping: Result<Mapping, ConfigErrors>,
    /// Where counts come from.
    pub export: ExportSettings,
    /// What is held.
    pub guards: GuardPolicy,
    /// Whose days and months count.
    pub zone: Zone,
    /// After how long without a run somebody has to look.
    pub expected_every: Duration,
    /// `[integration.NAME.tickets]`, or several `[[integration.NAME.tickets]]`: an open item is the first one's that takes it.
    pub tickets: Vec<TicketSettings>,
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
    /// Where it answers `/metrics`; nowhere unless configured.
    pub listen: Option<SocketAddr>,
}

impl Config {
    /// Where the records of each integration open in a browser.
    pub fn record_links(&self) -> BTreeMap<IntegrationName, RecordLinks> {
        let address = |connectwise: &ConnectWiseConfig| Some((connectwise.site(), connectwise.records.clone()?));
        let sites: BTreeMap<_, _> = self.connectwise.values().filter_map(address).collect();
        let of = |integration: &IntegrationConfig| {
            let address = self.connectwise.get(&integration.connectwise)?.records.clone()?;
            Some(RecordLinks::new(address, sites.clone()))
        };
        self.integrations.values().filter_map(|one| Some((one.name.clone(), of(one)?))).collect()
    }

    /// The day that it is for an integration, or, where it is not configured any more, by the usual zone.
    pub fn day(&self, integration: &IntegrationName, now: DateTime<Utc>) -> NaiveDate {
        self.integrations.get(integration).map_or(&self.zone, |one| &one.zone).day(now)
    }

    /// The other integrations that are not off and bill in the same ConnectWise, by whatever table it is named, as far as
    /// their mapping can be read.
    pub fn neighbours<'a>(&'a self, of: &IntegrationConfig) -> Vec<OtherIntegration<'a>> {
        let neighbour = |other: &'a IntegrationConfig| {
            Some(OtherIntegration { integration: &other.name, mapping: other.mapping.as_ref().ok()? })
        };
        self.beside(of).filter_map(neighbour).collect()
    }

    /// Those whose mapping cannot be read: they write nothing, and what they own is known by their last lines alone.
    pub fn unread_neighbours(&self, of: &IntegrationConfig) -> Vec<&IntegrationName> {
        self.beside(of).filter(|other| other.mapping.is_err()).map(|other| &other.name).collect()
    }

    fn beside<'a>(&'a self, of: &IntegrationConfig) -> impl Iterator<Item = &'a IntegrationConfig> {
        let own = self.connectwise.get(&of.connectwise);
        let same_site = move |other: &&IntegrationConfig| {
            let site = self.connectwise.get(&other.connectwise);
            own.zip(site).is_some_and(|(own, site)| own.same_site(site))
        };
        let name = of.name.clone();
        let others = self.integrations.values().filter(move |other| other.name != name && other.mode != Mode::Off);
        others.filter(same_site)
    }
}

impl IntegrationConfig {
    /// What to do where its `customers.csv`, whatever it is called, is at fault.
    pub fn mapping_fix(&self) -> Remedy {
        let correct = self.mapping_correction();
        self.mapping.as_ref().err().map_or_else(|| correct.clone().into(), |faults| faults.remedy(correct.clone()))
    }

    fn mapping_correction(&self) -> String {
        let of_services = |fault: &ConfigError| Some(&fault.path) == self.services_path.as_ref();
        if self.mapping.as_ref().is_err_and(|faults| faults.0.iter().any(of_services)) {
            let file = self.services_path.as_deref().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
            return format!("correct {}, the `services_file`, then `recount check`", escaped(&file));
        }
        let file = self.customers_path.file_name().unwrap_or_default().to_string_lossy();
        let file = escaped(&file);
        if self.customers_path.exists() {
            format!("correct {file}, then `recount check`")
        } else {
            format!("make {file}, or correct `customers = \"{file}\"` in recount.toml; then `recount check`")
        }
    }
}

impl ConnectWiseConfig {
    /// Whether both tables are one ConnectWise: one login company, however the host is spelt. A line that two
    /// integrations bill there would be billed twice, so in doubt they are one.
    fn same_site(&self, other: &Self) -> bool {
        self.client.company.to_lowercase() == other.client.company.to_lowercase()
    }

    /// Which ConnectWise it is: the host without `api-`, and the login company.
    pub fn site(&self) -> String {
        let host = self.client.url.host_str().unwrap_or_default().to_ascii_lowercase();
        format!("{} (company {})", host.strip_prefix("api-").unwrap_or(&host), self.client.company.to_lowercase())
    }

    /// What the client needs, with the secrets read now.
    ///
    /// # Errors
    /// A secret that is not there, or that others may read.
    pub fn settings(&self, clock: fn() -> SystemTime) -> Result<(ConnectWiseSettings, ApiKeys), SecretError> {
        let key = |source, name| read(source, &self.folder).map_err(|error| error.of(name));
        let (public_key, private_key) = (key(&self.public_key, "public_key")?, key(&self.private_key, "private_key")?);
        let settings = ConnectWiseSettings { clock: Some(clock), ..self.client.clone() };
        Ok((settings, ApiKeys { public_key, private_key }))
    }
}
