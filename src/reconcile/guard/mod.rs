//! What stops an export or a plan, and what may be written once nothing does.

pub mod accepted_counts;
pub mod baseline;
pub mod cleared_plan;
pub mod export_guards;
pub mod falling_trend;
pub mod file_looks;
pub mod file_twice;
pub mod guard_inputs;
pub mod guard_policy;
pub mod measurements;
pub mod missing_services;
mod old_export;
pub mod plan_check;
mod run_guards;
mod stop_finding;
