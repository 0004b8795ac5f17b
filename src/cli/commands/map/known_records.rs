//! What was read of each ConnectWise for the pickers, kept for a while: whoever picks something types several letters. It is
//! read aside, so that somebody in front of a browser hears of a ConnectWise that is silent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::cli::error::CommandError;
use crate::cli::{clock, session};
use crate::config::settings::{Config, IntegrationConfig};
use crate::connectwise::Reader as _;
use crate::connectwise::client::Client;
use crate::nightly::night_failure::Failure;
use crate::reconcile::model::connectwise_records::{Agreement, Company, Product};
use crate::reconcile::model::ids::CompanyId;
use crate::report::exit_codes::Exit;

/// Whoever adds something in ConnectWise sees it after so long at the latest, or when they ask to read again. What is
/// written is looked up anew in any case.
const KEPT: TimeDelta = TimeDelta::minutes(10);

/// How long somebody waits for a page. What takes longer is read on, and is there when they ask again.
const PATIENCE: Duration = Duration::from_secs(5);

/// Companies, agreements and catalogs, by the table that names their ConnectWise.
#[derive(Debug, Clone, Default)]
pub(crate) struct KnownRecords(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    all: Mutex<BTreeMap<String, OfConnectWise>>,
    /// Told whenever a read is over.
    over: Condvar,
}

#[derive(Debug, Default)]
struct OfConnectWise {
    kept: BTreeMap<Asked, Kept>,
    reading: BTreeSet<Asked>,
    /// Why the last read came to nothing.
    failed: BTreeMap<Asked, CommandError>,
}

/// What is read in one go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Asked {
    Companies,
    AgreementsOf(CompanyId),
    Catalog,
}

#[derive(Debug, Clone)]
enum Records {
    Companies(Arc<Vec<Company>>),
    Agreements(Arc<Vec<Agreement>>),
    Catalog(Arc<Vec<Product>>),
}

/// Records, and the instant before they were asked for.
#[derive(Debug)]
struct Kept {
    at: DateTime<Utc>,
    records: Records,
}

impl Kept {
    fn is_fresh(&self) -> bool {
        let age = clock::now().signed_duration_since(self.at);
        age >= TimeDelta::zero() && age < KEPT
    }
}

impl KnownRecords {
    fn all(&self) -> MutexGuard<'_, BTreeMap<String, OfConnectWise>> {
        self.0.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was read a while ago at most.
    fn fresh(&self, integration: &IntegrationConfig, asked: Asked) -> Option<Records> {
        let all = self.all();
        let kept = all.get(&integration.connectwise)?.kept.get(&asked)?;
        kept.is_fresh().then(|| kept.records.clone())
    }

    /// The same, read now if need be.
    fn found(&self, config: &Config, integration: &IntegrationConfig, asked: Asked) -> Result<Records, CommandError> {
        if let Some(known) = self.fresh(integration, asked) {
            return Ok(known);
        }
        let (connectwise, client) = (&integration.connectwise, client(config, integration)?);
        if self.all().entry(connectwise.clone()).or_default().reading.insert(asked) {
            let reading = Reading { known: self.clone(), connectwise: connectwise.clone(), asked };
            thread::spawn(move || reading.read(&client));
        }
        let is_read = |all: &mut BTreeMap<String, OfConnectWise>| {
            all.get(connectwise).is_some_and(|of_it| of_it.reading.contains(&asked))
        };
        let waited = self.0.over.wait_timeout_while(self.all(), PATIENCE, is_read);
        let (mut all, _) = waited.unwrap_or_else(PoisonError::into_inner);
        let failed = all.get_mut(connectwise).and_then(|of_it| of_it.failed.remove(&asked));
        drop(all);
        match self.fresh(integration, asked) {
            Some(read) => Ok(read),
            None => Err(failed.unwrap_or_else(|| silent(connectwise))),
        }
    }

