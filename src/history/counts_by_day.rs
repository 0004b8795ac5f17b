//! The counts of the days of a billing period, for policies that look back: one for each day, stored by change.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, FixedOffset, NaiveDate};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::history::past::names_on_lines;
use crate::history::past::written_quantities::SAME_CONNECTWISE;
use crate::history::run_record::RunRecord;
use crate::history::store::column_values::{day, local_time, maybe_quantity};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::matching::names_on_lines::NamesOnLines;
use crate::reconcile::model::ids::{AdditionId, CustomerName, IntegrationName, RunId, ServiceName};
use crate::reconcile::model::past::{CountedDays, EarlierOwner};
use crate::reconcile::model::quantity::Quantity;

/// One customer's count of one service; `None` where the export does not say.
pub type DayCount = (CustomerName, ServiceName, Option<Quantity>);

impl History {
    /// Notes the counts of a day's accepted export, and what of their names' lines is not as before: both or none. The last
    /// export of a day counts.
    ///
    /// # Errors
    /// When they cannot be stored.
    pub fn count_day(
        &mut self,
        (integration, site): (&IntegrationName, &str),
        today: NaiveDate,
        counts: &[DayCount],
        names: &NamesOnLines,
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            names_on_lines::remember(transaction, (integration, site), names)?;
            let (integration, today) = (integration.as_str(), today.to_string());
            transaction.execute("INSERT OR IGNORE INTO counted_days VALUES (?1, ?2)", params![integration, today])?;
            let mut before = transaction.prepare_cached(
                "SELECT count FROM day_counts WHERE integration = ?1 AND customer = ?2 AND service = ?3 AND day <= ?4
                 ORDER BY day DESC LIMIT 1",
            )?;
            let mut insert =
                transaction.prepare_cached("INSERT OR REPLACE INTO day_counts VALUES (?1, ?2, ?3, ?4, ?5)")?;
            for (customer, service, count) in counts {
                let (customer, service) = (customer.as_str(), service.as_str());
                let known: Option<Option<String>> =
                    before.query_row(params![integration, customer, service, today], |row| row.get(0)).optional()?;
                let count = count.map(|count| count.to_string());
                if known.as_ref() != Some(&count) {
                    insert.execute(params![integration, customer, service, today, count])?;
                }
            }
            Ok(())
        })
    }

    /// Takes back what a run counted of its day, because it is set back, and what later runs read from the same bytes: the count
    /// of the day before stands for it. A day on which another export was accepted later keeps the counts of that one.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub fn take_back(
        &mut self,
        undone: &RunRecord,
        counts: &BTreeSet<(&CustomerName, &ServiceName)>,
    ) -> Result<(), StoreError> {
        let days = self.read(|connection| days_of_export(connection, undone))?;
        let integration = undone.integration.as_str();
        self.write(|transaction| {
            // What the next day counted was not stored where it was as many.
            let mut pass_on = transaction.prepare_cached(
                "INSERT OR IGNORE INTO day_counts
                 SELECT integration, customer, service,
                        (SELECT min(day) FROM counted_days AS next WHERE next.integration = ?1 AND next.day > ?4), count
                 FROM day_counts WHERE integration = ?1 AND customer = ?2 AND service = ?3 AND day = ?4
                   AND EXISTS (SELECT 1 FROM counted_days AS next WHERE next.integration = ?1 AND next.day > ?4)",
            )?;
            let mut delete = transaction.prepare_cached(
                "DELETE FROM day_counts WHERE integration = ?1 AND customer = ?2 AND service = ?3 AND day = ?4",
            )?;
            for (day, (customer, service)) in days.iter().flat_map(|day| counts.iter().map(move |count| (day, count))) {
                let of = params![integration, customer.as_str(), service.as_str(), day.to_string()];
                pass_on.execute(of)?;
                delete.execute(of)?;
            }
            Ok(())
        })
    }

    /// What other integrations of the ConnectWise of a run counted, with the lines that they saw, whether they are on or not.
    /// `last` and `this` are the first days of the two periods.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn earlier_owners(
        &self,
        (integration, run): (&IntegrationName, RunId),
        (last, this): (NaiveDate, NaiveDate),
        today: NaiveDate,
    ) -> Result<Vec<EarlierOwner>, StoreError> {
        let names = self.read(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT DISTINCT integration FROM counted_days
                 WHERE integration IN ({SAME_CONNECTWISE}) AND integration <> ?1 AND day >= ?3",
            ))?;
            let of = params![integration.as_str(), run.0, last.to_string()];
            let names = statement.query_map(of, |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
            Ok(names)
        })?;
        let owner = |name: &String| {
            let integration = IntegrationName::new(name);
            let (this_period, last_period) =
                (self.counted(&integration, this, today)?, self.counted(&integration, last, this)?);
            let additions = self.read(|connection| {
                let sql = "SELECT addition FROM seen_quantities WHERE integration = ?1";
                let mut statement = connection.prepare_cached(sql)?;
                let ids = statement.query_map([name], |row| Ok(AdditionId(row.get(0)?)))?;
                Ok(ids.collect::<Result<BTreeSet<_>, _>>()?)
            })?;
            Ok(EarlierOwner { integration, this_period, last_period, additions })
        };
        names.iter().map(owner).collect()
    }

    /// The counts of the counted days from `first` on and before `today`.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn counted(
        &self,
        integration: &IntegrationName,
        first: NaiveDate,
        today: NaiveDate,
    ) -> Result<CountedDays, StoreError> {
        self.read(|connection| {
            let days = counted_days(connection, integration, first, today)?;
            let mut statement = connection.prepare_cached(
                "SELECT customer, service, day, count FROM day_counts WHERE integration = ?1 AND day < ?2
                 ORDER BY customer, service, day",
            )?;
            let mut changes: BTreeMap<(CustomerName, ServiceName), Vec<Change>> = BTreeMap::new();
            for row in statement.query_and_then(params![integration.as_str(), today.to_string()], change)? {
                let (of, change) = row?;
                changes.entry(of).or_default().push(change);
            }
            let mut counted = CountedDays::new();
            for ((customer, service), changes) in changes {
                let counts = days.iter().filter_map(|day| Some((*day, on(&changes, *day)?))).collect();
                counted.entry(customer).or_default().insert(service, counts);
            }
            Ok(counted)
        })
    }
}

