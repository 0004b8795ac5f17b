//! What a handle that was typed means in the newest plans.

use crate::cli::error::CommandError;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::plan::remedy::Remedy;
use crate::report::exit_codes::Exit;
use crate::report::open_items::{Item, OpenItems};

/// Handles that are listed in a complaint.
const SHOWN: usize = 5;
/// Less alike is not what was meant.
const ALIKE: f64 = 0.7;

/// Fewer letters than this are a slip of the hand.
pub(crate) const HANDLE_MIN: usize = 4;

/// Refuses what is too short to mean one thing tomorrow as well.
pub(crate) fn long_enough(typed: &str) -> Result<(), CommandError> {
    if typed.chars().count() >= HANDLE_MIN {
        return Ok(());
    }
    let message = format!("\"{}\" is no handle: it takes {HANDLE_MIN} or more of its letters", shown(typed));
    Err(CommandError::new(Exit::Usage, message, Remedy::command("recount held")))
}

/// The one item that was typed, whole or by its first characters.
pub(crate) fn meant<'a>(all: &'a [OpenItems], typed: &str) -> Result<Item<'a>, CommandError> {
    long_enough(typed)?;
    let items: Vec<Item<'a>> = all.iter().flat_map(OpenItems::items).collect();
    let begins = |item: &Item<'_>| item.handle.starts_with(typed);
    let tiers: [&dyn Fn(&Item<'_>) -> bool; 3] =
        [&|item| item.handle == typed, &|item| begins(item) && item.is_asked(), &begins];
    for fits in tiers {
        let found: Vec<&Item<'a>> = items.iter().filter(|item| fits(item)).collect();
        match found.as_slice() {
            [] => {}
            [one] => return Ok(**one),
            several => {
                let handles: Vec<&str> = several.iter().take(SHOWN).map(|item| item.handle).collect();
                return Err(ambiguous(typed, &handles));
            }
        }
    }
    let handles: Vec<&str> = items.iter().map(|item| item.handle).collect();
    Err(unknown(typed, &handles))
}

/// Several handles begin with what was typed.
pub(crate) fn ambiguous(typed: &str, handles: &[&str]) -> CommandError {
    let message = format!("several handles begin with {typed}: {}", handles.join(", "));
    CommandError::new(Exit::Usage, message, "type more of it")
}

/// There is no such handle; perhaps another one was meant.
pub(crate) fn unknown(typed: &str, handles: &[&str]) -> CommandError {
    let fix = alike(typed, handles, "recount held");
    CommandError::new(Exit::Usage, format!("the newest plan has no handle {typed}"), fix)
}

/// The handle that is most like what was typed; `list` is the command that lists all of them.
pub(crate) fn alike(typed: &str, handles: &[&str], list: &str) -> Remedy {
    let alike = handles.iter().map(|handle| (strsim::jaro_winkler(handle, typed), *handle));
    let alike = alike.filter(|(score, _)| *score >= ALIKE).max_by(|(a, _), (b, _)| a.total_cmp(b));
    match alike {
        Some((_, handle)) => format!("did you mean {handle}? else: {list}").into(),
        None => Remedy::command(list),
    }
}
