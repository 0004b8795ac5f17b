//! Numbers for the node exporter: a file that is whole at any time, or not there where the disk has no room for a new one.

use std::path::Path;
use std::{fs, io};

use crate::atomic_files::replace_unsynced;

/// Replaces the file at once. It holds numbers and names of integrations, so everybody may read it.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    let replaced = || replace_unsynced(path, text.as_bytes(), 0o644);
    match replaced() {
        // No room for both: the old one may say that all is well, and goes first.
        Err(error) if matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => {
            fs::remove_file(path)?;
            replaced()
        }
        other => other,
    }
}
