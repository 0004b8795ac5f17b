//! Simulated nights: the real pipeline with a real history, and a ConnectWise in memory on which everything goes wrong
//! that a seed says. After some bad nights the faults stop: one run must reach the goal, and the next must be silent.

mod chance;
mod checker;
mod connectwise;
mod disk;
mod export;
mod history_copy;
mod moves;
#[cfg(test)]
pub(crate) mod slept;
pub(crate) mod year;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;

use self::chance::{Chance, Odds, Options};
pub(crate) use self::connectwise::Seen;
use self::connectwise::{ConnectWise, Crash, FOREIGN, Row, SPARE, State, UNMAPPED};
pub(crate) use self::disk::Disk;
use self::disk::Files;
use self::export::Vendor;
use self::history_copy::CopiedHistory;
use recount::apply::lease_guard::LeaseGuard;
use recount::apply::stop_signal::Stop;
use recount::export::settings::{ExportLocation, ExportSettings};
use recount::history::run_record::RunRecord;
use recount::history::store::open::History;
use recount::history::store::run_lock::RunLock;
use recount::nightly::job::{ExportSource, Job, PlanSource, RunControl};
use recount::nightly::run::{plan_and_apply, plan_only};
use recount::reconcile::guard::guard_policy::{GuardPolicy, HumanEdit, LineStep, Percent, ToZero};
use recount::reconcile::model::bill_customer::Bill;
use recount::reconcile::model::connectwise_records::{Addition, Agreement, Product, Recurrence};
use recount::reconcile::model::ids::{
    AdditionId, AgreementId, CompanyId, CustomerName, IntegrationName, ProductCode, ProductId, ServiceName,
};
use recount::reconcile::model::mapping::{Billed, CustomerRow, CustomerTarget, Mapping, ServiceRule};
use recount::reconcile::model::plan::outcome::{AnswerVerb, Mode, RunCommand};
use recount::reconcile::model::quantity::Quantity;
use recount::zone::Zone;

/// Lives through the nights of one seed.
///
/// # Errors
/// The first violation, with the seed and everything it drew.
pub(crate) fn live(seed: u64, disk: Disk) -> Result<Seen, String> {
    let folder = tempfile::Builder::new().prefix("nights-").tempdir_in(fastest_folder()).expect("a folder");
    let mut house = House::new(seed, folder.path(), disk);
    let said = |house: &House, what: String| format!("seed {seed}: {what}\n{:#?}", house.options);
    for night in 0..house.options.nights {
        house.bad_night().map_err(|what| said(&house, format!("night {night}: {what}")))?;
    }
    house.good_nights().map_err(|what| said(&house, format!("after the faults: {what}")))?;
    Ok(house.connectwise.state.borrow().seen)
}

/// Memory, where there is a file system in it: every intent is synced.
fn fastest_folder() -> &'static Path {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { memory } else { Path::new("/tmp") }
}

/// The ConnectWise that a house bills in.
const HOME: &str = "sim";

/// One MSP with its vendor and its ConnectWise.
struct House {
    options: Options,
    disk: Disk,
    chance: Chance,
    /// The process, between two runs of its.
    process: Option<(RunLock, History)>,
    /// The head of the journal that the last report told.
    told: Option<String>,
    vendor: Vendor,
    mapping: Mapping,
    guards: GuardPolicy,
    export: ExportSettings,
    connectwise: ConnectWise,
    zone: Zone,
    /// The handle of an item that somebody means to answer, and how.
    meant: Option<(String, AnswerVerb)>,
    /// Which ConnectWise recount.toml names, and whether an accepted run has met one.
    site: &'static str,
    bound: bool,
    /// What a copy of the history holds, once one was made.
    copy: Option<CopiedHistory>,
    /// Decides what is drawn beside all else, so that a seed's other nights stay as they are.
    aside: Chance,
}

/// What one execution left: its record, unless the process died.
struct Night {
    record: Option<RunRecord>,
    told: Option<String>,
    /// Where its writes begin among all that were sent, and how many calls there were before it.
    sent_before: usize,
    calls_before: u64,
}

impl House {
    fn file(&self) -> PathBuf {
        match &self.export.source {
            ExportLocation::Path(path) => path.clone(),
            other => panic!("the vendor writes a file, not {other:?}"),
        }
    }

