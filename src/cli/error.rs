//! What kept a command from even beginning: what happened, whether anything was written, what to do.

use crate::cli::console::Console;
use crate::reconcile::exit::Exit;
use crate::report::format::json::{Document, Trouble as JsonTrouble};

/// A command that ended before a run could be recorded.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) exit: Exit,
    pub(super) message: String,
    pub(super) fix: String,
    /// Whether anything was written before it.
    pub(super) written: &'static str,
}

impl Trouble {
    pub(super) fn new(exit: Exit, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { exit, message: message.into(), fix: fix.into(), written: "nothing was written" }
    }

    /// The same, after other integrations had their runs.
    pub(super) fn after_other_runs(self) -> Self {
        Self { written: "the runs of other integrations before it stand: recount history", ..self }
    }

    /// Tells it, and gives its exit code.
    pub(super) fn tell(&self, console: &Console) -> Exit {
        let Self { exit, message, fix, written } = self;
        if console.json {
            console.document(&Document::new(*exit, &[], Some(JsonTrouble { message, fix })));
        }
        let fix = if fix.is_empty() { String::new() } else { format!("  fix: {fix}\n") };
        let message = message.replace('\n', "\n  ");
        console.complain(&format!("error[{}]: {message}\n  {written}\n{fix}", exit.code()));
        *exit
    }
}
