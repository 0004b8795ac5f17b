//! The most memory that a bench has taken.

/// The same as a number; 0 where it is not told.
#[allow(dead_code, reason = "not every bench compares it")]
pub(crate) fn kilobytes() -> u64 {
    peak().split(' ').next().and_then(|number| number.parse().ok()).unwrap_or_default()
}

/// As Linux tells it; empty elsewhere.
pub(crate) fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.unwrap_or_default().trim().to_owned()
}
