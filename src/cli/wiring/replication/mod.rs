//! `replicate`: the lease is taken before a history is opened to be written, and a host without the newest one fetches it.

pub(crate) mod replica_standing;
pub(crate) mod store_faults;
pub(crate) mod take_over;

use std::path::Path;
use std::sync::mpsc::Sender;
use std::{fs, io, thread};

use chrono::{DateTime, Utc};

use crate::apply::lease_guard::LeaseGuard;
use crate::atomic_files::replace;
use crate::cli::clock;
use crate::cli::error::CommandError;
use crate::cli::wiring::replication::replica_standing::ReplicaStanding;
use crate::cli::wiring::replication::store_faults::{standing_by, store_error};
use crate::cli::wiring::replication::take_over::{LeaseWish, TakenLease, give_back, taken};
use crate::cli::wiring::{configured_health, keep_report};
use crate::config::secrets;
use crate::config::settings::Config;
use crate::error_chain::error_chain;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::history::store::run_lock::RunLock;
use crate::history::store::state_folder::create_private_dir;
use crate::nightly::job::HostChange;
use crate::replication::error::ReplicaError;
use crate::replication::lease_marks::LeaseMarks;
use crate::replication::lease_owner::{FoundLease, LeaseKeeper, LeaseOwner, renew_while_mine};
use crate::replication::lease_turn::{LeaseHolder, SeenLease, Takeover};
use crate::replication::settings::ReplicaSettings;
use crate::replication::store::CopyStore;
use crate::replication::transfer;
use crate::replication::transfer::CopyDescription;
use crate::report::exit_codes::Exit;

/// This host has the lease, and keeps it while this is there.
pub(crate) struct Replica {
    owner: LeaseOwner,
    keeper: LeaseKeeper,
    found: FoundLease,
    change: Option<HostChange>,
}

impl Replica {
    /// Takes the lease. Where the newest copy is not in the history of this host, it takes that one's place.
    pub(crate) fn open(
        config: &Config,
        settings: &ReplicaSettings,
        lock: &RunLock,
        wish: LeaseWish,
    ) -> Result<Self, CommandError> {
        Self::opened(config, settings, Some(lock), wish)
    }

    /// Takes the lease alone, for whoever brings a history of their own.
    pub(crate) fn of_lease(config: &Config, settings: &ReplicaSettings) -> Result<Self, CommandError> {
        Self::opened(config, settings, None, LeaseWish::Work)
    }

    fn opened(
        config: &Config,
        settings: &ReplicaSettings,
        lock: Option<&RunLock>,
        wish: LeaseWish,
    ) -> Result<Self, CommandError> {
        let owner = owner(config, settings)?;
        let place = settings.address();
        let opened = wait(taken(&owner, (&config.state, &place), lock, wish))?;
        let TakenLease { held, newest, found } = opened.map_err(|error| refused(config, &place, error))?;
        let keeper = LeaseKeeper::new(owner.clone(), &held).map_err(no_thread)?;
        let before = ReplicaStanding::read(&config.state);
        before.holds(&held.lease, held.span.until, newest).in_store(&place).keep(&config.state);
        let change = held.lease.takeover.map(|Takeover { from, ran_out_at, at }| HostChange { from, ran_out_at, at });
        Ok(Self { owner, keeper, found, change })
    }

    /// Gives the lease back that was taken just now: this host cannot go on with it after all.
    pub(crate) fn give_back(self) {
        let Self { owner, keeper, found, .. } = self;
        drop(keeper);
        // Its thread ended unexpectedly, or it is done.
        let _ = wait(give_back(&owner, &found));
    }

    /// Asked before each write.
    pub(crate) fn guard(&self) -> &LeaseGuard {
        &self.keeper.guard
    }

    /// Whether another host may be the one that writes by now.
    pub(crate) fn is_lost(&self) -> bool {
        self.guard().is_over(clock::now(), tokio::time::Instant::now())
    }

