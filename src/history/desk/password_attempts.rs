//! Wrong passwords and codes in a row. An attempt is counted before it is judged, so that many at once do not get more
//! tries; one that was right, but does not let anybody in yet, is taken back.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Transaction, params};

use crate::history::store::column_values::{count, time, time_text};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::history::store::rows::first;

/// Wrong passwords, or codes, that nobody has to wait after.
pub const FREE: u32 = 5;
/// The longest wait, in minutes.
const WAIT_MOST: i64 = 15;
/// After so long it is forgotten.
const FORGOTTEN: TimeDelta = TimeDelta::days(1);

/// Whether somebody may try now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// Yes, and it is counted.
    Counted(CountedAttempt),
    /// Not before.
    Wait(DateTime<Utc>),
}

/// An attempt that was counted, and when there was one before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedAttempt {
    at: DateTime<Utc>,
    before: Vec<(String, Option<DateTime<Utc>>)>,
}

impl History {
    /// Counts an attempt of each of these, unless one of them has to wait: then none is counted.
    ///
    /// # Errors
    /// When it cannot be stored; then nobody may try.
    pub fn attempt(&mut self, subjects: &[&str], now: DateTime<Utc>) -> Result<Attempt, StoreError> {
        self.write(|transaction| {
            // One of a clock that was far ahead would have somebody wait until then.
            let ahead = now + TimeDelta::minutes(WAIT_MOST);
            let forgotten = [time_text(now - FORGOTTEN), time_text(ahead)];
            transaction.execute("DELETE FROM attempts WHERE last_at <= ?1 OR last_at > ?2", forgotten)?;
            let mut before = Vec::new();
            for subject in subjects {
                let known = last(transaction, subject)?;
                let until = known.and_then(|(failed, last_at)| Some(last_at + wait(failed)?));
                if let Some(until) = until.filter(|until| *until > now) {
                    return Ok(Attempt::Wait(until));
                }
                before.push(((*subject).to_owned(), known.map(|(_, last_at)| last_at)));
            }
            for subject in subjects {
                transaction.execute(
                    "INSERT INTO attempts (subject, failed, last_at) VALUES (?1, 1, ?2)
                     ON CONFLICT (subject) DO UPDATE SET failed = failed + 1, last_at = excluded.last_at",
                    params![subject, time_text(now)],
                )?;
            }
            Ok(Attempt::Counted(CountedAttempt { at: now, before }))
        })
    }

    /// Takes one attempt back, with the wait that it began: it was right. Those before it and beside it stay.
    pub fn take_attempt_back(&mut self, attempt: &CountedAttempt) -> Result<(), StoreError> {
        self.write(|transaction| {
            for (subject, before) in &attempt.before {
                let before = before.unwrap_or(attempt.at);
                transaction.execute(
                    "UPDATE attempts SET failed = failed - 1, last_at = iif(last_at = ?2, ?3, last_at) WHERE subject = ?1",
                    params![subject, time_text(attempt.at), time_text(before)],
                )?;
                transaction.execute("DELETE FROM attempts WHERE subject = ?1 AND failed <= 0", [subject])?;
            }
            Ok(())
        })
    }

    /// Forgets the attempts of these: one of them was right.
    pub fn forgive(&mut self, subjects: &[&str]) -> Result<(), StoreError> {
        self.write(|transaction| {
            for subject in subjects {
                transaction.execute("DELETE FROM attempts WHERE subject = ?1", [subject])?;
            }
            Ok(())
        })
    }
}

fn last(transaction: &Transaction<'_>, subject: &str) -> Result<Option<(u32, DateTime<Utc>)>, StoreError> {
    let sql = "SELECT failed, last_at FROM attempts WHERE subject = ?1";
    first(transaction, sql, [subject], |row| Ok((count(row, "failed")?, time(row, "last_at")?)))
}

/// A minute after the fifth wrong password, and twice as long after each one more.
fn wait(failed: u32) -> Option<TimeDelta> {
    let beyond = failed.checked_sub(FREE)?;
    let minutes = 1_i64.checked_shl(beyond).filter(|minutes| *minutes > 0).unwrap_or(WAIT_MOST);
    Some(TimeDelta::minutes(minutes.min(WAIT_MOST)))
}
