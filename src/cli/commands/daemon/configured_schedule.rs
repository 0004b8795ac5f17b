//! The schedule that a configuration names.

use crate::cli::error::CommandError;
use crate::config::settings::Config;
use crate::daemon::schedule::Schedule;
use crate::error_chain::error_chain;
use crate::report::exit_codes::Exit;

/// That of `[daemon]`, which has to be there.
pub(crate) fn schedule(config: &Config) -> Result<Schedule, CommandError> {
    let Some(daemon) = &config.daemon else {
        let fix = "add [daemon] with schedule = \"15 6 * * *\" and zone = \"UTC\" to recount.toml";
        return Err(CommandError::new(Exit::Config, "recount.toml has no [daemon]", fix));
    };
    Schedule::parse(&daemon.schedule, &daemon.zone, daemon.catch_up).map_err(|error| {
        let fix = "correct [daemon] in recount.toml, as schedule = \"15 6 * * *\" and zone = \"UTC\"";
        CommandError::new(Exit::Config, error_chain(&error), fix)
    })
}
