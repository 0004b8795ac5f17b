//! The wish to stop: a signal came, the line in flight is finished, no new one is begun.

use tokio::sync::watch;

/// Handed to everything that may have to stop; clones hear the same wish.
#[derive(Debug, Clone)]
pub struct Stop {
    signal: watch::Receiver<Option<i32>>,
}

impl Stop {
    /// A wish, and the hand that makes it: send the signal's number.
    pub fn new() -> (watch::Sender<Option<i32>>, Self) {
        let (sender, signal) = watch::channel(None);
        (sender, Self { signal })
    }

    /// Nobody will ever ask.
    pub fn never() -> Self {
        Self::new().1
    }

    /// Whether a stop was asked for.
    pub fn asked(&self) -> bool {
        self.signal().is_some()
    }

    /// The number of the signal that asked.
    pub fn signal(&self) -> Option<i32> {
        *self.signal.borrow()
    }

    /// Returns once a stop is asked for; never, if nobody can.
    pub async fn wait(&self) {
        let mut signal = self.signal.clone();
        if signal.wait_for(Option::is_some).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
