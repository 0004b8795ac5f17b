//! People who may come to the desk.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension as _, Row, Transaction, params};

use crate::history::store::column_values::{time, time_text, word};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::words::words;

words! {
    /// What somebody may do; each may what the one before may.
    Role {
        /// Read.
        Viewer = "viewer",
        /// Answer, map, approve and run.
        Operator = "operator",
        /// Switch integrations.
        Admin = "admin",
    }
}

/// One person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The name that signs in, in lower case; of whom a provider lets in, as that one gives it.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Whether they are kept out for now.
    pub is_locked: bool,
    /// Whether they have chosen a password.
    pub has_password: bool,
    /// Whether an OpenID provider says who they are.
    pub is_provided: bool,
    /// Whether codes of an authenticator are asked of them.
    pub has_authenticator: bool,
    /// Since when they are known.
    pub added_at: DateTime<Utc>,
}

/// SHA-256 of a secret that only the person's browser or link holds.
pub type Digest = [u8; 32];

impl History {
    /// Adds a person, in small letters; `false` if there is one of this name.
    pub fn add_person(&mut self, name: &str, role: Role, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let sql = "INSERT INTO people (name, role, added_at) SELECT ?1, ?2, ?3
                   WHERE NOT EXISTS (SELECT 1 FROM people WHERE lower(name) = ?1)";
        Ok(self.execute(sql, params![name, role.as_str(), time_text(at)])? == 1)
    }

    /// Everybody, by name.
    pub fn people(&self) -> Result<Vec<Person>, StoreError> {
        let sql = "SELECT people.*, coalesce(is_on, 0) AS is_on FROM people
                   LEFT JOIN authenticators ON name = person ORDER BY name";
        self.rows(sql, [], person)
    }

    /// Gives a person another role, and ends what they have open; `false` if nobody is called so.
    pub fn set_role(&mut self, name: &str, role: Role) -> Result<bool, StoreError> {
        self.write(|transaction| {
            end_sessions(transaction, name)?;
            let sql = "UPDATE people SET role = ?2 WHERE name = ?1";
            Ok(transaction.execute(sql, params![name, role.as_str()])? == 1)
        })
    }

    /// Keeps a person out, or lets them in again; `false` if nobody is called so.
    pub fn lock_person(&mut self, name: &str, locked: bool) -> Result<bool, StoreError> {
        self.write(|transaction| {
            end_sessions(transaction, name)?;
            Ok(transaction.execute("UPDATE people SET locked = ?2 WHERE name = ?1", params![name, locked])? == 1)
        })
    }

    /// Removes a person; what they did stays in the history. `false` if nobody is called so.
    pub fn remove_person(&mut self, name: &str) -> Result<bool, StoreError> {
        Ok(self.execute("DELETE FROM people WHERE name = ?1", [name])? == 1)
    }

    /// Makes a link the person's only way in: their password, authenticator, sessions and earlier links are gone. `false`
    /// if nobody is called so, or if a provider lets them in: by a password they would not come by the provider any more.
    pub fn invite(&mut self, name: &str, digest: Digest, ends_at: DateTime<Utc>) -> Result<bool, StoreError> {
        self.write(|transaction| {
            let sql = "UPDATE people SET password = NULL WHERE name = ?1 AND subject IS NULL";
            if transaction.execute(sql, [name])? == 0 {
                return Ok(false);
            }
            end_sessions(transaction, name)?;
            transaction.execute("DELETE FROM authenticators WHERE person = ?1", [name])?;
            let sql = "INSERT OR REPLACE INTO invitations (person, digest, ends_at) VALUES (?1, ?2, ?3)";
            transaction.execute(sql, params![name, digest, time_text(ends_at)])?;
            Ok(true)
        })
    }

    /// Whose link this is; `None` if it was used, replaced or is over, or if they are locked.
    pub fn invited(&self, digest: &Digest, now: DateTime<Utc>) -> Result<Option<String>, StoreError> {
        self.first(INVITED, params![digest, time_text(now)], |row| Ok(row.get(0)?))
    }

    /// Sets the password that somebody chose by their link, which is used up by it, and ends what they have open.
    /// `None` if the link is not good any more.
    pub fn choose_password(
        &mut self,
        digest: &Digest,
        hash: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<String>, StoreError> {
        self.write(|transaction| {
            let found = transaction.query_row(INVITED, params![digest, time_text(now)], |row| row.get(0));
            let Some(name): Option<String> = found.optional()? else { return Ok(None) };
            transaction.execute("DELETE FROM invitations WHERE person = ?1", [&name])?;
            end_sessions(transaction, &name)?;
            transaction.execute("UPDATE people SET password = ?2 WHERE name = ?1", params![name, hash])?;
            Ok(Some(name))
        })
    }

    /// Gives a person another password if theirs is still the one that was checked; `false` if it was taken away meanwhile.
    pub fn change_password(&mut self, name: &str, [old, new]: [&str; 2]) -> Result<bool, StoreError> {
        let sql = "UPDATE people SET password = ?3 WHERE name = ?1 AND password = ?2 AND locked = 0";
        Ok(self.execute(sql, params![name, old, new])? == 1)
    }

    /// The hash of a person's password; `None` for somebody who is not there, has none or is locked.
    pub fn password_of(&self, name: &str) -> Result<Option<String>, StoreError> {
        let sql = "SELECT password FROM people WHERE name = ?1 AND locked = 0 AND password IS NOT NULL";
        self.first(sql, [name], |row| Ok(row.get(0)?))
    }
}

const INVITED: &str = "SELECT person FROM invitations JOIN people ON name = person
                       WHERE digest = ?1 AND ends_at > ?2 AND locked = 0";

pub(super) fn end_sessions(transaction: &Transaction<'_>, name: &str) -> Result<(), StoreError> {
    transaction.execute("DELETE FROM sessions WHERE person = ?1", [name])?;
    transaction.execute("DELETE FROM half_sessions WHERE person = ?1", [name])?;
    Ok(())
}

fn person(row: &Row<'_>) -> Result<Person, StoreError> {
    Ok(Person {
        name: row.get("name")?,
        role: word(row, "role", Role::from_word)?,
        is_locked: row.get("locked")?,
        has_password: row.get::<_, Option<String>>("password")?.is_some(),
        is_provided: row.get::<_, Option<String>>("subject")?.is_some(),
        has_authenticator: row.get("is_on")?,
        added_at: time(row, "added_at")?,
    })
}
