//! A file of another host, as a list shows it.

use chrono::{DateTime, Utc};

/// A file of another host.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RemoteFile {
    pub(super) modified_at: DateTime<Utc>,
    pub(super) name: String,
    pub(super) bytes: u64,
    /// What changes with its content, where the store says so.
    pub(super) tag: Option<String>,
}
