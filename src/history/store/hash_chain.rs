//! The journal's hash chain: `h_n = SHA-256("recount/v1" ‖ h_{n-1} ‖ row_n)`, and `h_0` is 32 zero bytes.
//!
//! `row_n` is the row as a JSON object, its columns in their order and without the hash. A changed row no longer fits
//! its hash; who recomputes all that follow is found out by a head that was kept elsewhere, in a mail or a report.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::history::store::error::StoreError;

/// One row of the journal, but for its hash.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct JournalEntry<E = &'static str> {
    pub(crate) seq: i64,
    pub(crate) event: E,
    pub(crate) run: i64,
    /// `None` means the row itself; it is filled in when the row is appended.
    pub(crate) write: Option<i64>,
    pub(crate) at: String,
    pub(crate) agreement: Option<i64>,
    pub(crate) product: Option<String>,
    pub(crate) addition: Option<i64>,
    pub(crate) from_quantity: Option<String>,
    pub(crate) quantity: Option<String>,
    pub(crate) catalog_item: Option<i64>,
    pub(crate) effective_on: Option<String>,
    pub(crate) before: Option<String>,
    pub(crate) why: Option<String>,
    /// Left out of the hashed text where there is none: rows of before there were items keep their hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) item: Option<String>,
}

/// Adds a row; returns its number.
pub(crate) fn append(transaction: &Transaction<'_>, entry: JournalEntry) -> Result<i64, StoreError> {
    let (last_seq, last_hash) = last(transaction)?;
    let seq = last_seq + 1;
    let entry = JournalEntry { seq, write: entry.write.or(Some(seq)), ..entry };
    let hash = hash(last_hash, &entry);
    let mut statement = transaction.prepare_cached(
        "INSERT INTO journal (seq, event, run, write, at, agreement, product, addition, from_quantity, quantity,
                              catalog_item, effective_on, before, why, hash, item)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
    )?;
    statement.execute(params![
        entry.seq,
        entry.event,
        entry.run,
        entry.write,
        entry.at,
        entry.agreement,
        entry.product,
        entry.addition,
        entry.from_quantity,
        entry.quantity,
        entry.catalog_item,
        entry.effective_on,
        entry.before,
        entry.why,
        hash,
        entry.item,
    ])?;
    Ok(seq)
}

pub(crate) type Hash = [u8; 32];

pub(crate) const GENESIS: Hash = [0; 32];

pub(crate) fn last(connection: &Connection) -> Result<(i64, Hash), StoreError> {
    let mut statement = connection.prepare_cached("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1")?;
    let last = statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    Ok(last.unwrap_or((0, GENESIS)))
}

pub(crate) fn hash<E: Serialize>(before: Hash, entry: &JournalEntry<E>) -> Hash {
    let row = serde_json::to_vec(entry).expect("texts and integers always make JSON");
    Sha256::new().chain_update("recount/v1").chain_update(before).chain_update(row).finalize().into()
}

pub(crate) fn entry(row: &Row<'_>) -> Result<JournalEntry<String>, StoreError> {
    Ok(JournalEntry {
        seq: row.get("seq")?,
        event: row.get("event")?,
        run: row.get("run")?,
        write: row.get("write")?,
        at: row.get("at")?,
        agreement: row.get("agreement")?,
        product: row.get("product")?,
        addition: row.get("addition")?,
        from_quantity: row.get("from_quantity")?,
        quantity: row.get("quantity")?,
        catalog_item: row.get("catalog_item")?,
        effective_on: row.get("effective_on")?,
        before: row.get("before")?,
        why: row.get("why")?,
        item: row.get("item")?,
    })
}
