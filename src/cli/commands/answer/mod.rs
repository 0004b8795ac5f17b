//! `accept`, `keep` and `ignore`: an answer to what is held, for the next plan.

mod answer_targets;
pub(crate) mod desk_answers;
pub(crate) mod next_use;
mod refused_answer;
mod several_lines;
mod taken_back;
mod typed_step;

use chrono::NaiveDate;
use clap::Args;
use serde::Serialize;

use crate::cli::arguments::global_options::Global;
use crate::cli::commands::answer::answer_targets::AnswerTarget;
use crate::cli::commands::answer::refused_answer::refused;
use crate::cli::commands::answer::taken_back::GivenAnswer;
use crate::cli::commands::answer::typed_step::{TypedStep, after_undos, typed_quantity};
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::session::Session;
use crate::cli::{clock, operator, session};
use crate::config::settings::Config;
use crate::history::desk::answer_queue::QueuedAnswer;
use crate::history::run_record::LineRecord;
use crate::history::store::open::History;
use crate::reconcile::model::decision::{Decision, DecisionSubject, SeenLine};
use crate::reconcile::model::display_text::{day, escaped};
use crate::reconcile::model::ids::IntegrationName;
use crate::reconcile::model::plan::outcome::AnswerVerb;
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::quantity::Quantity;
use crate::report::display_names;
use crate::report::exit_codes::Exit;
use crate::report::numbers_and_dates::step;
use crate::report::open_items::{Answerable, Item, OpenItems, open_items};

/// Arguments of `accept`: a step is accepted once, so it has no end.
#[derive(Debug, Args)]
pub(crate) struct AcceptOptions {
    #[command(flatten)]
    which: AnswerTarget,
    /// What the step leads to, as the report shows it: another step is refused. Without it, a line of which the reports showed
    /// several steps is refused
    #[arg(long, value_name = "QUANTITY", conflicts_with_all = ["within", "all"], value_parser = typed_quantity, allow_negative_numbers = true)]
    to: Option<Quantity>,
    /// Accept every step that stops at or before this, for a count that moves each night
    #[arg(long, value_name = "QUANTITY", conflicts_with = "all", value_parser = typed_quantity, allow_negative_numbers = true)]
    within: Option<Quantity>,
    /// Why; kept with the decision
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    note: String,
}

/// Arguments of `keep` and `ignore`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    which: AnswerTarget,
    /// The last day on which it holds; without it, until `recount held --reopen`
    #[arg(long, value_name = "YYYY-MM-DD")]
    until: Option<NaiveDate>,
    /// Why; kept with the decision
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    note: String,
}

/// What was typed, or pressed.
#[derive(Debug, Clone, Copy)]
struct Typed<'a> {
    /// Who pressed it at the desk; else whoever runs the command.
    who: Option<&'a str>,
    verb: AnswerVerb,
    step: TypedStep,
    until: Option<NaiveDate>,
    note: &'a str,
}

pub(crate) fn accept(global: &Global, options: &AcceptOptions, console: &Console) -> Exit {
    let AcceptOptions { which, to, within, note } = options;
    let step = to.map(TypedStep::To).or(within.map(TypedStep::Within)).unwrap_or(TypedStep::Shown);
    run(global, which, Typed { step, ..Typed::of(AnswerVerb::Accept, note) }, console)
}

pub(crate) fn keep(global: &Global, options: &Options, console: &Console) -> Exit {
    let Options { which, until, note } = options;
    run(global, which, Typed { until: *until, ..Typed::of(AnswerVerb::Keep, note) }, console)
}

pub(crate) fn ignore(global: &Global, options: &Options, console: &Console) -> Exit {
    let Options { which, until, note } = options;
    run(global, which, Typed { until: *until, ..Typed::of(AnswerVerb::Ignore, note) }, console)
}

/// Takes an answer back; the matter is asked about again.
pub(crate) fn reopen(global: &Global, handle: &str, console: &Console) -> Exit {
    run(global, &AnswerTarget::one(handle), Typed::of(AnswerVerb::Reopen, ""), console)
}

impl<'a> Typed<'a> {
    fn of(verb: AnswerVerb, note: &'a str) -> Self {
        Self { who: None, verb, step: TypedStep::Shown, until: None, note }
    }
}

fn run(global: &Global, which: &AnswerTarget, typed: Typed<'_>, console: &Console) -> Exit {
    match decide(global, which, typed, console) {
        Err(error) => return error.tell(console),
        Ok(stored) if console.json => match stored.as_slice() {
            [one] => console.document(Exit::Done, one),
            answers => console.document(Exit::Done, &Several { answers }),
        },
        Ok(_) if console.quiet => {}
        Ok(stored) => stored.iter().for_each(|one| console.print(&one.text())),
    }
    Exit::Done
}

/// Several answers at once.
#[derive(Debug, Serialize)]
struct Several<'a> {
    answers: &'a [Stored],
}

#[derive(Debug, Serialize)]
struct Stored {
    verb: &'static str,
    handle: String,
    integration: String,
    said: String,
    /// The answer that held until now, of whoever gave it.
    replaces: Option<String>,
    #[serde(skip)]
    step: String,
}

