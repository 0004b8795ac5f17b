//! What a person pressed at the desk, stored as the commands store what was typed.

use crate::cli::commands::answer::accepted_step::TypedStep;
use crate::cli::commands::answer::{Answer, Typed, answer, answered, not_past};
use crate::cli::error::CommandError;
use crate::cli::session::Session;
use crate::config::settings::Config;
use crate::history::store::open::History;
use crate::reconcile::model::plan::outcome::Verb;
use crate::reconcile::model::plan::remedy::Remedy;
use crate::report::exit::Exit;
use crate::report::open_items::{Item, OpenItems, open_items};
use crate::web::desk::host::DeskAnswer;
use crate::web::desk::host::not_done::{NotDone, NotDoneKind};

/// Stores the answers: all of them, or none if one is refused or is not for what was shown.
pub(crate) fn answers(config: &Config, who: &str, pressed: &[DeskAnswer]) -> Result<(), NotDone> {
    let mut session = Session::open(&config.state).map_err(not_done)?;
    let Session { lock, history } = &mut session;
    let all = open_items(config.integrations.keys(), history).map_err(|error| not_done(error.into()))?;
    for until in pressed.iter().map(|pressed| pressed.until) {
        not_past(until, config).map_err(not_done)?;
    }
    let each = pressed.iter().map(|pressed| of_desk(&all, who, pressed, history));
    for Answer { of, matter, decision, .. } in each.collect::<Result<Vec<_>, NotDone>>()? {
        let stored = history.decide(lock, &of.run.integration, of.run.run, &matter, &decision);
        stored.map_err(|error| not_done(error.into()))?;
    }
    Ok(())
}

fn of_desk<'a>(
    all: &'a [OpenItems],
    who: &str,
    pressed: &DeskAnswer,
    history: &History,
) -> Result<Answer<'a>, NotDone> {
    let DeskAnswer { verb, handle, shown, until, note } = pressed;
    // What was shown is compared whole, below.
    let typed = Typed { who: Some(who), step: TypedStep::Seen, until: *until, ..Typed::of(*verb, note) };
    if *verb == Verb::Reopen {
        let known = all.iter().flat_map(|items| items.decisions.0.values()).any(|known| known.handle == *handle);
        if !known {
            return Err(moved(format!("nothing is answered about {handle}")));
        }
        return answered(all, typed, handle).map_err(not_done);
    }
    // The whole handle: one that begins like it may be another item by now.
    let item = all
        .iter()
        .filter_map(|items| items.item(handle))
        .max_by_key(Item::is_asked)
        .ok_or_else(|| moved(format!("the newest plan has no {handle}")))?;
    if item.finding.is_some_and(|finding| !item.of.is_open(finding)) {
        return Err(moved(format!("{} was answered a moment ago", item.said())));
    }
    if shown.as_deref() != Some(&item.as_shown()) {
        return Err(moved(format!("the newest plan says {}", item.said())));
    }
    answer(typed, item, history).map_err(not_done)
}

fn moved(message: String) -> NotDone {
    NotDone { kind: NotDoneKind::Moved, message, fix: Remedy::Unsaid }
}

/// As a page tells it.
pub(crate) fn not_done(error: CommandError) -> NotDone {
    let CommandError { exit, message, fix, .. } = error;
    let kind = match exit {
        Exit::Locked => NotDoneKind::Busy,
        Exit::Usage | Exit::Config => NotDoneKind::Wrong,
        _ => NotDoneKind::Failed,
    };
    NotDone { kind, message, fix }
}
