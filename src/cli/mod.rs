//! The command line: clap types, exit codes, one file per command. The only place that wires real parts together.

mod check;
mod clock;
mod console;
mod daemon;
mod decide;
mod demo;
mod held;
mod history;
mod logging;
mod night;
mod operator;
mod report;
mod session;
mod signals;
mod sim;
mod ticket_test;
mod tickets;
mod trouble;
mod verify;
mod waiting;
mod why;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use clap::Parser;
use clap::Subcommand;
use clap::ValueEnum;

use crate::cli::console::Console;
use crate::reconcile::exit::Exit;

/// Reads the arguments, runs the command, gives its exit code.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    logging::init(cli.global.verbose);
    let console = Console::new(&cli.global);
    ExitCode::from(dispatch(&cli, &console).code())
}

fn dispatch(cli: &Cli, console: &Console) -> Exit {
    match &cli.command {
        None => introduce(console),
        Some(Command::Demo(options)) => demo::run(options, console),
        Some(Command::Check) => check::run(&cli.global, console),
        Some(Command::Plan(options)) => night::plan(&cli.global, options, console),
        Some(Command::Run(options)) => night::run(&cli.global, options, console),
        Some(Command::Apply(options)) => night::apply(&cli.global, options, console),
        Some(Command::Held(options)) => held::run(&cli.global, options, console),
        Some(Command::Accept(options)) => decide::accept(&cli.global, options, console),
        Some(Command::Keep(options)) => decide::keep(&cli.global, options, console),
        Some(Command::Ignore(options)) => decide::ignore(&cli.global, options, console),
        Some(Command::Undo(options)) => night::undo(&cli.global, options, console),
        Some(Command::Verify(options)) => verify::run(&cli.global, options, console),
        Some(Command::History(options)) => history::run(&cli.global, options, console),
        Some(Command::Report(options)) => report::run(&cli.global, options, console),
        Some(Command::Why(options)) => why::run(&cli.global, options, console),
        Some(Command::Tickets(options)) => tickets::run(&cli.global, options, console),
        Some(Command::Sim(options)) => sim::run(options, console),
        Some(Command::Daemon) => daemon::run(&cli.global, console),
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
    #[arg(long, global = true, value_name = "FILE", env = "RECOUNT_CONFIG")]
    config: Option<PathBuf>,
    /// One JSON document on stdout
    #[arg(long, global = true)]
    json: bool,
    /// Say nothing when there is nothing to say
    #[arg(short, long, global = true)]
    quiet: bool,
    /// Log what is being done, to stderr; twice for more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
    /// Colour
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t = Colour::Auto)]
    color: Colour,
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
    /// Configuration, export, connection, each permission, and the mapping: one line each, with the fix
    Check,
    /// What would change, and why; writes nothing to ConnectWise
    Plan(night::PlanOptions),
    /// The nightly command: plan, and in apply mode carry out what the guards let pass
    Run(night::RunOptions),
    /// Carry out exactly the plan of this fingerprint, or refuse
    Apply(night::ApplyOptions),
    /// What waits for a person, longest first
    Held(held::Options),
    /// Take a held step, as it is shown, once
    Accept(decide::AcceptOptions),
    /// Leave a line as ConnectWise has it
    Keep(decide::Options),
    /// Do not ask about a matter any more
    Ignore(decide::Options),
    /// Plan to set back what a run wrote; it is applied by its fingerprint
    Undo(night::UndoOptions),
    /// Is the history sound, and was the journal of writes never changed?
    Verify(verify::Options),
    /// Every run there was
    History(history::Options),
    /// A run's report again, whole; without RUN the newest
    Report(report::Options),
    /// One line's whole chain: export, mapping, ConnectWise, rule, request
    Why(why::Options),
    /// The service tickets that recount keeps, and a test of them
    Tickets(tickets::Options),
    /// Serve a simulated ConnectWise over HTTP
    Sim(sim::Options),
    /// Run every night at the time of [daemon] in recount.toml
    Daemon,
}

fn introduce(console: &Console) -> Exit {
    console.print(
        "recount makes what ConnectWise bills follow what a vendor says is used. Quantities only.\n\
         \n\
         recount demo     the whole tour, no credentials needed\n\
         recount check    is everything in place?\n\
         recount plan     what would change tonight\n\
         recount --help   everything else\n",
    );
    Exit::Done
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Cli::command().debug_assert();
    }
}
