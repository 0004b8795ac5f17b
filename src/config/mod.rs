//! `recount.toml`, `customers.csv` and secrets, parsed once into a validated configuration.
//!
//! Whatever is wrong is said at once, each fault with its file, line and column. No fault shows a secret. Nothing else
//! in the program reads the environment.

pub mod desk_settings;
pub mod desk_toml;
pub mod edit;
pub mod environment;
pub mod error;
pub mod last_good;
pub mod load;
pub mod profiles;
pub mod secrets;
pub mod settings;
pub mod tables;

mod config_file;
mod customers;
mod secret_source;
#[cfg(test)]
mod tests;
mod toml_document;
mod values;
