//! What kept a command from even beginning: what happened, whether anything was written, what to do.

use crate::cli::console::Console;
use crate::reconcile::exit::Exit;
use crate::report::json::Document;
use crate::report::json::Trouble as JsonTrouble;

/// A command that ended before a run could be recorded.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) exit: Exit,
    pub(super) message: String,
    pub(super) fix: String,
}

impl Trouble {
    pub(super) fn new(exit: Exit, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { exit, message: message.into(), fix: fix.into() }
    }

    /// Tells it, and gives its exit code.
    pub(super) fn tell(&self, console: &Console) -> Exit {
        let Self { exit, message, fix } = self;
        if console.json {
            console.document(&Document::new(*exit, &[], Some(JsonTrouble { message, fix })));
        }
        let fix = if fix.is_empty() { String::new() } else { format!("  fix: {fix}\n") };
        let message = message.replace('\n', "\n  ");
        console.complain(&format!("error[{}]: {message}\n  nothing was written\n{fix}", exit.code()));
        *exit
    }
}
