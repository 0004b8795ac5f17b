//! What a night held: how each item stands by now, and its answers where this night is still the one that asks.

use maud::{Markup, html};

use crate::history::run_record::RunRecord;
use crate::reconcile::model::display_text::escaped;
use crate::report::format::html::html_pieces::Anchors;
use crate::report::report_model::ReportEntry;
use crate::web::desk::visit::Visit;
use crate::web::pages::{one_night, today};

/// A row with buttons, or how it stands; what was answered since is a slip with its Undo.
pub(crate) fn row(visit: &Visit, run: &RunRecord, (entry, places): (&ReportEntry<'_>, &Anchors)) -> Markup {
    let handle = entry.handle();
    let is_it = |found: Option<&str>| !handle.is_empty() && found == Some(handle);
    let night = Some(run.run);
    // An older night shows a step that may not be asked about any more.
    let is_newest = visit.desk.plan(&run.integration).is_some_and(|plan| plan.run.run == run.run);
    if let Some(answer) = visit.desk.queued.iter().find(|one| is_it(Some(&one.handle))).filter(|_| is_newest) {
        return today::waits(visit, answer, night);
    }
    if let Some(answer) = visit.desk.answered.iter().find(|one| is_it(Some(&one.decision.handle))) {
        if is_newest {
            return today::slip(visit, answer, night);
        }
    }
    let open = visit.desk.waiting.iter().find(|one| is_it(one.finding.handle.as_deref()));
    let pressed = match open.filter(|_| is_newest) {
        Some(open) => today::row_answers(visit, open, night),
        None => html! { p.do {} },
    };
    one_night::row(entry, "ask", (places, Some((stands(visit, run, handle, open.is_some()), pressed))))
}

/// How it stands by now.
fn stands(visit: &Visit, run: &RunRecord, handle: &str, is_open: bool) -> Markup {
    let is_queued = visit.desk.queued.iter().any(|answer| answer.handle == handle);
    let decisions = visit.desk.plan(&run.integration).map(|plan| &plan.decisions);
    let answer = decisions.and_then(|all| all.0.values().find(|decision| decision.handle == handle));
    html! {
        @if handle.is_empty() {}
        @else if is_open { b { "still open" } }
        @else if is_queued { b { "answered" } ", waits for the run" }
        @else if let Some(answer) = answer { (escaped(&answer.sentence())) }
        @else { "settled since" }
    }
}
