//! What a person pressed at the desk, stored as the commands store what was typed.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::cli::clock;
use crate::cli::commands::answer::next_use::reaches_a_night;
use crate::cli::commands::answer::taken_back::{self, GivenAnswer};
use crate::cli::commands::answer::typed_step::TypedStep;
use crate::cli::commands::answer::{Answer, Typed, answer, not_past, several_lines};
use crate::cli::error::CommandError;
use crate::cli::session::Session;
use crate::config::settings::Config;
use crate::history::desk::answer_queue::QueuedAnswer;
use crate::history::desk::events::DeskEvent;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::history::store::run_lock::RunLock;
use crate::reconcile::model::decision::{Decision, answer_as_shown};
use crate::reconcile::model::display_text::{escaped, minute};
use crate::reconcile::model::plan::outcome::AnswerVerb;
use crate::reconcile::model::plan::remedy::Remedy;
use crate::report::exit_codes::Exit;
use crate::report::open_items::{Item, OpenItems, open_items};
use crate::web::desk::host::DeskAnswer;
use crate::web::desk::host::not_done::{NotDone, NotDoneKind};

/// Answers to one item that are looked through.
const ANSWERS: usize = 20;

/// Stores the answers: all of them, or none if one is refused or is not for what was shown.
pub(crate) fn answers(config: &Config, who: &str, pressed: &[DeskAnswer]) -> Result<(), NotDone> {
    let mut session = Session::open(config).map_err(not_done)?;
    let Session { lock, history, .. } = &mut session;
    let all = open_items(config.integrations.keys(), history).map_err(|error| not_done(error.into()))?;
    for until in pressed.iter().map(|pressed| pressed.until) {
        not_past(until, config).map_err(not_done)?;
    }
    let each = pressed.iter().map(|pressed| of_desk(&all, who, pressed, history));
    let each = each.collect::<Result<Vec<_>, NotDone>>()?.into_iter().flatten().collect::<Vec<_>>();
    for answer in each.iter().filter(|answer| answer.decision.verb != AnswerVerb::Reopen) {
        reaches_a_night(config, answer.use_until(), history).map_err(not_done)?;
    }
    for Answer { of, matter, decision, .. } in each {
        let stored = history.decide(lock, &of.run.integration, of.run.run, &matter, &decision);
        stored.map_err(|error| not_done(error.into()))?;
    }
    // The answer is stored; that its copy failed is told by a warning and by `status`.
    let _ = session.copy(config);
    Ok(())
}

/// Lets answers wait for the end of the run that is under way. They are looked at now as they are when they are stored;
/// taking one back takes it out of the queue.
pub(crate) fn queue(config: &Config, who: &str, pressed: &[DeskAnswer], busy: NotDone) -> Result<(), NotDone> {
    let failed = |error: StoreError| not_done(error.into());
    let history = History::open_beside(&config.state).map_err(failed)?;
    let Some(mut history) = history else { return Err(busy) };
    let waiting = history.queued_answers().map_err(failed)?;
    if let [one] = pressed
        && one.verb == AnswerVerb::Reopen
    {
        let (number, known) = waiting.iter().find(|(_, queued)| queued.handle == one.handle).ok_or(busy)?;
        if one.shown.as_deref() != Some(&known.as_shown()) {
            let message = format!("{}; by now it is {} by {}", shown_before(one), known.verb, known.who);
            return Err(moved(message));
        }
        return history.forget_queued(*number).map_err(failed);
    }
    let all = open_items(config.integrations.keys(), &history).map_err(failed)?;
    let mut queued = Vec::new();
    for one in pressed {
        not_past(one.until, config).map_err(not_done)?;
        let own = asked_with(&all, &one.handle);
        let is_answered = |queued: &QueuedAnswer| !own.is_disjoint(&asked_with(&all, &queued.handle));
        if let Some((_, first)) = waiting.iter().find(|(_, queued)| is_answered(queued)) {
            return Err(moved(format!("{} was answered by {} a moment ago", first.handle, first.who)));
        }
        for answer in of_desk(&all, who, one, &history)? {
            reaches_a_night(config, answer.use_until(), &history).map_err(not_done)?;
        }
        let DeskAnswer { verb, handle, shown, until, note } = one.clone();
        queued.push(QueuedAnswer { at: clock::now(), who: who.to_owned(), verb, handle, shown, until, note });
    }
    history.queue_answers(&queued).map_err(failed)
}

