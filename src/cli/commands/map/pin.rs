//! `recount map pin`: which of several additions a line means.

use std::collections::BTreeSet;

use clap::Args;
use serde::Serialize;

use crate::cli::arguments::global_options::Global;
use crate::cli::arguments::typed_handle;
use crate::cli::commands::map::add_ignore::{refused, tell};
use crate::cli::commands::map::inventory;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::wiring::keep_file_version;
use crate::cli::{operator, session};
use crate::config::edit::addition_pin::pin_addition;
use crate::config::settings::{Config, IntegrationConfig};
use crate::history::run_record::LineRecord;
use crate::history::store::open::History;
use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::ids::{AdditionId, CustomerName};
use crate::report::display_names;
use crate::report::exit_codes::Exit;
use crate::report::open_items::{Item, open_items};

/// Arguments of `map pin`.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// The line's handle, as reports show it
    handle: String,
    /// The record id of the addition that is meant
    #[arg(value_parser = clap::value_parser!(i64).range(1..))]
    addition_id: i64,
}

/// What was written.
#[derive(Debug, Serialize)]
pub(crate) struct PinnedAddition {
    integration: String,
    customer: String,
    addition_id: i64,
    file: String,
}

pub(super) fn run(global: &Global, options: &Options, console: &Console) -> Exit {
    let addition = AdditionId(options.addition_id);
    let done =
        session::configuration(global).and_then(|config| pin(&config, &operator::who(), &options.handle, addition));
    tell(done, PinnedAddition::text, console)
}

impl PinnedAddition {
    fn text(&self) -> String {
        let Self { integration, customer, addition_id, file } = self;
        format!(
            "{}: addition {addition_id} is meant\n  written into its row of {}; nothing was written to ConnectWise\n  \
             it takes effect with the next plan or run: recount plan {integration}\n",
            shown(customer),
            escaped(file)
        )
    }
}

/// Writes which of the additions a line means that is held for being several, into the row of its customer.
///
/// # Errors
/// When the newest plan does not ask that, or the file cannot be edited.
pub(crate) fn pin(
    config: &Config,
    who: &str,
    handle: &str,
    addition: AdditionId,
) -> Result<PinnedAddition, CommandError> {
    let history = History::open_existing(&config.state)?;
    let all = history.map(|history| open_items(config.integrations.keys(), &history)).transpose()?.unwrap_or_default();
    let item = typed_handle::meant(&all, handle)?;
    let (line, asked) = asked(item)?;
    if !asked.contains(&addition) {
        let named: Vec<String> = asked.iter().map(ToString::to_string).collect();
        let message =
            format!("{addition} is none of the additions that {} asks about: {}", item.handle, named.join(", "));
        return Err(CommandError::new(Exit::Usage, message, format!("recount why {}", item.handle)));
    }
    let integration = &config.integrations[&item.of.run.integration];
    let customer = with_a_row(integration, line)?;
    let change =
        pin_addition(&integration.customers_path, customer, addition, &asked).map_err(|error| refused(&error))?;
    keep_file_version::keep(config, &change, who);
    Ok(PinnedAddition {
        integration: integration.name.to_string(),
        customer: customer.to_string(),
        addition_id: addition.0,
        file: integration.customers_path.display().to_string(),
    })
}

/// The line, and the additions that it asks about.
fn asked(item: Item<'_>) -> Result<(&LineRecord, BTreeSet<AdditionId>), CommandError> {
    let line = item.line.filter(|line| display_names::is_ambiguous(line));
    let asked = line.and_then(|line| Some((line, line.named.as_ref()?.0.keys().copied().collect())));
    asked.ok_or_else(|| {
        let message = format!("{} is no line of which several additions are live", item.handle);
        CommandError::new(Exit::Usage, message, format!("recount why {}", item.handle))
    })
}

/// A customer of the line who has a row to write into.
fn with_a_row<'a>(integration: &IntegrationConfig, line: &'a LineRecord) -> Result<&'a CustomerName, CommandError> {
    let rows = &inventory::mapping(integration)?.customers;
    let found = display_names::customers(line).into_iter().find(|customer| rows.contains_key(*customer));
    found.ok_or_else(|| {
        let message = "no customer of the line has a row in customers.csv to write it into";
        CommandError::new(Exit::Usage, message, "recount map list")
    })
}
