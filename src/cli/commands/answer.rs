//! `accept`, `keep` and `ignore`: an answer to what is held, for the next plan.

use chrono::NaiveDate;
use clap::Args;
use serde::Serialize;

use crate::cli::arguments::global::Global;
use crate::cli::arguments::typed_handle;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::session::Session;
use crate::cli::{clock, operator, session};
use crate::config::settings::Config;
use crate::history::store::open::History;
use crate::reconcile::decide::answers::Refusal;
use crate::reconcile::model::decision::{Decision, Matter, SeenLine};
use crate::reconcile::model::display_text::escaped;
use crate::reconcile::model::plan::code::Code;
use crate::reconcile::model::plan::fingerprint::short;
use crate::reconcile::model::plan::outcome::Verb;
use crate::reconcile::model::plan::remedy::Remedy;
use crate::report::exit::Exit;
use crate::report::open_items::{Answerable, Item, OpenItems, open_items};
use crate::report::words::step;
use crate::web::desk::host::{DeskAnswer, NotDone, NotDoneKind};

/// Arguments of `accept`: a step is accepted once, so it has no end.
#[derive(Debug, Args)]
pub(crate) struct AcceptOptions {
    /// The handle, as `recount held` shows it, or its first characters
    handle: String,
    /// Why; kept with the decision
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
}

/// Arguments of `keep` and `ignore`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The handle, as `recount held` shows it, or its first characters
    handle: String,
    /// The last day on which it holds; without it, until `recount held --reopen`
    #[arg(long, value_name = "YYYY-MM-DD")]
    until: Option<NaiveDate>,
    /// Why; kept with the decision
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
}

/// What was typed, or pressed.
#[derive(Debug, Clone, Copy)]
struct Typed<'a> {
    /// Who pressed it at the desk; else whoever runs the command.
    who: Option<&'a str>,
    verb: Verb,
    handle: &'a str,
    until: Option<NaiveDate>,
    note: &'a str,
}

pub(crate) fn accept(global: &Global, options: &AcceptOptions, console: &Console) -> Exit {
    let AcceptOptions { handle, note } = options;
    run(global, Typed { who: None, verb: Verb::Accept, handle, until: None, note }, console)
}

pub(crate) fn keep(global: &Global, options: &Options, console: &Console) -> Exit {
    let Options { handle, until, note } = options;
    run(global, Typed { who: None, verb: Verb::Keep, handle, until: *until, note }, console)
}

pub(crate) fn ignore(global: &Global, options: &Options, console: &Console) -> Exit {
    let Options { handle, until, note } = options;
    run(global, Typed { who: None, verb: Verb::Ignore, handle, until: *until, note }, console)
}

/// Takes an answer back; the matter is asked about again.
pub(crate) fn reopen(global: &Global, handle: &str, console: &Console) -> Exit {
    run(global, Typed { who: None, verb: Verb::Reopen, handle, until: None, note: "" }, console)
}

fn run(global: &Global, typed: Typed<'_>, console: &Console) -> Exit {
    match decide(global, typed) {
        Err(error) => error.tell(console),
        Ok(stored) => {
            if console.json {
                console.document(Exit::Done, &stored);
            } else if !console.quiet {
                console.print(&stored.text());
            }
            Exit::Done
        }
    }
}

#[derive(Debug, Serialize)]
struct Stored {
    verb: &'static str,
    handle: String,
    integration: String,
    said: String,
    #[serde(skip)]
    step: String,
}

impl Stored {
    fn text(&self) -> String {
        let Self { verb, handle, integration, said, step, .. } = self;
        let step = if step.is_empty() { String::new() } else { format!("  {step}") };
        let back = match *verb {
            "reopen" => String::new(),
            _ => format!("  to take it back: recount held --reopen {handle}\n"),
        };
        format!(
            "{handle}{step}: {said}\n  nothing was written; it takes effect with the next plan or run\n\
             \u{20} to see it now:   recount plan {integration}\n{back}"
        )
    }
}

