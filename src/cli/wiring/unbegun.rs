//! A night that cannot even begin: whoever is told of nights is told of it.

use crate::alerts::engine::{Alerts, AnnouncedRun};
use crate::cli::clock;
use crate::cli::error::CommandError;
use crate::cli::wiring::alert_engine;
use crate::config::settings::{Config, IntegrationConfig};
use crate::report::brief::Brief;

/// Tells that the nights of these integrations did not begin.
pub(crate) async fn tell(config: &Config, integrations: &[&IntegrationConfig], error: &CommandError) {
    let alerts = alert_engine::of(config);
    for integration in integrations {
        let announced = alerts.before(&integration.name).await;
        tell_announced(&alerts, integration, &announced, error).await;
    }
}

/// The same of one that was announced.
pub(crate) async fn tell_announced(
    alerts: &Alerts<'_>,
    integration: &IntegrationConfig,
    announced: &AnnouncedRun,
    error: &CommandError,
) {
    let CommandError { exit, message, fix, .. } = error;
    let brief = Brief::of_trouble(&integration.name, *exit, message, fix, clock::now());
    alerts.unrecorded(&integration.name, announced, &brief).await;
}
