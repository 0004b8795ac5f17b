//! An export's bytes: never a panic; every row of data is counted, rejected or nameless; and what an error says is harmless.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use recount::export::ExportSettings;
use recount::export::read_bytes;
use recount::export::settings::Layout;
use recount::reconcile::counts::Cell;
use recount::reconcile::counts::Counts;
use recount::reconcile::counts::Duplicates;
use recount_fuzz::assert_harmless;

fuzz_target!(|bytes: &[u8]| {
    let path = Path::new("export.csv");
    let settings = ExportSettings::new(path.to_owned(), "Account", "Product", "Quantity");
    let ways = [(b',', Duplicates::Error), (b';', Duplicates::Sum), (b'\t', Duplicates::Max)];
    for (delimiter, duplicates) in ways {
        let layout = Layout { delimiter: Some(delimiter), duplicates, ..settings.layout.clone() };
        match read_bytes(path, bytes, &layout) {
            Ok(counts) => check(&counts, duplicates),
            Err(error) => {
                assert_harmless(&error.to_string());
                error.diagnosis().iter().flat_map(|text| text.lines()).for_each(assert_harmless);
            },
        }
    }
});

fn check(counts: &Counts, duplicates: Duplicates) {
    let cells = counts.customers.values().flat_map(|customer| customer.services.values());
    let counted: usize = cells.clone().map(|cell| cell.lines().number()).sum();
    assert!(counts.rows > 0);
    assert_eq!(counted + counts.rejected.len() + counts.nameless.len(), counts.rows, "a row was lost");
    let rejected: usize = counts.customers.values().map(|customer| customer.rejected_lines.len()).sum();
    assert_eq!(rejected, counts.rejected.len(), "a rejected row holds nobody's lines");
    for cell in cells {
        match cell {
            Cell::Counted { lines, .. } => {
                assert!(duplicates != Duplicates::Error || lines.number() == 1, "rows were merged unasked");
            }
            Cell::OutOfRange { .. } => panic!("no row is negative"),
            Cell::Duplicate { lines, counts } => assert_eq!(lines.number(), counts.len()),
        }
    }
    assert!(!counts.units().is_sign_negative());
}
