//! What stops an export or a plan, and what may be written once nothing does.

pub mod accepted;
pub mod baseline;
pub mod check;
pub mod cleared;
pub mod limits;
pub mod looks;
mod run_limits;
mod stop;
pub mod trend;
