//! What is wrong with the store of copies, or why this host stands by, for a person.

use chrono::{DateTime, Utc};

use crate::cli::error::CommandError;
use crate::error_chain::error_chain;
use crate::reconcile::model::display_text::minute;
use crate::replication::error::{CopyStoreError, ReplicaError};
use crate::report::exit_codes::Exit;

/// Another host has the lease, or may have it back.
pub(super) fn standing_by(error: &ReplicaError, until: DateTime<Utc>) -> CommandError {
    let fix = match error {
        ReplicaError::RanOut { .. } => "recount run takes the lease over, and goes on from the newest copy".to_owned(),
        _ => {
            format!("nothing: this host takes over when the lease has run out, after {}", minute(until.fixed_offset()))
        }
    };
    CommandError { stands_by: true, ..CommandError::new(Exit::Locked, error_chain(error), fix) }
}

/// What is wrong with the store, and what to do.
pub(crate) fn store_error(error: &ReplicaError) -> CommandError {
    let said = error_chain(error);
    let (exit, fix) = match error {
        ReplicaError::History(history) => return CommandError::new(Exit::Store, said, history.advice()),
        ReplicaError::NoConditions { .. } => {
            (Exit::Config, "set `replicate` to a store that keeps conditional writes: Amazon S3, Azure, MinIO")
        }
        ReplicaError::Emptied => (
            Exit::Store,
            "mount the folder, or correct `replicate`: the host that holds the lease must be seen there. To begin anew in an \
             empty store on purpose, remove replica.json from the state folder of the host that is to write",
        ),
        ReplicaError::LeaseDamaged { .. } => (
            Exit::Store,
            "when no host is in a run, remove lease.json from the store: the next run takes the lease anew and goes on from the newest \
             copy. With two hosts, end recount on the one that is not to write before",
        ),
        ReplicaError::Damaged { .. } => {
            (Exit::Store, "fetch an older copy by hand, and put it back with `recount restore FILE`: docs/recovery.md")
        }
        ReplicaError::NewerCopy { .. } => (
            Exit::Store,
            "install the recount on this host that the other one has; until then that one does the nights",
        ),
        ReplicaError::Store(CopyStoreError::Denied) => {
            (Exit::Store, "look at the key in [replication], and at what it may do")
        }
        ReplicaError::Store(_)
        | ReplicaError::Local { .. }
        | ReplicaError::StandsBy { .. }
        | ReplicaError::RanOut { .. } => {
            (Exit::Store, "look at `replicate` in recount.toml; nothing is written without the lease")
        }
    };
    CommandError::new(exit, said, fix)
}
