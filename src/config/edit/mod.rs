//! Changes of the configuration in place: everything else in a file stays as it is.

pub mod customers_csv;
pub mod recount_toml;
