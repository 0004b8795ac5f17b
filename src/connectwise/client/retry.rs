//! When a read is tried again.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};

/// Tries of one read, the first included. A 429 uses up none of them.
pub(crate) const TRIES: u32 = 5;
/// 429s in a row that one read takes.
pub(crate) const BUSY_MAX: u32 = 10;

/// A `Retry-After` that has gone by: clocks differ, so a little is waited all the same.
const WAIT_WHEN_PAST: Duration = Duration::from_secs(1);

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

    /// The wait that a 429 asks for: seconds, or a date by the server's own clock (its `Date`) or else this host's,
    /// or as long as we ever pause when it does not say so readably.
    pub(crate) fn after_429(&self, headers: &HeaderMap, clock: Option<fn() -> SystemTime>) -> Duration {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let Some(asked) = text(RETRY_AFTER) else { return self.most };
        if !asked.is_empty() && asked.bytes().all(|byte| byte.is_ascii_digit()) {
            return Duration::from_secs(asked.parse().unwrap_or(u64::MAX));
        }
        let date = |text: &str| httpdate::parse_http_date(text).ok();
        match (date(asked), text(DATE).and_then(date).or_else(|| Some(clock?()))) {
            (Some(until), Some(now)) => until.duration_since(now).unwrap_or_default().max(WAIT_WHEN_PAST),
            _ => self.most,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: Duration = Duration::from_secs(60);

    fn after(asked: Option<&str>) -> u64 {
        let mut headers = HeaderMap::new();
        headers.insert(DATE, "Sun, 22 Nov 2026 02:00:00 GMT".parse().expect("a value"));
        if let Some(asked) = asked {
            headers.insert(RETRY_AFTER, asked.parse().expect("a value"));
        }
        Backoff::new(MOST).after_429(&headers, None).as_secs()
    }

    /// Otherwise a server that asks for patience would be asked again too early, or a typo would stop a night.
    #[test]
    fn what_a_429_asks_for() {
        for (asked, seconds) in [
            (Some("30"), 30),
            (Some(" 7 "), 7),
            (Some("0"), 0),
            (Some("31536000"), 31_536_000),
            (Some("99999999999999999999999"), u64::MAX),
            (Some("Sun, 22 Nov 2026 02:02:00 GMT"), 120),
            (Some("Sun, 22 Nov 2026 01:59:59 GMT"), 1),
            (Some("Sun, 22 Nov 2026 02:00:00 GMT"), 1),
            (Some("Mon, 22 Nov 2027 02:00:00 GMT"), 365 * 86_400),
            (Some("-1"), 60),
            (Some("1.5"), 60),
            (Some("soon"), 60),
            (Some(""), 60),
            (None, 60),
        ] {
            assert_eq!(after(asked), seconds, "{asked:?}");
        }
    }

    #[test]
    fn a_date_without_the_servers_clock_is_read_by_our_own() {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, "Sun, 22 Nov 2026 02:02:00 GMT".parse().expect("a value"));
        let ours: fn() -> SystemTime = || httpdate::parse_http_date("Sun, 22 Nov 2026 02:01:50 GMT").expect("a date");
        assert_eq!(Backoff::new(MOST).after_429(&headers, Some(ours)), Duration::from_secs(10));
        assert_eq!(Backoff::new(MOST).after_429(&headers, None), MOST);
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
