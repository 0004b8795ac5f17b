//! `--json`: one document on stdout, schema 1. Quantities are exact JSON numbers, times RFC 3339 UTC.

use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};

use crate::history::run_record::{ExportRecord, LineRecord, RunEnd, RunRecord, Totals};
use crate::reconcile::model::export::delivered_file::DeliveredFile;
use crate::reconcile::model::ids::{
    AdditionId, AgreementId, CompanyId, CustomerName, IntegrationName, ItemName, ProductCode, RunId, ServiceName,
};
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::outcome::{Mode, Outcome, RunCommand, RunVerdict, Traffic};
use crate::reconcile::model::plan::remedy::Remedy;
use crate::reconcile::model::quantity::Quantity;
use crate::report::exit_codes::Exit;
use crate::report::{display_names, lines};

/// What every document begins with; then comes what the command has to say.
#[derive(Debug, Serialize)]
pub struct Envelope<'a, B> {
    schema: u8,
    exit_code: u8,
    #[serde(flatten)]
    body: &'a B,
}

impl<'a, B> Envelope<'a, B> {
    /// The whole document of a command that ends with this exit code. The body is a struct or a map.
    pub fn new(exit: Exit, body: &'a B) -> Self {
        Self { schema: 1, exit_code: exit.code(), body }
    }
}

/// What a command says of runs.
#[derive(Debug, Serialize)]
pub struct Document<'a> {
    runs: Vec<Run<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<JsonError<'a>>,
    /// Why there is no run, where that is no error.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

/// Why a command could not make a run at all.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct JsonError<'a> {
    /// What happened.
    pub message: &'a str,
    /// What to do.
    pub fix: &'a str,
}

impl<'a> Document<'a> {
    /// The document of these runs.
    pub fn new(runs: &'a [RunRecord], error: Option<JsonError<'a>>) -> Self {
        Self { runs: runs.iter().map(Run::of).collect(), error, message: None }
    }

    /// The document of a command that had nothing to do, and why.
    pub fn nothing_to_do(why: &'a str) -> Self {
        Self { runs: Vec::new(), error: None, message: Some(why) }
    }
}

/// One run, as the contract gives it.
#[derive(Debug, Serialize)]
pub struct Run<'a> {
    run: RunId,
    integration: &'a IntegrationName,
    command: RunCommand,
    mode: Mode,
    verdict: RunVerdict,
    started_at: String,
    finished_at: Option<String>,
    plan: Option<&'a str>,
    totals: Totals,
    export: Option<Export<'a>>,
    #[serde(serialize_with = "each_line")]
    lines: &'a [LineRecord],
    #[serde(serialize_with = "each_finding")]
    findings: &'a [Finding],
    requests: Traffic,
    /// The run that this one sets back, or plans to.
    undoes: Option<RunId>,
    /// The hash of the journal's last row.
    head: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Export<'a> {
    path: &'a str,
    sha256: &'a str,
    rows: usize,
    customers: usize,
    modified_at: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<ExportFile<'a>>,
}

/// One of the files of an export that is several.
#[derive(Debug, Serialize)]
struct ExportFile<'a> {
    name: &'a str,
    bytes: u64,
    sha256: &'a str,
}

/// One line, as the contract gives it.
#[derive(Debug, Serialize)]
pub struct JsonLine<'a> {
    handle: &'a str,
    customers: Vec<&'a CustomerName>,
    services: Vec<&'a ServiceName>,
    company_id: Option<CompanyId>,
    agreement_id: Option<AgreementId>,
    addition_id: Option<AdditionId>,
    product: Option<&'a ProductCode>,
    item: Option<&'a ItemName>,
    was: Option<Quantity>,
    wanted: Option<Quantity>,
    now: Option<Quantity>,
    outcome: Outcome,
    reason: &'static str,
    detail: Cow<'a, str>,
    /// The items behind the counts, where the report is to name them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    items: Vec<&'a ItemName>,
}

