//! Where copies go, as the configuration says it.

use std::path::PathBuf;
use std::time::Duration;

use crate::export::locate::place::{AzurePlace, S3Place};

/// `replicate`, with `[replication]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicaSettings {
    /// As it is written.
    pub shown: String,
    /// Whom to ask.
    pub place: ReplicaPlace,
    /// What stands before each name there, without slashes at its ends; may be empty.
    pub prefix: String,
    /// How long the lease holds after it was renewed.
    pub lease: Duration,
}

/// Whom to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplicaPlace {
    /// S3, or a store that speaks as it does.
    S3(S3Place),
    /// Azure Blob Storage.
    Azure(AzurePlace),
    /// A folder that several hosts see, and on which locks hold.
    Folder(PathBuf),
}
