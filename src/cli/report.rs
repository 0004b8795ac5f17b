//! `recount report [RUN]`: a run's report again, whole.

use clap::Args;

use crate::cli::Global;
use crate::cli::console::Console;
use crate::cli::session;
use crate::cli::trouble::Trouble;
use crate::history::record::RunRecord;
use crate::reconcile::exit::Exit;
use crate::reconcile::ids::RunId;
use crate::report::json::Document;
use crate::report::text;
use crate::report::text::View;

/// Arguments of `report`.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// Which run; none means the newest
    run: Option<i64>,
}

pub(super) fn run(global: &Global, options: &Options, console: &Console) -> Exit {
    let found = match find(global, options.run) {
        Ok(found) => found,
        Err(trouble) => return trouble.tell(console),
    };
    if console.json {
        console.document(&Document::new(Exit::Done, std::slice::from_ref(&found), None));
    } else {
        console.print(&text::render(&found, View { paint: console.paint, whole: true, known: &[] }));
    }
    Exit::Done
}

fn find(global: &Global, run: Option<i64>) -> Result<RunRecord, Trouble> {
    let config = session::configuration(global)?;
    let history = session::existing_history(&config.state)?;
    let found = match run {
        Some(run) => history.run(RunId(run)),
        None => history.latest_run(None),
    };
    let found = found.map_err(|error| session::store(&error))?;
    let missing = run.map_or("there was no run yet".to_owned(), |run| format!("there is no run {run}"));
    found.ok_or_else(|| Trouble::new(Exit::Usage, missing, "recount history"))
}
