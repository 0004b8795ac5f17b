//! What a brief says of a run: what needs a person, and what changed.

use crate::history::record::{LineRecord, RunRecord, Totals};
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::plan::code::Severity;
use crate::reconcile::model::plan::remedy::Remedy;
use crate::reconcile::model::quantity::or_dash;
use crate::report::{Change, lines, names};

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
}

/// The four numbers in one line. A message is about what was written: what only would change is not among them.
pub fn in_words(totals: &Totals) -> String {
    let Totals { to_decide, changed, would_change: _, failed, unknown, lines, explained } = totals;
    let doubt = if *unknown == 0 { String::new() } else { format!(" · unknown {unknown}") };
    format!("to decide {to_decide} · changed {changed} · failed {failed}{doubt} · explained {explained}/{lines}")
}

pub(crate) fn needs(run: &RunRecord) -> Vec<Need> {
    let findings = run.end.iter().flat_map(|end| &end.findings);
    let asked = findings.filter(|finding| finding.severity == Severity::Decide);
    asked
        .map(|finding| {
            let handle = finding.handle.clone().unwrap_or_default();
            let line = lines(run).iter().find(|line| !handle.is_empty() && line.handle == handle);
            let about =
                [finding.customer.as_ref().map(|name| name.as_str()), finding.service.as_ref().map(|s| s.as_str())];
            let about: Vec<String> = about.into_iter().flatten().map(shown).collect();
            let title = match line {
                Some(line) => names::line(line),
                None if about.is_empty() => finding.code.as_str().replace('-', " "),
                None => about.join(" · "),
            };
            let step = line.filter(|line| line.was.is_some() || line.wanted.is_some());
            let step = step.map(|line| format!("{} → {}", or_dash(line.was), or_dash(line.wanted))).unwrap_or_default();
            Need { handle, title, step, message: finding.message.clone(), fix: finding.fix.clone() }
        })
        .collect()
}

/// How many lines of this run are of this kind.
pub(crate) fn changes(run: &RunRecord, kind: Change) -> impl Iterator<Item = &LineRecord> {
    lines(run).iter().filter(move |line| Change::of(line) == Some(kind))
}
