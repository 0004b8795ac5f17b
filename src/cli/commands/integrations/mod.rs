//! `recount integrations`: what there is; `add` and `remove`; and `enable`, `disable`, which change a mode in place.

mod add;
mod not_edited;
mod remove;

use std::fmt::Write as _;

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

use crate::cli::arguments::global_options::Global;
use crate::cli::arguments::typed_integration;
use crate::cli::commands::integrations::not_edited::{BY_HAND, not_edited};
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::session;
use crate::cli::wiring::configured_health;
use crate::cli::wiring::health_json::HealthJson;
use crate::cli::wiring::keep_report;
use crate::cli::wiring::outdated_history;
use crate::config::edit::recount_toml;
use crate::config::settings::Config;
use crate::config::settings::IntegrationConfig;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::ids::IntegrationName;
use crate::reconcile::model::mapping::CustomerTarget;
use crate::reconcile::model::plan::outcome::Mode;
use crate::report::exit_codes::Exit;
use crate::report::health::Health;
use crate::report::numbers_and_dates::minute;

/// Arguments of `integrations`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    change: Option<Change>,
}

#[derive(Debug, Subcommand)]
enum Change {
    /// What there is, as without a word
    List,
    /// Add a vendor: asks what `init` asked of the first one
    Add(Box<add::NewVendorOptions>),
    /// Remove a vendor from recount.toml; its history stays, and lines that bill still are named
    Remove(remove::RemoveOptions),
    /// Switch an integration on; recount.toml is changed in place
    Enable {
        /// The integration
        name: String,
        /// observe: plans and reports; apply: writes
        #[arg(long, value_enum)]
        mode: On,
    },
    /// Switch an integration off; recount.toml is changed in place
    Disable {
        /// The integration
        name: String,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum On {
    /// Plans and reports, never writes
    Observe,
    /// Writes what the guards let pass
    Apply,
}

impl Options {
    /// Whether it changes recount.toml.
    pub(crate) fn edits(&self) -> bool {
        !matches!(self.change, None | Some(Change::List))
    }
}

pub(crate) fn run(global: &Global, options: &Options, console: &Console) -> Exit {
    let exit = done(global, options, console);
    // What recount.toml says now; where it cannot be read, the next run says so.
    if let Some(config) = session::configuration(global).ok().filter(|_| options.edits()) {
        keep_report::keep_overviews(&config);
    }
    exit
}

fn done(global: &Global, options: &Options, console: &Console) -> Exit {
    let done = match &options.change {
        None | Some(Change::List) => list(global, console),
        Some(Change::Add(options)) => return add::run(global, options, console),
        Some(Change::Remove(options)) => remove::run(global, options, console).map(|()| Exit::Done),
        Some(Change::Enable { name, mode: On::Observe }) => set_mode(global, name, Mode::Observe, console),
        Some(Change::Enable { name, mode: On::Apply }) => set_mode(global, name, Mode::Apply, console),
        Some(Change::Disable { name }) => set_mode(global, name, Mode::Off, console),
    };
    match done {
        Ok(exit) => exit,
        Err(error) => error.tell(console),
    }
}

fn set_mode(global: &Global, name: &str, mode: Mode, console: &Console) -> Result<Exit, CommandError> {
    let config = session::configuration(global)?;
    let before = typed_integration::named(&config, name)?.mode;
    if before != mode {
        recount_toml::set_mode(&config.path, name, mode).map_err(|error| not_edited(&error, BY_HAND))?;
    }
    if console.json {
        let (before, mode) = (before.as_str(), mode.as_str());
        console.document(Exit::Done, &Changed { integration: name, before, mode });
        return Ok(Exit::Done);
    }
    let was = if before == mode { "is already".to_owned() } else { format!("was {before} and is now") };
    let (then, next) = match mode {
        Mode::Off => ("", "recount integrations"),
        Mode::Observe => ("", "recount plan"),
        Mode::Apply if has_been_approved(&config, name) => (
            ": a plan of it was approved before, so its next run writes what the guards let pass",
            "recount plan shows what that is",
        ),
        Mode::Apply => (
            ": the first plan that changes anything needs your approval",
            "recount plan, then recount apply with its fingerprint",
        ),
    };
    console.print(&format!("{name} {was} {mode}{then}\n\nNext: {next}\n"));
    Ok(Exit::Done)
}

/// Where that cannot be read, the next run says what it needs.
fn has_been_approved(config: &Config, name: &str) -> bool {
    let history = session::existing_history(&config.state).ok();
    history.and_then(|history| history.approved_once(&IntegrationName::new(name)).ok()).unwrap_or(false)
}

#[derive(Serialize)]
struct Changed<'a> {
    integration: &'a str,
    before: &'static str,
    mode: &'static str,
}

#[derive(Serialize)]
struct Document<'a> {
    /// Who holds the run lock.
    running: Option<&'a str>,
    integrations: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    mode: Mode,
    connectwise: &'a str,
    mapped: Option<usize>,
    skipped: Option<usize>,
    unmapped: Option<usize>,
    #[serde(flatten)]
    health: HealthJson<'a>,
}

