//! One test binary; one module per theme.

mod architecture;
mod connectwise;
mod core;
mod nights;
mod schedule;
mod snapshots;
