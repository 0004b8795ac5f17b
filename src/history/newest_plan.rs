//! Which plan counts now, the night before it, and since when its items are open.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Row, params};

use crate::history::past::set_back::SetBack;
use crate::history::run_lookup::{numbered_finding, whole};
use crate::history::run_record::{GoodExport, RunRecord};
use crate::history::store::column_values::{maybe_quantity, time, word};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::history::store::rows::first;
use crate::reconcile::model::ids::{IntegrationName, RunId};
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::quantity::Quantity;

/// From when a matter waits: the first of the nights in a row that asked about it, or the first dry run if no night did.
pub type OpenSince = (RunId, DateTime<Utc>);

impl History {
    /// The newest run of an integration that ended with a plan, undo plans and refused exports aside; `None` if there is
    /// none yet.
    pub fn latest_plan(&self, integration: &IntegrationName) -> Result<Option<RunRecord>, StoreError> {
        let sql = format!("SELECT * FROM runs WHERE {PLANNED} ORDER BY run DESC LIMIT 1");
        self.read(|connection| first(connection, &sql, [integration.as_str()], whole(connection)))
    }

    /// What the newest run that has a finding of this very handle says first of it.
    pub fn last_finding(&self, handle: &str) -> Result<Option<(RunId, Finding)>, StoreError> {
        let sql = "SELECT * FROM findings WHERE handle = ?1 ORDER BY run DESC, position LIMIT 1";
        self.first(sql, [handle], numbered_finding)
    }

    /// The newest run that carried a plan out, nightly or because a person approved it.
    pub fn carried_out_by(
        &self,
        integration: &IntegrationName,
        fingerprint: &str,
    ) -> Result<Option<RunId>, StoreError> {
        let sql = "SELECT max(run) FROM runs WHERE integration = ?1 AND fingerprint = ?2 AND accepted = 1
                   AND command IN ('run', 'apply') AND mode = 'apply' AND finished_at IS NOT NULL";
        Ok(self.value::<Option<i64>>(sql, params![integration.as_str(), fingerprint])?.map(RunId))
    }

    /// The night before a run of an integration: the last one that ended, dry plans and undos aside.
    pub fn night_before(&self, of: &IntegrationName, run: RunId) -> Result<Option<RunRecord>, StoreError> {
        let sql =
            "SELECT * FROM runs WHERE integration = ?1 AND run < ?2 AND finished_at IS NOT NULL AND undoes IS NULL
             AND command NOT IN ('plan', 'probe') ORDER BY run DESC LIMIT 1";
        self.first_of(sql, of, run)
    }

    /// The same of those that looked at every line.
    pub fn plan_before(&self, of: &IntegrationName, run: RunId) -> Result<Option<RunRecord>, StoreError> {
        let sql =
            format!("SELECT * FROM runs WHERE {PLANNED} AND run < ?2 AND command <> 'plan' ORDER BY run DESC LIMIT 1");
        self.first_of(&sql, of, run)
    }

    fn first_of(&self, sql: &str, of: &IntegrationName, run: RunId) -> Result<Option<RunRecord>, StoreError> {
        let of = params![of.as_str(), run.0];
        self.read(|connection| first(connection, sql, of, whole(connection)))
    }

    /// The newest run of an integration if its export was refused, and since when each one was.
    pub fn refused_now(&self, integration: &IntegrationName) -> Result<Option<(RunRecord, OpenSince)>, StoreError> {
        self.read(|connection| {
            let sql = format!("SELECT * FROM runs WHERE {REFUSED_NOW} ORDER BY run DESC LIMIT 1");
            let newest = first(connection, &sql, [integration.as_str()], whole(connection))?;
            let Some(newest) = newest else { return Ok(None) };
            let sql = format!("SELECT run, started_at FROM runs WHERE {REFUSED_NOW} ORDER BY run LIMIT 1");
            let opened = |row: &Row<'_>| Ok((RunId(row.get("run")?), time(row, "started_at")?));
            let since = first(connection, &sql, [integration.as_str()], opened)?;
            let since = since.unwrap_or((newest.run, newest.started_at.to_utc()));
            Ok(Some((newest, since)))
        })
    }

