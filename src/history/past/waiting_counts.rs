//! What accepted exports counted for lines that wait for somebody.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, params};

use crate::history::past::set_back::SetBack;
use crate::history::plan_lines;
use crate::history::store::error::StoreError;
use crate::history::store::rows::rows;
use crate::reconcile::model::ids::{CustomerName, RunId, ServiceName};
use crate::reconcile::model::past::{MissedCounts, WaitingCounts};
use crate::reconcile::model::plan::line::Source;
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
    let mut waits = Waits::default();
    let mut counts: WaitingCounts = BTreeMap::new();
    let mut note = |held: Vec<HeldCount>| {
        for HeldCount { count_of, count, .. } in held {
            counts.entry(count_of).or_default().insert(count);
        }
    };
    note(waits.since(held_in(connection, last)?));
    for run in earlier.take(RUNS - 1) {
        if waits.is_over() {
            break;
        }
        let run = run?;
        if !set_back.has(run) {
            note(waits.since(held_in(connection, run)?));
        }
    }
    Ok(counts)
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
    let mut waits = Waits::default();
    let mut missed = MissedCounts::new();
    for run in &runs[..=first] {
        // Two lines of one count may be held: whether it has a row is the same for both.
        for HeldCount { count_of, has_row, of_missing, .. } in waits.since(held_in(connection, *run)?) {
            if of_missing {
                missed.entry(count_of).or_insert(has_row);
            }
        }
    }
    Ok(missed)
}

/// What a line was held for in a run.
struct HeldCount {
    /// The handle of the line.
    line: String,
    count_of: CountOf,
    /// `None` where the export did not say.
    count: Option<Quantity>,
    has_row: bool,
    /// Whether the line was held for a service that nobody had, and this is one of its counts.
    of_missing: bool,
}

type CountOf = (CustomerName, ServiceName);

/// What waits since, night by night backwards: a count whose line is held under whatever handle, and whatever a line was held for
/// that is held since. A night may hold a line for another of its customers, and not say who else waits on it.
#[derive(Default)]
struct Waits(Option<(BTreeSet<CountOf>, BTreeSet<String>)>);

impl Waits {
    /// Of what the night before was held for: what waits since. The last night comes first, and everything of it waits.
    fn since(&mut self, mut held: Vec<HeldCount>) -> Vec<HeldCount> {
        let lines: BTreeSet<String> = held.iter().map(|one| one.line.clone()).collect();
        let lines = match &self.0 {
            None => lines,
            Some((counts, open)) => {
                held.retain(|one| counts.contains(&one.count_of) || open.contains(&one.line));
                open.intersection(&lines).cloned().collect()
            }
        };
        self.0 = Some((held.iter().map(|one| one.count_of.clone()).collect(), lines));
        held
    }

    fn is_over(&self) -> bool {
        self.0.as_ref().is_some_and(|(counts, lines)| counts.is_empty() && lines.is_empty())
    }
}

fn held_in(connection: &Connection, run: RunId) -> Result<Vec<HeldCount>, StoreError> {
    let sql = "SELECT handle, reason, sources FROM lines WHERE run = ?1 AND outcome = 'held'";
    let lines: Vec<(String, bool, Vec<Source>)> = rows(connection, sql, [run.0], |row| -> Result<_, StoreError> {
        let of_missing = row.get::<_, String>("reason")? == Code::ServiceMissing.as_str();
        Ok((row.get("handle")?, of_missing, plan_lines::sources(row)?))
    })?;
    let counts = lines.into_iter().flat_map(|(line, of_missing, sources)| {
        sources.into_iter().map(move |source| HeldCount {
            line: line.clone(),
            of_missing: of_missing && source.count == Some(Quantity::ZERO),
            has_row: !source.lines.is_empty(),
            count_of: (source.customer, source.service),
            count: source.count,
        })
    });
    Ok(counts.collect())
}
