//! When recount last changed lines.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rusqlite::params;

use crate::history::store::column_values::{folded, line_key, time};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::ids::{AgreementId, IntegrationName};
use crate::reconcile::model::plan::line::LineKey;

impl History {
    /// When ConnectWise took the last write of an integration to each line of these agreements; by [`LineKey::folded`].
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn last_writes(
        &self,
        integration: &IntegrationName,
        agreements: &BTreeSet<AgreementId>,
    ) -> Result<BTreeMap<LineKey, DateTime<Utc>>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT i.agreement, i.product, i.item, max(o.at) AS at FROM journal AS i
                     JOIN runs AS r ON r.run = i.run JOIN journal AS o ON o.write = i.seq
                 WHERE i.agreement = ?1 AND r.integration = ?2 AND o.event = 'applied'
                 GROUP BY i.agreement, i.product, i.item",
            )?;
            let mut last = BTreeMap::new();
            for agreement in agreements {
                let bounds = params![agreement.0, integration.as_str()];
                for row in statement.query_and_then(bounds, |row| -> Result<_, StoreError> {
                    Ok((folded(&line_key(row)?), time(row, "at")?))
                })? {
                    let (key, at) = row?;
                    let known = last.entry(key).or_insert(at);
                    *known = at.max(*known);
                }
            }
            Ok(last)
        })
    }
}
