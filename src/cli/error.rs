//! What kept a command from even beginning: what happened, whether anything was written, what to do.

use crate::cli::console::Console;
use crate::connectwise::ReadError;
use crate::error_chain::error_chain;
use crate::history::store::error::StoreError;
use crate::history::store::run_lock::LockError;
use crate::history::store::state_folder::MOUNT;
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
            LockError::Unmounted { .. } => Self::new(Exit::Store, error.to_string(), MOUNT),
            LockError::Io { .. } => {
                Self::new(Exit::Store, error_chain(&error), "look at the state folder and its rights")
            }
        }
    }
}

impl From<ReadError> for CommandError {
    fn from(error: ReadError) -> Self {
        Failure::from(error).into()
    }
}

impl From<Failure> for CommandError {
    fn from(failure: Failure) -> Self {
        Self::new(failure.exit, failure.finding.message, failure.finding.fix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectwise::client::unreachable_cause::UnreachableCause;
    use crate::reconcile::model::ids::AgreementId;

    /// A script that tries again after 12 gave up, for a look at one agreement said 13 where a night said 12.
    #[test]
    fn a_read_that_failed_ends_a_look_as_it_ends_a_night() {
        let additions = |denied| ReadError::Additions {
            agreement: AgreementId(10),
            why: "503".to_owned(),
            denied,
            fix: "again".to_owned(),
        };
        let busy = UnreachableCause::Busy;
        let unreachable = ReadError::Unreachable { what: "companies".to_owned(), why: "429".to_owned(), cause: busy };
        for (error, exit, fix) in [
            (additions(false), Exit::Unreachable, "again".to_owned()),
            (additions(true), Exit::Denied, "again".to_owned()),
            (unreachable, Exit::Unreachable, busy.remedy().to_owned()),
        ] {
            let look = CommandError::from(error);
            assert_eq!((look.exit, look.fix.to_string()), (exit, fix), "{}", look.message);
        }
    }
}
