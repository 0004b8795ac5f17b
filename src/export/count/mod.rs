//! Cells into counts.

pub mod misread;
pub(crate) mod numbered;
pub mod table;
pub mod tally;
pub mod units;
