//! Runs, their plans and lines, looked up: by number, by handle, by fingerprint, or the newest.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Row, params};

use crate::history::plan_lines;
use crate::history::run_record::{ExportRecord, LineRecord, PlanRecord, RunEnd, RunRecord, RunSummary, Totals};
use crate::history::store::column_values::{
    count, decimal, files, guards, integer, local_time, maybe_time, time, word,
};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::history::store::rows::{first, rows};
use crate::history::store::stored_remedies;
use crate::reconcile::model::ids::{CustomerName, IntegrationName, RunId, ServiceName};
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::outcome::{Mode, RunCommand, RunVerdict, Traffic};
use crate::reconcile::model::plan::reason_code::{Code, Severity};

/// A plan that somebody may approve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPlan {
    /// The newest run that drew it.
    pub run: RunId,
    /// Whose plan.
    pub integration: IntegrationName,
    /// Its whole fingerprint.
    pub fingerprint: String,
    /// When that run began.
    pub planned_at: DateTime<Utc>,
    /// The run that it would set back, if it is an undo.
    pub undoes: Option<RunId>,
}

impl History {
    /// One run, whole; `None` if there is none of this number.
    pub fn run(&self, run: RunId) -> Result<Option<RunRecord>, StoreError> {
        self.read(|connection| first(connection, "SELECT * FROM runs WHERE run = ?1", [run.0], whole(connection)))
    }

    /// One run without its lines and findings; `None` if there is none of this number.
    pub fn summary(&self, run: RunId) -> Result<Option<RunSummary>, StoreError> {
        let sql = "SELECT * FROM runs WHERE run = ?1";
        self.first(sql, [run.0], summary)
    }

    /// The run that began last, of one integration or of all; it may not have ended yet.
    pub fn latest_run(&self, integration: Option<&IntegrationName>) -> Result<Option<RunRecord>, StoreError> {
        let sql = "SELECT * FROM runs WHERE integration = coalesce(?1, integration) AND command <> 'probe'
                   ORDER BY run DESC LIMIT 1";
        let integration = integration.map(IntegrationName::as_str);
        self.read(|connection| first(connection, sql, [integration], whole(connection)))
    }

    /// The last runs of all integrations, newest first.
    pub fn runs(&self, limit: usize) -> Result<Vec<RunSummary>, StoreError> {
        let sql = "SELECT * FROM runs ORDER BY run DESC LIMIT ?1";
        self.rows(sql, [integer(limit)], summary)
    }

