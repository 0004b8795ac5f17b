//! Numbers for the node exporter: a file that is whole at any time.

use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::{fs, io};

/// Replaces the file at once. It holds numbers and names of integrations, so everybody may read it.
///
/// # Errors
/// The system's.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    // The exporter reads only what ends in `.prom`.
    name.push(".part");
    let part = path.with_file_name(name);
    match fs::remove_file(&part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = fs::OpenOptions::new().create_new(true).write(true).mode(0o644).open(&part)?;
    file.write_all(text.as_bytes())?;
    fs::rename(&part, path)
}
