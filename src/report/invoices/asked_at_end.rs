//! What the last run of a month asked, and what became of that since.

use std::collections::BTreeSet;

use chrono::{DateTime, FixedOffset};

use crate::history::run_record::{LineRecord, RunRecord, RunSummary};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::ids::RunId;
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::reason_code::{Code, Severity};
use crate::reconcile::model::quantity::Quantity;
use crate::report::lines;

/// One item of a month that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedAtEnd {
    /// The item.
    pub finding: Finding,
    /// Its line, where it is about one.
    pub line: Option<LineRecord>,
    /// What became of it.
    pub since: SinceEnd,
}

/// What became of an item after its month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SinceEnd {
    /// The newest plan asks it still, or there is none.
    Open,
    /// The newest plan does not ask it any more.
    Settled {
        /// By which run.
        run: RunId,
        /// When that began.
        at: DateTime<FixedOffset>,
        /// What its line bills there, where it has one.
        billed: Option<Quantity>,
    },
}

/// The items of a run, and how each stands in the newest plan of its integration.
pub fn of_run(history: &History, run: &RunSummary, findings: &[Finding]) -> Result<Vec<AskedAtEnd>, StoreError> {
    let asked: Vec<&Finding> = findings.iter().filter(|finding| finding.severity == Severity::Decide).collect();
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let (then, newest) = (history.run(run.run)?, history.latest_plan(&run.integration)?);
    // A plan that was held settles nothing that it does not show.
    let newest =
        newest.filter(|newest| newest.run > run.run && newest.planned.as_ref().is_some_and(|plan| plan.accepted));
    let open: BTreeSet<(Option<&str>, Code)> = newest
        .iter()
        .flat_map(|newest| newest.end.iter().flat_map(|end| &end.findings))
        .filter(|finding| finding.severity == Severity::Decide)
        .map(|finding| (finding.handle.as_deref(), finding.code))
        .collect();
    let find = |run: Option<&RunRecord>, handle: Option<&str>| {
        run.map(lines).unwrap_or_default().iter().find(|line| Some(line.handle.as_str()) == handle).cloned()
    };
    let each = asked.into_iter().map(|finding| {
        let handle = finding.handle.as_deref();
        let since = match newest.as_ref().filter(|_| !open.contains(&(handle, finding.code))) {
            Some(newest) => {
                let billed = find(Some(newest), handle).and_then(|line| line.now.or(line.was));
                SinceEnd::Settled { run: newest.run, at: newest.started_at, billed }
            }
            None => SinceEnd::Open,
        };
        AskedAtEnd { finding: finding.clone(), line: find(then.as_ref(), handle), since }
    });
    Ok(each.collect())
}
