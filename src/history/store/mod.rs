//! The history's file: opened, brought up to date, locked, and chained.

pub mod chain;
pub(crate) mod columns;
pub(crate) mod decision_chain;
pub mod error;
pub(crate) mod head;
pub mod head_file;
pub mod lock;
pub(crate) mod migrations;
pub mod mount;
pub mod open;
pub(crate) mod remedies;
pub mod verify;
