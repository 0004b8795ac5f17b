//! `recount why HANDLE`: one line's whole chain.

use std::collections::BTreeSet;

use clap::Args;
use serde::Serialize;

use crate::cli::arguments::global_options::Global;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::wiring::outdated_history;
use crate::cli::{clock, session};
use crate::config::settings::Config;
use crate::export::read::alike_names::{alike, named_in_part};
use crate::history::run_record::RunRecord;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::display_text::{shell_word, shown};
use crate::reconcile::model::ids::RunId;
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::line::Source;
use crate::reconcile::model::plan::remedy::Remedy;
use crate::report::command_output::held_output::{AnswerJson, AnsweredItem};
use crate::report::command_output::why_output;
use crate::report::command_output::why_output::{Night, Trend};
use crate::report::exit_codes::Exit;
use crate::report::format::json::{Document as RunDocument, JsonLine};
use crate::report::open_items::{decided, open_items};
use crate::report::{lines, sparkline};

/// Nights that are listed of a line.
const NIGHTS: usize = 30;

/// Arguments of `why`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The handle, as reports show it; a customer's name lists the handles of its lines
    handle: String,
}

pub(crate) fn run(global: &Global, options: &Options, console: &Console) -> Exit {
    let (chain, exit) = match chain_of(global, &options.handle, console) {
        Err(error) => return error.tell(console),
        Ok(found) => found,
    };
    match chain {
        Chain::Line(chain, answer) if console.json => {
            let answer = answer.as_deref().map(AnswerJson::of);
            console.document(exit, &Document { nights: nights_json(&chain.nights), answer });
        }
        Chain::Line(chain, answer) => {
            console.print(&why_output::render(&chain.nights, &chain.trend, &chain.findings, answer.as_deref()));
        }
        Chain::Subject(run, _) if console.json => {
            console.document(exit, &RunDocument::new(std::slice::from_ref(&*run), None));
        }
        Chain::Customer(nights) if console.json => {
            console.document(exit, &Document { nights: nights_json(&nights), answer: None });
        }
        Chain::Customer(nights) => console.print(&why_output::render_customer(&options.handle, &nights)),
        Chain::Subject(run, finding) => console.print(&why_output::render_matter(&run, &finding)),
    }
    exit
}

/// What a handle is about.
enum Chain {
    /// One line, and what was answered to it since its last night.
    Line(LineChain, Option<Box<AnsweredItem>>),
    /// A customer, a service or a product, in its newest run.
    Subject(Box<RunRecord>, Box<Finding>),
    /// All lines of a customer, in the newest plan of each integration.
    Customer(Vec<Night>),
}

/// A line over time.
pub(crate) struct LineChain {
    /// Newest first.
    pub(crate) nights: Vec<Night>,
    pub(crate) trend: Trend,
    /// All that its newest run found.
    findings: Vec<Finding>,
}

#[derive(Serialize)]
struct Document<'a> {
    nights: Vec<NightJson<'a>>,
    /// What was answered to the line, as far as no write has used it up.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<AnswerJson<'a>>,
}

fn nights_json(nights: &[Night]) -> Vec<NightJson<'_>> {
    nights.iter().map(|night| NightJson { run: night.run.run.0, line: JsonLine::of(&night.line) }).collect()
}

#[derive(Serialize)]
struct NightJson<'a> {
    run: i64,
    line: JsonLine<'a>,
}

/// What the handle is about, and whether the history can be believed.
fn chain_of(global: &Global, handle: &str, console: &Console) -> Result<(Chain, Exit), CommandError> {
    let config = session::configuration(global)?;
    let history = session::existing_history(&config.state)?;
    let exit = outdated_history::told(&config, &history, console);
    Ok((chain_in(&config, &history, handle)?, exit))
}

fn chain_in(config: &Config, history: &History, handle: &str) -> Result<Chain, CommandError> {
    let found = history.find_line(handle)?;
    match found.as_slice() {
        [] => match of_matter(history, handle)? {
            Some((run, finding)) => Ok(Chain::Subject(Box::new(run), Box::new(finding))),
            None => {
                let nights = of_customer(history, handle)?;
                if nights.is_empty() { Err(unknown(history, handle)) } else { Ok(Chain::Customer(nights)) }
            }
        },
        [(_, line)] => {
            let chain = of_line(history, &line.handle)?;
            let answer = answer(config, history, &chain)?;
            Ok(Chain::Line(chain, answer.map(Box::new)))
        }
        several => {
            let found: Vec<&str> = several.iter().map(|(_, line)| line.handle.as_str()).collect();
            let message = format!("several lines begin with {handle}: {}", found.join(", "));
            Err(CommandError::new(Exit::Usage, message, "type more of it"))
        }
    }
}

