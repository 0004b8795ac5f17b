//! The lease, taken and renewed: every write of it is conditional on what was read just before.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;
use std::{io, thread};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::apply::lease_guard::{LeaseGuard, LeaseSpan};
use crate::replication::copy_names::CopyName;
use crate::replication::error::{CopyStoreError, ReplicaError};
use crate::replication::lease_marks::LeaseMarks;
use crate::replication::lease_turn::{Lease, LeaseHolder, LeaseTurn, SeenLease, Takeover, turn};
use crate::replication::store::{CopyStore, ObjectState};
use crate::replication::transfer::newest_name;

/// A host that may come to hold the lease.
#[derive(Clone)]
pub struct LeaseOwner {
    /// Where the lease lies.
    pub store: CopyStore,
    /// This host.
    pub me: LeaseHolder,
    /// How long the lease holds.
    pub length: Duration,
    /// This host's clock.
    pub clock: fn() -> DateTime<Utc>,
    /// What tells one write of it from every other, and this host's from another's.
    pub marks: LeaseMarks,
}

/// The lease as it was found, before anything of it was written.
#[derive(Debug, Clone)]
pub struct FoundLease {
    /// What lay there.
    pub seen: Option<SeenLease>,
    /// Where none lay there: the newest copy beside it, and whose it is.
    left: Option<(CopyName, String)>,
    /// By the store's clock.
    now: DateTime<Utc>,
    here_before: bool,
    /// Whose it was and for how long it is out, if it is another host's.
    pub out: Option<(String, TimeDelta)>,
}

/// The lease as this host wrote it last.
#[derive(Debug, Clone)]
pub struct OwnedLease {
    /// What it says.
    pub lease: Lease,
    /// How long it holds.
    pub span: LeaseSpan,
}

const LEASE: &str = "lease.json";
/// A write that another process of this host, or another host, was ahead of is decided anew so often.
const TRIES: usize = 5;

impl LeaseOwner {
    /// Looks whether the lease is nobody's, this host's, or has run out. First it is tried whether the store keeps conditions.
    /// Who was `here_before` begins nothing anew.
    ///
    /// # Errors
    /// [`ReplicaError::StandsBy`] while another host has it; [`ReplicaError::Emptied`] where nothing is left of what was there.
    pub async fn look(&self, here_before: bool) -> Result<FoundLease, ReplicaError> {
        let now = self.store.probe(&(self.marks.draw)()).await?;
        let seen = self.seen().await?;
        let left = if seen.is_none() { newest_name(&self.store).await? } else { None };
        if seen.is_none() && left.is_none() && here_before {
            return Err(ReplicaError::Emptied);
        }
        let is_mine = seen.as_ref().map_or(Ok(false), |seen| self.wrote(&seen.lease))?;
        let out = match turn(seen.as_ref(), &self.me, is_mine, now) {
            LeaseTurn::StandBy { host, left } => return Err(self.stands_by(host, left)),
            LeaseTurn::TakeOver { from, out_for } => Some((from, out_for)),
            LeaseTurn::Take | LeaseTurn::Renew => None,
        };
        Ok(FoundLease { seen, left, now, here_before, out })
    }

    /// Takes the lease that was found, if nobody was ahead.
    pub async fn take(&self, found: &FoundLease) -> Result<OwnedLease, ReplicaError> {
        let FoundLease { seen: before, left, now, here_before, .. } = found;
        self.write(|seen, is_mine| match turn(seen, &self.me, is_mine, *now) {
            // One that was there a moment ago was removed meanwhile: the next command looks at what it left.
            LeaseTurn::Take if before.is_some() => Err(CopyStoreError::Conflict { name: LEASE.to_owned() }.into()),
            LeaseTurn::Take if left.is_none() && *here_before => Err(ReplicaError::Emptied),
            LeaseTurn::Take => self.first(left.as_ref()),
            LeaseTurn::Renew => self.next(seen.map(|seen| &seen.lease), None),
            LeaseTurn::TakeOver { from, out_for } => {
                let at = (self.clock)();
                let ran_out_at = at.checked_sub_signed(out_for).unwrap_or(at);
                self.next(seen.map(|seen| &seen.lease), Some(Takeover { from, ran_out_at, at }))
            }
            LeaseTurn::StandBy { host, left } => Err(self.stands_by(host, left)),
        })
        .await
    }

