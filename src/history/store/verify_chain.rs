//! Every hash of the journal computed anew, and an earlier head found again.

use crate::history::store::decision_chain;
use crate::history::store::error::StoreError;
use crate::history::store::hash_chain::{GENESIS, Hash, entry, hash, last};
use crate::history::store::open::History;

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
    pub fn head(&self) -> Result<String, StoreError> {
        Ok(hex::encode(last(&self.connection)?.1))
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
            Ok(Chain { rows: seq.unsigned_abs(), head: hex::encode(head) })
        })
    }

    /// Whether the journal ever had this head (in hex, or the first characters of it, as reports show them): if it
    /// verifies and did, nothing up to there was changed since.
    pub fn had_head(&self, head: &str) -> Result<bool, StoreError> {
        let head = head.to_ascii_lowercase();
        let sql = "SELECT 1 FROM journal WHERE substr(lower(hex(hash)), 1, length(?1)) = ?1";
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(!head.is_empty() && (hex::encode(GENESIS).starts_with(&head) || statement.exists([head])?))
    }
}
