//! Reading an export of a million rows, beside the least that any reader has to do: a loop over byte records.
//!
//! What a whole run may take, CPU time and memory, is held by `against_polars.py`: less than polars, and 120 MB. The ratios here
//! tell where a slower run lost its time, and fail where reading alone takes about a third more than it does.
//!
//! `cargo bench --bench export -- --once` prints the ratios of one quick look; without it criterion takes its time.
//! `--once rows` (or `sum`, `distinct`, `xml`, `json`) reads in that way alone and once, and tells its memory, the file
//! included: of CSV less than 120 MB for 50,000 customers (250 MB where a million items are told apart), of 100 MB of XML or of
//! lists in lists in JSON less than 400 MB. What is too slow or takes more ends with exit code 1. `--memory` does all of
//! them, each in a process of its own.

#![expect(clippy::print_stdout, reason = "what it prints is what it is for")]

mod peak;

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use csv::{ByteRecord, ReaderBuilder};

use recount::export::column::Column;
use recount::export::read::bytes_to_counts::read_bytes;
use recount::export::settings::{Count, ExportSettings, Format, Layout, LongLayout, Shape};

const ROWS: usize = 1_000_000;
const CUSTOMERS: usize = 50_000;
const SERVICES: usize = 20;
/// Of a file of lists in lists.
const BYTES: usize = 100_000_000;
/// Each way is tried so often in a quick look, and the best is taken: the others were disturbed.
const TRIES: usize = 7;
/// Ways of counting, and the share of the bare loop's speed that each must reach: 0.26 of it was measured for rows and sums,
/// which the loop neither copies nor adds up, and 0.15 for items that are told apart.
const WAYS: [(&str, f32); 3] = [("rows", 0.2), ("sum", 0.2), ("distinct", 0.12)];

/// What can be read alone.
const EACH: [&str; 5] = ["rows", "sum", "distinct", "xml", "json"];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.iter().any(|argument| argument == "--memory") {
        return each_by_itself();
    }
    // cargo puts `--bench` behind what was typed.
    let wanted = arguments.iter().position(|argument| argument == "--once");
    match wanted.map(|at| arguments.get(at + 1).filter(|way| *way != "--bench")) {
        None => thorough(),
        Some(None) => quick(),
        Some(Some(way)) if EACH.contains(&way.as_str()) => once(way),
        Some(Some(way)) => panic!("{way} is none of {EACH:?}"),
    }
}

/// Reads one file in one way, and fails where that takes more memory than it may.
fn once(way: &str) {
    let (layout, file) = match way {
        "xml" => (nested(Format::Xml, "R.C[].L[]", ["R.C.@n", "R.C.L.s", "R.C.L.q"]), xml()),
        "json" => (nested(Format::Json, "c[].l[]", ["c.n", "c.l.s", "c.l.q"]), json()),
        way => (layout(way), file(ROWS)),
    };
    let most = match way {
        "xml" | "json" => 400_000,
        "distinct" => 250_000,
        _ => 120_000,
    };
    let bytes = file.len();
    let counts = read_bytes(Path::new("export"), file.into_bytes(), &layout).expect("whole");
    let peak = peak::kilobytes();
    println!(
        "{way}: {} MB, {} customers, {} units; peak memory {peak} kB of {most} kB",
        bytes / 1_000_000,
        counts.customers.len(),
        counts.units()
    );
    if peak > most {
        println!("TOO MUCH MEMORY");
        std::process::exit(1);
    }
}

/// The most that a process ever took is told of all that it did.
fn each_by_itself() {
    let own = std::env::current_exe().expect("its own name");
    let failed = EACH.iter().filter(|way| {
        let status = std::process::Command::new(&own).args(["--once", way]).status();
        !status.expect("started").success()
    });
    if failed.count() > 0 {
        std::process::exit(1);
    }
}

fn nested(format: Format, records: &str, [customer, service, count]: [&str; 3]) -> Layout {
    let settings = ExportSettings::new(PathBuf::from("export"), customer, service, count);
    let records = records.split('.').map(str::to_owned).collect();
    Layout { format: Some(format), records, max_bytes: 1 << 30, max_rows: usize::MAX, ..settings.layout }
}

