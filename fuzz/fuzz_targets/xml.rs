//! An XML export, also with records in records: never a panic; every row is counted, rejected or nameless.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use recount_fuzz::{assert_complete, assert_explained};

use recount::export::count::duplicate_rows::Duplicates;
use recount::export::read::bytes_to_counts::read_bytes;
use recount::export::settings::{ExportSettings, Format, Layout};

fuzz_target!(|bytes: &[u8]| {
    let path = Path::new("export");
    for (records, customer) in [("a.r", "@c"), ("a.r[].s[]", "a.r.@c")] {
        let settings = ExportSettings::new(path.to_owned(), customer, "Product", "Quantity");
        let records = records.split('.').map(str::to_owned).collect();
        let layout = Layout { format: Some(Format::Xml), records, ..settings.layout };
        match read_bytes(path, bytes, &layout) {
            Ok(counts) => assert_complete(&counts, Duplicates::Error),
            Err(error) => assert_explained(&error),
        }
    }
});
