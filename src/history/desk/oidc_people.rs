//! People whom an OpenID provider knows: they are whom it says, with the role that follows from its groups.

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension as _, Transaction, params};

use crate::history::desk::people::{Digest, Role, end_sessions};
use crate::history::store::column_values::time_text;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;

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
    ///
    /// # Errors
    /// When it cannot be stored.
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
}

/// Their name here, and whether they are locked; `None` if somebody else has the name.
fn known(
    transaction: &Transaction<'_>,
    person: &ProvidedPerson,
    at: DateTime<Utc>,
) -> Result<Option<(String, bool)>, StoreError> {
    let ProvidedPerson { subject, name, role } = person;
    let sql = "SELECT name, role, locked FROM people WHERE subject = ?1";
    let found = transaction.query_row(sql, [subject], |row| Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?)));
    if let Some((name, known_role, is_locked)) = found.optional()? {
        let name: String = name;
        if known_role != role.as_str() {
            end_sessions(transaction, &name)?;
            transaction.execute("UPDATE people SET role = ?2 WHERE name = ?1", params![name, role.as_str()])?;
        }
        return Ok(Some((name, is_locked)));
    }
    let sql = "INSERT INTO people (name, role, added_at, subject) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
    let added = transaction.execute(sql, params![name, role.as_str(), time_text(at), subject])?;
    Ok((added == 1).then(|| (name.clone(), false)))
}
