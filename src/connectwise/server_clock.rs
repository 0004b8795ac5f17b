//! How far this host's clock is from ConnectWise's, as the `Date` of its answers says.
//!
//! Only told: a proxy's clock may be the wrong one, or an answer kept for a while, and no night stops for either.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::SystemTime;

use http::HeaderMap;
use http::header::DATE;

use crate::http_client::date;

/// By the last answer that had a date.
#[derive(Debug)]
pub(crate) struct ServerClock {
    ahead_s: AtomicI64,
}

/// No answer had a date yet.
const UNKNOWN: i64 = i64::MIN;

impl Default for ServerClock {
    fn default() -> Self {
        Self { ahead_s: AtomicI64::new(UNKNOWN) }
    }
}

impl ServerClock {
    /// Looks at the date of an answer that has just come.
    pub(crate) fn note(&self, headers: &HeaderMap, now: SystemTime) {
        if let Some(there) = date(headers, &DATE) {
            let seconds = |ahead: std::time::Duration| i64::try_from(ahead.as_secs()).unwrap_or(i64::MAX);
            let ahead = now.duration_since(there).map_or_else(|behind| -seconds(behind.duration()), seconds);
            self.ahead_s.store(ahead, Ordering::Relaxed);
        }
    }

    /// By how many seconds this host is ahead of ConnectWise; negative where it is behind.
    pub(crate) fn ahead_s(&self) -> Option<i64> {
        Some(self.ahead_s.load(Ordering::Relaxed)).filter(|ahead| *ahead != UNKNOWN)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn ahead_and_behind_are_told_apart_and_no_date_is_no_agreement() {
        let noon = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_262_400);
        let dated = HeaderMap::from_iter([(DATE, "Sat, 21 Nov 2026 12:00:00 GMT".parse().expect("a value"))]);
        let clock = ServerClock::default();
        clock.note(&HeaderMap::new(), noon);
        assert_eq!(clock.ahead_s(), None);
        clock.note(&dated, noon + Duration::from_secs(7200));
        assert_eq!(clock.ahead_s(), Some(7200));
        clock.note(&dated, noon - Duration::from_secs(60));
        assert_eq!(clock.ahead_s(), Some(-60));
    }
}
