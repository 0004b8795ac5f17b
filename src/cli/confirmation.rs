//! What a person is asked before something is done: at a terminal, or not at all.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::report::exit_codes::Exit;

/// A question, and what is said where it is not answered with yes.
pub(crate) struct Confirmation<'a> {
    /// What it is about, above the question.
    pub(crate) list: &'a str,
    /// What is asked: `remove it?`
    pub(crate) question: String,
    /// What would have been done, where nobody can be asked.
    pub(crate) would: String,
    /// What to look at before `--yes` is added.
    pub(crate) look: &'static str,
    /// What did not happen, and the command that shows it.
    pub(crate) declined: (&'static str, &'static str),
}

impl Confirmation<'_> {
    /// Shows what it is about, and asks unless `yes` was typed.
    pub(crate) fn ask(self, yes: bool, console: &Console) -> Result<(), CommandError> {
        let Self { list, question, would, look, declined: (not_done, shown_by) } = self;
        let mut terminal = std::io::stderr().lock();
        if !console.json {
            let _ = write!(terminal, "{list}");
        }
        if yes {
            return Ok(());
        }
        if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() || console.json {
            let message = format!("{would}; not running in a terminal, so nobody confirmed it");
            return Err(CommandError::new(Exit::Usage, message, format!("look at {look}, then add --yes")));
        }
        let _ = write!(terminal, "{question} [y/N] ");
        let _ = terminal.flush();
        let mut said = String::new();
        let read = std::io::stdin().lock().read_line(&mut said);
        match read.is_ok() && matches!(said.trim(), "y" | "Y" | "yes") {
            true => Ok(()),
            false => Err(CommandError::new(Exit::Usage, not_done, shown_by)),
        }
    }
}
