//! One test binary; one module per theme.

mod architecture;
mod connectwise;
mod core;
mod decisions;
mod schedule;
mod snapshots;
