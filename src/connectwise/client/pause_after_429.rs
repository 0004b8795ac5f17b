//! The pause after a 429: one for all requests of a client, and not without end.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// What ConnectWise has asked of us, and how long that has taken.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    paused_until: Option<Instant>,
    waited: Duration,
    given_up: Option<String>,
}

/// The longest wait that is obeyed. A server that asks for more will not answer in this run.
const ONE_WAIT_MAX: Duration = Duration::from_secs(15 * 60);
/// All waits together: a nightly run that stands still for longer had better tell somebody.
const ALL_WAITS_MAX: Duration = Duration::from_secs(30 * 60);
/// A wait of a thousand years must not overflow the clock.
const HORIZON: Duration = Duration::from_secs(366 * 24 * 3600);

/// Whether a request may go out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    /// Now.
    Open,
    /// Ask again then.
    Until(Instant),
    /// Not in this run; why.
    Shut(String),
}

impl Throttle {
    /// Notes that a 429 asked for this wait.
    pub(crate) fn pause(&self, now: Instant, wait: Duration) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let begins = state.paused_until.map_or(now, |until| until.max(now));
        let ends = begins.max(now + wait.min(HORIZON));
        let longer = ends - begins;
        state.paused_until = Some(ends);
        if wait > ONE_WAIT_MAX {
            state.given_up = Some(format!("too many requests, and it asks for {} seconds", wait.as_secs()));
        } else if state.waited + longer > ALL_WAITS_MAX {
            state.given_up = Some("too many requests, and 30 minutes of waiting are used up".to_owned());
        } else {
            state.waited += longer;
        }
    }

    /// Whether a request may go out now.
    pub(crate) fn gate(&self, now: Instant) -> Gate {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match (state.paused_until, &state.given_up) {
            (Some(until), Some(why)) if until > now => Gate::Shut(why.clone()),
            (Some(until), None) if until > now => Gate::Until(until),
            _ => {
                state.given_up = None;
                Gate::Open
            }
        }
    }

    /// The time requests have been held back.
    pub(crate) fn waited(&self) -> Duration {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).waited
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Otherwise four requests that are refused together would count, and wait, four times.
    #[tokio::test(start_paused = true)]
    async fn pauses_that_overlap_are_one() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        for wait in [30, 30, 20, 40] {
            throttle.pause(now, wait * SECOND);
        }
        assert_eq!(throttle.gate(now), Gate::Until(now + 40 * SECOND));
        assert_eq!(throttle.gate(now + 40 * SECOND), Gate::Open);
        assert_eq!(throttle.waited(), 40 * SECOND);
    }

    /// Otherwise a run could hang for a day, or go on hammering a server that asked for an hour.
    #[tokio::test(start_paused = true)]
    async fn waits_that_are_too_long_shut_the_gate_until_they_are_over() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        throttle.pause(now, 901 * SECOND);
        assert!(matches!(throttle.gate(now), Gate::Shut(_)));
        assert!(matches!(throttle.gate(now + 900 * SECOND), Gate::Shut(_)));
        assert_eq!(throttle.gate(now + 901 * SECOND), Gate::Open);
        throttle.pause(now, Duration::MAX);
        assert!(matches!(throttle.gate(now), Gate::Shut(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn half_an_hour_of_waiting_is_enough() {
        let (throttle, mut now) = (Throttle::default(), Instant::now());
        for _ in 0..2 {
            throttle.pause(now, 900 * SECOND);
            assert!(matches!(throttle.gate(now), Gate::Until(_)));
            now += 900 * SECOND;
        }
        throttle.pause(now, SECOND);
        assert!(matches!(throttle.gate(now), Gate::Shut(_)));
    }
}
