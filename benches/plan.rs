//! `recount plan` beside the network: an export of 100,000 rows against 100,000 additions, to a cleared plan.
//!
//! `cargo bench --bench plan -- --once` draws one plan, prints the time of each stage, and ends: for
//! `/usr/bin/time -v` (peak memory) and for profilers.

mod peak;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Instant;

use chrono::{DateTime, NaiveDate, Utc};
use criterion::Criterion;

use recount::export::read::bytes_to_counts::read_bytes;
use recount::export::settings::ExportSettings;
use recount::reconcile::decide::plan_inputs::PlanInputs;
use recount::reconcile::decide::planner::draw;
use recount::reconcile::guard::cleared_plan::ClearedPlan;
use recount::reconcile::guard::guard_inputs::{GuardInputs, ReadCoverage};
use recount::reconcile::guard::guard_policy::GuardPolicy;
use recount::reconcile::guard::plan_check::{Approval, Stopped, clear};
use recount::reconcile::matching::line_claims::Claims;
use recount::reconcile::matching::placement::{Place, place_all};
use recount::reconcile::model::bill_customer::Bill;
use recount::reconcile::model::connectwise_records::{
    Addition, Additions, Agreement, Company, Directory, Product, Recurrence,
};
use recount::reconcile::model::export::counts::Counts;
use recount::reconcile::model::ids::{
    AdditionId, AgreementId, CompanyId, CustomerName, IntegrationName, ProductCode, ProductId, ServiceName,
};
use recount::reconcile::model::mapping::{AgreementRule, Billed, CustomerRow, CustomerTarget, Mapping, ServiceRule};
use recount::reconcile::model::past::{ExportStamp, Past};
use recount::reconcile::model::plan::Plan;
use recount::reconcile::model::quantity::Quantity;

const CUSTOMERS: i64 = 5_000;
const SERVICES: i64 = 20;

fn main() {
    let night = Night::new();
    if std::env::args().any(|argument| argument == "--once") {
        return once(&night);
    }
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("plan of 100,000 rows");
    group.sample_size(10);
    let counts = night.counts();
    let places = night.places(&counts);
    let plan = night.draw(&counts, &places);
    group.bench_function("read_bytes", |bench| bench.iter(|| night.counts()));
    group.bench_function("place_all", |bench| bench.iter(|| night.places(black_box(&counts))));
    group.bench_function("draw", |bench| bench.iter(|| night.draw(black_box(&counts), &places)));
    group.bench_function("fingerprint", |bench| bench.iter(|| black_box(&plan).fingerprint()));
    group.bench_function("clear", |bench| bench.iter(|| night.clear(black_box(&plan), &counts).is_ok()));
    group.bench_function("all of it", |bench| {
        bench.iter(|| {
            let counts = night.counts();
            let places = night.places(&counts);
            let plan = night.draw(&counts, &places);
            (plan.fingerprint(), night.clear(&plan, &counts).is_ok())
        });
    });
    group.finish();
    criterion.final_summary();
}

/// Each stage once, with its time, and the most memory that the process held until its end (of which `given` is what
/// ConnectWise and the vendor said).
#[expect(clippy::print_stdout, reason = "a bench tells what it measured")]
fn once(night: &Night) {
    let mut began = Instant::now();
    let mut lap = |stage: &str| {
        let passed = began.elapsed().as_secs_f64() * 1000.0;
        println!("{stage:>12} {passed:>8.1} ms   peak so far {}", peak::peak());
        began = Instant::now();
    };
    lap("given");
    let counts = night.counts();
    lap("read_bytes");
    let places = night.places(&counts);
    lap("place_all");
    let plan = night.draw(&counts, &places);
    lap("draw");
    black_box(plan.fingerprint());
    lap("fingerprint");
    let changes = night.clear(&plan, &counts).map_or(0, |cleared| cleared.writes().len());
    lap("clear");
    println!("{} lines, {changes} changes, {} findings", plan.lines.len(), plan.findings.len());
}

/// An MSP larger than any: every customer uses every service, one line in a hundred changes.
struct Night {
    integration: IntegrationName,
    file: String,
    settings: ExportSettings,
    mapping: Mapping,
    directory: Directory,
    additions: Additions,
    policy: GuardPolicy,
    past: Past,
    export: ExportStamp,
}

impl Night {
    fn new() -> Self {
        let modified_at = DateTime::<Utc>::UNIX_EPOCH;
        Self {
            integration: IntegrationName::new("bench"),
            file: file(),
            settings: ExportSettings::new(PathBuf::from("export.csv"), "Account", "Product", "Quantity"),
            mapping: mapping(),
            directory: directory(),
            additions: additions(),
            policy: GuardPolicy::default(),
            past: Past::default(),
            export: ExportStamp { path: String::new(), sha256: String::new(), modified_at },
        }
    }

