//! `recount.toml`, `customers.csv` and secrets, parsed once into a validated configuration.
//!
//! Whatever is wrong is said at once, each fault with its file, line and column. No fault shows a secret. Nothing else
//! in the program reads the environment.

pub mod edit;
pub mod environment;
pub mod error;
pub mod load;
pub mod profiles;
pub mod secrets;
pub mod settings;

mod alerts;
mod connectwise;
mod customers;
mod document;
pub mod editing;
mod export;
mod guards;
mod integration;
mod policy;
mod services;
#[cfg(test)]
mod tests;
mod tickets;
mod values;

pub use alerts::Address;
pub use alerts::AddressError;
pub use alerts::AlertConfig;
pub use alerts::AlertKind;
pub use alerts::Each;
pub use alerts::MailConfig;
pub use error::ConfigError;
pub use error::ConfigErrors;
pub use load::find;
pub use load::load;
pub use secrets::SecretError;
pub use secrets::SecretSource;
pub use settings::Config;
pub use settings::ConnectWiseConfig;
pub use settings::DaemonConfig;
pub use settings::IntegrationConfig;
