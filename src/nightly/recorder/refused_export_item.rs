//! What a refused export asks of a person: one thing. What it says of each line may be as wrong as the export is.

use crate::history::run_record::GoodExport;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::fingerprint::short;
use crate::reconcile::model::plan::outcome::Mode;
use crate::reconcile::model::plan::reason_code::Severity;
use crate::reconcile::model::plan::remedy::Remedy;
use crate::reconcile::model::ticket_kind::TicketKind;

/// The plan that stands on the export, and what is known beside it.
pub(super) struct RefusedExport<'a> {
    pub(super) fingerprint: &'a str,
    pub(super) mode: Mode,
    pub(super) last_good: Option<GoodExport>,
}

impl RefusedExport<'_> {
    /// The findings of the guards with one that asks: what looks wrong, the last good file, and the command that approves
    /// the plan. The other guards of the export are told, each by its code.
    pub(super) fn one_item(&self, stops: Vec<Finding>) -> Vec<Finding> {
        let is_export = |finding: &Finding| TicketKind::of(finding) == Some(TicketKind::RefusedExport);
        let (mut of_export, mut others): (Vec<_>, Vec<_>) = stops.into_iter().partition(is_export);
        let words: Vec<&str> = of_export.iter().map(|finding| finding.message.as_str()).collect();
        let message = format!("{}{}", words.join("; "), self.last_good());
        let mut told = of_export.split_off(of_export.len().min(1)).into_iter();
        others.extend(told.by_ref().map(|finding| Finding {
            severity: Severity::Info,
            fix: Remedy::Unsaid,
            ..finding
        }));
        others.extend(of_export.pop().map(|first| Finding { message, fix: self.fix(&first), ..first }));
        others
    }

    fn fix(&self, first: &Finding) -> Remedy {
        match self.mode {
            Mode::Apply => {
                let typed = format!("recount apply {}", short(self.fingerprint));
                first.fix.clone().or(Remedy::command(typed))
            }
            Mode::Observe | Mode::Off => first.fix.clone(),
        }
    }

    fn last_good(&self) -> String {
        let Some(GoodExport { run, path }) = &self.last_good else { return String::new() };
        let file = path.rsplit('/').next().unwrap_or(path);
        format!("; the last good file is {}, of run {run}", shown(file))
    }
}

/// Whether a finding is kept beside a refused export: what asks about a line, a customer or a service is not.
pub(super) fn is_kept(finding: &Finding) -> bool {
    finding.severity != Severity::Decide || finding.handle.is_none()
}
