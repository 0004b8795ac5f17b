//! Who changed a record last, and when.

use chrono::{DateTime, Utc};

use crate::reconcile::model::display_text::minute;

/// `_info.updatedBy` and `_info.lastUpdated` of a record, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastChange {
    /// The member.
    pub by: String,
    /// When.
    pub at: String,
}

impl LastChange {
    /// Who and when, with the date as reports have it; a time that cannot be read stands as it was written.
    pub fn said(&self) -> String {
        let at = DateTime::parse_from_rfc3339(&self.at)
            .map_or_else(|_| self.at.clone(), |at| minute(at.to_utc().fixed_offset()));
        format!("last changed by {} at {at}", self.by)
    }

    /// When, by ConnectWise's clock; `None` for what cannot be read.
    pub fn time(&self) -> Option<DateTime<Utc>> {
        DateTime::parse_from_rfc3339(&self.at).ok().map(|at| at.to_utc())
    }

    /// Whether it is known to be later than this. A time that cannot be read proves nothing.
    pub fn is_after(&self, then: DateTime<Utc>) -> bool {
        DateTime::parse_from_rfc3339(&self.at).is_ok_and(|at| at > then)
    }

    /// Whether it is known to be no later than this.
    pub fn is_by(&self, then: DateTime<Utc>) -> bool {
        DateTime::parse_from_rfc3339(&self.at).is_ok_and(|at| at <= then)
    }
}