#[derive(Debug, Serialize)]
struct FindingJson<'a> {
    code: &'static str,
    severity: &'static str,
    customer: Option<&'a CustomerName>,
    service: Option<&'a ServiceName>,
    handle: Option<&'a str>,
    message: &'a str,
    fix: String,
    /// The commands of the fix, one each.
    commands: Vec<&'a str>,
}

impl<'a> Run<'a> {
    /// The form of one run. A run that has not finished, or whose process died, shows as interrupted.
    pub fn of(record: &'a RunRecord) -> Self {
        let RunRecord { run, integration, command, mode, started_at, undoes, planned, end } = record;
        let ended = end.as_ref();
        let RunEnd { findings, totals, requests, head, .. } = ended.unwrap_or(&UNENDED);
        Self {
            run: *run,
            integration,
            command: *command,
            mode: *mode,
            verdict: ended.map_or(RunVerdict::Interrupted, |end| end.verdict),
            started_at: time(started_at.to_utc()),
            finished_at: ended.map(|end| time(end.finished_at)),
            plan: planned.as_ref().map(|planned| planned.fingerprint.as_str()),
            totals: *totals,
            export: record.read_export().map(Export::of),
            lines: lines(record),
            findings,
            requests: *requests,
            undoes: *undoes,
            head: head.as_deref(),
        }
    }
}

static UNENDED: RunEnd = RunEnd {
    finished_at: DateTime::<Utc>::UNIX_EPOCH,
    verdict: RunVerdict::Interrupted,
    exit_code: 1,
    findings: Vec::new(),
    totals: Totals { to_decide: 0, changed: 0, would_change: 0, failed: 0, unknown: 0, lines: 0, explained: 0 },
    requests: Traffic { sent: 0, retried: 0, throttled_ms: 0, pace_ms: 0, read_ms: 0, look_ms: 0, write_ms: 0 },
    head: None,
};

impl<'a> Export<'a> {
    fn of(export: &'a ExportRecord) -> Self {
        let ExportRecord { path, sha256, rows, customers, units: _, modified_at, open_end: _, files, counts: _ } =
            export;
        let files = files.iter();
        let files =
            files.map(|DeliveredFile { name, bytes, sha256 }| ExportFile { name, bytes: *bytes, sha256 }).collect();
        Self { path, sha256, rows: *rows, customers: *customers, modified_at: time(*modified_at), files }
    }
}

impl<'a> JsonLine<'a> {
    /// The form of one line.
    pub fn of(record: &'a LineRecord) -> Self {
        let LineRecord {
            handle,
            company,
            agreement,
            addition,
            product,
            item,
            sources: _,
            was,
            wanted,
            now,
            outcome,
            reason,
            detail,
            named: _,
            billed: _,
            changed_at: _,
            edited: _,
        } = record;
        Self {
            handle,
            customers: display_names::customers(record),
            services: display_names::services(record),
            company_id: *company,
            agreement_id: *agreement,
            addition_id: *addition,
            product: product.as_ref(),
            item: item.as_ref(),
            was: *was,
            wanted: *wanted,
            now: *now,
            outcome: *outcome,
            reason: reason.as_str(),
            detail: display_names::with_steps(record, detail),
            items: display_names::items(record),
        }
    }
}

impl<'a> FindingJson<'a> {
    fn of(finding: &'a Finding) -> Self {
        let Finding { severity, code, customer, service, handle, message, fix } = finding;
        Self {
            code: code.as_str(),
            severity: severity.as_str(),
            customer: customer.as_ref(),
            service: service.as_ref(),
            handle: handle.as_deref(),
            message,
            fix: fix.to_string(),
            commands: fix.commands(),
        }
    }
}

/// Lines are formed one by one while they are written: a hundred thousand of them are not kept twice.
fn each_line<S: Serializer>(lines: &[LineRecord], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(lines.iter().map(JsonLine::of))
}

/// What to do, in the one text that the contract knows.
pub(crate) fn one_text<S: Serializer>(remedy: &Remedy, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(remedy)
}

/// Findings, one by one.
pub(crate) fn each_finding<S: Serializer>(findings: &[Finding], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(findings.iter().map(FindingJson::of))
}

/// RFC 3339 UTC, whole seconds.
pub fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
