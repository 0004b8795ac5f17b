//! A year of nights in one of four zones: invoices are made month by month, with proration or without, ConnectWise keeps two
//! decimals, single records cannot be read, and some agreements may not be looked into. Every night ends with a report,
//! nothing is billed twice, and a good customer's line is right whatever another's record is.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use chrono::{DateTime, Datelike as _, Months, NaiveDate, TimeDelta, Utc};
use rust_decimal::Decimal;
use tokio::time::Instant;

use super::chance::Chance;
use super::disk::Files;
use super::{everything_passes, fastest_folder, product};
use recount::apply::lease_guard::LeaseGuard;
use recount::apply::stop_signal::Stop;
use recount::connectwise::{ReadError, Reader, WriteError, Writer};
use recount::export::settings::ExportSettings;
use recount::history::run_record::RunRecord;
use recount::history::store::open::History;
use recount::history::store::run_lock::RunLock;
use recount::nightly::job::{ExportSource, Job, PlanSource, RunControl};
use recount::nightly::run::{plan_and_apply, plan_only};
use recount::reconcile::guard::cleared_plan::{CreateLine, SetQuantity};
use recount::reconcile::model::bill_customer::Bill;
use recount::reconcile::model::connectwise_records::{
    Addition, AdditionList, Agreement, AgreementSign, Agreements, Companies, Company, Product, Products, Unreadable,
};
use recount::reconcile::model::ids::{
    AdditionId, AgreementId, CompanyId, CustomerName, IntegrationName, ProductCode, ProductId, ServiceName,
};
use recount::reconcile::model::mapping::{Billed, CustomerRow, CustomerTarget, Mapping, ServiceRule};
use recount::reconcile::model::plan::outcome::{Mode, RunCommand, Traffic};
use recount::reconcile::model::plan::reason_code::Code;
use recount::reconcile::model::quantity::Quantity;
use recount::zone::Zone;

/// Where the office is, and the hour of its nights in UTC: each is near the end of a day of one of the two.
const OFFICES: [(&str, u32); 4] =
    [("America/Los_Angeles", 6), ("Australia/Sydney", 20), ("Asia/Kolkata", 18), ("UTC", 2)];
/// Customers, each with an agreement of its own, and services.
const CUSTOMERS: i64 = 6;
const PRODUCTS: [ProductId; 2] = [ProductId(500), ProductId(501)];
/// The decimals that ConnectWise keeps.
const SCALE: u32 = 2;

/// How often what happened.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct YearSeen {
    pub(crate) nights: u64,
    pub(crate) invoices: u64,
    pub(crate) updates: u64,
    pub(crate) creations: u64,
    /// Lines that begin with the next invoice.
    pub(crate) ahead: u64,
    /// Quantities of which ConnectWise kept fewer decimals.
    pub(crate) rounded: u64,
    pub(crate) unreadable: u64,
    pub(crate) forbidden: u64,
}

impl YearSeen {
    #[cfg_attr(test, expect(dead_code, reason = "the example adds up"))]
    pub(crate) fn add(&mut self, other: Self) {
        let Self { nights, invoices, updates, creations, ahead, rounded, unreadable, forbidden } = other;
        self.nights += nights;
        self.invoices += invoices;
        self.updates += updates;
        self.creations += creations;
        self.ahead += ahead;
        self.rounded += rounded;
        self.unreadable += unreadable;
        self.forbidden += forbidden;
    }
}

/// Lives through the year of one seed.
///
/// # Errors
/// The first violation.
pub(crate) fn live_a_year(seed: u64, breach: Breach) -> Result<YearSeen, String> {
    let folder = tempfile::Builder::new().prefix("year-").tempdir_in(fastest_folder()).expect("a folder");
    let office = Office::new(seed, folder.path().to_owned(), breach);
    let lived = office.year();
    lived.map_err(|said| format!("seed {seed}, {}, {}: {said}", office.zone.name(), office.now()))?;
    Ok(office.connectwise.books.borrow().seen)
}