/// Customers with their licences, 100 MB of it.
fn xml() -> String {
    let mut text = "<R>".to_owned();
    let mut customer = 0;
    while text.len() < BYTES {
        let _ = write!(text, "<C n=\"Customer {customer:06} Ltd\">");
        for service in 0..SERVICES {
            let _ = writeln!(text, "<L><s>Mail protection {service:02}</s><q>{:05}</q></L>", customer % 97);
        }
        text.push_str("</C>\n");
        customer += 1;
    }
    text.push_str("</R>");
    text
}

fn json() -> String {
    let mut text = "{\"c\":[".to_owned();
    let mut customer = 0;
    while text.len() < BYTES {
        let comma = if customer == 0 { "" } else { "," };
        let _ = write!(text, "{comma}\n{{\"n\":\"Customer {customer:06} Ltd\",\"l\":[");
        for service in 0..SERVICES {
            let comma = if service == 0 { "" } else { "," };
            let _ = writeln!(text, "{comma}{{\"s\":\"Mail protection {service:02}\",\"q\":{}}}", customer % 97);
        }
        text.push_str("]}");
        customer += 1;
    }
    text.push_str("]}");
    text
}

fn thorough() {
    let mut criterion = Criterion::default().configure_from_args();
    let file = file(ROWS);
    let mut group = criterion.benchmark_group("export of 1,000,000 rows");
    group.sample_size(10).throughput(Throughput::Elements(u64::try_from(ROWS).unwrap_or(u64::MAX)));
    group.bench_function("loop over byte records", |bench| bench.iter(|| records(black_box(file.as_bytes()))));
    for (way, _) in WAYS {
        let layout = layout(way);
        group.bench_function(way, |bench| bench.iter_with_large_drop(|| read(black_box(&file), &layout)));
    }
    group.finish();
    criterion.final_summary();
}

/// In turn, so that a machine that slows down slows all of them.
fn quick() {
    let file = file(ROWS);
    let layouts = WAYS.map(|(way, _)| layout(way));
    let mut best = [Duration::MAX; 4];
    for _ in 0..TRIES {
        let mut took = vec![timed(|| records(black_box(file.as_bytes())))];
        took.extend(layouts.iter().map(|layout| timed(|| read(black_box(&file), layout))));
        best.iter_mut().zip(took).for_each(|(best, took)| *best = took.min(*best));
    }
    println!(
        "{} rows, {} MB; the csv crate's loop over byte records takes {:?}",
        ROWS,
        file.len() / 1_000_000,
        best[0]
    );
    let mut slow = false;
    for ((way, least), took) in WAYS.iter().zip(&best[1..]) {
        let ratio = best[0].as_secs_f32() / took.as_secs_f32();
        slow |= ratio < *least;
        let verdict = if ratio >= *least { "enough" } else { "TOO SLOW" };
        println!("{way} {ratio:.2} of its speed ({took:?}; at least {least}: {verdict})");
    }
    if slow {
        std::process::exit(1);
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let begun = Instant::now();
    let done = work();
    let took = begun.elapsed();
    drop(done);
    took
}

fn read(file: &str, layout: &Layout) -> recount::reconcile::model::export::counts::Counts {
    read_bytes(Path::new("export.csv"), file.as_bytes(), layout).expect("whole")
}

fn layout(way: &str) -> Layout {
    let settings = ExportSettings::new(PathBuf::from("export.csv"), "Account", "Product", "Quantity");
    let count = match way {
        "rows" => Count::Rows { item: None },
        "distinct" => Count::Distinct { item: Column::named("Device") },
        _ => return settings.layout,
    };
    let long = LongLayout { service: Column::named("Product"), count };
    Layout::new(settings.layout.customer, Shape::Long(long))
}

/// A vendor's file: every customer with its services, one row each, and the device that the row is about.
fn file(rows: usize) -> String {
    let mut file = "Account,Product,Device,Quantity\n".to_owned();
    for row in 0..rows {
        let (customer, service) = (row / SERVICES % CUSTOMERS, row % SERVICES);
        let _ = writeln!(
            file,
            "Customer {customer:06} Ltd,Mail protection {service:02},DESKTOP-{:07},{}",
            row * 7919 % ROWS,
            row % 97
        );
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
