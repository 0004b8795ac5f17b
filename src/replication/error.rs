//! What is wrong with the store of copies, or with what lies there.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::history::store::error::StoreError;

/// Why an operation of the store came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum CopyStoreError {
    /// Somebody else was first: the object is there already, or is another one by now.
    #[error("{name} was written by somebody else")]
    Conflict {
        /// Which object.
        name: String,
    },
    /// The key is refused.
    #[error("the store refuses the key")]
    Denied,
    /// The store, the bucket or the folder is not there, or does not answer.
    #[error("{name}: {why}")]
    Unanswered {
        /// Which object.
        name: String,
        /// What is known of it.
        why: String,
    },
}

/// Why this host may not write, or its copies cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ReplicaError {
    /// Another host has the lease.
    #[error("this host stands by: {host} holds the lease until {}", until.to_rfc3339_opts(SecondsFormat::Secs, true))]
    StandsBy {
        /// Its name.
        host: String,
        /// When its lease runs out if nobody renews it, by this host's clock.
        until: DateTime<Utc>,
    },
    /// The lease of another host has run out, and who asks takes it over from nobody.
    #[error("this host stands by: the lease of {host} ran out {}, and what only looks takes it over from nobody", since.to_rfc3339_opts(SecondsFormat::Secs, true))]
    RanOut {
        /// Its name.
        host: String,
        /// When it ran out, by this host's clock.
        since: DateTime<Utc>,
    },
    /// The store takes every write, whatever its condition.
    #[error("the store does not keep conditional writes ({what}), so nothing would keep two hosts apart")]
    NoConditions {
        /// What it let pass.
        what: &'static str,
    },
    /// It holds nothing any more.
    #[error(
        "the store of copies is empty, and this host knows of a lease and copies there: it is another place, or was emptied"
    )]
    Emptied,
    /// The store failed.
    #[error("the store of copies cannot be used")]
    Store(#[from] CopyStoreError),
    /// What names the host that writes cannot be read.
    #[error("the lease, {name} in the store of copies, is damaged: {why}")]
    LeaseDamaged {
        /// Its object.
        name: &'static str,
        /// What is wrong.
        why: String,
    },
    /// A copy is not what its description says.
    #[error("copy {name} is damaged: {why}")]
    Damaged {
        /// The copy's name.
        name: String,
        /// What is wrong.
        why: String,
    },
    /// A newer recount made a copy.
    #[error(
        "copy {name} is of a newer recount: its history is of version {found}, and this one knows version {known} at most"
    )]
    NewerCopy {
        /// The copy's name.
        name: String,
        /// Its version.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// The history on this host failed.
    #[error("the history cannot be copied")]
    History(#[from] StoreError),
    /// This host's own files failed.
    #[error("{what}")]
    Local {
        /// What was tried.
        what: String,
        /// Why it failed.
        source: std::io::Error,
    },
}
