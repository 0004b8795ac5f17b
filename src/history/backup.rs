//! A copy of the history that is taken while it is written, and put back.

use std::path::{Path, PathBuf};
use std::{fs, io};

use chrono::{DateTime, Utc};

use crate::atomic_files::{give_to_owner, sync_folder};
use crate::history::desk::people_kept_by_restore::{PeopleOf, keep_people};
use crate::history::past::days_kept_by_restore::{KeptDays, keep_days};
use crate::history::store::error::StoreError;
use crate::history::store::history_head;
use crate::history::store::migrations::copy_into;
use crate::history::store::open::History;
use crate::history::store::run_lock::RunLock;

/// A history that was put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoredHistory {
    /// The last run that it knows; `None` if it knows none.
    pub last_run: Option<i64>,
    /// Its journal's head, in hex.
    pub head: String,
    /// Where the history lies that stood in its place; `None` if there was none.
    pub set_aside: Option<PathBuf>,
    /// Whose people it has.
    pub people: PeopleOf,
    /// What became of the counts of days that it lacked.
    pub days: KeptDays,
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

    /// Puts a copy in the place of the history, which is set aside under a name that is free: `history.db.before-restore`,
    /// `history.db.before-restore-2` and so on. Everything that was written since the copy was made is known to ConnectWise
    /// alone from then on. Whose people it has is a wish: [`RestoredHistory::people`] says what came of it.
    ///
    /// # Errors
    /// When it is no sound history that this program can read; then nothing is changed.
    pub fn restore(
        _lock: &RunLock,
        state: &Path,
        from: &Path,
        people: PeopleOf,
        now: DateTime<Utc>,
    ) -> Result<RestoredHistory, StoreError> {
        let copied = Self::copy_at(from)?;
        copied.check()?;
        let database = state.join(DATABASE);
        let scratch = tempfile::Builder::new().prefix(".restore.").tempdir_in(state);
        let scratch = scratch.map_err(|error| StoreError::file(state, error))?;
        let new = scratch.path().join(DATABASE);
        copy_into(&copied.connection, &new)?;
        drop(copied);
        let (people, days) = match people {
            PeopleOf::WhatStood => (keep_people(&new, &database)?, keep_days(&new, &database, now.date_naive())?),
            PeopleOf::TheCopy => (people, KeptDays::default()),
        };
        let set_aside = if fs::symlink_metadata(&database).is_ok() { Some(put_aside(state)?) } else { None };
        // The head belongs to what was set aside. Whoever dies from here on leaves no history, which is seen, and not an older
        // one with a newer head.
        let newest = history_head::read(state).ok().flatten().map_or(0, |(run, _)| run);
        history_head::forget(state)?;
        let put = fs::File::open(&new).and_then(|file| {
            give_to_owner(&file, state)?;
            fs::rename(&new, &database)?;
            sync_folder(state)
        });
        put.map_err(|error| StoreError::file(&database, error))?;
        let mut restored = Self::open(state, now)?;
        restored.number_runs_after(newest)?;
        let chain = restored.verify_journal()?;
        let last_run = restored.runs(1)?.first().map(|run| run.run.0);
        restored.keep_head(last_run.unwrap_or_default());
        Ok(RestoredHistory { last_run, head: chain.head, set_aside, people, days })
    }

    /// Mails, reports and pages name a run by its number, and some of them are about runs that the copy does not know: none is
    /// given out twice. Where no head of what stood there can be read, the copy's own numbers go on.
    fn number_runs_after(&mut self, newest: i64) -> Result<(), StoreError> {
        self.write(|transaction| {
            let known =
                transaction.execute("UPDATE sqlite_sequence SET seq = max(seq, ?1) WHERE name = 'runs'", [newest])?;
            if known == 0 {
                transaction.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('runs', ?1)", [newest])?;
            }
            Ok(())
        })
    }
}

const DATABASE: &str = "history.db";

/// The database and its log under another name, where they still belong together.
fn put_aside(state: &Path) -> Result<PathBuf, StoreError> {
    let name = free_name(state);
    for log in ["-wal", "-shm", ""] {
        let [from, to] = [DATABASE, &name].map(|name| state.join(format!("{name}{log}")));
        match fs::rename(&from, &to) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(StoreError::file(&from, error)),
            _ => {}
        }
    }
    sync_folder(state).map_err(|error| StoreError::file(state, error))?;
    Ok(state.join(name))
}

/// What an earlier one set aside stays: it may be the one that is wanted.
fn free_name(state: &Path) -> String {
    let is_there = |name: &str| {
        ["", "-wal", "-shm"].iter().any(|log| fs::symlink_metadata(state.join(format!("{name}{log}"))).is_ok())
    };
    let (mut name, mut number) = (format!("{DATABASE}.before-restore"), 1);
    while is_there(&name) {
        number += 1;
        name = format!("{DATABASE}.before-restore-{number}");
    }
    name
}
