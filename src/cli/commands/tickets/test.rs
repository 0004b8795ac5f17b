//! `recount tickets test`: one ticket a table from sample data, which says that it is one.

use std::collections::BTreeSet;

use clap::Args;
use serde::Serialize;

use crate::cli::arguments::global_options::Global;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::session::Session;
use crate::cli::wiring::tickets_after_run;
use crate::cli::{clock, session};
use crate::config::settings::{Config, IntegrationConfig};
use crate::connectwise::WriteError;
use crate::reconcile::model::ids::{IntegrationName, TicketRef};
use crate::reconcile::model::plan::remedy::Remedy;
use crate::report::exit_codes::Exit;
use crate::tickets::board::{BoardTerms, NewTicket, Note, ServiceBoard, StatusChange, TermsError, Ticket};
use crate::tickets::settings::TicketSettings;
use crate::tickets::ticket_text;
use crate::tickets::ticket_text::SampleTicket;

/// Arguments of `tickets test`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Whose tickets; may be left out if only one integration has them
    integration: Option<String>,
    /// Leave the tickets open, to look at them on the board
    #[arg(long)]
    leave_open: bool,
}

#[derive(Serialize)]
struct Document {
    tickets: Vec<Tried>,
}

/// What became of the ticket of one table.
#[derive(Serialize)]
struct Tried {
    board: String,
    ticket: i64,
    summary: String,
    reference: String,
    closed: bool,
}

pub(crate) fn run(global: &Global, options: &Options, console: &Console) -> Result<Exit, CommandError> {
    let config = session::configuration(global)?;
    let integration = chosen(&config, options.integration.as_deref())?;
    let tickets = tried(&config, integration, options.leave_open, &mut |tried| {
        if !console.json {
            console.print(&result_text(tried));
        }
    })?;
    if console.json {
        console.document(Exit::Done, &Document { tickets });
    }
    Ok(Exit::Done)
}

/// A ticket of each table of an integration, opened and closed again; each in a sentence.
pub(crate) fn opened_and_closed(config: &Config, name: &IntegrationName) -> Result<Vec<String>, CommandError> {
    let integration = chosen(config, Some(name.as_str()))?;
    let tickets = tried(config, integration, false, &mut |_| ())?;
    Ok(tickets
        .iter()
        .map(|one| format!("ticket {} was opened and closed on board {}", one.ticket, one.board))
        .collect())
}

fn tried(
    config: &Config,
    integration: &IntegrationConfig,
    leave_open: bool,
    told: &mut dyn FnMut(&Tried),
) -> Result<Vec<Tried>, CommandError> {
    // Two at once, or one beside a run, would have nobody to tell them apart.
    let _session = Session::open_to_look(config)?;
    let runtime = session::runtime()?;
    let mut tickets = Vec::new();
    for settings in &integration.tickets {
        let client = tickets_after_run::connect(tickets_after_run::desk_of(config, integration, settings))
            .map_err(|message| CommandError::new(Exit::Config, message, "recount check"))?;
        let new = sample(integration, settings);
        let tried = runtime.block_on(all(&client, settings, &new, leave_open))?;
        told(&tried);
        tickets.push(tried);
    }
    Ok(tickets)
}

fn result_text(tried: &Tried) -> String {
    let Tried { board, ticket, summary, reference: _, closed } = tried;
    let end = if *closed {
        "It was opened, got a note and was closed: every right that tickets ask for is there."
    } else {
        "It was opened, got a note and is left open. Look at it in ConnectWise, then close it there."
    };
    format!(
        "ticket {ticket} on board {board}: {summary}\nIt is made of sample data; there is no open item behind it. {end}\n"
    )
}

