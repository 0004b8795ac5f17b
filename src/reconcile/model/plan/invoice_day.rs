//! The days on which the agreements of a plan are invoiced next.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::reconcile::model::connectwise_records::Directory;
use crate::reconcile::model::ids::AgreementId;
use crate::reconcile::model::plan::line::Line;

/// Days that are noted of a plan: those that come first.
const NOTED: usize = 12;

/// A next invoice date of ConnectWise, and how many agreements have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct InvoiceDay {
    /// The date.
    pub on: NaiveDate,
    /// How many agreements with a line of the plan are invoiced by it.
    pub agreements: usize,
}

impl InvoiceDay {
    /// Of the agreements that these lines are on, earliest first.
    pub fn of(lines: &[Line], directory: &Directory) -> Vec<Self> {
        let agreements: BTreeSet<AgreementId> = lines.iter().filter_map(|line| Some(line.key()?.agreement)).collect();
        let mut counted: BTreeMap<NaiveDate, usize> = BTreeMap::new();
        for agreement in agreements.iter().filter_map(|id| directory.agreements.get(id)) {
            if let Some(on) = agreement.next_invoice_on {
                *counted.entry(on).or_default() += 1;
            }
        }
        counted.into_iter().map(|(on, agreements)| Self { on, agreements }).take(NOTED).collect()
    }
}
