//! The exports of earlier accepted nights: whether tonight's is one of them again, and of which files they were.

use rusqlite::{Connection, params};

use crate::history::past::set_back::SetBack;
use crate::history::store::column_values::files;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::export::delivered_file::Delivery;
use crate::reconcile::model::ids::{IntegrationName, RunId};
use crate::reconcile::model::past::OlderNight;

/// Deliveries of more nights are not looked at.
const DELIVERIES: usize = 31;

/// The digests of one export.
#[derive(Debug, Clone, Copy)]
pub struct ExportDigests<'a> {
    /// Of its bytes.
    pub bytes: &'a str,
    /// Of what it says.
    pub counts: &'a str,
}

impl History {
    /// The last accepted night before the current one that had such an export; `None` also if that is the last accepted night
    /// of all, but for those that are set back.
    pub fn older_night_of(
        &self,
        integration: &IntegrationName,
        export: ExportDigests<'_>,
        current: RunId,
    ) -> Result<Option<OlderNight>, StoreError> {
        self.read(|connection| {
            let set_back = SetBack::of(connection, integration.as_str())?;
            let mut statement = connection.prepare_cached(
                "SELECT run, export_sha256, export_counts FROM runs
                 WHERE integration = ?1 AND run <> ?2 AND accepted = 1 AND command <> 'plan' AND undoes IS NULL
                 ORDER BY run DESC",
            )?;
            let mut rows = statement.query(params![integration.as_str(), current.0])?;
            let mut last = true;
            while let Some(row) = rows.next()? {
                let run = RunId(row.get("run")?);
                let is = |column: &str, digest: &str| -> Result<bool, StoreError> {
                    Ok(row.get::<_, Option<String>>(column)?.as_deref() == Some(digest))
                };
                let by_bytes = is("export_sha256", export.bytes)?;
                if by_bytes || is("export_counts", export.counts)? {
                    return Ok((!last).then_some(OlderNight { run, by_bytes }));
                }
                last &= set_back.has(run);
            }
            Ok(None)
        })
    }
}

/// The deliveries of several files that were accepted, the newest first.
pub(super) fn deliveries(
    connection: &Connection,
    integration: &str,
    current: RunId,
) -> Result<Vec<Delivery>, StoreError> {
    let set_back = SetBack::of(connection, integration)?;
    let mut statement = connection.prepare_cached(
        "SELECT run, export_files FROM runs
         WHERE integration = ?1 AND run <> ?2 AND accepted = 1 AND command <> 'plan' AND undoes IS NULL
           AND export_files IS NOT NULL ORDER BY run DESC LIMIT 62",
    )?;
    let rows = statement.query_and_then(params![integration, current.0], |row| -> Result<_, StoreError> {
        Ok(Delivery { run: RunId(row.get("run")?), files: files(row)? })
    })?;
    let standing = rows.filter(|row| row.as_ref().map_or(true, |delivery| !set_back.has(delivery.run)));
    standing.take(DELIVERIES).collect()
}
