//! One test binary; one module per theme.

mod architecture;
mod connectwise;
mod core;
mod decisions;
mod faults;
mod faults_table;
mod files;
mod nights;
mod scenarios;
mod schedule;
mod snapshots;
mod store;
mod support;
mod tickets;
