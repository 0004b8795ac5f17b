//! Who may send next: as many lines at the same time as the answers so far allow.

use std::cell::Cell;

use tokio::sync::Notify;

/// The turns of the lines at work. All of them may look; a write waits for its turn.
#[derive(Debug, Default)]
pub(super) struct Turns {
    taken: Cell<usize>,
    given_back: Notify,
}

/// One turn, given back at its end.
#[derive(Debug)]
pub(super) struct WriteTurn<'a>(&'a Turns);

impl Turns {
    /// Waits until fewer than `width` are taken, which is asked anew after each.
    pub(super) async fn take(&self, width: impl Fn() -> usize) -> WriteTurn<'_> {
        while self.taken.get() >= width() {
            self.given_back.notified().await;
        }
        self.taken.set(self.taken.get() + 1);
        WriteTurn(self)
    }
}

impl Drop for WriteTurn<'_> {
    fn drop(&mut self) {
        self.0.taken.set(self.0.taken.get() - 1);
        self.0.given_back.notify_waiters();
    }
}
