//! SQLite: runs, plans, lines, findings and the journal of writes; the run lock.
//!
//! Everything else speaks to it in domain types. SQL stands here and nowhere else.

pub mod alert_records;
pub mod backup;
pub mod connectwise_sites;
pub mod counts_by_day;
pub mod daemon_slots;
pub mod decision_records;
pub mod desk;
pub mod invoices;
pub mod journal;
pub mod lines_over_nights;
pub mod newest_plan;
pub mod past;
mod plan_lines;
pub(crate) mod pruning;
pub mod run_lookup;
pub mod run_record;
pub mod run_writing;
pub mod store;
#[cfg(test)]
mod tests;
pub mod ticket_records;
