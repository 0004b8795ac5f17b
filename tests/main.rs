//! One test binary; one module per theme.

mod architecture;
mod schedule;
mod snapshots;
