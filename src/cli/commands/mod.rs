//! One file or folder a command.

pub(crate) mod alerts;
pub(crate) mod answer;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod daemon;
pub(crate) mod demo;
pub(crate) mod fleet;
pub(crate) mod held;
pub(crate) mod history;
pub(crate) mod init;
pub(crate) mod integrations;
pub(crate) mod map;
pub(crate) mod night_without_config;
pub(crate) mod profiles;
pub(crate) mod read;
pub(crate) mod report;
pub(crate) mod run;
pub(crate) mod serve;
pub(crate) mod sim;
pub(crate) mod status;
pub(crate) mod tickets;
pub(crate) mod users;
pub(crate) mod verify;
pub(crate) mod why;
