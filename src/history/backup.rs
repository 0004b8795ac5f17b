//! A copy of the history that is taken while it is written, and put back.

use std::path::{Path, PathBuf};
use std::{fs, io};

use chrono::{DateTime, Utc};

use crate::files::{give_to_owner, sync_folder};
use crate::history::store::error::StoreError;
use crate::history::store::head_file::forget;
use crate::history::store::lock::RunLock;
use crate::history::store::migrations::copy_into;
use crate::history::store::open::History;

/// A history that was put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoredHistory {
    /// The last run that it knows; `None` if it knows none.
    pub last_run: Option<i64>,
    /// Its journal's head, in hex.
    pub head: String,
    /// Where the history lies that stood in its place; `None` if there was none.
    pub set_aside: Option<PathBuf>,
}

impl History {
    /// Writes one state of the history into a file for its owner alone, whatever a run writes meanwhile. An old file there is
    /// replaced as a whole.
    ///
    /// # Errors
    /// When it cannot be written; then the old file is there.
    pub fn back_up(&self, file: &Path) -> Result<(), StoreError> {
        copy_into(&self.connection, file)
    }

    /// Puts a copy in the place of the history, which is set aside as `history.db.before-restore`. Everything that was written
    /// since the copy was made is known to ConnectWise alone from then on.
    ///
    /// # Errors
    /// When it is no sound history that this program can read; then nothing is changed.
    pub fn restore(
        _lock: &RunLock,
        state: &Path,
        from: &Path,
        now: DateTime<Utc>,
    ) -> Result<RestoredHistory, StoreError> {
        let copied = Self::copy_at(from)?;
        copied.check()?;
        let database = state.join(DATABASE);
        let set_aside = if fs::symlink_metadata(&database).is_ok() { Some(put_aside(state)?) } else { None };
        // The head belongs to what was set aside. Whoever dies from here on leaves no history, which is seen, and not an older
        // one with a newer head.
        forget(state)?;
        copy_into(&copied.connection, &database)?;
        drop(copied);
        let given = fs::File::open(&database).and_then(|file| give_to_owner(&file, state));
        given.map_err(|error| StoreError::file(&database, error))?;
        let restored = Self::open(state, now)?;
        let chain = restored.verify_journal()?;
        let last_run = restored.runs(1)?.first().map(|run| run.run.0);
        restored.keep_head(last_run.unwrap_or_default());
        Ok(RestoredHistory { last_run, head: chain.head, set_aside })
    }
}

const DATABASE: &str = "history.db";

/// The database and its log under other names, which still belong together.
fn put_aside(state: &Path) -> Result<PathBuf, StoreError> {
    let aside = state.join(format!("{DATABASE}.before-restore"));
    for log in ["-wal", "-shm", ""] {
        let [from, to] = [DATABASE, "history.db.before-restore"].map(|name| state.join(format!("{name}{log}")));
        let moved = match fs::rename(&from, &to) {
            // A log of an earlier one does not belong to this one.
            Err(error) if error.kind() == io::ErrorKind::NotFound => match fs::remove_file(&to) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            },
            moved => moved,
        };
        moved.map_err(|error| StoreError::file(&from, error))?;
    }
    sync_folder(state).map_err(|error| StoreError::file(state, error))?;
    Ok(aside)
}
