//! Whether this host may still write: asked before each write leaves.

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;
use tokio::time::Instant;

/// Time servers correct a clock by seconds, not by minutes.
pub const CLOCK_STEP: TimeDelta = TimeDelta::minutes(5);

/// How long the lease holds that keeps other hosts from writing; clones see it renewed.
#[derive(Debug, Clone, Default)]
pub struct LeaseGuard {
    /// `None`: there is no other host to be kept apart from.
    span: Option<watch::Receiver<LeaseSpan>>,
}

/// From when to when a lease holds, on both clocks of the host: one stands still while the host sleeps, the other may be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseSpan {
    /// When it was asked for.
    pub since: DateTime<Utc>,
    /// When it ends.
    pub until: DateTime<Utc>,
    /// The same on the clock that nobody can set.
    pub ends: Instant,
}

impl LeaseGuard {
    /// A lease, and the hand that renews it.
    pub fn new(span: LeaseSpan) -> (watch::Sender<LeaseSpan>, Self) {
        let (sender, span) = watch::channel(span);
        (sender, Self { span: Some(span) })
    }

    /// There is one host.
    pub fn none() -> Self {
        Self::default()
    }

    /// Whether it has ended, or nobody can tell.
    pub fn is_over(&self, now: DateTime<Utc>, ticks: Instant) -> bool {
        self.span().is_some_and(|span| span.is_over(now, ticks))
    }

    /// After which no write may leave.
    pub(super) fn ends(&self) -> Option<Instant> {
        self.span().map(|span| span.ends)
    }

    fn span(&self) -> Option<LeaseSpan> {
        self.span.as_ref().map(|span| *span.borrow())
    }
}

impl LeaseSpan {
    fn is_over(&self, now: DateTime<Utc>, ticks: Instant) -> bool {
        ticks >= self.ends || now >= self.until || now < self.since - CLOCK_STEP
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// A host that slept, was stopped by its hypervisor, or had its clock set must not believe that its lease holds.
    #[test]
    fn a_lease_ends_by_whichever_clock_is_ahead() {
        let (since, ticks) = (DateTime::UNIX_EPOCH, Instant::now());
        let span = LeaseSpan { since, until: since + TimeDelta::seconds(600), ends: ticks + Duration::from_secs(600) };
        let (renew, guard) = LeaseGuard::new(span);
        let over =
            |wall: i64, mono: u64| guard.is_over(since + TimeDelta::seconds(wall), ticks + Duration::from_secs(mono));
        assert!(!over(599, 599));
        assert!(over(600, 10), "the host slept");
        assert!(over(10, 600), "the clock was set back a little");
        assert!(over(-301, 10), "the clock was set back");
        renew
            .send(LeaseSpan { until: since + TimeDelta::seconds(900), ends: ticks + Duration::from_secs(900), ..span })
            .unwrap();
        assert!(!over(600, 600));
        assert!(!LeaseGuard::none().is_over(since, ticks));
    }
}
