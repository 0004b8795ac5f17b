//! `plan`, `run`, `apply` and `undo`: of which integrations, and when they end.

mod first_approval;
mod nights_in_turn;
pub(crate) mod run_request;

use std::collections::BTreeSet;
use std::io::IsTerminal as _;

use clap::Args;

use crate::apply::stop_signal::Stop;
use crate::cli::arguments::global_options::Global;
use crate::cli::arguments::typed_integration;
use crate::cli::commands::fleet::fleet_options::FleetOptions;
use crate::cli::commands::run::nights_in_turn::{Nights, shared_between, shared_reads};
use crate::cli::commands::run::run_request::{RunRequest, missed};
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::session::Session;
use crate::cli::wiring::run_output::{shown_by, tell};
use crate::cli::wiring::stored_plans::{stored_plan, undone};
use crate::cli::wiring::tell_unbegun_night;
use crate::cli::{session, signals};
use crate::config::settings::{Config, IntegrationConfig};
use crate::daemon::schedule::Due;
use crate::history::run_lookup::StoredPlan;
use crate::history::run_record::RunRecord;
use crate::nightly::unbegun_night::too_late;
use crate::reconcile::model::ids::RunId;
use crate::reconcile::model::plan::outcome::{Mode, RunCommand};
use crate::report::exit_codes::Exit;
use crate::report::format::json::Document;

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub(crate) struct PlanOptions {
    /// Integrations; none means all that are not off
    integrations: Vec<String>,
    /// Exit with 4 when something would change
    #[arg(long)]
    detailed_exitcode: bool,
    #[command(flatten)]
    pub(crate) fleet: FleetOptions,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub(crate) struct RunOptions {
    /// Integrations; none means all that are not off
    integrations: Vec<String>,
    /// Only plan; the same as `recount plan`
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// With --dry-run: exit with 4 when something would change
    #[arg(long, requires = "dry_run")]
    detailed_exitcode: bool,
    #[command(flatten)]
    pub(crate) fleet: FleetOptions,
}

/// Arguments of `undo`.
#[derive(Debug, Args)]
pub(crate) struct UndoOptions {
    /// The run that is to be set back
    run: i64,
}

/// Arguments of `apply`.
#[derive(Debug, Args)]
pub(crate) struct ApplyOptions {
    /// The plan's fingerprint, or its first characters
    fingerprint: String,
}

pub(crate) fn plan(global: &Global, options: &PlanOptions, console: &Console) -> Exit {
    let runs = nights(global, &options.integrations, RunRequest::PLAN, &mut shown_by(console));
    first_approval::tell(global, &runs, console);
    tell(runs, options.detailed_exitcode, console)
}

pub(crate) fn run(global: &Global, options: &RunOptions, console: &Console) -> Exit {
    let order = if options.dry_run { RunRequest::PLAN } else { RunRequest::RUN };
    let runs = nights(global, &options.integrations, order, &mut shown_by(console));
    first_approval::tell(global, &runs, console);
    tell(runs, options.detailed_exitcode, console)
}

pub(crate) fn apply(global: &Global, options: &ApplyOptions, console: &Console) -> Exit {
    let runs = apply_fingerprint(global, &options.fingerprint, &mut shown_by(console));
    tell(runs, false, console)
}

pub(crate) fn undo(global: &Global, options: &UndoOptions, console: &Console) -> Exit {
    let run = RunId(options.run);
    match has_writes(global, run) {
        Ok(false) => {
            let why = format!("run {run} wrote nothing, so there is nothing to set back");
            if !console.json && !console.quiet {
                console.print(&format!("{why}.\n"));
            }
            if console.json {
                console.document(Exit::Done, &Document::nothing_to_do(&why));
            }
            Exit::Done
        }
        Ok(true) => tell(plan_undo(global, run, console), false, console),
        Err(error) => error.tell(console),
    }
}

/// What is in order already is no mistake, as where every line is back by now.
fn has_writes(global: &Global, run: RunId) -> Result<bool, CommandError> {
    let config = session::configuration(global)?;
    let history = session::upgraded_history(&config)?;
    let is_there = history.summary(run)?.is_some();
    Ok(!is_there || !history.writes_of(run)?.is_empty())
}

fn plan_undo(global: &Global, run: RunId, console: &Console) -> Result<Vec<RunRecord>, CommandError> {
    let config = session::configuration(global)?;
    let integration = chosen(&config, &[undone(&config, run)?])?;
    work(&config, &integration, RunRequest::undo(run), &mut shown_by(console))
}

/// Carries out the plan of a fingerprint.
pub(crate) fn apply_fingerprint(
    global: &Global,
    prefix: &str,
    show: &mut dyn FnMut(&RunRecord),
) -> Result<Vec<RunRecord>, CommandError> {
    let config = session::configuration(global)?;
    let plan = stored_plan(&config, prefix)?;
    let integration = approvable(&config, &plan)?;
    work(&config, &integration, RunRequest::apply(&plan), show)
}

/// The integration of a plan, which has to be one that writes.
pub(crate) fn approvable<'a>(
    config: &'a Config,
    plan: &StoredPlan,
) -> Result<Vec<&'a IntegrationConfig>, CommandError> {
    let integration = chosen(config, &[plan.integration.to_string()])?;
    if let Some(watching) = integration.iter().find(|integration| integration.mode != Mode::Apply) {
        let message = format!("{} is in {} mode, which never writes", watching.name, watching.mode);
        return Err(CommandError::new(Exit::Config, message, "set mode = \"apply\" in recount.toml"));
    }
    Ok(integration)
}