/// What a seed breaks on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Breach {
    /// Nothing.
    None,
    /// Each creation is carried out twice.
    Doubles,
    /// What is set is not kept.
    Forgets,
}

struct Office {
    chance: RefCell<Chance>,
    folder: PathBuf,
    zone: Zone,
    hour: u32,
    mapping: Mapping,
    export: ExportSettings,
    integration: IntegrationName,
    connectwise: Ledger,
    counts: RefCell<BTreeMap<(i64, usize), Decimal>>,
}

/// ConnectWise with its invoices.
struct Ledger {
    books: RefCell<Books>,
    clock: Cell<DateTime<Utc>>,
    zone: Zone,
    at_once: usize,
    breach: Breach,
}

struct Books {
    agreements: BTreeMap<AgreementId, Agreement>,
    rows: Vec<(AgreementId, Addition)>,
    /// Who is not to be read tonight.
    bad: BTreeMap<AgreementId, Bad>,
    violations: Vec<String>,
    seen: YearSeen,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bad {
    /// 403 on its additions.
    Forbidden,
    /// A member of the agreement cannot be read.
    Agreement,
    /// A member of its company cannot be read.
    Company,
    /// The quantity of its additions cannot be read.
    Additions,
}

fn company_of(agreement: AgreementId) -> CompanyId {
    CompanyId(agreement.0 - 100)
}

impl Office {
    fn new(seed: u64, folder: PathBuf, breach: Breach) -> Self {
        let mut chance = Chance::new(seed ^ 0x7ea4);
        let (name, hour) = OFFICES[usize::try_from(seed % 4).unwrap_or(0)];
        let zone = Zone::named(name).expect("a zone");
        let customer = |customer: i64| {
            let agreement = AgreementId(200 + customer);
            let target = CustomerTarget::Company { company: company_of(agreement), agreement: Some(agreement) };
            (
                CustomerName::new(&format!("Customer {customer}")),
                CustomerRow { target, line: customer.unsigned_abs(), note: String::new() },
            )
        };
        let service = |(at, id): (usize, &ProductId)| {
            let products = vec![ProductCode::new(&format!("P-{id}"))];
            (ServiceName::new(&format!("Service {at}")), ServiceRule::Billed(Billed { products, ..Billed::default() }))
        };
        let mapping = Mapping {
            customers: (0..CUSTOMERS).map(customer).collect(),
            services: PRODUCTS.iter().enumerate().map(service).collect(),
            create_lines: true,
            ..Mapping::default()
        };
        let began: DateTime<Utc> =
            format!("2027-11-{:02}T{hour:02}:15:00Z", chance.between(1, 28)).parse().expect("a time");
        let today = zone.day(began);
        let agreements = (0..CUSTOMERS).map(|customer| agreement(AgreementId(200 + customer), today, &mut chance));
        let books = Books {
            agreements: agreements.collect(),
            rows: Vec::new(),
            bad: BTreeMap::new(),
            violations: Vec::new(),
            seen: YearSeen::default(),
        };
        Files::of_a_new_history().put(&folder.join("state"));
        let (clock, at_once) = (Cell::new(began), 1 << (seed % 4));
        let connectwise = Ledger { books: RefCell::new(books), clock, zone: zone.clone(), at_once, breach };
        Self {
            chance: RefCell::new(chance),
            export: ExportSettings::new(folder.join("export.csv"), "Account", "Product", "Quantity"),
            folder,
            zone,
            hour,
            mapping,
            integration: IntegrationName::new("year"),
            connectwise,
            counts: RefCell::default(),
        }
    }

    fn now(&self) -> DateTime<Utc> {
        self.connectwise.clock.get()
    }

    fn today(&self) -> NaiveDate {
        self.zone.day(self.now())
    }

    fn below(&self, end: u64) -> u64 {
        self.chance.borrow_mut().below(end)
    }

