//! A file that is edited in place: others are kept out meanwhile, and the whole new file takes the old one's place at once.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use toml_edit::DocumentMut;

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

/// A TOML document that was edited, in the form of its text: with its byte order mark and its line ends, as editors on Windows
/// write them.
pub(super) fn in_form_of(text: &str, document: &DocumentMut) -> String {
    let (mark, new) = (if text.starts_with(BYTE_ORDER_MARK) { "\u{feff}" } else { "" }, document.to_string());
    let ends = text.matches('\n').count();
    let new = if ends > 0 && text.matches("\r\n").count() == ends {
        new.replace("\r\n", "\n").replace('\n', "\r\n")
    } else {
        new
    };
    format!("{mark}{}", new.trim_start_matches(BYTE_ORDER_MARK))
}

const BYTE_ORDER_MARK: char = '\u{feff}';

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