/// One night of each integration that is named, or of all that are not off.
pub(crate) fn nights(
    global: &Global,
    names: &[String],
    order: RunRequest<'_>,
    show: &mut dyn FnMut(&RunRecord),
) -> Result<Vec<RunRecord>, CommandError> {
    let config = session::configuration(global)?;
    let integrations = chosen(&config, names)?;
    if integrations.is_empty() { Ok(Vec::new()) } else { work(&config, &integrations, order, show) }
}

/// Nights that cannot begin: that is recorded, where the history lets it, and told in any case; nothing else is done.
pub(crate) fn record_unbegun(
    config: &Config,
    integrations: &[&IntegrationConfig],
    error: &CommandError,
    show: &mut dyn FnMut(&RunRecord),
) {
    tell_unbegun_night::record_or_tell(config, integrations, error, |session, why| {
        let (stop, shared, order) = (Stop::never(), shared_reads(config), RunRequest::RUN);
        Nights { config, order, session, unbegun: Some(why), stop: &stop, show, shared }.all(integrations).map(drop)
    });
}

/// The daemon's night: all that is not off. One that is too late is recorded and told, and nothing else is done.
pub(crate) fn nightly_run(
    config: &Config,
    session: &mut Session,
    due: &Due,
    stop: &Stop,
    console: &Console,
) -> Result<Vec<RunRecord>, CommandError> {
    let integrations = chosen(config, &[])?;
    let (shared, order) = (shared_reads(config), RunRequest::night_of(due));
    let show = &mut shown_by(console);
    if due.too_late {
        let (why, order) = (too_late(due.slot, missed(due), &config.zone), RunRequest::RUN);
        let unbegun = Some(&why);
        return Nights { config, order, session, unbegun, stop, show, shared }.all(&integrations);
    }
    Nights { config, order, session, unbegun: None, stop, show, shared }.all(&integrations)
}

/// The same, until a signal asks it to stop.
pub(crate) fn night_until_signal(
    config: &Config,
    session: &mut Session,
    order: RunRequest<'_>,
    console: &Console,
) -> Result<Vec<RunRecord>, CommandError> {
    let integrations = chosen(config, &[])?;
    let runtime = session::runtime()?;
    let mut show = shown_by(console);
    let runs = runtime.block_on(async {
        let stop = signals::stop_on_signals()
            .map_err(|error| CommandError::new(Exit::Unexpected, format!("cannot listen for signals: {error}"), ""))?;
        let (show, shared) = (&mut show, shared_reads(config));
        Nights { config, order, session, unbegun: None, stop: &stop, show, shared }.each(&integrations).await
    });
    runtime.shutdown_background();
    runs
}

/// Runs that end with a wish that somebody else hears. The integrations need not be as the configuration has them.
pub(crate) fn until_stopped(
    config: &Config,
    integrations: &[&IntegrationConfig],
    order: RunRequest<'_>,
    (stop, show): (&Stop, &mut dyn FnMut(&RunRecord)),
) -> Result<Vec<RunRecord>, CommandError> {
    let mut session = opened(config, order)?;
    let shared = shared_between(config, integrations);
    Nights { config, order, session: &mut session, unbegun: None, stop, show, shared }.all(integrations)
}

fn opened(config: &Config, order: RunRequest<'_>) -> Result<Session, CommandError> {
    match order.command {
        RunCommand::Plan | RunCommand::Undo => Session::open_to_look(config),
        RunCommand::Run | RunCommand::Apply | RunCommand::Probe => Session::open(config),
    }
}

pub(crate) fn chosen<'a>(config: &'a Config, names: &[String]) -> Result<Vec<&'a IntegrationConfig>, CommandError> {
    if names.is_empty() {
        return Ok(config.integrations.values().filter(|one| one.mode != Mode::Off).collect());
    }
    // One that is named twice has one night.
    let mut once = BTreeSet::new();
    names.iter().filter(|name| once.insert(*name)).map(|name| typed_integration::on(config, name)).collect()
}

fn work(
    config: &Config,
    integrations: &[&IntegrationConfig],
    order: RunRequest<'_>,
    show: &mut dyn FnMut(&RunRecord),
) -> Result<Vec<RunRecord>, CommandError> {
    let mut session = opened(config, order).inspect_err(|error| {
        // What is asked by a person is told to that person.
        if order.command == RunCommand::Run
            && !error.stands_by
            && !(error.exit == Exit::Locked && std::io::stderr().is_terminal())
        {
            // Nothing is shown of the nights: what is wrong is said once.
            record_unbegun(config, integrations, error, &mut |_| ());
        }
    })?;
    let runtime = session::runtime()?;
    let runs = runtime.block_on(async {
        let stop = signals::stop_on_signals()
            .map_err(|error| CommandError::new(Exit::Unexpected, format!("cannot listen for signals: {error}"), ""))?;
        let (session, shared) = (&mut session, shared_reads(config));
        Nights { config, order, session, unbegun: None, stop: &stop, show, shared }.each(integrations).await
    });
    // An alert's host name that is still being looked up must not hold up the end.
    runtime.shutdown_background();
    runs
}
