//! Real parts put together for several commands.

pub(crate) mod alert_engine;
pub(crate) mod file_versions;
pub(crate) mod health;
pub(crate) mod health_json;
pub(crate) mod kept_report;
pub(crate) mod replica;
pub(crate) mod replica_standing;
pub(crate) mod run_output;
pub(crate) mod stored_plans;
pub(crate) mod ticket_board;
pub(crate) mod unbegun;
pub(crate) mod uncopied;
pub(crate) mod upkeep;
