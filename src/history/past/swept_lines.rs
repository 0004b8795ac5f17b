//! What the weekly sweep found last: kept in a table, and put before each plan until the next sweep.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use rusqlite::params;

use crate::history::store::column_values::{item_text, line_key, maybe_day};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::history::store::rows::first;
use crate::reconcile::model::ids::{AdditionId, IntegrationName};
use crate::reconcile::model::plan::line::LineKey;

/// The lines that were found, each with its addition.
pub type SweptLines = BTreeMap<AdditionId, LineKey>;

impl History {
    /// The day of the last look of any of these integrations.
    pub fn last_sweep(&self, of: &BTreeSet<IntegrationName>) -> Result<Option<NaiveDate>, StoreError> {
        self.read(|connection| {
            let sql = "SELECT day FROM sweeps WHERE integration = ?1";
            let days = of
                .iter()
                .map(|name| first(connection, sql, [name.as_str()], |row| maybe_day(row, "day")).map(Option::flatten));
            let days: Vec<Option<NaiveDate>> = days.collect::<Result<_, StoreError>>()?;
            Ok(days.into_iter().flatten().max())
        })
    }

    /// What an integration knows of such lines.
    pub fn swept(&self, integration: &IntegrationName) -> Result<SweptLines, StoreError> {
        let sql = "SELECT * FROM swept_lines WHERE integration = ?1";
        self.rows(sql, [integration.as_str()], |row| Ok((AdditionId(row.get("addition")?), line_key(row)?)))
    }

    /// Keeps what was found for each of these integrations, in the place of what they knew; `looked` is who looked
    /// through all companies, and on which day.
    pub fn keep_swept(
        &mut self,
        found: &BTreeMap<IntegrationName, SweptLines>,
        looked: Option<(&IntegrationName, NaiveDate)>,
    ) -> Result<(), StoreError> {
        self.write(|transaction| {
            let mut insert = transaction.prepare_cached("INSERT INTO swept_lines VALUES (?1, ?2, ?3, ?4, ?5)")?;
            for (integration, swept) in found {
                let name = integration.as_str();
                transaction.prepare_cached("DELETE FROM swept_lines WHERE integration = ?1")?.execute([name])?;
                for (addition, key) in swept {
                    let product = key.product.as_str();
                    insert.execute(params![name, key.agreement.0, product, item_text(key), addition.0])?;
                }
            }
            if let Some((integration, day)) = looked {
                transaction
                    .prepare_cached("INSERT OR REPLACE INTO sweeps VALUES (?1, ?2)")?
                    .execute(params![integration.as_str(), day.to_string()])?;
            }
            Ok(())
        })
    }

    /// Whether an integration ran before `create_lines` left out meant false, and is told now: once.
    pub fn tell_of_create_lines(&mut self, integration: &IntegrationName) -> Result<bool, StoreError> {
        let name = integration.as_str();
        self.write(|transaction| {
            let mut forget = transaction.prepare_cached("DELETE FROM create_lines_untold WHERE integration = ?1")?;
            Ok(forget.execute([name])? > 0)
        })
    }
}
