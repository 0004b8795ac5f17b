//! A night whose configuration cannot be read: it is recorded and told by what the last good night read. Its own exit code
//! says it as well.

use std::io::IsTerminal as _;

use crate::cli::arguments::global::Global;
use crate::cli::commands::run;
use crate::cli::commands::run::RunOptions;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::session;
use crate::cli::session::Session;
use crate::cli::wiring::run_output::shown_by;
use crate::cli::wiring::unbegun;
use crate::config::last_good::last_good;
use crate::config::load;
use crate::config::settings::{Config, IntegrationConfig};
use crate::history::record::RunRecord;
use crate::nightly::failure::Failure;
use crate::reconcile::model::plan::code::Code;
use crate::reconcile::model::plan::outcome::Mode;
use crate::report::exit::Exit;

/// `recount run`. What is asked by a person is told to that person.
pub(crate) fn run(global: &Global, options: &RunOptions, console: &Console) -> Exit {
    if options.dry_run || std::io::stderr().is_terminal() {
        return run::run(global, options, console);
    }
    let Err(error) = session::configuration(global) else { return run::run(global, options, console) };
    let path = load::find(global.config.as_deref()).ok();
    if let Some(config) = path.and_then(|path| last_good(&path)) {
        // Nothing is shown of the nights: what is wrong is said once, below.
        tell(&config, &error, &console.unheard());
    }
    error.tell(console)
}

/// Records that a night cannot begin, where the history lets it, and tells of it in any case.
pub(crate) fn tell(config: &Config, error: &CommandError, console: &Console) {
    let on: Vec<_> = config.integrations.values().filter(|one| one.mode != Mode::Off).collect();
    tell_of(config, &on, error, &mut shown_by(console));
}

/// The same of these integrations.
pub(crate) fn tell_of(
    config: &Config,
    integrations: &[&IntegrationConfig],
    error: &CommandError,
    show: &mut dyn FnMut(&RunRecord),
) {
    let CommandError { exit, message, fix, .. } = error;
    let code = match exit {
        Exit::Config => Code::ConfigInvalid,
        Exit::Store => Code::StoreFailed,
        _ => Code::Unexpected,
    };
    let failure = Failure::new(*exit, code, message.clone(), fix.clone());
    let told = match to_record(config, *exit) {
        Ok(mut session) => run::unbegun(config, integrations, (&mut session, &failure), show).map(|_| ()),
        Err(_) => session::runtime().map(|runtime| runtime.block_on(unbegun::tell(config, integrations, error))),
    };
    if let Err(error) = told {
        tracing::error!("no alert could be sent about the night that cannot begin: {}", error.message);
    }
}

/// Where the store of copies is at fault it is not asked again. A host that stands by records nothing.
fn to_record(config: &Config, exit: Exit) -> Result<Session, CommandError> {
    match exit {
        Exit::Store => Session::open_to_record(config),
        _ => Session::open(config).or_else(|error| match error.stands_by {
            true => Err(error),
            false => Session::open_to_record(config),
        }),
    }
}
