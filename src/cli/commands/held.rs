//! `recount held`: what waits for a person, longest first.

use std::collections::BTreeSet;

use clap::Args;

use crate::cli::arguments::global_options::Global;
use crate::cli::commands::answer;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::wiring::outdated_history;
use crate::cli::{clock, session};
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::ids::IntegrationName;
use crate::reconcile::model::plan::outcome::Mode;
use crate::report::command_output::held_output;
use crate::report::command_output::held_output::{AnsweredItem, Waiting};
use crate::report::exit_codes::Exit;
use crate::report::open_items::{decided, open_items, waiting};

/// Arguments of `held`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// What was decided as well
    #[arg(long)]
    all: bool,
    /// Take the answer to this handle back
    #[arg(long, value_name = "HANDLE", conflicts_with = "all")]
    reopen: Option<String>,
}

pub(crate) fn run(global: &Global, options: &Options, console: &Console) -> Exit {
    if let Some(handle) = &options.reopen {
        return answer::reopen(global, handle, console);
    }
    let Listed { waiting, decided, off, exit } = match list(global, console) {
        Err(error) => return error.tell(console),
        Ok(listed) => listed,
    };
    match () {
        () if console.json => {
            console.document(exit, &held_output::Document::new(&waiting, options.all.then_some(decided.as_slice())));
        }
        () if console.quiet && waiting.is_empty() => {}
        () => {
            console.print(&held_output::render(&waiting, if options.all { &decided } else { &[] }));
            for name in off {
                let name = shown(name.as_str());
                console
                    .print(&format!("\n{name} is off: an answer waits until its first night after it is on again.\n"));
            }
        }
    }
    exit
}

/// What is listed.
struct Listed {
    waiting: Vec<Waiting>,
    decided: Vec<AnsweredItem>,
    /// Integrations that are off, and of which something waits.
    off: BTreeSet<IntegrationName>,
    /// Whether the history can be believed.
    exit: Exit,
}

fn list(global: &Global, console: &Console) -> Result<Listed, CommandError> {
    let config = session::configuration(global)?;
    let history = session::existing_history(&config.state)?;
    let exit = outdated_history::told(&config, &history, console);
    let all = open_items(config.integrations.keys(), &history)?;
    let is_off = |name: &IntegrationName| config.integrations.get(name).is_some_and(|found| found.mode == Mode::Off);
    let waiting = waiting(&all, is_off, &history)?;
    let off = waiting.iter().map(|one| one.integration.clone()).filter(is_off).collect();
    let decided = decided(&all, |name| config.day(name, clock::now()));
    Ok(Listed { waiting, decided, off, exit })
}
