//! What each guard of a plan measured, folded: whoever approves it can look.

use maud::{Markup, html};

use crate::history::run_record::RunRecord;
use crate::reconcile::model::display_text::escaped;
use crate::reconcile::model::plan::guard_measurement::GuardLook;
use crate::web::pages::page_pieces;

/// The guards of a plan; nothing where none was asked, or nobody noted it.
pub(crate) fn fold(run: &RunRecord) -> Markup {
    let guards: &[GuardLook] = run.planned.as_ref().map_or(&[], |planned| &planned.guards);
    html! { @if !guards.is_empty() {
        section { details.fold {
            summary { (looked(guards.len())) " " small { (outcome(guards)) } }
            ul.checks { @for guard in guards { li {
                @if guard.stops { (page_pieces::sign("ask", '!')) } @else { (page_pieces::sign("good", '✓')) }
                p { @if guard.stops { b { (page_pieces::words_of(guard.code.as_str())) ": " } } (escaped(&guard.said)) }
            } } }
        } }
    } }
}

fn looked(guards: usize) -> String {
    if guards == 1 { "1 guard looked at it".to_owned() } else { format!("{guards} guards looked at it") }
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
