//! An answer that is taken back: which one is meant, and that one whose step is over sets nothing back.

use std::collections::BTreeMap;

use crate::cli::arguments::typed_handle;
use crate::cli::error::CommandError;
use crate::history::store::open::History;
use crate::reconcile::model::decision::{Decision, DecisionSubject};
use crate::reconcile::model::plan::outcome::Outcome;
use crate::reconcile::model::plan::remedy::Remedy;
use crate::reconcile::model::quantity::or_dash;
use crate::report::exit_codes::Exit;
use crate::report::open_items::OpenItems;

/// Runs of a line that are looked through for the one that wrote it.
const RUNS: usize = 60;

/// An answer that was given, to what, in whose plan.
pub(super) type GivenAnswer<'a> = (&'a OpenItems, &'a DecisionSubject, &'a Decision);

/// The answer that is meant, if it can be taken back: of several to one handle the newest.
pub(super) fn meant<'a>(
    all: &'a [OpenItems],
    handle: &str,
    history: &History,
) -> Result<GivenAnswer<'a>, CommandError> {
    typed_handle::long_enough(handle)?;
    let given = all.iter().flat_map(|items| items.decisions.0.values().map(move |known| (&*known.handle, items)));
    // Of one handle there may be two answers: to what is left behind of a line, and to the line since.
    let given: BTreeMap<&str, &OpenItems> = given.collect();
    let begins = || given.iter().filter(|(known, _)| known.starts_with(handle)).map(|(known, items)| (*known, *items));
    let found: Vec<(&str, &OpenItems)> = match given.get_key_value(handle) {
        Some((known, items)) => vec![(*known, *items)],
        None => begins().collect(),
    };
    let nothing = || {
        let handles: Vec<&str> = given.keys().copied().collect();
        let fix = typed_handle::alike(handle, &handles, "recount held --all");
        CommandError::new(Exit::Usage, format!("nothing was decided about {handle}"), fix)
    };
    match found.as_slice() {
        [(known, items)] => {
            let (matter, answer) = items.decisions.of_handle(known).ok_or_else(nothing)?;
            not_over((*items, matter, answer), history)
        }
        [] => Err(nothing()),
        several => {
            let handles: Vec<&str> = several.iter().map(|(known, _)| *known).collect();
            Err(typed_handle::ambiguous(handle, &handles))
        }
    }
}

/// The same, unless its step was taken.
pub(super) fn not_over<'a>(given: GivenAnswer<'a>, history: &History) -> Result<GivenAnswer<'a>, CommandError> {
    if given.2.spent { Err(is_over(given.2, history)?) } else { Ok(given) }
}

/// That a step was taken, by which run, and what sets it back: taking the answer back would say that it was undone.
fn is_over(known: &Decision, history: &History) -> Result<CommandError, CommandError> {
    let runs = history.line_history(&known.handle, RUNS)?;
    let wrote = runs
        .iter()
        .find(|(_, at, line)| *at >= known.at.to_utc() && matches!(line.outcome, Outcome::Updated | Outcome::Created));
    let step = known.seen.map(|seen| format!("{} → {}", or_dash(seen.was), or_dash(seen.wanted))).unwrap_or_default();
    let said = known.sentence_of_minute();
    let (why, fix) = match wrote {
        Some((run, ..)) => {
            (format!("run {run} has written the step {step}"), Remedy::command(format!("recount undo {run}")))
        }
        None => (format!("an export since asks for the step {step} no more"), Remedy::command("recount held")),
    };
    let message = format!("{}: {said}; {why}, and taking the answer back would set nothing back", known.handle);
    Ok(CommandError::new(Exit::Usage, message, fix))
}
