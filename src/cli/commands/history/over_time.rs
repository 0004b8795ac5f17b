//! `recount history --customer NAME --service NAME`: lines over time.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::cli::commands::history::Options;
use crate::cli::commands::report::unknown_customer;
use crate::cli::commands::why::{LineChain, of_line};
use crate::cli::console::Console;
use crate::cli::error::Trouble;
use crate::cli::{Global, session};
use crate::history::record::LineRecord;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::exit::Exit;
use crate::reconcile::model::ids::CustomerName;
use crate::report::commands::why;
use crate::report::format::json::{Line, time};
use crate::report::lines;

/// Lines that are told at once.
const LINES: usize = 50;

pub(super) fn run(global: &Global, options: &Options, console: &Console) -> Exit {
    let (chains, more) = match chains(global, options) {
        Ok(found) => found,
        Err(trouble) => return trouble.tell(console),
    };
    if console.json {
        let lines = chains.iter().map(LineJson::of).collect();
        console.document(&Document { schema: 1, exit_code: 0, lines });
        return Exit::Done;
    }
    let told: Vec<String> = chains.iter().map(|chain| why::over_time(&chain.nights, &chain.trend)).collect();
    console.print(&told.join("\n"));
    if more > 0 {
        console.print(&format!("\n… {more} more lines: name the customer and the service\n"));
    }
    Exit::Done
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u8,
    exit_code: u8,
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
    line: Line<'a>,
}

impl<'a> LineJson<'a> {
    fn of(chain: &'a LineChain) -> Self {
        let nights = chain.nights.iter().map(|night| NightJson {
            run: night.run.run.0,
            started_at: time(night.run.started_at),
            line: Line::of(&night.line),
        });
        let handle = chain.nights.first().map(|night| night.line.handle.as_str()).unwrap_or_default();
        Self { handle, nights: nights.collect() }
    }
}

fn chains(global: &Global, options: &Options) -> Result<(Vec<LineChain>, usize), Trouble> {
    let config = session::configuration(global)?;
    let history = session::existing_history(&config.state)?;
    let (handles, known) = handles(&history, options).map_err(|error| session::store(&error))?;
    if handles.is_empty() {
        return Err(match (&options.customer, &options.service) {
            (Some(name), None) => unknown_customer(&known, name),
            _ => Trouble::new(Exit::Usage, "no line of the newest runs fits".to_owned(), "recount report --format csv"),
        });
    }
    let chains = handles.iter().take(LINES).map(|handle| of_line(&history, handle));
    let chains = chains.collect::<Result<Vec<_>, _>>().map_err(|error| session::store(&error))?;
    Ok((chains, handles.len().saturating_sub(LINES)))
}

/// The lines that fit in the newest run of each integration, and every customer there.
fn handles(history: &History, options: &Options) -> Result<(Vec<String>, BTreeSet<CustomerName>), StoreError> {
    let (mut handles, mut known) = (Vec::new(), BTreeSet::new());
    for newest in history.newest_runs()? {
        let Some(run) = history.run(newest.run)? else { continue };
        handles.extend(lines(&run).iter().filter(|line| fits(line, options)).map(|line| line.handle.clone()));
        known.extend(lines(&run).iter().flat_map(|line| &line.sources).map(|source| source.customer.clone()));
    }
    Ok((handles, known))
}

fn fits(line: &LineRecord, options: &Options) -> bool {
    let same = |name: &str, asked: &str| name.to_lowercase() == asked.to_lowercase();
    let product = |asked: &str| line.product.as_ref().is_some_and(|product| same(product.as_str(), asked));
    let customer = |asked: &String| line.sources.iter().any(|source| same(source.customer.as_str(), asked));
    let service =
        |asked: &String| line.sources.iter().any(|source| same(source.service.as_str(), asked)) || product(asked);
    options.customer.as_ref().is_none_or(customer) && options.service.as_ref().is_none_or(service)
}
