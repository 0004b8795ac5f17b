//! The pure core: counts, mapping, lines, plan and guards.
//!
//! It never awaits, reads, writes, logs or asks the time. What it needs comes in as values, what it decides goes out
//! as values, and the same values in give the same bytes out.
#![deny(clippy::float_arithmetic, clippy::as_conversions)]

pub mod decide;
pub mod guard;
pub mod matching;
pub mod model;
pub(crate) mod words;
