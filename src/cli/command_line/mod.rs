//! The command line as a whole: clap's types, with examples under the help of every command.

pub(crate) mod examples;
#[cfg(test)]
mod tests;

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use serde::Serialize;

use crate::cli::arguments::global_options::Global;
use crate::cli::command_line::examples::EXAMPLES;
use crate::cli::commands::fleet::fleet_options::FleetOptions;
use crate::cli::commands::history::backup::{BackupOptions, RestoreOptions};
use crate::cli::commands::report::diff;
use crate::cli::commands::{
    alerts, answer, check, completions, daemon, demo, held, history, init, integrations, map, read, report, run, serve,
    sim, status, tickets, users, verify, why,
};
use crate::cli::console;
use crate::report::exit_codes::Exit;
use crate::report::format::json::{Document, JsonError};

/// Nightly billing reconciler: what a vendor says is used, into what ConnectWise PSA bills. Quantities only.
#[derive(Debug, Parser)]
#[command(name = "recount", version, about, max_term_width = 80)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// The whole tour on a simulated ConnectWise: no credentials, no network
    Demo(demo::Options),
    /// Set it up: asks a few things, looks at the export, writes the files
    Init(Box<init::init_options::Options>),
    /// Configuration, export, connection, each permission, and the mapping: one line each, with the fix
    Check(check::Options),
    /// What an export comes to, customer by customer; asks nothing of ConnectWise
    Read(read::Options),
    /// The vendors whose files are known: names for `profile` and `read --profile`
    Profiles,
    /// Which customer is which company: list, suggest, add, ignore, remove, pin, agreements, products, test
    Map(map::Options),
    /// What would change, and why; writes nothing to ConnectWise
    Plan(run::PlanOptions),
    /// The nightly command: plan, and in apply mode carry out what the guards let pass
    Run(run::RunOptions),
    /// Carry out exactly the plan of this fingerprint, or refuse
    Apply(run::ApplyOptions),
    /// Open items: what waits for a person, oldest first
    Held(held::Options),
    /// Take a held step, as it is shown, once
    Accept(answer::AcceptOptions),
    /// Leave a line as ConnectWise has it
    Keep(answer::Options),
    /// Do not ask about an item any more
    Ignore(answer::Options),
    /// Plan to set back what a run wrote; it is applied by its fingerprint
    Undo(run::UndoOptions),
    /// Is the history sound, and was the journal of writes never changed?
    Verify(verify::Options),
    /// Every run there was; with --customer or --service, lines over time
    History(history::Options),
    /// The history as one file, whole, also while a run is on
    Backup(BackupOptions),
    /// Put a backup of the history in its place; what stood there is set aside
    Restore(RestoreOptions),
    /// What differed between two runs
    Diff(diff::Options),
    /// A run's report again, whole; without RUN the newest
    Report(report::Options),
    /// One line's whole chain: export, mapping, ConnectWise, rule, request
    Why(why::Options),
    /// The service tickets that recount keeps, and a test of them
    Tickets(tickets::Options),
    /// Is every integration well? The exit code says it, too
    Status(status::Options),
    /// Every integration, on or off: list, add, remove, enable, disable
    Integrations(integrations::Options),
    /// Mail, webhook and ping: does it arrive?
    Alerts(alerts::Options),
    /// Who may come to the desk: list, add, role, reset, lock, unlock, remove
    Users(users::Options),
    /// The desk: open items, plans, nights and customers in a browser, and the buttons for them; /metrics
    Serve(serve::Options),
    /// Serve a simulated ConnectWise over HTTP
    Sim(sim::Options),
    /// Run every night at the time of `[daemon]` in recount.toml
    Daemon(Box<daemon::Options>),
    /// Completion of commands and options, for a shell
    Completions(completions::Options),
    /// The manual pages
    Man(completions::ManOptions),
}

impl Command {
    /// What is asked for many tenants, of the commands that may be given for them.
    pub(crate) fn fleet(&self) -> Option<&FleetOptions> {
        Some(match self {
            Command::Plan(options) => &options.fleet,
            Command::Run(options) => &options.fleet,
            Command::Status(options) => &options.fleet,
            Command::Report(options) => &options.fleet,
            Command::Check(options) => &options.fleet,
            Command::Daemon(options) => &options.fleet,
            _ => return None,
        })
    }

    /// Whether it only reads what nights left: those that could not be recorded are recorded before it.
    pub(crate) fn tells_of_nights(&self) -> bool {
        matches!(self, Command::Report(_) | Command::Status(_) | Command::History(_) | Command::Serve(_))
    }
}

