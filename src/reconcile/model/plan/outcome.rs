//! What became of a line, and of a run: the stable words of reports, JSON and the history.

use serde::Serialize;

use crate::reconcile::words::words;

words!(
    /// What became of a line.
    Outcome {
        /// Billed and used are equal.
        Unchanged = "unchanged",
        /// Its quantity would be set (observe, plan, or not reached).
        WouldUpdate = "would-update",
        /// It would be created (observe, plan, or not reached).
        WouldCreate = "would-create",
        /// ConnectWise holds the wanted quantity now.
        Updated = "updated",
        /// ConnectWise holds the line now.
        Created = "created",
        /// It waits for a decision.
        Held = "held",
        /// Left out on purpose.
        Skipped = "skipped",
        /// Somebody changed it between plan and write.
        Conflict = "conflict",
        /// ConnectWise refused it.
        Failed = "failed",
        /// In doubt; a later run looks.
        Unknown = "unknown",
    }
);

words!(
    /// What became of a run.
    RunVerdict {
        /// Done, nothing to decide.
        Ok = "ok",
        /// Done, something to decide.
        Decide = "decide",
        /// Some writes were refused or are in doubt.
        Partial = "partial",
        /// A run guard held it; nothing was written.
        Held = "held",
        /// The export was refused; nothing was written.
        Refused = "refused",
        /// ConnectWise could not be read.
        Unreachable = "unreachable",
        /// The key was refused, or a right is missing.
        Denied = "denied",
        /// The store, the configuration or the program failed.
        Failed = "failed",
        /// A signal, or the end of the process, stopped it.
        Interrupted = "interrupted",
    }
);

words!(
    /// By which command a run was made.
    RunCommand {
        /// Plans and reports; no writer is built.
        Plan = "plan",
        /// Plans, and in apply mode carries out what the guards let pass.
        Run = "run",
        /// Carries out the plan of a fingerprint.
        Apply = "apply",
        /// Plans to set back what a run wrote; no writer is built.
        Undo = "undo",
        /// Sets one line to what it holds, for `recount check --probe --write`; it plans nothing.
        Probe = "probe",
    }
);

words!(
    /// What a person answers to a matter that is held.
    AnswerVerb {
        /// Take this step, once.
        Accept = "accept",
        /// Leave the line as ConnectWise has it.
        Keep = "keep",
        /// Do not ask about it.
        Ignore = "ignore",
        /// The answer is taken back.
        Reopen = "reopen",
    }
);

words!(
    /// An integration's mode.
    Mode {
        /// Not run at all.
        Off = "off",
        /// Plans and reports, never writes.
        Observe = "observe",
        /// Writes what the guards let pass.
        Apply = "apply",
    }
);

/// Requests of one run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Traffic {
    /// Requests sent, repeats included.
    pub sent: u64,
    /// Of these, repeats.
    pub retried: u64,
    /// Milliseconds waited because ConnectWise asked for it.
    pub throttled_ms: u64,
    /// Milliseconds in which a request waited for the pace.
    pub pace_ms: u64,
    /// Milliseconds in which something was read for the plan, the waits for it included.
    pub read_ms: u64,
    /// The same of looks for a write.
    pub look_ms: u64,
    /// The same of writes.
    pub write_ms: u64,
}