    /// The end that the clock is compared with: of the newest run that went on by its clock, or of a plan since, if that is later.
    /// `refused` are the exit codes of runs that did not trust their clock, and of those that may be recorded by a later one. What was
    /// cut off was ended by a later run's clock, which nobody had looked at yet. For runs that write, a run that only watches says
    /// nothing: it goes on by whatever clock there is.
    pub fn trusted_end(&self, refused: [u8; 3], mode: Mode) -> Result<Option<(RunId, DateTime<Utc>)>, StoreError> {
        let sql = "WITH trusted AS (SELECT run, command, finished_at FROM runs WHERE finished_at IS NOT NULL
                                    AND exit_code NOT IN (?1, ?2, ?3) AND verdict <> 'interrupted'
                                    AND (mode = ?4 OR ?4 <> 'apply'))
                   SELECT * FROM trusted WHERE run >= coalesce((SELECT max(run) FROM trusted
                                                                WHERE command NOT IN ('plan', 'probe')), 0)
                   ORDER BY finished_at DESC LIMIT 1";
        let end = |row: &Row<'_>| Ok::<_, StoreError>((RunId(row.get("run")?), time(row, "finished_at")?));
        self.first(sql, params![refused[0], refused[1], refused[2], mode.as_str()], end)
    }

    /// Runs that began and never ended, but for the one that this process is in: under the run lock, their processes
    /// died. Oldest first.
    pub fn cut_off_runs(&self, integration: &IntegrationName) -> Result<Vec<RunRecord>, StoreError> {
        let sql = "SELECT * FROM runs WHERE integration = ?1 AND finished_at IS NULL AND run IS NOT ?2 ORDER BY run";
        let current = self.current.map(|run| run.0);
        self.read(|connection| rows(connection, sql, params![integration.as_str(), current], whole(connection)))
    }

    /// The line of this handle, or of a handle that begins like this, from the newest run that knows it. When several
    /// different handles begin like this, one line of each, so that the caller can say so.
    pub fn find_line(&self, handle: &str) -> Result<Vec<(RunId, LineRecord)>, StoreError> {
        if handle.is_empty() {
            return Ok(Vec::new());
        }
        self.read(|connection| {
            let exact = newest_lines(connection, "l.handle = ?1", handle)?;
            if !exact.is_empty() {
                return Ok(exact);
            }
            newest_lines(connection, "l.handle >= ?1 AND l.handle < ?1 || char(1114111)", handle)
        })
    }

    /// The newest run with a finding of this handle, or of a handle that begins like this: a customer, a service, a
    /// product.
    pub fn find_asked(&self, handle: &str) -> Result<Option<(RunId, Finding)>, StoreError> {
        if handle.is_empty() {
            return Ok(None);
        }
        let sql = "SELECT * FROM findings WHERE handle >= ?1 AND handle < ?1 || char(1114111)
                   ORDER BY run DESC, position LIMIT 1";
        self.first(sql, [handle], numbered_finding)
    }

    /// What became of a line night after night, newest first, with when each run began. Older nights in which it did
    /// not change are not kept.
    pub fn line_history(
        &self,
        handle: &str,
        limit: usize,
    ) -> Result<Vec<(RunId, DateTime<Utc>, LineRecord)>, StoreError> {
        let sql = "SELECT l.*, r.started_at FROM runs AS r CROSS JOIN lines AS l ON l.run = r.run
                   WHERE l.handle = ?1 ORDER BY r.run DESC LIMIT ?2";
        self.rows(sql, params![handle, integer(limit)], |row| {
            let (run, line) = numbered_line(row)?;
            Ok((run, time(row, "started_at")?, line))
        })
    }

    /// The different plans whose fingerprint begins like this, newest first. Undos of two runs that come to the same writes
    /// are one plan, and the newest undo is meant.
    pub fn plans_like(&self, fingerprint_prefix: &str) -> Result<Vec<StoredPlan>, StoreError> {
        let sql = "SELECT max(run) AS run, integration, fingerprint, started_at, undoes FROM runs
                   WHERE fingerprint >= ?1 AND fingerprint < ?1 || char(1114111)
                   GROUP BY integration, fingerprint ORDER BY 1 DESC";
        self.rows(sql, [fingerprint_prefix], stored_plan)
    }

    /// When the newest run that drew a plan began; runs that were only to carry it out aside.
    pub fn last_drawn(
        &self,
        integration: &IntegrationName,
        fingerprint: &str,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let sql = "SELECT started_at FROM runs WHERE integration = ?1 AND fingerprint = ?2 AND command <> 'apply'
                   ORDER BY run DESC LIMIT 1";
        self.first(sql, [integration.as_str(), fingerprint], |row| time(row, "started_at"))
    }
}

/// One line of each handle that fits, from the newest run that knows it; ordered by handle.
fn newest_lines(connection: &Connection, fits: &str, handle: &str) -> Result<Vec<(RunId, LineRecord)>, StoreError> {
    // CROSS JOIN keeps the order: run after run, and in each of them one step to the handle.
    let mut statement = connection.prepare_cached(&format!(
        "SELECT l.* FROM runs AS r CROSS JOIN lines AS l ON l.run = r.run WHERE {fits} ORDER BY r.run DESC"
    ))?;
    let mut newest = BTreeMap::new();
    for found in statement.query_and_then([handle], numbered_line)? {
        let (run, line) = found?;
        newest.entry(line.handle.clone()).or_insert((run, line));
    }
    Ok(newest.into_values().collect())
}

fn stored_plan(row: &Row<'_>) -> Result<StoredPlan, StoreError> {
    Ok(StoredPlan {
        run: RunId(row.get("run")?),
        integration: integration(row)?,
        fingerprint: row.get("fingerprint")?,
        planned_at: time(row, "started_at")?,
        undoes: row.get::<_, Option<i64>>("undoes")?.map(RunId),
    })
}

pub(super) fn numbered_line(row: &Row<'_>) -> Result<(RunId, LineRecord), StoreError> {
    Ok((RunId(row.get("run")?), plan_lines::line(row)?))
}

/// Reads a whole run.
pub(super) fn whole(connection: &Connection) -> impl FnMut(&Row<'_>) -> Result<RunRecord, StoreError> {
    |row| record(row, |run| plan_lines::of_run(connection, run), |run| findings_of(connection, run))
}

