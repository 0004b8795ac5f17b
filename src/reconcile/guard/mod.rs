//! What stops an export or a plan, and what may be written once nothing does.

pub mod check;
pub mod cleared;
pub mod limits;
pub mod trend;
