//! The command line: clap types, exit codes, one file per command. The only place that wires real parts together.

mod alerting;
pub mod arguments;
pub(crate) mod browser;
mod clock;
mod command_line;
pub mod commands;
mod console;
pub(crate) mod error;
mod logging;
mod operator;
mod progress;
mod session;
mod signals;
mod waiting;
pub mod wiring;

use crate::cli::commands::report::diff;
use crate::cli::commands::{
    alerts, answer, check, completions, daemon, demo, held, history, init, integrations, map, profiles, read, report,
    run, serve, sim, status, tickets, verify, why,
};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::cli::console::Console;
use crate::reconcile::exit::Exit;

/// Reads the arguments, runs the command, gives its exit code.
pub fn main() -> ExitCode {
    let cli = command_line::parsed();
    logging::init(cli.global.verbose);
    progress::init(&cli.global);
    let console = Console::new(&cli.global);
    ExitCode::from(dispatch(&cli, &console).code())
}

fn dispatch(cli: &Cli, console: &Console) -> Exit {
    match &cli.command {
        None => introduce(console),
        Some(Command::Demo(options)) => demo::run(options, console),
        Some(Command::Init(options)) => init::run(&cli.global, options, console),
        Some(Command::Check) => check::run(&cli.global, console),
        Some(Command::Map(options)) => map::run(&cli.global, options, console),
        Some(Command::Read(options)) => read::run(&cli.global, options, console),
        Some(Command::Profiles) => profiles::run(&cli.global, console),
        Some(Command::Plan(options)) => run::plan(&cli.global, options, console),
        Some(Command::Run(options)) => run::run(&cli.global, options, console),
        Some(Command::Apply(options)) => run::apply(&cli.global, options, console),
        Some(Command::Held(options)) => held::run(&cli.global, options, console),
        Some(Command::Accept(options)) => answer::accept(&cli.global, options, console),
        Some(Command::Keep(options)) => answer::keep(&cli.global, options, console),
        Some(Command::Ignore(options)) => answer::ignore(&cli.global, options, console),
        Some(Command::Undo(options)) => run::undo(&cli.global, options, console),
        Some(Command::Verify(options)) => verify::run(&cli.global, options, console),
        Some(Command::History(options)) => history::run(&cli.global, options, console),
        Some(Command::Diff(options)) => diff::run(&cli.global, options, console),
        Some(Command::Report(options)) => report::run(&cli.global, options, console),
        Some(Command::Why(options)) => why::run(&cli.global, options, console),
        Some(Command::Tickets(options)) => tickets::run(&cli.global, options, console),
        Some(Command::Sim(options)) => sim::run(options, console),
        Some(Command::Status(options)) => status::run(&cli.global, options, console),
        Some(Command::Integrations(options)) => integrations::run(&cli.global, options, console),
        Some(Command::Serve(options)) => serve::run(&cli.global, options, console),
        Some(Command::Alerts(options)) => alerts::run(&cli.global, options, console),
        Some(Command::Daemon) => daemon::run(&cli.global, console),
        Some(Command::Completions(options)) => completions::run(options, console),
        Some(Command::Man(options)) => completions::man(options, console),
    }
}

/// Nightly billing reconciler: what a vendor says is used, into what ConnectWise PSA bills. Quantities only.
#[derive(Debug, Parser)]
#[command(name = "recount", version, about, max_term_width = 80, disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Args)]
struct Global {
    /// The configuration; default ./recount.toml, then /etc/recount/recount.toml
    #[arg(long, global = true, help_heading = "Everywhere", value_name = "FILE", env = "RECOUNT_CONFIG")]
    config: Option<PathBuf>,
    /// One JSON document on stdout
    #[arg(long, global = true, help_heading = "Everywhere")]
    json: bool,
    /// Say nothing when there is nothing to say
    #[arg(short, long, global = true, help_heading = "Everywhere")]
    quiet: bool,
    /// Log what is being done, to stderr; twice for more
    #[arg(short, long, global = true, help_heading = "Everywhere", action = clap::ArgAction::Count)]
    verbose: u8,
    /// Colour
    #[arg(long, global = true, help_heading = "Everywhere", value_name = "WHEN", value_enum, default_value_t = Colour::Auto)]
    color: Colour,
    /// Signs that any terminal can show
    #[arg(long, global = true, help_heading = "Everywhere")]
    ascii: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Colour {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Even into a file, unless `NO_COLOR` is set
    Always,
    /// Not at all
    Never,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The whole tour on a simulated ConnectWise: no credentials, no network
    Demo(demo::Options),
    /// Set it up: asks a few things, looks at the export, writes the files
    Init(Box<init::Options>),
    /// Configuration, export, connection, each permission, and the mapping: one line each, with the fix
    Check,
    /// What an export comes to, customer by customer; asks nothing of ConnectWise
    Read(read::Options),
    /// The vendors whose files are known: names for `profile` and `read --profile`
    Profiles,
    /// Which customer is which company: list, suggest, add, ignore, test
    Map(map::Options),
    /// What would change, and why; writes nothing to ConnectWise
    Plan(run::PlanOptions),
    /// The nightly command: plan, and in apply mode carry out what the guards let pass
    Run(run::RunOptions),
    /// Carry out exactly the plan of this fingerprint, or refuse
    Apply(run::ApplyOptions),
    /// What waits for a person, longest first
    Held(held::Options),
    /// Take a held step, as it is shown, once
    Accept(answer::AcceptOptions),
    /// Leave a line as ConnectWise has it
    Keep(answer::Options),
    /// Do not ask about a matter any more
    Ignore(answer::Options),
    /// Plan to set back what a run wrote; it is applied by its fingerprint
    Undo(run::UndoOptions),
    /// Is the history sound, and was the journal of writes never changed?
    Verify(verify::Options),
    /// Every run there was; with --customer or --service, lines over time
    History(history::Options),
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
    /// Every integration, on or off; enable, disable
    Integrations(integrations::Options),
    /// Mail, webhook and ping: does it arrive?
    Alerts(alerts::Options),
    /// Read-only pages over the history: index, runs, customers, /metrics
    Serve(serve::Options),
    /// Serve a simulated ConnectWise over HTTP
    Sim(sim::Options),
    /// Run every night at the time of [daemon] in recount.toml
    Daemon,
    /// Completion of commands and options, for a shell
    Completions(completions::Options),
    /// The manual pages
    Man(completions::ManOptions),
}

fn introduce(console: &Console) -> Exit {
    console.print(
        "recount makes what ConnectWise bills follow what a vendor says is used. Quantities only.\n\
         \n\
         recount demo     the whole tour, no credentials needed\n\
         recount init     set it up: asks a few things, writes the files\n\
         recount check    is everything in place?\n\
         recount plan     what would change tonight\n\
         recount --help   everything else\n",
    );
    Exit::Done
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_well_formed() {
        super::command_line::whole().debug_assert();
    }
}
