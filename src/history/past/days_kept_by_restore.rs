//! Counts of days, kept from the history that a backup takes the place of: a peak or an average that lacks them bills less than
//! was used. Where they cannot be kept, the days are noted as unknown, and each night of their period says so.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use chrono::NaiveDate;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, Transaction, params};

use crate::history::store::column_values::day;
use crate::history::store::error::StoreError;
use crate::history::store::migrations;
use crate::history::store::migrations::MIGRATIONS;
use crate::history::store::open::{History, connect, is_readable};
use crate::history::store::rows::rows;
use crate::reconcile::model::ids::IntegrationName;

/// What became of the counts of days that the copy lacks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeptDays {
    /// The days of what stood there that the copy did not know, first and last.
    pub kept: Option<(NaiveDate, NaiveDate)>,
    /// The days that nobody knows, first and last.
    pub unknown: Option<(NaiveDate, NaiveDate)>,
}

/// Days of which the counts are not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownDays {
    /// The first.
    pub first: NaiveDate,
    /// The last.
    pub last: NaiveDate,
}

impl History {
    /// The days from `first` on of which the counts of an integration are not known.
    pub fn unknown_days(
        &self,
        integration: &IntegrationName,
        first: NaiveDate,
    ) -> Result<Vec<UnknownDays>, StoreError> {
        let sql = "SELECT first, last FROM unknown_days WHERE integration = ?1 AND last >= ?2 ORDER BY first";
        let of = params![integration.as_str(), first.to_string()];
        self.rows(sql, of, |row| Ok(UnknownDays { first: day(row, "first")?, last: day(row, "last")? }))
    }
}

/// Takes the days over into a copy that is not in use yet, of what stood in its place and is of the same installation.
pub(crate) fn keep_days(copy: &Path, stood: &Path, today: NaiveDate) -> Result<KeptDays, StoreError> {
    let mut connection = connect(copy, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    migrations::migrate(&mut connection, copy, MIGRATIONS)?;
    let is_sound = is_readable(stood).unwrap_or(false);
    if is_sound {
        let stood = fs::canonicalize(stood).map_err(|error| StoreError::file(stood, error))?;
        connection.execute("ATTACH DATABASE ?1 AS stood", [stood.to_string_lossy()])?;
    }
    let transaction = connection.transaction()?;
    let days = match is_sound {
        true => Kinship::between(&transaction)?.take_over(&transaction, today)?,
        false => unknown(&transaction, today)?,
    };
    transaction.commit()?;
    Ok(days)
}

/// What stood there and the copy.
enum Kinship {
    /// All that the copy knows, what stood there knew, too.
    Descends,
    /// Both went on from one beginning.
    Parted,
    /// Nothing shows that they are of one installation.
    Strange,
}

impl Kinship {
    fn between(transaction: &Transaction<'_>) -> Result<Self, StoreError> {
        let shared = |which: &str| {
            let sql = format!(
                "SELECT EXISTS (SELECT 1 FROM stood.runs AS theirs WHERE theirs.run = own.run
                                AND theirs.integration = own.integration AND theirs.started_at = own.started_at)
                 FROM main.runs AS own WHERE own.run = (SELECT {which}(run) FROM main.runs)"
            );
            let shared: Option<bool> = transaction.query_row(&sql, [], |row| row.get(0)).optional()?;
            Ok::<_, StoreError>(shared.unwrap_or(false))
        };
        Ok(match (shared("min")?, shared("max")?) {
            (true, true) => Self::Descends,
            (true, false) => Self::Parted,
            (false, _) => Self::Strange,
        })
    }

    fn take_over(self, transaction: &Transaction<'_>, today: NaiveDate) -> Result<KeptDays, StoreError> {
        if matches!(self, Self::Strange) {
            return unknown(transaction, today);
        }
        // A night of the daemon's that was had is not begun again, and was not missed.
        transaction.execute_batch("INSERT OR IGNORE INTO main.slots SELECT * FROM stood.slots")?;
        let missing = missing(transaction)?;
        let days = || missing.iter().map(|(_, day)| *day);
        let kept = days().min().zip(days().max());
        match self {
            // Also what was taken back there is, and what the day's later runs counted.
            Self::Descends => transaction.execute_batch(
                "DELETE FROM main.day_counts; INSERT INTO main.day_counts SELECT * FROM stood.day_counts;
                 DELETE FROM main.counted_days; INSERT INTO main.counted_days SELECT * FROM stood.counted_days;
                 DELETE FROM main.unknown_days; INSERT INTO main.unknown_days SELECT * FROM stood.unknown_days;",
            )?,
            Self::Parted | Self::Strange => {
                for (integration, day) in &missing {
                    put(transaction, integration, *day)?;
                }
            }
        }
        Ok(KeptDays { kept, unknown: None })
    }
}

