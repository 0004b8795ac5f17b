//! Cells into counts.

pub mod misread;
pub mod number;
pub(crate) mod numbered;
pub mod table;
pub mod tally;
