//! `recount report [RUN|INTEGRATION]`: a run's report again, whole, in the form that is asked for.

pub(crate) mod diff;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::cli::arguments::global_options::Global;
use crate::cli::browser::open;
use crate::cli::commands::fleet::fleet_options::FleetOptions;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::wiring::{configured_health, outdated_history};
use crate::cli::{clock, session};
use crate::config::settings::Config;
use crate::error_chain::error_chain;
use crate::export::read::alike_names::named_in_part;
use crate::history::run_record::RunRecord;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::nightly::earlier_runs::as_cut_off;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::ids::{CustomerName, IntegrationName, RunId};
use crate::reconcile::model::plan::outcome::Mode;
use crate::reconcile::model::plan::remedy::Remedy;
use crate::report::current_lines::Current;
use crate::report::exit_codes::Exit;
use crate::report::format::json::{Document, Envelope};
use crate::report::format::paint::Paint;
use crate::report::format::text::View;
use crate::report::format::{csv, html, markdown, text};
use crate::report::item_tickets::with_tickets;
use crate::report::lines;
use crate::report::page_material::ReportHistory;
use crate::report::report_files::{KeepError, Reports};

/// Arguments of `report`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// A run, or an integration's newest; none means the newest run of each integration that is on
    #[arg(value_name = "RUN|INTEGRATION")]
    which: Option<String>,
    /// In which form; with --open or --customer it is html
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Draw the page in the reports folder, and open it in a browser
    #[arg(long, conflicts_with_all = ["format", "output", "tenants"])]
    open: bool,
    /// Write it to this file instead of stdout
    #[arg(short, long, value_name = "FILE", conflicts_with = "tenants")]
    output: Option<PathBuf>,
    /// Draw this customer's page in the reports folder, and say where it is
    #[arg(long, value_name = "NAME", conflicts_with_all = ["format", "output", "tenants"])]
    customer: Option<String>,
    #[command(flatten)]
    pub(crate) fleet: FleetOptions,
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

pub(crate) fn run(global: &Global, options: &Options, console: &Console) -> Exit {
    match work(global, options, console) {
        Ok(exit) => exit,
        Err(error) => error.tell(console),
    }
}

/// A report that is shown is done, whatever it says; of a fleet, it counts as its runs ended, or nobody is shown which tenant needs
/// somebody.
fn work(global: &Global, options: &Options, console: &Console) -> Result<Exit, CommandError> {
    if let Some(format) = options.format.filter(|format| console.json && *format != Format::Json) {
        let form = format.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        let message = format!("--json cannot be used with --format {form}");
        return Err(CommandError::new(Exit::Usage, message, "give one of the two"));
    }
    let config = session::configuration(global)?;
    if global.of_fleet && configured_health::on(&config).is_empty() {
        return nothing_is_on(&config, console);
    }
    let history = session::existing_history(&config.state)?;
    let format = options.format.unwrap_or(if console.json { Format::Json } else { Format::Text });
    let is_text = options.output.is_none() && matches!(format, Format::Text | Format::Markdown);
    let doubt =
        if is_text { outdated_history::told } else { outdated_history::told_beside }(&config, &history, console);
    if let Some(name) = &options.customer {
        return customer_page(&config, &history, options, name, console).map(|()| doubt);
    }
    let runs = find(&config, &history, options.which.as_deref())?;
    if options.open {
        for run in &runs {
            let kept = kept_in(&config).keep_page(&history, run).map_err(|error| not_kept(&error))?;
            show(&kept, true, console)?;
        }
        return Ok(doubt);
    }
    let ended = runs.iter().filter_map(|run| run.end.as_ref()).map(|end| Exit::of_code(end.exit_code));
    let exit = if global.of_fleet { ended.fold(doubt, Exit::worst) } else { doubt };
    match &options.output {
        Some(path) => {
            let text = rendered(&config, &history, &runs, (format, Paint::PLAIN))?;
            let failed =
                |error| CommandError::new(Exit::Unexpected, format!("cannot write {}: {error}", path.display()), "");
            fs::write(path, text).map_err(failed)?;
        }
        None if format == Format::Json => console.document(exit, &Document::new(&runs, None)),
        None => console.print(&rendered(&config, &history, &runs, (format, console.paint))?),
    }
    Ok(exit)
}

