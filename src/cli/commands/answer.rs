//! `accept`, `keep` and `ignore`: an answer to what is held, for the next plan.

use chrono::NaiveDate;
use clap::Args;
use serde::Serialize;

use crate::cli::console::Console;
use crate::cli::error::Trouble;
use crate::cli::session::Session;
use crate::cli::waiting::{Board, Target};
use crate::cli::{Global, clock, operator, session, waiting};
use crate::config::settings::Config;
use crate::history::record::LineRecord;
use crate::history::store::open::History;
use crate::reconcile::decide::decisions::may_be_accepted;
use crate::reconcile::exit::Exit;
use crate::reconcile::model::code::{Code, Severity};
use crate::reconcile::model::decision::{Decision, Matter, SeenLine};
use crate::reconcile::model::display_text::escaped;
use crate::reconcile::model::fingerprint::short;
use crate::reconcile::model::outcome::{Outcome, Verb};
use crate::report::words::step;

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

/// What was typed.
#[derive(Debug, Clone, Copy)]
struct Typed<'a> {
    verb: Verb,
    handle: &'a str,
    until: Option<NaiveDate>,
    note: &'a str,
}

pub(crate) fn accept(global: &Global, options: &AcceptOptions, console: &Console) -> Exit {
    let AcceptOptions { handle, note } = options;
    run(global, Typed { verb: Verb::Accept, handle, until: None, note }, console)
}

pub(crate) fn keep(global: &Global, options: &Options, console: &Console) -> Exit {
    let Options { handle, until, note } = options;
    run(global, Typed { verb: Verb::Keep, handle, until: *until, note }, console)
}

pub(crate) fn ignore(global: &Global, options: &Options, console: &Console) -> Exit {
    let Options { handle, until, note } = options;
    run(global, Typed { verb: Verb::Ignore, handle, until: *until, note }, console)
}

/// Takes an answer back; the matter is asked about again.
pub(crate) fn reopen(global: &Global, handle: &str, console: &Console) -> Exit {
    run(global, Typed { verb: Verb::Reopen, handle, until: None, note: "" }, console)
}

fn run(global: &Global, typed: Typed<'_>, console: &Console) -> Exit {
    match decide(global, typed) {
        Err(trouble) => trouble.tell(console),
        Ok(stored) => {
            if console.json {
                console.document(&stored);
            } else if !console.quiet {
                console.print(&stored.text());
            }
            Exit::Done
        }
    }
}

#[derive(Debug, Serialize)]
struct Stored {
    schema: u8,
    exit_code: u8,
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

fn decide(global: &Global, typed: Typed<'_>) -> Result<Stored, Trouble> {
    let config = session::configuration(global)?;
    let today = clock::now().date_naive();
    if let Some(until) = typed.until.filter(|until| *until < today) {
        return Err(Trouble::new(Exit::Usage, format!("{until} is over"), "name a day from today on"));
    }
    // A history that an older version made is upgraded under the lock; one that never was is not made here.
    if matches!(History::open_existing(&config.state), Ok(None)) {
        return Err(Trouble::new(Exit::Usage, "there was no run yet", "recount plan"));
    }
    let mut session = Session::open(&config.state)?;
    store(&config, typed, &mut session)
}

fn store(config: &Config, typed: Typed<'_>, session: &mut Session) -> Result<Stored, Trouble> {
    let Session { lock, history } = session;
    let boards = waiting::boards(config, history)?;
    let answer = match typed.verb {
        Verb::Reopen => answered(&boards, typed)?,
        _ => answer(typed, waiting::target(&boards, typed.handle)?)?,
    };
    let Answer { board, matter, decision, step } = answer;
    let integration = &board.run.integration;
    history.decide(lock, integration, board.run.run, &matter, &decision).map_err(|error| session::store(&error))?;
    let (verb, integration, said) = (decision.verb.as_str(), integration.to_string(), decision.said());
    Ok(Stored { schema: 1, exit_code: 0, verb, handle: decision.handle, integration, said, step })
}

struct Answer<'a> {
    board: &'a Board,
    matter: Matter,
    decision: Decision,
    step: String,
}

fn answer<'a>(typed: Typed<'_>, target: Target<'a>) -> Result<Answer<'a>, Trouble> {
    let (matter, reason) = match typed.verb {
        Verb::Accept => acceptable(target),
        Verb::Keep => keepable(target),
        Verb::Ignore | Verb::Reopen => ignorable(target),
    }
    .ok_or_else(|| refusal(typed.verb, target))?;
    let seen = target.line.filter(|_| matches!(matter, Matter::Line(..))).map(|line| SeenLine {
        addition: line.addition,
        was: line.was,
        wanted: line.wanted,
    });
    let decision = decision(typed, target.handle, reason, seen);
    Ok(Answer { board: target.board, matter, decision, step: target.line.map(step).unwrap_or_default() })
}

