//! What became of alerts, and the nights that they and the health of an integration are judged by.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rusqlite::{Row, params};

use crate::history::run_lookup;
use crate::history::run_record::RunSummary;
use crate::history::store::column_values::{count, integer, maybe_time, time, time_text, word};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::ids::{IntegrationName, RunId};
use crate::reconcile::model::plan::outcome::Outcome;
use crate::reconcile::words::words;

/// What became of one alert of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertRecord {
    /// Its name in the configuration.
    pub alert: String,
    /// The run that it was about, or that sent the digest.
    pub run: RunId,
    /// Whether it was the digest of a week.
    pub digest: bool,
    /// When.
    pub at: DateTime<Utc>,
    /// What became of it.
    pub outcome: AlertOutcome,
    /// Why it failed. Never a secret.
    pub detail: String,
}

words! {
    /// What became of an alert.
    AlertOutcome {
        /// The other side took it.
        Sent = "sent",
        /// It did not.
        Failed = "failed",
        /// There was nothing that it has to tell.
        NotDue = "not-due",
    }
}

impl History {
    /// Notes what became of an alert. A second note on the same one replaces the first.
    pub fn record_alert(&mut self, record: &AlertRecord) -> Result<(), StoreError> {
        let AlertRecord { alert, run, digest, at, outcome, detail } = record;
        self.execute(
            "INSERT OR REPLACE INTO alerts (alert, run, digest, at, outcome, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![alert, run.0, digest, time_text(*at), outcome.as_str(), detail],
        )
        .map(drop)
    }

    /// The last note on each alert, by its name; digests aside.
    pub fn latest_alerts(&self) -> Result<BTreeMap<String, AlertRecord>, StoreError> {
        let sql = "SELECT * FROM alerts WHERE digest = 0 AND outcome <> 'not-due' ORDER BY run";
        self.rows(sql, [], |row| {
            let record = alert(row)?;
            Ok((record.alert.clone(), record))
        })
    }

    /// When this alert last sent a digest; `None` if it never did.
    pub fn last_digest(&self, alert: &str) -> Result<Option<DateTime<Utc>>, StoreError> {
        let sql = "SELECT max(at) AS at FROM alerts WHERE alert = ?1 AND digest = 1 AND outcome = 'sent'";
        self.connection.query_row_and_then(sql, [alert], |row| maybe_time(row, "at"))
    }

    /// The nights of an integration before `run` that this alert told nobody, newest first: those since its last message that
    /// arrived, from when it was in use. With each, whether its message was due and lost; of a process that ended before
    /// its alerts nobody knows.
    pub fn untold_nights(
        &self,
        alert: &str,
        integration: &IntegrationName,
        run: RunId,
    ) -> Result<Vec<(RunSummary, bool)>, StoreError> {
        let sql = "WITH notes AS (SELECT a.run, a.outcome FROM alerts AS a JOIN runs AS r ON r.run = a.run
                       WHERE a.alert = ?1 AND a.digest = 0 AND r.integration = ?2 AND a.run < ?3)
                   SELECT *, run IN (SELECT run FROM notes) AS was_due
                       FROM runs WHERE integration = ?2 AND command IN ('run', 'apply') AND run < ?3
                       AND finished_at IS NOT NULL
                       AND run >= (SELECT min(run) FROM notes)
                       AND run > coalesce((SELECT max(run) FROM notes WHERE outcome = 'sent'), 0)
                       AND run NOT IN (SELECT run FROM notes WHERE outcome = 'not-due') ORDER BY run DESC";
        self.rows(sql, params![alert, integration.as_str(), run.0], |row| {
            Ok((run_lookup::summary(row)?, row.get("was_due")?))
        })
    }

    /// The last nights of an integration, newest first: runs that were meant to carry out what they planned, so neither
    /// dry runs nor plans to undo one. With `before`, only those before that run.
    pub fn nights_before(
        &self,
        integration: &IntegrationName,
        before: Option<RunId>,
        limit: usize,
    ) -> Result<Vec<RunSummary>, StoreError> {
        let sql = "SELECT * FROM runs WHERE integration = ?1 AND command IN ('run', 'apply') AND run < ?2
                   ORDER BY run DESC LIMIT ?3";
        let before = before.map_or(i64::MAX, |run| run.0);
        self.rows(sql, params![integration.as_str(), before, integer(limit)], run_lookup::summary)
    }

    /// How many customers of the newest plan of an integration have no company; `None` before the first plan.
    pub fn unmapped(&self, integration: &IntegrationName) -> Result<Option<usize>, StoreError> {
        let sql = "SELECT (SELECT count(*) FROM findings WHERE run = r.run AND code = 'customer-unmapped') AS customers
                   FROM runs AS r WHERE integration = ?1 AND fingerprint IS NOT NULL AND finished_at IS NOT NULL
                   AND undoes IS NULL ORDER BY run DESC LIMIT 1";
        self.first(sql, [integration.as_str()], |row| count(row, "customers"))
    }

    /// How many lines of a run ended in each outcome. Unchanged lines of an older night may be gone.
    pub fn outcomes(&self, run: RunId) -> Result<BTreeMap<Outcome, usize>, StoreError> {
        let sql = "SELECT outcome, count(*) AS lines FROM lines WHERE run = ?1 GROUP BY outcome";
        self.rows(sql, [run.0], |row| Ok((word(row, "outcome", Outcome::from_word)?, count(row, "lines")?)))
    }
}

fn alert(row: &Row<'_>) -> Result<AlertRecord, StoreError> {
    Ok(AlertRecord {
        alert: row.get("alert")?,
        run: RunId(row.get("run")?),
        digest: row.get("digest")?,
        at: time(row, "at")?,
        outcome: word(row, "outcome", AlertOutcome::from_word)?,
        detail: row.get("detail")?,
    })
}
