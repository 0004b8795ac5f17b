//! `recount daemon`: the nightly command, at the time of `[daemon]`.

pub(crate) mod configured_schedule;
mod due_night;

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;

use crate::apply::stop_signal::Stop;
use crate::cli::arguments::global_options::Global;
use crate::cli::commands::daemon::configured_schedule::schedule;
use crate::cli::commands::fleet::fleet_options::FleetOptions;
use crate::cli::commands::fleet::known_tenants::{Stamp, stamp};
use crate::cli::commands::{night_without_config, run, serve};
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::session::Session;
use crate::cli::wiring::replication;
use crate::cli::{clock, process_limits, session, signals};
use crate::config::settings::{Config, DaemonConfig};
use crate::daemon::nightly_loop::{SlotClaims, serve as follow};
use crate::daemon::schedule::{Due, Schedule};
use crate::error_chain::error_chain;
use crate::history::store::open::History;
use crate::report::exit_codes::Exit;

/// Arguments of `daemon`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) fleet: FleetOptions,
    /// With --tenants: answers `/metrics` for all tenants at this address
    #[arg(long, value_name = "ADDRESS:PORT", requires = "tenants", help_heading = "Many tenants")]
    pub(crate) fleet_listen: Option<SocketAddr>,
    /// Take one turn of a schedule that was seen first then
    #[arg(long, hide = true, value_name = "TIME")]
    turn_since: Option<DateTime<Utc>>,
    /// Turns in a row before it that did not end well
    #[arg(long, hide = true, default_value_t = 0)]
    turns_failed: u32,
}

pub(crate) fn run(global: &Global, options: &Options, console: &Console) -> Exit {
    let ended = match options.turn_since {
        Some(since) => due_night::take(global, since, options.turns_failed, console),
        None => follow_schedule(global, console),
    };
    match ended {
        Ok(exit) => exit,
        Err(error) => error.tell(console),
    }
}

fn follow_schedule(global: &Global, console: &Console) -> Result<Exit, CommandError> {
    let config = session::configuration(global)?;
    let schedule = schedule(&config)?;
    console.complain(&format!("recount daemon: {}\n", schedule.describe()));
    process_limits::enough_descriptors()?;
    let claims = Slots::open(&config, *console)?;
    let _renewing = replication::between_nights(&config)?;
    let runtime = session::runtime()?;
    runtime.block_on(async {
        let stop = signals::stop_on_signals()
            .map_err(|error| CommandError::new(Exit::Unexpected, format!("cannot listen for signals: {error}"), ""))?;
        if let Some(listen) = config.daemon.as_ref().and_then(|daemon| daemon.listen) {
            let stop = stop.clone();
            tokio::spawn(serve::monitoring(config.clone(), listen, async move { stop.wait().await }));
        }
        let nights = |due: Due, night: Night| {
            let (stop, console) = (stop.clone(), *console);
            async move {
                tracing::info!(slot = ?due.slot, missed = due.missed_count(), "the slot of {:?} is due", due.slot);
                // A thread and a runtime of its own: the night must not starve the scheduler.
                let night = tokio::task::spawn_blocking(move || night.spend(&due, &stop, console));
                night.await.map_err(|error| format!("the night ended unexpectedly: {error}"))?
            }
        };
        let served = follow(schedule, clock::now, claims, stop.wait(), nights).await;
        served.map_err(|error| CommandError::new(Exit::Unexpected, error_chain(&error), ""))?;
        Ok(signals::end_of_service(&stop))
    })
}

/// All that a night needs: the configuration as it is then (what an operator changed by day holds at night), the lock and
/// the history.
struct Night {
    config: Config,
    session: Session,
}

impl Night {
    fn open(path: &Path) -> Result<Self, CommandError> {
        let config = session::configuration_of(path)?;
        let session = Session::open(&config)?;
        Ok(Self { config, session })
    }

