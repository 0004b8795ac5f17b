//! The moment at which a page of invoices is drawn, and what is known of each integration then beside its runs.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::ids::IntegrationName;
use crate::reconcile::model::plan::outcome::Mode;
use crate::report::health::{Expected, Health, HostPart};

/// What a page of invoices is drawn by, beside the history.
#[derive(Debug, Clone)]
pub struct InvoiceMoment {
    /// Now.
    pub now: DateTime<Utc>,
    /// The configured integrations; `None` where nobody knows them.
    pub integrations: Option<Vec<IntegrationNow>>,
}

/// What is expected of an integration now.
#[derive(Debug, Clone)]
pub struct IntegrationNow {
    /// The integration.
    pub name: IntegrationName,
    /// Its mode.
    pub mode: Mode,
    /// After how long without a run somebody has to look.
    pub every: TimeDelta,
    /// What this host's part is.
    pub host: HostPart,
    /// Whether a process holds the run lock.
    pub is_running: bool,
    /// What its next run reads otherwise than an earlier one did, and since when.
    pub edits: Vec<SettingsEdit>,
}

/// Something that a run follows, changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsEdit {
    /// What, in a few words.
    pub what: String,
    /// When.
    pub at: DateTime<Utc>,
}

impl InvoiceMoment {
    /// Where nothing is known but the time.
    pub fn at(now: DateTime<Utc>) -> Self {
        Self { now, integrations: None }
    }

    /// What is known of an integration.
    pub fn of(&self, name: &IntegrationName) -> Option<&IntegrationNow> {
        self.integrations.iter().flatten().find(|one| one.name == *name)
    }

    /// Those that are not off.
    pub fn on(&self) -> Option<BTreeSet<IntegrationName>> {
        let on = |all: &Vec<IntegrationNow>| {
            all.iter().filter(|one| one.mode != Mode::Off).map(|one| one.name.clone()).collect()
        };
        self.integrations.as_ref().map(on)
    }
}

impl IntegrationNow {
    /// Its health, as `recount status` has it.
    pub fn health(&self, history: &History, now: DateTime<Utc>) -> Result<Health, StoreError> {
        let Self { name, mode, every, host, is_running, edits: _ } = self;
        let expected = Expected { integration: name, mode: *mode, every: *every, host: *host };
        expected.health(Some(history), *is_running, now)
    }
}