    /// The last change of hosts.
    pub(crate) fn change(&self) -> Option<&HostChange> {
        self.change.as_ref()
    }

    /// Sends a copy of the history.
    ///
    /// # Errors
    /// Why it was not sent. That changes nothing that was written; it is noted for `status`.
    pub(crate) fn copy(&self, config: &Config, history: &History) -> Result<(), NotCopied> {
        // Also where the lease is over by this host's clock: whether it is still this host's, the store says.
        let sent = self.send(config, history);
        if let Err(NotCopied { why, .. }) = &sent {
            tracing::warn!("the history cannot be copied to {}: {why}", shown(config));
        }
        let before = ReplicaStanding::read(&config.state);
        let before = match &sent {
            Err(NotCopied { other: Some((host, until)), .. }) => before.stands_by(host, *until),
            _ => before,
        };
        let (sent, ended) = match sent {
            Ok(copy) => (Ok(copy), Ok(())),
            Err(not) => (Err(not.why.clone()), Err(not)),
        };
        before.after_copy(sent).keep(&config.state);
        ended
    }

    /// Whether the newest copy that this host knows lacks anything of the history: a run that died, or a store that did not
    /// answer.
    pub(crate) fn owes_a_copy(&self, config: &Config, history: &History) -> Result<bool, StoreError> {
        let known = ReplicaStanding::read(&config.state);
        let last_run = history.runs(1)?.first().map(|run| run.run.0);
        let is_whole =
            known.copy.as_ref().map(|copy| (copy.last_run, copy.head.as_str())) == Some((last_run, &*history.head()?));
        Ok(known.failure.is_some() || !is_whole)
    }

    fn send(&self, config: &Config, history: &History) -> Result<CopyDescription, NotCopied> {
        let said = |error: ReplicaError| NotCopied::of(&error);
        let snapshot = transfer::snapshot(history, &config.state).map_err(said)?;
        let sent = wait(async {
            // Nobody took it meanwhile: a copy under a lease of another host would be its newest one.
            let held = self.owner.renew().await?;
            transfer::send(&self.owner.store, snapshot, &held.lease, clock::now()).await
        });
        let (_, description) = sent.map_err(|error| NotCopied { why: error.message, other: None })?.map_err(said)?;
        Ok(description)
    }
}

/// Why a copy was not sent.
#[derive(Debug, Clone)]
pub(crate) struct NotCopied {
    /// For a person.
    pub(crate) why: String,
    /// The host that has the lease by now, and until when at the most: it does not go on from this history.
    pub(crate) other: Option<(String, DateTime<Utc>)>,
}

impl NotCopied {
    fn of(error: &ReplicaError) -> Self {
        let other = match error {
            ReplicaError::StandsBy { host, until } => Some((host.clone(), *until)),
            _ => None,
        };
        Self { why: error_chain(error), other }
    }
}

/// Renews the lease between nights while it is this host's; `None` where nothing is copied.
pub(crate) fn between_nights(config: &Config) -> Result<Option<Sender<()>>, CommandError> {
    let Some(settings) = &config.replica else { return Ok(None) };
    // Whose turn it is, is decided when a night is due.
    create_private_dir(&config.state).map_err(|error| CommandError::new(Exit::Store, error.to_string(), ""))?;
    let (state, place) = (config.state.clone(), settings.address());
    let noted = move |host: &str, until| {
        ReplicaStanding::read(&state).stands_by(host, until).in_store(&place).keep(&state);
    };
    renew_while_mine(owner(config, settings)?, noted).map(Some).map_err(no_thread)
}

/// This host, as one that may come to hold the lease.
fn owner(config: &Config, settings: &ReplicaSettings) -> Result<LeaseOwner, CommandError> {
    let path = config.state.join(HOST_ID);
    if !path.exists() {
        replace(&path, mark().as_bytes()).map_err(|error| unusable(&config.state, &error))?;
    }
    onlooker(config, settings)
}

