//! A zip archive: never a panic, and never more memory than `max_bytes`.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use recount_fuzz::assert_explained;

use recount::export::text_pattern::Pattern;
use recount::export::read::bytes_to_counts::read_bytes;
use recount::export::settings::{ExportSettings, Layout};

fuzz_target!(|bytes: &[u8]| {
    let path = Path::new("export");
    let settings = ExportSettings::new(path.to_owned(), "Account", "Product", "Quantity");
    for member in [None, Some(Pattern::glob("*.csv"))] {
        let layout = Layout { member, all_members: true, max_bytes: 1 << 20, ..settings.layout.clone() };
        if let Err(error) = read_bytes(path, bytes, &layout) {
            assert_explained(&error);
        }
    }
});
