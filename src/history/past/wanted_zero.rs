//! Lines that an earlier run's export already wanted at zero.

use std::collections::BTreeMap;

use rusqlite::{Connection, params};

use crate::history::store::column_values::{folded, line_key, time};
use crate::history::store::error::StoreError;
use crate::reconcile::model::ids::{IntegrationName, RunId};
use crate::reconcile::model::past::ExportStamp;
use crate::reconcile::model::plan::line::LineKey;

/// Each with the first export that wanted it so; by [`LineKey::folded`].
pub(super) fn zero_before(
    connection: &Connection,
    integration: &IntegrationName,
    current: RunId,
) -> Result<BTreeMap<LineKey, ExportStamp>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT z.agreement, z.product, z.item, z.sha256, z.modified_at, r.export_path
         FROM zero_since AS z JOIN runs AS r ON r.run = z.run WHERE z.integration = ?1 AND z.run <> ?2",
    )?;
    let rows = statement.query_and_then(params![integration.as_str(), current.0], |row| {
        let stamp = ExportStamp {
            path: row.get("export_path")?,
            sha256: row.get("sha256")?,
            modified_at: time(row, "modified_at")?,
        };
        Ok((folded(&line_key(row)?), stamp))
    })?;
    rows.collect()
}
