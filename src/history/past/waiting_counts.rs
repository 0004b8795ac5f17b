//! What accepted exports counted for lines that wait for somebody.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};

use crate::history::past::set_back::SetBack;
use crate::history::plan_lines;
use crate::history::store::error::StoreError;
use crate::reconcile::model::ids::{CustomerName, RunId, ServiceName};
use crate::reconcile::model::past::WaitingCounts;
use crate::reconcile::model::quantity::Quantity;

/// How many accepted runs are looked back on: a wrong export for a week is forgotten when it is right again.
const RUNS: usize = 7;

/// Of the lines that the last accepted run held: what they were held for since they wait, night by night.
pub(super) fn waiting(connection: &Connection, integration: &str, last: RunId) -> Result<WaitingCounts, StoreError> {
    let set_back = SetBack::of(connection, integration)?;
    let mut statement = connection.prepare_cached(
        "SELECT run FROM runs WHERE integration = ?1 AND run < ?2 AND accepted_units IS NOT NULL ORDER BY run DESC",
    )?;
    let earlier = statement.query_map(params![integration, last.0], |row| row.get(0).map(RunId))?;
    let mut held: WaitingCounts = BTreeMap::new();
    for (key, count) in held_in(connection, last)? {
        held.entry(key).or_default().insert(count);
    }
    let mut open: BTreeSet<_> = held.keys().cloned().collect();
    for run in earlier.take(RUNS - 1) {
        if open.is_empty() {
            break;
        }
        let run = run?;
        if set_back.has(run) {
            continue;
        }
        let mut then = held_in(connection, run)?;
        then.retain(|key, _| open.contains(key));
        open = then.keys().cloned().collect();
        for (key, count) in then {
            held.entry(key).or_default().insert(count);
        }
    }
    Ok(held)
}

/// `None` where the export did not say.
fn held_in(
    connection: &Connection,
    run: RunId,
) -> Result<BTreeMap<(CustomerName, ServiceName), Option<Quantity>>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT sources FROM lines WHERE run = ?1 AND outcome = 'held'")?;
    let mut held = BTreeMap::new();
    for sources in statement.query_and_then([run.0], plan_lines::sources)? {
        held.extend(sources?.into_iter().map(|source| ((source.customer, source.service), source.count)));
    }
    Ok(held)
}
