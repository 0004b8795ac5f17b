//! Rows into counts: what a row's number is, what several rows of one customer and service mean, and all of a file's
//! counts in the order of their names.
//!
//! Readers of rows know a [`Tally`](tally::Tally) alone. Behind it stands a table that is made for a million rows; the tests hold it
//! against the plain one in `plain_table.rs`, which is easier to read.

pub mod count_parser;
pub mod duplicate_rows;
pub mod fast_table;
pub mod misread;
mod name_table;
pub mod number_notation;
pub(in crate::export) mod number_sign;
pub(in crate::export) mod part_of_number;
#[cfg(test)]
mod plain_table;
mod repeated_parts;
pub mod tally;
