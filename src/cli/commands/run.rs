//! `plan`, `run` and `apply`: one integration after another; one failing does not stop the next.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;

use chrono::TimeDelta;
use clap::Args;

use crate::apply::lease_guard::LeaseGuard;
use crate::apply::stop_signal::Stop;
use crate::cli::arguments::global_options::Global;
use crate::cli::arguments::typed_integration;
use crate::cli::commands::fleet::fleet_options::FleetOptions;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::session::Session;
use crate::cli::wiring::replication::Replica;
use crate::cli::wiring::run_output::{shown_by, tell};
use crate::cli::wiring::stored_plans::{stored_plan, undone};
use crate::cli::wiring::{
    alert_engine, configured_health, copy_failure, keep_report, tell_unbegun_night, tickets_after_run, upkeep,
};
use crate::cli::{clock, console, progress, session, signals};
use crate::config::settings::{Config, IntegrationConfig};
use crate::connectwise::shared_reads::SharedReads;
use crate::history::run_lookup::StoredPlan;
use crate::history::run_record::RunRecord;
use crate::nightly::job::{ExportSource, Job, PlanSource, RunControl};
use crate::nightly::night_failure::Failure;
use crate::reconcile::model::ids::{ProductCode, RunId};
use crate::reconcile::model::mapping::Mapping;
use crate::reconcile::model::plan::outcome::{Mode, RunCommand};
use crate::reconcile::model::plan::reason_code::Code;
use crate::report::exit_codes::Exit;
use crate::report::numbers_and_dates;

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

/// What is asked of each integration.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RunRequest<'a> {
    command: RunCommand,
    approved: Option<&'a str>,
    undoes: Option<RunId>,
}

impl RunRequest<'_> {
    /// A dry run.
    pub(crate) const PLAN: RunRequest<'static> = RunRequest { command: RunCommand::Plan, approved: None, undoes: None };
    /// The nightly run.
    pub(crate) const RUN: RunRequest<'static> = RunRequest { command: RunCommand::Run, approved: None, undoes: None };

    /// The plan that sets a run back.
    pub(crate) fn undo(run: RunId) -> RunRequest<'static> {
        RunRequest { command: RunCommand::Undo, approved: None, undoes: Some(run) }
    }
}

impl<'a> RunRequest<'a> {
    /// A plan that a person approved.
    pub(crate) fn apply(plan: &'a StoredPlan) -> Self {
        Self { command: RunCommand::Apply, approved: Some(&plan.fingerprint), undoes: plan.undoes }
    }
}

pub(crate) fn plan(global: &Global, options: &PlanOptions, console: &Console) -> Exit {
    let runs = nights(global, &options.integrations, RunRequest::PLAN, &mut shown_by(console));
    tell(runs, options.detailed_exitcode, console)
}

pub(crate) fn run(global: &Global, options: &RunOptions, console: &Console) -> Exit {
    let order = if options.dry_run { RunRequest::PLAN } else { RunRequest::RUN };
    let runs = nights(global, &options.integrations, order, &mut shown_by(console));
    tell(runs, options.detailed_exitcode, console)
}

pub(crate) fn apply(global: &Global, options: &ApplyOptions, console: &Console) -> Exit {
    let runs = apply_fingerprint(global, &options.fingerprint, &mut shown_by(console));
    tell(runs, false, console)
}

