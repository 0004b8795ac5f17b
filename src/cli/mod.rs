//! From what was typed to its exit code: parsed, handed to its command, or to a process for each tenant.

pub mod arguments;
mod as_service;
mod browser;
mod clock;
mod command_line;
pub mod commands;
mod confirmation;
mod console;
mod error;
mod logging;
mod operator;
mod process_limits;
mod progress;
mod session;
mod signals;
pub mod wiring;

use std::process::ExitCode;

use crate::cli::command_line::{Cli, Command};
use crate::cli::commands::fleet::FleetCheck;
use crate::cli::commands::history::backup;
use crate::cli::commands::report::diff;
use crate::cli::commands::{
    alerts, answer, check, completions, daemon, demo, fleet, held, history, init, integrations, map,
    night_without_config, profiles, read, report, run, serve, sim, status, tickets, users, verify, why,
};
use crate::cli::console::Console;
use crate::report::exit_codes::Exit;

/// Reads the arguments, runs the command, gives its exit code.
pub fn main() -> ExitCode {
    process_limits::set();
    let cli = command_line::parsed();
    if cli.global.of_fleet {
        process_limits::end_with_parent();
    }
    logging::init(cli.global.verbose);
    progress::init(&cli.global);
    let console = Console::new(&cli.global);
    if let Err(error) = as_service::hand_over(&cli) {
        return ExitCode::from(error.tell(&console).code());
    }
    ExitCode::from(console::heard(dispatch(&cli, &console)).code())
}

fn dispatch(cli: &Cli, console: &Console) -> Exit {
    if let Some(Command::Serve(options)) = &cli.command
        && let Some(of) = &options.tenants
    {
        return fleet::desk::run(of, options, console);
    }
    let fleet = cli.command.as_ref().and_then(Command::fleet);
    match (fleet.and_then(|fleet| Some((fleet.tenants.as_deref()?, fleet))), &cli.command) {
        (Some((of, fleet)), Some(Command::Daemon(options))) => {
            fleet::daemon::run(of, (fleet, options.fleet_listen), console)
        }
        (Some((of, fleet)), Some(Command::Check(_))) => {
            fleet::run(of, (fleet, Some(&FleetCheck { desk: fleet::desk::unservable(of) })), console)
        }
        (Some((of, fleet)), _) => fleet::run(of, (fleet, None), console),
        (None, _) => of_one(cli, console),
    }
}

fn of_one(cli: &Cli, console: &Console) -> Exit {
    if cli.command.as_ref().is_some_and(Command::tells_of_nights) {
        session::recorded_first(&cli.global);
    }
    match &cli.command {
        None => introduce(console),
        Some(Command::Demo(options)) => demo::run(options, console),
        Some(Command::Init(options)) => init::run(&cli.global, options, console),
        Some(Command::Check(options)) => check::run(&cli.global, options, console),
        Some(Command::Map(options)) => map::run(&cli.global, options, console),
        Some(Command::Read(options)) => read::run(&cli.global, options, console),
        Some(Command::Profiles) => profiles::run(&cli.global, console),
        Some(Command::Plan(options)) => run::plan(&cli.global, options, console),
        Some(Command::Run(options)) => night_without_config::run(&cli.global, options, console),
        Some(Command::Apply(options)) => run::apply(&cli.global, options, console),
        Some(Command::Held(options)) => held::run(&cli.global, options, console),
        Some(Command::Accept(options)) => answer::accept(&cli.global, options, console),
        Some(Command::Keep(options)) => answer::keep(&cli.global, options, console),
        Some(Command::Ignore(options)) => answer::ignore(&cli.global, options, console),
        Some(Command::Undo(options)) => run::undo(&cli.global, options, console),
        Some(Command::Verify(options)) => verify::run(&cli.global, options, console),
        Some(Command::History(options)) => history::run(&cli.global, options, console),
        Some(Command::Backup(options)) => backup::backup(&cli.global, options, console),
        Some(Command::Restore(options)) => backup::restore(&cli.global, options, console),
        Some(Command::Diff(options)) => diff::run(&cli.global, options, console),
        Some(Command::Report(options)) => report::run(&cli.global, options, console),
        Some(Command::Why(options)) => why::run(&cli.global, options, console),
        Some(Command::Tickets(options)) => tickets::run(&cli.global, options, console),
        Some(Command::Sim(options)) => sim::run(options, console),
        Some(Command::Status(options)) => status::run(&cli.global, options, console),
        Some(Command::Integrations(options)) => integrations::run(&cli.global, options, console),
        Some(Command::Users(options)) => users::run(&cli.global, options, console),
        Some(Command::Serve(options)) => serve::run(&cli.global, options, console),
        Some(Command::Alerts(options)) => alerts::run(&cli.global, options, console),
        Some(Command::Daemon(options)) => daemon::run(&cli.global, options, console),
        Some(Command::Completions(options)) => completions::run(options, command_line::whole(), console),
        Some(Command::Man(options)) => completions::man(options, command_line::whole(), console),
    }
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
