//! Service tickets: after a run, as a list, and as a test.

pub(crate) mod test;

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::cli::arguments::global_options::Global;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::session;
use crate::config::settings::Config;
use crate::history::store::open::History;
use crate::history::ticket_records::{TicketAction, TicketEvent, TicketRecord, TicketState};
use crate::reconcile::model::display_text;
use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::plan::outcome::Mode;
use crate::report::exit_codes::Exit;

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
    Test(test::Options),
}

pub(crate) fn run(global: &Global, options: &Options, console: &Console) -> Exit {
    let done = match &options.command {
        None | Some(Command::List) => list(global, console),
        Some(Command::Test(options)) => test::run(global, options, console),
    };
    done.unwrap_or_else(|error| error.tell(console))
}

#[derive(Serialize)]
struct Document<'a> {
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
    /// The run that found its item settled, where the ticket could not be closed then.
    #[serde(skip_serializing_if = "Option::is_none")]
    settled_by_run: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    /// Why no run tends it any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    untended: Option<String>,
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

fn list(global: &Global, console: &Console) -> Result<Exit, CommandError> {
    let config = session::configuration(global)?;
    let history = session::existing_history(&config.state)?;
    // What a person closed by hand is not open, although its item is.
    let mut live = history.live_tickets(None)?;
    live.retain(|record| record.state != TicketState::Dismissed);
    let last = last_rounds(&config, &history)?;
    let tickets = live.iter().map(|record| Listed::of(record, untended(&config, record))).collect();
    let document = Document { tickets, last };
    Ok(console.show(Exit::Done, &document, || listed(&live, &document.last, &config)))
}

fn last_rounds(config: &Config, history: &History) -> Result<Vec<LastRound>, CommandError> {
    let mut rounds = Vec::new();
    for name in config.integrations.keys() {
        let last = history.ticket_events(name)?;
        rounds.extend(last.map(|(run, events)| LastRound {
            integration: name.to_string(),
            run: run.0,
            events: events.into_iter().map(Event::of).collect(),
        }));
    }
    Ok(rounds)
}

/// Why no run notes or closes a ticket any more, if none does.
fn untended(config: &Config, record: &TicketRecord) -> Option<String> {
    let name = shown(record.integration.as_str());
    Some(match config.integrations.get(&record.integration) {
        None => format!("no integration is called {name} any more"),
        Some(integration) if integration.mode == Mode::Off => format!("{name} is off"),
        Some(integration) if integration.tickets.is_empty() => format!("{name} keeps no tickets any more"),
        Some(_) => return None,
    })
}

fn listed(live: &[TicketRecord], last: &[LastRound], config: &Config) -> String {
    let mut text = if live.is_empty() { "no ticket is open\n".to_owned() } else { String::new() };
    for record in live {
        let number = record.ticket.map_or("?".to_owned(), |ticket| ticket.to_string());
        let (state, since) =
            (record.state.as_str(), display_text::day(config.day(&record.integration, record.intended_at)));
        let _ = writeln!(text, "{number:>8}  {state:<9}  since {since}  {}", escaped(&record.about));
        if let Some(why) = untended(config, record) {
            let _ = writeln!(text, "{:>8}  {why}, so no run tends it: close it by hand once its item is settled", "");
        }
        if let Some(run) = record.settled_run {
            let why = record.why.as_deref().unwrap_or("it could not be closed yet; the next run tries again");
            let _ = writeln!(text, "{:>8}  its item was settled by run {run}: {}", "", escaped(why));
        }
    }
    // What is said of a ticket above is not said again.
    let is_above = |event: &Event| {
        let told = |record: &&TicketRecord| record.settled_run.is_some() && record.why.is_some();
        event.ticket.is_some() && live.iter().filter(told).any(|record| record.ticket.map(|id| id.0) == event.ticket)
    };
    for round in last {
        let trouble = |event: &&Event| event.event == TicketAction::Trouble.as_str() && !is_above(event);
        for event in round.events.iter().filter(trouble) {
            let (integration, run) = (&round.integration, round.run);
            let _ = writeln!(text, "problem in run {run} of {integration}: {}", escaped(&event.said));
        }
    }
    text
}

impl<'a> Listed<'a> {
    fn of(record: &'a TicketRecord, untended: Option<String>) -> Self {
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
            settled_by_run: record.settled_run.map(|run| run.0),
            why: record.why.as_deref(),
            untended,
        }
    }
}

impl Event {
    fn of(event: TicketEvent) -> Self {
        Self { event: event.what.as_str(), ticket: event.ticket.map(|ticket| ticket.0), said: event.said }
    }
}
