//! What the history promises, over real files.

use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use tempfile::TempDir;

use crate::history::journal::{Intent, IntentKind, WriteOutcome};
use crate::history::run_record::{ExportRecord, LineRecord, PlanRecord, RunEnd, Totals};
use crate::history::run_writing::NewRun;
use crate::history::store::open::History;
use crate::history::store::run_lock::RunLock;
use crate::reconcile::model::ids::{
    AdditionId, AgreementId, CompanyId, CustomerName, IntegrationName, ProductCode, ProductId, RunId, ServiceName,
};
use crate::reconcile::model::plan::line::{FirstBilled, LineKey, Source};
use crate::reconcile::model::plan::outcome::{Mode, Outcome, RunCommand, RunVerdict, Traffic};
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::quantity::Quantity;

mod alerting;
mod days;
mod deciding;
mod desk;
mod guarding;
mod journaling;
mod opening;
mod recording;

/// The ConnectWise of all runs that say nothing else.
const HOME: &str = "na.myconnectwise.net (company examplemsp)";

/// A state folder of its own, its lock, and its history.
struct Place {
    _dir: TempDir,
    state: PathBuf,
    lock: RunLock,
    history: History,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("state");
        let lock = RunLock::take(&state, noon()).unwrap();
        let history = History::open(&state, noon()).unwrap();
        Self { _dir: dir, state, lock, history }
    }

    fn begin(&mut self, command: RunCommand) -> RunId {
        self.begin_for("mail", command)
    }

    fn begin_for(&mut self, name: &str, command: RunCommand) -> RunId {
        let integration = IntegrationName::new(name);
        let (started_at, site) = (noon().fixed_offset(), HOME.to_owned());
        let start = NewRun { integration, command, mode: Mode::Apply, started_at, undoes: None, site };
        self.history.begin_run(&self.lock, start).unwrap()
    }

    /// A whole run with this plan.
    fn night(&mut self, command: RunCommand, plan: &PlanRecord) -> RunId {
        let run = self.begin(command);
        self.history.record_plan(run, plan).unwrap();
        self.history.end_run(run, &[], &end()).unwrap();
        run
    }

    /// A run that sets another one back, and writes something where it is carried out.
    fn undo(&mut self, undone: RunId, carried_out: bool) -> RunId {
        let (started_at, site) = (noon().fixed_offset(), HOME.to_owned());
        let (command, integration, undoes) = (RunCommand::Apply, mail(), Some(undone));
        let start = NewRun { integration, command, mode: Mode::Apply, started_at, undoes, site };
        let run = self.history.begin_run(&self.lock, start).unwrap();
        if carried_out {
            let write = self.write(run, &set(101, 3, 7));
            let applied = WriteOutcome::Applied { addition: AdditionId(101), quantity: units(7) };
            self.history.outcome(write, &applied, noon()).unwrap();
        }
        self.history.end_run(run, &[], &end()).unwrap();
        run
    }

    fn write(&mut self, run: RunId, intent: &Intent) -> crate::history::run_record::WriteId {
        self.history.intent(&self.lock, run, intent, noon()).unwrap()
    }
}

fn mail() -> IntegrationName {
    IntegrationName::new("mail")
}

fn noon() -> DateTime<Utc> {
    "2026-03-04T12:00:00Z".parse().unwrap()
}

fn units(units: u32) -> Quantity {
    Quantity::from(units)
}

fn key(agreement: i64, product: &str) -> LineKey {
    LineKey::total(AgreementId(agreement), ProductCode::new(product))
}

/// The plan of an export that was made so many hours after noon.
fn plan(hours: i64, lines: Vec<LineRecord>) -> PlanRecord {
    PlanRecord {
        fingerprint: format!("{hours:064x}"),
        accepted: true,
        export: ExportRecord {
            path: "exports/mail.csv".to_owned(),
            sha256: format!("{hours:064}"),
            rows: 40,
            customers: 12,
            units: Decimal::new(2125, 1),
            modified_at: noon() + TimeDelta::hours(hours),
            open_end: false,
            files: Vec::new(),
            counts: None,
        },
        guards: Vec::new(),
        lines,
    }
}

/// A line of "Acme" on agreement 10 + `number`, with addition 100 + `number`.
fn line(number: i64, was: u32, wanted: u32) -> LineRecord {
    let (outcome, reason) = match (was, wanted) {
        (was, wanted) if was == wanted => (Outcome::Unchanged, Code::Equal),
        (_, 0) => (Outcome::Held, Code::ToZero),
        _ => (Outcome::WouldUpdate, Code::CountChanged),
    };
    LineRecord {
        handle: format!("h{number}"),
        company: Some(CompanyId(1)),
        agreement: Some(AgreementId(10 + number)),
        addition: Some(AdditionId(100 + number)),
        product: Some(ProductCode::new("FILTER")),
        item: None,
        sources: vec![source("Acme", Some(wanted), &[2])],
        was: Some(units(was)),
        wanted: Some(units(wanted)),
        now: Some(units(was)),
        outcome,
        reason,
        detail: "as it is".to_owned(),
        named: None,
        billed: FirstBilled::default(),
        changed_at: None,
        edited: None,
    }
}

fn source(customer: &str, count: Option<u32>, lines: &[u64]) -> Source {
    Source {
        customer: CustomerName::new(customer),
        service: ServiceName::new("CloudFilter"),
        count: count.map(units),
        lines: lines.to_vec(),
        place: None,
        how: None,
        items: Vec::new(),
        is_former: false,
    }
}

fn end() -> RunEnd {
    RunEnd {
        finished_at: noon(),
        verdict: RunVerdict::Ok,
        exit_code: 0,
        findings: Vec::new(),
        totals: Totals::default(),
        requests: Traffic::default(),
        head: None,
    }
}

fn set(addition: i64, from: u32, to: u32) -> Intent {
    let kind = IntentKind::Set { addition: AdditionId(addition), from: units(from), to: units(to) };
    Intent { key: key(10, "FILTER"), kind }
}

fn create(agreement: i64, product: &str) -> Intent {
    let kind = IntentKind::Create {
        product: ProductId(7),
        quantity: "2.5".parse().unwrap(),
        effective_on: noon().date_naive(),
        before: vec![AdditionId(1), AdditionId(2)],
    };
    Intent { key: key(agreement, product), kind }
}
