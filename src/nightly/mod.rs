//! One integration's night: gather everything, decide, store the plan, carry it out, write down what happened.
//!
//! `run.rs` is that way on one screen. A run is begun before anything can fail and ended on every path. What is returned
//! is what was stored.

pub(crate) mod begun_run;
mod day_counts;
pub(crate) mod earlier_runs;
mod gather;
pub mod job;
mod line_record;
pub mod night_failure;
mod open_record;
mod plan_diff;
pub mod precheck;
pub mod read_export;
mod recorder;
mod remote;
pub mod run;
pub(crate) mod unbegun_night;
mod undo;
mod weekly_sweep;
