//! `recount tickets test`: one ticket from sample data, which says that it is one.

use std::collections::BTreeSet;

use clap::Args;
use serde::Serialize;

use crate::cli::arguments::global::Global;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::session::Session;
use crate::cli::wiring::ticket_board;
use crate::cli::{clock, session};
use crate::config::settings::{Config, IntegrationConfig};
use crate::connectwise::WriteError;
use crate::reconcile::model::ids::TicketRef;
use crate::report::exit::Exit;
use crate::tickets::board::{NewTicket, ServiceBoard, TermsError, Ticket};
use crate::tickets::settings::TicketSettings;
use crate::tickets::text;
use crate::tickets::text::Sample;

/// Arguments of `tickets test`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Whose tickets; may be left out if only one integration has them
    integration: Option<String>,
}

#[derive(Serialize)]
struct Document<'a> {
    ticket: i64,
    summary: &'a str,
    reference: &'a str,
}

pub(crate) fn run(global: &Global, options: &Options, console: &Console) -> Result<Exit, CommandError> {
    let config = session::configuration(global)?;
    let (integration, settings) = chosen(&config, options.integration.as_deref())?;
    // Two at once, or one beside a run, would have nobody to tell them apart.
    let _session = Session::open(&config.state)?;
    let client = ticket_board::connect(ticket_board::desk_of(&config, integration, settings))
        .map_err(|message| CommandError::new(Exit::Config, message, "recount check"))?;
    let new = sample(integration, settings);
    let ticket = session::runtime()?.block_on(open(&client, settings, &new))?;
    if console.json {
        let (summary, reference) = (new.summary.as_str(), new.reference.as_str());
        console.document(Exit::Done, &Document { ticket: ticket.id.0, summary, reference });
    } else {
        console.print(&format!(
            "ticket {} is open: {}\nIt is made of sample data; there is no open item behind it. Look at it in ConnectWise, \
             then close it there.\n",
            ticket.id, new.summary
        ));
    }
    Ok(Exit::Done)
}

fn chosen<'a>(
    config: &'a Config,
    name: Option<&str>,
) -> Result<(&'a IntegrationConfig, &'a TicketSettings), CommandError> {
    let having = config.integrations.values().filter_map(|one| Some((one, one.tickets.as_ref()?)));
    let having: Vec<_> = having.filter(|(one, _)| name.is_none_or(|name| one.name.as_str() == name)).collect();
    match having.as_slice() {
        [one] => Ok(*one),
        [] => {
            let whose = name.map_or("no integration".to_owned(), |name| format!("no integration {name}"));
            let message = format!("there is {whose} with tickets");
            Err(CommandError::new(Exit::Usage, message, "add [integration.NAME.tickets] to recount.toml"))
        }
        several => {
            let names: Vec<&str> = several.iter().map(|(one, _)| one.name.as_str()).collect();
            let message = format!("several integrations have tickets: {}", names.join(", "));
            Err(CommandError::new(Exit::Usage, message, format!("recount tickets test {}", names[0])))
        }
    }
}

fn sample(integration: &IntegrationConfig, settings: &TicketSettings) -> NewTicket {
    let now = clock::now();
    let Sample { summary, text, fields } = text::sample(&integration.name, settings, integration.zone.day(now));
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

async fn open(desk: &impl ServiceBoard, settings: &TicketSettings, new: &NewTicket) -> Result<Ticket, CommandError> {
    let terms = desk.terms(&settings.desk).await.map_err(|error| match error {
        TermsError::Read(error) => error.into(),
        TermsError::Missing(_) => {
            CommandError::new(Exit::Config, error.to_string(), "correct the tickets in recount.toml")
        }
    })?;
    match desk.open(&terms, new).await {
        Ok(ticket) => Ok(ticket),
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
        Err(WriteError::RightMissing { why, fix }) => Err(CommandError::new(Exit::Denied, why, fix)),
        Err(error @ WriteError::KeyRefused { .. }) => {
            Err(CommandError::new(Exit::Denied, error.to_string(), "recount check"))
        }
        Err(error) => Err(CommandError::new(Exit::Partial, error.to_string(), "recount check")),
    }
}
