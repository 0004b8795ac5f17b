//! How long a vendor's server is waited for, and how often it is asked.

use std::time::Duration;

/// Report links are built while they are asked for, so the first byte may take long; a minute and a half is generous.
pub(super) const FIRST_BYTE: Duration = Duration::from_secs(90);
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The whole download: 64 MiB over a slow line.
pub(super) const TIMEOUT: Duration = Duration::from_secs(600);
/// Tries in all. A vendor's server that fails three times fails all night.
pub(super) const TRIES: u32 = 3;
/// The pause before the second try, where the server names none; it doubles.
pub const PAUSE: Duration = Duration::from_secs(2);
/// The longest pause that is obeyed: one vendor's link answers once in 5 minutes (Hornetsecurity's documentation).
pub(super) const PAUSE_MAX: Duration = Duration::from_secs(310);
/// Redirects that are followed: beyond, the server sends round and round.
pub(super) const REDIRECTS_MAX: u32 = 5;
