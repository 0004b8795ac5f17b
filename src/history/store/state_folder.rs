//! The folder of the history: who may write in it, and whether it is there at all.

use std::fs::DirBuilder;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::{fs, io};

use rustix::process::geteuid;

/// Creates a folder that only its owner can enter. One that is there keeps its mode, and is refused if others may write
/// in it: they could put a link in the place of a file, or another history in the place of this one.
pub(crate) fn create_private_dir(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    owners_alone(path)
}

/// Looks whether none but its owner may write in a folder.
pub(crate) fn owners_alone(folder: &Path) -> io::Result<()> {
    let metadata = fs::metadata(folder)?;
    let (mode, owner, user) = (metadata.mode() & 0o7777, metadata.uid(), geteuid().as_raw());
    let why = match () {
        () if mode & 0o022 != 0 => {
            format!("others may write in it (mode {mode:04o}); run: chmod go-w {}", folder.display())
        }
        // Root may work on the state of the service's user.
        () if owner != user && owner != 0 && user != 0 => format!("it belongs to another user ({owner})"),
        () => return Ok(()),
    };
    Err(io::Error::new(io::ErrorKind::PermissionDenied, why))
}

/// The link on the way to a folder that leads to nothing. A history that lies behind it is not seen: nobody may take that for a
/// folder that never was.
pub(crate) fn dangling_link(folder: &Path) -> Option<PathBuf> {
    let is_nothing = |path: &Path| matches!(fs::metadata(path), Err(error) if error.kind() == io::ErrorKind::NotFound);
    if !is_nothing(folder) {
        return None;
    }
    let is_link = |path: &Path| path.symlink_metadata().is_ok_and(|found| found.is_symlink());
    folder.ancestors().find(|path| is_link(path) && is_nothing(path)).map(Path::to_owned)
}

/// What to do about it.
pub(crate) const MOUNT: &str = "mount what the link leads to. To begin anew on purpose, remove the link.";

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::history::store::run_lock::{LockError, RunLock};

    /// A disk that is not mounted would be taken for a folder that never was.
    #[test]
    fn a_link_to_nothing_anywhere_on_the_way_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let link = dir.path().join("disk");
        std::os::unix::fs::symlink(dir.path().join("not-mounted"), &link).unwrap();
        for state in [link.clone(), link.join("state"), link.join("a/state")] {
            assert_eq!(dangling_link(&state), Some(link.clone()));
            let refusal = RunLock::take(&state, DateTime::UNIX_EPOCH).unwrap_err();
            assert!(matches!(refusal, LockError::Unmounted { .. }), "{refusal}");
        }
        assert_eq!(dangling_link(&dir.path().join("new/state")), None);
        assert_eq!(dangling_link(Path::new("state-that-is-not-there")), None);
        fs::create_dir(dir.path().join("not-mounted")).unwrap();
        assert_eq!(dangling_link(&link.join("state")), None);
    }
}
