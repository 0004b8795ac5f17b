//! The history's file: opened, brought up to date, locked, and chained.

pub(crate) mod column_values;
pub(crate) mod decision_chain;
pub mod error;
pub mod hash_chain;
pub mod history_head;
pub(crate) mod migrations;
pub mod network_mount;
pub(crate) mod older_history_check;
pub mod open;
pub(crate) mod rows;
pub mod run_lock;
pub(crate) mod state_folder;
pub(crate) mod stored_remedies;
pub mod unbegun_nights;
pub mod verify_chain;