    fn spend(mut self, due: &Due, stop: &Stop, console: Console) -> Result<(), String> {
        let runs = run::nightly_run(&self.config, &mut self.session, due, stop, &console);
        let runs = runs.map_err(|error| error.message)?;
        let failed = runs.iter().filter_map(|run| run.end.as_ref()).find(|end| !Exit::of_code(end.exit_code).is_good());
        match failed {
            Some(end) => Err(format!("the night ended {} (exit code {})", end.verdict, end.exit_code)),
            None => Ok(()),
        }
    }
}

/// The daemon's slots, in the history: whoever inserts a slot first has it. It is open all the time, so that no shortage at
/// night can keep it shut.
struct Slots {
    history: RefCell<History>,
    /// The last one that could be read: it says whom to tell when a later one cannot.
    config: RefCell<Config>,
    /// The slot whose night was told to be unable to begin.
    told: Cell<Option<DateTime<Utc>>>,
    /// The configuration file as it was looked at last.
    seen: Cell<Option<Stamp>>,
    /// The schedule that is followed.
    followed: RefCell<Option<DaemonConfig>>,
    console: Console,
}

impl Slots {
    fn open(config: &Config, console: Console) -> Result<Self, CommandError> {
        let history = RefCell::new(History::open(&config.state, clock::now())?);
        let (seen, followed) = (Cell::new(stamp(&config.path).ok()), RefCell::new(config.daemon.clone()));
        Ok(Self { history, config: RefCell::new(config.clone()), told: Cell::new(None), seen, followed, console })
    }

    /// The schedule of a configuration that has changed; one that cannot be read is told when its night is due.
    fn schedule_of(&self, path: &Path) -> Result<Option<Schedule>, CommandError> {
        let config = session::configuration_of(path)?;
        let other = schedule(&config)?;
        let known = self.followed.replace(config.daemon.clone());
        Ok((known != config.daemon).then_some(other))
    }

    /// Records and tells, once for each slot, that its night cannot begin. It is tried again all the same.
    fn tell_once(&self, due: &Due, error: &CommandError) {
        // A command at work ends, and the night begins behind it.
        let patient = error.exit == Exit::Locked && clock::now() - due.slot < LOCKED_PATIENCE;
        if error.stands_by || patient || self.told.replace(Some(due.slot)) == Some(due.slot) {
            return;
        }
        let (config, error, console) = (self.config.borrow().clone(), error.clone(), self.console);
        tokio::task::spawn_blocking(move || night_without_config::tell(&config, &error, &console));
    }
}

/// How long a night waits for the lock of another command before somebody is told.
const LOCKED_PATIENCE: TimeDelta = TimeDelta::minutes(30);

impl SlotClaims for Slots {
    type Error = String;
    type Night = Night;

    fn another_schedule(&self) -> Option<Schedule> {
        let path = self.config.borrow().path.clone();
        let found = stamp(&path).ok();
        if self.seen.replace(found) == found {
            return None;
        }
        let other = self.schedule_of(&path);
        let other = other.inspect_err(|error| tracing::error!("the schedule stays as it was: {}", error.message));
        let other = other.ok().flatten();
        if let Some(other) = &other {
            self.console.complain(&format!("recount daemon: {}\n", other.describe()));
        }
        other
    }

    fn open(&self, due: &Due) -> Result<Option<Night>, String> {
        let path = self.config.borrow().path.clone();
        match Night::open(&path) {
            // The night is the other host's, and so is telling that it was missed.
            Err(error) if error.stands_by && due.too_late => Ok(None),
            Ok(night) => {
                self.config.replace(night.config.clone());
                // The night may have gone back to a copy, and with it to the slots that were served.
                let history = History::open_beside(&night.config.state).map_err(|error| error_chain(&error))?;
                history.map(|history| self.history.replace(history));
                Ok(Some(night))
            }
            Err(error) => {
                self.tell_once(due, &error);
                Err(error.message)
            }
        }
    }

    fn last_slot(&self, until: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, String> {
        self.history.borrow().last_slot(until).map_err(|error| error_chain(&error))
    }

    fn claim(&self, slot: DateTime<Utc>, until: DateTime<Utc>) -> Result<bool, String> {
        self.history.borrow_mut().claim_slot(slot, clock::now(), until).map_err(|error| error_chain(&error))
    }
}
