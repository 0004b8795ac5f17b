//! `recount.toml`: never a panic; refused with at least one fault, or good; what is said is one harmless line for each.
#![no_main]

use std::fs;

use libfuzzer_sys::fuzz_target;
use recount_fuzz::assert_harmless;

use recount::config::load::load;

fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("recount.toml");
    fs::write(&path, bytes).expect("a file");
    fs::write(folder.path().join("customers.csv"), "customer,company_id\nAcme,19\n").expect("a file");
    if let Err(errors) = load(&path) {
        assert!(!errors.0.is_empty(), "refused without a reason");
        errors.0.iter().for_each(|error| assert_harmless(&error.to_string()));
    }
});
