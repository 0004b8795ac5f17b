//! What every run needs: the configuration, the lock, the history, the clock, and a runtime to wait in.

use std::path::{Path, PathBuf};

use crate::cli::arguments::global_options::Global;
use crate::cli::error::CommandError;
use crate::cli::wiring::replication::take_over::LeaseWish;
use crate::cli::wiring::replication::{NotCopied, Replica};
use crate::cli::wiring::{configured_health, unbegun_nights};
use crate::cli::{clock, process_limits};
use crate::config::settings::{Config, ConnectWiseConfig, IntegrationConfig};
use crate::connectwise::client::Client;
use crate::error_chain::error_chain;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::history::store::run_lock::RunLock;
use crate::history::store::unbegun_nights::noted;
use crate::nightly::night_failure::Failure;
use crate::reconcile::model::plan::reason_code::Code;
use crate::report::exit_codes::Exit;

/// The lock is held and the history is open.
pub(crate) struct Session {
    pub(crate) lock: RunLock,
    pub(crate) history: History,
    /// Where copies of the history go.
    pub(crate) replica: Option<Replica>,
    /// Whether the lease could not be had: then nothing leaves this host, and a night is recorded at most.
    is_without_lease: bool,
}

/// What to do about a configuration that does not load.
const CORRECT: &str = "correct it, then `recount check`";

/// The configuration that the arguments name.
pub(crate) fn configuration(global: &Global) -> Result<Config, CommandError> {
    let path = crate::config::load::find(global.config.as_deref())
        .map_err(|error| CommandError::new(Exit::Config, error.to_string(), "name it with --config FILE"))?;
    crate::config::load::load(&path).map_err(|errors| {
        let message = if global.json { errors.to_string() } else { errors.drawn() };
        CommandError::new(Exit::Config, message, errors.remedy(CORRECT))
    })
}

/// The configuration of this file, read again.
pub(crate) fn configuration_of(path: &Path) -> Result<Config, CommandError> {
    crate::config::load::load(path)
        .map_err(|errors| CommandError::new(Exit::Config, errors.to_string(), errors.remedy(CORRECT)))
}

impl Session {
    /// Takes the lock, and the lease where other hosts may want it, and opens the history under them.
    pub(crate) fn open(config: &Config) -> Result<Self, CommandError> {
        Self::open_for(config, LeaseWish::Work)
    }

    /// The same for a command that only looks or tries something out: it takes the lease of another host over from nobody.
    pub(crate) fn open_to_look(config: &Config) -> Result<Self, CommandError> {
        Self::open_for(config, LeaseWish::Look)
    }

    fn open_for(config: &Config, wish: LeaseWish) -> Result<Self, CommandError> {
        process_limits::enough_descriptors()?;
        let lock = RunLock::take(&config.state, clock::now())?;
        let replica =
            config.replica.as_ref().map(|settings| Replica::open(config, settings, &lock, wish)).transpose()?;
        match opened_under(config, &lock) {
            Ok(history) => Ok(Self { lock, history, replica, is_without_lease: false }),
            Err(error) => {
                // Else this host would keep it from one that can go on.
                if let Some(replica) = replica {
                    replica.give_back();
                }
                Err(error)
            }
        }
    }

    /// For a night that cannot begin: it is recorded here, whoever may hold the lease. A host without a history makes none.
    pub(crate) fn open_to_record(config: &Config) -> Result<Self, CommandError> {
        let lock = RunLock::take(&config.state, clock::now())?;
        // One of an older version is brought up, as by any run.
        if !is_of_an_older_version(&config.state) {
            existing_history(&config.state)?;
        }
        let history = opened_under(config, &lock)?;
        Ok(Self { lock, history, replica: None, is_without_lease: config.replica.is_some() })
    }

    /// Sends a copy of the history where copies go.
    ///
    /// # Errors
    /// Why it was not sent; `status` says so, too.
    pub(crate) fn copy(&self, config: &Config) -> Result<(), NotCopied> {
        let Some(replica) = &self.replica else { return Ok(()) };
        let before = configured_health::host_part(config);
        let copied = replica.copy(config, &self.history);
        if configured_health::host_part(config) != before {
            configured_health::keep(config, &self.history);
        }
        copied
    }

