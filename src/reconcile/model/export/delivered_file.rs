//! The files that one export was read from.

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
