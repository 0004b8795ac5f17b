//! When the agreements of a plan are invoiced next, as it was read for the plan.

use rusqlite::params;

use crate::history::store::column_values::json;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::ids::{IntegrationName, RunId};
use crate::reconcile::model::plan::invoice_day::InvoiceDay;

impl History {
    /// Notes them of a run; nothing where there are none.
    pub fn note_invoice_days(&mut self, run: RunId, days: &[InvoiceDay]) -> Result<(), StoreError> {
        if days.is_empty() {
            return Ok(());
        }
        let days = serde_json::to_string(days).expect("days always make JSON");
        let sql = "UPDATE runs SET invoice_days = ?2 WHERE run = ?1";
        self.execute(sql, params![run.0, days]).map(drop)
    }

    /// Those of an integration's newest plan, earliest first; nothing where that plan has none noted.
    pub fn invoice_days(&self, integration: &IntegrationName) -> Result<Vec<InvoiceDay>, StoreError> {
        let sql = "SELECT coalesce(invoice_days, '[]') AS days FROM runs
                   WHERE integration = ?1 AND fingerprint IS NOT NULL AND undoes IS NULL ORDER BY run DESC LIMIT 1";
        Ok(self.first(sql, [integration.as_str()], |row| json(row, "days"))?.unwrap_or_default())
    }
}
