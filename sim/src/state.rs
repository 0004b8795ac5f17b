//! What all connections share. Locks are held briefly and never across a wait.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use crate::faults::{Armed, Edit, Faults};
use crate::ledger::Ledger;
use crate::store::Store;
use crate::world::World;

/// The window of the rate limit.
const WINDOW: Duration = Duration::from_secs(60);

/// The store, the faults and the ledger of one server.
pub(super) struct State {
    store: RwLock<Store>,
    faults: Mutex<Armed>,
    ledger: Mutex<Ledger>,
    recent: Mutex<VecDeque<Instant>>,
    pub(super) started: Instant,
    /// Every answer takes at least so long.
    pub(super) latency: Option<Duration>,
    /// `http` or `https`.
    pub(super) scheme: &'static str,
}

impl State {
    pub(super) fn new(world: World, faults: Faults, latency: Option<Duration>, scheme: &'static str) -> Self {
        let started = Instant::now();
        Self {
            store: RwLock::new(Store::new(world, started)),
            faults: Mutex::new(Armed::new(faults)),
            ledger: Mutex::new(Ledger::default()),
            recent: Mutex::new(VecDeque::new()),
            started,
            latency,
            scheme,
        }
    }

    pub(super) fn read(&self) -> RwLockReadGuard<'_, Store> {
        self.store.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, Store> {
        self.store.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn faults(&self) -> MutexGuard<'_, Armed> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the world as a whole; what a lagging replica would show starts anew.
    pub(super) fn edit(&self, edit: impl FnOnce(&mut World)) {
        let mut store = self.write();
        let mut world = store.snapshot();
        edit(&mut world);
        *store = Store::new(world, self.started);
    }

    /// A person's edit of one addition; nothing when there is no such addition.
    pub(super) fn edit_addition(&self, edit: &Edit) {
        let mut store = self.write();
        let Some(mut addition) = store.addition(edit.addition).cloned() else {
            return;
        };
        addition.quantity = edit.quantity.unwrap_or(addition.quantity);
        addition.cancelled = edit.cancelled.or(addition.cancelled);
        addition.updated_by.clone_from(&edit.by);
        addition.last_updated = store.now();
        store.put_addition(addition);
    }

    /// Counts a request against the rate limit; when it is over, the seconds until the next one is let in.
    pub(super) fn throttle(&self, now: Instant) -> Option<u64> {
        let limit = self.read().settings().options.requests_per_minute?;
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        while recent.front().is_some_and(|at| now.duration_since(*at) >= WINDOW) {
            recent.pop_front();
        }
        if recent.len() < limit as usize {
            recent.push_back(now);
            return None;
        }
        let oldest = recent.front().map_or(WINDOW, |at| WINDOW.saturating_sub(now.duration_since(*at)));
        Some(oldest.as_secs() + 1)
    }
}
