//! `recount map remove`: a customer's row is taken out of customers.csv.

use clap::Args;
use serde::Serialize;

use crate::cli::arguments::global_options::Global;
use crate::cli::commands::map::add_ignore::{meant, refused};
use crate::cli::commands::map::customer_scope::CustomerScope;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::wiring::keep_file_version;
use crate::cli::{operator, session};
use crate::config::edit::customers_csv::remove_row;
use crate::config::settings::{Config, IntegrationConfig};
use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::ids::CustomerName;
use crate::report::exit_codes::Exit;

/// Arguments of `map remove`.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// The customer's handle, as reports show it, or its name, exactly as in the export
    #[arg(value_name = "HANDLE|CUSTOMER")]
    customer: String,
    /// Whose customer, where several integrations have one of that name
    #[arg(long, value_name = "NAME")]
    integration: Option<String>,
}

#[derive(Serialize)]
struct Removed<'a> {
    integration: &'a str,
    customer: &'a str,
    file: &'a str,
}

pub(super) fn run(global: &Global, options: &Options, console: &Console) -> Exit {
    match removed(global, options, console) {
        Ok(()) => Exit::Done,
        Err(error) => error.tell(console),
    }
}

fn removed(global: &Global, options: &Options, console: &Console) -> Result<(), CommandError> {
    let Options { customer, integration } = options;
    let config = session::configuration(global)?;
    let (integration, customer) = meant(&config, &CustomerScope::of(customer, integration.as_deref()))?;
    remove(&config, integration, &customer, &operator::who())?;
    let (file, name) = (integration.customers_path.display().to_string(), integration.name.as_str());
    if console.json {
        console.document(Exit::Done, &Removed { integration: name, customer: customer.as_str(), file: &file });
    } else if !console.quiet {
        console.print(&format!(
            "{} has no row any more\n  taken out of {}; nothing was written to ConnectWise\n  \
             it takes effect with the next plan or run: recount plan {name}\n",
            shown(customer.as_str()),
            escaped(&file)
        ));
    }
    Ok(())
}

/// Takes the row out, and keeps the version.
pub(super) fn remove(
    config: &Config,
    integration: &IntegrationConfig,
    customer: &CustomerName,
    who: &str,
) -> Result<(), CommandError> {
    let change = remove_row(&integration.customers_path, customer).map_err(|error| refused(&error))?;
    keep_file_version::keep(config, &change, who);
    Ok(())
}