    /// Forgets what is kept of an integration's ConnectWise: the next to ask reads again.
    pub(crate) fn forget(&self, integration: &IntegrationConfig) {
        self.all().remove(&integration.connectwise);
    }

    /// The companies that were read a while ago at most.
    pub(crate) fn known_companies(&self, integration: &IntegrationConfig) -> Option<Arc<Vec<Company>>> {
        self.fresh(integration, Asked::Companies).and_then(Records::companies)
    }

    /// The same, read now if need be.
    pub(crate) fn companies(
        &self,
        config: &Config,
        integration: &IntegrationConfig,
    ) -> Result<Arc<Vec<Company>>, CommandError> {
        let found = self.found(config, integration, Asked::Companies)?;
        found.companies().ok_or_else(|| silent(&integration.connectwise))
    }

    /// The agreements of one company, read now if need be.
    pub(crate) fn agreements(
        &self,
        config: &Config,
        integration: &IntegrationConfig,
        company: CompanyId,
    ) -> Result<Arc<Vec<Agreement>>, CommandError> {
        match self.found(config, integration, Asked::AgreementsOf(company))? {
            Records::Agreements(records) => Ok(records),
            Records::Companies(_) | Records::Catalog(_) => Err(silent(&integration.connectwise)),
        }
    }

    /// The catalog, read now if need be.
    pub(crate) fn catalog(
        &self,
        config: &Config,
        integration: &IntegrationConfig,
    ) -> Result<Arc<Vec<Product>>, CommandError> {
        match self.found(config, integration, Asked::Catalog)? {
            Records::Catalog(records) => Ok(records),
            Records::Companies(_) | Records::Agreements(_) => Err(silent(&integration.connectwise)),
        }
    }
}

impl Records {
    fn companies(self) -> Option<Arc<Vec<Company>>> {
        match self {
            Records::Companies(records) => Some(records),
            Records::Agreements(_) | Records::Catalog(_) => None,
        }
    }

    fn read(client: &Client, asked: Asked) -> Result<Self, CommandError> {
        let runtime = session::runtime()?;
        Ok(match asked {
            Asked::Companies => Records::Companies(Arc::new(runtime.block_on(client.all_companies())?.records)),
            Asked::AgreementsOf(company) => {
                let asked = BTreeSet::from([company]);
                Records::Agreements(Arc::new(runtime.block_on(client.agreements_of(&asked))?.records))
            }
            Asked::Catalog => Records::Catalog(Arc::new(runtime.block_on(client.catalog())?.records)),
        })
    }
}

/// A read that is under way; however it ends, nobody waits for it any more.
struct Reading {
    known: KnownRecords,
    connectwise: String,
    asked: Asked,
}

impl Reading {
    fn read(self, client: &Client) {
        let at = clock::now();
        let read = Records::read(client, self.asked);
        let mut all = self.known.all();
        let of_it = all.entry(self.connectwise.clone()).or_default();
        of_it.kept.retain(|_, kept| kept.is_fresh());
        of_it.failed.remove(&self.asked);
        match read {
            Ok(records) => _ = of_it.kept.insert(self.asked, Kept { at, records }),
            Err(error) => _ = of_it.failed.insert(self.asked, error),
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        if let Some(of_it) = self.known.all().get_mut(&self.connectwise) {
            of_it.reading.remove(&self.asked);
        }
        self.known.0.over.notify_all();
    }
}

fn silent(connectwise: &str) -> CommandError {
    let seconds = PATIENCE.as_secs();
    let message = format!("ConnectWise ({connectwise}) has not answered within {seconds} seconds; it is waited for on");
    CommandError::new(Exit::Unreachable, message, "ask again in a minute; what has come by then is shown at once")
}

/// The client of an integration's ConnectWise.
fn client(config: &Config, integration: &IntegrationConfig) -> Result<Client, CommandError> {
    let client: Result<Client, Failure> = session::connectwise_of(config, integration).and_then(session::connect);
    Ok(client?)
}
