//! Sessions of the desk. The store knows the hash of what a cookie holds, never the cookie.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension as _, params};

use crate::history::desk::oidc_people::as_provided;
use crate::history::desk::people::{Digest, Role};
use crate::history::store::column_values::{time, time_text, word};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::history::store::rows::rows;

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

impl History {
    /// Begins a session if the password is still the one that was checked: it may have been taken away meanwhile.
    pub fn begin_session(
        &mut self,
        (name, password): (&str, &str),
        digest: &Digest,
        (began_at, ends_at): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<bool, StoreError> {
        let statements = [
            "DELETE FROM sessions WHERE ends_at <= ?1",
            "INSERT INTO sessions (digest, person, began_at, ends_at)
             SELECT ?1, name, ?3, ?4 FROM people WHERE name = ?2 AND password = ?5 AND locked = 0",
        ];
        self.begin(statements, (name, password), digest, (began_at, ends_at))
    }

    /// Begins half a session: the password was right, and a code is to come. Like [`History::begin_session`].
    pub fn begin_half_session(
        &mut self,
        (name, password): (&str, &str),
        digest: &Digest,
        (began_at, ends_at): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<bool, StoreError> {
        let statements = [
            "DELETE FROM half_sessions WHERE ends_at <= ?1",
            "INSERT INTO half_sessions (digest, person, ends_at)
             SELECT ?1, name, ?4 FROM people WHERE name = ?2 AND password = ?5 AND locked = 0",
        ];
        self.begin(statements, (name, password), digest, (began_at, ends_at))
    }

    /// Drops what is over and adds one, as far as the person still has this password and is not locked.
    fn begin(
        &mut self,
        [drop, insert]: [&str; 2],
        (name, password): (&str, &str),
        digest: &Digest,
        (began_at, ends_at): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<bool, StoreError> {
        self.write(|transaction| {
            let (began_at, ends_at) = (time_text(began_at), time_text(ends_at));
            transaction.execute(drop, [&began_at])?;
            Ok(transaction.execute(insert, params![digest, name, began_at, ends_at, password])? == 1)
        })
    }

    /// When a session began; `None` if the cookie is of none.
    pub fn session_began(&self, digest: &Digest) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.read(|connection| {
            let sql = "SELECT began_at FROM sessions WHERE digest = ?1";
            connection.query_row(sql, [digest], |row| Ok(time(row, "began_at"))).optional()?.transpose()
        })
    }

    /// Whose half a session this is; `None` if it is none, or over.
    pub fn half_session_owner(&self, digest: &Digest, now: DateTime<Utc>) -> Result<Option<String>, StoreError> {
        self.read(|connection| {
            let sql = "SELECT name FROM half_sessions JOIN people ON name = person
                       WHERE digest = ?1 AND ends_at > ?2 AND locked = 0";
            Ok(connection.query_row(sql, params![digest, time_text(now)], |row| row.get(0)).optional()?)
        })
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
        self.read(|connection| {
            let sql = "SELECT name, role, subject IS NOT NULL AS provided FROM sessions JOIN people ON name = person
                       WHERE digest = ?1 AND ends_at > ?2 AND locked = 0";
            let found = connection.prepare_cached(sql)?.query_row(params![digest, time_text(now)], |row| {
                Ok((row.get::<_, String>("name")?, word(row, "role", Role::from_word), row.get("provided")?))
            });
            let Some((name, role, is_provided)) = found.optional()? else { return Ok(None) };
            let called = if is_provided { as_provided(&name) } else { name.clone() };
            Ok(Some(SessionOwner { name, called, role: role? }))
        })
    }

    /// When the sessions began that a person has open, newest first.
    pub fn sessions_of(&self, name: &str, now: DateTime<Utc>) -> Result<Vec<DateTime<Utc>>, StoreError> {
        self.read(|connection| {
            let sql = "SELECT began_at FROM sessions WHERE person = ?1 AND ends_at > ?2 ORDER BY began_at DESC";
            rows(connection, sql, params![name, time_text(now)], |row| time(row, "began_at"))
        })
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
        self.write(|transaction| {
            transaction.execute("DELETE FROM sessions WHERE digest = ?1", [digest])?;
            Ok(())
        })
    }
}
