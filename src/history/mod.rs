//! SQLite: runs, plans, lines, findings and the journal of writes; the run lock.

pub mod record;
