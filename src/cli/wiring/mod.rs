//! Real parts put together for several commands.

pub(crate) mod alert_engine;
pub(crate) mod copy_failure;
pub(crate) mod file_versions;
pub(crate) mod health;
pub(crate) mod health_json;
pub(crate) mod kept_report;
pub(crate) mod replication;
pub(crate) mod replication_standing;
pub(crate) mod run_output;
pub(crate) mod stored_plans;
pub(crate) mod ticket_board;
pub(crate) mod unbegun;
pub(crate) mod upkeep;
