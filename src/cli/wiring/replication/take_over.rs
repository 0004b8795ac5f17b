//! The lease taken by a host that can go on with it: what the newest copy has is made sure of before, and a host that cannot use
//! it leaves the lease to one that can.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use tempfile::TempDir;

use crate::cli::clock;
use crate::cli::wiring::replication::replica_standing::ReplicaStanding;
use crate::error_chain::error_chain;
use crate::history::desk::people_kept_by_restore::PeopleOf;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::history::store::run_lock::RunLock;
use crate::replication::copy_names::CopyName;
use crate::replication::error::ReplicaError;
use crate::replication::lease_owner::{FoundLease, LeaseOwner, OwnedLease};
use crate::replication::transfer;
use crate::replication::transfer::{CopyDescription, NewestCopy};

/// What a command wants the lease for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LeaseWish {
    /// It writes: it takes over a lease that has run out.
    Work,
    /// It only looks or tries something out, and makes no host the one that writes.
    Look,
}

/// The lease in hand, and the history ready.
pub(super) struct TakenLease {
    pub(super) held: OwnedLease,
    /// The newest copy there is.
    pub(super) newest: Option<NewestCopy>,
    /// What lay there before.
    pub(super) found: FoundLease,
}

/// Takes the lease. With a lock the newest copy takes the place of this host's history, where that one does not have it.
pub(super) async fn taken(
    owner: &LeaseOwner,
    (state, place): (&Path, &str),
    lock: Option<&RunLock>,
    wish: LeaseWish,
) -> Result<TakenLease, ReplicaError> {
    let found = owner.look(ReplicaStanding::read(state).knows(place)).await;
    if let Err(error @ ReplicaError::LeaseDamaged { .. }) = &found {
        hindered(owner, None, (state, place), error);
    }
    let found = found?;
    if let (LeaseWish::Look, Some((host, out_for))) = (wish, &found.out) {
        return Err(ReplicaError::RanOut { host: host.clone(), since: ago(*out_for) });
    }
    let taken = with_history(owner, state, lock, &found).await;
    if let Err(error) = &taken {
        hindered(owner, found.out.as_ref(), (state, place), error);
    }
    let (held, newest) = taken?;
    Ok(TakenLease { held, newest, found })
}

fn ago(span: TimeDelta) -> DateTime<Utc> {
    let now = clock::now();
    now.checked_sub_signed(span).unwrap_or(now)
}

/// Why it cannot go on is noted for `status`, which asks no store. Whose turn it is, and a store that fails, are said elsewhere.
fn hindered(
    owner: &LeaseOwner,
    out: Option<&(String, TimeDelta)>,
    (state, place): (&Path, &str),
    error: &ReplicaError,
) {
    let is_hindered = matches!(
        error,
        ReplicaError::LeaseDamaged { .. }
            | ReplicaError::Damaged { .. }
            | ReplicaError::NewerCopy { .. }
            | ReplicaError::History(_)
            | ReplicaError::Local { .. }
    );
    if !is_hindered {
        return;
    }
    let mut standing = ReplicaStanding::read(state);
    if let Some((host, out_for)) = out {
        standing = standing.stands_by(host, ago(*out_for));
    } else if standing.host.is_empty() {
        standing.host.clone_from(&owner.me.host);
    }
    standing.in_store(place).hindered(error_chain(error)).keep(state);
}

/// What the history of this host lacks.
enum Missing {
    Nothing,
    /// All of this copy, which is fetched and checked.
    Copy(TempDir, NewestCopy),
}

async fn with_history(
    owner: &LeaseOwner,
    state: &Path,
    lock: Option<&RunLock>,
    found: &FoundLease,
) -> Result<(OwnedLease, Option<NewestCopy>), ReplicaError> {
    let newest = transfer::newest(&owner.store).await;
    let Some(lock) = lock else {
        // Whoever brings a history of their own needs no copy: this is the way out where the newest is damaged.
        let newest = match newest {
            Err(ReplicaError::Damaged { .. }) => None,
            found => found?,
        };
        return Ok((owner.take(found).await?, newest));
    };
    let newest = newest?;
    // Before the lease: whoever cannot go on leaves it to a host that can.
    let missing = missing(owner, state, newest.as_ref()).await?;
    let held = owner.take(found).await?;
    let gone_on = go_on(owner, (state, lock), (held, found), (newest, missing)).await;
    if gone_on.is_err() {
        give_back(owner, found).await;
    }
    gone_on
}

/// That it cannot be given back changes nothing: it runs out.
pub(super) async fn give_back(owner: &LeaseOwner, found: &FoundLease) {
    if let Err(error) = owner.give_back(found).await {
        tracing::warn!("the lease could not be given back, and runs out by itself: {error}");
    }
}

async fn missing(owner: &LeaseOwner, state: &Path, newest: Option<&NewestCopy>) -> Result<Missing, ReplicaError> {
    let Some((name, description, many)) = newest else { return Ok(Missing::Nothing) };
    if has(state, *name, description)? {
        return Ok(Missing::Nothing);
    }
    let folder = tempfile::Builder::new().prefix(".restore.").tempdir_in(state);
    let folder =
        folder.map_err(|source| ReplicaError::Local { what: "the copy cannot be unpacked".to_owned(), source })?;
    transfer::fetch(&owner.store, *name, description, &folder.path().join(FETCHED)).await?;
    Ok(Missing::Copy(folder, (*name, description.clone(), *many)))
}

const FETCHED: &str = "history.db";

/// With the lease in hand: from the newest copy, where the history of this host is not of it.
async fn go_on(
    owner: &LeaseOwner,
    (state, lock): (&Path, &RunLock),
    (held, found): (OwnedLease, &FoundLease),
    (mut newest, mut missing_copy): (Option<NewestCopy>, Missing),
) -> Result<(OwnedLease, Option<NewestCopy>), ReplicaError> {
    if found.out.is_some() {
        // Who had it may have sent one more until a moment ago.
        let now = transfer::newest(&owner.store).await?;
        let name = |copy: &Option<NewestCopy>| copy.as_ref().map(|(name, ..)| *name);
        if name(&now) != name(&newest) {
            missing_copy = missing(owner, state, now.as_ref()).await?;
            newest = now;
        }
    }
    let Missing::Copy(folder, (name, description, _)) = missing_copy else { return Ok((held, newest)) };
    // A change of hosts that was noted for this term stands; going back within a term is one as well.
    let held = if name.term < held.lease.term { held } else { owner.go_back(&description.host).await? };
    // People are kept on the host that has the lease alone, so the copy knows them.
    History::restore(lock, state, &folder.path().join(FETCHED), PeopleOf::TheCopy, clock::now())?;
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