pub(crate) fn undo(global: &Global, options: &UndoOptions, console: &Console) -> Exit {
    tell(plan_undo(global, RunId(options.run), console), false, console)
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

/// The daemon's night: all that is not off.
pub(crate) fn nightly_run(
    config: &Config,
    session: &mut Session,
    stop: &Stop,
    console: &Console,
) -> Result<Vec<RunRecord>, CommandError> {
    let integrations = chosen(config, &[])?;
    let (shared, order) = (shared_reads(config), RunRequest::RUN);
    let show = &mut shown_by(console);
    Nights { config, order, session, unbegun: None, stop, show, shared }.all(&integrations)
}

/// The same, until a signal asks it to stop.
pub(crate) fn night_until_signal(
    config: &Config,
    session: &mut Session,
    console: &Console,
) -> Result<Vec<RunRecord>, CommandError> {
    let integrations = chosen(config, &[])?;
    let runtime = session::runtime()?;
    let mut show = shown_by(console);
    let runs = runtime.block_on(async {
        let stop = signals::stop_on_signals()
            .map_err(|error| CommandError::new(Exit::Unexpected, format!("cannot listen for signals: {error}"), ""))?;
        let (show, shared) = (&mut show, shared_reads(config));
        let order = RunRequest::RUN;
        Nights { config, order, session, unbegun: None, stop: &stop, show, shared }.each(&integrations).await
    });
    runtime.shutdown_background();
    runs
}

/// Runs that end with a wish that somebody else hears.
pub(crate) fn until_stopped(
    config: &Config,
    integrations: &[&IntegrationConfig],
    order: RunRequest<'_>,
    (stop, show): (&Stop, &mut dyn FnMut(&RunRecord)),
) -> Result<Vec<RunRecord>, CommandError> {
    let mut session = Session::open(config)?;
    let shared = shared_reads(config);
    Nights { config, order, session: &mut session, unbegun: None, stop, show, shared }.all(integrations)
}

pub(crate) fn chosen<'a>(config: &'a Config, names: &[String]) -> Result<Vec<&'a IntegrationConfig>, CommandError> {
    if names.is_empty() {
        return Ok(config.integrations.values().filter(|one| one.mode != Mode::Off).collect());
    }
    names.iter().map(|name| typed_integration::on(config, name)).collect()
}

