//! Numbers for the node exporter: a file that is whole at any time.

use std::io;
use std::path::Path;

use crate::atomic_files::replace_unsynced;

/// Replaces the file at once. It holds numbers and names of integrations, so everybody may read it.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    replace_unsynced(path, text.as_bytes(), 0o644)
}
