//! One test binary; one module per theme.

mod schedule;
mod snapshots;
