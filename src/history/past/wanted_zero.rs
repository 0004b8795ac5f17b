//! Lines that an earlier run's export already wanted at zero.

use std::collections::BTreeMap;

use rusqlite::{Connection, Transaction, params};

use crate::history::run_record::PlanRecord;
use crate::history::store::column_values::{folded, item_text, line_key, spelled_alike, time, time_text};
use crate::history::store::error::StoreError;
use crate::reconcile::model::ids::{IntegrationName, RunId};
use crate::reconcile::model::past::ExportStamp;
use crate::reconcile::model::plan::line::LineKey;
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::quantity::Quantity;

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

/// Keeps a list of the lines at zero rather than asking the lines of older plans: those that say "no longer zero" are
/// the unchanged ones, which are thinned out.
pub(super) fn remember_zeros(
    transaction: &Transaction<'_>,
    run: RunId,
    integration: &str,
    plan: &PlanRecord,
) -> Result<(), StoreError> {
    // By the folded line, as it is written there.
    let mut known = BTreeMap::new();
    let mut statement =
        transaction.prepare_cached("SELECT agreement, product, item FROM zero_since WHERE integration = ?1")?;
    for key in statement.query_and_then([integration], line_key)? {
        let key = key?;
        let written = (key.agreement.0, key.product.as_str().to_owned(), item_text(&key).to_owned());
        known.insert(spelled_alike(&key), written);
    }
    let mut insert = transaction.prepare_cached("INSERT INTO zero_since VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
    let mut delete = transaction.prepare_cached(
        "DELETE FROM zero_since WHERE integration = ?1 AND agreement = ?2 AND product = ?3 AND item = ?4",
    )?;
    let zeros = plan.lines.iter().filter(|line| line.wanted.is_some_and(Quantity::is_zero));
    for (line, key) in zeros.filter_map(|line| Some((line, line.key()?))) {
        if known.remove(&spelled_alike(&key)).is_none() && line.reason == Code::ToZero {
            let (agreement, product, item) = (key.agreement.0, key.product.as_str(), item_text(&key));
            let (export, at) = (&plan.export, time_text(plan.export.modified_at));
            insert.execute(params![integration, agreement, product, item, run.0, export.sha256, at])?;
        }
    }
    // What this export does not want at zero, or says nothing of, is not wanted so on nights in a row.
    for (agreement, product, item) in known.into_values() {
        delete.execute(params![integration, agreement, product, item])?;
    }
    Ok(())
}
