//! Why a night ended before it had a plan: one finding, one exit code.

use crate::apply::recovery::LeftoverError;
use crate::connectwise::ReadError;
use crate::export::error::ExportError;
use crate::history::store::error::StoreError;
use crate::nightly::read_export::TonightError;
use crate::reconcile::exit::Exit;
use crate::reconcile::model::code::{Code, Severity};
use crate::reconcile::model::finding::{Finding, finding};

/// A night that ended early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// How the command ends.
    pub exit: Exit,
    /// What happened, and what to do.
    pub finding: Finding,
}

impl Failure {
    /// A failure of this exit: what happened, and what to do about it.
    pub fn new(exit: Exit, code: Code, message: String, fix: &str) -> Self {
        Self { exit, finding: Finding { fix: fix.to_owned(), ..finding(Severity::Decide, code, message) } }
    }

    /// A signal came before the first write.
    pub fn stopped(signal: i32) -> Self {
        let signal = u8::try_from(signal).unwrap_or_default();
        let message = "stopped by a signal before anything was written".to_owned();
        Self::new(Exit::Signal(signal), Code::Interrupted, message, "recount run")
    }
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        let fix = error.remedy();
        Self::new(Exit::Refused, Code::ExportUnusable, error.to_string(), &fix)
    }
}

impl From<TonightError> for Failure {
    fn from(error: TonightError) -> Self {
        let fix = "put the key where the configuration says, readable by this user alone";
        match error {
            TonightError::Export(error) => error.into(),
            TonightError::Secret(error) => Self::new(Exit::Config, Code::ConfigInvalid, error.to_string(), fix),
        }
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        let message = error.to_string();
        match error {
            ReadError::Unreachable { .. } => Self::new(
                Exit::Unreachable,
                Code::ConnectWiseUnreachable,
                message,
                "look at the network, then run again",
            ),
            ReadError::Denied { fix, .. } => Self::new(Exit::Denied, Code::ConnectWiseDenied, message, &fix),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::new(Exit::Store, Code::StoreFailed, error.to_string(), error.advice())
    }
}

impl From<LeftoverError> for Failure {
    fn from(error: LeftoverError) -> Self {
        match error {
            LeftoverError::Read(error) => error.into(),
            LeftoverError::Store(error) => error.into(),
        }
    }
}
