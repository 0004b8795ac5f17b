//! The health of each integration, and its numbers, read off the history.

use std::path::Path;

use chrono::TimeDelta;

use crate::cli::clock;
use crate::config::settings::{Config, IntegrationConfig};
use crate::history::store::error::StoreError;
use crate::history::store::lock::RunLock;
use crate::history::store::open::History;
use crate::report::format::prometheus;
use crate::report::format::prometheus::Measured;
use crate::report::health::{Health, health};
use crate::report::metrics_file;

/// Nights that are looked at for the last good one; before them it is long enough ago.
const NIGHTS: usize = 400;

/// The health of one integration.
pub(crate) fn of(
    integration: &IntegrationConfig,
    history: Option<&History>,
    is_running: bool,
) -> Result<Health, StoreError> {
    let Some(history) = history else {
        return Ok(health(&[], false, integration.mode, is_running, TimeDelta::MAX, clock::now()));
    };
    let nights = history.nights_before(&integration.name, None, NIGHTS)?;
    let planned = nights.is_empty() && history.newest_runs()?.iter().any(|run| run.integration == integration.name);
    let expected = TimeDelta::from_std(integration.expected_every).unwrap_or(TimeDelta::MAX);
    Ok(health(&nights, planned, integration.mode, is_running, expected, clock::now()))
}

/// Whether a process holds the run lock, and which, since when.
pub(crate) fn running(state: &Path) -> Option<String> {
    RunLock::holder(state)
}

/// The metrics of all integrations.
pub(crate) fn metrics(config: &Config, history: Option<&History>, is_running: bool) -> Result<String, StoreError> {
    let measured: Result<Vec<Measured>, StoreError> = config
        .integrations
        .values()
        .map(|integration| {
            let health = of(integration, history, is_running)?;
            let outcomes = match (history, &health.last) {
                (Some(history), Some(last)) => history.outcomes(last.run)?,
                _ => Default::default(),
            };
            Ok(Measured { integration: integration.name.clone(), health, outcomes })
        })
        .collect();
    Ok(prometheus::render(&measured?))
}

/// Writes the metrics for the node exporter. That they cannot be written never changes a run.
pub(crate) fn keep(config: &Config, history: &History) {
    let path = &config.metrics_file;
    let kept = metrics(config, Some(history), false).map_err(|error| error.to_string());
    let kept = kept.and_then(|text| metrics_file::replace(path, &text).map_err(|error| error.to_string()));
    if let Err(error) = kept {
        tracing::warn!("the metrics cannot be written to {}: {error}", path.display());
    }
}
