//! Wrong passwords in a row. An attempt is counted before it is judged, so that many at once do not get more tries.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{OptionalExtension as _, Transaction, params};

use crate::history::store::column_values::{count, time, time_text};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;

/// Wrong passwords that nobody has to wait after.
pub const FREE: u32 = 5;
/// The longest wait, in minutes.
const WAIT_MOST: i64 = 15;
/// After so long it is forgotten.
const FORGOTTEN: TimeDelta = TimeDelta::days(1);

/// Whether somebody may try now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// Yes, and it is counted.
    Counted,
    /// Not before.
    Wait(DateTime<Utc>),
}

impl History {
    /// Counts an attempt of each of these, unless one of them has to wait: then none is counted.
    ///
    /// # Errors
    /// When it cannot be stored; then nobody may try.
    pub fn attempt(&mut self, subjects: &[&str], now: DateTime<Utc>) -> Result<Attempt, StoreError> {
        self.write(|transaction| {
            transaction.execute("DELETE FROM attempts WHERE last_at <= ?1", [time_text(now - FORGOTTEN)])?;
            for subject in subjects {
                if let Some(until) = waits(transaction, subject)?.filter(|until| *until > now) {
                    return Ok(Attempt::Wait(until));
                }
            }
            for subject in subjects {
                transaction.execute(
                    "INSERT INTO attempts (subject, failed, last_at) VALUES (?1, 1, ?2)
                     ON CONFLICT (subject) DO UPDATE SET failed = failed + 1, last_at = excluded.last_at",
                    params![subject, time_text(now)],
                )?;
            }
            Ok(Attempt::Counted)
        })
    }

    /// Forgets the attempts of these: one of them was right.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub fn forgive(&mut self, subjects: &[&str]) -> Result<(), StoreError> {
        self.write(|transaction| {
            for subject in subjects {
                transaction.execute("DELETE FROM attempts WHERE subject = ?1", [subject])?;
            }
            Ok(())
        })
    }
}

fn waits(transaction: &Transaction<'_>, subject: &str) -> Result<Option<DateTime<Utc>>, StoreError> {
    let sql = "SELECT failed, last_at FROM attempts WHERE subject = ?1";
    let found = transaction.query_row(sql, [subject], |row| Ok((count::<u32>(row, "failed"), time(row, "last_at"))));
    let Some((failed, last_at)) = found.optional()? else { return Ok(None) };
    wait(failed?).map(|wait| Ok(last_at? + wait)).transpose()
}

/// A minute after the fifth wrong password, and twice as long after each one more.
fn wait(failed: u32) -> Option<TimeDelta> {
    let beyond = failed.checked_sub(FREE)?;
    let minutes = 1_i64.checked_shl(beyond).filter(|minutes| *minutes > 0).unwrap_or(WAIT_MOST);
    Some(TimeDelta::minutes(minutes.min(WAIT_MOST)))
}