    /// Gives the lease back that was taken just now, as it was found; one that lay nowhere is anybody's. If another host has it
    /// by now, it stays.
    ///
    /// # Errors
    /// The store's, or when it cannot be read. It then runs out by itself.
    pub async fn give_back(&self, found: &FoundLease) -> Result<(), ReplicaError> {
        let Some((now, state)) = self.read().await? else { return Ok(()) };
        if !self.wrote(&now.lease)? {
            return Ok(());
        }
        let lease = found.seen.as_ref().map_or(Lease { seconds: 0, ..now.lease }, |seen| seen.as_it_was(found.now));
        self.store.replace(LEASE, &state, json(&lease)).await?;
        Ok(())
    }

    /// Renews the lease, as long as it is this host's.
    ///
    /// # Errors
    /// [`ReplicaError::StandsBy`] if it is not any more.
    pub async fn renew(&self) -> Result<OwnedLease, ReplicaError> {
        self.write(|seen, is_mine| match seen {
            Some(seen) if is_mine => self.next(Some(&seen.lease), None),
            // How long it holds still is known to be no more than this.
            Some(seen) => Err(self.stands_by(seen.lease.held_by(&self.me), seen.lease.holds_for())),
            None => Err(self.stands_by("nobody".to_owned(), TimeDelta::zero())),
        })
        .await
    }

    /// Notes that this host goes back to a copy of its own term: the same as a change of hosts.
    pub async fn go_back(&self, from: &str) -> Result<OwnedLease, ReplicaError> {
        self.write(|seen, is_mine| match seen {
            Some(seen) if is_mine => {
                let at = (self.clock)();
                self.next(Some(&seen.lease), Some(Takeover { from: from.to_owned(), ran_out_at: at, at }))
            }
            _ => Err(self.stands_by("another host".to_owned(), TimeDelta::zero())),
        })
        .await
    }

    /// The lease as it lies there.
    pub async fn seen(&self) -> Result<Option<SeenLease>, ReplicaError> {
        Ok(self.read().await?.map(|(seen, _)| seen))
    }

    async fn write(
        &self,
        decide: impl Fn(Option<&SeenLease>, bool) -> Result<Lease, ReplicaError>,
    ) -> Result<OwnedLease, ReplicaError> {
        let mut conflict = CopyStoreError::Conflict { name: LEASE.to_owned() };
        for _ in 0..TRIES {
            let found = self.read().await?;
            let seen = found.as_ref().map(|(seen, _)| seen);
            let is_mine = seen.map_or(Ok(false), |seen| self.wrote(&seen.lease))?;
            let lease = decide(seen, is_mine)?;
            let span = self.span();
            let bytes = json(&lease);
            let written = match &found {
                None => self.store.create(LEASE, bytes).await,
                Some((_, state)) => self.store.replace(LEASE, state, bytes).await,
            };
            match written {
                Ok(_) => return Ok(OwnedLease { lease, span }),
                Err(CopyStoreError::Conflict { .. }) => {}
                Err(error) => conflict = error,
            }
            // An answer that was lost: what lies there tells.
            if let Some((seen, _)) = self.read().await?
                && seen.lease.mark == lease.mark
            {
                return Ok(OwnedLease { lease, span });
            }
        }
        Err(conflict.into())
    }

    /// Whether a lease is this host's. It is to be read first: another process of this host may have renewed it just now.
    pub fn wrote(&self, lease: &Lease) -> Result<bool, ReplicaError> {
        Ok(lease.holder == self.me && self.marks.knows(&lease.mark)?)
    }

    async fn read(&self) -> Result<Option<(SeenLease, ObjectState)>, ReplicaError> {
        let Some(found) = self.store.read(LEASE).await? else { return Ok(None) };
        let lease = serde_json::from_slice(&found.bytes)
            .map_err(|error| ReplicaError::LeaseDamaged { name: LEASE, why: error.to_string() })?;
        Ok(Some((SeenLease { lease, written_at: found.written_at }, found.state)))
    }

    /// Counted from before it is asked for, so that it never ends later here than there.
    fn span(&self) -> LeaseSpan {
        let (since, ticks) = ((self.clock)(), Instant::now());
        let length = TimeDelta::from_std(self.length).unwrap_or(TimeDelta::MAX);
        let until = since.checked_add_signed(length).unwrap_or(DateTime::<Utc>::MAX_UTC);
        LeaseSpan { since, until, ends: ticks + self.length }
    }

