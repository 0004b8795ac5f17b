//! A plan that is drawn beside the history, to see what something would change: a dry run on a copy that is thrown away.

use std::sync::Mutex;

use crate::apply::stop_signal::Stop;
use crate::cli::commands::run::run_request::RunRequest;
use crate::cli::commands::run::until_stopped;
use crate::cli::error::CommandError;
use crate::config::settings::Config;
use crate::history::run_record::RunRecord;
use crate::history::store::open::History;
use crate::history::store::run_lock::RunLock;
use crate::reconcile::model::ids::IntegrationName;
use crate::report::exit_codes::Exit;

/// What an integration's dry run would come to with this configuration, which is not the one on the disk. `one` is held
/// meanwhile.
pub(super) fn drawn(one: &Mutex<()>, config: Config, integration: &IntegrationName) -> Result<RunRecord, CommandError> {
    let busy = |message: &str| CommandError::new(Exit::Locked, message, "wait for its end");
    let Ok(_turn) = one.try_lock() else { return Err(busy("another trial is under way")) };
    if RunLock::holder(&config.state).is_some() {
        return Err(busy("a run is under way; a trial beside it would take its writes for lost"));
    }
    let failed = |error: std::io::Error| {
        CommandError::new(
            Exit::Store,
            format!("cannot make a copy of the history: {error}"),
            "look at the state folder",
        )
    };
    let scratch = tempfile::Builder::new().prefix("trial-").tempdir_in(&config.state).map_err(failed)?;
    if let Some(history) = History::open_existing(&config.state)? {
        history.back_up(&scratch.path().join("history.db"))?;
    }
    // Nothing of a trial is told to anybody.
    let config = Config { state: scratch.path().to_owned(), ..config };
    let chosen = [&config.integrations[integration]];
    let (_sender, stop) = Stop::new();
    let runs = until_stopped(&config, &chosen, RunRequest::PLAN, (&stop, &mut |_| ()))?;
    runs.into_iter().next().ok_or_else(|| CommandError::new(Exit::Unexpected, "no plan was drawn", ""))
}