/// The answer to a line that no write has used up yet.
fn answer(config: &Config, history: &History, chain: &LineChain) -> Result<Option<AnsweredItem>, StoreError> {
    let Some(Night { run, line: newest }) = chain.nights.first() else { return Ok(None) };
    let all = open_items(std::iter::once(&run.integration), history)?;
    let answered = decided(&all, |name| config.day(name, clock::now()));
    Ok(answered.into_iter().find(|one| one.line.as_ref().is_some_and(|line| line.handle == newest.handle)))
}

/// The lines of a customer whose name was typed.
fn of_customer(history: &History, typed: &str) -> Result<Vec<Night>, StoreError> {
    // Copied from a mail, it may hold what keeps it from being a link there.
    let typed = typed.replace('\u{200b}', "").trim().to_lowercase();
    let named = |source: &Source| source.customer.as_str().to_lowercase() == typed;
    let mut nights = Vec::new();
    for run in history.newest_runs()? {
        let Some(plan) = history.latest_plan(&run.integration)? else { continue };
        let Some(run) = history.summary(plan.run)? else { continue };
        let of_customer = lines(&plan).iter().filter(|line| line.sources.iter().any(named));
        nights.extend(of_customer.map(|line| Night { run: run.clone(), line: line.clone() }));
    }
    Ok(nights)
}

/// Nothing has this handle; perhaps a customer was meant, or a line of the newest run.
fn unknown(history: &History, handle: &str) -> CommandError {
    let plans = history.newest_runs().into_iter().flatten();
    let plans: Vec<RunRecord> = plans.filter_map(|run| history.latest_plan(&run.integration).ok().flatten()).collect();
    let customers = plans.iter().flat_map(lines).flat_map(|line| &line.sources).map(|source| source.customer.as_str());
    if let Some(customer) = named_in_part(handle, customers) {
        let message = format!("nothing has the handle {}, and no customer is called so", shown(handle));
        let why = Remedy::command(format!("recount why {}", shell_word(customer)));
        return CommandError::new(Exit::Usage, message, why.noting("if that customer is meant"));
    }
    let newest = history.latest_run(None).ok().flatten();
    let handles: Vec<&str> = newest.iter().flat_map(lines).map(|line| line.handle.as_str()).collect();
    let meant = alike(handle, handles).map(|meant| format!("did you mean {meant}? else: "));
    let fix = format!("{}recount report", meant.unwrap_or_default());
    CommandError::new(Exit::Usage, format!("nothing has the handle {}", shown(handle)), fix)
}

fn of_matter(history: &History, handle: &str) -> Result<Option<(RunRecord, Finding)>, StoreError> {
    let Some((run, finding)) = history.find_asked(handle)? else { return Ok(None) };
    Ok(history.run(run)?.map(|run| (run, finding)))
}

pub(crate) fn of_line(history: &History, handle: &str) -> Result<LineChain, StoreError> {
    let mut nights = Vec::new();
    for (run, _, line) in history.line_history(handle, NIGHTS)? {
        nights.extend(history.summary(run)?.map(|run| Night { run, line }));
    }
    let (mut trend, mut findings) = (Trend::default(), Vec::new());
    if let Some(newest) = nights.first() {
        let runs = history.nights(&newest.run.integration, newest.run.run, sparkline::NIGHTS)?;
        let of = runs.iter().map(|run| run.command).collect();
        let runs: Vec<RunId> = runs.iter().map(|run| run.run).collect();
        let of_line = history.line_nights(&runs, &BTreeSet::from([handle]))?;
        let of_line = of_line.get(handle).map(Vec::as_slice).unwrap_or_default();
        trend = Trend { of, billed: sparkline::billed(&runs, of_line), wanted: sparkline::wanted(&runs, of_line) };
        findings = history.findings(newest.run.run)?;
    }
    Ok(LineChain { nights, trend, findings })
}
