//! People, and what they did on the desk, kept from the history that a backup takes the place of: whoever was removed or
//! locked since does not come back with it.

use std::fs;
use std::path::Path;

use rusqlite::{OpenFlags, Transaction};

use crate::history::store::error::StoreError;
use crate::history::store::migrations;
use crate::history::store::migrations::MIGRATIONS;
use crate::history::store::open::{connect, is_readable};
use crate::reconcile::words::words;

words! {
    /// Whose people stand in a history that was put back.
    PeopleOf {
        /// Those of what stood there, as they were.
        WhatStood = "what-stood",
        /// Those of the copy.
        TheCopy = "copy",
    }
}

/// All that says who may come in, and how; who refers to others comes after them.
const ACCESS: [&str; 5] = ["people", "invitations", "authenticators", "tenant_roles", "attempts"];
const NEW_EVENTS: &str = "INSERT INTO desk_events (event, at, person, address, deed, about, refused, said)
    SELECT (SELECT coalesce(max(event), 0) FROM main.desk_events) + row_number() OVER (ORDER BY at), *
    FROM (SELECT at, person, address, deed, about, refused, said FROM stood.desk_events
          EXCEPT SELECT at, person, address, deed, about, refused, said FROM main.desk_events) ORDER BY 1";

/// Takes over who was there, and what was done on the desk since, into a copy that is not in use yet. Nobody stays signed in,
/// and no link of the copy is good. What stood there and cannot be read, or is of an older version, says nothing of people.
pub(crate) fn keep_people(copy: &Path, stood: &Path) -> Result<PeopleOf, StoreError> {
    let mut connection = connect(copy, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    migrations::migrate(&mut connection, copy, MIGRATIONS)?;
    let people = if is_readable(stood).unwrap_or(false) { PeopleOf::WhatStood } else { PeopleOf::TheCopy };
    if people == PeopleOf::WhatStood {
        let stood = fs::canonicalize(stood).map_err(|error| StoreError::file(stood, error))?;
        connection.execute("ATTACH DATABASE ?1 AS stood", [stood.to_string_lossy()])?;
    }
    let transaction = connection.transaction()?;
    end_all_sessions(&transaction)?;
    if people == PeopleOf::WhatStood {
        take_over(&transaction)?;
    }
    transaction.commit()?;
    Ok(people)
}

fn end_all_sessions(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    Ok(transaction.execute_batch("DELETE FROM sessions; DELETE FROM half_sessions; DELETE FROM invitations")?)
}

fn take_over(transaction: &Transaction<'_>) -> Result<(), StoreError> {
    for table in ACCESS.iter().rev() {
        transaction.execute(&format!("DELETE FROM main.{table}"), [])?;
    }
    for table in ACCESS {
        transaction.execute(&format!("INSERT INTO main.{table} SELECT * FROM stood.{table}"), [])?;
    }
    transaction.execute(NEW_EVENTS, [])?;
    Ok(())
}