/// Stores what waited, now that no run is under way; `false` while one is. An answer whose item has moved meanwhile is
/// refused, and the audit says so.
pub(crate) fn settle(config: &Config) -> Result<bool, CommandError> {
    let Some(mut history) = History::open_beside(&config.state)? else { return Ok(true) };
    for (number, queued) in history.queued_answers()? {
        if RunLock::holder(&config.state).is_some() {
            return Ok(false);
        }
        let QueuedAnswer { at: _, who, verb, handle, shown, until, note } = queued;
        let said = format!("{verb} {handle}");
        match answers(config, &who, &[DeskAnswer { verb, handle, shown, until, note }]) {
            Err(why) if why.kind == NotDoneKind::Busy => return Ok(false),
            Err(why) => history.note_desk_event(&lapsed(&who, &said, &why))?,
            Ok(()) => {}
        }
        history.forget_queued(number)?;
    }
    Ok(true)
}

/// A handle, and the lines that wait under it: who answers the one answers the other.
fn asked_with(all: &[OpenItems], handle: &str) -> BTreeSet<String> {
    let lines = all.iter().filter_map(|items| items.item(handle)).flat_map(|item| item.lines_that_wait());
    lines.map(|line| line.handle.to_owned()).chain([handle.to_owned()]).collect()
}

fn lapsed(who: &str, about: &str, why: &NotDone) -> DeskEvent {
    DeskEvent {
        at: clock::now(),
        person: who.to_owned(),
        address: String::new(),
        deed: "waited with an answer".to_owned(),
        about: about.to_owned(),
        refused: true,
        said: why.message.clone(),
    }
}

/// What is stored for it: one answer, or one for each line of a service that nobody has any more.
fn of_desk<'a>(
    all: &'a [OpenItems],
    who: &str,
    pressed: &DeskAnswer,
    history: &History,
) -> Result<Vec<Answer<'a>>, NotDone> {
    let DeskAnswer { verb, handle, shown, until, note } = pressed;
    // What was shown is compared whole, below.
    let typed = Typed { who: Some(who), step: TypedStep::Seen, until: *until, ..Typed::of(*verb, note) };
    if *verb == AnswerVerb::Reopen {
        let given = of_page(all, pressed, history)?;
        let given = taken_back::not_over(given, history).map_err(not_done)?;
        return Ok(vec![super::taken_back(typed, given)]);
    }
    // The whole handle: one that begins like it may be another item by now.
    let item = all
        .iter()
        .filter_map(|items| items.item(handle))
        .max_by_key(Item::is_asked)
        .ok_or_else(|| moved(format!("the newest plan has no {handle}")))?;
    let is_listed = item.is_listed() || item.is_of_missing_service();
    if item.finding.is_some_and(|finding| !item.of.is_open(finding)) || (is_listed && item.was_answered()) {
        let lines = item.lines_that_wait();
        let is_its =
            |known: &&Decision| known.handle == item.handle || lines.iter().any(|line| line.handle == known.handle);
        let first = item.of.decisions.0.values().filter(is_its).max_by_key(|known| known.at);
        let first = first.map(|known| format!(": {}", known.sentence_of_minute())).unwrap_or_default();
        return Err(moved(format!("{} was answered a moment ago{first}", item.sentence())));
    }
    if shown.as_deref() != Some(&item.as_shown()) {
        return Err(moved(match several_lines::moved(item, shown.as_deref().unwrap_or_default()) {
            Some(lines) => format!("{}: {lines}", item.sentence()),
            None => format!("the newest plan says {}", item.sentence()),
        }));
    }
    item.targets(*verb).into_iter().map(|one| answer(typed, one, history).map_err(not_done)).collect()
}

