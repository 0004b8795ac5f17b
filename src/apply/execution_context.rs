//! Where and when a plan is carried out, and until when.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use tokio::time::Instant;

use crate::apply::expected_owners::ExpectedOwners;
use crate::apply::lease_guard::{CLOCK_STEP, LeaseGuard};
use crate::apply::stop_signal::Stop;
use crate::history::store::run_lock::RunLock;
use crate::reconcile::model::ids::RunId;

/// Where and when a plan is carried out.
#[derive(Clone, Copy)]
pub struct ExecutionContext<'a> {
    /// Which run.
    pub run: RunId,
    /// Proof that no other run writes.
    pub lock: &'a RunLock,
    /// The day of the plan.
    pub today: NaiveDate,
    /// When the plan was drawn.
    pub drawn_at: DateTime<Utc>,
    /// The clock, for the journal.
    pub clock: &'a dyn Fn() -> DateTime<Utc>,
    /// Asked before every write.
    pub stop: &'a Stop,
    /// Asked before every write, too: whether this host is still the one that writes.
    pub lease: &'a LeaseGuard,
    /// What the plan was drawn on.
    pub expected_owners: &'a ExpectedOwners,
}

/// How long a request in flight may go on after a stop was asked for. Shorter than systemd's patience.
const GRACE: Duration = Duration::from_secs(60);
/// How long a plan may be carried out: the largest night is done within two hours, and a host that slept through this
/// wakes up in another day's business.
const PLAN_LIFE: TimeDelta = TimeDelta::hours(4);

impl ExecutionContext<'_> {
    /// Whether another host may be the one that writes by now.
    pub(super) fn has_lost_the_lease(&self) -> bool {
        self.lease.is_over((self.clock)(), Instant::now())
    }

    /// Ends when a stop was asked for, and what was in flight then had its time.
    pub(super) async fn grace(&self) {
        self.stop.wait().await;
        tokio::time::sleep(GRACE).await;
    }

    /// Whether nobody should carry the plan out any more, or nobody can tell.
    pub(super) fn is_too_old(&self) -> bool {
        let age = (self.clock)().signed_duration_since(self.drawn_at);
        age > PLAN_LIFE || age < -CLOCK_STEP
    }
}