    /// The file of the last night that was accepted.
    pub fn last_good_export(&self, integration: &IntegrationName) -> Result<Option<GoodExport>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT run, export_path FROM runs
                 WHERE integration = ?1 AND accepted = 1 AND command <> 'plan' AND undoes IS NULL
                 ORDER BY run DESC",
            )?;
            let set_back = SetBack::of(connection, integration.as_str())?;
            let mut found = statement.query_map([integration.as_str()], |row| {
                Ok(GoodExport { run: RunId(row.get("run")?), path: row.get("export_path")? })
            })?;
            let is_good = |found: &Result<GoodExport, _>| !found.as_ref().is_ok_and(|good| set_back.has(good.run));
            Ok(found.find(is_good).transpose()?)
        })
    }

    /// The steps that the reports showed under a handle, newest first, since it was first asked about: each once.
    pub fn steps_shown(&self, integration: &IntegrationName, handle: &str) -> Result<Vec<ShownStep>, StoreError> {
        self.read(|connection| steps_shown(connection, integration, handle))
    }

    /// From when each matter of the newest plan waits, by its handle and its reason.
    pub fn waiting_since(
        &self,
        integration: &IntegrationName,
    ) -> Result<BTreeMap<(String, Code), OpenSince>, StoreError> {
        self.read(|connection| waiting_since(connection, integration))
    }
}

/// An item by its handle, and why it is open.
type Matter = (String, Code);

/// What a line held and what it was to hold, in one report.
pub type ShownStep = (Option<Quantity>, Option<Quantity>);

fn steps_shown(
    connection: &Connection,
    integration: &IntegrationName,
    handle: &str,
) -> Result<Vec<ShownStep>, StoreError> {
    // Up to the last run that did not ask: what was shown before that is another matter.
    let mut statement = connection.prepare_cached(&format!(
        "SELECT l.was, l.wanted,
                EXISTS (SELECT 1 FROM findings AS f
                        WHERE f.run = r.run AND f.handle = ?2 AND f.severity = 'decide') AS asked
         FROM (SELECT run FROM runs WHERE {PLANNED}) AS r
         LEFT JOIN lines AS l ON l.run = r.run AND l.handle = ?2 ORDER BY r.run DESC"
    ))?;
    let mut steps: Vec<ShownStep> = Vec::new();
    let mut rows = statement.query(params![integration.as_str(), handle])?;
    while let Some(row) = rows.next()?.filter(|row| row.get("asked").unwrap_or(false)) {
        let step = (maybe_quantity(row, "was")?, maybe_quantity(row, "wanted")?);
        if !steps.contains(&step) {
            steps.push(step);
        }
    }
    Ok(steps)
}

/// Runs that count when it is asked what waits. A refused export opens, closes and ages nothing but itself.
const PLANNED: &str = "integration = ?1 AND fingerprint IS NOT NULL AND finished_at IS NOT NULL AND undoes IS NULL
                       AND verdict <> 'refused'";

/// Refused runs that no other night has followed.
const REFUSED_NOW: &str = "integration = ?1 AND verdict = 'refused' AND undoes IS NULL
                           AND run > (SELECT coalesce(max(run), 0) FROM runs WHERE integration = ?1 AND undoes IS NULL
                                      AND finished_at IS NOT NULL AND verdict <> 'refused')";

fn waiting_since(
    connection: &Connection,
    integration: &IntegrationName,
) -> Result<BTreeMap<(String, Code), OpenSince>, StoreError> {
    let mut runs = connection.prepare_cached(&format!(
        "SELECT run, started_at, command = 'plan' AS dry, verdict = 'held' AS held FROM runs WHERE {PLANNED} ORDER BY run DESC"
    ))?;
    let mut asked = connection.prepare_cached(
        "SELECT handle, code FROM findings WHERE run = ?1 AND severity = 'decide' AND handle IS NOT NULL",
    )?;
    let mut since: BTreeMap<Matter, OpenSince> = BTreeMap::new();
    let (mut still, mut of_a_night): (Option<BTreeSet<Matter>>, BTreeSet<Matter>) = Default::default();
    for run in runs.query_and_then([integration.as_str()], |row| {
        let opened = (RunId(row.get("run")?), time(row, "started_at")?);
        Ok::<_, StoreError>((opened, row.get::<_, bool>("dry")?, row.get::<_, bool>("held")?))
    })? {
        let (opened, dry, held) = run?;
        let matters = asked.query_and_then([opened.0.0], |row| {
            Ok::<_, StoreError>((row.get::<_, String>("handle")?, word(row, "code", Code::from_word)?))
        })?;
        let matters: BTreeSet<Matter> = matters.collect::<Result<_, _>>()?;
        let later = still.get_or_insert_with(|| matters.clone());
        // A dry run is no night: what a night asked is as old as the first night that did.
        let asks = later.intersection(&matters).filter(|matter| !dry || !of_a_night.contains(*matter));
        let asks: Vec<Matter> = asks.cloned().collect();
        // What a dry run or a held plan does not show is not settled by it.
        if !dry && !held {
            later.retain(|matter| matters.contains(matter));
        }
        if later.is_empty() {
            break;
        }
        if !dry {
            of_a_night.extend(asks.iter().cloned());
        }
        since.extend(asks.into_iter().map(|matter| (matter, opened)));
    }
    Ok(since)
}