    fn next(&self, before: Option<&Lease>, takeover: Option<Takeover>) -> Result<Lease, ReplicaError> {
        let term = before.map_or(1, |before| before.term + u64::from(takeover.is_some()));
        Ok(Lease {
            schema: 1,
            term,
            counter: before.map_or(0, |before| before.counter) + 1,
            mark: self.marks.draw()?,
            holder: self.me.clone(),
            seconds: self.length.as_secs(),
            renewed_at: (self.clock)(),
            takeover: takeover.or_else(|| before.and_then(|before| before.takeover.clone())),
        })
    }

    /// A lease where there is none. Beside copies somebody removed it: nobody knows what its holder wrote after the newest
    /// of them, and its terms are counted on from theirs, or an old copy would be the newest for ever.
    fn first(&self, left: Option<&(CopyName, String)>) -> Result<Lease, ReplicaError> {
        let Some((name, host)) = left else { return self.next(None, None) };
        let at = (self.clock)();
        let takeover = Takeover { from: host.clone(), ran_out_at: at, at };
        Ok(Lease { term: name.term + 1, ..self.next(None, Some(takeover))? })
    }

    fn stands_by(&self, host: String, left: TimeDelta) -> ReplicaError {
        let now = (self.clock)();
        ReplicaError::StandsBy { host, until: now.checked_add_signed(left).unwrap_or(now) }
    }
}

fn json(lease: &Lease) -> Vec<u8> {
    serde_json::to_vec(lease).expect("texts, numbers and times always make JSON")
}

/// While a run is on the lease is renewed so often: for so long another host that was given it by hand, or a machine that was
/// copied in the middle of a run, goes unnoticed.
const RENEWED_EACH: Duration = Duration::from_secs(20);

/// Renews the lease from a thread of its own until it is dropped: a run that waits must not lose it.
#[derive(Debug)]
pub struct LeaseKeeper {
    /// What is asked before each write.
    pub guard: LeaseGuard,
    _stop: Sender<()>,
}

impl LeaseKeeper {
    /// Begins to renew it.
    pub fn new(owner: LeaseOwner, held: &OwnedLease) -> io::Result<Self> {
        let (renewed, guard) = LeaseGuard::new(held.span);
        let (stop, stopped) = channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let keep = move || {
            let between = RENEWED_EACH.min(owner.length / 3);
            let mut pause = between;
            while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                pause = match runtime.block_on(owner.renew()) {
                    Ok(held) => {
                        renewed.send_replace(held.span);
                        between
                    }
                    Err(ReplicaError::StandsBy { host, .. }) => return end(&renewed, &host),
                    Err(error) => {
                        tracing::warn!("the lease could not be renewed, and is tried again: {error}");
                        owner.length / 20
                    }
                };
            }
        };
        thread::Builder::new().name("lease".to_owned()).spawn(keep)?;
        Ok(Self { guard, _stop: stop })
    }
}

/// It is another host's: nothing more may leave from this one.
fn end(renewed: &watch::Sender<LeaseSpan>, host: &str) {
    tracing::error!("this host has lost the lease: {host} holds it; no further write leaves");
    renewed.send_modify(|span| span.ends = Instant::now());
}

/// Renews the lease while it is this host's, until what is given is dropped; takes it from nobody. Of another host's, `noted` is
/// told each time that it was renewed, and until when it holds at the most.
pub fn renew_while_mine(
    owner: LeaseOwner,
    noted: impl Fn(&str, DateTime<Utc>) + Send + 'static,
) -> io::Result<Sender<()>> {
    let (stop, stopped) = channel();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let keep = move || {
        let mut known = None;
        while stopped.recv_timeout(owner.length / 3) == Err(RecvTimeoutError::Timeout) {
            match runtime.block_on(owner.renew()) {
                Ok(_) => {}
                Err(ReplicaError::StandsBy { host, until }) => {
                    // One that is not renewed is not told anew: it runs out.
                    let mark = runtime.block_on(owner.seen()).ok().flatten().map(|seen| seen.lease.mark);
                    if mark.is_some() && known != mark {
                        noted(&host, until);
                        known = mark;
                    }
                }
                Err(error) => tracing::warn!("the lease could not be renewed, and is tried again: {error}"),
            }
        }
    };
    thread::Builder::new().name("lease by day".to_owned()).spawn(keep)?;
    Ok(stop)
}
