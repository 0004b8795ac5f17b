//! `recount.toml`, `customers.csv` and secrets, parsed once into a validated configuration.
