//! Numbers for the node exporter: a file that is whole at any time, or not there where the disk has no room for a new one.

use std::io::Read as _;
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

/// Whether nothing but numbers like these is lost where a file is replaced.
pub fn is_replaceable(path: &Path) -> bool {
    match fs::metadata(path) {
        Ok(found) if found.is_file() => {}
        found => return matches!(found, Err(error) if error.kind() == io::ErrorKind::NotFound),
    }
    let mut head = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(HEAD.len() as u64).read_to_end(&mut head));
    read.is_ok() && (head.is_empty() || head == HEAD)
}

/// What such a file begins with.
const HEAD: &[u8] = b"# HELP recount_";
