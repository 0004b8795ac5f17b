//! Authenticator apps of people, as far as the history may know them: a salt, and which code was used last.

use rusqlite::{Row, params};

use crate::history::store::error::StoreError;
use crate::history::store::open::History;

/// What the secret of an authenticator is made of, beside the key of the desk.
pub type Salt = [u8; 16];

/// What is known of somebody's authenticator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Authenticator {
    /// Its salt.
    pub salt: Salt,
    /// Whether its codes are asked for: a code of it was seen.
    pub is_on: bool,
}

impl History {
    /// The authenticator of a person, also one that was only offered.
    pub fn authenticator(&self, name: &str) -> Result<Option<Authenticator>, StoreError> {
        self.first("SELECT salt, is_on FROM authenticators WHERE person = ?1", [name], authenticator)
    }

    /// Offers a person an authenticator of this salt, unless they have one, or were offered one.
    pub fn offer_authenticator(&mut self, name: &str, salt: &Salt) -> Result<(), StoreError> {
        let sql = "INSERT INTO authenticators (person, salt) SELECT name, ?2 FROM people WHERE name = ?1
                   ON CONFLICT DO NOTHING";
        self.execute(sql, params![name, salt]).map(drop)
    }

    /// Uses up the code of a step, and switches the authenticator on with it. `false` if a code of this step or of a
    /// later one was used before, or if the authenticator is another one by now.
    ///
    /// # Errors
    /// When it cannot be stored; then the code must not be taken.
    pub fn use_code(&mut self, name: &str, salt: &Salt, step: u64) -> Result<bool, StoreError> {
        let Ok(step) = i64::try_from(step) else { return Ok(false) };
        let sql = "UPDATE authenticators SET is_on = 1, last_step = ?3
                   WHERE person = ?1 AND salt = ?2 AND last_step < ?3";
        Ok(self.execute(sql, params![name, salt, step])? == 1)
    }

    /// Takes a person's authenticator away; `false` if they have none.
    pub fn drop_authenticator(&mut self, name: &str) -> Result<bool, StoreError> {
        Ok(self.execute("DELETE FROM authenticators WHERE person = ?1", [name])? == 1)
    }
}

fn authenticator(row: &Row<'_>) -> Result<Authenticator, StoreError> {
    Ok(Authenticator { salt: row.get("salt")?, is_on: row.get("is_on")? })
}
