//! The tables of recount.toml, one file each.

pub mod alerts;
pub(crate) mod connectwise;
pub(in crate::config) mod desk;
pub(crate) mod export;
pub(crate) mod guards;
pub(crate) mod integration;
pub(crate) mod metrics;
pub(crate) mod policy;
pub(in crate::config) mod replication;
pub(crate) mod services;
pub(crate) mod tickets;
