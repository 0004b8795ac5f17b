//! The file `history.head`: read, and taken away.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::history::store::error::StoreError;

/// Takes the head of a history away that somebody took away on purpose.
pub(crate) fn forget(state: &Path) -> Result<(), StoreError> {
    match fs::remove_file(file(state)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StoreError::file(&file(state), error)),
        _ => Ok(()),
    }
}

pub(crate) fn file(state: &Path) -> PathBuf {
    state.join("history.head")
}

pub(crate) fn read(state: &Path) -> Result<Option<(i64, String)>, StoreError> {
    let text = match fs::read_to_string(file(state)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read.map_err(|error| StoreError::file(&file(state), error))?,
    };
    let kept = text.trim_end().split_once(' ');
    let kept = kept.and_then(|(run, head)| Some((run.parse().ok()?, head.to_owned())));
    kept.map(Some).ok_or(StoreError::Unreadable { column: "history.head", value: text })
}