    fn new(seed: u64, folder: &Path, disk: Disk) -> Self {
        let mut chance = Chance::new(seed);
        let mut options = Options::draw(&mut chance);
        // One house in three reads in bundles, and is lied to.
        let in_bundles = seed.is_multiple_of(3);
        options.odds.lie = if in_bundles { 200 } else { 0 };
        // In one house in five some list has no end now and then.
        options.odds.endless = if seed.is_multiple_of(5) { 4 } else { 0 };
        let vendor = Vendor::new(options.customers, options.services, &mut chance);
        let name = ["UTC", "America/Los_Angeles", "Australia/Sydney", "Asia/Kolkata"]
            [usize::try_from(seed / 4 % 4).unwrap_or(0)];
        let zone = Zone::named(name).expect("a zone");
        let state = State {
            zone: zone.clone(),
            blind: disk == Disk::BlindElsewhere,
            lies: Chance::new(seed ^ 0x11e5),
            ..state(&options, &mut chance)
        };
        let connectwise = ConnectWise {
            state: RefCell::new(state),
            clock: Cell::new("2026-03-04T02:00:00Z".parse().expect("a time")),
            folder: folder.join("state"),
            // Some houses write one line at a time, others up to eight.
            at_once: 1 << (seed % 4),
            integration: IntegrationName::new("nights"),
            onlooker: RefCell::new(None),
            before: RefCell::new(Files::of_a_new_history().clone()),
            zone: zone.clone(),
            in_bundles,
        };
        // One house in sixteen has no history at all yet.
        if chance.below(16) > 0 {
            Files::of_a_new_history().put(&connectwise.folder);
        }
        Self {
            disk,
            process: None,
            told: None,
            mapping: mapping(&options),
            guards: guards(&options),
            export: ExportSettings::new(folder.join("export.csv"), "Account", "Product", "Quantity"),
            options,
            chance,
            vendor,
            connectwise,
            zone,
            copy: None,
            meant: None,
            site: HOME,
            bound: false,
            aside: Chance::new(!seed),
        }
    }

    fn now(&self) -> DateTime<Utc> {
        self.connectwise.clock.get()
    }

    fn pass(&self, time: TimeDelta) {
        self.connectwise.clock.set(self.now() + time);
        self.connectwise.state.borrow_mut().deliver_late(self.now());
    }

    /// The vendor exports, a run is made, and somebody may look at it and approve what was held.
    fn bad_night(&mut self) -> Result<(), String> {
        self.edit_mapping();
        self.move_an_agreement();
        if self.chance.per_mille(self.options.odds.wrong_and_right) {
            self.wrong_and_right()?;
        }
        self.lose_what_is_owned();
        self.begin_elsewhere();
        self.move_a_line();
        self.forget_what_was_seen();
        self.a_question_moves()?;
        self.put_an_older_history_back()?;
        self.another_connectwise()?;
        let pauses = [1, 5, 20, 60, 24 * 60];
        let at = usize::try_from(self.chance.below(pauses.len() as u64)).unwrap_or(0);
        self.pass(TimeDelta::minutes(pauses[at]));
        let bad = self.chance.per_mille(self.options.odds.bad_export);
        let kind = self.chance.below(8);
        self.vendor.change(self.options.customers, self.options.services, &mut self.chance);
        if !(bad && kind > 5) {
            self.vendor.write(&self.file(), self.now() - TimeDelta::minutes(1), bad.then_some(kind));
        } else if !self.file().exists() {
            self.vendor.write(&self.file(), self.now() - TimeDelta::minutes(1), None);
        }
        self.connectwise.state.borrow_mut().seen.nights += 1;
        let held = self.run(RunCommand::Run, None)?.is_some_and(|record| checker::is_held(&record));
        if held && self.chance.below(4) > 0 {
            self.approve()?;
        }
        self.somebody_answers()
    }

    /// A person looks at a plan and applies it by its fingerprint.
    fn approve(&mut self) -> Result<Option<RunRecord>, String> {
        let plan = self.run(RunCommand::Plan, None)?;
        let Some(planned) = plan.and_then(|record| record.planned) else { return Ok(None) };
        self.run(RunCommand::Apply, Some(&planned.fingerprint))
    }

