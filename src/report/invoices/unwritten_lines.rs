//! Lines that are counted and not billed so, although no person said to leave them.

use std::collections::BTreeSet;

use crate::history::run_record::LineRecord;
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::outcome::Outcome;
use crate::reconcile::model::plan::reason_code::{Code, Severity};

/// Why a line is not billed as it is counted, where nobody is asked about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unwritten {
    /// A run would write it: it was only shown, not reached, changed meanwhile, or waits for another line.
    ByARun,
    /// A write was refused, or is in doubt.
    InDoubt,
    /// It waits for a day, or bills in advance, by configuration: the page names it.
    Named,
}

impl Unwritten {
    /// What a line is of these; `None` for one that is billed as counted, was left on purpose, or waits for an answer. `asked`
    /// are the reasons of which the run asks something.
    pub fn of(line: &LineRecord, asked: &BTreeSet<Code>) -> Option<Self> {
        // Where nothing is billed, 0 is; what is wanted and not known is no 0.
        let is_equal = line.wanted.is_some_and(|wanted| wanted == line.now.or(line.was).unwrap_or_default());
        match (line.outcome, line.reason) {
            (Outcome::Unchanged | Outcome::Updated | Outcome::Created, _)
            | (
                Outcome::Skipped,
                Code::Kept | Code::Ignored | Code::CustomerSkipped | Code::ServiceNotAssigned | Code::ServiceDeprecated,
            ) => None,
            (Outcome::Skipped, Code::ReportOnly) => Some(Self::Named),
            (Outcome::Failed | Outcome::Unknown, _) | (_, Code::InDoubt) => Some(Self::InDoubt),
            (Outcome::WouldUpdate | Outcome::WouldCreate | Outcome::Conflict, _) => Some(Self::ByARun),
            _ if is_equal => None,
            (Outcome::Skipped, Code::Frozen | Code::InvoiceDue) => Some(Self::Named),
            (Outcome::Held, reason) if asked.contains(&reason) => None,
            (Outcome::Held | Outcome::Skipped, _) => Some(Self::ByARun),
        }
    }
}

/// The reasons of which a run asks something.
pub fn asked(findings: &[Finding]) -> BTreeSet<Code> {
    findings.iter().filter(|finding| finding.severity == Severity::Decide).map(|finding| finding.code).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reconcile::model::plan::line::FirstBilled;
    use crate::reconcile::model::quantity::Quantity;

    fn line(outcome: Outcome, reason: Code, was: Option<u32>, wanted: Option<u32>) -> LineRecord {
        LineRecord {
            handle: "a7kx".to_owned(),
            company: None,
            agreement: None,
            addition: None,
            product: None,
            item: None,
            sources: Vec::new(),
            was: was.map(Quantity::from),
            wanted: wanted.map(Quantity::from),
            now: None,
            outcome,
            reason,
            detail: String::new(),
            named: None,
            billed: FirstBilled::default(),
            changed_at: None,
            edited: None,
        }
    }

    /// Otherwise a new reason to hold a line could be billed nowhere under READY: what nobody is asked about is not written.
    #[test]
    fn what_is_held_and_asks_nobody_is_not_written_whatever_the_reason() {
        let on_purpose =
            [Code::Kept, Code::Ignored, Code::CustomerSkipped, Code::ServiceNotAssigned, Code::ServiceDeprecated];
        let named = [Code::Frozen, Code::InvoiceDue, Code::ReportOnly];
        for code in Code::ALL {
            let asked = BTreeSet::from([*code]);
            let held = line(Outcome::Held, *code, Some(3), Some(7));
            let silent = Unwritten::of(&held, &BTreeSet::new());
            let doubt = if *code == Code::InDoubt { Unwritten::InDoubt } else { Unwritten::ByARun };
            assert_eq!(silent, Some(doubt), "{code}");
            assert_eq!(
                Unwritten::of(&held, &asked).is_none(),
                *code != Code::InDoubt,
                "{code}: it is in the way by itself"
            );
            let skipped = Unwritten::of(&line(Outcome::Skipped, *code, Some(3), Some(7)), &asked);
            let expected = match *code {
                code if on_purpose.contains(&code) => None,
                code if named.contains(&code) => Some(Unwritten::Named),
                Code::InDoubt => Some(Unwritten::InDoubt),
                _ => Some(Unwritten::ByARun),
            };
            assert_eq!(skipped, expected, "{code}");
        }
        let unknown = line(Outcome::Held, Code::CustomerIncomplete, Some(0), None);
        assert_eq!(
            Unwritten::of(&unknown, &BTreeSet::new()),
            Some(Unwritten::ByARun),
            "a count that is not known is no 0"
        );
        for outcome in Outcome::ALL {
            let is_done = matches!(outcome, Outcome::Unchanged | Outcome::Updated | Outcome::Created);
            let found = Unwritten::of(&line(*outcome, Code::CountChanged, Some(3), Some(7)), &BTreeSet::new());
            assert_eq!(found.is_none(), is_done, "{outcome}");
        }
    }
}
