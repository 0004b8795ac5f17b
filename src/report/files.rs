//! Reports kept beside the history: `reports/219.txt`.

use std::fs;
use std::io;
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::path::PathBuf;

use crate::reconcile::ids::RunId;

/// Writes a run's report into the state folder, readable by its owner alone, and gives its path. The name is made of
/// the run's number: no name from an export or from ConnectWise ever reaches the file system.
///
/// # Errors
/// The system's.
pub fn keep(state: &Path, run: RunId, text: &str) -> io::Result<PathBuf> {
    let folder = state.join("reports");
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    let path = folder.join(format!("{run}.txt"));
    let mut file = fs::OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&path)?;
    file.write_all(text.as_bytes())?;
    Ok(path)
}
