//! The health of the configured integrations, and their numbers, as of now.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::TimeDelta;

use crate::cli::clock;
use crate::cli::wiring::replication::replica_standing::ReplicaStanding;
use crate::config::settings::{Config, IntegrationConfig};
use crate::history::past::owned_lines::UnwatchedLine;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::history::store::run_lock::RunLock;
use crate::reconcile::model::ids::IntegrationName;
use crate::reconcile::model::plan::outcome::Mode;
use crate::report::format::prometheus;
use crate::report::health::{Expected, Health, HostPart};
use crate::report::metrics_file;
use crate::report::outdated::StandingBy;

/// The health of one integration.
pub(crate) fn of(
    config: &Config,
    integration: &IntegrationConfig,
    history: Option<&History>,
    is_running: bool,
) -> Result<Health, StoreError> {
    expected(integration, host_part(config)).health(history, is_running, clock::now())
}

/// What lines of integrations that are off, renamed or removed bill still.
pub(crate) fn unwatched(config: &Config, history: &History) -> Result<Vec<UnwatchedLine>, StoreError> {
    history.unwatched(&on(config))
}

/// The integrations that are not off.
pub(crate) fn on(config: &Config) -> BTreeSet<IntegrationName> {
    let on = config.integrations.values().filter(|integration| integration.mode != Mode::Off);
    on.map(|integration| integration.name.clone()).collect()
}

/// Whether a process holds the run lock, and which, since when.
pub(crate) fn running(state: &Path) -> Option<String> {
    RunLock::holder(state)
}

/// The metrics of all integrations.
pub(crate) fn metrics(config: &Config, history: Option<&History>, is_running: bool) -> Result<String, StoreError> {
    let host = host_part(config);
    let expected = config.integrations.values().map(|integration| expected(integration, host));
    let measured = prometheus::measured(expected, history, is_running, clock::now())?;
    let unwatched = history.map(|history| unwatched(config, history)).transpose()?.unwrap_or_default();
    Ok(prometheus::render(&measured, &unwatched))
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

/// What is to be expected of this host.
pub(crate) fn host_part(config: &Config) -> HostPart {
    let standing = config.replica.as_ref().map(|_| ReplicaStanding::read(&config.state));
    standing.map_or(HostPart::Works, |standing| standing.part(clock::now()))
}

/// The host that does the nights in this one's place, for whoever looks at what this one knows.
pub(crate) fn standing_by(config: &Config, history: Option<&History>) -> Option<StandingBy> {
    config.replica.as_ref()?;
    let standing = Some(ReplicaStanding::read(&config.state)).filter(ReplicaStanding::is_standing_by)?;
    // What cannot be read is told by the page itself.
    let newest = history.and_then(|history| history.runs(1).ok()?.into_iter().next());
    Some(StandingBy {
        has_run_out: standing.has_run_out(clock::now()),
        until: standing.until.map(|until| config.zone.local(until)),
        host: standing.host,
        known_until: newest.map(|run| run.started_at),
    })
}

fn expected(integration: &IntegrationConfig, host: HostPart) -> Expected<'_> {
    let every = TimeDelta::from_std(integration.expected_every).unwrap_or(TimeDelta::MAX);
    Expected { integration: &integration.name, mode: integration.mode, every, host }
}
