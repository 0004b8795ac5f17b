//! Decisions in the journal's chain: a row of the journal holds the number and the hash of each.
//!
//! The hash is that of the decision's row as a JSON object of the columns that hold something, by their names: a column
//! that a later version adds changes no hash. Decisions of versions before the chain are not covered.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, Transaction};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::history::store::column_values::time_text;
use crate::history::store::error::StoreError;
use crate::history::store::hash_chain;
use crate::history::store::hash_chain::JournalEntry;
use crate::reconcile::model::ids::RunId;

/// The word of such a row.
pub(crate) const EVENT: &str = "decided";

/// Puts the newest decision into the chain.
pub(crate) fn append(transaction: &Transaction<'_>, run: RunId, at: DateTime<Utc>) -> Result<(), StoreError> {
    let words = words(transaction)?;
    let why = words.into_iter().next_back().map(|(number, hash)| format!("{number} {hash}"));
    // Zero is no row: a decision is an outcome of no write.
    hash_chain::append(
        transaction,
        JournalEntry { event: EVENT, run: run.0, write: Some(0), at: time_text(at), why, ..JournalEntry::default() },
    )?;
    Ok(())
}

/// Whether each decision is what the rows of the journal say, and none is missing among them.
pub(crate) fn verify(connection: &Connection, chained: &[(i64, String)]) -> Result<(), StoreError> {
    let mut found = words(connection)?;
    let first = chained.first().and_then(|(_, why)| why.split(' ').next()?.parse::<i64>().ok());
    for (row, why) in chained {
        let fits = why.split_once(' ').is_some_and(|(number, hash)| {
            number.parse().ok().and_then(|number: i64| found.remove(&number)).is_some_and(|found| found == hash)
        });
        if !fits {
            return Err(StoreError::DecisionChanged { row: *row });
        }
    }
    match found.into_keys().next_back().filter(|last| first.is_some_and(|first| *last > first)) {
        Some(decision) => Err(StoreError::DecisionUnchained { decision }),
        None => Ok(()),
    }
}

/// The hash of every decision, by its number.
fn words(connection: &Connection) -> Result<BTreeMap<i64, String>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT * FROM decisions")?;
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let rows = statement.query_and_then([], |row| Ok((row.get("decision")?, hash(row, &names)?)))?;
    rows.collect()
}

fn hash(row: &Row<'_>, names: &[String]) -> Result<String, StoreError> {
    let mut columns = BTreeMap::new();
    for name in names {
        let value = match row.get_ref(name.as_str())? {
            ValueRef::Null => continue,
            ValueRef::Integer(number) => Value::from(number),
            ValueRef::Text(text) => Value::from(String::from_utf8_lossy(text)),
            ValueRef::Real(_) | ValueRef::Blob(_) => {
                return Err(StoreError::Unreadable { column: "decisions", value: name.clone() });
            }
        };
        columns.insert(name, value);
    }
    let row = serde_json::to_vec(&columns).expect("texts and integers always make JSON");
    Ok(hex::encode(Sha256::new().chain_update("recount/decision/v1").chain_update(row).finalize()))
}
