//! Nights through the real binary: a folder, a simulated ConnectWise, and what must be true after each of them.

mod absent;
mod night;
mod process;
mod steps;

pub(crate) use self::night::{BUSY, CLIENT_ID, Night, QUIET, copied, now, today};
pub(crate) use self::process::{Running, Said, wait_until};
pub(crate) use self::steps::{walk, walked};

/// Runs each case on a thread of its own, at most two at a time, and names the cases that failed.
pub(crate) fn each<T: Sync>(cases: &[T], name: impl Fn(&T) -> String + Sync, case: impl Fn(&T) + Sync) {
    let failed = std::sync::Mutex::new(Vec::new());
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(one) = cases.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| case(one)));
                    if ended.is_err() {
                        failed.lock().expect("nobody panics here").push(name(one));
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().expect("nobody panics here");
    assert!(failed.is_empty(), "{} of {} failed: {failed:#?}", failed.len(), cases.len());
}
