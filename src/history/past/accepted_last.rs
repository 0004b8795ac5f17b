//! The table of accepted counts: what of each count was accepted last, stored by change.

use std::collections::BTreeSet;

use rusqlite::{CachedStatement, Connection, Row, Transaction, params};

use crate::history::past::set_back::SetBack;
use crate::history::store::column_values::{RepeatedNames, count, decimal, integer};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::guard::accepted_counts::{AcceptedCount, AcceptedCounts, Size};
use crate::reconcile::model::ids::{CustomerName, IntegrationName, RunId, ServiceName};

impl History {
    /// Notes what is accepted of each count after a run.
    pub fn accept_counts(
        &mut self,
        integration: &IntegrationName,
        run: RunId,
        after: &AcceptedCounts,
    ) -> Result<(), StoreError> {
        let integration = integration.as_str();
        self.write(|transaction| {
            let stored = stored(transaction, integration)?;
            let before = accepted_counts(transaction, integration)?;
            let mut changes = Changes::of(transaction, integration, run)?;
            for (customer, service, count) in all(after) {
                let known = [&before, &stored].map(|counts| of(counts, customer, service));
                if known != [Some(*count); 2] {
                    changes.put((customer, service), known[1], Some(*count))?;
                }
            }
            let is_gone = |customer, service| after.get(customer).is_none_or(|own| !own.contains_key(service));
            // Also what only a run that is set back had left out, and is left out now.
            let gone = all(&before).chain(all(&stored)).filter(|(customer, service, _)| is_gone(*customer, *service));
            for (customer, service) in gone.map(|(customer, service, _)| (customer, service)).collect::<BTreeSet<_>>() {
                changes.put((customer, service), of(&stored, customer, service), None)?;
            }
            changes.forget_older()?;
            drop(changes);
            let units = Size::of(after).units.normalize().to_string();
            transaction.execute("UPDATE runs SET accepted_units = ?2 WHERE run = ?1", params![run.0, units])?;
            Ok(())
        })
    }
}

fn all(counts: &AcceptedCounts) -> impl Iterator<Item = (&CustomerName, &ServiceName, &AcceptedCount)> {
    counts.iter().flat_map(|(customer, own)| own.iter().map(move |(service, count)| (customer, service, count)))
}

fn of(counts: &AcceptedCounts, customer: &CustomerName, service: &ServiceName) -> Option<AcceptedCount> {
    counts.get(customer)?.get(service).copied()
}

/// What a run changes of them, with what stood there before.
struct Changes<'t> {
    transaction: &'t Transaction<'t>,
    integration: &'t str,
    run: RunId,
    insert: CachedStatement<'t>,
    delete: CachedStatement<'t>,
    replaced: CachedStatement<'t>,
}

/// So many accepted runs before the last one may be set back and leave what was accepted before them.
const RUNS_KEPT: i64 = 60;

impl<'t> Changes<'t> {
    fn of(transaction: &'t Transaction<'t>, integration: &'t str, run: RunId) -> Result<Self, StoreError> {
        Ok(Self {
            transaction,
            integration,
            run,
            insert: transaction.prepare_cached("INSERT OR REPLACE INTO accepted_counts VALUES (?1, ?2, ?3, ?4, ?5)")?,
            delete: transaction.prepare_cached(
                "DELETE FROM accepted_counts WHERE integration = ?1 AND customer = ?2 AND service = ?3",
            )?,
            replaced: transaction
                .prepare_cached("INSERT OR REPLACE INTO replaced_counts VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?,
        })
    }

    fn put(
        &mut self,
        (customer, service): (&CustomerName, &ServiceName),
        stood: Option<AcceptedCount>,
        count: Option<AcceptedCount>,
    ) -> Result<(), StoreError> {
        let (integration, customer, service) = (self.integration, customer.as_str(), service.as_str());
        let texts = |count: AcceptedCount| (count.units.normalize().to_string(), integer(count.rows));
        let (units, rows): (Option<String>, Option<i64>) = stood.map(texts).unzip();
        self.replaced.execute(params![integration, self.run.0, customer, service, units, rows])?;
        match count.map(texts) {
            Some((units, rows)) => self.insert.execute(params![integration, customer, service, units, rows])?,
            None => self.delete.execute(params![integration, customer, service])?,
        };
        Ok(())
    }

    fn forget_older(&self) -> Result<(), StoreError> {
        let sql = "DELETE FROM replaced_counts WHERE integration = ?1 AND run < (SELECT run FROM runs
                   WHERE integration = ?1 AND accepted = 1 AND command <> 'plan' ORDER BY run DESC LIMIT 1 OFFSET ?2)";
        self.transaction.execute(sql, params![self.integration, RUNS_KEPT])?;
        Ok(())
    }
}

/// What is accepted of each count of an integration, but for what runs accepted that are set back: for that stands what was
/// accepted before them.
pub(crate) fn accepted_counts(connection: &Connection, integration: &str) -> Result<AcceptedCounts, StoreError> {
    let mut counts = stored(connection, integration)?;
    let set_back = SetBack::of(connection, integration)?;
    if set_back.is_empty() {
        return Ok(counts);
    }
    let mut statement = connection.prepare_cached(
        "SELECT run, customer, service, units, rows FROM replaced_counts WHERE integration = ?1 ORDER BY run DESC",
    )?;
    let mut settled = BTreeSet::new();
    let mut rows = statement.query([integration])?;
    while let Some(row) = rows.next()? {
        let (customer, service): (String, String) = (row.get("customer")?, row.get("service")?);
        let of = (CustomerName::new(&customer), ServiceName::new(&service));
        if settled.contains(&of) {
            continue;
        }
        if !set_back.has(RunId(row.get("run")?)) {
            settled.insert(of);
        } else if row.get::<_, Option<String>>("units")?.is_some() {
            let (customer, service, count) = accepted_count(row)?;
            counts.entry(customer).or_default().insert(service, count);
        } else if let Some(own) = counts.get_mut(&of.0) {
            own.remove(&of.1);
        }
    }
    counts.retain(|_, own| !own.is_empty());
    Ok(counts)
}

/// As the last run that was accepted left them.
fn stored(connection: &Connection, integration: &str) -> Result<AcceptedCounts, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT customer, service, units, rows FROM accepted_counts WHERE integration = ?1")?;
    let (mut counts, mut services) = (AcceptedCounts::new(), RepeatedNames::new());
    for row in statement.query_and_then([integration], accepted_count)? {
        let (customer, service, count) = row?;
        counts.entry(customer).or_default().insert(services.shared(service), count);
    }
    Ok(counts)
}

fn accepted_count(row: &Row<'_>) -> Result<(CustomerName, ServiceName, AcceptedCount), StoreError> {
    let (customer, service): (String, String) = (row.get("customer")?, row.get("service")?);
    let accepted = AcceptedCount { units: decimal(row, "units")?, rows: count(row, "rows")? };
    Ok((CustomerName::new(&customer), ServiceName::new(&service), accepted))
}
