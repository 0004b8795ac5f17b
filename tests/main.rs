//! One test binary; one module per theme.

mod architecture;
mod connectwise;
mod schedule;
mod snapshots;