    /// One process, from lock to report, or to its death; then everything it left is judged.
    fn run(&mut self, command: RunCommand, approved: Option<&str>) -> Result<Option<RunRecord>, String> {
        self.arm_crash();
        let night = {
            let mut state = self.connectwise.state.borrow_mut();
            state.run_began_at = state.calls;
            state.run_began = self.now();
            state.not_shown.clear();
            state.wanted = moves::wanted(&self.mapping);
            let told = self.told.clone();
            Night { record: None, told, sent_before: state.sent.len(), calls_before: state.calls }
        };
        let record = self.process(command, approved)?;
        let accepted =
            record.as_ref().and_then(|record| record.planned.as_ref()).is_some_and(|planned| planned.accepted);
        self.bound |= accepted && command != RunCommand::Plan;
        if let Some(end) = record.as_ref().and_then(|record| record.end.as_ref()) {
            self.told.clone_from(&end.head);
        }
        let night = Night { record, ..night };
        checker::judge(&self.connectwise, &night)?;
        self.pass(TimeDelta::seconds(30));
        Ok(night.record)
    }

    fn arm_crash(&mut self) {
        let mut state = self.connectwise.state.borrow_mut();
        let crash = self.chance.per_mille(state.odds.crash);
        let call = state.calls + 1 + self.chance.below(30);
        state.crash = crash.then_some(Crash { call, carried_out: self.chance.coin() });
        state.crashed = false;
    }

    fn process(&mut self, command: RunCommand, approved: Option<&str>) -> Result<Option<RunRecord>, String> {
        let mut chance = Chance::new(self.chance.next());
        // While anybody else has the history open, its log is not copied into the database at the end.
        if chance.below(4) == 0 {
            self.connectwise.onlooker.take();
        }
        // One process may make several runs, as the daemon does.
        let (lock, mut history) = match self.process.take().filter(|_| chance.below(4) > 0) {
            Some(process) => process,
            None => self.begin()?,
        };
        if self.connectwise.state.borrow().crash.is_some() {
            self.connectwise.look_at_the_disk();
        }
        let stop = Stop::never();
        let clock = || self.now();
        let source = ExportSource {
            export: &self.export,
            fetched: &self.connectwise.folder,
            shared: None,
            mapping: &self.mapping,
            neighbours: &[],
            guards: &self.guards,
        };
        let job = Job {
            approval_life: chrono::TimeDelta::MAX,
            site: self.site,
            integration: &self.connectwise.integration,
            mode: Mode::Apply,
            command,
            source: PlanSource::Export(source),
            approved,
            settle: TimeDelta::minutes(self.options.settle_minutes),
            zone: &self.zone,
            host_change: None,
            missed: None,
            control: RunControl { clock: &clock, stop: &stop, lease: &LeaseGuard::none() },
        };
        let connect = || Ok(&self.connectwise);
        let ended = if command == RunCommand::Plan {
            self.until_crash(plan_only(job, &lock, &mut history, connect))
        } else {
            self.until_crash(plan_and_apply(job, &lock, &mut history, connect))
        };
        let crash = self.connectwise.state.borrow().odds.crash;
        if ended.is_none() {
            self.die(history, &mut chance);
        } else if chance.per_mille(crash / 2) {
            self.lose_power_at_the_end(history, &mut chance);
        } else {
            self.process = Some((lock, history));
        }
        ended.transpose().map_err(|error| format!("the run could not begin: {error}"))
    }

    fn begin(&self) -> Result<(RunLock, History), String> {
        let folder = &self.connectwise.folder;
        let lock = RunLock::take(folder, self.now()).map_err(|error| format!("the lock: {error}"))?;
        let history = History::open(folder, self.now()).map_err(|error| format!("the history: {error}"))?;
        Ok((lock, history))
    }

    /// The process is gone; its disk holds what it could have held at any moment since its last request.
    fn die(&self, history: History, chance: &mut Chance) {
        let folder = &self.connectwise.folder;
        let files = Files::of(folder);
        drop((history, self.connectwise.onlooker.take()));
        let left = files.clone().after_death(&self.connectwise.before.borrow(), self.disk, chance);
        self.connectwise.state.borrow_mut().seen.torn += u64::from(left != files);
        left.put(folder);
    }

