//! The journal's hash chain: `h_n = SHA-256("recount/v1" ‖ h_{n-1} ‖ row_n)`, and `h_0` is 32 zero bytes.
//!
//! `row_n` is the row as a JSON object, its columns in their order and without the hash. A changed row no longer fits
//! its hash; who recomputes all that follow is found out by a head that was kept elsewhere, in a mail or a report.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::history::store::decision_chain;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;

/// One row of the journal, but for its hash.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Entry<E = &'static str> {
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

/// A journal whose rows all fit their hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// How many rows it has.
    pub rows: u64,
    /// The hash of the last one, in hex.
    pub head: String,
}

impl History {
    /// The hash of the journal's last row, in hex: keep it elsewhere, and nobody can change the journal unnoticed.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn head(&self) -> Result<String, StoreError> {
        Ok(hex(last(&self.connection)?.1))
    }

    /// Computes every hash of the journal anew.
    ///
    /// # Errors
    /// [`StoreError::ChainBroken`] names the first row that does not fit.
    pub fn verify_journal(&self) -> Result<Chain, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT * FROM journal ORDER BY seq")?;
            let mut rows = statement.query([])?;
            let (mut seq, mut head) = (0, GENESIS);
            let mut decided = Vec::new();
            while let Some(row) = rows.next()? {
                let entry = entry(row)?;
                let found: Hash = row.get("hash")?;
                head = hash(head, &entry);
                seq += 1;
                if entry.seq != seq || found != head {
                    return Err(StoreError::ChainBroken { row: entry.seq });
                }
                if entry.event == decision_chain::EVENT {
                    decided.push((entry.seq, entry.why.unwrap_or_default()));
                }
            }
            decision_chain::verify(connection, &decided)?;
            Ok(Chain { rows: seq.unsigned_abs(), head: hex(head) })
        })
    }

    /// Whether the journal ever had this head (in hex, or the first characters of it, as reports show them): if it
    /// verifies and did, nothing up to there was changed since.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn had_head(&self, head: &str) -> Result<bool, StoreError> {
        let head = head.to_ascii_lowercase();
        let sql = "SELECT 1 FROM journal WHERE substr(lower(hex(hash)), 1, length(?1)) = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(!head.is_empty() && (hex(GENESIS).starts_with(&head) || statement.exists([head])?))
    }
}

/// Adds a row; returns its number.
pub(crate) fn append(transaction: &Transaction<'_>, entry: Entry) -> Result<i64, StoreError> {
    let (last_seq, last_hash) = last(transaction)?;
    let seq = last_seq + 1;
    let entry = Entry { seq, write: entry.write.or(Some(seq)), ..entry };
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

const GENESIS: Hash = [0; 32];

fn last(connection: &Connection) -> Result<(i64, Hash), StoreError> {
    let mut statement = connection.prepare_cached("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1")?;
    let last = statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    Ok(last.unwrap_or((0, GENESIS)))
}

fn hash<E: Serialize>(before: Hash, entry: &Entry<E>) -> Hash {
    let row = serde_json::to_vec(entry).expect("texts and integers always make JSON");
    Sha256::new().chain_update("recount/v1").chain_update(before).chain_update(row).finalize().into()
}

pub(crate) fn hex(hash: Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn entry(row: &Row<'_>) -> Result<Entry<String>, StoreError> {
    Ok(Entry {
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
