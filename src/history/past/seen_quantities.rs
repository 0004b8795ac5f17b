//! What each line's addition held when it was last looked at.

use std::collections::BTreeMap;

use rusqlite::{Connection, Transaction, params};

use crate::history::past::written_quantities::{SAME_CONNECTWISE, written};
use crate::history::run_record::LineRecord;
use crate::history::store::column_values::{line_key, quantity, spelled_alike};
use crate::history::store::error::StoreError;
use crate::history::store::rows::rows;
use crate::reconcile::model::ids::{AdditionId, IntegrationName, RunId};
use crate::reconcile::model::past::SeenQuantity;
use crate::reconcile::model::plan::line::LineKey;
use crate::reconcile::model::plan::outcome::Outcome;
use crate::reconcile::model::plan::reason_code::Code;

/// What each addition held when an integration of the same ConnectWise saw it last: a product that moves to another
/// integration takes what is known of its lines along. See [`Past::seen`](crate::reconcile::model::past::Past::seen).
pub(crate) fn seen(
    connection: &Connection,
    integration: &IntegrationName,
    current: RunId,
) -> Result<BTreeMap<AdditionId, SeenQuantity>, StoreError> {
    // The other columns of a row are those of its newest run.
    let sql = format!(
        "SELECT addition, quantity, max(run) AS run FROM seen_quantities WHERE integration IN ({SAME_CONNECTWISE})
         GROUP BY addition",
    );
    rows(connection, &sql, params![integration.as_str(), current.0], |row| -> Result<_, StoreError> {
        let seen = SeenQuantity { quantity: quantity(row, "quantity")?, run: RunId(row.get("run")?) };
        Ok((AdditionId(row.get("addition")?), seen))
    })
}

/// Keeps what the lines of an accepted plan hold. A line that waits for somebody keeps what was seen of it or written to it before,
/// for whatever it is held for may hide a hand edit; one that waits for that very question was never seen. Nor is one settled
/// of which the export says nothing: it was compared with nothing.
pub(crate) fn remember(
    transaction: &Transaction<'_>,
    integration: &IntegrationName,
    run: RunId,
    lines: &[LineRecord],
) -> Result<(), StoreError> {
    let mut replace = transaction.prepare_cached("INSERT OR REPLACE INTO seen_quantities VALUES (?1, ?2, ?3, ?4)")?;
    let asked_about = |line: &&LineRecord| ASKED_ABOUT.contains(&line.reason);
    let shown = lines.iter().filter(|line| !asked_about(line));
    let shown = shown.filter_map(|line| Some((line, line.addition?, line.was?)));
    let (settled, waits): (Vec<_>, Vec<_>) = shown.partition(|(line, ..)| {
        line.wanted.is_some() && matches!(line.outcome, Outcome::Unchanged | Outcome::WouldUpdate)
    });
    let first = match waits.is_empty() {
        true => Vec::new(),
        false => {
            let (seen, written) = (seen(transaction, integration, run)?, written(transaction, integration, run)?);
            let is_known = |id: &AdditionId| seen.contains_key(id) || written.contains_key(id);
            waits.into_iter().filter(|(_, addition, _)| !is_known(addition)).collect()
        }
    };
    for (_, addition, was) in settled.into_iter().chain(first) {
        replace.execute(params![integration.as_str(), addition.0, was.to_string(), run.0])?;
    }
    Ok(())
}

/// Whether a line is known that was live here once, and whose place another one took.
pub(crate) fn has_ended(transaction: &Transaction<'_>, run: RunId, key: &LineKey) -> Result<bool, StoreError> {
    let sql = "SELECT agreement, product, item FROM ended_lines
               WHERE integration = (SELECT integration FROM runs WHERE run = ?1) AND agreement = ?2";
    let ended: Vec<LineKey> = rows(transaction, sql, params![run.0, key.agreement.0], line_key)?;
    Ok(ended.iter().any(|ended| spelled_alike(ended) == spelled_alike(key)))
}

/// Somebody changed the line, or left it as it is by an answer.
const ASKED_ABOUT: [Code; 5] = [Code::HumanEdit, Code::WriteIgnored, Code::TugOfWar, Code::Kept, Code::Ignored];