fn decision(typed: Typed<'_>, handle: &str, reason: Code, seen: Option<SeenLine>) -> Decision {
    Decision {
        handle: handle.to_owned(),
        verb: typed.verb,
        until: typed.until,
        note: escaped(typed.note.trim()),
        who: operator::who(),
        at: clock::now(),
        reason,
        seen,
        spent: false,
    }
}

/// A line whose step a person can take upon themselves.
fn acceptable(target: Target<'_>) -> Option<(Matter, Code)> {
    let line = target.line?;
    let held = line.outcome == Outcome::Held && may_be_accepted(line.reason) && line.wanted.is_some();
    held.then_some((Matter::line(&line.key()?), line.reason))
}

/// A line that would be written, now or once something else is mended.
fn keepable(target: Target<'_>) -> Option<(Matter, Code)> {
    let line = target.line?;
    let fits = match line.outcome {
        Outcome::Held => may_be_accepted(line.reason) || matches!(line.reason, Code::LineMissing | Code::PlanHeld),
        Outcome::Unknown => false,
        _ => true,
    };
    fits.then_some((Matter::line(&line.key()?), line.reason))
}

/// A matter that is asked about, or that is ignored already.
fn ignorable(target: Target<'_>) -> Option<(Matter, Code)> {
    let finding = target.finding?;
    let matter = target.board.matter(finding)?;
    let ignored = || target.board.decisions.0.get(&matter).is_some_and(|known| known.verb == Verb::Ignore);
    (finding.severity == Severity::Decide || ignored()).then_some((matter, finding.code))
}

/// Why this is no answer to it, and what is.
fn refusal(verb: Verb, target: Target<'_>) -> Trouble {
    let Target { board, handle, finding, line } = target;
    let plan = format!("recount plan {}", board.run.integration);
    let (why, fix) = match (line, finding.filter(|finding| finding.severity == Severity::Decide)) {
        (Some(LineRecord { reason: Code::PlanHeld, .. }), _) => {
            let fingerprint = board.run.planned.as_ref().map(|planned| short(&planned.fingerprint)).unwrap_or_default();
            ("the whole plan is held, and is approved as a whole".to_owned(), format!("recount apply {fingerprint}"))
        }
        (Some(LineRecord { outcome: Outcome::Conflict, detail, .. }), _) => (detail.clone(), plan),
        (_, Some(found)) => {
            let ignore = if verb == Verb::Ignore { String::new() } else { format!(" | recount ignore {handle}") };
            (format!("{}: {}", found.code, found.message), format!("{}{ignore}", found.fix))
        }
        (Some(LineRecord { outcome: Outcome::Held, reason, detail, .. }), None) => {
            let why = if detail.is_empty() { reason.to_string() } else { format!("{reason}: {detail}") };
            (format!("another matter holds it, {why}"), "recount held".to_owned())
        }
        (Some(LineRecord { outcome, reason, .. }), None) => {
            (format!("it does not wait for anybody: {outcome}, {reason}"), "recount held".to_owned())
        }
        (None, None) => ("nobody is asked about it".to_owned(), "recount held".to_owned()),
    };
    Trouble::new(Exit::Usage, format!("cannot {verb} {handle}: {why}"), fix)
}

/// The answer that is taken back.
fn answered<'a>(boards: &'a [Board], typed: Typed<'_>) -> Result<Answer<'a>, Trouble> {
    let all = || {
        let of = |board: &'a Board| board.decisions.0.iter().map(move |(matter, known)| (board, matter, known));
        boards.iter().flat_map(of)
    };
    let exact: Vec<_> = all().filter(|(_, _, known)| known.handle == typed.handle).collect();
    let found: Vec<_> = if exact.is_empty() {
        all().filter(|(.., known)| known.handle.starts_with(typed.handle)).collect()
    } else {
        exact
    };
    match found.as_slice() {
        [(board, matter, known)] => {
            let decision = decision(typed, &known.handle, known.reason, known.seen);
            Ok(Answer { board, matter: (*matter).clone(), decision, step: String::new() })
        }
        [] => {
            let handles: Vec<&str> = all().map(|(.., known)| known.handle.as_str()).collect();
            let Trouble { exit, fix, .. } = waiting::unknown(typed.handle, &handles);
            let fix = fix.replace("recount held", "recount held --all");
            Err(Trouble::new(exit, format!("nothing was decided about {}", typed.handle), fix))
        }
        several => {
            let handles: Vec<&str> = several.iter().map(|(.., known)| known.handle.as_str()).collect();
            let message = format!("several handles begin with {}: {}", typed.handle, handles.join(", "));
            Err(Trouble::new(Exit::Usage, message, "type more of it"))
        }
    }
}
