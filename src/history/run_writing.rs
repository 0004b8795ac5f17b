//! A run's way into the history: begun, planned, ended. Then older nights are thinned out.

use chrono::{DateTime, FixedOffset, Utc};
use rusqlite::{OptionalExtension, Transaction, params};

use crate::history::invoices::units_of_month::billed_together;
use crate::history::past::baselines;
use crate::history::past::owned_lines;
use crate::history::run_record::{ExportRecord, LineRecord, PlanRecord, RunEnd, Totals};
use crate::history::store::column_values::{files_text, guards_text, integer, time, time_text};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::history::store::rows::{first, rows};
use crate::history::store::run_lock::RunLock;
use crate::history::store::stored_remedies;
use crate::history::{past, plan_lines};
use crate::reconcile::model::ids::{IntegrationName, RunId};
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::outcome::{Mode, RunCommand, Traffic};
use crate::reconcile::model::plan::reason_code::Code;

/// What is known of a run from its beginning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRun {
    /// Whose run.
    pub integration: IntegrationName,
    /// By which command.
    pub command: RunCommand,
    /// In which mode.
    pub mode: Mode,
    /// When it began, as the clocks of its zone show it: its days are counted there.
    pub started_at: DateTime<FixedOffset>,
    /// The run that it sets back, or plans to.
    pub undoes: Option<RunId>,
    /// Which ConnectWise it speaks to: its host, and the login company.
    pub site: String,
}

impl History {
    /// When the first accepted run of an integration began, dry ones apart, of those that began since and have ended; `None`
    /// if there is none yet.
    pub fn first_accepted_since(
        &self,
        integration: &IntegrationName,
        since: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let sql = "SELECT started_at FROM runs WHERE integration = ?1 AND started_at >= ?2 AND accepted = 1
                   AND command <> 'plan' AND undoes IS NULL AND finished_at IS NOT NULL ORDER BY run LIMIT 1";
        first(&self.connection, sql, params![integration.as_str(), time_text(since)], |row| time(row, "started_at"))
    }

    /// Notes that a run began. From here on it is in the history, whatever happens.
    ///
    /// # Errors
    /// When it cannot be stored; then nothing else may be done.
    pub fn begin_run(&mut self, _lock: &RunLock, start: NewRun) -> Result<RunId, StoreError> {
        let NewRun { integration, command, mode, started_at, undoes, site } = start;
        let run = self.write(|transaction| {
            transaction
                .prepare_cached(
                    "INSERT INTO runs (integration, command, mode, recount_version, started_at, undoes, utc_offset, site)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                )?
                .execute(params![
                    integration.as_str(),
                    command.as_str(),
                    mode.as_str(),
                    env!("CARGO_PKG_VERSION"),
                    time_text(started_at.to_utc()),
                    undoes.map(|run| run.0),
                    started_at.offset().local_minus_utc(),
                    site,
                ])?;
            Ok(RunId(transaction.last_insert_rowid()))
        })?;
        self.current = Some(run);
        // Whoever takes the log of a run that dies away takes its intents: the run is known to have begun.
        self.keep_head(run.0);
        Ok(run)
    }

    /// Whether a run of the same integration began at the same time.
    pub fn has_begun(&self, integration: &str, at: DateTime<Utc>) -> Result<bool, StoreError> {
        let of = params![integration, time_text(at)];
        let sql = "SELECT EXISTS (SELECT 1 FROM runs WHERE integration = ?1 AND started_at = ?2)";
        Ok(self.connection.prepare_cached(sql)?.query_row(of, |row| row.get(0))?)
    }

    /// Stores the whole plan of a run, all or nothing. To be called before its first write. Gives what is told of answers that
    /// end with it.
    ///
    /// # Errors
    /// When it cannot be stored; [`StoreError::OutOfTurn`] if the run has a plan or an end already.
    pub fn record_plan(&mut self, run: RunId, plan: &PlanRecord) -> Result<Vec<Finding>, StoreError> {
        let PlanRecord { fingerprint, accepted, export, guards, lines } = plan;
        let ExportRecord { path, sha256, rows, customers, units, modified_at, open_end, files, counts } = export;
        self.write(|transaction| {
            let known = transaction
                .prepare_cached(
                    "UPDATE runs SET fingerprint = ?2, accepted = ?3, export_path = ?4, export_sha256 = ?5,
                                 export_rows = ?6, export_customers = ?7, export_units = ?8, export_modified_at = ?9,
                                 export_open_end = ?10, export_files = ?11, guards = ?12, billed_units = ?13, export_counts = ?14
                 WHERE run = ?1 AND fingerprint IS NULL AND finished_at IS NULL",
                )?
                .execute(params![
                    run.0,
                    fingerprint,
                    accepted,
                    path,
                    sha256,
                    integer(*rows),
                    integer(*customers),
                    units.normalize().to_string(),
                    time_text(*modified_at),
                    open_end,
                    files_text(files),
                    guards_text(guards),
                    billed_together(lines).map(|units| units.normalize().to_string()),
                    counts
                ])?;
            in_turn(known, run, "plan")?;
            plan_lines::insert(transaction, run, lines)?;
            past::remember(transaction, run, plan)
        })
    }

    /// Notes how a run ended: its findings, its numbers, and the lines (known by their handles) whose outcome differs
    /// from what [`History::record_plan`] stored. Also closes a run whose process died.
    ///
    /// Unchanged lines of nights before the last three plans of the integration are dropped.
    ///
    /// # Errors
    /// When it cannot be stored; [`StoreError::OutOfTurn`] if the run has an end already.
    pub fn end_run(&mut self, run: RunId, changed: &[LineRecord], end: &RunEnd) -> Result<(), StoreError> {
        self.write(|transaction| {
            in_turn(update_end(transaction, run, end)?, run, "end")?;
            plan_lines::update(transaction, run, changed)?;
            owned_lines::settle(transaction, run, changed)?;
            insert_findings(transaction, run, &end.findings, 0)?;
            thin_out(transaction, run)
        })?;
        self.keep_head(run.0);
        Ok(())
    }

    /// Adds what came to be known of a run after its end, behind the `known` findings that it has.
    pub fn add_finding(&mut self, run: RunId, finding: &Finding, known: usize) -> Result<(), StoreError> {
        self.write(|transaction| insert_findings(transaction, run, std::slice::from_ref(finding), known))
    }

    /// Whether a run has a finding of this code.
    pub fn has_finding(&self, run: RunId, code: Code) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM findings WHERE run = ?1 AND code = ?2";
        Ok(self.connection.prepare_cached(sql)?.exists((run.0, code.as_str()))?)
    }

