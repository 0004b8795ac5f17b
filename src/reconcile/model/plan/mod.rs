//! The plan: every line of one run with its verdict and reason. Plain data: printed, hashed, stored, then carried out.

pub mod finding;
pub mod fingerprint;
pub mod guard_measurement;
pub mod handle;
pub mod invoice_day;
pub mod line;
pub mod moved_since;
pub mod named_additions;
pub mod outcome;
pub mod reason_code;
pub mod remedy;

use std::collections::BTreeSet;

use crate::reconcile::model::ids::IntegrationName;
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::line::{Line, Verdict};
use crate::reconcile::model::plan::reason_code::Code;

/// All that one run means to do, and all that it does not, each with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Whose plan it is.
    pub integration: IntegrationName,
    /// Every line, ordered by its subject; no subject twice.
    pub lines: Vec<Line>,
    /// What is to be said beside the lines, ordered by severity and code.
    pub findings: Vec<Finding>,
}

impl Plan {
    /// The plan, if this is its fingerprint, as whoever approves that wants it: lines that were held for their size are
    /// created, and asked about no more.
    pub fn approved_by(mut self, fingerprint: &str) -> Self {
        if self.fingerprint() != fingerprint {
            return self;
        }
        let mut settled = BTreeSet::new();
        for line in &mut self.lines {
            if let Verdict::Large(creation) = &line.verdict {
                line.verdict = Verdict::Create(creation.clone());
                line.detail.clear();
                settled.insert(line.handle.clone());
            }
        }
        let asks = |finding: &Finding| {
            finding.code == Code::LineStep && finding.handle.as_ref().is_some_and(|handle| settled.contains(handle))
        };
        self.findings.retain(|finding| !asks(finding));
        self
    }
}
