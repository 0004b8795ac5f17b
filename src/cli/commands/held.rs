//! `recount held`: what waits for a person, longest first.

use clap::Args;

use crate::cli::arguments::global::Global;
use crate::cli::commands::answer;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::{clock, session};
use crate::report::commands::held;
use crate::report::commands::held::{AnsweredItem, Waiting};
use crate::report::exit::Exit;
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
    match list(global) {
        Err(error) => return error.tell(console),
        Ok((waiting, decided)) if console.json => {
            console.document(Exit::Done, &held::Document::new(&waiting, options.all.then_some(decided.as_slice())));
        }
        Ok((waiting, _)) if console.quiet && waiting.is_empty() => {}
        Ok((waiting, decided)) => {
            console.print(&held::render(&waiting, if options.all { &decided } else { &[] }));
        }
    }
    Exit::Done
}

fn list(global: &Global) -> Result<(Vec<Waiting>, Vec<AnsweredItem>), CommandError> {
    let config = session::configuration(global)?;
    let history = session::existing_history(&config.state)?;
    let all = open_items(config.integrations.keys(), &history)?;
    Ok((waiting(&all, &history)?, decided(&all, |name| config.day(name, clock::now()))))
}