/// The arguments of this process. Help, version and mistakes end it here, as clap does it.
pub(super) fn parsed() -> Cli {
    let parsed = whole().try_get_matches_from(arguments()).and_then(|matches| {
        one_configuration(&matches)?;
        let cli = Cli::from_arg_matches(&matches)?;
        if cli.global.json {
            document_or_refusal(&cli)?;
        }
        Ok(cli)
    });
    parsed.unwrap_or_else(|error| {
        if std::env::args_os().any(|argument| argument == "--json") {
            if error.use_stderr() {
                tell(&error);
            } else {
                // Help, or the version: it was asked for.
                console::document(Exit::Done, &Shown { text: error.render().to_string().trim_end().to_owned() });
                std::process::exit(error.exit_code());
            }
        }
        error.exit()
    })
}

/// What was typed. `help` takes words and no options, and `--json` behind it is for what it shows.
fn arguments() -> impl Iterator<Item = OsString> {
    let mut words = std::env::args_os().skip(1).filter(|word| !word.to_string_lossy().starts_with('-'));
    let is_help = words.next().is_some_and(|word| word == "help");
    std::env::args_os().filter(move |word| !is_help || word != "--json")
}

/// What a person asked to read, where a program reads it.
#[derive(Serialize)]
struct Shown {
    text: String,
}

/// A program that asks for a document is not given something else.
fn document_or_refusal(cli: &Cli) -> Result<(), clap::Error> {
    let what = match &cli.command {
        None => "recount without a command",
        Some(Command::Demo(_)) => "demo",
        Some(Command::Man(_)) => "man",
        Some(Command::Completions(_)) => "completions",
        Some(Command::Sim(_)) => "sim",
        Some(Command::Serve(_)) => "serve",
        Some(Command::Daemon(_)) => "daemon",
        Some(_) => return Ok(()),
    };
    Err(whole().error(ErrorKind::ArgumentConflict, format!("--json cannot be used with {what}: it has no document")))
}

/// Each tenant has a recount.toml of its own: one that is typed as well would be left out without a word. One of the environment
/// is the service's, for every command, and nobody asked for it here.
fn one_configuration(matches: &ArgMatches) -> Result<(), clap::Error> {
    let mut of = Some(matches);
    let (mut tenants, mut config) = (false, false);
    while let Some(here) = of {
        let is_typed = |name: &str| {
            let is_known = here.try_contains_id(name).is_ok();
            is_known && here.value_source(name) == Some(ValueSource::CommandLine)
        };
        tenants |= is_typed("tenants");
        config |= is_typed("config");
        of = here.subcommand().map(|(_, below)| below);
    }
    match tenants && config {
        false => Ok(()),
        true => {
            let said =
                "--config cannot be used with --tenants: each tenant has a recount.toml of its own, in its folder";
            Err(whole().error(ErrorKind::ArgumentConflict, said))
        }
    }
}

/// A program that asked for a document gets one, also of its own mistake.
fn tell(error: &clap::Error) {
    let told = error.render().to_string();
    let said = told.split("\n\n").next().unwrap_or_default();
    let message = said.strip_prefix("error: ").unwrap_or(said).trim();
    let error = JsonError { message, fix: &format!("{} --help shows what there is", typed_command()) };
    console::document(Exit::Usage, &Document::new(&[], Some(error)));
}

/// The command that was typed, as far as there is one.
fn typed_command() -> String {
    let (mut command, mut path) = (whole(), "recount".to_owned());
    for word in std::env::args_os().skip(1) {
        if let Some(below) = command.find_subcommand(&word).cloned() {
            path = format!("{path} {}", below.get_name());
            command = below;
        }
    }
    path
}

/// Every command, its options, and its examples.
pub(super) fn whole() -> clap::Command {
    with_examples(Cli::command(), "")
}

fn with_examples(command: clap::Command, path: &str) -> clap::Command {
    let command = command.mut_subcommands(|child| {
        let path = format!("{path} {}", child.get_name()).trim_start().to_owned();
        with_examples(child, &path)
    });
    match EXAMPLES.iter().find(|(of, _)| *of == path) {
        Some((_, examples)) => command.after_help(format!("Examples:\n{}", lined_up(examples))),
        None => command,
    }
}

/// What is typed, and beside or under it what it is for.
fn lined_up(examples: &[(&str, &str)]) -> String {
    let width = examples.iter().map(|(typed, _)| typed.len()).max().unwrap_or(0);
    let beside = examples.iter().all(|(_, what)| width + what.chars().count() + 5 <= WIDTH);
    let line = |(typed, what): &(&str, &str)| match beside {
        true => format!("  {typed:width$}   {what}"),
        false => format!("  {typed}\n      {what}"),
    };
    examples.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A terminal's width.
const WIDTH: usize = 80;
