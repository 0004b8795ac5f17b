//! `recount daemon`: the nightly command, at the time of `[daemon]`.

use std::cell::RefCell;
use std::path::Path;

use chrono::{DateTime, Utc};

use crate::apply::stop::Stop;
use crate::cli::arguments::global::Global;
use crate::cli::commands::{run, serve};
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::{clock, session, signals};
use crate::config::settings::Config;
use crate::daemon::schedule::{Due, Schedule};
use crate::daemon::serve::{SlotClaims, serve as follow};
use crate::error_chain::error_chain;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::report::exit::Exit;

pub(crate) fn run(global: &Global, console: &Console) -> Exit {
    match follow_schedule(global, console) {
        Ok(exit) => exit,
        Err(error) => error.tell(console),
    }
}

fn follow_schedule(global: &Global, console: &Console) -> Result<Exit, CommandError> {
    let config = session::configuration(global)?;
    let schedule = schedule(&config)?;
    console.complain(&format!("recount daemon: {}\n", schedule.describe()));
    let claims = Slots::open(&config.state)?;
    let runtime = session::runtime()?;
    runtime.block_on(async {
        let stop = signals::stop_on_signals()
            .map_err(|error| CommandError::new(Exit::Unexpected, format!("cannot listen for signals: {error}"), ""))?;
        if let Some(listen) = config.daemon.as_ref().and_then(|daemon| daemon.listen) {
            let stop = stop.clone();
            tokio::spawn(serve::monitoring(config.clone(), listen, async move { stop.wait().await }));
        }
        let nights = |due: Due| {
            let (stop, console, path) = (stop.clone(), *console, config.path.clone());
            async move {
                tracing::info!(slot = ?due.slot, missed = due.missed, "the slot of {:?} is due", due.slot);
                // A thread and a runtime of its own: the night must not starve the scheduler.
                let night = tokio::task::spawn_blocking(move || one_night(&path, &stop, console));
                night.await.map_err(|error| format!("the night ended unexpectedly: {error}"))?
            }
        };
        let served = follow(schedule, clock::now, claims, stop.wait(), nights).await;
        served.map_err(|error| CommandError::new(Exit::Unexpected, error_chain(&error), ""))?;
        // Being told to stop is how a daemon ends well.
        Ok(Exit::Done)
    })
}

fn schedule(config: &Config) -> Result<Schedule, CommandError> {
    let fix = "add [daemon] with schedule = \"15 6 * * *\" and zone = \"UTC\" to recount.toml";
    let Some(daemon) = &config.daemon else {
        return Err(CommandError::new(Exit::Config, "recount.toml has no [daemon]", fix));
    };
    Schedule::parse(&daemon.schedule, &daemon.zone, daemon.catch_up)
        .map_err(|error| CommandError::new(Exit::Config, error_chain(&error), fix))
}

/// One night, on the configuration as it is then: what an operator changed by day holds at night.
fn one_night(path: &Path, stop: &Stop, console: Console) -> Result<(), String> {
    let config = crate::config::load::load(path).map_err(|errors| errors.to_string())?;
    let runs = run::nightly_run(&config, stop, &console).map_err(|error| error.message)?;
    let failed = runs.iter().filter_map(|run| run.end.as_ref()).find(|end| !Exit::of_code(end.exit_code).is_good());
    match failed {
        Some(end) => Err(format!("the night ended {} (exit code {})", end.verdict, end.exit_code)),
        None => Ok(()),
    }
}

/// The daemon's slots, in the history: whoever inserts a slot first has it.
struct Slots(RefCell<History>);

impl Slots {
    fn open(state: &Path) -> Result<Self, CommandError> {
        let history = History::open(state, clock::now())?;
        Ok(Self(RefCell::new(history)))
    }
}

impl SlotClaims for Slots {
    type Error = StoreError;

    fn last_slot(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.0.borrow().last_slot()
    }

    fn claim(&self, slot: DateTime<Utc>) -> Result<bool, StoreError> {
        self.0.borrow_mut().claim_slot(slot, clock::now())
    }
}
