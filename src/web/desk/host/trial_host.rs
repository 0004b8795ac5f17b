//! The trait behind the tests of an integration: connection, tickets, alerts, tried now.

use crate::reconcile::model::ids::IntegrationName;
use crate::reconcile::words::words;

/// The functions of `recount check`, `recount tickets test` and `recount alerts test`.
pub trait TrialHost {
    /// Tries it.
    fn test(&self, integration: &IntegrationName, what: TrialKind) -> TrialResult;

    /// What can be tried of an integration.
    fn trials(&self, integration: &IntegrationName) -> Vec<TrialKind>;
}

words! {
    /// What is tried.
    TrialKind {
        /// Keys, rights and mapping.
        Connection = "connection",
        /// A test through each alert.
        Alerts = "alerts",
        /// A ticket from sample data, which is closed again.
        Tickets = "tickets",
    }
}

impl TrialKind {
    /// As it is called in the audit.
    pub fn deed(self) -> &'static str {
        match self {
            TrialKind::Connection => "tested the connection",
            TrialKind::Tickets => "tested the tickets",
            TrialKind::Alerts => "tested the alerts",
        }
    }

    /// As a page calls it.
    pub fn title(self) -> &'static str {
        match self {
            TrialKind::Connection => "Connection and rights",
            TrialKind::Tickets => "Tickets",
            TrialKind::Alerts => "Alerts",
        }
    }
}

/// How it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrialResult {
    /// Whether all is there.
    pub is_good: bool,
    /// What was found, in sentences.
    pub said: String,
}