    fn counts(&self) -> Counts {
        read_bytes(Path::new("export.csv"), black_box(self.file.as_bytes()), &self.settings.layout)
            .expect("a whole file")
    }

    fn places(&self, counts: &Counts) -> BTreeMap<CustomerName, Place> {
        place_all(counts, &self.mapping, &self.past, &self.directory, today())
    }

    fn draw(&self, counts: &Counts, places: &BTreeMap<CustomerName, Place>) -> Plan {
        draw(PlanInputs {
            integration: &self.integration,
            counts,
            export: &self.export,
            mapping: &self.mapping,
            places,
            directory: &self.directory,
            additions: &self.additions,
            claims: &Claims::default(),
            policy: &self.policy,
            past: &self.past,
            today: today(),
        })
    }

    fn clear(&self, plan: &Plan, counts: &Counts) -> Result<ClearedPlan, Stopped> {
        let seen = ReadCoverage {
            additions: self.additions.values().flatten().map(|addition| addition.id).collect(),
            agreements: self.additions.keys().copied().collect(),
            lost_sight: false,
        };
        let checks = GuardInputs {
            policy: &self.policy,
            past: &self.past,
            counts,
            export: &self.export,
            seen: &seen,
            now: DateTime::<Utc>::UNIX_EPOCH,
            unattended: false,
        };
        clear(plan, checks, Approval::Nobody)
    }
}

fn file() -> String {
    let mut file = "Account,Product,Quantity\n".to_owned();
    for (customer, service) in pairs() {
        let count = used(customer, service);
        let _ = writeln!(file, "Customer {customer:06} Ltd,Mail protection {service:02},{count}");
    }
    file
}

fn mapping() -> Mapping {
    let customers = (0..CUSTOMERS).map(|customer| {
        let target = CustomerTarget::Company { company: CompanyId(customer), agreement: None };
        (
            CustomerName::new(&format!("Customer {customer:06} Ltd")),
            CustomerRow { target, line: 2, note: String::new() },
        )
    });
    let services = (0..SERVICES).map(|service| {
        let billed =
            Billed { products: vec![ProductCode::new(&format!("MP-{service:02}"))], whole: true, ..Billed::default() };
        (ServiceName::new(&format!("Mail protection {service:02}")), ServiceRule::Billed(billed))
    });
    Mapping {
        customers: customers.collect(),
        services: services.collect(),
        default_agreement: Some(AgreementRule::Type("Email Security".to_owned())),
        create_lines: true,
        ..Mapping::default()
    }
}

fn directory() -> Directory {
    let companies = (0..CUSTOMERS).map(CompanyId);
    let companies = companies.map(|id| (id, Company { name: format!("Customer {id:06} Ltd"), ..Company::unnamed(id) }));
    let agreements = (0..CUSTOMERS).map(|id| (AgreementId(id), agreement(id)));
    let products = (0..SERVICES).map(|id| {
        let identifier = format!("MP-{id:02}");
        let folded = identifier.to_lowercase();
        (
            folded,
            vec![Product {
                id: ProductId(id),
                identifier,
                description: String::new(),
                inactive: false,
                bundle_class: false,
            }],
        )
    });
    Directory {
        companies: companies.collect(),
        agreements: agreements.collect(),
        products: products.collect(),
        ..Directory::default()
    }
}

fn agreement(id: i64) -> Agreement {
    Agreement {
        id: AgreementId(id),
        company: CompanyId(id),
        name: format!("Mail protection of {id}"),
        kind: "Email Security".to_owned(),
        status: Some("Active".to_owned()),
        cancelled: false,
        cancelled_on: None,
        starts_on: Some(today()),
        ends_on: None,
        bills_from: None,
        recurrence: Recurrence::Recurs,
        prorates: true,
        next_invoice_on: None,
    }
}

fn additions() -> Additions {
    let mut additions = Additions::new();
    for (customer, service) in pairs() {
        let id = customer * SERVICES + service;
        let behind = u32::from(id % 100 == 0);
        additions.entry(AgreementId(customer)).or_default().push(Addition {
            id: AdditionId(id),
            product: Some(ProductId(service)),
            quantity: Ok(Quantity::from(used(customer, service) + behind)),
            credit: false,
            effective_on: Some(today()),
            cancelled_on: None,
            less_included: Ok(Quantity::ZERO),
            bill: Some(Ok(Bill::Billable)),
            mark: None,
            changed: None,
        });
    }
    additions
}

fn pairs() -> impl Iterator<Item = (i64, i64)> {
    (0..CUSTOMERS).flat_map(|customer| (0..SERVICES).map(move |service| (customer, service)))
}

fn used(customer: i64, service: i64) -> u32 {
    u32::try_from((customer + service) % 97 + 1).unwrap_or(1)
}

fn today() -> NaiveDate {
    DateTime::<Utc>::UNIX_EPOCH.date_naive()
}
