//! Changes of the configuration in place: everything else in a file stays as it is.

pub mod addition_pin;
pub mod customers_csv;
pub mod in_place;
pub mod recount_toml;
pub mod services_toml;