/// One integration, as far as it is known without asking ConnectWise.
struct Known<'a> {
    integration: &'a IntegrationConfig,
    customers: Customers,
    health: Health,
}

/// How many customers have a company, are left out on purpose, or bill nothing because nobody said where.
struct Customers {
    /// `None` where `customers.csv` cannot be read.
    mapped: Option<usize>,
    skipped: Option<usize>,
    /// In the newest plan; `None` before the first.
    unmapped: Option<usize>,
}

fn list(global: &Global, console: &Console) -> Result<Exit, CommandError> {
    let config = session::configuration(global)?;
    let history = History::open_existing(&config.state)?;
    let exit = history.as_ref().map_or(Exit::Done, |history| outdated_history::told(&config, history, console));
    let running = configured_health::running(&config.state);
    let mut known = Vec::new();
    for integration in config.integrations.values() {
        let health = configured_health::of(&config, integration, history.as_ref(), running.is_some())?;
        let customers = Customers::of(integration, history.as_ref())?;
        known.push(Known { integration, customers, health });
    }
    let running = running.as_deref();
    let document = Document { running, integrations: known.iter().map(Row::of).collect() };
    Ok(console.show(exit, &document, || table(&known, running)))
}

impl Customers {
    fn of(integration: &IntegrationConfig, history: Option<&History>) -> Result<Self, StoreError> {
        let rows = integration.mapping.as_ref().ok().map(|mapping| mapping.customers.values());
        let skipped = |target: &CustomerTarget| matches!(target, CustomerTarget::Skip);
        let numbers = rows.map(|rows| {
            rows.fold(
                (0, 0),
                |(mapped, left_out), row| {
                    if skipped(&row.target) { (mapped, left_out + 1) } else { (mapped + 1, left_out) }
                },
            )
        });
        let unmapped = history.map(|history| history.unmapped(&integration.name)).transpose()?.flatten();
        Ok(Self { mapped: numbers.map(|(mapped, _)| mapped), skipped: numbers.map(|(_, skipped)| skipped), unmapped })
    }
}

impl<'a> Row<'a> {
    fn of(known: &'a Known<'_>) -> Self {
        let Known { integration, customers: Customers { mapped, skipped, unmapped }, health } = known;
        Self {
            mode: integration.mode,
            connectwise: &integration.connectwise,
            mapped: *mapped,
            skipped: *skipped,
            unmapped: *unmapped,
            health: HealthJson::of(&integration.name, health),
        }
    }
}

fn table(known: &[Known<'_>], running: Option<&str>) -> String {
    let mut text = String::new();
    for Known { integration, customers: Customers { mapped, skipped, unmapped }, health } in known {
        let number = |number: &Option<usize>| number.map_or("–".to_owned(), |number| number.to_string());
        let IntegrationConfig { name, mode, connectwise, .. } = integration;
        let _ = writeln!(text, "{name}  {mode} · ConnectWise {connectwise} · {}", health.sentence());
        let _ = writeln!(
            text,
            "    customers: {} mapped, {} skipped, {} unmapped",
            number(mapped),
            number(skipped),
            number(unmapped),
        );
        if let Err(faults) = &integration.mapping {
            let _ = writeln!(text, "    {}", faults.drawn().replace('\n', "\n    "));
        }
        match health.last.as_ref().and_then(|last| Some((last.run, last.end.as_ref()?))) {
            Some((run, end)) => {
                let at = minute(integration.zone.local(end.finished_at));
                _ = writeln!(text, "    last run {run} {}, {at}", end.verdict);
            }
            None => text.push_str("    no run yet\n"),
        }
        if let Some(run) = health.running {
            let _ = writeln!(text, "    run {run} is in progress");
        }
    }
    if let Some(holder) = running {
        let _ = writeln!(text, "\nA run is in progress ({holder}).");
    }
    text
}
