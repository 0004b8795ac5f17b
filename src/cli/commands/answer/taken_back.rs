//! An answer that is taken back: which one is meant, and that one whose step is over sets nothing back.

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

/// The answer that is meant, if it can be taken back.
pub(super) fn meant<'a>(
    all: &'a [OpenItems],
    handle: &str,
    history: &History,
) -> Result<(&'a OpenItems, &'a DecisionSubject, &'a Decision), CommandError> {
    typed_handle::long_enough(handle)?;
    let answers = || {
        let of = |items: &'a OpenItems| items.decisions.0.iter().map(move |(matter, known)| (items, matter, known));
        all.iter().flat_map(of)
    };
    let exact: Vec<_> = answers().filter(|(_, _, known)| known.handle == handle).collect();
    let found: Vec<_> = if exact.is_empty() {
        answers().filter(|(.., known)| known.handle.starts_with(handle)).collect()
    } else {
        exact
    };
    let handles = |found: &[(&OpenItems, &DecisionSubject, &'a Decision)]| -> Vec<&'a str> {
        found.iter().map(|(.., known)| known.handle.as_str()).collect()
    };
    match found.as_slice() {
        [(.., known)] if known.spent => Err(is_over(known, history)?),
        [one] => Ok(*one),
        [] => {
            let handles = handles(&answers().collect::<Vec<_>>());
            let fix = typed_handle::alike(handle, &handles, "recount held --all");
            Err(CommandError::new(Exit::Usage, format!("nothing was decided about {handle}"), fix))
        }
        several => Err(typed_handle::ambiguous(handle, &handles(several))),
    }
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
