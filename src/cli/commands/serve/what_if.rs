//! A plan that is drawn beside the history, to see what something would change: a dry run on a copy that is thrown away.

use std::sync::Mutex;

use crate::apply::stop_signal::Stop;
use crate::cli::commands::run::run_request::RunRequest;
use crate::cli::commands::run::until_stopped;
use crate::cli::error::CommandError;
use crate::config::settings::{Config, IntegrationConfig};
use crate::history::run_record::RunRecord;
use crate::history::store::open::History;
use crate::history::store::run_lock::RunLock;
use crate::nightly::read_export::SharedExport;
use crate::report::exit_codes::Exit;

/// What dry runs of these integrations would come to, which need not be as they are on the disk: one integration as it is,
/// and as it would be, are two of them. What one of them has read of ConnectWise and of the export is not read again for the next. `one` is
/// held meanwhile.
pub(super) fn drawn<const N: usize>(
    one: &Mutex<()>,
    config: Config,
    integrations: [&IntegrationConfig; N],
) -> Result<[RunRecord; N], CommandError> {
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
    let (_sender, stop) = Stop::new();
    let delivery = SharedExport::default();
    let order = if N > 1 { RunRequest::plans_on(&delivery) } else { RunRequest::PLAN };
    let runs = until_stopped(&config, &integrations, order, (&stop, &mut |_| ()))?;
    runs.try_into().map_err(|_| CommandError::new(Exit::Unexpected, "no plan was drawn", ""))
}
