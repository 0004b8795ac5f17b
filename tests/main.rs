//! One test binary; one module per theme.

mod architecture;
mod connectwise;
mod core;
mod decisions;
mod faults;
mod files;
mod scenarios;
mod schedule;
mod snapshots;
mod store;
mod support;