    /// The first plan, then three or four nights of every month: most of them around its end and around an invoice.
    fn year(&self) -> Result<(), String> {
        self.deliver();
        let plan = self.run(RunCommand::Plan, None)?;
        let fingerprint = plan.planned.as_ref().map(|planned| planned.fingerprint.clone()).ok_or("no first plan")?;
        self.run(RunCommand::Apply, Some(&fingerprint))?;
        let last = self.now() + TimeDelta::days(366);
        while self.now() < last {
            self.sleep();
            self.make_invoices()?;
            self.break_records();
            self.deliver();
            let record = self.run(RunCommand::Run, None)?;
            self.judge(&record)?;
        }
        Ok(())
    }

    /// Until the office's next night that is of interest.
    fn sleep(&self) {
        let days = match self.below(4) {
            0 => 1,
            1 => i64::try_from(self.below(12)).unwrap_or(0) + 1,
            // The last day of the month, or the first one of the next.
            _ => {
                let today = self.today();
                let next = today.with_day(1).unwrap_or(today) + Months::new(1);
                let first = (next - today).num_days();
                if first > 1 { first - 1 } else { 1 }
            }
        };
        let day = self.now().date_naive() + TimeDelta::days(days);
        let (hour, minute) = (self.hour, u32::try_from(self.below(60)).unwrap_or(0));
        let then = day.and_hms_opt(hour, minute, 0).expect("a time").and_utc();
        self.connectwise.clock.set(then.max(self.now() + TimeDelta::hours(1)));
    }

    /// Whoever makes the invoices does so on their day, or some days later. Each bills a product once.
    fn make_invoices(&self) -> Result<(), String> {
        let today = self.today();
        let due = |agreement: &Agreement| agreement.next_invoice_on.filter(|next| *next <= today);
        let books = &mut *self.connectwise.books.borrow_mut();
        for agreement in books.agreements.values_mut() {
            while let Some(next) = due(agreement).filter(|next| self.below(3) > 0 || today - *next > TimeDelta::days(3))
            {
                books.seen.invoices += 1;
                let billed = |(of, row): &&(AgreementId, Addition)| *of == agreement.id && row.is_current(next);
                let products: Vec<_> = books.rows.iter().filter(billed).filter_map(|(_, row)| row.product).collect();
                let once: BTreeSet<_> = products.iter().collect();
                if once.len() < products.len() {
                    return Err(format!("Y1: billed twice on the invoice of {next}: {:?}", books.rows));
                }
                agreement.next_invoice_on = Some(next + Months::new(1));
            }
        }
        Ok(())
    }

    /// Some nights one agreement, or two, cannot be read or may not be. Five of them would end the night.
    fn break_records(&self) {
        let mut bad = BTreeMap::new();
        for _ in 0..self.below(3) {
            let kinds = [Bad::Forbidden, Bad::Agreement, Bad::Company, Bad::Additions];
            let kind = kinds[usize::try_from(self.below(4)).unwrap_or(0)];
            let of = self.below(CUSTOMERS.unsigned_abs());
            bad.insert(AgreementId(200 + i64::try_from(of).unwrap_or(0)), kind);
        }
        let mut books = self.connectwise.books.borrow_mut();
        let forbidden = bad.values().filter(|kind| **kind == Bad::Forbidden).count() as u64;
        books.seen.forbidden += forbidden;
        books.seen.unreadable += bad.len() as u64 - forbidden;
        books.bad = bad;
    }

    /// Counts move, some with more decimals than ConnectWise keeps; a line that was counted once never falls to nothing.
    fn deliver(&self) {
        let mut counts = self.counts.borrow_mut();
        for customer in 0..CUSTOMERS {
            for at in 0..PRODUCTS.len() {
                let known = counts.contains_key(&(customer, at));
                if self.below(3) == 0 {
                    let (whole, parts) = (self.below(40), self.below(10_000));
                    let count = match at {
                        0 => Decimal::from(whole + u64::from(known)),
                        _ => Decimal::from(whole + 1) + Decimal::new(i64::try_from(parts).unwrap_or(0), 4),
                    };
                    counts.insert((customer, at), count);
                }
            }
        }
        let mut text = "Account,Product,Quantity\n".to_owned();
        for customer in 0..CUSTOMERS {
            for at in 0..PRODUCTS.len() {
                let count = counts.get(&(customer, at)).copied().unwrap_or_default();
                let _ = writeln!(text, "Customer {customer},Service {at},{count}");
            }
        }
        let path = self.folder.join("export.csv");
        fs::write(&path, text).expect("the export is written");
        let file = fs::File::options().write(true).open(&path).expect("the export is there");
        file.set_modified((self.now() - TimeDelta::minutes(1)).into()).expect("the export's time is set");
    }