fn chosen<'a>(config: &'a Config, name: Option<&str>) -> Result<&'a IntegrationConfig, CommandError> {
    let having = config.integrations.values().filter(|one| !one.tickets.is_empty());
    let having: Vec<_> = having.filter(|one| name.is_none_or(|name| one.name.as_str() == name)).collect();
    match having.as_slice() {
        [one] => Ok(*one),
        [] => {
            let whose = name.map_or("no integration".to_owned(), |name| format!("no integration {name}"));
            let message = format!("there is {whose} with tickets");
            Err(CommandError::new(Exit::Usage, message, "add [integration.NAME.tickets] to recount.toml"))
        }
        several => {
            let names: Vec<&str> = several.iter().map(|one| one.name.as_str()).collect();
            let message = format!("several integrations have tickets: {}", names.join(", "));
            Err(CommandError::new(Exit::Usage, message, format!("recount tickets test {}", names[0])))
        }
    }
}

fn sample(integration: &IntegrationConfig, settings: &TicketSettings) -> NewTicket {
    let now = clock::now();
    let SampleTicket { summary, text, fields } =
        ticket_text::sample(&integration.name, settings, integration.zone.day(now));
    NewTicket {
        // Never that of a matter: no run will ever take it for one of its own.
        reference: TicketRef::new(&format!("recount-test-{}", now.timestamp_micros())),
        summary,
        text,
        company: settings.company,
        visible: settings.visible,
        notify: settings.notify,
        fields,
    }
}

/// Opens, notes and closes: each needs a right of its own.
async fn all(
    desk: &impl ServiceBoard,
    settings: &TicketSettings,
    new: &NewTicket,
    leave_open: bool,
) -> Result<Tried, CommandError> {
    let terms = desk.terms(&settings.desk).await.map_err(|error| match error {
        TermsError::Read(error) => error.into(),
        TermsError::Missing(_) => {
            CommandError::new(Exit::Config, error.to_string(), "correct the tickets in recount.toml")
        }
    })?;
    let ticket = opened(desk, &terms, new).await?;
    let then = |error| CommandError {
        written: "a test ticket is open",
        fix: Remedy::in_turn([Remedy::in_connectwise(format!("close ticket {}", ticket.id)), fix_of(&error)]),
        ..refused(error)
    };
    let note = Note {
        text: "This is a test of recount: the note that an item gets while it stays open.".to_owned(),
        visible: settings.visible,
        notify: settings.notify,
    };
    desk.note(ticket.id, &note).await.map_err(then)?;
    let status = terms.closing_status.filter(|_| settings.close && !leave_open);
    if let Some(status) = status {
        let change = StatusChange { status, notify: settings.notify };
        desk.set_status(ticket.id, change).await.map_err(then)?;
    }
    let NewTicket { summary, reference, .. } = new;
    Ok(Tried {
        board: settings.desk.board.clone(),
        ticket: ticket.id.0,
        summary: summary.clone(),
        reference: reference.as_str().to_owned(),
        closed: status.is_some(),
    })
}

async fn opened(desk: &impl ServiceBoard, terms: &BoardTerms, new: &NewTicket) -> Result<Ticket, CommandError> {
    match desk.open(terms, new).await {
        Err(WriteError::Unclear { why, .. }) => {
            let found = desk.tickets(&BTreeSet::from([new.reference.clone()])).await?;
            found.into_iter().next().ok_or_else(|| {
                let message = format!("it is not known whether the ticket was opened: {why}");
                let fix = format!("look in ConnectWise for \"{}\"", new.summary);
                CommandError {
                    written: "a ticket may have been opened",
                    ..CommandError::new(Exit::Partial, message, fix)
                }
            })
        }
        other => other.map_err(refused),
    }
}

fn refused(error: WriteError) -> CommandError {
    let fix = fix_of(&error);
    match error {
        WriteError::RightMissing { why, .. } => CommandError::new(Exit::Denied, why, fix),
        WriteError::KeyRefused { .. } => CommandError::new(Exit::Denied, error.to_string(), fix),
        _ => CommandError::new(Exit::Partial, error.to_string(), fix),
    }
}

fn fix_of(error: &WriteError) -> Remedy {
    match error {
        WriteError::RightMissing { fix, .. } => fix.as_str().into(),
        _ => Remedy::command("recount check"),
    }
}
