//! `TrialHost` by the commands that test: connection, tickets, alerts.

use crate::cli::commands::check::check_output::RightsFound;
use crate::cli::commands::serve::command_host::CommandHost;
use crate::cli::commands::{alerts, check, tickets};
use crate::cli::error::CommandError;
use crate::config::settings::Config;
use crate::reconcile::model::ids::IntegrationName;
use crate::web::desk::host::trial_host::{TrialHost, TrialKind, TrialResult};

impl TrialHost for CommandHost {
    fn test(&self, integration: &IntegrationName, what: TrialKind) -> TrialResult {
        let bad = |said: String| TrialResult { is_good: false, said };
        let config = match self.config() {
            Ok(config) => config,
            Err(why) => return bad(why.message),
        };
        let tried = match what {
            TrialKind::Connection => connection(&config, integration),
            TrialKind::Tickets => of_tickets(&config, integration),
            TrialKind::Alerts => of_alerts(&config, integration),
        };
        tried.unwrap_or_else(|error| bad(error.message))
    }

    fn trials(&self, integration: &IntegrationName) -> Vec<TrialKind> {
        let Ok(config) = self.config() else { return vec![TrialKind::Connection] };
        let has_tickets = config.integrations.get(integration).is_some_and(|one| !one.tickets.is_empty());
        let is_there = |kind: &TrialKind| match kind {
            TrialKind::Connection => true,
            TrialKind::Tickets => has_tickets,
            TrialKind::Alerts => config.alerts.values().any(|alert| alert.rules.is_about(integration)),
        };
        TrialKind::ALL.iter().copied().filter(is_there).collect()
    }
}

fn connection(config: &Config, integration: &IntegrationName) -> Result<TrialResult, CommandError> {
    let RightsFound { proved, open, wrong } = check::rights_of(config, integration)?;
    if !wrong.is_empty() {
        return Ok(TrialResult { is_good: false, said: wrong.join("; ") });
    }
    let open = if open.is_empty() { String::new() } else { format!("; not proved yet: {}", open.join(", ")) };
    Ok(TrialResult { is_good: true, said: format!("{}{open}", proved.join(", ")) })
}

fn of_tickets(config: &Config, integration: &IntegrationName) -> Result<TrialResult, CommandError> {
    let tickets = tickets::test::opened_and_closed(config, integration)?;
    Ok(TrialResult { is_good: true, said: tickets.join("; ") })
}

fn of_alerts(config: &Config, integration: &IntegrationName) -> Result<TrialResult, CommandError> {
    let (sent, failed) = alerts::sent_and_failed(config, integration)?;
    let said = if failed.is_empty() { format!("sent: {}", sent.join(", ")) } else { failed.join("; ") };
    Ok(TrialResult { is_good: failed.is_empty(), said })
}
