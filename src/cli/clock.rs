//! The clock: asked here, and passed down.

use chrono::{DateTime, Utc};

/// The time, now.
#[expect(clippy::disallowed_methods, reason = "the command line is where the clock is asked")]
pub(crate) fn now() -> DateTime<Utc> {
    Utc::now()
}
