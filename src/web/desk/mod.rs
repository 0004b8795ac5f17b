//! What is done on the desk. The desk decides nothing: it hands what a person pressed to the functions of the command
//! line, which refuse it or store it with the person's name. No action has a place for a price, a path or a command.

pub(crate) mod account_actions;
pub(crate) mod action_outcome;
pub(crate) mod answer_actions;
pub mod host;
pub(crate) mod mapped_since;
pub(crate) mod mapping_actions;
pub(crate) mod posted_fields;
pub(crate) mod pressed_button;
pub mod role_permissions;
pub(crate) mod run_actions;
pub(crate) mod service_actions;
pub(crate) mod trial_actions;
pub(crate) mod upload_actions;
pub(crate) mod visit;
