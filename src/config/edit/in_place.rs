//! A file that is edited in place: others are kept out meanwhile, and the whole new file takes the old one's place at once.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::atomic_files::Replacement;

/// A file, as it was and as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// What was changed: where a link leads to.
    pub path: PathBuf,
    /// Its bytes before.
    pub before: Vec<u8>,
    /// Its bytes now.
    pub after: Vec<u8>,
}

/// Why it was not replaced.
pub(super) enum NotReplaced {
    /// Somebody else wrote to it meanwhile.
    Changed,
    /// It cannot be, with its owner and its mode.
    Failed(io::Error),
}

impl From<io::Error> for NotReplaced {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

/// Keeps other edits out until the file is replaced. One that waited sees that the name leads to another file now.
pub(super) fn hold(path: &Path) -> io::Result<File> {
    loop {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        file.lock()?;
        let (held, there) = (file.metadata()?, fs::metadata(path)?);
        if (held.dev(), held.ino()) == (there.dev(), there.ino()) {
            return Ok(file);
        }
    }
}

/// The whole new file beside the old one, on disk, and then in its place.
pub(super) fn replace_file(path: &Path, held: &File, before: &[u8], after: &[u8]) -> Result<(), NotReplaced> {
    put_in_place(beside(path, held, after)?, path, before)
}

/// The whole new file beside the old one, with the owner and the mode of that.
pub(super) fn beside(path: &Path, held: &File, after: &[u8]) -> io::Result<Replacement> {
    let mut new = Replacement::of(path)?;
    new.file().write_all(after)?;
    let (old, own) = (held.metadata()?, new.file().metadata()?);
    if (old.uid(), old.gid()) != (own.uid(), own.gid()) {
        std::os::unix::fs::fchown(new.file(), Some(old.uid()), Some(old.gid()))?;
    }
    new.file().set_permissions(old.permissions())?;
    Ok(new)
}

/// Puts it in the old one's place, if that still says what it said.
pub(super) fn put_in_place(new: Replacement, path: &Path, before: &[u8]) -> Result<(), NotReplaced> {
    if fs::read(path)? != before {
        return Err(NotReplaced::Changed);
    }
    Ok(new.put_in_place()?)
}
