//! The pace: never more than so many requests in any 60 seconds.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// A sliding window over the instants at which requests were sent.
///
/// A bucket that refills would let twice as many through around the turn of a minute.
#[derive(Debug)]
pub(crate) struct Pace {
    most: usize,
    sent: Mutex<VecDeque<Instant>>,
}

/// A minute, and a little for the way to the server, whose clock is the one that counts.
const WINDOW: Duration = Duration::from_millis(60_100);

impl Pace {
    pub(crate) fn new(requests_per_minute: u32) -> Self {
        Self { most: usize::try_from(requests_per_minute).unwrap_or(usize::MAX).max(1), sent: Mutex::default() }
    }

    /// Takes a place for a request sent now.
    ///
    /// # Errors
    /// When to ask again, if the window is full.
    pub(crate) fn take(&self, now: Instant) -> Result<(), Instant> {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        while sent.front().is_some_and(|first| *first + WINDOW <= now) {
            sent.pop_front();
        }
        match sent.front() {
            Some(first) if sent.len() >= self.most => Err(*first + WINDOW),
            _ => {
                sent.push_back(now);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise a night of many agreements would be throttled by ConnectWise, and other integrations with it.
    #[tokio::test(start_paused = true)]
    async fn no_window_of_a_minute_holds_more_than_it_may() {
        let pace = Pace::new(7);
        let mut sent = Vec::new();
        while sent.len() < 50 {
            match pace.take(Instant::now()) {
                Ok(()) => sent.push(Instant::now()),
                Err(later) => tokio::time::sleep_until(later).await,
            }
            // Uneven on purpose: bursts must not add up across the turn of a window.
            if sent.len() % 3 == 0 {
                tokio::time::sleep(Duration::from_secs(11)).await;
            }
        }
        for eight in sent.windows(8) {
            assert!(eight[7] - eight[0] >= Duration::from_secs(60), "{:?}", eight[7] - eight[0]);
        }
    }
}
