//! The counts of the days of a billing period, for policies that look back: one for each day, stored by change.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, FixedOffset, NaiveDate};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use crate::history::past::names_of_counts;
use crate::history::past::written_quantities::SAME_CONNECTWISE;
use crate::history::store::column_values::{day, local_time, maybe_quantity};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::history::store::rows::rows;
use crate::reconcile::matching::names_of_counts::NamesOfCounts;
use crate::reconcile::model::ids::{AdditionId, CustomerName, IntegrationName, RunId, ServiceName};
use crate::reconcile::model::past::{CountedDays, EarlierOwner};
use crate::reconcile::model::quantity::Quantity;

/// One customer's count of one service; `None` where the export does not say.
pub type DayCount = (CustomerName, ServiceName, Option<Quantity>);

impl History {
    /// Notes what an accepted run counted of its day, and what of their names' lines is not as before: both or none. Of several
    /// runs of a day the last one counts.
    pub fn count_day(
        &mut self,
        (integration, run, site): (&IntegrationName, RunId, &str),
        today: NaiveDate,
        counts: &[DayCount],
        names: &NamesOfCounts,
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            names_of_counts::remember(transaction, (integration, site), names)?;
            let (integration, today) = (integration.as_str(), today.to_string());
            transaction.execute("INSERT OR IGNORE INTO counted_days VALUES (?1, ?2)", params![integration, today])?;
            let mut before = transaction.prepare_cached(
                "SELECT count FROM day_counts WHERE integration = ?1 AND customer = ?2 AND service = ?3 AND day <= ?4
                 AND taken_back = 0 ORDER BY day DESC, run DESC LIMIT 1",
            )?;
            let mut insert =
                transaction.prepare_cached("INSERT OR REPLACE INTO day_counts VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0)")?;
            for (customer, service, count) in counts {
                let (customer, service) = (customer.as_str(), service.as_str());
                let known: Option<Option<String>> =
                    before.query_row(params![integration, customer, service, today], |row| row.get(0)).optional()?;
                let count = count.map(|count| count.to_string());
                if known.as_ref() != Some(&count) {
                    insert.execute(params![integration, customer, service, today, run.0, count])?;
                }
            }
            Ok(())
        })
    }

    /// Takes back what a run counted, because it is set back, and what later runs read from the same bytes: what was counted
    /// before stands for it. Another export that was accepted behind it keeps what it counted.
    pub fn take_back(
        &mut self,
        undone: RunId,
        counts: &BTreeSet<(&CustomerName, &ServiceName)>,
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            let Some(nights) = nights_of_export(transaction, undone)? else { return Ok(()) };
            // What the next run counted was not stored where it was as many.
            let mut pass_on = transaction.prepare_cached(
                "INSERT OR IGNORE INTO day_counts
                 SELECT integration, customer, service, ?4, ?5, count, 0 FROM day_counts
                 WHERE integration = ?1 AND customer = ?2 AND service = ?3 AND (day, run) <= (?4, ?5) AND taken_back = 0
                 ORDER BY day DESC, run DESC LIMIT 1",
            )?;
            for ((day, run), (customer, service)) in product(&nights.next, counts) {
                let of = params![nights.integration, customer.as_str(), service.as_str(), day.to_string(), run.0];
                pass_on.execute(of)?;
            }
            mark(transaction, &nights, counts, true)
        })
    }

    /// Gives back what was taken back of a run, because the undo of it is set back.
    pub fn give_back(
        &mut self,
        undone: RunId,
        counts: &BTreeSet<(&CustomerName, &ServiceName)>,
    ) -> Result<(), StoreError> {
        self.write(|transaction| match nights_of_export(transaction, undone)? {
            Some(nights) => mark(transaction, &nights, counts, false),
            None => Ok(()),
        })
    }

    /// What other integrations of the ConnectWise of a run counted, with the lines that they saw, whether they are on or not.
    /// `last` and `this` are the first days of the two periods.
    pub fn earlier_owners(
        &self,
        (integration, run): (&IntegrationName, RunId),
        (last, this): (NaiveDate, NaiveDate),
        today: NaiveDate,
    ) -> Result<Vec<EarlierOwner>, StoreError> {
        let sql = format!(
            "SELECT DISTINCT integration FROM counted_days
             WHERE integration IN ({SAME_CONNECTWISE}) AND integration <> ?1 AND day >= ?3",
        );
        let of = params![integration.as_str(), run.0, last.to_string()];
        let names: Vec<String> = self.rows(&sql, of, |row| Ok(row.get(0)?))?;
        let owner = |name: &String| {
            let integration = IntegrationName::new(name);
            let (this_period, last_period) =
                (self.counted(&integration, this, today)?, self.counted(&integration, last, this)?);
            let sql = "SELECT addition FROM seen_quantities WHERE integration = ?1";
            let additions = self.rows(sql, [name], |row| Ok(AdditionId(row.get(0)?)))?;
            Ok(EarlierOwner { integration, this_period, last_period, additions })
        };
        names.iter().map(owner).collect()
    }

    /// The counts of the counted days from `first` on and before `today`.
    pub fn counted(
        &self,
        integration: &IntegrationName,
        first: NaiveDate,
        today: NaiveDate,
    ) -> Result<CountedDays, StoreError> {
        self.read(|connection| {
            let days = counted_days(connection, integration, first, today)?;
            let mut statement = connection.prepare_cached(
                "SELECT customer, service, day, count FROM day_counts WHERE integration = ?1 AND day < ?2 AND taken_back = 0
                 ORDER BY customer, service, day, run",
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

/// A run of a day.
type Night = (NaiveDate, RunId);

/// The nights whose counts are those of one export.
struct NightsOfExport {
    integration: String,
    /// The run that was asked about, and the accepted ones behind it that read the same bytes.
    same: BTreeSet<Night>,
    /// The accepted ones that come right behind one of them and read others.
    next: BTreeSet<Night>,
    /// The days of which the last accepted export is theirs.
    days: BTreeSet<NaiveDate>,
}

/// `None` if there is no such run. Dry runs count nothing.
fn nights_of_export(connection: &Connection, run: RunId) -> Result<Option<NightsOfExport>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT night.integration, night.run, night.started_at, night.utc_offset,
                night.run = own.run OR night.export_sha256 = own.export_sha256 AS same
         FROM runs AS own JOIN runs AS night ON night.integration = own.integration
         WHERE own.run = ?1 AND (night.run = own.run OR night.run > own.run AND night.accepted = 1)
           AND night.command <> 'plan' AND night.undoes IS NULL ORDER BY night.run",
    )?;
    let mut nights = None;
    let mut rows = statement.query([run.0])?;
    let mut was_same = false;
    while let Some(row) = rows.next()? {
        let began: DateTime<FixedOffset> = local_time(row, "started_at", "utc_offset")?;
        let (night, same) = ((began.date_naive(), RunId(row.get("run")?)), row.get("same")?);
        let empty = |integration| NightsOfExport { integration, same: [].into(), next: [].into(), days: [].into() };
        let nights = nights.get_or_insert(empty(row.get("integration")?));
        if same {
            nights.same.insert(night);
            nights.days.insert(night.0);
        } else {
            nights.days.remove(&night.0);
            if was_same {
                nights.next.insert(night);
            }
        }
        was_same = same;
    }
    Ok(nights)
}

/// Takes what these nights counted back, or gives it back.
fn mark(
    transaction: &Transaction<'_>,
    nights: &NightsOfExport,
    counts: &BTreeSet<(&CustomerName, &ServiceName)>,
    taken_back: bool,
) -> Result<(), StoreError> {
    let mut mark = transaction.prepare_cached(
        "UPDATE day_counts SET taken_back = ?6
         WHERE integration = ?1 AND customer = ?2 AND service = ?3 AND day = ?4 AND run = ?5",
    )?;
    // Of before this version it was noted what a day counted, and not by which run.
    let of_the_day = nights.days.iter().map(|day| (*day, RunId(0))).collect();
    for ((day, run), (customer, service)) in product(&nights.same, counts).chain(product(&of_the_day, counts)) {
        let of = params![nights.integration, customer.as_str(), service.as_str(), day.to_string(), run.0, taken_back];
        mark.execute(of)?;
    }
    Ok(())
}

fn product<'a, A, B>(left: &'a BTreeSet<A>, right: &'a BTreeSet<B>) -> impl Iterator<Item = (&'a A, &'a B)> {
    left.iter().flat_map(|one| right.iter().map(move |other| (one, other)))
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
    let sql = "SELECT day FROM counted_days WHERE integration = ?1 AND day >= ?2 AND day < ?3 ORDER BY day";
    let period = params![integration.as_str(), first.to_string(), today.to_string()];
    rows(connection, sql, period, |row| day(row, "day"))
}
