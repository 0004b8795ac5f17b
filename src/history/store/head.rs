//! `history.head`: the last run that ended and the journal's head by then, kept beside the database.
//!
//! An older database that is put back does not know them. The file is written once the run's end is on the disk, so it may
//! be behind a sound database, when a process dies in between, and is never ahead of one. A backup of the whole state
//! folder brings its own file back: against that only a head that left the host helps (`verify --against`).

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::history::store::error::StoreError;
use crate::history::store::open::History;

impl History {
    /// Whether this is the newest state of the history, as far as the state folder tells.
    ///
    /// # Errors
    /// [`StoreError::Restored`] for an older one.
    pub fn is_newest(&self) -> Result<(), StoreError> {
        // Read before the database, which a run may be writing.
        let Some((run, head)) = read(&self.state)? else { return Ok(()) };
        let last: i64 = self.connection.query_row("SELECT coalesce(max(run), 0) FROM runs", [], |row| row.get(0))?;
        if last >= run && self.had_head(&head)? {
            return Ok(());
        }
        Err(StoreError::Restored { path: self.state.join("history.db"), run, head })
    }

    /// Notes the head behind a run that ended.
    pub(crate) fn keep_head(&self, run: i64) {
        let kept = self.head().ok().map(|head| write(&self.state, &format!("{run} {head}\n")));
        // An older one stays, which tells less and nothing wrong. The run has its end.
        drop(kept);
    }
}

/// Takes the head of a history away that somebody took away on purpose.
pub(crate) fn forget(state: &Path) -> Result<(), StoreError> {
    match fs::remove_file(file(state)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StoreError::file(&file(state), error)),
        _ => Ok(()),
    }
}

fn file(state: &Path) -> PathBuf {
    state.join("history.head")
}

fn read(state: &Path) -> Result<Option<(i64, String)>, StoreError> {
    let text = match fs::read_to_string(file(state)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read.map_err(|error| StoreError::file(&file(state), error))?,
    };
    let kept = text.trim_end().split_once(' ');
    let kept = kept.and_then(|(run, head)| Some((run.parse().ok()?, head.to_owned())));
    kept.map(Some).ok_or(StoreError::Unreadable { column: "history.head", value: text })
}

/// Replaced as a whole, and synced first: after a power cut there is the old one or the new one.
fn write(state: &Path, text: &str) -> io::Result<()> {
    let part = state.join("history.head.part");
    let mut file_of_part = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
    file_of_part.write_all(text.as_bytes())?;
    file_of_part.sync_all()?;
    fs::rename(part, file(state))
}
