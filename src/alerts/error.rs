//! Why an alert did not leave the host.

use std::path::PathBuf;
use std::time::Duration;

/// Why somebody was not told. No variant shows more of an address than its host.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "its messages say it")]
pub enum NotifyError {
    #[error("no answer within {} ms; it may have arrived", .0.as_millis())]
    TooLate(Duration),
    #[error("the message cannot be built: {0}")]
    Form(String),
    #[error("{host}: {why}")]
    Failed { host: String, why: String },
    /// The authority that is named in `ca_file` cannot be used.
    #[error("the CA file {} cannot be used: {why}", .path.display())]
    CaFile { path: PathBuf, why: String },
}
