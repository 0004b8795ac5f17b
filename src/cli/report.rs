//! `recount report [RUN]`: a run's report again, whole, in the form that is asked for.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;

use clap::Args;
use clap::ValueEnum;

use crate::cli::Global;
use crate::cli::console::Console;
use crate::cli::open::open;
use crate::cli::session;
use crate::cli::trouble::Trouble;
use crate::config::Config;
use crate::history::History;
use crate::history::record::RunRecord;
use crate::reconcile::exit::Exit;
use crate::reconcile::ids::CustomerName;
use crate::reconcile::ids::RunId;
use crate::reconcile::shown::shown;
use crate::report::csv;
use crate::report::files::KeepError;
use crate::report::files::Reports;
use crate::report::gather::Gathered;
use crate::report::html;
use crate::report::json::Document;
use crate::report::lines;
use crate::report::markdown;
use crate::report::paint::Paint;
use crate::report::text;
use crate::report::text::View;

/// Arguments of `report`.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// Which run; none means the newest
    run: Option<i64>,
    /// In which form; with --open or --customer it is html
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Draw the page in the reports folder, and open it in a browser
    #[arg(long, conflicts_with_all = ["format", "output"])]
    open: bool,
    /// Write it to this file instead of stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Draw this customer's page in the reports folder, and say where it is
    #[arg(long, value_name = "NAME", conflicts_with_all = ["format", "output"])]
    customer: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// As on the terminal
    Text,
    /// One document, schema 1
    Json,
    /// One page that opens from disk
    Html,
    /// A summary for a build server
    Markdown,
    /// A row for each line, for a spreadsheet
    Csv,
}

pub(super) fn run(global: &Global, options: &Options, console: &Console) -> Exit {
    match work(global, options, console) {
        Ok(()) => Exit::Done,
        Err(trouble) => trouble.tell(console),
    }
}

fn work(global: &Global, options: &Options, console: &Console) -> Result<(), Trouble> {
    let config = session::configuration(global)?;
    let history = session::existing_history(&config.state)?;
    if let Some(name) = &options.customer {
        return customer_page(&config, &history, options, name, console);
    }
    let run = find(&history, options.run)?;
    if options.open {
        let kept = Reports::of(&config.state).keep_page(&history, &run).map_err(|error| not_kept(&error))?;
        return show(&kept, true, console);
    }
    let format = options.format.unwrap_or(if console.json { Format::Json } else { Format::Text });
    match &options.output {
        Some(path) => {
            let text = rendered(&history, &run, format, Paint::PLAIN)?;
            let failed =
                |error| Trouble::new(Exit::Unexpected, format!("cannot write {}: {error}", path.display()), "");
            fs::write(path, text).map_err(failed)
        }
        None if format == Format::Json => {
            console.document(&Document::new(Exit::Done, std::slice::from_ref(&run), None));
            Ok(())
        }
        None => {
            console.print(&rendered(&history, &run, format, console.paint)?);
            Ok(())
        }
    }
}

fn rendered(history: &History, run: &RunRecord, format: Format, paint: Paint) -> Result<String, Trouble> {
    Ok(match format {
        Format::Text => text::render(run, View { paint, whole: true, known: &[] }),
        Format::Markdown => markdown::render(run),
        Format::Csv => csv::render(run),
        Format::Html => {
            let gathered = Gathered::of_run(history, run).map_err(|error| session::store(&error))?;
            html::run::page(&gathered.material())
        }
        Format::Json => {
            let document = Document::new(Exit::Done, std::slice::from_ref(run), None);
            let text = serde_json::to_string_pretty(&document);
            text.map_err(|error| Trouble::new(Exit::Unexpected, error.to_string(), ""))? + "\n"
        }
    })
}

fn find(history: &History, run: Option<i64>) -> Result<RunRecord, Trouble> {
    let found = match run {
        Some(run) => history.run(RunId(run)),
        None => history.latest_run(None),
    };
    let found = found.map_err(|error| session::store(&error))?;
    found.ok_or_else(|| match run {
        Some(run) => session::no_run(history, run),
        None => Trouble::new(Exit::Usage, "there was no run yet", "recount plan"),
    })
}

fn customer_page(
    config: &Config,
    history: &History,
    options: &Options,
    name: &str,
    console: &Console,
) -> Result<(), Trouble> {
    let mut known: BTreeSet<CustomerName> = BTreeSet::new();
    for newest in history.newest_runs().map_err(|error| session::store(&error))? {
        let run = options.run.map_or(newest.run, RunId);
        let Some(run) = history.run(run).map_err(|error| session::store(&error))? else { continue };
        let customers: BTreeSet<&CustomerName> =
            lines(&run).iter().flat_map(|line| &line.sources).map(|source| &source.customer).collect();
        if let Some(customer) = named(&customers, name) {
            let gathered = Gathered::of_customers(history, &run, BTreeSet::from([customer]));
            let gathered = gathered.map_err(|error| session::store(&error))?;
            let kept = Reports::of(&config.state).keep_customers(&gathered).map_err(|error| not_kept(&error))?;
            return kept.map_or(Ok(()), |path| show(&path, options.open, console));
        }
        known.extend(customers.into_iter().cloned());
    }
    Err(unknown_customer(&known, name))
}

/// The customer of this name: the name itself, or the only one that differs in its case alone.
fn named<'a>(customers: &BTreeSet<&'a CustomerName>, name: &str) -> Option<&'a CustomerName> {
    let exact = customers.iter().find(|customer| customer.as_str() == name);
    let folded = name.to_lowercase();
    exact.or_else(|| customers.iter().find(|customer| customer.as_str().to_lowercase() == folded)).copied()
}

pub(super) fn unknown_customer(known: &BTreeSet<CustomerName>, name: &str) -> Trouble {
    let likeness = |known: &CustomerName| strsim::jaro_winkler(&known.as_str().to_lowercase(), &name.to_lowercase());
    let alike = known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    let fix = alike.map(|alike| format!("did you mean \"{}\"?", shown(alike.as_str()))).unwrap_or_default();
    Trouble::new(Exit::Usage, format!("no customer is called \"{}\" in the newest runs", shown(name)), fix)
}

/// Says where a page is, and opens it where that was asked for.
fn show(path: &Path, asked: bool, console: &Console) -> Result<(), Trouble> {
    console.print(&format!("{}\n", path.display()));
    if asked && !open(path) {
        let message = "no program here opens a browser".to_owned();
        return Err(Trouble::new(Exit::Unexpected, message, "open that file by hand"));
    }
    Ok(())
}

fn not_kept(error: &KeepError) -> Trouble {
    Trouble::new(Exit::Store, session::chain(error), "look at the state folder and its rights")
}
