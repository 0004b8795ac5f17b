//! What accepted exports counted for lines that wait for somebody.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};

use crate::history::past::set_back::SetBack;
use crate::history::plan_lines;
use crate::history::store::error::StoreError;
use crate::reconcile::model::ids::{CustomerName, RunId, ServiceName};
use crate::reconcile::model::past::{MissedCounts, WaitingCounts};
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::quantity::Quantity;

/// How many accepted runs a line may be held for something else, and was held for a service that nobody had before that.
const RUNS_OF_MISSED: usize = 31;

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

/// What the lines that the last accepted run held were held for as of a service that nobody has any more, since they wait. How
/// many others wait for it is no matter: a line is let go by what is said of it.
pub(super) fn missed(connection: &Connection, integration: &str, last: RunId) -> Result<MissedCounts, StoreError> {
    let set_back = SetBack::of(connection, integration)?;
    let mut statement = connection.prepare_cached(
        "SELECT run FROM runs WHERE integration = ?1 AND (run = ?2 OR run < ?2 AND accepted_units IS NOT NULL)
         ORDER BY run DESC LIMIT ?3",
    )?;
    let limit = i64::try_from(RUNS_OF_MISSED).unwrap_or(i64::MAX);
    let runs = statement.query_map(params![integration, last.0, limit], |row| row.get(0).map(RunId))?;
    let runs =
        runs.filter(|run| run.as_ref().map_or(true, |run| !set_back.has(*run))).collect::<Result<Vec<_>, _>>()?;
    // On nearly every night there is none, and nothing is read of what waits otherwise.
    let mut is_one = connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM lines WHERE run = ?1 AND outcome = 'held' AND reason = ?2)")?;
    let mut is_one = |run: &RunId| is_one.query_row(params![run.0, Code::ServiceMissing.as_str()], |row| row.get(0));
    let any = runs.iter().map(&mut is_one).collect::<Result<Vec<bool>, _>>()?;
    let Some(first) = any.iter().rposition(|is_one| *is_one) else { return Ok(MissedCounts::new()) };
    let mut missed = MissedCounts::new();
    let mut open: Option<BTreeSet<(CustomerName, ServiceName)>> = None;
    for run in &runs[..=first] {
        let then = held_for(connection, *run)?;
        let waited = |one: &(CustomerName, ServiceName)| open.as_ref().is_none_or(|open| open.contains(one));
        let of_missed = then.iter().filter(|(one, held)| waited(one) && held.is_some());
        for (one, has_row) in of_missed {
            missed.entry(one.clone()).or_insert(has_row.unwrap_or_default());
        }
        open = Some(then.into_keys().filter(waited).collect());
    }
    Ok(missed)
}

/// What lines were held for in a run; of each that was none of a service that nobody had, whether the export had a row of it.
fn held_for(
    connection: &Connection,
    run: RunId,
) -> Result<BTreeMap<(CustomerName, ServiceName), Option<bool>>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT reason, sources FROM lines WHERE run = ?1 AND outcome = 'held'")?;
    let mut held: BTreeMap<_, Option<bool>> = BTreeMap::new();
    let rows = statement.query_and_then([run.0], |row| -> Result<_, StoreError> {
        Ok((row.get::<_, String>("reason")? == Code::ServiceMissing.as_str(), plan_lines::sources(row)?))
    })?;
    for row in rows {
        let (of_missing, sources) = row?;
        for source in sources {
            let is_missed = of_missing && source.count == Some(Quantity::ZERO);
            let has_row = is_missed.then_some(!source.lines.is_empty());
            let known = held.entry((source.customer, source.service)).or_default();
            *known = known.or(has_row);
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
