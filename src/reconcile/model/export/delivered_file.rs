//! The files that one export was read from.

use crate::reconcile::model::ids::RunId;

/// One of several files that are one export, as it was delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveredFile {
    /// Its name without its folder; of a file of an archive the archive's name, a slash, and its own.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes, in hex.
    pub sha256: String,
}

/// What an accepted night read, where it was several files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Which night.
    pub run: RunId,
    /// Its files.
    pub files: Vec<DeliveredFile>,
}
