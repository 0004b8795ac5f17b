//! `recount integrations add NAME`: one more vendor, asked for as `init` asks for the first one.

use std::fs;

use clap::Args;
use serde::Serialize;

use crate::atomic_files;
use crate::cli::arguments::global_options::Global;
use crate::cli::commands::check;
use crate::cli::commands::init;
use crate::cli::commands::init::connectwise_offers::Offers;
use crate::cli::commands::init::init_answers;
use crate::cli::commands::init::init_answers::{TimeOfDay, Vendor};
use crate::cli::commands::init::init_options::VendorOptions;
use crate::cli::commands::init::init_output::services_of;
use crate::cli::commands::init::new_recount_toml;
use crate::cli::commands::integrations::not_edited::not_edited;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::session;
use crate::config::edit::recount_toml;
use crate::config::settings::Config;
use crate::reconcile::model::display_text::shown;
use crate::report::exit_codes::Exit;

/// Arguments of `integrations add`.
#[derive(Debug, Args)]
pub(super) struct NewVendorOptions {
    /// What commands and reports call it
    name: String,
    /// In which `[connectwise.NAME]` it bills; may be left out if there is only one
    #[arg(long, value_name = "NAME")]
    connectwise: Option<String>,
    #[command(flatten)]
    vendor: VendorOptions,
    /// Ask nothing; take the proposals for what is not given
    #[arg(long)]
    yes: bool,
}

#[derive(Serialize)]
struct Added<'a> {
    integration: &'a str,
    customers: &'a str,
    rows: usize,
}

pub(super) fn run(global: &Global, options: &NewVendorOptions, console: &Console) -> Exit {
    match added(global, options, console) {
        Ok(()) => Exit::Done,
        Err(error) => error.tell(console),
    }
}

fn added(global: &Global, options: &NewVendorOptions, console: &Console) -> Result<(), CommandError> {
    let config = session::configuration(global)?;
    let name = &options.name;
    if config.integrations.contains_key(name.as_str()) {
        let message = format!("there is an integration {} already", shown(name));
        return Err(CommandError::new(Exit::Usage, message, "choose another name"));
    }
    let connectwise = connectwise(&config, options.connectwise.as_deref())?;
    let folder = config.path.parent().unwrap_or(std::path::Path::new("")).to_owned();
    let folder = std::path::absolute(&folder).unwrap_or(folder);
    let settings = config.connectwise.get(&connectwise).map(session::connect);
    let vendor = init::with_asker(global, options.yes, |asker| {
        let client = settings.transpose().map_err(|failure| failure.finding.message);
        let offers = match client {
            Ok(Some(client)) => Offers::asked(&client).unwrap_or_default(),
            _ => Offers::default(),
        };
        // When the nights run is said already.
        let mut at = Some(TimeOfDay { hour: 0, minute: 0 });
        let vendor = init_answers::vendor((&folder, &options.vendor), Some(name), offers, (asker, &mut at))?;
        asker.complete()?;
        vendor.ok_or_else(|| CommandError::new(Exit::Usage, "the export is not known", "give it with --export"))
    })?;
    let customers = format!("customers-{}.csv", vendor.name);
    let config = written(&config, &vendor, (&connectwise, &customers), &folder)?;
    let counts = init::tonight(&config, &vendor).counts;
    let services = services_of(&counts);
    let text = new_recount_toml::services(&vendor.name, &services, &vendor.offers.products(&services));
    recount_toml::append(&config.path, &text)
        .map_err(|error| not_edited(&error, "answer otherwise; recount.toml is as it was"))?;
    if console.json {
        let (integration, customers, rows) = (vendor.name.as_str(), customers.as_str(), counts.rows);
        console.document(Exit::Done, &Added { integration, customers, rows });
        return Ok(());
    }
    let (path, name) = (config.path.display(), &vendor.name);
    console.print(&format!("{name} was added to {path}, with {customers} beside it; mode {}\n\n", vendor.mode));
    check::of(session::configuration_of(&config.path)?)?.print(console, "");
    Ok(())
}

/// The one that is named, or the only one.
fn connectwise(config: &Config, given: Option<&str>) -> Result<String, CommandError> {
    let names: Vec<&str> = config.connectwise.keys().map(String::as_str).collect();
    match (given, names.as_slice()) {
        (Some(given), names) if names.contains(&given) => Ok(given.to_owned()),
        (None, [only]) => Ok((*only).to_owned()),
        (Some(given), _) => {
            let message = format!("there is no [connectwise.{}]", shown(given));
            Err(CommandError::new(Exit::Usage, message, format!("one of {}", names.join(", "))))
        }
        (None, _) => {
            let message = "there are several ConnectWise, and none is named".to_owned();
            Err(CommandError::new(Exit::Usage, message, format!("--connectwise with one of {}", names.join(", "))))
        }
    }
}

/// The file of customers first, because the configuration names it; what does not load is taken back.
fn written(
    config: &Config,
    vendor: &Vendor,
    (connectwise, customers): (&str, &str),
    folder: &std::path::Path,
) -> Result<Config, CommandError> {
    let path = folder.join(customers);
    let failed = |error: std::io::Error| {
        let message = format!("cannot write {}: {error}", path.display());
        CommandError::new(Exit::Unexpected, message, "look at the folder, or remove what is in the way")
    };
    atomic_files::create_for_group(&path, new_recount_toml::CUSTOMERS.as_bytes()).map_err(failed)?;
    let text = format!("\n{}", new_recount_toml::integration(vendor, (connectwise, customers), folder));
    if let Err(error) = recount_toml::append(&config.path, &text) {
        // It was made a moment ago, and holds nothing.
        let _ = fs::remove_file(&path);
        return Err(not_edited(&error, "answer otherwise; recount.toml is as it was"));
    }
    session::configuration_of(&config.path)
}
