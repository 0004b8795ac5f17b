//! What is wrong with the store of copies, or with what lies there.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::history::store::error::StoreError;

/// Why an operation of the store came to nothing.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "its messages say it")]
pub enum CopyStoreError {
    /// Somebody else was first: the object is there already, or is another one by now.
    #[error("{name} was written by somebody else")]
    Conflict { name: String },
    #[error("the store refuses the key")]
    Denied,
    /// The store, the bucket or the folder is not there, or does not answer.
    #[error("{name}: {why}")]
    Unanswered { name: String, why: String },
}

/// Why this host may not write, or its copies cannot be used.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "its messages say it")]
pub enum ReplicaError {
    #[error("this host stands by: {host} holds the lease until {}", until.to_rfc3339_opts(SecondsFormat::Secs, true))]
    StandsBy {
        host: String,
        /// When its lease runs out if nobody renews it, by this host's clock.
        until: DateTime<Utc>,
    },
    /// The lease of another host has run out, and who asks takes it over from nobody.
    #[error("this host stands by: the lease of {host} ran out {}, and what only looks takes it over from nobody", since.to_rfc3339_opts(SecondsFormat::Secs, true))]
    RanOut {
        host: String,
        /// When it ran out, by this host's clock.
        since: DateTime<Utc>,
    },
    #[error("the store does not keep conditional writes ({what}), so nothing would keep two hosts apart")]
    NoConditions { what: &'static str },
    #[error(
        "the store of copies is empty, and this host knows of a lease and copies there: it is another place, or was emptied"
    )]
    Emptied,
    #[error("the store of copies cannot be used")]
    Store(#[from] CopyStoreError),
    #[error("the lease, {name} in the store of copies, is damaged: {why}")]
    LeaseDamaged { name: &'static str, why: String },
    #[error("copy {name} is damaged: {why}")]
    Damaged { name: String, why: String },
    #[error(
        "copy {name} is of a newer recount: its history is of version {found}, and this one knows version {known} at most"
    )]
    NewerCopy { name: String, found: i64, known: i64 },
    #[error("the history cannot be copied")]
    History(#[from] StoreError),
    #[error("{what}")]
    Local { what: String, source: std::io::Error },
}
