//! SQLite: runs, plans, lines, findings and the journal of writes; the run lock.
//!
//! Everything else speaks to it in domain types. SQL stands here and nowhere else.

pub mod chain;
mod columns;
pub mod error;
pub mod journal;
mod lines;
pub mod lock;
pub mod lookup;
mod migrations;
mod past;
pub mod record;
pub mod runs;
mod slots;
pub mod store;
#[cfg(test)]
mod tests;