/// The days, in order, whose counts are those of a run's export: its own day, and those of the accepted nights behind it that
/// read the same bytes. Dry runs count nothing.
fn days_of_export(connection: &Connection, run: &RunRecord) -> Result<BTreeSet<NaiveDate>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT started_at, utc_offset, run = ?2 OR export_sha256 = (SELECT export_sha256 FROM runs WHERE run = ?2) AS same
         FROM runs WHERE integration = ?1 AND (run = ?2 OR run > ?2 AND accepted = 1)
           AND command <> 'plan' AND undoes IS NULL ORDER BY run",
    )?;
    let counted = |row: &Row<'_>| Ok::<_, StoreError>((local_time(row, "started_at", "utc_offset")?, row.get("same")?));
    let mut days = BTreeSet::new();
    for night in statement.query_and_then(params![run.integration.as_str(), run.run.0], counted)? {
        let (began, same): (DateTime<FixedOffset>, bool) = night?;
        let day = began.date_naive();
        if same {
            days.insert(day)
        } else {
            days.remove(&day)
        };
    }
    Ok(days)
}

/// From this day on it is this many.
type Change = (NaiveDate, Option<Quantity>);

fn on(changes: &[Change], day: NaiveDate) -> Option<Quantity> {
    changes.iter().rev().find(|(from, _)| *from <= day).and_then(|(_, count)| *count)
}

fn change(row: &Row<'_>) -> Result<((CustomerName, ServiceName), Change), StoreError> {
    let (customer, service): (String, String) = (row.get("customer")?, row.get("service")?);
    let of = (CustomerName::new(&customer), ServiceName::new(&service));
    Ok((of, (day(row, "day")?, maybe_quantity(row, "count")?)))
}

fn counted_days(
    connection: &Connection,
    integration: &IntegrationName,
    first: NaiveDate,
    today: NaiveDate,
) -> Result<Vec<NaiveDate>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT day FROM counted_days WHERE integration = ?1 AND day >= ?2 AND day < ?3 ORDER BY day",
    )?;
    let period = params![integration.as_str(), first.to_string(), today.to_string()];
    statement.query_and_then(period, |row| day(row, "day"))?.collect()
}
