//! How long something went on, however much of it side by side.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The time in which at least one of something was going on.
#[derive(Debug, Default)]
pub(crate) struct Stopwatch {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    going: usize,
    since: Option<Instant>,
    before: Duration,
}

/// One that goes on until this is dropped.
pub(crate) struct RunningStopwatch<'a>(&'a Stopwatch);

impl Stopwatch {
    /// One more begins.
    pub(crate) fn start(&self) -> RunningStopwatch<'_> {
        let mut state = self.state();
        if state.going == 0 {
            state.since = Some(Instant::now());
        }
        state.going += 1;
        RunningStopwatch(self)
    }

    /// Milliseconds so far.
    pub(crate) fn millis(&self) -> u64 {
        let state = self.state();
        let now = state.since.map(|since| since.elapsed()).unwrap_or_default();
        u64::try_from((state.before + now).as_millis()).unwrap_or(u64::MAX)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for RunningStopwatch<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.going = state.going.saturating_sub(1);
        if let (0, Some(since)) = (state.going, state.since) {
            (state.before, state.since) = (state.before + since.elapsed(), None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise eight requests of a second, side by side, would look like eight seconds of waiting.
    #[tokio::test(start_paused = true)]
    async fn what_goes_on_side_by_side_is_counted_once() {
        let (watch, second) = (Stopwatch::default(), Duration::from_secs(1));
        let first = watch.start();
        tokio::time::advance(second).await;
        let other = watch.start();
        tokio::time::advance(second).await;
        drop(first);
        tokio::time::advance(second).await;
        assert_eq!(watch.millis(), 3000, "told while it goes on");
        drop(other);
        tokio::time::advance(second).await;
        assert_eq!(watch.millis(), 3000);
        drop(watch.start());
        assert_eq!(watch.millis(), 3000);
    }
}
