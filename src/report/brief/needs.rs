//! What a brief says of a run: what needs a person.

use crate::history::run_record::{LineRecord, RunRecord};
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::reason_code::Severity;
use crate::reconcile::model::plan::remedy::Remedy;
use crate::reconcile::model::record_links::{OpenedRecord, RecordLinks};
use crate::report::{display_names, lines, numbers_and_dates};

/// One thing that somebody has to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// Its handle; may be empty.
    pub handle: String,
    /// Whom or what it is about.
    pub title: String,
    /// `12 → 0`; may be empty.
    pub step: String,
    /// What is the matter.
    pub message: String,
    /// What to do.
    pub fix: Remedy,
    /// Its records in ConnectWise: what each is, and where it opens.
    pub records: Vec<OpenedRecord>,
}

impl Need {
    /// A finding with its line, if it has one.
    pub(crate) fn of(finding: &Finding, line: Option<&LineRecord>, links: Option<&RecordLinks>) -> Self {
        Self {
            handle: finding.handle.clone().unwrap_or_default(),
            title: display_names::matter(finding, line),
            step: line.map(numbers_and_dates::step).unwrap_or_default(),
            message: finding.message.clone(),
            fix: finding.fix.clone(),
            records: numbers_and_dates::item_records(finding, line, links),
        }
    }
}

pub(crate) fn needs(run: &RunRecord, severity: Severity, links: Option<&RecordLinks>) -> Vec<Need> {
    let findings = run.end.iter().flat_map(|end| &end.findings);
    let asked = findings.filter(|finding| finding.severity == severity);
    asked
        .map(|finding| {
            let handle = finding.handle.as_deref().unwrap_or_default();
            let line = lines(run).iter().find(|line| !handle.is_empty() && line.handle == handle);
            Need::of(finding, line, links)
        })
        .collect()
}
