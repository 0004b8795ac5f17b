//! What an accepted export counted for lines that somebody had to decide on.

use std::collections::BTreeMap;

use rusqlite::Connection;

use crate::history::plan_lines;
use crate::history::store::error::StoreError;
use crate::reconcile::model::ids::{CustomerName, RunId, ServiceName};
use crate::reconcile::model::quantity::Quantity;

/// Of the held lines of a run; `None` where the export did not say.
pub(super) fn waiting(
    connection: &Connection,
    run: RunId,
) -> Result<BTreeMap<(CustomerName, ServiceName), Option<Quantity>>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT sources FROM lines WHERE run = ?1 AND outcome = 'held'")?;
    let mut waiting = BTreeMap::new();
    for sources in statement.query_and_then([run.0], plan_lines::sources)? {
        waiting.extend(sources?.into_iter().map(|source| ((source.customer, source.service), source.count)));
    }
    Ok(waiting)
}
