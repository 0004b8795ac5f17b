//! Why an alert did not leave the host.

use std::path::PathBuf;
use std::time::Duration;

/// Why somebody was not told. No variant shows more of an address than its host.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// There was no time left.
    #[error("no answer within {} ms; it may have arrived", .0.as_millis())]
    TooLate(Duration),
    /// The message cannot be written as it should be.
    #[error("the message cannot be built: {0}")]
    Form(String),
    /// The connection, or the conversation on it, failed.
    #[error("{host}: {why}")]
    Failed {
        /// Whom.
        host: String,
        /// What is known.
        why: String,
    },
    /// The authority that is named in `ca_file` cannot be used.
    #[error("the CA file {} cannot be used: {why}", .path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
}
