//! `recount diff RUN RUN`: what differed between two nights.

use clap::Args;

use crate::cli::arguments::global_options::Global;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::session;
use crate::cli::wiring::outdated_history;
use crate::history::run_record::RunRecord;
use crate::history::store::open::History;
use crate::reconcile::model::ids::RunId;
use crate::report::command_output::diff_output;
use crate::report::command_output::diff_output::{Difference, Document};
use crate::report::exit_codes::Exit;

/// Arguments of `diff`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The earlier run
    earlier: i64,
    /// The later one
    later: i64,
}

pub(crate) fn run(global: &Global, options: &Options, console: &Console) -> Exit {
    match both(global, options, console) {
        Ok((earlier, later, exit)) => {
            let difference = Difference::of(&earlier, &later);
            console.show(exit, &Document::new(&difference), || diff_output::render(&difference))
        }
        Err(error) => error.tell(console),
    }
}

fn both(global: &Global, options: &Options, console: &Console) -> Result<(RunRecord, RunRecord, Exit), CommandError> {
    let config = session::configuration(global)?;
    let history = session::existing_history(&config.state)?;
    let exit = outdated_history::told(&config, &history, console);
    let (earlier, later) = (one(&history, options.earlier)?, one(&history, options.later)?);
    if earlier.integration != later.integration {
        let message =
            format!("run {} is of {} and run {} of {}", earlier.run, earlier.integration, later.run, later.integration);
        return Err(CommandError::new(Exit::Usage, message, "`recount history` lists the runs of each"));
    }
    Ok((earlier, later, exit))
}

fn one(history: &History, run: i64) -> Result<RunRecord, CommandError> {
    let found = history.run(RunId(run))?;
    found.ok_or_else(|| session::no_run(history, run))
}
