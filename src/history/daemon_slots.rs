//! Nights of the daemon's schedule: each is begun once, by whoever claims it first.

use chrono::{DateTime, Utc};
use rusqlite::{Row, params};

use crate::history::store::column_values::{maybe_time, time_text};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::history::store::rows::first;

/// A night of the schedule that was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimedSlot {
    /// When it was due.
    pub slot: DateTime<Utc>,
    /// When it was claimed.
    pub claimed_at: DateTime<Utc>,
}

impl History {
    /// The latest slot up to this time that was claimed; `None` before the first.
    pub fn last_slot(&self, until: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, StoreError> {
        let sql = "SELECT max(slot) AS slot FROM slots WHERE slot <= ?1";
        self.connection.query_row_and_then(sql, [time_text(until)], |row| maybe_time(row, "slot"))
    }

    /// The latest slot up to this time that was claimed, and when; `None` before the first.
    pub fn last_claim(&self, until: DateTime<Utc>) -> Result<Option<ClaimedSlot>, StoreError> {
        let sql = "SELECT slot, claimed_at FROM slots WHERE slot <= ?1 ORDER BY slot DESC LIMIT 1";
        let claim = |row: &Row<'_>| {
            let times = maybe_time(row, "slot")?.zip(maybe_time(row, "claimed_at")?);
            Ok::<_, StoreError>(times.map(|(slot, claimed_at)| ClaimedSlot { slot, claimed_at }))
        };
        let claimed = first(&self.connection, sql, [time_text(until)], claim);
        claimed.map(Option::flatten)
    }

    /// Claims a slot: `true` for the first who does, `false` for everybody after. Claims of slots after `until` were made by
    /// a clock that was ahead, and are forgotten: their nights are still to come.
    ///
    /// # Errors
    /// When it cannot be stored; then the slot is not claimed.
    pub fn claim_slot(
        &mut self,
        slot: DateTime<Utc>,
        at: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.write(|transaction| {
            transaction.execute("DELETE FROM slots WHERE slot > ?1", [time_text(until)])?;
            let claimed = transaction
                .prepare_cached("INSERT INTO slots (slot, claimed_at) VALUES (?1, ?2) ON CONFLICT (slot) DO NOTHING")?
                .execute(params![time_text(slot), time_text(at)])?;
            Ok(claimed == 1)
        })
    }
}
