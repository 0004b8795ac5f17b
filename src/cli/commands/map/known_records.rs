//! What was read of each ConnectWise for the pickers, kept for a while: whoever picks something types several letters.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use crate::cli::error::CommandError;
use crate::cli::{clock, session};
use crate::config::settings::{Config, IntegrationConfig};
use crate::connectwise::Reader as _;
use crate::connectwise::client::Client;
use crate::nightly::night_failure::Failure;
use crate::reconcile::model::connectwise_records::{Agreement, Company, Product};
use crate::reconcile::model::ids::CompanyId;

/// Whoever adds something in ConnectWise sees it after so long at the latest, or when they ask to read again. What is
/// written is looked up anew in any case.
const KEPT: TimeDelta = TimeDelta::minutes(10);

/// Companies, agreements and catalogs, by the table that names their ConnectWise.
#[derive(Debug, Clone, Default)]
pub(crate) struct KnownRecords(Arc<Mutex<BTreeMap<String, OfConnectWise>>>);

#[derive(Debug, Default)]
struct OfConnectWise {
    companies: Option<Read<Company>>,
    /// Of each company.
    agreements: BTreeMap<CompanyId, Read<Agreement>>,
    catalog: Option<Read<Product>>,
}

/// Records, and the instant before they were asked for.
#[derive(Debug)]
struct Read<T> {
    at: DateTime<Utc>,
    records: Arc<Vec<T>>,
}

impl<T> Read<T> {
    fn new(at: DateTime<Utc>, records: Vec<T>) -> Self {
        Self { at, records: Arc::new(records) }
    }

    fn fresh(&self) -> Option<Arc<Vec<T>>> {
        let age = clock::now().signed_duration_since(self.at);
        (age >= TimeDelta::zero() && age < KEPT).then(|| Arc::clone(&self.records))
    }
}

impl KnownRecords {
    fn all(&self) -> MutexGuard<'_, BTreeMap<String, OfConnectWise>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What this finds of an integration's ConnectWise, if that was read a while ago at most.
    fn find<T>(
        &self,
        integration: &IntegrationConfig,
        find: impl Fn(&OfConnectWise) -> Option<&Read<T>>,
    ) -> Option<Arc<Vec<T>>> {
        self.all().get(&integration.connectwise).and_then(find).and_then(Read::fresh)
    }

    fn keep(&self, integration: &IntegrationConfig, keep: impl FnOnce(&mut OfConnectWise)) {
        keep(self.all().entry(integration.connectwise.clone()).or_default());
    }

    /// Forgets what is kept of an integration's ConnectWise: the next to ask reads again.
    pub(crate) fn forget(&self, integration: &IntegrationConfig) {
        self.all().remove(&integration.connectwise);
    }

    /// The companies that were read a while ago at most.
    pub(crate) fn known_companies(&self, integration: &IntegrationConfig) -> Option<Arc<Vec<Company>>> {
        self.find(integration, |kept| kept.companies.as_ref())
    }

    /// The same, read now if need be.
    pub(crate) fn companies(
        &self,
        config: &Config,
        integration: &IntegrationConfig,
    ) -> Result<Arc<Vec<Company>>, CommandError> {
        if let Some(known) = self.known_companies(integration) {
            return Ok(known);
        }
        let at = clock::now();
        let read = Read::new(at, session::runtime()?.block_on(client(config, integration)?.all_companies())?.records);
        let records = Arc::clone(&read.records);
        self.keep(integration, |kept| kept.companies = Some(read));
        Ok(records)
    }

    /// The agreements of one company, read now if need be.
    pub(crate) fn agreements(
        &self,
        config: &Config,
        integration: &IntegrationConfig,
        company: CompanyId,
    ) -> Result<Arc<Vec<Agreement>>, CommandError> {
        if let Some(known) = self.find(integration, |kept| kept.agreements.get(&company)) {
            return Ok(known);
        }
        let (at, client, asked) = (clock::now(), client(config, integration)?, BTreeSet::from([company]));
        let read = Read::new(at, session::runtime()?.block_on(client.agreements_of(&asked))?.records);
        let records = Arc::clone(&read.records);
        self.keep(integration, |kept| {
            kept.agreements.retain(|_, one| one.fresh().is_some());
            kept.agreements.insert(company, read);
        });
        Ok(records)
    }

    /// The catalog, read now if need be.
    pub(crate) fn catalog(
        &self,
        config: &Config,
        integration: &IntegrationConfig,
    ) -> Result<Arc<Vec<Product>>, CommandError> {
        if let Some(known) = self.find(integration, |kept| kept.catalog.as_ref()) {
            return Ok(known);
        }
        let at = clock::now();
        let read = Read::new(at, session::runtime()?.block_on(client(config, integration)?.catalog())?.records);
        let records = Arc::clone(&read.records);
        self.keep(integration, |kept| kept.catalog = Some(read));
        Ok(records)
    }
}

/// The client of an integration's ConnectWise.
fn client(config: &Config, integration: &IntegrationConfig) -> Result<Client, CommandError> {
    let client: Result<Client, Failure> = session::connectwise_of(config, integration).and_then(session::connect);
    Ok(client?)
}
