//! Sessions of the desk. The store knows the hash of what a cookie holds, never the cookie.

use chrono::{DateTime, Utc};
use rusqlite::params;

use crate::history::desk::oidc_people::as_provided;
use crate::history::desk::people::{Digest, Role};
use crate::history::store::column_values::{time, time_text, word};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;

/// Whose session it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionOwner {
    /// The person.
    pub name: String,
    /// How they are written wherever people are named.
    pub called: String,
    /// What they may do, now.
    pub role: Role,
}

/// How much of a session begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionPart {
    /// All of it.
    Whole,
    /// The password was right, and a code is to come.
    Half,
}

impl History {
    /// Drops what is over, and begins a session if the password is still the one that was checked: it may have been taken
    /// away meanwhile, and its person locked.
    pub fn begin_session(
        &mut self,
        part: SessionPart,
        (name, password): (&str, &str),
        digest: &Digest,
        (began_at, ends_at): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<bool, StoreError> {
        let [drop, insert] = match part {
            SessionPart::Whole => [
                "DELETE FROM sessions WHERE ends_at <= ?1",
                "INSERT INTO sessions (digest, person, began_at, ends_at)
                 SELECT ?1, name, ?3, ?4 FROM people WHERE name = ?2 AND password = ?5 AND locked = 0",
            ],
            SessionPart::Half => [
                "DELETE FROM half_sessions WHERE ends_at <= ?1",
                "INSERT INTO half_sessions (digest, person, ends_at)
                 SELECT ?1, name, ?4 FROM people WHERE name = ?2 AND password = ?5 AND locked = 0",
            ],
        };
        self.write(|transaction| {
            let (began_at, ends_at) = (time_text(began_at), time_text(ends_at));
            transaction.execute(drop, [&began_at])?;
            Ok(transaction.execute(insert, params![digest, name, began_at, ends_at, password])? == 1)
        })
    }

    /// When a session began; `None` if the cookie is of none.
    pub fn session_began(&self, digest: &Digest) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.first("SELECT began_at FROM sessions WHERE digest = ?1", [digest], |row| time(row, "began_at"))
    }

    /// Whose half a session this is; `None` if it is none, or over.
    pub fn half_session_owner(&self, digest: &Digest, now: DateTime<Utc>) -> Result<Option<String>, StoreError> {
        let sql = "SELECT name FROM half_sessions JOIN people ON name = person
                   WHERE digest = ?1 AND ends_at > ?2 AND locked = 0";
        self.first(sql, params![digest, time_text(now)], |row| Ok(row.get(0)?))
    }

    /// Makes half a session a whole one; `false` if it ended meanwhile.
    pub fn complete_session(
        &mut self,
        half: &Digest,
        digest: &Digest,
        (began_at, ends_at): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<bool, StoreError> {
        self.write(|transaction| {
            let begun = transaction.execute(
                "INSERT INTO sessions (digest, person, began_at, ends_at)
                 SELECT ?2, name, ?3, ?4 FROM half_sessions JOIN people ON name = person
                 WHERE digest = ?1 AND half_sessions.ends_at > ?3 AND locked = 0",
                params![half, digest, time_text(began_at), time_text(ends_at)],
            )?;
            transaction.execute("DELETE FROM half_sessions WHERE digest = ?1", [half])?;
            Ok(begun == 1)
        })
    }

    /// Whose session this is; `None` if it is none, or over.
    pub fn session_owner(&self, digest: &Digest, now: DateTime<Utc>) -> Result<Option<SessionOwner>, StoreError> {
        let sql = "SELECT name, role, subject IS NOT NULL AS provided FROM sessions JOIN people ON name = person
                   WHERE digest = ?1 AND ends_at > ?2 AND locked = 0";
        self.first(sql, params![digest, time_text(now)], |row| {
            let name: String = row.get("name")?;
            let called = if row.get("provided")? { as_provided(&name) } else { name.clone() };
            Ok(SessionOwner { name, called, role: word(row, "role", Role::from_word)? })
        })
    }

    /// When the sessions began that a person has open, newest first.
    pub fn sessions_of(&self, name: &str, now: DateTime<Utc>) -> Result<Vec<DateTime<Utc>>, StoreError> {
        let sql = "SELECT began_at FROM sessions WHERE person = ?1 AND ends_at > ?2 ORDER BY began_at DESC";
        self.rows(sql, params![name, time_text(now)], |row| time(row, "began_at"))
    }

    /// Ends what a person has open, but for this session.
    pub fn end_other_sessions(&mut self, name: &str, own: &Digest) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute("DELETE FROM sessions WHERE person = ?1 AND digest <> ?2", params![name, own])?;
            transaction.execute("DELETE FROM half_sessions WHERE person = ?1", [name])?;
            Ok(())
        })
    }

    /// Ends a session.
    pub fn end_session(&mut self, digest: &Digest) -> Result<(), StoreError> {
        self.execute("DELETE FROM sessions WHERE digest = ?1", [digest]).map(drop)
    }
}
