//! The companies of each ConnectWise, kept for a while: whoever picks one types several letters.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use crate::cli::error::CommandError;
use crate::cli::{clock, session};
use crate::config::settings::{Config, IntegrationConfig};
use crate::connectwise::Reader as _;
use crate::connectwise::client::Client;
use crate::nightly::failure::Failure;
use crate::reconcile::model::records::Company;

/// Whoever adds a company sees it after so long at the latest. What is written is looked up anew in any case.
const KEPT: TimeDelta = TimeDelta::minutes(10);

/// Companies, by the table that names their ConnectWise.
#[derive(Debug, Clone, Default)]
pub(crate) struct KnownCompanies(Arc<Mutex<BTreeMap<String, Read>>>);

#[derive(Debug, Clone)]
struct Read {
    at: DateTime<Utc>,
    companies: Arc<Vec<Company>>,
}

impl KnownCompanies {
    /// Those that were read a while ago at most.
    pub(crate) fn known(&self, integration: &IntegrationConfig) -> Option<Arc<Vec<Company>>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let read = known.get(&integration.connectwise)?;
        let age = clock::now().signed_duration_since(read.at);
        (age >= TimeDelta::zero() && age < KEPT).then(|| Arc::clone(&read.companies))
    }

    /// The same, read now if need be.
    pub(crate) fn read(
        &self,
        config: &Config,
        integration: &IntegrationConfig,
    ) -> Result<Arc<Vec<Company>>, CommandError> {
        if let Some(known) = self.known(integration) {
            return Ok(known);
        }
        let client = client(config, integration)?;
        let companies = session::runtime()?.block_on(client.all_companies())?.records;
        let companies = Arc::new(companies);
        let read = Read { at: clock::now(), companies: Arc::clone(&companies) };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(integration.connectwise.clone(), read);
        Ok(companies)
    }
}

/// The client of an integration's ConnectWise.
pub(crate) fn client(config: &Config, integration: &IntegrationConfig) -> Result<Client, CommandError> {
    let client: Result<Client, Failure> = session::connectwise_of(config, integration).and_then(session::connect);
    Ok(client?)
}
