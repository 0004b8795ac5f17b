//! What kept a command from even beginning: what happened, whether anything was written, what to do.

use crate::cli::console::Console;
use crate::connectwise::ReadError;
use crate::error_chain::error_chain;
use crate::history::store::error::StoreError;
use crate::history::store::run_lock::LockError;
use crate::nightly::night_failure::Failure;
use crate::reconcile::model::plan::remedy::Remedy;
use crate::report::exit_codes::Exit;
use crate::report::format::json::{Document, JsonError};

/// A command that ended before a run could be recorded.
#[derive(Debug, Clone)]
pub(crate) struct CommandError {
    pub(crate) exit: Exit,
    pub(crate) message: String,
    pub(crate) fix: Remedy,
    /// Whether anything was written before it.
    pub(crate) written: &'static str,
    /// Another host has the lease, as it should be: nobody has to be told.
    pub(crate) stands_by: bool,
}

impl CommandError {
    pub(crate) fn new(exit: Exit, message: impl Into<String>, fix: impl Into<Remedy>) -> Self {
        Self { exit, message: message.into(), fix: fix.into(), written: "nothing was written", stands_by: false }
    }

    /// The same, after other integrations had their runs.
    pub(crate) fn after_other_runs(self) -> Self {
        Self { written: "the runs of other integrations before it stand: recount history", ..self }
    }

    /// Tells it, and gives its exit code.
    pub(crate) fn tell(&self, console: &Console) -> Exit {
        let Self { exit, message, fix, written, stands_by: _ } = self;
        if console.json {
            console.document(*exit, &Document::new(&[], Some(JsonError { message, fix: &fix.to_string() })));
        }
        let fix: String = fix.lines().iter().map(|line| format!("  fix: {line}\n")).collect();
        let message = message.replace('\n', "\n  ");
        console.complain(&format!("error[{}]: {message}\n  {written}\n{fix}", exit.code()));
        *exit
    }
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        Self::new(Exit::Store, error_chain(&error), error.advice())
    }
}

impl From<LockError> for CommandError {
    fn from(error: LockError) -> Self {
        match error {
            LockError::Held { .. } => {
                Self::new(Exit::Locked, error.to_string(), "wait for it; the lock ends with its process")
            }
            LockError::Io { .. } => {
                Self::new(Exit::Store, error_chain(&error), "look at the state folder and its rights")
            }
        }
    }
}

impl From<ReadError> for CommandError {
    fn from(error: ReadError) -> Self {
        match &error {
            ReadError::Unreachable { .. } => Self::new(Exit::Unreachable, error.to_string(), "recount check"),
            ReadError::Denied { fix, .. } | ReadError::WriteDenied { fix, .. } | ReadError::Additions { fix, .. } => {
                Self::new(Exit::Denied, error.to_string(), fix.clone())
            }
        }
    }
}

impl From<Failure> for CommandError {
    fn from(failure: Failure) -> Self {
        Self::new(failure.exit, failure.finding.message, failure.finding.fix)
    }
}
