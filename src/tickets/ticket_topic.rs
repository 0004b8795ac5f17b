//! What of a run tickets may be about: each open item once.

use std::collections::BTreeMap;

use crate::history::run_record::{LineRecord, RunRecord};
use crate::reconcile::model::ids::CompanyId;
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::outcome::RunVerdict;
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::ticket_kind::TicketKind;

/// One subject of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketTopic {
    /// What kind.
    pub kind: TicketKind,
    /// Its handle; empty for a subject of the whole night.
    pub handle: String,
    /// What was found; of several the first one of the report, with the words of all.
    pub finding: Finding,
    /// The line, if it is about one.
    pub line: Option<LineRecord>,
    /// The customer's company, where the run knew it.
    pub company: Option<CompanyId>,
}

impl TicketTopic {
    /// What makes a text on its ticket out of date when it changes: the reason, and a line each the commands. One that was
    /// printed for another reason, or another step, is refused.
    pub fn told(&self) -> String {
        let reason = self.finding.code.as_str();
        [reason].into_iter().chain(self.finding.fix.commands()).collect::<Vec<_>>().join("\n")
    }
}

/// Every subject of a run, in the order of [`TicketKind::ALL`] and then of its report.
pub fn subjects(run: &RunRecord) -> Vec<TicketTopic> {
    let mut found: BTreeMap<(usize, String), (usize, TicketTopic)> = BTreeMap::new();
    for (at, finding) in run.end.iter().flat_map(|end| &end.findings).enumerate() {
        let Some(kind) = TicketKind::of(finding) else { continue };
        let rank = TicketKind::ALL.iter().position(|one| *one == kind).unwrap_or_default();
        let handle = finding.handle.clone().unwrap_or_default();
        found
            .entry((rank, handle))
            .and_modify(|(_, subject)| {
                subject.finding.message = format!("{}; {}", subject.finding.message, finding.message);
            })
            .or_insert_with(|| (at, subject(run, kind, finding)));
    }
    let mut found: Vec<(usize, usize, TicketTopic)> =
        found.into_iter().map(|((rank, _), (at, subject))| (rank, at, subject)).collect();
    found.sort_by_key(|(rank, at, _)| (*rank, *at));
    found.into_iter().map(|(_, _, subject)| subject).collect()
}

/// Whether a run looked closely enough to say that a subject is settled because it does not show it. A refused export says
/// nothing of any line, and a held plan is one that nobody believes yet.
pub fn tells_what_is_settled(run: &RunRecord) -> bool {
    run.planned.is_some()
        && run.end.as_ref().is_some_and(|end| !matches!(end.verdict, RunVerdict::Refused | RunVerdict::Held))
}

fn subject(run: &RunRecord, kind: TicketKind, finding: &Finding) -> TicketTopic {
    let handle = finding.handle.clone().unwrap_or_default();
    let lines = || run.planned.iter().flat_map(|planned| &planned.lines);
    let line = lines().find(|line| !handle.is_empty() && line.handle == handle);
    // A company that is not there cannot have a ticket.
    let company = match (finding.code, &line, &finding.customer) {
        (Code::CompanyMissing | Code::CompanyAmbiguous, ..) => None,
        (_, Some(line), _) => line.company,
        (_, None, Some(customer)) => lines()
            .filter(|line| line.sources.iter().any(|source| source.customer == *customer))
            .find_map(|line| line.company),
        (_, None, None) => None,
    };
    TicketTopic { kind, handle, finding: finding.clone(), line: line.cloned(), company }
}
