//! When recount last changed lines.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rusqlite::params;

use crate::history::store::column_values::{folded, line_key, quantity, time};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::ids::{AgreementId, IntegrationName, RunId};
use crate::reconcile::model::plan::line::LineKey;
use crate::reconcile::model::quantity::Quantity;

/// The last write of a line that ConnectWise took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastWrite {
    /// When it was taken.
    pub at: DateTime<Utc>,
    /// By which run.
    pub run: RunId,
    /// What was written.
    pub quantity: Quantity,
}

impl History {
    /// The last write that ConnectWise took of an integration to each line of these agreements; by [`LineKey::folded`].
    pub fn last_writes(
        &self,
        integration: &IntegrationName,
        agreements: &BTreeSet<AgreementId>,
    ) -> Result<BTreeMap<LineKey, LastWrite>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT i.agreement, i.product, i.item, i.run, o.quantity, max(o.at) AS at FROM journal AS i
                     JOIN runs AS r ON r.run = i.run JOIN journal AS o ON o.write = i.seq
                 WHERE i.agreement = ?1 AND r.integration = ?2 AND o.event = 'applied'
                 GROUP BY i.agreement, i.product, i.item",
            )?;
            let mut last = BTreeMap::new();
            for agreement in agreements {
                let bounds = params![agreement.0, integration.as_str()];
                for row in statement.query_and_then(bounds, |row| -> Result<_, StoreError> {
                    let (run, quantity) = (RunId(row.get("run")?), quantity(row, "quantity")?);
                    Ok((folded(&line_key(row)?), LastWrite { at: time(row, "at")?, run, quantity }))
                })? {
                    let (key, write) = row?;
                    let known = last.entry(key).or_insert(write);
                    if known.at < write.at {
                        *known = write;
                    }
                }
            }
            Ok(last)
        })
    }
}
