//! The table of accepted counts: what of each count was accepted last, stored by change.

use rusqlite::{Connection, Row, params};

use crate::history::store::column_values::{RepeatedNames, count, decimal, integer};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::guard::accepted_counts::{AcceptedCount, AcceptedCounts, Size};
use crate::reconcile::model::ids::{CustomerName, IntegrationName, RunId, ServiceName};

impl History {
    /// Notes what is accepted of each count after a run.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub fn accept_counts(
        &mut self,
        integration: &IntegrationName,
        run: RunId,
        after: &AcceptedCounts,
    ) -> Result<(), StoreError> {
        let integration = integration.as_str();
        self.write(|transaction| {
            let before = accepted_counts(transaction, integration)?;
            let mut insert =
                transaction.prepare_cached("INSERT OR REPLACE INTO accepted_counts VALUES (?1, ?2, ?3, ?4, ?5)")?;
            for (customer, service, count) in all(after).filter(|(customer, service, count)| {
                before.get(*customer).and_then(|own| own.get(*service)) != Some(*count)
            }) {
                let AcceptedCount { units, rows } = count;
                let units = units.normalize().to_string();
                insert.execute(params![integration, customer.as_str(), service.as_str(), units, integer(*rows)])?;
            }
            let mut delete = transaction.prepare_cached(
                "DELETE FROM accepted_counts WHERE integration = ?1 AND customer = ?2 AND service = ?3",
            )?;
            let is_gone = |customer, service| after.get(customer).is_none_or(|own| !own.contains_key(service));
            for (customer, service, _) in all(&before).filter(|(customer, service, _)| is_gone(*customer, *service)) {
                delete.execute(params![integration, customer.as_str(), service.as_str()])?;
            }
            let units = Size::of(after).units.normalize().to_string();
            transaction.execute("UPDATE runs SET accepted_units = ?2 WHERE run = ?1", params![run.0, units])?;
            Ok(())
        })
    }
}

fn all(counts: &AcceptedCounts) -> impl Iterator<Item = (&CustomerName, &ServiceName, &AcceptedCount)> {
    counts.iter().flat_map(|(customer, own)| own.iter().map(move |(service, count)| (customer, service, count)))
}

/// What is accepted of each count of an integration.
pub(crate) fn accepted_counts(connection: &Connection, integration: &str) -> Result<AcceptedCounts, StoreError> {
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