fn work(
    config: &Config,
    integrations: &[&IntegrationConfig],
    order: RunRequest<'_>,
    show: &mut dyn FnMut(&RunRecord),
) -> Result<Vec<RunRecord>, CommandError> {
    let mut session = Session::open(config).inspect_err(|error| {
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

fn shared_reads(config: &Config) -> BTreeMap<&str, SharedReads> {
    let of = |name: &str| {
        let on_it = config.integrations.values().filter(|integration| integration.connectwise == name);
        let mappings: Vec<_> = on_it.filter_map(|integration| integration.mapping.as_ref().ok()).collect();
        let products = mappings.iter().flat_map(|mapping| mapping.products().into_iter().map(ProductCode::folded));
        SharedReads::expecting(mappings.len(), products.collect())
    };
    config.connectwise.keys().map(|name| (name.as_str(), of(name))).collect()
}

/// What the nights of several integrations share.
struct Nights<'a> {
    config: &'a Config,
    order: RunRequest<'a>,
    session: &'a mut Session,
    /// Why none of them can begin.
    unbegun: Option<&'a Failure>,
    stop: &'a Stop,
    show: &'a mut dyn FnMut(&RunRecord),
    /// What was read of each ConnectWise, by the table that names it: another one may have another role.
    shared: BTreeMap<&'a str, SharedReads>,
}

impl Nights<'_> {
    /// Waits for all of them.
    fn all(mut self, integrations: &[&IntegrationConfig]) -> Result<Vec<RunRecord>, CommandError> {
        let runtime = session::runtime()?;
        let runs = runtime.block_on(self.each(integrations));
        // An alert's host name that is still being looked up must not hold up the end.
        runtime.shutdown_background();
        runs
    }

    async fn each(&mut self, integrations: &[&IntegrationConfig]) -> Result<Vec<RunRecord>, CommandError> {
        let mut runs = Vec::new();
        for (number, integration) in integrations.iter().copied().enumerate() {
            if self.stop.asked() && !runs.is_empty() {
                break;
            }
            let last = number + 1 == integrations.len();
            let run = self.told_night(integration, last).await;
            runs.push(if runs.is_empty() { run? } else { run.map_err(CommandError::after_other_runs)? });
        }
        Ok(runs)
    }

    /// A night, its report, and whoever is to be told of it. A dry run is nobody's business but the caller's.
    async fn told_night(&mut self, integration: &IntegrationConfig, last: bool) -> Result<RunRecord, CommandError> {
        if matches!(self.order.command, RunCommand::Plan | RunCommand::Undo) {
            let mut run = self.night(integration).await?;
            console::note_done(numbers_and_dates::recorded(&run));
            keep_report::keep(self.config, &self.session.history, &run);
            (self.show)(&run);
            if let Err(why) = self.session.copy(self.config) {
                copy_failure::note(self.config, &mut self.session.history, &mut run, &why);
            }
            return Ok(run);
        }
        let alerts = alert_engine::of(self.config);
        let announced = alerts.before(&integration.name).await;
        match self.night(integration).await {
            Ok(mut run) => {
                console::note_done(numbers_and_dates::recorded(&run));
                keep_report::keep(self.config, &self.session.history, &run);
                configured_health::keep(self.config, &self.session.history);
                (self.show)(&run);
                if !self.session.has_lost_the_lease() {
                    let told =
                        tickets_after_run::after_run(self.config, integration, &run, self.session, self.stop).await;
                    if told {
                        keep_report::keep_again(self.config, &self.session.history, &run);
                    }
                }
                alerts.after(&run, &announced, &mut self.session.history, last).await;
                if last && self.order.command == RunCommand::Run {
                    upkeep::after_runs(self.config, self.session);
                }
                if let Err(why) = self.session.copy(self.config) {
                    copy_failure::note(self.config, &mut self.session.history, &mut run, &why);
                    copy_failure::tell(&alerts, integration, (&announced, last), &why).await;
                }
                Ok(run)
            }
            Err(error) => {
                tell_unbegun_night::tell_announced(&alerts, integration, &announced, &error).await;
                Err(error)
            }
        }
    }

    async fn night(&mut self, integration: &IntegrationConfig) -> Result<RunRecord, CommandError> {
        let (config, order) = (self.config, self.order);
        let Session { lock, history, replica, .. } = &mut *self.session;
        let alone = LeaseGuard::none();
        let lease = replica.as_ref().map_or(&alone, Replica::guard);
        let connectwise = session::connectwise_of(config, integration);
        let nothing = Mapping::default();
        let settle =
            connectwise.as_ref().map(|connectwise| TimeDelta::from_std(connectwise.settle).unwrap_or(TimeDelta::MAX));
        let neighbours = config.neighbours(integration);
        let fetched = session::fetched(&config.state);
        let source = ExportSource {
            export: &integration.export,
            fetched: &fetched,
            mapping: integration.mapping.as_ref().unwrap_or(&nothing),
            neighbours: &neighbours,
            guards: &integration.guards,
        };
        let site = connectwise.as_ref().map(|connectwise| connectwise.site()).unwrap_or_default();
        let job = Job {
            site: &site,
            integration: &integration.name,
            mode: integration.mode,
            command: order.command,
            source: order.undoes.map_or(PlanSource::Export(source), |run| PlanSource::Undo(run, source)),
            approved: order.approved,
            approval_life: integration.guards.approval_life,
            settle: settle.unwrap_or(TimeDelta::MAX),
            zone: &integration.zone,
            host_change: replica.as_ref().and_then(Replica::change),
            control: RunControl { clock: &clock::now, stop: self.stop, lease },
        };
        let nobody = SharedReads::default();
        let shared = self.shared.get(integration.connectwise.as_str()).unwrap_or(&nobody);
        let connect = || {
            if let Some(failure) = self.unbegun {
                return Err(failure.clone());
            }
            integration.mapping.as_ref().map_err(|faults| {
                Failure::new(Exit::Config, Code::ConfigInvalid, faults.to_string(), integration.mapping_fix())
            })?;
            Ok(progress::watched(shared.joined_by(session::connect(connectwise?)?)))
        };
        // A dry run is handed a reader: in there, nothing that could write has a name.
        let dry = matches!(order.command, RunCommand::Plan | RunCommand::Undo) || integration.mode != Mode::Apply;
        let ended = if dry {
            crate::nightly::run::plan_only(job, lock, history, connect).await
        } else {
            crate::nightly::run::plan_and_apply(job, lock, history, connect).await
        };
        Ok(ended?)
    }
}
