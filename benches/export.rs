//! Reading an export of a million rows, beside the least that any reader has to do: a loop over byte records.

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::path::PathBuf;

use criterion::Criterion;
use criterion::Throughput;
use criterion::criterion_group;
use criterion::criterion_main;
use csv::ByteRecord;
use csv::ReaderBuilder;
use recount::export::ExportSettings;
use recount::export::read_bytes;

const ROWS: usize = 1_000_000;
const SERVICES: usize = 20;

criterion_group!(benches, export);
criterion_main!(benches);

fn export(criterion: &mut Criterion) {
    let file = file(ROWS);
    let settings = ExportSettings::new(PathBuf::from("export.csv"), "Account", "Product", "Quantity");
    let mut group = criterion.benchmark_group("export of 1,000,000 rows");
    group.sample_size(10).throughput(Throughput::Elements(u64::try_from(ROWS).unwrap_or(u64::MAX)));
    group.bench_function("loop over byte records", |bench| bench.iter(|| records(black_box(file.as_bytes()))));
    group.bench_function("read_bytes", |bench| {
        bench.iter_with_large_drop(|| {
            read_bytes(Path::new("export.csv"), black_box(file.as_bytes()), &settings.layout).expect("whole")
        });
    });
    group.finish();
}

/// A vendor's file: every customer with its services, one row each.
fn file(rows: usize) -> String {
    let mut file = "Account,Product,Quantity\n".to_owned();
    for row in 0..rows {
        let (customer, service) = (row / SERVICES, row % SERVICES);
        let _ = writeln!(file, "Customer {customer:06} Ltd,Mail protection {service:02},{}", row % 97);
    }
    file
}

fn records(bytes: &[u8]) -> usize {
    let mut reader = ReaderBuilder::new().from_reader(bytes);
    let mut record = ByteRecord::new();
    let mut cells = 0;
    while reader.read_byte_record(&mut record).expect("whole") {
        cells += record.len();
    }
    cells
}
