//! The loop: when the scheduler rings, ask whether a run is due, claim its slot, run it, and outlive whatever it does.
//!
//! A job of tokio-cron-scheduler only rings ([`Alarm`]): it would start runs on top of each other, and its shutdown does
//! not wait. The ring goes into a channel of one place, and everything happens in one task: two runs cannot overlap, and a
//! stop waits.

use std::fmt::Display;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use tokio::sync::mpsc;

use crate::daemon::cron_jobs::Alarm;
use crate::daemon::error::DaemonError;
use crate::daemon::schedule::{Due, Schedule, believed_until, due};

/// After which time the slots are looked at without a ring: no job rings for one that could not be read or claimed, nor in
/// time after the clock was ahead, and none tells that the schedule is another one.
const LOOK: Duration = Duration::from_secs(60);

/// Runs `run` at every slot of `schedule` until `stop` is ready; then waits for the run in flight and returns.
///
/// A slot is served when [`SlotClaims::open`] has all that its night needs, and [`SlotClaims::claim`] says that nobody had
/// it before. An error or a panic of `run`, and an error of `claims`, is logged; a slot that was not claimed is tried again
/// a minute later. Without any claimed slot the past counts as served: the first run
/// comes at the next slot. After a time of rest only the newest slot runs; one that is older than the catch-up is given to
/// `run` to be told. A slot that was claimed by a clock that was ahead leaves out no night before it.
///
/// # Errors
///
/// [`DaemonError`], when the scheduler cannot start or has stopped; then the daemon is of no use and should be restarted.
pub async fn serve<C: SlotClaims, F, Fut, E>(
    schedule: Schedule,
    clock: impl Fn() -> DateTime<Utc>,
    claims: C,
    stop: impl Future<Output = ()>,
    run: F,
) -> Result<(), DaemonError>
where
    F: FnMut(Due, C::Night) -> Fut,
    Fut: Future<Output = Result<(), E>>,
    E: Display,
{
    let (ring, rings) = mpsc::channel(1);
    let alarm = Alarm::set(&schedule, clock(), ring).await?;
    let since = clock();
    Watch { schedule, clock, claims, run, since, another_since: None }.follow(stop, rings, alarm).await
}

/// The durable memory of which slots were taken: one row per slot, a claim is one insert.
pub trait SlotClaims {
    /// What can go wrong with the store.
    type Error: Display;
    /// What a night needs to begin, opened.
    type Night;

    /// The schedule, where it is another one than when this was asked last.
    fn another_schedule(&self) -> Option<Schedule>;

    /// Opens what the night of a slot needs, before the slot is claimed: one that cannot begin does not use it up. `None`
    /// where it is too late for the slot, and telling that is not this host's.
    ///
    /// # Errors
    ///
    /// Something cannot be opened. The slot is then not claimed, and is tried again a minute later.
    fn open(&self, due: &Due) -> Result<Option<Self::Night>, Self::Error>;

    /// The newest slot claimed up to this time; `None` when there is none yet.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    fn last_slot(&self, until: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Self::Error>;

    /// Takes `slot`, and forgets the claims of slots after `until`; `false` when somebody has it already.
    ///
    /// # Errors
    ///
    /// The store cannot be written. The slot is then not taken, and is tried again a minute later.
    fn claim(&self, slot: DateTime<Utc>, until: DateTime<Utc>) -> Result<bool, Self::Error>;
}

/// What a look at the slots comes to.
enum Turn<Night> {
    Nothing,
    Untold(Due),
    Ready(Due, Night),
}

struct Watch<Clock, C, F> {
    schedule: Schedule,
    clock: Clock,
    claims: C,
    run: F,
    /// When it was started, or the earliest time that the clock said since.
    since: DateTime<Utc>,
    /// Since when there is another schedule: it owes nothing to the past.
    another_since: Option<DateTime<Utc>>,
}

