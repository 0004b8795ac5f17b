//! The journal of writes that go side by side: what is ready together is committed together.

use std::cell::{Cell, RefCell};

use tokio::sync::oneshot;

use crate::apply::execution_context::ExecutionContext;
use crate::history::journal::{Intent, JournalNote, WriteOutcome};
use crate::history::run_record::WriteId;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;

/// Takes what writes have to keep; whoever drives them commits it when none of them can go on without.
pub(super) struct JournalQueue<'a> {
    context: ExecutionContext<'a>,
    journal: RefCell<&'a mut History>,
    waiting: RefCell<Vec<Waiting>>,
    failure: RefCell<Option<StoreError>>,
    /// The store failed once: no further request may leave.
    is_shut: Cell<bool>,
}

struct Waiting {
    note: JournalNote,
    stored: oneshot::Sender<Result<WriteId, NotStored>>,
}

/// Why an intent is not on the disk, and nothing of its line may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotStored {
    /// An earlier creation of this very line is in doubt. That is the line's own trouble, and no failure of the store.
    CreationOpen,
    /// The store failed: nothing at all is sent from here on.
    StoreFailed,
}

impl<'a> JournalQueue<'a> {
    pub(super) fn new(context: ExecutionContext<'a>, journal: &'a mut History) -> Self {
        let (waiting, failure, is_shut) = Default::default();
        Self { context, journal: RefCell::new(journal), waiting, failure, is_shut }
    }

    /// Returns when the intent is on the disk.
    ///
    /// # Errors
    /// If it is not, and nothing of this line may be sent.
    pub(super) async fn intent(&self, intent: Intent) -> Result<WriteId, NotStored> {
        if self.is_shut.get() { Err(NotStored::StoreFailed) } else { self.store(JournalNote::Intent(intent)).await }
    }

    /// Returns when the outcome is on the disk, or cannot be stored: the write left this host either way, and the report tells
    /// it from memory.
    pub(super) async fn outcome(&self, write: WriteId, outcome: WriteOutcome) {
        // What failed is kept, and ends the run.
        let _ = self.store(JournalNote::Outcome(write, outcome)).await;
    }

    async fn store(&self, note: JournalNote) -> Result<WriteId, NotStored> {
        let (stored, is_stored) = oneshot::channel();
        self.waiting.borrow_mut().push(Waiting { note, stored });
        is_stored.await.unwrap_or(Err(NotStored::StoreFailed))
    }

    /// Whether anything waits for a commit.
    pub(super) fn has_notes(&self) -> bool {
        !self.waiting.borrow().is_empty()
    }

    /// Commits what waits; whether anything did.
    pub(super) fn commit(&self) -> bool {
        let waiting = self.waiting.take();
        if waiting.is_empty() {
            return false;
        }
        let (notes, askers): (Vec<_>, Vec<_>) = waiting.into_iter().map(|one| (one.note, one.stored)).unzip();
        let ExecutionContext { run, lock, clock, .. } = self.context;
        match self.journal.borrow_mut().note(lock, run, &notes, clock()) {
            Ok(stored) => stored.into_iter().zip(askers).for_each(|(stored, asker)| self.answer(stored, asker)),
            // Whoever waits is answered by the end of its channel.
            Err(error) => self.fail(error),
        }
        true
    }

    fn answer(&self, stored: Result<WriteId, StoreError>, asker: oneshot::Sender<Result<WriteId, NotStored>>) {
        match stored {
            // Nobody waits any more where a run is cut off.
            Ok(write) => _ = asker.send(Ok(write)),
            Err(StoreError::CreationOpen { .. }) => _ = asker.send(Err(NotStored::CreationOpen)),
            Err(error) => self.fail(error),
        }
    }

    fn fail(&self, error: StoreError) {
        self.is_shut.set(true);
        self.failure.borrow_mut().get_or_insert(error);
    }

    /// The first failure, once.
    pub(super) fn take_failure(&self) -> Option<StoreError> {
        self.failure.take()
    }
}
