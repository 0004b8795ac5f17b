//! Whether an older database was put back: by `history.head`, the last run and the journal's head, kept beside the database.
//!
//! An older database that is put back does not know them, nor does one whose log was taken away. The file is written once
//! the run's beginning or its end is on the disk, so it may be behind a sound database, when a process dies in between,
//! and never ahead of one. A backup of the whole state folder brings its own file back: against that only a head that
//! left the host helps (`verify --against`).

use crate::atomic_files::replace;
use crate::history::store::error::StoreError;
use crate::history::store::history_head::{file, read};
use crate::history::store::open::History;
use crate::history::store::unbegun_nights::{UnbegunNight, noted};

impl History {
    /// Whether it shows how things stand, for whoever only reads: it is the newest state, and no night is noted beside it that
    /// it does not know.
    ///
    /// # Errors
    /// [`StoreError::Restored`] for an older one, [`StoreError::Unrecorded`] for one that lacks a night, and
    /// [`StoreError::NotesUnreadable`] where nobody can say.
    pub fn is_current(&self) -> Result<(), StoreError> {
        self.is_newest()?;
        // They stop no run. That no night is noted is not known all the same.
        let notes = noted(&self.state).map_err(|error| StoreError::NotesUnreadable { why: error.to_string() })?;
        let mut missing = Vec::new();
        for night in notes {
            if !self.is_recorded(&night)? {
                missing.push(night);
            }
        }
        let Some(last) = missing.pop() else { return Ok(()) };
        let at = last.at.format("%-d %b %Y %H:%M UTC");
        let what = match (last.run, missing.len()) {
            (Some(run), _) => format!("the end of run {run}, {at},"),
            (None, 0) => format!("the night of {at}"),
            (None, before) => format!("{} nights, the last of {at},", before + 1),
        };
        Err(StoreError::Unrecorded { what, why: last.message })
    }

    /// Whether what is noted of a night is in it.
    pub fn is_recorded(&self, night: &UnbegunNight) -> Result<bool, StoreError> {
        let Some(run) = night.run else { return self.has_begun(&night.integration, night.at) };
        let sql = "SELECT 1 FROM runs WHERE run = ?1 AND finished_at IS NOT NULL";
        Ok(self.connection.prepare_cached(sql)?.exists([run])?)
    }

    /// Whether this is the newest state of the history, as far as the state folder tells.
    ///
    /// # Errors
    /// [`StoreError::Restored`] for an older one.
    pub fn is_newest(&self) -> Result<(), StoreError> {
        // Read before the database, which a run may be writing.
        let Some((run, head)) = read(&self.state)? else { return Ok(()) };
        let last: i64 = self.connection.query_row("SELECT coalesce(max(run), 0) FROM runs", [], |row| row.get(0))?;
        if last >= run && self.knows(&head)? {
            return Ok(());
        }
        Err(StoreError::Restored { path: self.state.join("history.db"), run, head })
    }

    /// Whether the journal has this head. Looked for from its end, where that of a sound history is.
    fn knows(&self, head: &str) -> Result<bool, StoreError> {
        if self.head()? == head {
            return Ok(true);
        }
        let Ok(hash) = hex::decode(head) else { return self.had_head(head) };
        let sql = "SELECT 1 FROM journal WHERE hash = ?1 ORDER BY seq DESC LIMIT 1";
        Ok(self.connection.prepare_cached(sql)?.exists([hash])? || self.had_head(head)?)
    }

    /// Notes the head behind a run that began or ended.
    pub(crate) fn keep_head(&self, run: i64) {
        let kept = self.head().ok().map(|head| replace(&file(&self.state), format!("{run} {head}\n").as_bytes()));
        // An older one stays, which tells less and nothing wrong. The run has its end.
        drop(kept);
    }
}
