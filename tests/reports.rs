//! The morning's report in all its forms: terminal, JSON, HTML, Markdown, CSV.

mod golden;
pub(crate) mod numbers;
mod pages;

use chrono::DateTime;
use rust_decimal::Decimal;

use recount::history::run_record::{ExportRecord, LineRecord, PlanRecord, RunEnd, RunRecord, Totals};
use recount::reconcile::model::ids::{AgreementId, CustomerName, IntegrationName, ProductCode, RunId, ServiceName};
use recount::reconcile::model::plan::finding::Finding;
use recount::reconcile::model::plan::line::{FirstBilled, Source};
use recount::reconcile::model::plan::outcome::{Mode, Outcome, RunCommand, RunVerdict, Traffic};
use recount::reconcile::model::plan::reason_code::{Code, Severity};
use recount::reconcile::model::plan::remedy::Remedy;
use recount::reconcile::model::quantity::Quantity;

/// A line of this customer; its number makes it different from all others.
#[expect(clippy::too_many_arguments, reason = "the members of one line")]
fn line(number: usize, customer: &str, outcome: Outcome, reason: Code, was: u32, wanted: u32) -> LineRecord {
    let count = Some(Quantity::from(wanted));
    let source = Source {
        customer: CustomerName::new(customer),
        service: ServiceName::new("CloudFilter"),
        count,
        lines: vec![2],
        place: None,
        how: None,
        items: Vec::new(),
        is_former: false,
    };
    LineRecord {
        handle: format!("h{number}"),
        company: None,
        agreement: Some(AgreementId(number as i64)),
        addition: None,
        product: Some(ProductCode::new("MP-CLOUDFILTER")),
        item: None,
        sources: vec![source],
        was: Some(Quantity::from(was)),
        wanted: count,
        now: count,
        outcome,
        reason,
        detail: format!("{customer} goes from {was} to {wanted}"),
        named: None,
        billed: FirstBilled::default(),
        changed_at: None,
        edited: None,
    }
}

fn finding(severity: Severity, customer: &str, handle: Option<String>) -> Finding {
    Finding {
        severity,
        code: Code::LineStep,
        customer: Some(CustomerName::new(customer)),
        service: None,
        handle,
        message: format!("{customer} moves a long way"),
        fix: Remedy::command("recount accept h1").or(Remedy::command("recount keep h1")),
    }
}

/// A run that counted these lines and findings as every run does.
fn run(lines: Vec<LineRecord>, findings: Vec<Finding>, verdict: RunVerdict) -> RunRecord {
    let count = |outcomes: &[Outcome]| lines.iter().filter(|line| outcomes.contains(&line.outcome)).count();
    let totals = Totals {
        to_decide: findings.iter().filter(|finding| finding.severity == Severity::Decide).count(),
        changed: count(&[Outcome::Updated, Outcome::Created]),
        would_change: count(&[Outcome::WouldUpdate, Outcome::WouldCreate]),
        failed: count(&[Outcome::Failed]),
        unknown: count(&[Outcome::Unknown]),
        lines: lines.len(),
        explained: lines.len(),
    };
    let at = DateTime::UNIX_EPOCH;
    let export = ExportRecord {
        path: "exports/mail.csv".to_owned(),
        sha256: "ab".repeat(32),
        rows: 3,
        customers: 2,
        units: Decimal::from(9),
        modified_at: at,
        open_end: false,
        files: Vec::new(),
        counts: None,
    };
    let end = RunEnd {
        finished_at: at,
        verdict,
        exit_code: 3,
        findings,
        totals,
        requests: Traffic::default(),
        head: Some("cd".repeat(32)),
    };
    RunRecord {
        run: RunId(7),
        integration: IntegrationName::new("mail"),
        command: RunCommand::Run,
        mode: Mode::Apply,
        started_at: at.fixed_offset(),
        undoes: None,
        planned: Some(PlanRecord { fingerprint: "ef".repeat(32), accepted: true, export, guards: Vec::new(), lines }),
        end: Some(end),
    }
}
