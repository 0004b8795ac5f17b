//! What each guard of a plan measured, folded: whoever approves it can look.

use maud::{Markup, html};

use crate::history::run_record::RunRecord;
use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::plan::guard_measurement::GuardLook;
use crate::report::numbers_and_dates;
use crate::web::pages::page_pieces;

/// The guards of a plan; nothing where none was asked, or nobody noted it.
pub(crate) fn fold(run: &RunRecord) -> Markup {
    let guards = of(run);
    html! { @if !guards.is_empty() {
        section { details.fold {
            summary { (looked(guards.len())) " looked at it " small { (outcome(guards)) } }
            (list(guards, "checks"))
        } }
    } }
}

/// The same of the export of an integration, with those that stop it in sight.
pub(crate) fn of_export(run: &RunRecord) -> Markup {
    let guards = of(run);
    let about = shown(run.integration.as_str());
    html! { @if !guards.is_empty() {
        details.fold open[guards.iter().any(|guard| guard.stops)] {
            summary { (about) ": " (looked(guards.len())) " looked at its newest export " small { (outcome(guards)) } }
            (list(guards, "checks"))
        }
    } }
}

/// One after another, passed or not.
pub(crate) fn list(guards: &[GuardLook], class: &str) -> Markup {
    html! { ul class=(class) aria-label="Guards" { @for guard in guards { li {
        @if guard.stops { (page_pieces::sign("ask", '!')) } @else { (page_pieces::sign("good", '✓')) }
        p { @if guard.stops { b { (page_pieces::words_of(guard.code.as_str())) ": " } } (escaped(&guard.said)) }
    } } } }
}

fn of(run: &RunRecord) -> &[GuardLook] {
    run.planned.as_ref().map_or(&[], |planned| &planned.guards)
}

fn looked(guards: usize) -> String {
    numbers_and_dates::plural(guards, "guard")
}

/// `8 let it pass, too many changes holds it`.
fn outcome(guards: &[GuardLook]) -> String {
    let stops: Vec<String> =
        guards.iter().filter(|guard| guard.stops).map(|guard| page_pieces::words_of(guard.code.as_str())).collect();
    let passed = guards.len() - stops.len();
    match stops.as_slice() {
        [] => "all let it pass".to_owned(),
        [one] => format!("{passed} let it pass, {one} holds it"),
        several => format!("{passed} let it pass, held by {}", several.join(", ")),
    }
}
