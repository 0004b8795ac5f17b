//! Lines that an earlier run's export already wanted at zero.

use std::collections::BTreeMap;

use rusqlite::{Connection, Transaction, params};

use crate::history::past::set_back::SetBack;
use crate::history::run_record::PlanRecord;
use crate::history::store::column_values::{folded, item_text, line_key, spelled_alike, time, time_text};
use crate::history::store::error::StoreError;
use crate::reconcile::model::ids::{IntegrationName, RunId};
use crate::reconcile::model::past::ExportStamp;
use crate::reconcile::model::plan::line::LineKey;
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::quantity::Quantity;

/// Each with the first export that wanted it so, and was not set back since; by [`LineKey::folded`].
pub(super) fn zero_before(
    connection: &Connection,
    integration: &IntegrationName,
    current: RunId,
) -> Result<BTreeMap<LineKey, ExportStamp>, StoreError> {
    let set_back = SetBack::of(connection, integration.as_str())?;
    let mut statement = connection.prepare_cached(
        "SELECT z.run, z.agreement, z.product, z.item, z.sha256, z.modified_at, r.export_path
         FROM zero_since AS z JOIN runs AS r ON r.run = z.run WHERE z.integration = ?1 AND z.run <> ?2",
    )?;
    let rows = statement.query_and_then(params![integration.as_str(), current.0], |row| -> Result<_, StoreError> {
        let run = RunId(row.get("run")?);
        let stamp = ExportStamp {
            path: row.get("export_path")?,
            sha256: row.get("sha256")?,
            modified_at: time(row, "modified_at")?,
        };
        let stands = !set_back.has_export(run, &stamp.sha256);
        Ok(stands.then_some((folded(&line_key(row)?), stamp)))
    })?;
    rows.filter_map(Result::transpose).collect()
}

/// Keeps a list of the lines at zero rather than asking the lines of older plans: those that say "no longer zero" are
/// the unchanged ones, which are thinned out.
pub(super) fn remember_zeros(
    transaction: &Transaction<'_>,
    run: RunId,
    integration: &str,
    plan: &PlanRecord,
) -> Result<(), StoreError> {
    let set_back = SetBack::of(transaction, integration)?;
    // By the folded line, as it is written there, and whether it stands.
    let mut known = BTreeMap::new();
    let mut statement = transaction
        .prepare_cached("SELECT run, sha256, agreement, product, item FROM zero_since WHERE integration = ?1")?;
    for row in statement.query_and_then([integration], |row| -> Result<_, StoreError> {
        Ok((RunId(row.get("run")?), row.get::<_, String>("sha256")?, line_key(row)?))
    })? {
        let (first, sha256, key) = row?;
        let written = (key.agreement.0, key.product.as_str().to_owned(), item_text(&key).to_owned());
        known.insert(spelled_alike(&key), (written, !set_back.has_export(first, &sha256)));
    }
    let mut insert = transaction.prepare_cached("INSERT INTO zero_since VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
    let mut delete = transaction.prepare_cached(
        "DELETE FROM zero_since WHERE integration = ?1 AND agreement = ?2 AND product = ?3 AND item = ?4",
    )?;
    let zeros = plan.lines.iter().filter(|line| line.wanted.is_some_and(Quantity::is_zero));
    for (line, key) in zeros.filter_map(|line| Some((line, line.key()?))) {
        // What a night that was set back wanted at zero is wanted so for the first time now.
        let stands = match known.get(&spelled_alike(&key)) {
            Some((_, stands)) => *stands,
            None => false,
        };
        if stands {
            known.remove(&spelled_alike(&key));
        } else if line.reason == Code::ToZero {
            if let Some(((agreement, product, item), _)) = known.remove(&spelled_alike(&key)) {
                delete.execute(params![integration, agreement, product, item])?;
            }
            let (agreement, product, item) = (key.agreement.0, key.product.as_str(), item_text(&key));
            let (export, at) = (&plan.export, time_text(plan.export.modified_at));
            insert.execute(params![integration, agreement, product, item, run.0, export.sha256, at])?;
        }
    }
    // What this export does not want at zero, or says nothing of, is not wanted so on nights in a row.
    for ((agreement, product, item), _) in known.into_values() {
        delete.execute(params![integration, agreement, product, item])?;
    }
    Ok(())
}
