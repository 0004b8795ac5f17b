//! `replicate`: the lease is taken before a history is opened to be written, and a host without the newest one fetches it.

use std::path::Path;
use std::sync::mpsc::Sender;
use std::{fs, io, thread};

use chrono::{DateTime, Utc};

use crate::apply::lease_guard::LeaseGuard;
use crate::atomic_files::replace;
use crate::cli::clock;
use crate::cli::error::CommandError;
use crate::cli::wiring::replication_standing::ReplicaStanding;
use crate::config::secrets;
use crate::config::settings::Config;
use crate::error_chain::error_chain;
use crate::history::desk::people_kept_by_restore::PeopleOf;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::history::store::run_lock::{RunLock, create_private_dir};
use crate::nightly::job::HostChange;
use crate::reconcile::model::display_text::minute;
use crate::replication::copy_names::CopyName;
use crate::replication::error::{CopyStoreError, ReplicaError};
use crate::replication::lease_marks::LeaseMarks;
use crate::replication::lease_owner::{LeaseKeeper, LeaseOwner, OwnedLease, renew_while_mine};
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
    change: Option<HostChange>,
}

impl Replica {
    /// Takes the lease. Where the newest copy is not in the history of this host, it takes that one's place.
    pub(crate) fn open(config: &Config, settings: &ReplicaSettings, lock: &RunLock) -> Result<Self, CommandError> {
        Self::opened(config, settings, Some(lock))
    }

    /// Takes the lease alone, for whoever brings a history of their own.
    pub(crate) fn of_lease(config: &Config, settings: &ReplicaSettings) -> Result<Self, CommandError> {
        Self::opened(config, settings, None)
    }

