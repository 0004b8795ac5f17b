//! `--tenants` and what goes with it, of the commands that take it.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;

use crate::cli::commands::fleet::tenants::{Shard, Tenant};

const AT_ONCE: NonZeroUsize = NonZeroUsize::MIN.saturating_add(15);
/// In seconds.
const FIVE_HOURS: NonZeroU64 = NonZeroU64::MIN.saturating_add(17_999);

/// Many tenants at once.
#[derive(Debug, Clone, Args)]
pub(crate) struct FleetOptions {
    /// Every folder in DIR that has a recount.toml is a tenant
    #[arg(long, value_name = "DIR", help_heading = "Many tenants")]
    pub(crate) tenants: Option<PathBuf>,
    /// Tenants at the same time
    #[arg(long, value_name = "N", default_value_t = AT_ONCE, value_parser = at_least_one::<NonZeroUsize>, requires = "tenants", help_heading = "Many tenants")]
    pub(crate) at_once: NonZeroUsize,
    /// Only the tenants of shard I of N, counted from 0
    #[arg(long, value_name = "I/N", requires = "tenants", help_heading = "Many tenants")]
    pub(crate) shard: Option<Shard>,
    /// Seconds after which a tenant's command is stopped
    #[arg(long, value_name = "N", default_value_t = FIVE_HOURS, value_parser = at_least_one::<NonZeroU64>, requires = "tenants", help_heading = "Many tenants")]
    pub(crate) tenant_seconds: NonZeroU64,
    /// Write the metrics of all tenants into this file, each with its `tenant`
    #[arg(long, value_name = "FILE", requires = "tenants", help_heading = "Many tenants")]
    pub(crate) fleet_metrics: Option<PathBuf>,
}

fn at_least_one<N: FromStr>(text: &str) -> Result<N, &'static str> {
    text.parse().map_err(|_| "it is a whole number, and 1 at least")
}

impl FleetOptions {
    /// Whether a tenant is this shard's.
    pub(super) fn has(&self, tenant: &Tenant) -> bool {
        self.shard.is_none_or(|shard| shard.has(&tenant.name))
    }

    /// After which a tenant's command is stopped.
    pub(super) fn limit(&self) -> Duration {
        Duration::from_secs(self.tenant_seconds.get())
    }
}