impl<Clock, C, F, Fut, E> Watch<Clock, C, F>
where
    Clock: Fn() -> DateTime<Utc>,
    C: SlotClaims,
    F: FnMut(Due, C::Night) -> Fut,
    Fut: Future<Output = Result<(), E>>,
    E: Display,
{
    async fn follow(
        mut self,
        stop: impl Future<Output = ()>,
        mut rings: mpsc::Receiver<()>,
        mut alarm: Alarm,
    ) -> Result<(), DaemonError> {
        let mut stop = pin!(stop);
        tracing::info!(schedule = self.schedule.describe(), "daemon started");
        // A slot that came while the process was down does not wait for the next one.
        self.take_turn().await;
        let ended = loop {
            tokio::select! {
                biased;
                () = &mut stop => break Ok(()),
                ring = rings.recv() => if ring.is_none() { break Err(DaemonError::Lost) },
                () = tokio::time::sleep(LOOK) => {}
            }
            self.follow_schedule();
            alarm.follow(&self.schedule, (self.clock)()).await?;
            self.take_turn().await;
        };
        alarm.stop().await?;
        ended
    }

    fn follow_schedule(&mut self) {
        if let Some(schedule) = self.claims.another_schedule() {
            tracing::info!(schedule = schedule.describe(), "the schedule is another one");
            self.schedule = schedule;
            self.another_since = Some((self.clock)());
        }
    }

    /// Runs what is due.
    async fn take_turn(&mut self) {
        match self.take_slot() {
            Ok(Turn::Untold(due)) => tracing::warn!(slot = ?due.slot, "too late to catch up"),
            Ok(Turn::Ready(due, night)) => self.run_once(due, night).await,
            Ok(Turn::Nothing) => {}
            Err(error) => tracing::error!("no night can begin; it is tried again in a minute: {error:#}"),
        }
    }

    fn take_slot(&mut self) -> Result<Turn<C::Night>, C::Error> {
        let now = (self.clock)();
        // A clock that was ahead says nothing of when there was nothing to do yet.
        self.since = self.since.min(now);
        self.another_since = self.another_since.map(|since| since.min(now));
        let until = believed_until(now);
        let last_slot = self.claims.last_slot(until)?.unwrap_or(self.since);
        let last_slot = self.another_since.map_or(last_slot, |since| last_slot.max(since));
        let Some(due) = due(&self.schedule, Some(last_slot), now) else {
            return Ok(Turn::Nothing);
        };
        let night = self.claims.open(&due)?;
        Ok(match (self.claims.claim(due.slot, until)?, night) {
            (false, _) => Turn::Nothing,
            (true, None) => Turn::Untold(due),
            (true, Some(night)) => Turn::Ready(due, night),
        })
    }

    async fn run_once(&mut self, due: Due, night: C::Night) {
        tracing::info!(slot = ?due.slot, missed = due.missed_count(), too_late = due.too_late, "slot claimed");
        let run = &mut self.run;
        match AssertUnwindSafe(async { run(due, night).await }).catch_unwind().await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(slot = ?due.slot, "the run failed: {error:#}"),
            Err(_) => tracing::error!(slot = ?due.slot, "the run panicked; the daemon goes on"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::rc::Rc;
    use std::time::Duration;

    use tokio::sync::oneshot;

    use super::*;

    /// A night in UTC: the slot is 02:30.
    const SLOT: &str = "2026-03-08T02:30:00Z";

    /// An in-memory store with the promises of the real one, and a switch to make it fail.
    #[derive(Clone, Default)]
    struct Slots {
        taken: Rc<RefCell<Vec<DateTime<Utc>>>>,
        broken: Rc<Cell<bool>>,
        closed: Rc<Cell<bool>>,
        another: Rc<Cell<Option<Schedule>>>,
    }

    impl SlotClaims for Slots {
        type Error = &'static str;
        type Night = ();

        fn another_schedule(&self) -> Option<Schedule> {
            self.another.take()
        }

        fn open(&self, _due: &Due) -> Result<Option<()>, Self::Error> {
            if self.closed.get() { Err("too many open files") } else { Ok(Some(())) }
        }

        fn last_slot(&self, until: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Self::Error> {
            let taken = self.taken.borrow();
            let newest = || taken.iter().filter(|slot| **slot <= until).max().copied();
            if self.broken.get() { Err("disk full") } else { Ok(newest()) }
        }

        fn claim(&self, slot: DateTime<Utc>, until: DateTime<Utc>) -> Result<bool, Self::Error> {
            self.taken.borrow_mut().retain(|taken| *taken <= until);
            let free = !self.taken.borrow().contains(&slot);
            if free {
                self.taken.borrow_mut().push(slot);
            }
            Ok(free)
        }
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time in the test")
    }

    /// One whose rings nobody hears.
    async fn alarm() -> Alarm {
        Alarm::set(&nightly(), at(SLOT), mpsc::channel(1).0).await.expect("an alarm")
    }

    fn watch<Clock: Fn() -> DateTime<Utc>, C, F>(clock: Clock, claims: C, run: F) -> Watch<Clock, C, F> {
        let since = clock();
        Watch { schedule: nightly(), clock, claims, run, since, another_since: None }
    }

    fn nightly() -> Schedule {
        Schedule::parse("30 2 * * *", "UTC", Duration::from_secs(6 * 3600)).expect("a schedule in the test")
    }

    /// Starts at the first of `times` and is rung once at each of them; returns the slots that ran.
    async fn nights(slots: &Slots, times: &[&str], outcome: fn(Due) -> Result<(), &'static str>) -> Vec<String> {
        let now = Cell::new(at(times[0]));
        let ran = RefCell::new(Vec::new());
        let run = |due: Due, ()| {
            let too_late = if due.too_late { ", too late" } else { "" };
            ran.borrow_mut().push(format!("{:?} missed {}{too_late}", due.slot, due.missed_count()));
            std::future::ready(()).map(move |()| outcome(due))
        };
        let mut watch = watch(|| now.get(), slots.clone(), run);
        for time in times {
            now.set(at(time));
            watch.follow_schedule();
            watch.take_turn().await;
        }
        drop(watch);
        ran.into_inner()
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_lost_scheduler_ends_the_daemon_so_that_it_is_restarted() {
        let (_, rings) = mpsc::channel(1);
        let run = |_, ()| std::future::ready(Ok::<(), &str>(()));
        let watch = watch(|| at(SLOT), Slots::default(), run);
        let ended = watch.follow(std::future::pending(), rings, alarm().await).await;
        assert!(matches!(ended, Err(DaemonError::Lost)), "{ended:?}");
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_night_runs_once_however_often_it_rings() {
        let slots = Slots::default();
        let times = ["2026-03-08T02:29:00Z", SLOT, SLOT, "2026-03-08T02:31:00Z", "2026-03-09T02:30:00Z"];
        let ran = nights(&slots, &times, |_| Ok(())).await;
        assert_eq!(ran, ["2026-03-08T02:30:00Z missed 0", "2026-03-09T02:30:00Z missed 0"]);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_first_start_does_not_run_last_night() {
        let ran = nights(&Slots::default(), &["2026-03-08T02:31:00Z", "2026-03-08T02:32:00Z"], |_| Ok(())).await;
        assert!(ran.is_empty(), "a fresh install must not write at the moment it is started: {ran:?}");
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_restart_catches_up_at_once_and_says_what_was_missed() {
        let slots = Slots::default();
        slots.taken.borrow_mut().push(at("2026-03-03T02:30:00Z"));
        let ran = nights(&slots, &["2026-03-08T04:00:00Z"], |_| Ok(())).await;
        assert_eq!(ran, ["2026-03-08T02:30:00Z missed 4"]);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_slot_older_than_the_catch_up_is_claimed_and_told_once() {
        let slots = Slots::default();
        slots.taken.borrow_mut().push(at("2026-03-07T02:30:00Z"));
        let ran = nights(&slots, &["2026-03-08T14:00:00Z", "2026-03-08T14:01:00Z"], |_| Ok(())).await;
        assert_eq!(
            ran,
            ["2026-03-08T02:30:00Z missed 0, too late"],
            "a night in the working day surprises people who edit"
        );
        assert_eq!(slots.taken.borrow().len(), 2, "the missed slot is settled, not asked about for ever");
    }

    /// The slot of twelve days later was claimed while the clock was ahead for a minute, and no night began until then.
    #[tokio::test(flavor = "current_thread")]
    async fn a_slot_claimed_by_a_clock_that_was_ahead_leaves_out_no_night() {
        let (slots, tenth) = (Slots::default(), "2026-03-10T02:30:00Z");
        let ahead = "2026-03-20T02:30:00Z";
        let times = ["2026-03-08T02:29:00Z", SLOT, ahead, "2026-03-08T09:00:00Z", "2026-03-09T02:30:00Z", tenth, tenth];
        let ran = nights(&slots, &times, |_| Ok(())).await;
        let told = |slot: &str, missed: usize| format!("{slot} missed {missed}");
        let until_then =
            [told(SLOT, 0), told(ahead, 11), told("2026-03-09T02:30:00Z", 0), told("2026-03-10T02:30:00Z", 0)];
        assert_eq!(ran, until_then);
        // Begun anew, and on the day itself: its night was none of that day.
        let ran = nights(&slots, &["2026-03-11T02:30:00Z", "2026-03-19T02:30:00Z", ahead, ahead], |_| Ok(())).await;
        assert_eq!(ran, [told("2026-03-11T02:30:00Z", 0), told("2026-03-19T02:30:00Z", 7), told(ahead, 0)]);
    }

    /// A daemon that was started while the clock was ahead waited until that date.
    #[tokio::test(flavor = "current_thread")]
    async fn a_first_start_by_a_clock_that_is_ahead_owes_nothing_to_the_past_of_the_right_one() {
        let times = ["2026-03-20T02:29:00Z", "2026-03-08T03:00:00Z", "2026-03-09T02:30:00Z"];
        let ran = nights(&Slots::default(), &times, |_| Ok(())).await;
        assert_eq!(ran, ["2026-03-09T02:30:00Z missed 0"]);
    }

    /// Set back over the night, by a little or by hours: the night was had.
    #[tokio::test(flavor = "current_thread")]
    async fn a_clock_set_back_over_a_slot_runs_it_once() {
        for back in ["2026-03-08T02:29:58Z", "2026-03-08T02:25:00Z", "2026-03-07T22:00:00Z"] {
            let slots = Slots::default();
            let times = ["2026-03-07T02:29:00Z", "2026-03-07T02:30:00Z", SLOT, back, SLOT, "2026-03-08T02:31:00Z"];
            let ran = nights(&slots, &times, |_| Ok(())).await;
            assert_eq!(ran, ["2026-03-07T02:30:00Z missed 0", "2026-03-08T02:30:00Z missed 0"], "{back}");
        }
    }

    /// The old time was followed until somebody restarted the daemon; the new one owes nothing to the hours before it.
    #[tokio::test(flavor = "current_thread")]
    async fn a_changed_schedule_is_followed_from_then_on() {
        let slots = Slots::default();
        slots.taken.borrow_mut().push(at(SLOT));
        let six = Schedule::parse("0 6 * * *", "UTC", Duration::from_secs(6 * 3600)).expect("a schedule in the test");
        slots.another.set(Some(six));
        let times = ["2026-03-08T07:00:00Z", "2026-03-09T02:30:00Z", "2026-03-09T06:00:00Z"];
        assert_eq!(nights(&slots, &times, |_| Ok(())).await, ["2026-03-09T06:00:00Z missed 0"]);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_failed_night_and_a_panicking_night_do_not_end_the_daemon() {
        let fail_then_panic = |due: Due| {
            assert!(due.slot != at("2026-03-09T02:30:00Z"), "planted panic");
            Err("planted failure")
        };
        let times = ["2026-03-08T02:00:00Z", SLOT, "2026-03-09T02:30:00Z", "2026-03-10T02:30:00Z"];
        assert_eq!(nights(&Slots::default(), &times, fail_then_panic).await.len(), 3);
    }

    /// Another process takes every slot between our look and our claim.
    struct Raced;

    impl SlotClaims for Raced {
        type Error = &'static str;
        type Night = ();

        fn another_schedule(&self) -> Option<Schedule> {
            None
        }

        fn open(&self, _due: &Due) -> Result<Option<()>, Self::Error> {
            Ok(Some(()))
        }

        fn last_slot(&self, _until: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Self::Error> {
            Ok(Some(at("2026-03-07T02:30:00Z")))
        }

        fn claim(&self, _slot: DateTime<Utc>, _until: DateTime<Utc>) -> Result<bool, Self::Error> {
            Ok(false)
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_slot_that_another_process_took_is_left_to_it() {
        let runs = Cell::new(0);
        let run = |_, ()| {
            runs.set(runs.get() + 1);
            std::future::ready(Ok::<(), &str>(()))
        };
        watch(|| at(SLOT), Raced, run).take_turn().await;
        assert_eq!(runs.get(), 0, "two processes must not run the same night");
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_store_that_fails_stops_runs_not_the_daemon() {
        let slots = Slots::default();
        slots.taken.borrow_mut().push(at("2026-03-07T02:30:00Z"));
        slots.broken.set(true);
        assert!(nights(&slots, &[SLOT, "2026-03-08T02:31:00Z"], |_| Ok(())).await.is_empty());
        slots.broken.set(false);
        assert_eq!(nights(&slots, &["2026-03-08T02:32:00Z"], |_| Ok(())).await.len(), 1);
    }

    /// Otherwise whoever keeps the history shut for a moment at half past two costs the whole night, and nobody hears of it.
    #[tokio::test(flavor = "current_thread")]
    async fn a_night_that_cannot_begin_does_not_use_up_its_slot() {
        let slots = Slots::default();
        slots.taken.borrow_mut().push(at("2026-03-07T02:30:00Z"));
        slots.closed.set(true);
        assert!(nights(&slots, &[SLOT, "2026-03-08T02:31:00Z"], |_| Ok(())).await.is_empty());
        slots.closed.set(false);
        let ran = nights(&slots, &["2026-03-08T02:32:00Z"], |_| Ok(())).await;
        assert_eq!(ran, ["2026-03-08T02:30:00Z missed 0"]);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_stop_waits_for_the_run_in_flight() {
        let slots = Slots::default();
        slots.taken.borrow_mut().push(at("2026-03-07T02:30:00Z"));
        let (stop, stopped) = oneshot::channel::<()>();
        let (finish, finished) = oneshot::channel::<()>();
        let finished = finished.shared();
        let done = Cell::new(false);
        let done_seen = &done;
        let run = move |_, ()| {
            let finished = finished.clone();
            async move {
                let _ = finished.await;
                done_seen.set(true);
                Ok::<(), &str>(())
            }
        };
        let ((_ring, rings), alarm) = (mpsc::channel(1), alarm().await);
        let watch = watch(|| at(SLOT), slots, run);
        let drive = async {
            stop.send(()).expect("the loop listens");
            tokio::task::yield_now().await;
            assert!(!done.get());
            finish.send(()).expect("the run waits");
        };
        let (ended, ()) = tokio::join!(watch.follow(stopped.map(|_| ()), rings, alarm), drive);
        ended.expect("a stop is no failure");
        assert!(done.get(), "a write in flight must be finished and recorded before the process ends");
    }

    /// Otherwise a lock that somebody held for a moment at half past two would cost the whole night.
    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn a_slot_that_could_not_be_claimed_is_tried_again_without_a_ring() {
        let slots = Slots::default();
        slots.taken.borrow_mut().push(at("2026-03-07T02:30:00Z"));
        slots.broken.set(true);
        let ((_ring, rings), alarm) = (mpsc::channel(1), alarm().await);
        let (ran, has_run) = oneshot::channel::<()>();
        let mut ran = Some(ran);
        let run = |_, ()| {
            ran.take().map(|ran| ran.send(()));
            std::future::ready(Ok::<(), &str>(()))
        };
        let watch = watch(|| at(SLOT), slots.clone(), run);
        let heal = async {
            tokio::task::yield_now().await;
            slots.broken.set(false);
        };
        let (ended, ()) = tokio::join!(watch.follow(has_run.map(|_| ()), rings, alarm), heal);
        ended.expect("a stop is no failure");
        assert_eq!(slots.taken.borrow().len(), 2, "the night is served once the store can be written");
    }
}
