//! What a run sent to ConnectWise, and what it waited for.

use serde::Serialize;

/// Requests of one run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Traffic {
    /// Requests sent, repeats included.
    pub sent: u64,
    /// Of these, repeats.
    pub retried: u64,
    /// Milliseconds waited because ConnectWise asked for it.
    pub throttled_ms: u64,
    /// Milliseconds in which a request waited for the pace.
    pub pace_ms: u64,
    /// Milliseconds in which something was read for the plan, the waits for it included.
    pub read_ms: u64,
    /// The same of looks for a write.
    pub look_ms: u64,
    /// The same of writes.
    pub write_ms: u64,
}
