//! Service tickets: after a run, as a list, and as a test.

pub(crate) mod test;

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::apply::stop::Stop;
use crate::cli::console::Console;
use crate::cli::error::Trouble;
use crate::cli::session::Session;
use crate::cli::{Global, clock, session};
use crate::config::settings::{Config, ConnectWiseConfig, IntegrationConfig};
use crate::connectwise::client::Client;
use crate::history::record::RunRecord;
use crate::history::store::open::History;
use crate::history::tickets::{TicketDeed, TicketEvent, TicketRecord};
use crate::reconcile::exit::Exit;
use crate::reconcile::model::display_text::escaped;
use crate::tickets::settings::TicketSettings;
use crate::tickets::sync::{Round, tend};

/// Arguments of `tickets`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The tickets that recount keeps open
    List,
    /// Open one ticket from sample data, to see it in ConnectWise
    Test(ticket_test::Options),
}

pub(crate) fn run(global: &Global, options: &Options, console: &Console) -> Exit {
    let done = match &options.command {
        None | Some(Command::List) => list(global, console),
        Some(Command::Test(options)) => ticket_test::run(global, options, console),
    };
    done.unwrap_or_else(|trouble| trouble.tell(console))
}

/// Tends the tickets of a run that is recorded. Whatever becomes of them changes nothing of the run.
pub(crate) async fn after_run(
    config: &Config,
    integration: &IntegrationConfig,
    run: &RunRecord,
    session: &mut Session,
    stop: &Stop,
) {
    let Some(settings) = &integration.tickets else { return };
    let desk = desk_of(config, integration, settings);
    let settle = desk.as_ref().ok().and_then(|desk| TimeDelta::from_std(desk.settle).ok()).unwrap_or(TimeDelta::MAX);
    let same_connectwise = settings.connectwise.as_ref().is_none_or(|name| *name == integration.connectwise);
    let round = Round { run, settings, same_connectwise, settle, clock: &clock::now, stop };
    for event in tend(round, &session.lock, &mut session.history, || connect(desk)).await {
        let (run, name, said) = (run.run.0, &integration.name, escaped(&event.said));
        let ticket = event.ticket.map(|ticket| ticket.0);
        match event.what {
            TicketDeed::Trouble => tracing::warn!(run.id = run, ticket, "tickets of {name}: {said}"),
            deed => tracing::info!(run.id = run, ticket, "{}: {said}", deed.as_str()),
        }
    }
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

#[derive(Serialize)]
struct Document<'a> {
    schema: u8,
    exit_code: u8,
    tickets: Vec<Listed<'a>>,
    /// What the newest round of each integration did, trouble included.
    last: Vec<LastRound>,
}

#[derive(Serialize)]
struct Listed<'a> {
    ticket: Option<i64>,
    state: &'static str,
    integration: &'a str,
    kind: &'static str,
    handle: &'a str,
    summary: &'a str,
    reference: &'a str,
    opened_by_run: i64,
    since: String,
    last_note: String,
}

#[derive(Serialize)]
struct LastRound {
    integration: String,
    run: i64,
    events: Vec<Event>,
}

#[derive(Serialize)]
struct Event {
    event: &'static str,
    ticket: Option<i64>,
    said: String,
}

fn list(global: &Global, console: &Console) -> Result<Exit, Trouble> {
    let config = session::configuration(global)?;
    let history = session::existing_history(&config.state)?;
    let live = history.live_tickets(None).map_err(|error| session::store(&error))?;
    let last = last_rounds(&config, &history)?;
    if console.json {
        let tickets = live.iter().map(Listed::of).collect();
        console.document(&Document { schema: 1, exit_code: 0, tickets, last });
    } else {
        console.print(&listed(&live, &last));
    }
    Ok(Exit::Done)
}

fn last_rounds(config: &Config, history: &History) -> Result<Vec<LastRound>, Trouble> {
    let mut rounds = Vec::new();
    for name in config.integrations.keys() {
        let last = history.ticket_events(name).map_err(|error| session::store(&error))?;
        rounds.extend(last.map(|(run, events)| LastRound {
            integration: name.to_string(),
            run: run.0,
            events: events.into_iter().map(Event::of).collect(),
        }));
    }
    Ok(rounds)
}

fn listed(live: &[TicketRecord], last: &[LastRound]) -> String {
    let mut text = if live.is_empty() { "no ticket is open\n".to_owned() } else { String::new() };
    for record in live {
        let number = record.ticket.map_or("?".to_owned(), |ticket| ticket.to_string());
        let (state, since) = (record.state.as_str(), record.intended_at.date_naive());
        let _ = writeln!(text, "{number:>8}  {state:<9}  since {since}  {}", escaped(&record.about));
    }
    for round in last {
        for event in round.events.iter().filter(|event| event.event == TicketDeed::Trouble.as_str()) {
            let (integration, run) = (&round.integration, round.run);
            let _ = writeln!(text, "trouble in run {run} of {integration}: {}", escaped(&event.said));
        }
    }
    text
}

impl<'a> Listed<'a> {
    fn of(record: &'a TicketRecord) -> Self {
        let time = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
        Self {
            ticket: record.ticket.map(|ticket| ticket.0),
            state: record.state.as_str(),
            integration: record.integration.as_str(),
            kind: record.kind.as_str(),
            handle: &record.handle,
            summary: &record.about,
            reference: record.reference.as_str(),
            opened_by_run: record.run.0,
            since: time(record.intended_at),
            last_note: time(record.noted_at),
        }
    }
}

impl Event {
    fn of(event: TicketEvent) -> Self {
        Self { event: event.what.as_str(), ticket: event.ticket.map(|ticket| ticket.0), said: event.said }
    }
}
