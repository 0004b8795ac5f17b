//! SQLite: runs, plans, lines, findings and the journal of writes; the run lock.
//!
//! Everything else speaks to it in domain types. SQL stands here and nowhere else.

pub mod alerts;
pub mod backup;
pub mod days;
pub mod decisions;
pub mod desk;
pub mod journal;
mod lines;
pub mod lookup;
pub mod nights;
pub mod past;
pub(crate) mod pruning;
pub mod record;
pub mod runs;
pub mod sites;
pub mod slots;
pub mod store;
#[cfg(test)]
mod tests;
pub mod tickets;
