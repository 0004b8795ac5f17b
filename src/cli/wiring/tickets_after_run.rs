//! The service board of an integration: which ConnectWise has it, and what is done there after a run.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use crate::apply::stop_signal::Stop;
use crate::cli::session::Session;
use crate::cli::{clock, session};
use crate::config::settings::{Config, ConnectWiseConfig, IntegrationConfig};
use crate::connectwise::client::Client;
use crate::error_chain::error_chain;
use crate::history::run_record::RunRecord;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::history::ticket_records::TicketAction;
use crate::reconcile::decide::permitted_answers::is_over_when_off;
use crate::reconcile::model::display_text::escaped;
use crate::reconcile::model::ids::IntegrationName;
use crate::reconcile::model::plan::outcome::{Mode, RunCommand, RunVerdict};
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
        told |= sync_integration(config, integration, (at, run, None), session, stop).await;
    }
    told
}

/// Tends the tickets of integrations that are off, as far as that alone ends their items: no run of theirs will.
pub(crate) async fn of_switched_off(config: &Config, session: &mut Session, stop: &Stop) {
    let is_kept = |one: &&IntegrationConfig| one.mode == Mode::Off && !one.tickets.is_empty();
    for integration in config.integrations.values().filter(is_kept) {
        let ended = over_by_now(&integration.name, &session.history).inspect_err(|error| {
            tracing::warn!("tickets of {}: {}", integration.name, error_chain(error));
        });
        let Ok(Some((run, ended))) = ended else { continue };
        for at in 0..integration.tickets.len() {
            sync_integration(config, integration, (at, &run, Some(&ended)), session, stop).await;
        }
    }
}

/// The handles of the newest plan that ask nothing while the integration is off and have a ticket, with that plan as a night that
/// told of it.
fn over_by_now(name: &IntegrationName, history: &History) -> Result<Option<(RunRecord, BTreeSet<String>)>, StoreError> {
    let live = history.live_tickets(Some(name))?;
    let Some(mut run) = history.latest_plan(name)?.filter(|_| !live.is_empty()) else { return Ok(None) };
    let findings = run.end.iter().flat_map(|end| &end.findings);
    let over = findings.filter(|finding| is_over_when_off(finding.code)).filter_map(|finding| finding.handle.clone());
    let over: BTreeSet<String> = over.filter(|handle| live.iter().any(|record| record.handle == *handle)).collect();
    run.command = RunCommand::Run;
    run.end.iter_mut().for_each(|end| end.verdict = RunVerdict::Decide);
    Ok((!over.is_empty()).then_some((run, over)))
}

async fn sync_integration(
    config: &Config,
    integration: &IntegrationConfig,
    (at, run, ended): (usize, &RunRecord, Option<&BTreeSet<String>>),
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
    let round =
        TicketRound { run, ended, settings, tables, at, same_connectwise, site, settle, clock: &clock::now, stop };
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
