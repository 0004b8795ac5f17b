//! Why what the history of this host shows is not how things stand now.

use chrono::{DateTime, FixedOffset};

use crate::history::store::error::StoreError;
use crate::reconcile::model::display_text::shown;
use crate::report::numbers_and_dates::minute;

/// Why nobody can tell from it that all is well.
#[derive(Debug)]
pub enum Outdated {
    /// An older history was put back by hand, or the last night could not be recorded.
    Older(StoreError),
    /// Another host does the nights.
    StandsBy(StandingBy),
}

/// What this host knows of the host that does the nights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandingBy {
    /// That host.
    pub host: String,
    /// Until when it holds the lease, as far as this host knows.
    pub until: Option<DateTime<FixedOffset>>,
    /// Whether that is over by this host's clock.
    pub has_run_out: bool,
    /// When the last run began that this host knows of; `None` before the first.
    pub known_until: Option<DateTime<FixedOffset>>,
}

impl Outdated {
    /// In a few words.
    pub fn title(&self) -> &'static str {
        match self {
            Self::Older(StoreError::Unrecorded { .. }) => "The last night could not be recorded.",
            Self::Older(_) => "The history is older than its last run.",
            Self::StandsBy(_) => "This host stands by.",
        }
    }

    /// What that means for whoever looks at it, and the way out.
    pub fn sentence(&self) -> String {
        match self {
            Self::Older(error @ StoreError::Unrecorded { .. }) => format!(
                "What is shown is as it was before, and no run goes on: invoices should wait. What is missing: {error}. {}",
                error.advice()
            ),
            Self::Older(error) => format!(
                "What is shown is as it was before, and no run goes on: invoices should wait. {}",
                error.advice()
            ),
            Self::StandsBy(standing) => standing.sentence(),
        }
    }
}

impl StandingBy {
    fn sentence(&self) -> String {
        let host = shown(&self.host);
        let until = self.until.map(|at| format!(" until {}", minute(at))).unwrap_or_default();
        let whose = if self.has_run_out {
            format!("{host} held the lease{until}, when last asked; no host is known to do the nights now: recount run")
        } else {
            format!("{host} holds the lease{until}, when last asked, and does the nights: look there")
        };
        let known = match self.known_until {
            Some(at) => format!("What is shown is as of the run of {}", minute(at)),
            None => "This host knows of no run".to_owned(),
        };
        format!("{known}, and what was written or decided since is not in it: invoices should wait. {whose}.")
    }
}
