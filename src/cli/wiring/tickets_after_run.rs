//! The service board of an integration: which ConnectWise has it, and what is done there after a run.

use chrono::TimeDelta;

use crate::apply::stop_signal::Stop;
use crate::cli::session::Session;
use crate::cli::{clock, session};
use crate::config::settings::{Config, ConnectWiseConfig, IntegrationConfig};
use crate::connectwise::client::Client;
use crate::history::run_record::RunRecord;
use crate::history::ticket_records::TicketAction;
use crate::reconcile::model::display_text::escaped;
use crate::tickets::round_inputs::TicketRound;
use crate::tickets::settings::TicketSettings;
use crate::tickets::ticket_sync::sync_tickets;

/// Tends the tickets of a run that is recorded. Whatever becomes of them changes nothing of the run. Whether there was anything
/// to tell of them.
pub(crate) async fn after_run(
    config: &Config,
    integration: &IntegrationConfig,
    run: &RunRecord,
    session: &mut Session,
    stop: &Stop,
) -> bool {
    let mut told = false;
    for at in 0..integration.tickets.len() {
        told |= sync_integration(config, integration, at, run, session, stop).await;
    }
    told
}

#[expect(clippy::too_many_arguments, reason = "what a run is about, and which of its tables")]
async fn sync_integration(
    config: &Config,
    integration: &IntegrationConfig,
    at: usize,
    run: &RunRecord,
    session: &mut Session,
    stop: &Stop,
) -> bool {
    let tables = integration.tickets.as_slice();
    let Some(settings) = tables.get(at) else { return false };
    let desk = desk_of(config, integration, settings);
    let settle = desk.as_ref().ok().and_then(|desk| TimeDelta::from_std(desk.settle).ok()).unwrap_or(TimeDelta::MAX);
    let same_connectwise = settings.connectwise.as_ref().is_none_or(|name| *name == integration.connectwise);
    let site = desk.as_ref().map(|desk| desk.site()).unwrap_or_default();
    let site = site.as_str();
    let round = TicketRound { run, settings, tables, at, same_connectwise, site, settle, clock: &clock::now, stop };
    let events = sync_tickets(round, &session.lock, &mut session.history, || connect(desk)).await;
    for event in &events {
        let (run, name, said) = (run.run.0, &integration.name, escaped(&event.said));
        let ticket = event.ticket.map(|ticket| ticket.0);
        match event.what {
            TicketAction::Trouble => tracing::warn!(run.id = run, ticket, "tickets of {name}: {said}"),
            deed => tracing::info!(run.id = run, ticket, "{}: {said}", deed.as_str()),
        }
    }
    !events.is_empty()
}

/// The ConnectWise that has the desk.
pub(crate) fn desk_of<'a>(
    config: &'a Config,
    integration: &IntegrationConfig,
    settings: &TicketSettings,
) -> Result<&'a ConnectWiseConfig, String> {
    let name = settings.connectwise.as_ref().unwrap_or(&integration.connectwise);
    config.connectwise.get(name).ok_or_else(|| format!("there is no [connectwise.{name}]"))
}

pub(crate) fn connect(desk: Result<&ConnectWiseConfig, String>) -> Result<Client, String> {
    session::connect(desk?).map_err(|failure| failure.finding.message)
}
