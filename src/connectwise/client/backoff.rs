//! How often a read is tried again, and the growing pause before each try.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, SystemTime};

use http::HeaderMap;

use crate::http_client::retry_after;

/// Tries of one read, the first included. A 429 uses up none of them.
pub(crate) const TRIES: u32 = 5;
/// 429s in a row that one read takes.
pub(crate) const BUSY_MAX: u32 = 10;

/// How long to pause before trying again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backoff {
    start: Duration,
    most: Duration,
}

impl Backoff {
    pub(crate) fn new(most: Duration) -> Self {
        Self { start: Duration::from_secs(1).min(most), most }
    }

    /// The pause after so many failed tries: anything up to a limit that doubles. "Full jitter": many hosts that
    /// failed together must not come back together.
    pub(crate) fn pause(&self, failed: u32) -> Duration {
        let limit = self.limit(failed);
        // The standard library's seed for hash maps is the only randomness needed here.
        let random = RandomState::new().build_hasher().finish();
        let micros = u64::try_from(limit.as_micros()).unwrap_or(u64::MAX - 1);
        Duration::from_micros(random % (micros + 1))
    }

    fn limit(&self, failed: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(failed.saturating_sub(1));
        self.start.saturating_mul(doubled).min(self.most)
    }

    /// The wait that a 429 asks for, or as long as we ever pause when it does not say so readably.
    pub(crate) fn after_429(&self, headers: &HeaderMap, clock: Option<fn() -> SystemTime>) -> Duration {
        retry_after(headers, clock.map(|clock| clock())).unwrap_or(self.most)
    }
}

#[cfg(test)]
mod tests {
    use http::header::RETRY_AFTER;

    use super::*;

    /// Otherwise a typo in a header would stop a night, or the server would be asked again at once.
    #[test]
    fn a_429_that_names_no_wait_is_waited_for_as_long_as_we_ever_pause() {
        let most = Duration::from_secs(60);
        let mut headers = HeaderMap::new();
        assert_eq!(Backoff::new(most).after_429(&headers, None), most);
        headers.insert(RETRY_AFTER, "soon".parse().expect("a value"));
        assert_eq!(Backoff::new(most).after_429(&headers, None), most);
        headers.insert(RETRY_AFTER, "30".parse().expect("a value"));
        assert_eq!(Backoff::new(most).after_429(&headers, None), Duration::from_secs(30));
    }

    #[test]
    fn pauses_grow_and_stay_under_their_limit() {
        let backoff = Backoff::new(Duration::from_secs(5));
        let limits: Vec<u64> = (1..=5).map(|failed| backoff.limit(failed).as_secs()).collect();
        assert_eq!(limits, [1, 2, 4, 5, 5]);
        assert!((0..200).all(|_| backoff.pause(2) <= Duration::from_secs(2)));
        assert_eq!(Backoff::new(Duration::ZERO).pause(3), Duration::ZERO);
        assert!(backoff.pause(u32::MAX) <= Duration::from_secs(5));
    }
}
