//! Under which names counts stood on lines, by change: written with the counts of a day.

use rusqlite::{Connection, Transaction, params};

use crate::history::store::column_values::{day, maybe_day};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::history::store::rows::rows;
use crate::reconcile::matching::names_of_counts::{CountName, InExports, NameSpan, NamesOfCounts, Stood};
use crate::reconcile::model::ids::{AgreementId, CustomerName, IntegrationName, ProductCode, ServiceName};
use crate::reconcile::model::plan::line::LineKey;

impl History {
    /// What is known of the names of a ConnectWise, and of the customers of an integration's exports.
    pub fn names_of_counts(&self, integration: &IntegrationName, site: &str) -> Result<NamesOfCounts, StoreError> {
        self.read(|connection| {
            let (spans, customers) = (spans(connection, site)?, customers(connection, integration)?);
            Ok(NamesOfCounts { spans: spans.into_iter().collect(), customers: customers.into_iter().collect() })
        })
    }
}

fn spans(connection: &Connection, site: &str) -> Result<Vec<(NameSpan, Stood)>, StoreError> {
    let sql = "SELECT integration, customer, service, agreement, product, first, gone, terms FROM names_on_lines
               WHERE site = ?1";
    rows(connection, sql, [site], |row| {
        let text = |column| row.get::<_, String>(column);
        let name = CountName {
            integration: IntegrationName::new(&text("integration")?),
            customer: CustomerName::new(&text("customer")?),
            service: ServiceName::new(&text("service")?),
        };
        let line = LineKey::total(AgreementId(row.get("agreement")?), ProductCode::new(&text("product")?));
        let stood = Stood { gone: maybe_day(row, "gone")?, terms: text("terms")? };
        Ok((NameSpan { name, line, first: day(row, "first")? }, stood))
    })
}

fn customers(
    connection: &Connection,
    integration: &IntegrationName,
) -> Result<Vec<(CustomerName, InExports)>, StoreError> {
    let sql = "SELECT customer, first, gone FROM customers_in_exports WHERE integration = ?1";
    rows(connection, sql, [integration.as_str()], |row| {
        let seen = InExports { first: day(row, "first")?, gone: maybe_day(row, "gone")? };
        Ok((CustomerName::new(&row.get::<_, String>("customer")?), seen))
    })
}

/// Keeps what an accepted night changed of it.
pub(crate) fn remember(
    transaction: &Transaction<'_>,
    (integration, site): (&IntegrationName, &str),
    changed: &NamesOfCounts,
) -> Result<(), StoreError> {
    let mut span_row = transaction
        .prepare_cached("INSERT OR REPLACE INTO names_on_lines VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?;
    for (NameSpan { name, line, first }, Stood { gone, terms }) in &changed.spans {
        span_row.execute(params![
            site,
            name.integration.as_str(),
            name.customer.as_str(),
            name.service.as_str(),
            line.agreement.0,
            line.product.as_str(),
            first.to_string(),
            gone.map(|day| day.to_string()),
            terms,
        ])?;
    }
    let mut customer_row =
        transaction.prepare_cached("INSERT OR REPLACE INTO customers_in_exports VALUES (?1, ?2, ?3, ?4)")?;
    for (customer, InExports { first, gone }) in &changed.customers {
        let gone = gone.map(|day| day.to_string());
        customer_row.execute(params![integration.as_str(), customer.as_str(), first.to_string(), gone])?;
    }
    Ok(())
}

/// Drops what went before a day: no peak or average asks for it.
pub(crate) fn prune(transaction: &Transaction<'_>, before: &str) -> Result<(), StoreError> {
    transaction.execute("DELETE FROM names_on_lines WHERE gone < ?1", [before])?;
    transaction.execute("DELETE FROM customers_in_exports WHERE gone < ?1", [before])?;
    Ok(())
}