    fn run(&self, command: RunCommand, approved: Option<&str>) -> Result<RunRecord, String> {
        let state = self.folder.join("state");
        let lock = RunLock::take(&state, self.now()).map_err(|error| format!("the lock: {error}"))?;
        let mut history = History::open(&state, self.now()).map_err(|error| format!("the history: {error}"))?;
        let (stop, guards, clock) = (Stop::never(), everything_passes(), || self.now());
        let source = ExportSource {
            export: &self.export,
            fetched: &self.folder,
            shared: None,
            mapping: &self.mapping,
            neighbours: &[],
            guards: &guards,
        };
        let job = Job {
            approval_life: TimeDelta::MAX,
            site: "year",
            integration: &self.integration,
            mode: Mode::Apply,
            command,
            source: PlanSource::Export(source),
            approved,
            settle: TimeDelta::minutes(15),
            zone: &self.zone,
            host_change: None,
            missed: None,
            control: RunControl { clock: &clock, stop: &stop, lease: &LeaseGuard::none() },
        };
        let connect = || Ok(&self.connectwise);
        let ended = match command {
            RunCommand::Plan => at_once(plan_only(job, &lock, &mut history, connect)),
            _ => at_once(plan_and_apply(job, &lock, &mut history, connect)),
        };
        self.connectwise.books.borrow_mut().seen.nights += 1;
        ended.map_err(|error| format!("the run could not begin: {error}"))
    }

    /// Y2 to Y4, and what was found while it wrote.
    fn judge(&self, record: &RunRecord) -> Result<(), String> {
        let books = self.connectwise.books.borrow();
        if let Some(violation) = books.violations.first() {
            return Err(violation.clone());
        }
        let end = record.end.as_ref().ok_or("Y2: a night without an end")?;
        let told = || format!("{:#?} {:#?}", end.findings, books.bad);
        // More than any share of nothing waits for a person, and nothing is written.
        let rises_from_nothing = end.findings.iter().any(|finding| finding.code == Code::TooManyUnitsUp);
        if end.exit_code == 10 && rises_from_nothing && books.bills_nothing() && end.totals.changed == 0 {
            return Ok(());
        }
        if ![0, 3].contains(&end.exit_code) || record.planned.as_ref().is_none_or(|planned| !planned.accepted) {
            return Err(format!("Y2: a night ends with {}: {}", end.exit_code, told()));
        }
        if end.totals.lines != end.totals.explained {
            return Err(format!("Y3: lines without a reason: {:?}", end.totals));
        }
        for ((customer, at), count) in self.counts.borrow().iter() {
            let agreement = AgreementId(200 + customer);
            if books.bad.contains_key(&agreement) {
                continue;
            }
            let rows = books.rows.iter().filter(|(of, row)| *of == agreement && row.product == Some(PRODUCTS[*at]));
            let held: Vec<_> = rows.map(|(_, row)| row.quantity.clone().map(Quantity::as_decimal)).collect();
            let near = |now: &Decimal| (*now - *count).abs() <= Decimal::new(1, SCALE);
            let right = match held.as_slice() {
                [] => count.is_zero(),
                [Ok(now)] => near(now),
                _ => false,
            };
            if !right {
                let said = format!("agreement {agreement}, service {at}: counted {count}, billed {held:?}");
                return Err(format!("Y4: a good customer's line is wrong: {said}: {}", told()));
            }
        }
        Ok(())
    }
}

/// Nothing here ever waits for anything.
fn at_once<T>(run: impl Future<Output = T>) -> T {
    let mut run = pin!(run);
    loop {
        if let Poll::Ready(ended) = run.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return ended;
        }
    }
}

