//! People whom an OpenID provider knows: they are whom it says, with the role that follows from its groups.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension as _, Transaction, params};

use crate::history::desk::people::{Digest, Role, end_sessions};
use crate::history::store::column_values::time_text;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::history::store::rows::rows;

/// Somebody, as a provider says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvidedPerson {
    /// Issuer and subject: the same person for ever.
    pub subject: String,
    /// The name under which they appear here.
    pub name: String,
    /// What their groups allow.
    pub role: Role,
}

/// How somebody of a provider is written wherever people are named: a provider may know a `root` as well, who is not this
/// host's. No name here has brackets.
pub fn as_provided(name: &str) -> String {
    format!("{name} (company account)")
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Provided {
    /// They are in, under this name.
    In(String),
    /// Somebody else has that name here.
    NameTaken,
    /// They are locked.
    Locked,
}

impl History {
    /// Begins a session of somebody whom the provider vouched for. They are added when they come first; a role that has
    /// changed ends what else they have open.
    pub fn begin_provided_session(
        &mut self,
        person: &ProvidedPerson,
        digest: &Digest,
        (began_at, ends_at): (DateTime<Utc>, DateTime<Utc>),
    ) -> Result<Provided, StoreError> {
        self.write(|transaction| {
            transaction.execute("DELETE FROM sessions WHERE ends_at <= ?1", [time_text(began_at)])?;
            let Some((name, is_locked)) = known(transaction, person, began_at)? else {
                return Ok(Provided::NameTaken);
            };
            if is_locked {
                return Ok(Provided::Locked);
            }
            let sql = "INSERT INTO sessions (digest, person, began_at, ends_at) VALUES (?1, ?2, ?3, ?4)";
            transaction.execute(sql, params![digest, name, time_text(began_at), time_text(ends_at)])?;
            Ok(Provided::In(name))
        })
    }

    /// Ends what somebody has open to whom the provider gives no role any more; their name here, if they ever were here.
    pub fn end_provided_sessions(&mut self, subject: &str) -> Result<Option<String>, StoreError> {
        self.write(|transaction| {
            let sql = "SELECT name FROM people WHERE subject = ?1";
            let found: Option<String> = transaction.query_row(sql, [subject], |row| row.get(0)).optional()?;
            found.iter().try_for_each(|name| end_sessions(transaction, name))?;
            Ok(found)
        })
    }
}

/// Their name here, and whether they are locked; `None` if somebody else has the name.
fn known(
    transaction: &Transaction<'_>,
    person: &ProvidedPerson,
    at: DateTime<Utc>,
) -> Result<Option<(String, bool)>, StoreError> {
    let ProvidedPerson { subject, name, role } = person;
    let is_taken = is_taken(transaction, name, subject)?;
    let sql = "SELECT name, role, locked FROM people WHERE subject = ?1";
    let found = transaction.query_row(sql, [subject], |row| Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?)));
    if let Some((known, known_role, is_locked)) = found.optional()? {
        let known: String = known;
        if known_role != role.as_str() {
            end_sessions(transaction, &known)?;
            transaction.execute("UPDATE people SET role = ?2 WHERE name = ?1", params![known, role.as_str()])?;
        }
        // Whoever is called otherwise by now is so here as well, unless somebody else is.
        if is_taken || known == *name {
            return Ok(Some((known, is_locked)));
        }
        rename(transaction, &known, name)?;
        return Ok(Some((name.clone(), is_locked)));
    }
    if is_taken {
        return Ok(None);
    }
    let sql = "INSERT INTO people (name, role, added_at, subject) VALUES (?1, ?2, ?3, ?4)";
    transaction.execute(sql, params![name, role.as_str(), time_text(at), subject])?;
    Ok(Some((name.clone(), false)))
}

/// Whether somebody else has this name, in large or small letters.
fn is_taken(transaction: &Transaction<'_>, name: &str, subject: &str) -> Result<bool, StoreError> {
    let sql = "SELECT name FROM people WHERE subject IS NOT ?1";
    let names: Vec<String> = rows(transaction, sql, [subject], |row| Ok(row.get(0)?))?;
    Ok(names.iter().any(|known| known.to_lowercase() == name.to_lowercase()))
}

/// What names a person; one of a provider has no password, authenticator or link.
const NAMED: [&str; 3] = [
    "UPDATE people SET name = ?2 WHERE name = ?1",
    "UPDATE sessions SET person = ?2 WHERE person = ?1",
    "UPDATE tenant_roles SET person = ?2 WHERE person = ?1",
];

fn rename(transaction: &Transaction<'_>, known: &str, name: &str) -> Result<(), StoreError> {
    transaction.execute_batch("PRAGMA defer_foreign_keys = ON")?;
    for sql in NAMED {
        transaction.execute(sql, [known, name])?;
    }
    Ok(())
}
