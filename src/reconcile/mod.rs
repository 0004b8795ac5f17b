//! The pure core: counts, mapping, lines, plan and guards.
//!
//! It never awaits, reads, writes, logs or asks the time. What it needs comes in as values, what it decides goes out
//! as values, and the same values in give the same bytes out.
#![deny(clippy::float_arithmetic, clippy::as_conversions)]

pub mod bleed;
pub mod catalog;
pub mod clear;
pub mod cleared;
pub mod code;
pub mod counts;
pub mod decisions;
pub mod draw;
pub mod excerpt;
pub mod exit;
pub mod findings;
pub mod guards;
pub mod handle;
pub mod ids;
pub mod judge;
pub mod mapping;
pub mod mark;
pub mod misread;
mod numbered;
pub mod outcome;
pub mod owners;
pub mod per_item;
pub mod placement;
pub mod plan;
pub mod policy;
pub mod quantity;
pub mod records;
pub mod row_findings;
pub mod shown;
pub mod step;
pub mod table;
pub mod tally;
pub mod tickets;
pub mod undo;
pub mod units;
pub mod wanted;
