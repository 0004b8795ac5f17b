//! What is done on the desk. The desk decides nothing: it hands what a person pressed to the functions of the command
//! line, which refuse it or store it with the person's name. No action has a place for a price, a path or a command.

pub(crate) mod act;
pub(crate) mod action_outcome;
pub(crate) mod answering;
pub(crate) mod fields;
pub mod host;
pub(crate) mod mapping;
pub(crate) mod own_account;
pub mod roles;
pub(crate) mod running;
pub(crate) mod services;
pub(crate) mod trials;
pub(crate) mod uploads;
pub(crate) mod visit;
