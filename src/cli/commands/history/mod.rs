//! `recount history`: every run there was, or what became of lines over time.

pub(crate) mod backup;
mod over_time;

use std::num::NonZeroUsize;

use clap::Args;
use serde::Serialize;

use crate::cli::arguments::global_options::Global;
use crate::cli::commands::history::over_time::LinesOf;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::session;
use crate::cli::wiring::{configured_health, outdated_history};
use crate::history::run_record::RunSummary;
use crate::reconcile::model::ids::RunId;
use crate::reconcile::model::plan::fingerprint::short;
use crate::report::exit_codes::Exit;
use crate::report::format::json::time;
use crate::report::numbers_and_dates;

/// A month of nights.
const RUNS_SHOWN: NonZeroUsize = NonZeroUsize::MIN.saturating_add(29);

/// Arguments of `history`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How many runs, newest first
    #[arg(short = 'n', long, value_name = "N", default_value_t = RUNS_SHOWN, conflicts_with_all = ["customer", "service"])]
    limit: NonZeroUsize,
    /// The lines of this customer over time, instead of the runs
    #[arg(long, value_name = "NAME")]
    customer: Option<String>,
    /// Only the lines of this service or product; alone, those of all customers
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
}

pub(crate) fn run(global: &Global, options: &Options, console: &Console) -> Exit {
    if options.customer.is_some() || options.service.is_some() {
        let Options { customer, service, .. } = options;
        let asked = LinesOf { customer: customer.as_deref(), service: service.as_deref() };
        return over_time::run(global, asked, console);
    }
    match summaries(global, options.limit.get(), console) {
        Ok(Shown { runs, running, exit }) => {
            let document = Document { history: runs.iter().map(|run| Row::of(run, running)).collect() };
            console.show(exit, &document, || table(&runs, running))
        }
        Err(error) => error.tell(console),
    }
}

struct Shown {
    runs: Vec<RunSummary>,
    /// The run that a process is at: only one holds the lock, and it is the newest.
    running: Option<RunId>,
    exit: Exit,
}

fn summaries(global: &Global, limit: usize, console: &Console) -> Result<Shown, CommandError> {
    let config = session::configuration(global)?;
    let is_running = configured_health::running(&config.state).is_some();
    let history = session::existing_history(&config.state)?;
    let exit = outdated_history::told(&config, &history, console);
    let runs = history.runs(limit)?;
    let running = runs.first().filter(|run| is_running && run.end.is_none()).map(|run| run.run);
    Ok(Shown { runs, running, exit })
}

#[derive(Serialize)]
struct Document {
    history: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    run: i64,
    integration: String,
    command: String,
    mode: String,
    verdict: String,
    exit_code: Option<u8>,
    started_at: String,
    finished_at: Option<String>,
    plan: Option<String>,
    to_decide: Option<usize>,
    changed: Option<usize>,
    failed: Option<usize>,
    unknown: Option<usize>,
    lines: Option<usize>,
}

impl Row {
    fn of(run: &RunSummary, running: Option<RunId>) -> Self {
        let totals = run.end.as_ref().map(|end| end.totals);
        let unended = if running == Some(run.run) { "running" } else { "cut off" };
        Self {
            run: run.run.0,
            integration: run.integration.to_string(),
            command: run.command.to_string(),
            mode: run.mode.to_string(),
            verdict: run.end.as_ref().map_or(unended, |end| end.verdict.as_str()).to_owned(),
            exit_code: run.end.as_ref().map(|end| end.exit_code),
            started_at: time(run.started_at.to_utc()),
            finished_at: run.end.as_ref().map(|end| time(end.finished_at)),
            plan: run.planned.as_ref().map(|planned| planned.fingerprint.clone()),
            to_decide: totals.map(|totals| totals.to_decide),
            changed: totals.map(|totals| totals.changed),
            failed: totals.map(|totals| totals.failed),
            unknown: totals.map(|totals| totals.unknown),
            lines: totals.map(|totals| totals.lines),
        }
    }
}

fn table(runs: &[RunSummary], running: Option<RunId>) -> String {
    let mut text = format!(
        "{:>5}  {:<21} {:<14} {:<7} {:<11} {:>6} {:>7}  plan\n",
        "run", "started", "integration", "command", "verdict", "decide", "changed",
    );
    for run in runs {
        let Row { run: id, integration, command, verdict, to_decide, changed, plan, .. } = Row::of(run, running);
        let started = format!("{} {}", numbers_and_dates::day(run.started_at), run.started_at.format("%H:%M"));
        let number = |number: Option<usize>| number.map_or("–".to_owned(), |number| number.to_string());
        let plan = plan.as_deref().map(short).unwrap_or_default();
        let (decide, changed) = (number(to_decide), number(changed));
        let row =
            format!("{id:>5}  {started:<21} {integration:<14} {command:<7} {verdict:<11} {decide:>6} {changed:>7}");
        text.push_str(format!("{row}  {plan}").trim_end());
        text.push('\n');
    }
    text
}
