//! What the system lets this process do, and what it must not let others do with it.

use rustix::process::{
    DumpableBehavior, Resource, Rlimit, Signal, getrlimit, set_dumpable_behavior, set_parent_process_death_signal,
    setrlimit,
};

use crate::cli::error::CommandError;
use crate::report::exit_codes::Exit;

/// A night with its history, its connections and its report, and those who look at the pages meanwhile.
const DESCRIPTORS_NEEDED: u64 = 256;

/// Keeps the keys in this process's memory: no core dump has them, and no other process of its user can read them. Takes
/// as many descriptors as the system gives.
pub(crate) fn set() {
    // A system that does not know it does without.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum {
        let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    }
}

/// Looks whether a night can open what it needs. In its middle it would be too late.
pub(crate) fn enough_descriptors() -> Result<(), CommandError> {
    match getrlimit(Resource::Nofile).current {
        Some(few) if few < DESCRIPTORS_NEEDED => {
            let message = format!("this process may open {few} files at a time, and needs {DESCRIPTORS_NEEDED}");
            Err(CommandError::new(Exit::Store, message, "raise its limit: ulimit -n, or LimitNOFILE= of the unit"))
        }
        _ => Ok(()),
    }
}

/// Ends this process with the one that began it: a tenant's command goes on without anybody to hear of it otherwise.
pub(crate) fn end_with_parent() {
    // A system that does not know it lets the command come to its end.
    let _ = set_parent_process_death_signal(Some(Signal::KILL));
}