fn decide(global: &Global, typed: Typed<'_>) -> Result<Stored, CommandError> {
    let config = session::configuration(global)?;
    not_past(typed.until)?;
    // A history that an older version made is upgraded under the lock; one that never was is not made here.
    if matches!(History::open_existing(&config.state), Ok(None)) {
        return Err(CommandError::new(Exit::Usage, "there was no run yet", "recount plan"));
    }
    let mut session = Session::open(&config.state)?;
    store(&config, typed, &mut session)
}

fn not_past(until: Option<NaiveDate>) -> Result<(), CommandError> {
    let today = clock::now().date_naive();
    match until.filter(|until| *until < today) {
        Some(until) => {
            Err(CommandError::new(Exit::Usage, format!("{until} is in the past"), "give a date from today on"))
        }
        None => Ok(()),
    }
}

fn store(config: &Config, typed: Typed<'_>, session: &mut Session) -> Result<Stored, CommandError> {
    let Session { lock, history } = session;
    let all = open_items(config.integrations.keys(), history)?;
    let answer = match typed.verb {
        Verb::Reopen => answered(&all, typed)?,
        _ => answer(typed, typed_handle::meant(&all, typed.handle)?)?,
    };
    let Answer { of, matter, decision, step } = answer;
    let integration = &of.run.integration;
    history.decide(lock, integration, of.run.run, &matter, &decision)?;
    let (verb, integration, said) = (decision.verb.as_str(), integration.to_string(), decision.said());
    Ok(Stored { verb, handle: decision.handle, integration, said, step })
}

struct Answer<'a> {
    of: &'a OpenItems,
    matter: Matter,
    decision: Decision,
    step: String,
}

fn answer<'a>(typed: Typed<'_>, item: Item<'a>) -> Result<Answer<'a>, CommandError> {
    let permitted = item.answer(typed.verb).map_err(|refusal| refused(typed.verb, item, refusal))?;
    let Answerable { matter, reason, seen } = permitted;
    let decision = decision(typed, item.handle, reason, seen);
    Ok(Answer { of: item.of, matter, decision, step: item.line.map(step).unwrap_or_default() })
}

fn decision(typed: Typed<'_>, handle: &str, reason: Code, seen: Option<SeenLine>) -> Decision {
    Decision {
        handle: handle.to_owned(),
        verb: typed.verb,
        until: typed.until,
        note: escaped(typed.note.trim()),
        who: typed.who.map_or_else(operator::who, str::to_owned),
        at: clock::now(),
        reason,
        seen,
        spent: false,
    }
}

/// Why this is no answer to it, and what is.
fn refused(verb: Verb, item: Item<'_>, refusal: Refusal) -> CommandError {
    let Item { of, handle, finding, line } = item;
    let detail = line.map(|line| line.detail.clone()).unwrap_or_default();
    let held = || Remedy::command("recount held");
    let (why, fix) = match refusal {
        Refusal::PlanHeld => {
            let fingerprint = of.run.planned.as_ref().map(|planned| short(&planned.fingerprint)).unwrap_or_default();
            let approve = Remedy::command(format!("recount apply {fingerprint}"));
            ("the whole plan is held, and is approved as a whole".to_owned(), approve)
        }
        Refusal::Conflict => (detail, Remedy::command(format!("recount plan {}", of.run.integration))),
        Refusal::AnotherRemedy { code, ignorable } => {
            let (message, fix) = finding.map(|found| (&*found.message, found.fix.clone())).unwrap_or_default();
            let ignore = if ignorable { Remedy::command(format!("recount ignore {handle}")) } else { Remedy::Unsaid };
            (format!("{code}: {message}"), fix.or(ignore))
        }
        Refusal::HeldByAnother(reason) if detail.is_empty() => {
            (format!("another open item holds it, {reason}"), held())
        }
        Refusal::HeldByAnother(reason) => (format!("another open item holds it, {reason}: {detail}"), held()),
        Refusal::NotOpen(outcome, reason) => (format!("it is not an open item: {outcome}, {reason}"), held()),
        Refusal::InformationOnly => ("it is for information only".to_owned(), held()),
        Refusal::NotAnswered => ("nothing was decided about it".to_owned(), Remedy::command("recount held --all")),
    };
    CommandError::new(Exit::Usage, format!("cannot {verb} {handle}: {why}"), fix)
}