/// A tenant that is switched off ends as in `status`: there is nothing to report, and lines that bill still are to be decided.
fn nothing_is_on(config: &Config, console: &Console) -> Result<Exit, CommandError> {
    let history = History::open_existing(&config.state)?;
    let doubt = history.as_ref().map_or(Exit::Done, |history| outdated_history::told(config, history, console));
    let unwatched = history.map(|history| configured_health::unwatched(config, &history)).transpose()?;
    let exit = if unwatched.is_none_or(|lines| lines.is_empty()) { doubt } else { doubt.worst(Exit::Decide) };
    match console.json {
        true => console.document(exit, &Document::new(&[], None)),
        false => console.print("No integration is on.\n"),
    }
    Ok(exit)
}

fn kept_in(config: &Config) -> Reports {
    Reports::of(&config.state).with_records(config.record_links())
}

fn rendered(
    config: &Config,
    history: &History,
    runs: &[RunRecord],
    (format, paint): (Format, Paint),
) -> Result<String, CommandError> {
    let view = View { paint, whole: true, known: &[], is_older: history.is_current().is_err() };
    let each = |form: &dyn Fn(&RunRecord) -> String| runs.iter().map(form).collect::<Vec<_>>().join("\n");
    Ok(match format {
        Format::Text => each(&|run| text::render(run, view)),
        Format::Markdown => each(&markdown::render),
        Format::Csv => csv::render_all(runs),
        Format::Html => page(config, history, runs)?,
        Format::Json => {
            let exit = if history.is_current().is_ok() { Exit::Done } else { Exit::Store };
            let text = serde_json::to_string_pretty(&Envelope::new(exit, &Document::new(runs, None)));
            text.map_err(|error| CommandError::new(Exit::Unexpected, error.to_string(), ""))? + "\n"
        }
    })
}

/// A page is about one run.
fn page(config: &Config, history: &History, runs: &[RunRecord]) -> Result<String, CommandError> {
    let [run] = runs else {
        let names: Vec<String> = runs.iter().map(|run| shown(run.integration.as_str())).collect();
        let fix =
            format!("recount report NAME --format html, or --open, which draws a page for each; {}", known(&names));
        return Err(CommandError::new(Exit::Usage, "a page is about one run".to_owned(), fix));
    };
    let gathered = ReportHistory::of_run(history, run)?;
    let records = config.record_links();
    let records =
        records.get(&run.integration).map(|links| with_tickets(links, &run.integration, history)).transpose()?;
    Ok(html::run_page::page(&gathered.material(records.as_ref())))
}

/// The runs that are meant. One whose process died is shown as the next run will end it.
fn find(config: &Config, history: &History, which: Option<&str>) -> Result<Vec<RunRecord>, CommandError> {
    let found = stored(config, history, which)?;
    if found.iter().all(|run| run.end.is_some()) || configured_health::running(&config.state).is_some() {
        return Ok(found);
    }
    let ended = |run: RunRecord| if run.end.is_some() { Ok(run) } else { as_cut_off(run, history, &clock::now) };
    Ok(found.into_iter().map(ended).collect::<Result<_, _>>()?)
}

/// The same, as they are stored.
fn stored(config: &Config, history: &History, which: Option<&str>) -> Result<Vec<RunRecord>, CommandError> {
    let none_yet = || CommandError::new(Exit::Usage, "there was no run yet", "recount plan");
    match which.map(|which| Which::of(config, which)).transpose()? {
        Some(Which::Run(run)) => {
            let found = history.run(run)?;
            found.map(|run| vec![run]).ok_or_else(|| session::no_run(history, run.0))
        }
        Some(Which::Integration(name)) => {
            let found = history.latest_run(Some(name))?;
            found.map(|run| vec![run]).ok_or_else(none_yet)
        }
        None => {
            let newest = newest(config, history)?;
            if newest.is_empty() { Err(none_yet()) } else { Ok(newest) }
        }
    }
}

/// The newest run of each integration that is on; the newest of all where none of these ran.
fn newest(config: &Config, history: &History) -> Result<Vec<RunRecord>, StoreError> {
    let on = config.integrations.values().filter(|one| one.mode != Mode::Off);
    let runs = on.map(|one| history.latest_run(Some(&one.name))).filter_map(Result::transpose);
    let runs: Vec<RunRecord> = runs.collect::<Result<_, _>>()?;
    if runs.is_empty() { Ok(history.latest_run(None)?.into_iter().collect()) } else { Ok(runs) }
}

/// What was typed.
enum Which<'a> {
    Run(RunId),
    Integration(&'a IntegrationName),
}