impl Stored {
    fn text(&self) -> String {
        let Self { verb, handle, integration, said, replaces, step } = self;
        let step = if step.is_empty() { String::new() } else { format!("  {step}") };
        let over = if *verb == "reopen" { "takes back" } else { "replaces" };
        let over = replaces.as_ref().map(|before| format!("  {over}: {before}\n")).unwrap_or_default();
        let back = match *verb {
            "reopen" => String::new(),
            _ => format!("  to take it back: recount held --reopen {handle}\n"),
        };
        format!(
            "{handle}{step}: {said}\n{over}  nothing was written; it takes effect with the next plan or run\n\
             \u{20} to see it now:   recount plan {integration}\n{back}"
        )
    }
}

fn decide(
    global: &Global,
    which: &AnswerTarget,
    typed: Typed<'_>,
    console: &Console,
) -> Result<Vec<Stored>, CommandError> {
    let config = session::configuration(global)?;
    not_past(typed.until, &config)?;
    // A history that an older version made is upgraded under the lock; one that never was is not made here.
    if matches!(History::open_existing(&config.state), Ok(None)) {
        return Err(CommandError::new(Exit::Usage, "there was no run yet", "recount plan"));
    }
    // A person who has just seen the steps means these.
    let typed = match typed.step {
        TypedStep::Shown if which.is_several() && !which.yes => Typed { step: TypedStep::Seen, ..typed },
        _ => typed,
    };
    let mut session = Session::open(&config)?;
    let seen = {
        let all = open_items(config.integrations.keys(), &session.history)?;
        let answers = match typed.verb {
            AnswerVerb::Reopen => Vec::new(),
            _ => answers(&all, which, typed, &session.history)?,
        };
        let is_asked = which.is_several() || answers.len() > 1 || answers.iter().any(Answer::is_over_another_persons);
        is_asked.then(|| answers.iter().map(Answer::shown).collect::<Vec<_>>())
    };
    let Some(seen) = seen else { return store(&config, which, typed, &mut session, None) };
    // Nobody holds the lock while a person reads: the night could not begin.
    drop(session);
    answer_targets::confirm(typed.verb, &seen, which, console)?;
    store(&config, which, typed, &mut Session::open(&config)?, Some(&seen))
}

fn not_past(until: Option<NaiveDate>, config: &Config) -> Result<(), CommandError> {
    let earliest = config.integrations.keys().map(|name| config.day(name, clock::now())).min();
    let today = earliest.unwrap_or_else(|| config.zone.day(clock::now()));
    match until.filter(|until| *until < today) {
        Some(until) => {
            Err(CommandError::new(Exit::Usage, format!("{} is in the past", day(until)), "give a date from today on"))
        }
        None => Ok(()),
    }
}

/// Stores the answers: all of them, or none if one is refused, or if they are not what was shown.
fn store(
    config: &Config,
    which: &AnswerTarget,
    typed: Typed<'_>,
    session: &mut Session,
    seen: Option<&[String]>,
) -> Result<Vec<Stored>, CommandError> {
    let Session { lock, history, .. } = &mut *session;
    let all = open_items(config.integrations.keys(), history)?;
    let answers = match typed.verb {
        AnswerVerb::Reopen => vec![answered(&all, typed, which.first(), history)?],
        _ => answers(&all, which, typed, history)?,
    };
    for answer in answers.iter().filter(|_| typed.verb != AnswerVerb::Reopen) {
        next_use::reaches_a_night(config, answer.use_until(), history)?;
    }
    if seen.is_some_and(|seen| answers.iter().map(Answer::shown).ne(seen.iter().cloned())) {
        let message = "another run ended meanwhile, and shows something else; nothing was answered";
        return Err(CommandError::new(Exit::Usage, message, "look again"));
    }
    let mut stored = Vec::new();
    for Answer { of, matter, decision, name: _, step, replaces } in answers {
        let integration = &of.run.integration;
        history.decide(lock, integration, of.run.run, &matter, &decision)?;
        let (verb, integration, said) = (decision.verb.as_str(), integration.to_string(), decision.sentence());
        let replaces = replaces.as_ref().map(Decision::sentence_of_minute);
        stored.push(Stored { verb, handle: decision.handle, integration, said, replaces, step });
    }
    // The answer is stored; that its copy failed is told by a warning and by `status`.
    let _ = session.copy(config);
    Ok(stored)
}

struct Answer<'a> {
    of: &'a OpenItems,
    matter: DecisionSubject,
    decision: Decision,
    name: String,
    step: String,
    /// The answer that holds until this one is stored.
    replaces: Option<Decision>,
}

impl Answer<'_> {
    /// Whose nights use it, and until when.
    fn use_until(&self) -> (&IntegrationName, Option<NaiveDate>) {
        (&self.of.run.integration, self.decision.until)
    }

    /// As it is shown before it is given.
    fn shown(&self) -> String {
        let shown = format!("{:<9}  {}  {}", self.decision.handle, self.name, self.step).trim_end().to_owned();
        match &self.replaces {
            Some(before) => format!("{shown}  · replaces: {}", before.sentence_of_minute()),
            None => shown,
        }
    }

    /// Two people who answer one item would each believe that their answer holds.
    fn is_over_another_persons(&self) -> bool {
        self.replaces.as_ref().is_some_and(|before| before.who != self.decision.who)
    }
}

