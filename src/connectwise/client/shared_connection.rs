//! What the clients of one command have in common, where they ask the same ConnectWise one after another.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use tokio::sync::OnceCell;

use crate::connectwise::billing_cycles::BillingCycles;
use crate::connectwise::bundle_trust::Bundling;
use crate::connectwise::client::requests_per_minute::Pace;

/// Connections, pace, and what was found out about a ConnectWise so far.
#[derive(Debug, Clone)]
pub struct SharedConnection(pub(super) Arc<Parts>);

#[derive(Debug)]
pub(super) struct Parts {
    pub(super) pool: reqwest::Client,
    pub(super) pace: Pace,
    /// The address that every path hangs on.
    pub(super) api_root: OnceCell<String>,
    /// Which billing cycles recur.
    pub(super) cycles: OnceCell<BillingCycles>,
    /// The largest page that this server is known to give; no limit until it refuses one.
    pub(super) page_size: AtomicUsize,
    /// What is known of its bundles tonight.
    pub(super) bundling: Bundling,
}