    /// Whether another host may be the one that writes by now.
    pub(crate) fn has_lost_the_lease(&self) -> bool {
        self.is_without_lease || self.replica.as_ref().is_some_and(Replica::is_lost)
    }
}

fn opened_under(config: &Config, lock: &RunLock) -> Result<History, CommandError> {
    let mut history = History::open(&config.state, clock::now())?;
    unbegun_nights::settle(config, lock, &mut history)?;
    Ok(history)
}

/// Records nights that could be stored nowhere, before a command that only reads: whoever looks what the night was is to find
/// it.
pub(crate) fn recorded_first(global: &Global) {
    let Ok(config) = configuration(global) else { return };
    if noted(&config.state).is_ok_and(|nights| nights.is_empty()) {
        return;
    }
    // What cannot be recorded now stays noted; the command says by itself what is wrong with the history.
    drop(Session::open_to_record(&config));
}

/// The history, if there is one; for commands that only read.
pub(crate) fn existing_history(state: &Path) -> Result<History, CommandError> {
    match History::open_existing(state) {
        Ok(Some(history)) => Ok(history),
        Ok(None) => Err(CommandError::new(Exit::Usage, "there was no run yet", "recount plan")),
        Err(error) => Err(error.into()),
    }
}

/// The same, brought up to this version; for commands that go on to write.
pub(crate) fn upgraded_history(config: &Config) -> Result<History, CommandError> {
    if is_of_an_older_version(&config.state) {
        drop(Session::open_to_look(config)?);
    }
    existing_history(&config.state)
}

fn is_of_an_older_version(state: &Path) -> bool {
    matches!(History::open_existing(state), Err(StoreError::Older { .. }))
}

/// There is no such run; perhaps the newest one was meant.
pub(crate) fn no_run(history: &History, run: i64) -> CommandError {
    let newest = history.latest_run(None).ok().flatten().map(|newest| format!("the newest is run {}; ", newest.run));
    let fix = format!("{}`recount history` lists them", newest.unwrap_or_default());
    CommandError::new(Exit::Usage, format!("there is no run {run}"), fix)
}

/// The client of an integration's ConnectWise; its secrets are read now.
pub(crate) fn connect(config: &ConnectWiseConfig) -> Result<Client, Failure> {
    let secrets_fix = "put the key where the configuration says, readable by this user alone";
    let (settings, keys) = config
        .settings(|| clock::now().into())
        .map_err(|error| Failure::new(Exit::Config, Code::ConfigInvalid, error_chain(&error), secrets_fix))?;
    let fix = "correct the connectwise table in recount.toml";
    Client::new(settings, &keys)
        .map_err(|error| Failure::new(Exit::Config, Code::ConfigInvalid, error_chain(&error), fix))
}

/// The ConnectWise that an integration bills in.
pub(crate) fn connectwise_of<'a>(
    config: &'a Config,
    integration: &IntegrationConfig,
) -> Result<&'a ConnectWiseConfig, Failure> {
    config.connectwise.get(&integration.connectwise).ok_or_else(|| {
        let message = format!("there is no [connectwise.{}]", integration.connectwise);
        Failure::new(Exit::Config, Code::ConfigInvalid, message, "correct recount.toml")
    })
}

/// The folder that keeps what was fetched from report links.
pub(crate) fn fetched(state: &Path) -> PathBuf {
    state.join("fetched")
}

/// Bytes of stack of a thread on which a night may run: as many as the main thread has, on which most of them do.
pub(crate) const NIGHT_STACK: usize = 8 * 1024 * 1024;

/// A runtime for one thread: a run waits for one write at a time, and for few reads.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, CommandError> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .thread_stack_size(NIGHT_STACK)
        .build()
        .map_err(|error| CommandError::new(Exit::Unexpected, format!("cannot start: {error}"), ""))
}
