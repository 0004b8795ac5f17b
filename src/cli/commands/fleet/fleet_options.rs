//! `--tenants` and what goes with it, of the commands that take it.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::cli::commands::fleet::tenants::{Shard, Tenant};

/// Many tenants at once.
#[derive(Debug, Clone, Args)]
pub(crate) struct FleetOptions {
    /// Every folder in DIR that has a recount.toml is a tenant
    #[arg(long, value_name = "DIR", help_heading = "Many tenants")]
    pub(crate) tenants: Option<PathBuf>,
    /// Tenants at the same time
    #[arg(long, value_name = "N", default_value_t = 16, requires = "tenants", help_heading = "Many tenants")]
    pub(crate) at_once: usize,
    /// Only the tenants of shard I of N, counted from 0
    #[arg(long, value_name = "I/N", requires = "tenants", help_heading = "Many tenants")]
    pub(crate) shard: Option<Shard>,
    /// Seconds after which a tenant's command is stopped
    #[arg(long, value_name = "N", default_value_t = 18_000, requires = "tenants", help_heading = "Many tenants")]
    pub(crate) tenant_seconds: u64,
    /// Write the metrics of all tenants into this file, each with its `tenant`
    #[arg(long, value_name = "FILE", requires = "tenants", help_heading = "Many tenants")]
    pub(crate) fleet_metrics: Option<PathBuf>,
}

impl FleetOptions {
    /// Whether a tenant is this shard's.
    pub(super) fn has(&self, tenant: &Tenant) -> bool {
        self.shard.is_none_or(|shard| shard.has(&tenant.name))
    }

    /// After which a tenant's command is stopped.
    pub(super) fn limit(&self) -> Duration {
        Duration::from_secs(self.tenant_seconds)
    }
}