fn integration(row: &Row<'_>) -> Result<IntegrationName, StoreError> {
    let name: String = row.get("integration")?;
    Ok(IntegrationName::new(&name))
}

/// A run without its lines and findings.
pub(super) fn summary(row: &Row<'_>) -> Result<RunSummary, StoreError> {
    record(row, |_| Ok(()), |_| Ok(()))
}

fn record<L, F>(
    row: &Row<'_>,
    lines: impl FnOnce(RunId) -> Result<L, StoreError>,
    findings: impl FnOnce(RunId) -> Result<F, StoreError>,
) -> Result<RunRecord<L, F>, StoreError> {
    let run = RunId(row.get("run")?);
    Ok(RunRecord {
        run,
        integration: integration(row)?,
        command: word(row, "command", RunCommand::from_word)?,
        mode: word(row, "mode", Mode::from_word)?,
        started_at: local_time(row, "started_at", "utc_offset")?,
        undoes: row.get::<_, Option<i64>>("undoes")?.map(RunId),
        planned: planned(row, || lines(run))?,
        end: end(row, || findings(run))?,
    })
}

fn planned<L>(
    row: &Row<'_>,
    lines: impl FnOnce() -> Result<L, StoreError>,
) -> Result<Option<PlanRecord<L>>, StoreError> {
    let fingerprint: Option<String> = row.get("fingerprint")?;
    let Some(fingerprint) = fingerprint else { return Ok(None) };
    let export = ExportRecord {
        path: row.get("export_path")?,
        sha256: row.get("export_sha256")?,
        rows: count(row, "export_rows")?,
        customers: count(row, "export_customers")?,
        units: decimal(row, "export_units")?,
        modified_at: time(row, "export_modified_at")?,
        open_end: row.get("export_open_end")?,
        files: files(row)?,
        counts: row.get("export_counts")?,
    };
    let accepted = row.get("accepted")?;
    Ok(Some(PlanRecord { fingerprint, accepted, export, guards: guards(row)?, lines: lines()? }))
}

fn end<F>(row: &Row<'_>, findings: impl FnOnce() -> Result<F, StoreError>) -> Result<Option<RunEnd<F>>, StoreError> {
    let Some(finished_at) = maybe_time(row, "finished_at")? else { return Ok(None) };
    let totals = Totals {
        to_decide: count(row, "to_decide")?,
        changed: count(row, "changed")?,
        would_change: count(row, "would_change")?,
        failed: count(row, "failed")?,
        unknown: count(row, "unknown")?,
        lines: count(row, "lines")?,
        explained: count(row, "explained")?,
    };
    let requests = Traffic {
        sent: count(row, "requests_sent")?,
        retried: count(row, "requests_retried")?,
        throttled_ms: count(row, "throttled_ms")?,
        pace_ms: count(row, "pace_ms")?,
        read_ms: count(row, "read_ms")?,
        look_ms: count(row, "look_ms")?,
        write_ms: count(row, "write_ms")?,
    };
    let verdict = word(row, "verdict", RunVerdict::from_word)?;
    let (exit_code, head) = (count(row, "exit_code")?, row.get("head")?);
    Ok(Some(RunEnd { finished_at, verdict, exit_code, findings: findings()?, totals, requests, head }))
}

pub(super) fn findings_of(connection: &Connection, run: RunId) -> Result<Vec<Finding>, StoreError> {
    let sql = "SELECT * FROM findings WHERE run = ?1 ORDER BY position";
    rows(connection, sql, [run.0], finding)
}

pub(super) fn numbered_finding(row: &Row<'_>) -> Result<(RunId, Finding), StoreError> {
    Ok((RunId(row.get("run")?), finding(row)?))
}

fn finding(row: &Row<'_>) -> Result<Finding, StoreError> {
    Ok(Finding {
        severity: word(row, "severity", Severity::from_word)?,
        code: word(row, "code", Code::from_word)?,
        customer: row.get::<_, Option<String>>("customer")?.map(|name| CustomerName::new(&name)),
        service: row.get::<_, Option<String>>("service")?.map(|name| ServiceName::new(&name)),
        handle: row.get("handle")?,
        message: row.get("message")?,
        fix: stored_remedies::read(&row.get::<_, String>("fix")?),
    })
}