impl<'a> Which<'a> {
    fn of(config: &'a Config, typed: &str) -> Result<Self, CommandError> {
        if let Ok(run) = typed.parse() {
            return Ok(Self::Run(RunId(run)));
        }
        config.integrations.get(typed).map(|one| Self::Integration(&one.name)).ok_or_else(|| {
            let names: Vec<String> = config.integrations.keys().map(|name| shown(name.as_str())).collect();
            let message = format!("\"{}\" is neither the number of a run nor an integration", shown(typed));
            CommandError::new(Exit::Usage, message, format!("`recount history` lists the runs; {}", known(&names)))
        })
    }
}

fn known(names: &[String]) -> String {
    format!("integrations: {}", names.join(", "))
}

/// Where a customer's page was drawn.
#[derive(Serialize)]
struct CustomerPage<'a> {
    customer: &'a CustomerName,
    page: &'a Path,
}

fn customer_page(
    config: &Config,
    history: &History,
    options: &Options,
    name: &str,
    console: &Console,
) -> Result<(), CommandError> {
    let mut known: BTreeSet<CustomerName> = BTreeSet::new();
    for run in for_customers(config, history, options)? {
        let current = Current::of(history, run)?;
        let of_run = lines(&current.run).iter();
        let customers: BTreeSet<&CustomerName> =
            of_run.flat_map(|line| &line.sources).map(|source| &source.customer).collect();
        if let Some(customer) = named(&customers, name) {
            let gathered = ReportHistory::of_customers(history, &current, BTreeSet::from([customer]));
            let gathered = gathered?;
            let kept = kept_in(config).keep_customers(&gathered).map_err(|error| not_kept(&error))?;
            let Some(path) = kept else { return Ok(()) };
            if console.json && !options.open {
                let exit = if history.is_current().is_ok() { Exit::Done } else { Exit::Store };
                console.document(exit, &CustomerPage { customer, page: &path });
                return Ok(());
            }
            return show(&path, options.open, console);
        }
        known.extend(customers.into_iter().cloned());
    }
    Err(unknown_customer(&known, name))
}

/// The runs in which a customer is looked for: the newest of each integration that looked at all lines, or the one asked
/// for.
fn for_customers(config: &Config, history: &History, options: &Options) -> Result<Vec<RunRecord>, CommandError> {
    let asked = options.which.as_deref().map(|which| Which::of(config, which)).transpose()?;
    if let Some(Which::Run(run)) = asked {
        let found = history.run(run)?;
        let found = found.ok_or_else(|| session::no_run(history, run.0))?;
        if found.undoes.is_none() {
            return Ok(vec![found]);
        }
        // An undo knows a few lines of a customer, and no counts.
        let newest = history.latest_plan(&found.integration)?;
        return Ok(vec![newest.unwrap_or(found)]);
    }
    let is_meant = |name: &IntegrationName| match asked {
        Some(Which::Integration(asked)) => name == asked,
        _ => true,
    };
    let newest = history.newest_runs()?;
    let meant = newest.into_iter().filter(|run| is_meant(&run.integration));
    let runs = meant.map(|newest| history.run(newest.run)).filter_map(Result::transpose);
    Ok(runs.collect::<Result<_, _>>()?)
}

/// The customer of this name: the name itself, or the only one that differs in its case alone.
fn named<'a>(customers: &BTreeSet<&'a CustomerName>, name: &str) -> Option<&'a CustomerName> {
    let exact = customers.iter().find(|customer| customer.as_str() == name);
    let folded = name.to_lowercase();
    exact.or_else(|| customers.iter().find(|customer| customer.as_str().to_lowercase() == folded)).copied()
}

pub(crate) fn unknown_customer(known: &BTreeSet<CustomerName>, name: &str) -> CommandError {
    let meant = named_in_part(name, known.iter().map(CustomerName::as_str));
    let fix = match meant {
        Some(meant) => format!("did you mean \"{}\"?", shown(meant)).into(),
        None => Remedy::command("recount map list"),
    };
    CommandError::new(Exit::Usage, format!("no customer is called \"{}\" in the newest runs", shown(name)), fix)
}

/// Says where a page is, and opens it where that was asked for.
fn show(path: &Path, asked: bool, console: &Console) -> Result<(), CommandError> {
    console.print(&format!("{}\n", path.display()));
    if asked && !open(path) {
        let message = "no program here opens a browser".to_owned();
        return Err(CommandError::new(Exit::Unexpected, message, "open that file by hand"));
    }
    Ok(())
}

fn not_kept(error: &KeepError) -> CommandError {
    CommandError::new(Exit::Store, error_chain(error), "look at the state folder and its rights")
}
