//! Real parts put together for several commands.

pub(crate) mod alert_engine;
pub(crate) mod configured_health;
pub(crate) mod copy_failure;
pub(crate) mod health_json;
pub(crate) mod invoice_moment;
pub(crate) mod keep_file_version;
pub(crate) mod keep_report;
pub(crate) mod outdated_history;
pub(crate) mod replication;
pub(crate) mod run_output;
pub(crate) mod stored_plans;
pub(crate) mod tell_unbegun_night;
pub(crate) mod tickets_after_run;
pub(crate) mod unbegun_nights;
pub(crate) mod upkeep;