/// The answer that the page showed. Of one handle several may stand: each is taken back by itself.
fn of_page<'a>(all: &'a [OpenItems], pressed: &DeskAnswer, history: &History) -> Result<GivenAnswer<'a>, NotDone> {
    let given =
        all.iter().flat_map(|items| items.decisions.0.iter().map(move |(matter, known)| (items, matter, known)));
    let mut given: Vec<GivenAnswer<'a>> = given.filter(|(.., known)| known.handle == pressed.handle).collect();
    given.sort_by_key(|(.., known)| std::cmp::Reverse((!known.spent, known.at)));
    for one in &given {
        if is_that(pressed, one.2, history)? {
            return Ok(*one);
        }
    }
    Err(moved(match given.first() {
        Some((.., known)) => format!("{}; by now it is {}", shown_before(pressed), known.sentence_of_minute()),
        None => format!("{}; {}", shown_before(pressed), nothing_answered(all, &pressed.handle)),
    }))
}

/// Why an answer cannot be taken back that the page showed, and that is not there.
fn nothing_answered(all: &[OpenItems], handle: &str) -> &'static str {
    let of_lines = all.iter().filter_map(|items| items.item(handle)).flat_map(|item| item.lines_that_wait());
    match of_lines.into_iter().any(|line| line.was_answered()) {
        true => "by now it is stored for each of its lines, and each is taken back by itself",
        false => "by now nothing is answered",
    }
}

/// Whether it is the answer that the page showed: that very one, or the one that waited there for the end of a run and was
/// stored since.
fn is_that(pressed: &DeskAnswer, known: &Decision, history: &History) -> Result<bool, NotDone> {
    let shown = pressed.shown.as_deref().unwrap_or_default();
    if shown == known.as_shown() {
        return Ok(true);
    }
    let Some((at, who)) = at_and_who(shown) else { return Ok(false) };
    let given = history.answers_to(&known.handle, ANSWERS).map_err(|error| not_done(error.into()))?;
    let since: Vec<&Decision> = given.iter().filter(|one| one.at.to_utc() >= at).collect();
    Ok(matches!(since[..], [one] if one.who == who && shown == answer_as_shown(one.verb, at, who)))
}

fn at_and_who(shown: &str) -> Option<(DateTime<Utc>, &str)> {
    let (_, rest) = shown.split_once(':')?;
    let (at, who) = rest.split_once(':')?;
    Some((DateTime::from_timestamp_micros(at.parse().ok()?)?, who))
}

/// `this page showed: accept by ada on Sun 29 Nov 2026 18:20 UTC`.
fn shown_before(pressed: &DeskAnswer) -> String {
    let shown = pressed.shown.as_deref().unwrap_or_default();
    let verb = shown.split(':').next().and_then(AnswerVerb::from_word);
    match verb.zip(at_and_who(shown)) {
        Some((verb, (at, who))) => {
            format!("the page showed: {verb} by {} on {}", escaped(who), minute(at.fixed_offset()))
        }
        None => format!("the page did not say which answer about {} it showed", pressed.handle),
    }
}

/// That somebody else holds the lock.
pub(crate) fn busy() -> NotDone {
    let message = "another run is under way".to_owned();
    NotDone { kind: NotDoneKind::Busy, message, fix: "wait for its end".into() }
}

/// Whether what holds the lock is a run, and no command that stores something.
pub(crate) fn is_run_at_work(config: &Config) -> bool {
    let history = History::open_existing(&config.state).ok().flatten();
    let newest = history.and_then(|history| history.latest_run(None).ok().flatten());
    RunLock::holder(&config.state).is_some() && newest.is_some_and(|run| run.end.is_none())
}

fn moved(message: String) -> NotDone {
    NotDone { kind: NotDoneKind::Moved, message, fix: Remedy::Unsaid }
}

/// As a page tells it.
pub(crate) fn not_done(error: CommandError) -> NotDone {
    let CommandError { exit, message, fix, stands_by, .. } = error;
    let kind = match exit {
        // Nothing can wait here for the end of a run: the nights are another host's.
        Exit::Locked if stands_by => NotDoneKind::Failed,
        Exit::Locked => NotDoneKind::Busy,
        Exit::Usage | Exit::Config => NotDoneKind::Wrong,
        _ => NotDoneKind::Failed,
    };
    NotDone { kind, message, fix }
}
