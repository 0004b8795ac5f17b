//! Which ConnectWise a history is of, and each run of it: its host, and the login company. Numbers of agreements, additions
//! and tickets mean nothing beyond it.

use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::ids::{IntegrationName, RunId};

impl History {
    /// Which ConnectWise the history of an integration is of; `None` before its first accepted run.
    pub fn connectwise_of(&self, integration: &IntegrationName) -> Result<Option<String>, StoreError> {
        let sql = "SELECT site FROM connectwise_of WHERE integration = ?1";
        self.first(sql, [integration.as_str()], |row| Ok(row.get("site")?))
    }

    /// Binds an integration's history to the ConnectWise that an accepted run met.
    pub fn bind(&mut self, integration: &IntegrationName, site: &str) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction
                .prepare_cached("INSERT OR REPLACE INTO connectwise_of VALUES (?1, ?2)")?
                .execute([integration.as_str(), site])?;
            // Runs of a history that was bound to none.
            transaction
                .prepare_cached("UPDATE runs SET site = ?2 WHERE integration = ?1 AND site IS NULL")?
                .execute([integration.as_str(), site])?;
            Ok(())
        })
    }

    /// Which ConnectWise a run spoke to; `None` in a history that is bound to none yet.
    pub fn site_of(&self, run: RunId) -> Result<Option<String>, StoreError> {
        let sql = "SELECT site FROM runs WHERE run = ?1";
        Ok(self.first(sql, [run.0], |row| Ok(row.get("site")?))?.flatten())
    }

    /// The ConnectWise that a plan was drawn in last, runs that were only to carry it out aside, if it never was in this one.
    pub fn drawn_elsewhere(
        &self,
        integration: &IntegrationName,
        fingerprint: &str,
        site: &str,
    ) -> Result<Option<String>, StoreError> {
        let sql = "SELECT coalesce(site, ?3) AS site FROM runs
                   WHERE integration = ?1 AND fingerprint = ?2 AND command <> 'apply'
                   ORDER BY coalesce(site, ?3) = ?3 DESC, run DESC LIMIT 1";
        let found = self.first(sql, [integration.as_str(), fingerprint, site], |row| Ok(row.get("site")?))?;
        Ok(found.filter(|drawn: &String| drawn != site))
    }
}
