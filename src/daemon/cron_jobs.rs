//! The jobs that wake the daemon, in tokio-cron-scheduler.
//!
//! A job of it keeps the offset from UTC that its zone had when the job was made, and would ring an hour off once the
//! clocks have changed. So beside the job of the schedule there is one that rings when they change; then both are made anew.

use std::pin::Pin;
use std::time::Duration;

use chrono::{DateTime, FixedOffset, Utc};
use tokio::sync::mpsc::{Sender, WeakSender};
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};
use uuid::Uuid;

use crate::daemon::error::DaemonError;
use crate::daemon::schedule::Schedule;

/// The scheduler cuts a second off, and a ring before the change would not see it.
const BEHIND_THE_CHANGE: Duration = Duration::from_secs(2);

/// Rings at the slots of a schedule. It may ring when nothing is due: that is decided by who hears it.
pub(super) struct Alarm {
    scheduler: JobScheduler,
    schedule: String,
    offset: FixedOffset,
    /// What the clock said last.
    seen: DateTime<Utc>,
    /// The jobs hold it: if they are lost, whoever listens is told so.
    ring: WeakSender<()>,
}

impl Alarm {
    /// One that rings by putting something into `ring`. A ring that finds the place taken is dropped: whoever hears the one
    /// before it will see what is due.
    pub(super) async fn set(schedule: &Schedule, now: DateTime<Utc>, ring: Sender<()>) -> Result<Self, DaemonError> {
        let scheduler = scheduler(schedule, now, &ring).await.map_err(DaemonError::Start)?;
        let (schedule, offset) = (schedule.describe(), schedule.offset(now));
        Ok(Self { scheduler, schedule, offset, seen: now, ring: ring.downgrade() })
    }

    /// Makes the jobs anew if the schedule is another one, the clocks of its zone have changed, or the clock was set back:
    /// what rang by one that was ahead would not ring again until then.
    pub(super) async fn follow(&mut self, schedule: &Schedule, now: DateTime<Utc>) -> Result<(), DaemonError> {
        let set_back = now < std::mem::replace(&mut self.seen, now);
        if !set_back && schedule.offset(now) == self.offset && schedule.describe() == self.schedule {
            return Ok(());
        }
        tracing::info!(offset = %schedule.offset(now), "the jobs are made anew");
        let ring = self.ring.upgrade().ok_or(DaemonError::Lost)?;
        let new = Self::set(schedule, now, ring).await?;
        std::mem::replace(self, new).stop().await
    }

    /// No ring comes any more.
    pub(super) async fn stop(mut self) -> Result<(), DaemonError> {
        self.scheduler.shutdown().await.map_err(DaemonError::Stop)
    }
}

async fn scheduler(
    schedule: &Schedule,
    now: DateTime<Utc>,
    ring: &Sender<()>,
) -> Result<JobScheduler, JobSchedulerError> {
    let scheduler = JobScheduler::new().await?;
    scheduler.add(Job::new_async_tz(schedule.job_text(), schedule.offset(now), ringing(ring))?).await?;
    if let Some(change) = schedule.next_clock_change(now) {
        let until = (change - now).to_std().unwrap_or_default() + BEHIND_THE_CHANGE;
        scheduler.add(Job::new_one_shot_async(until, ringing(ring))?).await?;
    }
    scheduler.start().await?;
    Ok(scheduler)
}

/// What a job does.
fn ringing(ring: &Sender<()>) -> impl FnMut(Uuid, JobScheduler) -> Done + Send + Sync + 'static {
    let ring = ring.clone();
    move |_, _| {
        let _ = ring.try_send(());
        Box::pin(std::future::ready(()))
    }
}

type Done = Pin<Box<dyn Future<Output = ()> + Send>>;

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, Timelike as _};
    use tokio::sync::mpsc;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time in the test")
    }

    fn in_london(cron: &str) -> Schedule {
        Schedule::parse(cron, "Europe/London", Duration::ZERO).expect("a schedule in the test")
    }

    async fn alarm(schedule: &Schedule, now: DateTime<Utc>) -> (Alarm, mpsc::Receiver<()>) {
        let (ring, rings) = mpsc::channel(1);
        (Alarm::set(schedule, now, ring).await.expect("an alarm"), rings)
    }

    /// The hour of the next ring, UTC. The day is the host's: the scheduler's clock cannot be set.
    async fn hour(alarm: &mut Alarm) -> u32 {
        let wait = alarm.scheduler.time_till_next_job().await.expect("known").expect("a job");
        #[expect(clippy::disallowed_methods, reason = "the scheduler's clock")]
        let now = Utc::now();
        (now + TimeDelta::from_std(wait).expect("within a day")).hour()
    }

    /// Otherwise the night would begin an hour early or late from the day of the change until the daemon is restarted.
    #[tokio::test]
    async fn once_the_clocks_have_changed_it_rings_by_the_new_offset() {
        let schedule = in_london("30 7 * * *");
        let (mut alarm, _rings) = alarm(&schedule, at("2026-03-01T12:00:00Z")).await;
        assert_eq!(hour(&mut alarm).await, 7);
        alarm.follow(&schedule, at("2026-03-29T00:59:59Z")).await.expect("followed");
        assert_eq!(alarm.offset.local_minus_utc(), 0, "not before the change");
        alarm.follow(&schedule, at("2026-03-29T01:00:00Z")).await.expect("followed");
        assert_eq!(hour(&mut alarm).await, 6);
        alarm.stop().await.expect("stopped");
    }

    /// Otherwise an hour that the clocks jump over would take its night with it: no job rings in it.
    #[tokio::test]
    async fn it_rings_when_the_clocks_change() {
        let schedule = in_london("30 7 1 1 *");
        let (mut alarm, mut rings) = alarm(&schedule, at("2026-03-29T00:59:59Z")).await;
        rings.recv().await.expect("a ring");
        alarm.follow(&schedule, at("2026-03-29T01:00:01Z")).await.expect("followed");
        alarm.stop().await.expect("stopped");
    }

    /// Every way of writing days that we accept must be one that the scheduler accepts, or the daemon would not start.
    #[tokio::test]
    async fn the_scheduler_takes_every_schedule_that_we_take() {
        for cron in ["* * * * *", "*/20 1-3 * JAN-MAR *", "15 6 13 * FRI", "15 6 LW * *", "15 6 * * MON#1", "@daily"] {
            let (alarm, _rings) = alarm(&in_london(cron), at("2026-03-28T12:00:00Z")).await;
            alarm.stop().await.expect("stopped");
        }
    }
}