    fn opened(config: &Config, settings: &ReplicaSettings, lock: Option<&RunLock>) -> Result<Self, CommandError> {
        let owner = owner(config, settings)?;
        let place = settings.address();
        let opened = wait(opened(&owner, (&config.state, &place), lock))?;
        let (held, newest) = opened.map_err(|error| refused(config, &place, error))?;
        let keeper = LeaseKeeper::new(owner.clone(), &held).map_err(no_thread)?;
        let before = ReplicaStanding::read(&config.state);
        before.holds(&held.lease, held.span.until, newest).in_store(&place).keep(&config.state);
        let change = held.lease.takeover.map(|Takeover { from, ran_out_at, at }| HostChange { from, ran_out_at, at });
        Ok(Self { owner, keeper, change })
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
    pub(crate) fn copy(&self, config: &Config, history: &History) -> Result<(), String> {
        let sent = if self.is_lost() {
            Err("this host has lost its lease, and sends no copy".to_owned())
        } else {
            self.send(config, history)
        };
        if let Err(why) = &sent {
            tracing::warn!("the history cannot be copied to {}: {why}", shown(config));
        }
        let ended = sent.as_ref().map(|_| ()).map_err(String::clone);
        ReplicaStanding::read(&config.state).after_copy(sent).keep(&config.state);
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

    fn send(&self, config: &Config, history: &History) -> Result<CopyDescription, String> {
        let said = |error: ReplicaError| error_chain(&error);
        let snapshot = transfer::snapshot(history, &config.state).map_err(said)?;
        let sent = wait(async {
            // Nobody took it meanwhile: a copy under a lease of another host would be its newest one.
            let held = self.owner.renew().await?;
            transfer::send(&self.owner.store, snapshot, &held.lease, clock::now()).await
        });
        let (_, description) = sent.map_err(|error| error.message)?.map_err(said)?;
        Ok(description)
    }
}

/// Renews the lease between nights while it is this host's; `None` where nothing is copied.
pub(crate) fn between_nights(config: &Config) -> Result<Option<Sender<()>>, CommandError> {
    let Some(settings) = &config.replica else { return Ok(None) };
    // Whose turn it is, is decided when a night is due.
    create_private_dir(&config.state).map_err(|error| CommandError::new(Exit::Store, error.to_string(), ""))?;
    renew_while_mine(owner(config, settings)?).map(Some).map_err(no_thread)
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

type Newest = Option<(CopyName, CopyDescription, usize)>;

async fn opened(
    owner: &LeaseOwner,
    (state, place): (&Path, &str),
    lock: Option<&RunLock>,
) -> Result<(OwnedLease, Newest), ReplicaError> {
    let held = owner.take(ReplicaStanding::read(state).knows(place)).await?;
    let (me, until) = (owner.me.host.clone(), held.span.until);
    let gone_on = go_on(owner, state, lock, held).await;
    if gone_on.is_err() {
        ReplicaStanding::read(state).took(me, until).in_store(place).keep(state);
    }
    gone_on
}

/// With the lease in hand: from the newest copy, where the history of this host is not of it.
async fn go_on(
    owner: &LeaseOwner,
    state: &Path,
    lock: Option<&RunLock>,
    held: OwnedLease,
) -> Result<(OwnedLease, Newest), ReplicaError> {
    let newest = transfer::newest(&owner.store).await?;
    let (Some((name, description, _)), Some(lock)) = (&newest, lock) else { return Ok((held, newest)) };
    if has(state, *name, description)? {
        return Ok((held, newest));
    }
    // A change of hosts that was noted for this term stands; going back within a term is one as well.
    let held = if name.term < held.lease.term { held } else { owner.go_back(&description.host).await? };
    let fetched = tempfile::Builder::new().prefix(".restore.").tempdir_in(state);
    let fetched =
        fetched.map_err(|source| ReplicaError::Local { what: "the copy cannot be unpacked".to_owned(), source })?;
    let file = fetched.path().join("history.db");
    transfer::fetch(&owner.store, *name, description, &file).await?;
    // People are kept on the host that has the lease alone, so the copy knows them.
    History::restore(lock, state, &file, PeopleOf::TheCopy, clock::now())?;
    let run = description.last_run.map_or("no run".to_owned(), |run| format!("run {run}"));
    tracing::warn!(copy = %name, "the history of this host is copy {name} of {}, up to {run}", description.host);
    Ok((held, newest))
}

/// Whether the history of this host holds all that a copy does.
fn has(state: &Path, name: CopyName, copy: &CopyDescription) -> Result<bool, ReplicaError> {
    let history = match History::open_existing(state) {
        Ok(None) | Err(StoreError::Gone { .. }) => return Ok(false),
        Err(StoreError::Older { .. }) => History::open(state, clock::now())?,
        found => match found? {
            Some(history) => history,
            None => return Ok(false),
        },
    };
    // Another host's nights may look like ours by their head: quiet ones leave no trace in the journal.
    let same_line = ReplicaStanding::read(state).term >= name.term;
    let last_run = history.runs(1)?.first().map(|run| run.run.0);
    Ok(same_line && last_run >= copy.last_run && history.had_head(&copy.head)?)
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
    if let ReplicaError::StandsBy { host, until } = &error {
        ReplicaStanding::read(&config.state).stands_by(host, *until).in_store(place).keep(&config.state);
        return standing_by(&error, *until);
    }
    if matches!(error, ReplicaError::Emptied) {
        ReplicaStanding::read(&config.state).emptied().keep(&config.state);
    }
    store_error(&error)
}

fn standing_by(error: &ReplicaError, until: DateTime<Utc>) -> CommandError {
    let fix =
        format!("nothing: this host takes over when the lease has run out, after {}", minute(until.fixed_offset()));
    CommandError { stands_by: true, ..CommandError::new(Exit::Locked, error_chain(error), fix) }
}

/// What is wrong with the store, and what to do.
pub(crate) fn store_error(error: &ReplicaError) -> CommandError {
    let said = error_chain(error);
    match error {
        ReplicaError::NoConditions { .. } => {
            let fix = "set `replicate` to a store that keeps conditional writes: Amazon S3, Azure, MinIO";
            CommandError::new(Exit::Config, said, fix)
        }
        ReplicaError::History(error) => CommandError::new(Exit::Store, said, error.advice()),
        ReplicaError::Emptied => {
            let fix = "mount the folder, or correct `replicate`: the host that holds the lease must be seen there. To begin anew in an \
                       empty store on purpose, remove replica.json from the state folder of the host that is to write";
            CommandError::new(Exit::Store, said, fix)
        }
        ReplicaError::Damaged { .. } => {
            let fix = "fetch an older copy by hand: docs/recovery.md";
            CommandError::new(Exit::Store, said, fix)
        }
        ReplicaError::Store(CopyStoreError::Denied) => {
            CommandError::new(Exit::Store, said, "look at the key in [replication], and at what it may do")
        }
        _ => CommandError::new(
            Exit::Store,
            said,
            "look at `replicate` in recount.toml; nothing is written without the lease",
        ),
    }
}