/// The answer that is taken back.
fn answered<'a>(all: &'a [OpenItems], typed: Typed<'_>) -> Result<Answer<'a>, CommandError> {
    let answers = || {
        let of = |items: &'a OpenItems| items.decisions.0.iter().map(move |(matter, known)| (items, matter, known));
        all.iter().flat_map(of)
    };
    let exact: Vec<_> = answers().filter(|(_, _, known)| known.handle == typed.handle).collect();
    let found: Vec<_> = if exact.is_empty() {
        answers().filter(|(.., known)| known.handle.starts_with(typed.handle)).collect()
    } else {
        exact
    };
    let handles = |found: &[(&OpenItems, &Matter, &'a Decision)]| -> Vec<&'a str> {
        found.iter().map(|(.., known)| known.handle.as_str()).collect()
    };
    match found.as_slice() {
        [(of, matter, known)] => {
            let decision = decision(typed, &known.handle, known.reason, known.seen);
            Ok(Answer { of, matter: (*matter).clone(), decision, step: String::new() })
        }
        [] => {
            let handles = handles(&answers().collect::<Vec<_>>());
            let fix = typed_handle::alike(typed.handle, &handles, "recount held --all");
            Err(CommandError::new(Exit::Usage, format!("nothing was decided about {}", typed.handle), fix))
        }
        several => Err(typed_handle::ambiguous(typed.handle, &handles(several))),
    }
}

/// Stores what a person pressed at the desk: all answers, or none if one is refused or is not for what was shown.
pub(crate) fn at_desk(config: &Config, who: &str, answers: &[DeskAnswer]) -> Result<(), NotDone> {
    let mut session = Session::open(&config.state).map_err(not_done)?;
    let Session { lock, history } = &mut session;
    let all = open_items(config.integrations.keys(), history).map_err(|error| not_done(error.into()))?;
    let permitted: Result<Vec<Answer<'_>>, NotDone> =
        answers.iter().map(|pressed| of_desk(&all, who, pressed)).collect();
    for Answer { of, matter, decision, step: _ } in permitted? {
        let stored = history.decide(lock, &of.run.integration, of.run.run, &matter, &decision);
        stored.map_err(|error| not_done(error.into()))?;
    }
    Ok(())
}

fn of_desk<'a>(all: &'a [OpenItems], who: &str, pressed: &DeskAnswer) -> Result<Answer<'a>, NotDone> {
    let DeskAnswer { verb, handle, shown, until, note } = pressed;
    let typed = Typed { who: Some(who), verb: *verb, handle, until: *until, note };
    not_past(*until).map_err(not_done)?;
    if *verb == Verb::Reopen {
        return answered(all, typed).map_err(not_done);
    }
    // The whole handle: one that begins like it may be another item by now.
    let items = all.iter().flat_map(OpenItems::items).filter(|item| item.handle == handle);
    let item = items.max_by_key(Item::is_asked).ok_or_else(|| moved(format!("the newest plan has no {handle}")))?;
    if item.finding.is_some_and(|finding| !item.of.is_open(finding)) {
        return Err(moved(format!("{} was answered a moment ago", item.said())));
    }
    if shown.as_deref().is_some_and(|shown| shown != item.as_shown()) {
        return Err(moved(format!("the newest plan says {}", item.said())));
    }
    answer(typed, item).map_err(not_done)
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