/// Invoiced on some day of each month, with proration or without.
fn agreement(id: AgreementId, today: NaiveDate, chance: &mut Chance) -> (AgreementId, Agreement) {
    let day = [1, 1, 15, 28][usize::try_from(chance.below(4)).unwrap_or(0)];
    let this = today.with_day(day).unwrap_or(today);
    let next = if this > today { this } else { this + Months::new(1) };
    let (_, agreement) = super::agreement(id, company_of(id));
    (id, Agreement { prorates: chance.coin(), next_invoice_on: Some(next), ..agreement })
}

impl Books {
    /// Whether nothing is billed where it can be seen: what rises then is more than any share of it, and is held.
    fn bills_nothing(&self) -> bool {
        let seen = self.rows.iter().filter(|(agreement, _)| !self.bad.contains_key(agreement));
        seen.map(|(_, row)| &row.quantity).all(|now| now.as_ref().is_ok_and(|now| now.is_zero()))
    }
}

impl Ledger {
    fn today(&self) -> NaiveDate {
        self.zone.day(self.clock.get())
    }

    fn call(&self) {
        self.clock.set(self.clock.get() + TimeDelta::milliseconds(40));
    }

    /// What ConnectWise keeps of a quantity: two decimals, the rest is cut off.
    fn kept(&self, sent: Quantity) -> Quantity {
        let kept = Quantity::from_decimal(sent.as_decimal().trunc_with_scale(SCALE)).expect("a quantity");
        self.books.borrow_mut().seen.rounded += u64::from(kept != sent);
        kept
    }

    /// Y1 and Y5, when a line is asked for.
    fn check(&self, create: &CreateLine) -> Option<String> {
        let books = self.books.borrow();
        let agreement = books.agreements.get(&create.agreement())?;
        let (today, begins) = (self.today(), create.effective_on());
        let beside = books.rows.iter().find(|(of, row)| *of == agreement.id && row.product == Some(create.product()));
        if let Some(beside) = beside {
            return Some(format!("Y1: billed twice: {create:?} beside {beside:?}"));
        }
        // Another product's line may well be one that cannot be read.
        if books.bad.get(&agreement.id).is_some_and(|bad| *bad != Bad::Additions) {
            return Some(format!("Y6: written where a record cannot be read: {create:?} {:?}", books.bad));
        }
        let invoiced = agreement.next_invoice_on.filter(|next| !agreement.prorates && *next > today);
        (begins != invoiced.unwrap_or(today))
            .then(|| format!("Y5: a line begins on {begins}, and not on {}: {agreement:?}", invoiced.unwrap_or(today)))
    }
}

impl Reader for &Ledger {
    async fn companies(&self, ids: &BTreeSet<CompanyId>) -> Result<Companies, ReadError> {
        self.call();
        let books = self.books.borrow();
        let is_bad = |id: &CompanyId| books.bad.iter().any(|(of, bad)| company_of(*of) == *id && *bad == Bad::Company);
        let (bad, good): (Vec<CompanyId>, Vec<CompanyId>) = ids.iter().copied().partition(is_bad);
        let company = |id: CompanyId| Company { name: format!("Company {id}"), ..Company::unnamed(id) };
        let mut found: Companies = good.into_iter().map(company).collect::<Vec<_>>().into();
        let unreadable = |id: CompanyId| Unreadable { id: id.0, known: None, why: "name is a number".to_owned() };
        found.unreadable.extend(bad.into_iter().map(unreadable));
        Ok(found)
    }

    async fn all_companies(&self) -> Result<Companies, ReadError> {
        let all = (0..CUSTOMERS).map(|customer| company_of(AgreementId(200 + customer))).collect();
        self.companies(&all).await
    }

    async fn agreements_of(&self, companies: &BTreeSet<CompanyId>) -> Result<Agreements, ReadError> {
        let all = self.books.borrow().agreements.keys().copied().collect::<Vec<_>>();
        let ids = all.into_iter().filter(|id| companies.contains(&company_of(*id))).collect();
        self.agreements(&ids).await
    }