    fn lose_power_at_the_end(&self, history: History, chance: &mut Chance) {
        let folder = &self.connectwise.folder;
        let files = Files::of(folder);
        drop((history, self.connectwise.onlooker.take()));
        let left = files.after_power_cut_at_the_end(&Files::of(folder), chance);
        self.connectwise.state.borrow_mut().seen.torn += 1;
        left.put(folder);
    }

    /// Polls a run to its end; `None` when the process dies: then it is dropped where it stands.
    fn until_crash<T>(&self, run: impl Future<Output = T>) -> Option<T> {
        let mut run = pin!(run);
        loop {
            if let Poll::Ready(ended) = run.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                return Some(ended);
            }
            let mut state = self.connectwise.state.borrow_mut();
            if state.crashed {
                state.seen.crashes += 1;
                return None;
            }
        }
    }

    /// No fault any more, and an operator who has answered every question: the goal is reached at once, and kept.
    fn good_nights(&mut self) -> Result<(), String> {
        self.connectwise.state.borrow_mut().odds = Odds::default();
        self.pass(TimeDelta::minutes(2 * self.options.settle_minutes));
        self.tidy_up();
        // What a person ended is not replaced in the month in which it billed its last day.
        self.pass(TimeDelta::days(31));
        self.guards = everything_passes();
        self.vendor.complete(self.options.customers);
        self.settle_everything()?;
        checker::goal(&self.connectwise, &self.vendor, &self.mapping)?;
        self.pass(TimeDelta::days(1));
        self.vendor.write(&self.file(), self.now() - TimeDelta::minutes(1), None);
        let sent = self.connectwise.state.borrow().sent.len();
        let second = self.run(RunCommand::Run, None)?.ok_or("the second clean run has no record")?;
        if self.connectwise.state.borrow().sent.len() != sent {
            return Err("I9: the second clean run wrote".to_owned());
        }
        checker::goal(&self.connectwise, &self.vendor, &self.mapping)?;
        checker::is_quiet(&second)
    }

    /// Of several live lines of one product the operator ends all but the oldest, as the report asks.
    fn tidy_up(&mut self) {
        let today = self.connectwise.today();
        let mut kept = BTreeSet::new();
        for row in &mut self.connectwise.state.borrow_mut().rows {
            let live = row.addition.is_current(today);
            if live && !kept.insert((row.agreement, row.addition.product)) {
                row.addition.cancelled_on = Some(today);
            }
        }
    }
}

fn agreement_of(customer: u64) -> i64 {
    // Two neighbours share one agreement.
    200 + i64::try_from(customer / 2).unwrap_or(0)
}

/// The first product of a service; every other service is a bundle of two.
fn products_of(service: u64) -> Vec<ProductId> {
    let first = 500 + 2 * i64::try_from(service).unwrap_or(0);
    if service.is_multiple_of(2) { vec![ProductId(first)] } else { vec![ProductId(first), ProductId(first + 1)] }
}

fn mapping(options: &Options) -> Mapping {
    let customer = |customer: u64| {
        let agreement = agreement_of(customer);
        let target =
            CustomerTarget::Company { company: CompanyId(agreement - 100), agreement: Some(AgreementId(agreement)) };
        (
            CustomerName::new(&format!("Customer {customer}")),
            CustomerRow { target, line: customer + 2, note: String::new() },
        )
    };
    let service = |service: u64| {
        let products = products_of(service).iter().map(|id| ProductCode::new(&format!("P-{id}"))).collect();
        (ServiceName::new(&format!("Service {service}")), ServiceRule::Billed(Billed { products, ..Billed::default() }))
    };
    let mut services: BTreeMap<ServiceName, ServiceRule> = (0..options.services).map(service).collect();
    services.insert(ServiceName::new("Service 9"), ServiceRule::NotAssigned);
    Mapping {
        customers: (0..options.customers).map(customer).collect(),
        services,
        create_lines: true,
        ..Mapping::default()
    }
}

