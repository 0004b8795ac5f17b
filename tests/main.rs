//! One test binary; one module per theme.

mod alerts;
mod architecture;
mod connectwise;
mod core;
mod decisions;
mod desk;
mod exports;
mod faults;
mod faults_table;
mod files;
mod hardening;
mod maps;
mod monitoring;
mod nights;
mod reports;
mod scenarios;
mod schedule;
mod schema;
mod setup;
mod snapshots;
mod sources;
mod store;
mod support;
mod tickets;
mod tour;