    async fn agreements(&self, ids: &BTreeSet<AgreementId>) -> Result<Agreements, ReadError> {
        self.call();
        let books = self.books.borrow();
        let wanted = books.agreements.values().filter(|found| ids.contains(&found.id));
        let is_bad = |found: &&Agreement| books.bad.get(&found.id) == Some(&Bad::Agreement);
        let (bad, good): (Vec<&Agreement>, Vec<&Agreement>) = wanted.partition(is_bad);
        let mut found: Agreements = good.into_iter().cloned().collect::<Vec<_>>().into();
        found.unreadable.extend(bad.into_iter().map(|bad| Unreadable {
            id: bad.id.0,
            known: AgreementSign { company: Some(bad.company), kind: Some(bad.kind.clone()), name: None },
            why: "nextInvoiceDate is no date".to_owned(),
        }));
        Ok(found)
    }

    async fn catalog(&self) -> Result<Products, ReadError> {
        self.call();
        Ok(PRODUCTS.iter().copied().map(product).collect::<Vec<Product>>().into())
    }

    async fn additions(&self, agreement: AgreementId) -> Result<AdditionList, ReadError> {
        self.call();
        let books = self.books.borrow();
        let bad = books.bad.get(&agreement).copied();
        if bad == Some(Bad::Forbidden) {
            let (why, fix) = ("403".to_owned(), "give the role Finance → Agreements".to_owned());
            return Err(ReadError::Additions { agreement, why, denied: true, fix });
        }
        let row = |(_, row): &(AgreementId, Addition)| match bad {
            Some(Bad::Additions) => Addition { quantity: Err("quantity is a text".to_owned()), ..row.clone() },
            _ => row.clone(),
        };
        Ok(books.rows.iter().filter(|(of, _)| *of == agreement).map(row).collect::<Vec<_>>().into())
    }

    fn traffic(&self) -> Traffic {
        Traffic::default()
    }
}

impl Writer for &Ledger {
    fn at_once(&self) -> usize {
        self.at_once
    }

    async fn set_quantity(&self, write: &SetQuantity, _before: Instant) -> Result<Quantity, WriteError> {
        self.call();
        let kept = self.kept(write.to());
        let mut books = self.books.borrow_mut();
        if books.bad.contains_key(&write.agreement()) {
            let violation = format!("Y6: written where a record cannot be read: {write:?} {:?}", books.bad);
            books.violations.push(violation);
        }
        books.seen.updates += 1;
        let row = books.rows.iter_mut().find(|(_, row)| row.id == write.addition());
        let refused = WriteError::Refused { status: 404, why: "there is no such addition".to_owned() };
        let (_, row) = row.ok_or(refused)?;
        if self.breach != Breach::Forgets {
            row.quantity = Ok(kept);
        }
        Ok(kept)
    }

    async fn create_line(&self, write: &CreateLine, _before: Instant) -> Result<Addition, WriteError> {
        self.call();
        let violation = self.check(write);
        let kept = self.kept(write.quantity());
        let mut books = self.books.borrow_mut();
        books.violations.extend(violation);
        let today = self.today();
        books.seen.creations += 1;
        books.seen.ahead += u64::from(write.effective_on() > today);
        let addition = Addition {
            id: AdditionId(5000 + i64::try_from(books.rows.len()).unwrap_or(0)),
            product: Some(write.product()),
            quantity: Ok(kept),
            credit: false,
            effective_on: Some(write.effective_on()),
            cancelled_on: None,
            less_included: Ok(Quantity::ZERO),
            bill: Some(Ok(Bill::Billable)),
            mark: None,
            changed: None,
        };
        for _ in 0..if self.breach == Breach::Doubles { 2 } else { 1 } {
            let id = AdditionId(5000 + i64::try_from(books.rows.len()).unwrap_or(0));
            books.rows.push((write.agreement(), Addition { id, ..addition.clone() }));
        }
        Ok(addition)
    }
}
