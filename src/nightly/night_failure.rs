//! Why a night ended before it had a plan: one finding, one exit code.

use crate::apply::recovery::RecoveryError;
use crate::apply::write_result::Halt;
use crate::connectwise::ReadError;
use crate::error_chain::error_chain;
use crate::export::error::ExportError;
use crate::history::store::error::StoreError;
use crate::nightly::read_export::ReadExportError;
use crate::reconcile::model::plan::finding::{Finding, finding};
use crate::reconcile::model::plan::reason_code::{Code, Severity};
use crate::reconcile::model::plan::remedy::Remedy;
use crate::report::exit_codes::Exit;

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
    pub fn new(exit: Exit, code: Code, message: String, fix: impl Into<Remedy>) -> Self {
        Self { exit, finding: Finding { fix: fix.into(), ..finding(Severity::Decide, code, message) } }
    }

    /// A signal came before the first write.
    pub fn stopped(signal: i32) -> Self {
        let signal = u8::try_from(signal).unwrap_or_default();
        let message = "stopped by a signal before anything was written".to_owned();
        Self::new(Exit::Signal(signal), Code::Interrupted, message, Remedy::command("recount run"))
    }

    /// Writing ended before the plan did; `signal` is the one that asked for it, if one did.
    pub(super) fn of_halt(halt: Halt, signal: i32) -> Self {
        match halt {
            Halt::Stopped => {
                let signal = u8::try_from(signal).unwrap_or_default();
                let message = "stopped by a signal after the write in progress".to_owned();
                Self::new(Exit::Signal(signal), Code::Interrupted, message, Remedy::command("recount run"))
            }
            Halt::Read(error) => error.into(),
            Halt::Store(error) => error.into(),
            Halt::LeaseLost => {
                let message =
                    "stopped writing: this host's lease is over, and another host may write by now".to_owned();
                let fix = "recount check says who holds it; the host that does goes on";
                Self::new(Exit::Locked, Code::LeaseLost, message, fix)
            }
            Halt::PlanTooOld => {
                let message = "stopped writing: the plan is hours old, or the clock stepped back".to_owned();
                let fix = "look at the clock; the next run draws a new plan";
                Self::new(Exit::Config, Code::ConfigInvalid, message, fix)
            }
            Halt::ServerErrors => {
                let message = "stopped writing after repeated server errors of ConnectWise".to_owned();
                let fix = Remedy::nothing("the next run checks and continues");
                Self::new(Exit::Partial, Code::ConnectWiseUnreachable, message, fix)
            }
        }
    }
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        let fix = error.remedy();
        Self::new(Exit::Refused, Code::ExportUnusable, error.to_string(), fix)
    }
}

impl From<ReadExportError> for Failure {
    fn from(error: ReadExportError) -> Self {
        let fix = "put the key where the configuration says, readable by this user alone";
        match error {
            ReadExportError::Export(error) => error.into(),
            ReadExportError::Secret(error) => Self::new(Exit::Config, Code::ConfigInvalid, error_chain(&error), fix),
        }
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        let exit = exit_of(&error);
        let code = if exit == Exit::Denied { Code::ConnectWiseDenied } else { Code::ConnectWiseUnreachable };
        let message = error.to_string();
        let fix = match error {
            ReadError::Unreachable { cause, .. } => cause.remedy().to_owned(),
            ReadError::Additions { fix, .. } | ReadError::Denied { fix, .. } | ReadError::WriteDenied { fix, .. } => {
                fix
            }
        };
        Self::new(exit, code, message, fix)
    }
}

/// How a command ends that could not read ConnectWise: the same for a night and for a look.
fn exit_of(error: &ReadError) -> Exit {
    match error {
        ReadError::Unreachable { .. } | ReadError::Additions { denied: false, .. } => Exit::Unreachable,
        ReadError::Additions { denied: true, .. } | ReadError::Denied { .. } | ReadError::WriteDenied { .. } => {
            Exit::Denied
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::new(Exit::Store, Code::StoreFailed, error.to_string(), error.advice())
    }
}

impl From<RecoveryError> for Failure {
    fn from(error: RecoveryError) -> Self {
        match error {
            RecoveryError::Read(error) => error.into(),
            RecoveryError::Store(error) => error.into(),
        }
    }
}