    /// Notes that a person approved this run's plan by its fingerprint.
    ///
    /// # Errors
    /// When it cannot be stored, or there is no such run.
    pub fn approve(&mut self, run: RunId) -> Result<(), StoreError> {
        self.write(|transaction| {
            let known = transaction.prepare_cached("UPDATE runs SET approved = 1 WHERE run = ?1")?.execute([run.0])?;
            in_turn(known, run, "approval")
        })
    }
}

/// Plans of an integration that keep their unchanged lines.
const PLANS_KEPT_WHOLE: i64 = 3;

fn in_turn(rows: usize, run: RunId, step: &'static str) -> Result<(), StoreError> {
    if rows == 1 { Ok(()) } else { Err(StoreError::OutOfTurn { run, step }) }
}

fn update_end(transaction: &Transaction<'_>, run: RunId, end: &RunEnd) -> Result<usize, StoreError> {
    let RunEnd { finished_at, verdict, exit_code, findings: _, totals, requests, head } = end;
    let Totals { to_decide, changed, would_change, failed, unknown, lines, explained } = totals;
    let Traffic { sent, retried, throttled_ms, pace_ms, read_ms, look_ms, write_ms } = requests;
    let rows = transaction
        .prepare_cached(
            "UPDATE runs SET finished_at = ?2, verdict = ?3, exit_code = ?4, to_decide = ?5, changed = ?6,
                         would_change = ?7, failed = ?8, unknown = ?9, lines = ?10, explained = ?11,
                         requests_sent = ?12, requests_retried = ?13, throttled_ms = ?14, head = ?15,
                         pace_ms = ?16, read_ms = ?17, look_ms = ?18, write_ms = ?19
         WHERE run = ?1 AND finished_at IS NULL",
        )?
        .execute(params![
            run.0,
            time_text(*finished_at),
            verdict.as_str(),
            exit_code,
            integer(*to_decide),
            integer(*changed),
            integer(*would_change),
            integer(*failed),
            integer(*unknown),
            integer(*lines),
            integer(*explained),
            integer(*sent),
            integer(*retried),
            integer(*throttled_ms),
            head,
            integer(*pace_ms),
            integer(*read_ms),
            integer(*look_ms),
            integer(*write_ms),
        ])?;
    Ok(rows)
}

fn insert_findings(
    transaction: &Transaction<'_>,
    run: RunId,
    findings: &[Finding],
    first: usize,
) -> Result<(), StoreError> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO findings (run, position, severity, code, customer, service, handle, message, fix)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    for (position, finding) in findings.iter().enumerate() {
        let Finding { severity, code, customer, service, handle, message, fix } = finding;
        statement.execute(params![
            run.0,
            integer(first + position),
            severity.as_str(),
            code.as_str(),
            customer.as_ref().map(|name| name.as_str()),
            service.as_ref().map(|name| name.as_str()),
            handle,
            message,
            stored_remedies::stored(fix),
        ])?;
    }
    Ok(())
}

/// 200,000 lines a night for three years would be some 35 GiB; what did not change is worth only its number.
fn thin_out(transaction: &Transaction<'_>, run: RunId) -> Result<(), StoreError> {
    let integration: String =
        transaction.query_row("SELECT integration FROM runs WHERE run = ?1", [run.0], |row| row.get(0))?;
    let oldest_whole: Option<i64> = transaction
        .query_row(
            "SELECT run FROM runs WHERE integration = ?1 AND fingerprint IS NOT NULL AND undoes IS NULL
             ORDER BY run DESC LIMIT 1 OFFSET ?2",
            params![integration, PLANS_KEPT_WHOLE - 1],
            |row| row.get(0),
        )
        .optional()?;
    let Some(oldest_whole) = oldest_whole else { return Ok(()) };
    let due = "SELECT run FROM runs WHERE integration = ?1 AND run < ?2 AND fingerprint IS NOT NULL AND thinned = 0";
    let due: Vec<i64> = rows(transaction, due, params![integration, oldest_whole], |row| Ok(row.get(0)?))?;
    for old in due {
        transaction.prepare_cached("DELETE FROM lines WHERE run = ?1 AND outcome = 'unchanged'")?.execute([old])?;
        transaction.prepare_cached("UPDATE runs SET thinned = 1 WHERE run = ?1")?.execute([old])?;
    }
    baselines::thin_out(transaction, &integration)
}
