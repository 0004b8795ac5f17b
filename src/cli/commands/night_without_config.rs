//! `recount run` where the configuration cannot be read: the night is recorded and told by what the last good night read.
//! Its own exit code says it as well.

use std::io::IsTerminal as _;

use crate::cli::arguments::global_options::Global;
use crate::cli::commands::run;
use crate::cli::commands::run::RunOptions;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::session;
use crate::cli::wiring::run_output::shown_by;
use crate::config::last_good::last_good;
use crate::config::load;
use crate::config::settings::Config;
use crate::reconcile::model::plan::outcome::Mode;
use crate::report::exit_codes::Exit;

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
    run::record_unbegun(config, &on, error, &mut shown_by(console));
}
