//! The scheduler for hosts without systemd: when a run is due, and the loop that starts it.
//!
//! [`due`](schedule::due) is a pure function over a [`Schedule`](schedule::Schedule), the last claimed slot and the time. [`serve()`](nightly_loop::serve) asks it whenever
//! the scheduler rings, claims the slot it names, and runs at most one run at a time. The claim is one durable row ([`SlotClaims`](nightly_loop::SlotClaims)), so neither a
//! restart nor a second daemon can start the same night twice.

mod cron_jobs;
pub mod error;
pub mod nightly_loop;
pub mod schedule;
