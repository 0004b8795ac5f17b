//! Agreements that were held as billed once: a night that is not told of their billing cycles goes by that.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};

use crate::history::store::error::StoreError;
use crate::reconcile::model::ids::{AgreementId, RunId};
use crate::reconcile::model::plan::reason_code::Code;

/// How many accepted runs are looked back on: a customer may be missing, or its row unreadable, for a while.
const RUNS: usize = 31;

/// Those that an accepted run held as billed once, and of which no later one had a line that it did not hold.
pub(super) fn once_before(
    connection: &Connection,
    integration: &str,
    current: RunId,
) -> Result<BTreeSet<AgreementId>, StoreError> {
    let mut runs = connection.prepare_cached(
        "SELECT run FROM runs
         WHERE integration = ?1 AND run <> ?2 AND accepted = 1 AND command <> 'plan' AND undoes IS NULL
         ORDER BY run DESC LIMIT ?3",
    )?;
    let limit = i64::try_from(RUNS).unwrap_or(i64::MAX);
    let runs = runs.query_map(params![integration, current.0, limit], |row| row.get(0))?;
    let runs: Vec<i64> = runs.collect::<Result<_, _>>()?;
    let mut held = connection.prepare_cached(
        "SELECT DISTINCT agreement FROM lines WHERE run = ?1 AND reason = ?2 AND agreement IS NOT NULL",
    )?;
    let mut billed = connection.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM lines WHERE run = ?1 AND agreement = ?2 AND outcome NOT IN ('held', 'skipped'))",
    )?;
    let mut once = BTreeSet::new();
    for run in runs.iter().rev() {
        // On nearly every night there is none, and nothing more is read.
        let mut settled = BTreeSet::new();
        for agreement in &once {
            let AgreementId(id) = agreement;
            if billed.query_row(params![run, id], |row| row.get(0))? {
                settled.insert(*agreement);
            }
        }
        once.retain(|agreement| !settled.contains(agreement));
        let found = held.query_map(params![run, Code::AgreementOneTime.as_str()], |row| row.get(0).map(AgreementId))?;
        once.extend(found.collect::<Result<Vec<_>, _>>()?);
    }
    Ok(once)
}