/// The counted days that the copy lacks.
fn missing(transaction: &Transaction<'_>) -> Result<Vec<(String, NaiveDate)>, StoreError> {
    let sql = "SELECT integration, day FROM stood.counted_days EXCEPT SELECT integration, day FROM main.counted_days
               ORDER BY integration, day";
    rows(transaction, sql, [], |row| Ok((row.get("integration")?, day(row, "day")?)))
}

type Counts = BTreeMap<(String, String), Option<String>>;

/// One day of what stood there among the days of the copy. Counts are stored by change, so that the next day of the copy says
/// for itself what it counted. They are of no run that the copy knows.
fn put(transaction: &Transaction<'_>, integration: &str, day: NaiveDate) -> Result<(), StoreError> {
    let text = day.to_string();
    let theirs = effective(transaction, "stood", (integration, &text))?;
    let sql = "SELECT min(day) FROM main.counted_days WHERE integration = ?1 AND day > ?2";
    let next: Option<String> = transaction.query_row(sql, params![integration, text], |row| row.get(0))?;
    let mut insert =
        transaction.prepare_cached("INSERT OR IGNORE INTO main.day_counts VALUES (?1, ?2, ?3, ?4, 0, ?5, 0)")?;
    if let Some(next) = next {
        let own = effective(transaction, "main", (integration, &next))?;
        for key in theirs.keys().chain(own.keys()) {
            insert.execute(params![integration, key.0, key.1, next, own.get(key).cloned().flatten()])?;
        }
    }
    for ((customer, service), count) in &theirs {
        insert.execute(params![integration, customer, service, text, count])?;
    }
    transaction.execute("INSERT OR IGNORE INTO main.counted_days VALUES (?1, ?2)", params![integration, text])?;
    Ok(())
}

/// The counts that hold on a day.
fn effective(connection: &Connection, of: &str, (integration, day): (&str, &str)) -> Result<Counts, StoreError> {
    // The last one of each stays.
    let sql = format!(
        "SELECT customer, service, count FROM {of}.day_counts WHERE integration = ?1 AND day <= ?2 AND taken_back = 0
         ORDER BY day, run"
    );
    let count = |row: &Row<'_>| Ok(((row.get("customer")?, row.get("service")?), row.get("count")?));
    rows(connection, &sql, params![integration, day], count)
}

/// Notes the days behind the last one that the copy counted.
fn unknown(transaction: &Transaction<'_>, today: NaiveDate) -> Result<KeptDays, StoreError> {
    let sql = "SELECT integration, max(day) AS day FROM main.counted_days GROUP BY integration";
    let last: Vec<(String, NaiveDate)> =
        rows(transaction, sql, [], |row| Ok((row.get("integration")?, day(row, "day")?)))?;
    let mut unknown = None;
    for (integration, last) in last {
        let Some(first) = last.succ_opt().filter(|first| *first <= today) else { continue };
        let sql = "INSERT OR REPLACE INTO main.unknown_days VALUES (?1, ?2, ?3)";
        transaction.execute(sql, params![integration, first.to_string(), today.to_string()])?;
        unknown = Some(unknown.map_or(first, |other: NaiveDate| other.min(first)));
    }
    Ok(KeptDays { kept: None, unknown: unknown.map(|first| (first, today)) })
}