/// Refuses what another host would not know: where that one has the lease, its copy will take the place of this history.
pub(crate) fn refuse_beside_another_host(config: &Config) -> Result<(), CommandError> {
    let Some(settings) = &config.replica else { return Ok(()) };
    let owner = onlooker(config, settings)?;
    let seen = wait(owner.seen())?.map_err(|error| store_error(&error))?;
    let Some(SeenLease { lease, .. }) = seen else { return Ok(()) };
    if owner.wrote(&lease).map_err(|error| store_error(&error))? {
        return Ok(());
    }
    let message = format!("this host stands by: {} holds the lease", lease.held_by(&owner.me));
    Err(CommandError::new(Exit::Locked, message, "do it on that host: its history takes the place of this one"))
}

/// What was drawn once for a state folder.
const HOST_ID: &str = "host.id";
/// By which a state folder knows the lease that it wrote.
const MARKS: &str = "lease.marks";

/// This host, as one that looks and takes nothing.
pub(crate) fn onlooker(config: &Config, settings: &ReplicaSettings) -> Result<LeaseOwner, CommandError> {
    let fix = "put the key where the configuration says, readable by this user alone";
    let secrets = secrets::of_replica(&settings.place)
        .map_err(|error| CommandError::new(Exit::Config, error_chain(&error), fix))?;
    let store = CopyStore::of(settings, secrets.as_ref()).map_err(|error| store_error(&error.into()))?;
    let me = known_host(&config.state).map_err(|error| unusable(&config.state, &error))?;
    let marks = LeaseMarks { file: config.state.join(MARKS), draw: mark };
    Ok(LeaseOwner { store, me, length: settings.lease, clock: clock::now, marks })
}

fn unusable(state: &Path, error: &io::Error) -> CommandError {
    CommandError::new(Exit::Store, format!("{}: {error}", state.display()), "look at the state folder")
}

/// What tells one write from every other.
fn mark() -> String {
    let mut bytes = [0; 12];
    // Without chance nothing else of this process works either; the time is nearly as good.
    if getrandom::fill(&mut bytes).is_err() {
        return format!("{:x}", clock::now().timestamp_nanos_opt().unwrap_or_default());
    }
    hex::encode(bytes)
}

/// The host's name, and what was drawn for its state folder; a folder without it has never held the lease.
fn known_host(state: &Path) -> io::Result<LeaseHolder> {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    match fs::read_to_string(state.join(HOST_ID)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(LeaseHolder { id: String::new(), host }),
        read => Ok(LeaseHolder { id: read?, host }),
    }
}

/// Waits for the store, wherever it is called from: a thread and a runtime of its own.
pub(crate) fn wait<T: Send>(work: impl Future<Output = T> + Send) -> Result<T, CommandError> {
    thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(no_thread)?;
            let done = runtime.block_on(work);
            runtime.shutdown_background();
            Ok(done)
        });
        let ended = || CommandError::new(Exit::Unexpected, "the store of copies: its thread ended unexpectedly", "");
        waiting.join().map_err(|_| ended())?
    })
}

fn no_thread(error: io::Error) -> CommandError {
    CommandError::new(Exit::Unexpected, format!("cannot start: {error}"), "")
}

fn shown(config: &Config) -> &str {
    config.replica.as_ref().map_or("the store", |replica| &replica.shown)
}

/// Why this host cannot go on, for a person; that it stands by is noted for `status`.
fn refused(config: &Config, place: &str, error: ReplicaError) -> CommandError {
    if let ReplicaError::StandsBy { host, until } | ReplicaError::RanOut { host, since: until } = &error {
        ReplicaStanding::read(&config.state).stands_by(host, *until).in_store(place).keep(&config.state);
        keep_report::keep_overviews(config);
        // A host that never had a night has no numbers.
        if let Ok(Some(history)) = History::open_existing(&config.state) {
            configured_health::keep(config, &history);
        }
        return standing_by(&error, *until);
    }
    if matches!(error, ReplicaError::Emptied) {
        ReplicaStanding::read(&config.state).emptied().keep(&config.state);
    }
    store_error(&error)
}
