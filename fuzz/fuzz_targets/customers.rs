//! `customers.csv`: never a panic, and never an error of the whole configuration; what is said is harmless.
#![no_main]

use std::fs;

use libfuzzer_sys::fuzz_target;
use recount_fuzz::assert_harmless;

use recount::config::load::load;

fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("recount.toml");
    fs::write(&path, include_str!("../corpus/config/seed-smallest.toml")).expect("a file");
    fs::write(folder.path().join("customers.csv"), bytes).expect("a file");
    let config = load(&path).expect("a fault of customers.csv stops its own integration alone");
    for integration in config.integrations.values() {
        match &integration.mapping {
            Ok(mapping) => assert!(mapping.customers.keys().all(|name| !name.as_str().is_empty())),
            Err(faults) => faults.drawn().lines().for_each(assert_harmless),
        }
    }
});
