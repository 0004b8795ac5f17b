//! What is older than it has to be kept goes, a little every night. The journal of writes and the decisions stay: they are
//! what a bill is explained by, and small.

use chrono::{DateTime, Utc};
use rusqlite::params;

use crate::history::past::names_of_counts;
use crate::history::store::column_values::{integer, time_text};
use crate::history::store::error::StoreError;
use crate::history::store::open::{History, INCREMENTAL};
use crate::history::store::run_lock::RunLock;

/// Runs that lose their lines in one night: a backlog of years is gone within weeks, and no night notices.
const RUNS_AT_ONCE: usize = 20;
/// Plans of an integration that keep their lines, however old they are.
const PLANS_KEPT: i64 = 3;
/// Pages that are given back to the system in one night: 16 MB.
const PAGES_AT_ONCE: i64 = 4_096;
/// A database that cannot give back pages one by one is written anew once, if this much of it is empty and it is small enough
/// that a night does not notice.
const PAGES_EMPTY: i64 = 4_096;
const PAGES_MOST: i64 = 256 * 1_024;

impl History {
    /// Drops the names that went before a time, and the lines of the oldest plans that began before a time: of the newest three of each integration never. Gives how
    /// many plans lost theirs.
    pub fn prune_lines(&mut self, _lock: &RunLock, before: DateTime<Utc>) -> Result<usize, StoreError> {
        self.write(|transaction| names_of_counts::prune(transaction, &before.date_naive().to_string()))?;
        let sql =
            "SELECT run FROM runs WHERE started_at < ?1 AND EXISTS (SELECT 1 FROM lines WHERE lines.run = runs.run)
               AND (SELECT count(*) FROM runs AS newer WHERE newer.integration = runs.integration
                      AND newer.run > runs.run AND newer.fingerprint IS NOT NULL AND newer.undoes IS NULL) >= ?2
             ORDER BY run LIMIT ?3";
        let bounds = params![time_text(before), PLANS_KEPT, integer(RUNS_AT_ONCE)];
        let old: Vec<i64> = self.rows(sql, bounds, |row| Ok(row.get(0)?))?;
        for run in &old {
            self.write(|transaction| {
                transaction.prepare_cached("DELETE FROM lines WHERE run = ?1")?.execute([run])?;
                transaction.prepare_cached("UPDATE runs SET thinned = 1 WHERE run = ?1")?.execute([run])?;
                Ok(())
            })?;
        }
        Ok(old.len())
    }

    /// Gives back to the system what is empty in the database, some of it.
    ///
    /// # Errors
    /// When it cannot be written; the database is as before.
    pub fn compact(&mut self, _lock: &RunLock) -> Result<(), StoreError> {
        let number = |name: &str| self.connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let (empty, all) = (number("freelist_count")?, number("page_count")?);
        if number("auto_vacuum")? == INCREMENTAL {
            let mut statement = self.connection.prepare(&format!("PRAGMA incremental_vacuum({PAGES_AT_ONCE})"))?;
            let mut rows = statement.query([])?;
            while rows.next()?.is_some() {}
        } else if empty >= PAGES_EMPTY && all <= PAGES_MOST {
            self.connection.pragma_update(None, "auto_vacuum", INCREMENTAL)?;
            self.connection.execute_batch("VACUUM")?;
        }
        Ok(())
    }
}
