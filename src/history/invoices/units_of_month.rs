//! What the lines of an integration billed over the days of a month: read when its plans were drawn, and written by recount.

use chrono::{DateTime, FixedOffset, NaiveDate};
use rusqlite::{Connection, Row, params};
use rust_decimal::Decimal;

use crate::history::plan_lines;
use crate::history::run_record::LineRecord;
use crate::history::store::column_values::{line_key, local_time, maybe_decimal, maybe_quantity, of_one_spelling};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::history::store::rows::rows;
use crate::reconcile::model::ids::{IntegrationName, RunId};
use crate::reconcile::model::plan::line::LineKey;
use crate::reconcile::model::quantity::Quantity;

/// What all lines of an integration billed when a plan was drawn, before anything of it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitsRead {
    /// Whose plan.
    pub run: RunId,
    /// When that run began.
    pub at: DateTime<FixedOffset>,
    /// How many; `None` where a version before did not note it and the plan's lines are thinned out.
    pub units: Option<Decimal>,
}

/// One write of recount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitsWritten {
    /// By which run.
    pub run: RunId,
    /// To which line, its item and its product in one spelling.
    pub line: LineKey,
    /// What the line billed before; nothing of one that was created.
    pub from: Option<Quantity>,
    /// What it billed then; `None` while nobody knows what became of the write.
    pub to: Option<Quantity>,
}

impl UnitsWritten {
    /// By how much it moved its line; `None` while nobody knows what became of it.
    pub fn by(&self) -> Option<Decimal> {
        self.to.map(|to| self.from.unwrap_or_default().delta_to(to))
    }
}

/// What is known of an integration's units over some days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnitsOfMonth {
    /// By the first accepted plan of these days.
    pub first: Option<UnitsRead>,
    /// By the last one; the same where there is one alone.
    pub last: Option<UnitsRead>,
    /// What the runs of these days wrote, in the order in which it was sent. What ConnectWise refused is not in it.
    pub writes: Vec<UnitsWritten>,
}

impl History {
    /// What is known of the units of these days, which are those of the runs' own zone. Plans of undos look at some lines only.
    pub fn units_within(
        &self,
        integration: &IntegrationName,
        days: (NaiveDate, NaiveDate),
    ) -> Result<UnitsOfMonth, StoreError> {
        self.read(|connection| {
            Ok(UnitsOfMonth {
                first: read(connection, integration, days, "ASC")?,
                last: read(connection, integration, days, "DESC")?,
                writes: writes(connection, integration, days)?,
            })
        })
    }
}

/// What lines bill together, those aside that are no lines of the integration; `None` for a sum that no number holds.
pub(in crate::history) fn billed_together(lines: &[LineRecord]) -> Option<Decimal> {
    let mut billed = lines.iter().filter(|line| !line.is_found()).filter_map(|line| line.was);
    billed.try_fold(Decimal::ZERO, |sum, was| sum.checked_add(was.as_decimal()))
}

fn read(
    connection: &Connection,
    integration: &IntegrationName,
    (first, last): (NaiveDate, NaiveDate),
    order: &str,
) -> Result<Option<UnitsRead>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT run, started_at, utc_offset, billed_units, thinned FROM runs
         WHERE integration = ?1 AND accepted = 1 AND undoes IS NULL
             AND date(started_at, utc_offset || ' seconds') BETWEEN ?2 AND ?3
         ORDER BY run {order} LIMIT 1"
    ))?;
    let bounds = params![integration.as_str(), first.to_string(), last.to_string()];
    let found = statement.query_and_then(bounds, |row| {
        let (run, at) = (RunId(row.get("run")?), local_time(row, "started_at", "utc_offset")?);
        let units = match maybe_decimal(row, "billed_units")? {
            None if !row.get::<_, bool>("thinned")? => billed_together(&plan_lines::of_run(connection, run)?),
            noted => noted,
        };
        Ok(UnitsRead { run, at, units })
    })?;
    let mut found = found;
    found.next().transpose()
}

fn writes(
    connection: &Connection,
    integration: &IntegrationName,
    (first, last): (NaiveDate, NaiveDate),
) -> Result<Vec<UnitsWritten>, StoreError> {
    let sql = "SELECT run, agreement, product, item, from_quantity, applied_quantity FROM writes
               WHERE run IN (SELECT run FROM runs WHERE integration = ?1
                                 AND date(started_at, utc_offset || ' seconds') BETWEEN ?2 AND ?3)
                   AND (outcome IS NULL OR outcome IN ('applied', 'unknown'))
               ORDER BY write";
    let bounds = params![integration.as_str(), first.to_string(), last.to_string()];
    rows(connection, sql, bounds, written)
}

fn written(row: &Row<'_>) -> Result<UnitsWritten, StoreError> {
    let (run, line) = (RunId(row.get("run")?), of_one_spelling(&line_key(row)?));
    Ok(UnitsWritten {
        run,
        line,
        from: maybe_quantity(row, "from_quantity")?,
        to: maybe_quantity(row, "applied_quantity")?,
    })
}
