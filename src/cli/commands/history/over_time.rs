//! `recount history --customer NAME --service NAME`: lines over time.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::cli::arguments::global_options::Global;
use crate::cli::commands::report::unknown_customer;
use crate::cli::commands::why::{LineChain, of_line};
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::session;
use crate::cli::wiring::outdated_history;
use crate::history::run_record::LineRecord;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::ids::CustomerName;
use crate::report::command_output::why_output;
use crate::report::exit_codes::Exit;
use crate::report::format::json::{JsonLine, time};
use crate::report::lines;

/// Lines that are told at once.
const LINES: usize = 50;

/// Whose lines are asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct LinesOf<'a> {
    pub(super) customer: Option<&'a str>,
    /// A service or a product.
    pub(super) service: Option<&'a str>,
}

pub(super) fn run(global: &Global, asked: LinesOf<'_>, console: &Console) -> Exit {
    let (chains, more, exit) = match chains(global, asked, console) {
        Ok(found) => found,
        Err(error) => return error.tell(console),
    };
    if console.json {
        let lines = chains.iter().map(LineJson::of).collect();
        console.document(exit, &Document { lines });
        return exit;
    }
    let told: Vec<String> = chains.iter().map(|chain| why_output::over_time(&chain.nights, &chain.trend)).collect();
    console.print(&told.join("\n"));
    if more > 0 {
        console.print(&format!("\n… {more} more lines: name the customer and the service\n"));
    }
    exit
}

#[derive(Serialize)]
struct Document<'a> {
    lines: Vec<LineJson<'a>>,
}

#[derive(Serialize)]
struct LineJson<'a> {
    handle: &'a str,
    nights: Vec<NightJson<'a>>,
}

#[derive(Serialize)]
struct NightJson<'a> {
    run: i64,
    started_at: String,
    line: JsonLine<'a>,
}

impl<'a> LineJson<'a> {
    fn of(chain: &'a LineChain) -> Self {
        let nights = chain.nights.iter().map(|night| NightJson {
            run: night.run.run.0,
            started_at: time(night.run.started_at.to_utc()),
            line: JsonLine::of(&night.line),
        });
        let handle = chain.nights.first().map(|night| night.line.handle.as_str()).unwrap_or_default();
        Self { handle, nights: nights.collect() }
    }
}

/// The lines, how many more there are, and whether the history can be believed.
fn chains(
    global: &Global,
    asked: LinesOf<'_>,
    console: &Console,
) -> Result<(Vec<LineChain>, usize, Exit), CommandError> {
    let config = session::configuration(global)?;
    let history = session::existing_history(&config.state)?;
    let exit = outdated_history::told(&config, &history, console);
    let (handles, known) = handles(&history, asked)?;
    if handles.is_empty() {
        return Err(match (asked.customer, asked.service) {
            (Some(name), None) => unknown_customer(&known, name),
            _ => CommandError::new(
                Exit::Usage,
                "no line of the newest runs fits".to_owned(),
                "recount report --format csv",
            ),
        });
    }
    let chains = handles.iter().take(LINES).map(|handle| of_line(&history, handle));
    let chains = chains.collect::<Result<Vec<_>, _>>()?;
    Ok((chains, handles.len().saturating_sub(LINES), exit))
}

/// The lines that fit in the newest run of each integration, and every customer there.
fn handles(history: &History, asked: LinesOf<'_>) -> Result<(Vec<String>, BTreeSet<CustomerName>), StoreError> {
    let (mut handles, mut known) = (Vec::new(), BTreeSet::new());
    for newest in history.newest_runs()? {
        let Some(run) = history.run(newest.run)? else { continue };
        handles.extend(lines(&run).iter().filter(|line| fits(line, asked)).map(|line| line.handle.clone()));
        known.extend(lines(&run).iter().flat_map(|line| &line.sources).map(|source| source.customer.clone()));
    }
    Ok((handles, known))
}

fn fits(line: &LineRecord, asked: LinesOf<'_>) -> bool {
    let same = |known: &str, name: &str| known.to_lowercase() == name.to_lowercase();
    let product = |name: &str| line.product.as_ref().is_some_and(|product| same(product.as_str(), name));
    let customer = |name: &str| line.sources.iter().any(|source| same(source.customer.as_str(), name));
    let service = |name: &str| line.sources.iter().any(|source| same(source.service.as_str(), name)) || product(name);
    asked.customer.is_none_or(customer) && asked.service.is_none_or(service)
}
