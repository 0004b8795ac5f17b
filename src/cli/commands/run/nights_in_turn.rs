//! Nights of several integrations, one after another: each with its report, its tickets, its alerts and its copy. One that
//! fails does not stop the next.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use crate::apply::lease_guard::LeaseGuard;
use crate::apply::stop_signal::Stop;
use crate::cli::commands::run::run_request::RunRequest;
use crate::cli::error::CommandError;
use crate::cli::session::Session;
use crate::cli::wiring::replication::Replica;
use crate::cli::wiring::{
    alert_engine, configured_health, copy_failure, keep_report, tell_unbegun_night, tickets_after_run, unbegun_nights,
    upkeep,
};
use crate::cli::{clock, console, progress, session};
use crate::config::settings::{Config, IntegrationConfig};
use crate::connectwise::shared_reads::SharedReads;
use crate::history::run_record::RunRecord;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::nightly::job::{ExportSource, Job, PlanSource, RunControl};
use crate::nightly::night_failure::Failure;
use crate::nightly::run::{plan_and_apply, plan_only};
use crate::reconcile::matching::line_claims::OtherIntegration;
use crate::reconcile::model::ids::{IntegrationName, ProductCode};
use crate::reconcile::model::mapping::Mapping;
use crate::reconcile::model::plan::outcome::{Mode, RunCommand};
use crate::reconcile::model::plan::reason_code::Code;
use crate::report::exit_codes::Exit;
use crate::report::numbers_and_dates;

/// What the nights of several integrations share.
pub(super) struct Nights<'a> {
    pub(super) config: &'a Config,
    pub(super) order: RunRequest<'a>,
    pub(super) session: &'a mut Session,
    /// Why none of them can begin.
    pub(super) unbegun: Option<&'a Failure>,
    pub(super) stop: &'a Stop,
    pub(super) show: &'a mut dyn FnMut(&RunRecord),
    /// What was read of each ConnectWise, by the table that names it: another one may have another role.
    pub(super) shared: BTreeMap<&'a str, SharedReads>,
}

impl Nights<'_> {
    /// Waits for all of them.
    pub(super) fn all(mut self, integrations: &[&IntegrationConfig]) -> Result<Vec<RunRecord>, CommandError> {
        let runtime = session::runtime()?;
        let runs = runtime.block_on(self.each(integrations));
        // An alert's host name that is still being looked up must not hold up the end.
        runtime.shutdown_background();
        runs
    }

    pub(super) async fn each(&mut self, integrations: &[&IntegrationConfig]) -> Result<Vec<RunRecord>, CommandError> {
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
                if last && self.order.command == RunCommand::Run && !self.session.has_lost_the_lease() {
                    tickets_after_run::of_switched_off(self.config, self.session, self.stop).await;
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
                if self.order.command == RunCommand::Run && error.exit == Exit::Store {
                    unbegun_nights::keep(self.config, &[integration], &error);
                    // Else the numbers and pages of the last run that was good stand there still.
                    configured_health::keep(self.config, &self.session.history);
                    keep_report::keep_overviews(self.config);
                }
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
        let unread = by_last_lines(config, integration, history)?;
        let unread = unread.iter().map(|(name, mapping)| OtherIntegration { integration: name, mapping });
        let neighbours: Vec<_> = config.neighbours(integration).into_iter().chain(unread).collect();
        let fetched = session::fetched(&config.state);
        let source = ExportSource {
            export: &integration.export,
            fetched: &fetched,
            shared: order.shared,
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
            missed: order.missed,
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
            Ok(shared.joined_by(session::connect(connectwise?)?, progress::bar()))
        };
        // A dry run is handed a reader: in there, nothing that could write has a name.
        let dry = matches!(order.command, RunCommand::Plan | RunCommand::Undo) || integration.mode != Mode::Apply;
        let ended = if dry {
            plan_only(job, lock, history, connect).await
        } else {
            plan_and_apply(job, lock, history, connect).await
        };
        let run = ended?;
        unbegun_nights::keep_end(config, &run);
        Ok(run)
    }
}

/// What is read of each ConnectWise, once for all its integrations.
pub(super) fn shared_reads(config: &Config) -> BTreeMap<&str, SharedReads> {
    shared_between(config, &[])
}

/// The same where these integrations need not be as the configuration has them.
pub(super) fn shared_between<'a>(config: &'a Config, given: &[&IntegrationConfig]) -> BTreeMap<&'a str, SharedReads> {
    let of = |name: &str| {
        let is_given = |one: &&IntegrationConfig| given.iter().any(|given| given.name == one.name);
        let others = config.integrations.values().filter(|one| !is_given(one));
        let on_it = others.chain(given.iter().copied()).filter(|integration| integration.connectwise == name);
        let mappings: Vec<_> = on_it.filter_map(|integration| integration.mapping.as_ref().ok()).collect();
        let products = mappings.iter().flat_map(|mapping| mapping.products().into_iter().map(ProductCode::folded));
        SharedReads::expecting(mappings.len(), products.collect())
    };
    config.connectwise.keys().map(|name| (name.as_str(), of(name))).collect()
}

/// The neighbours whose mapping cannot be read, with what they own by their last lines.
fn by_last_lines<'a>(
    config: &'a Config,
    integration: &IntegrationConfig,
    history: &History,
) -> Result<Vec<(&'a IntegrationName, Mapping)>, StoreError> {
    let unread = config.unread_neighbours(integration).into_iter();
    unread.map(|name| Ok((name, history.mapping_of_last_lines(name)?))).collect()
}