fn state(options: &Options, chance: &mut Chance) -> State {
    let mut state = State {
        chance: chance.clone(),
        odds: options.odds.clone(),
        lag: TimeDelta::seconds(options.settle_minutes * 60 / 3),
        agreements: (0..options.customers).flat_map(agreements).chain([unmapped()]).collect(),
        ended: BTreeMap::new(),
        shown: BTreeMap::new(),
        looked: BTreeMap::new(),
        products: (0..options.services).flat_map(products_of).chain([SPARE, FOREIGN]).map(product).collect(),
        rows: Vec::new(),
        sent: Vec::new(),
        late: Vec::new(),
        calls: 0,
        crash: None,
        sleep: None,
        crashed: false,
        violations: Vec::new(),
        wanted: BTreeSet::new(),
        answered: BTreeSet::new(),
        beside: BTreeMap::new(),
        run_began_at: 0,
        run_began: DateTime::UNIX_EPOCH,
        not_shown: BTreeSet::new(),
        zone: Zone::utc(),
        lies: Chance::new(0),
        blind: false,
        seen: Seen::default(),
    };
    let agreements: Vec<AgreementId> = state.agreements.keys().copied().collect();
    for agreement in agreements {
        for product in state.products.iter().map(|product| product.id).collect::<Vec<_>>() {
            let few = product == SPARE || agreement.0 >= SECOND;
            if product == FOREIGN || (!few && chance.below(3) > 0) {
                let row = row(&state, agreement, product, chance);
                state.rows.push(row);
            }
        }
    }
    state
}

fn row(state: &State, agreement: AgreementId, product: ProductId, chance: &mut Chance) -> Row {
    let addition = Addition {
        id: AdditionId(state.next_id().0),
        product: Some(product),
        quantity: Ok(Quantity::from(u32::try_from(chance.below(12)).unwrap_or(0))),
        credit: false,
        effective_on: None,
        cancelled_on: None,
        less_included: Ok(Quantity::ZERO),
        bill: Some(Ok(Bill::Billable)),
        mark: None,
        changed: None,
    };
    Row {
        agreement,
        addition,
        created_at: DateTime::UNIX_EPOCH,
        ours: None,
        edited_at_call: 0,
        owned: false,
        home: None,
        moved_at_call: 0,
    }
}

/// The second agreement of a company has its first one's number and this more.
const SECOND: i64 = 250;

fn agreements(customer: u64) -> [(AgreementId, Agreement); 2] {
    let first = agreement_of(customer);
    [first, first + SECOND - 200].map(|id| agreement(AgreementId(id), CompanyId(first - 100)))
}

fn unmapped() -> (AgreementId, Agreement) {
    agreement(UNMAPPED, CompanyId(UNMAPPED.0 - 100))
}

fn agreement(id: AgreementId, company: CompanyId) -> (AgreementId, Agreement) {
    let agreement = Agreement {
        id,
        company,
        name: format!("Agreement {id}"),
        kind: "Email".to_owned(),
        status: Some("Active".to_owned()),
        cancelled: false,
        cancelled_on: None,
        starts_on: None,
        ends_on: None,
        bills_from: None,
        recurrence: Recurrence::Recurs,
        prorates: true,
        next_invoice_on: None,
    };
    (id, agreement)
}

fn product(id: ProductId) -> Product {
    Product { id, identifier: format!("P-{id}"), description: String::new(), inactive: false, bundle_class: false }
}

fn guards(options: &Options) -> GuardPolicy {
    let base = if options.guarded { GuardPolicy::default() } else { everything_passes() };
    let to_zero = [ToZero::Ask, ToZero::SecondNight, ToZero::Apply];
    GuardPolicy {
        to_zero: to_zero[usize::try_from(options.to_zero).unwrap_or(0)],
        human_edit: if options.overwrite_human_edits { HumanEdit::Overwrite } else { HumanEdit::Ask },
        approval_life: chrono::TimeDelta::hours(96),
        ..base
    }
}

/// What is left is the first plan's approval, and the line that nobody can judge.
fn everything_passes() -> GuardPolicy {
    let (nothing, all) = (Percent::of(0), Percent::of(1_000_000));
    GuardPolicy {
        max_age: TimeDelta::days(400),
        max_malformed: all,
        min_rows: nothing,
        min_customers: nothing,
        min_units: nothing,
        max_lines_changed: all,
        max_units_down: all,
        max_units_up: all,
        max_lines_created: all,
        min_lines_seen: nothing,
        line_step: LineStep { units: Decimal::from(1_000_000), percent: all, factor: Decimal::from(1_000_000) },
        to_zero: ToZero::Apply,
        human_edit: HumanEdit::Overwrite,
        approval_life: chrono::TimeDelta::hours(96),
    }
}