/// The answer that somebody gave at the desk while a run was on: it is stored once nobody holds the lock.
fn waiting(about: &Decision, of: &OpenItems, history: &History) -> Result<Option<Decision>, CommandError> {
    let is_of = |queued: &QueuedAnswer| {
        let lines = of.item(&queued.handle).map(|item| item.targets(queued.verb)).unwrap_or_default();
        queued.handle == about.handle || lines.iter().any(|line| line.handle == about.handle)
    };
    let mut waiting = history.queued_answers()?.into_iter().map(|(_, queued)| queued).rev();
    let found = waiting.find(|queued| is_of(queued) && queued.verb != AnswerVerb::Reopen);
    Ok(found.map(|QueuedAnswer { at, who, verb, until, note, .. }| {
        let at = at.with_timezone(about.at.offset());
        Decision { verb, until, note, who, at, within: None, ..about.clone() }
    }))
}

/// The answer about a matter that still holds.
fn held_until_now(items: &OpenItems, matter: &DecisionSubject) -> Option<Decision> {
    let today = clock::now().with_timezone(items.run.started_at.offset()).date_naive();
    let known = items.decisions.0.get(matter);
    known.filter(|known| !known.spent && known.holds_on(today)).cloned()
}

fn answers<'a>(
    all: &'a [OpenItems],
    which: &AnswerTarget,
    typed: Typed<'_>,
    history: &History,
) -> Result<Vec<Answer<'a>>, CommandError> {
    let items = which.items(all, typed.verb)?;
    // They are shown one by one before anything is stored.
    let step = match typed.step {
        TypedStep::Shown if items.len() > 1 && !which.yes => TypedStep::Seen,
        step => step,
    };
    items.into_iter().map(|item| answer(Typed { step, ..typed }, item, history)).collect()
}

fn answer<'a>(typed: Typed<'_>, item: Item<'a>, history: &History) -> Result<Answer<'a>, CommandError> {
    let permitted = item.answer(typed.verb).map_err(|refusal| refused(typed.verb, item, refusal))?;
    if typed.verb == AnswerVerb::Accept {
        typed.step.check(item, history)?;
    }
    let Answerable { matter, reason, seen, named } = permitted;
    // An accepted step is the one that was shown, and no larger one.
    let set_back = item.line.filter(|_| typed.verb != AnswerVerb::Accept);
    let set_back = set_back.map(|line| after_undos(line, item, history)).transpose()?;
    let line = set_back.as_ref().or(item.line);
    let seen = seen.map(|seen| SeenLine { was: line.map_or(seen.was, |line| line.was), ..seen });
    let unmapped = item.line.is_some_and(LineRecord::is_unwanted);
    let decision = Decision { named, unmapped, ..decision(typed, item.handle, reason, seen) };
    let name = item.finding.map(|finding| display_names::matter(finding, line)).or(line.map(display_names::line));
    let step = line.map(step_of).unwrap_or_default();
    let replaces = waiting(&decision, item.of, history)?.or_else(|| held_until_now(item.of, &matter));
    Ok(Answer { of: item.of, matter, decision, name: name.unwrap_or_default(), step, replaces })
}

/// The step of a line, and the other additions that an answer is about.
fn step_of(line: &LineRecord) -> String {
    let mut named = line.named.clone().unwrap_or_default();
    named.0.retain(|addition, _| Some(*addition) != line.addition);
    let named = if named.0.is_empty() { String::new() } else { format!(" ({named})") };
    match (line.was, line.wanted) {
        // Nobody counts it, so there is no step.
        (Some(was), None) if line.sources.is_empty() => format!("bills {was}{named}"),
        _ => format!("{}{named}", step(line)),
    }
}

fn decision(typed: Typed<'_>, handle: &str, reason: Code, seen: Option<SeenLine>) -> Decision {
    Decision {
        handle: handle.to_owned(),
        verb: typed.verb,
        until: typed.until,
        note: escaped(typed.note.trim()),
        who: typed.who.map_or_else(operator::who, str::to_owned),
        at: clock::now().fixed_offset(),
        reason,
        seen,
        named: None,
        within: typed.step.within(),
        unmapped: false,
        spent: false,
    }
}

/// The answer that is taken back.
fn answered<'a>(
    all: &'a [OpenItems],
    typed: Typed<'_>,
    handle: &str,
    history: &History,
) -> Result<Answer<'a>, CommandError> {
    Ok(taken_back(typed, taken_back::meant(all, handle, history)?))
}

/// That one.
fn taken_back<'a>(typed: Typed<'_>, (of, matter, known): GivenAnswer<'a>) -> Answer<'a> {
    let named = known.named.clone();
    let decision = Decision { named, ..decision(typed, &known.handle, known.reason, known.seen) };
    let replaces = held_until_now(of, matter);
    Answer { of, matter: matter.clone(), decision, name: String::new(), step: String::new(), replaces }
}
