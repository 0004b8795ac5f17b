//! A JSON export: never a panic; every row of data is counted, rejected or nameless; and what an error says is harmless.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use recount_fuzz::{assert_complete, assert_explained};

use recount::export::count::duplicate_rows::Duplicates;
use recount::export::read::bytes_to_counts::read_bytes;
use recount::export::settings::{ExportSettings, Format, Layout};

fuzz_target!(|bytes: &[u8]| {
    let path = Path::new("export");
    let settings = ExportSettings::new(path.to_owned(), "Account", "Product", "Quantity");
    for (format, duplicates) in [(Format::Json, Duplicates::Error), (Format::Ndjson, Duplicates::Sum)] {
        let layout = Layout { format: Some(format), duplicates, ..settings.layout.clone() };
        match read_bytes(path, bytes, &layout) {
            Ok(counts) => assert_complete(&counts, duplicates),
            Err(error) => assert_explained(&error),
        }
    }
});
