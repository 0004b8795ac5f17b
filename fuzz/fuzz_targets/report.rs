//! The terminal report of names and sentences that others wrote: never a panic, harmless, and no line over 80 columns.
//! The lines of the input are customer, service, product, message, fix, file, and the quantities before and wanted.
#![no_main]

use chrono::{DateTime, TimeDelta};
use libfuzzer_sys::fuzz_target;
use recount_fuzz::assert_fits;

use recount::history::run_record::{ExportRecord, LineRecord, PlanRecord, RunEnd, RunRecord, Totals};
use recount::reconcile::model::ids::{CustomerName, IntegrationName, ProductCode, RunId, ServiceName};
use recount::reconcile::model::plan::reason_code::{Code, Severity};
use recount::reconcile::model::plan::finding::Finding;
use recount::reconcile::model::plan::line::{FirstBilled, Source};
use recount::reconcile::model::plan::outcome::{Mode, Outcome, RunCommand, RunVerdict, Traffic};
use recount::reconcile::model::quantity::Quantity;
use recount::report::format::paint::Paint;
use recount::report::format::text::{View, render};

fuzz_target!(|text: &str| {
    let mut parts = text.split('\n').chain(std::iter::repeat(""));
    let input: [&str; 8] = std::array::from_fn(|_| parts.next().unwrap_or_default());
    for outcome in [Outcome::Updated, Outcome::WouldCreate, Outcome::Held] {
        assert_fits(&render(&run(&input, outcome), View { paint: Paint::PLAIN, whole: false, known: &[], is_older: false }));
    }
});

fn run(input: &[&str; 8], outcome: Outcome) -> RunRecord {
    let started_at = DateTime::UNIX_EPOCH;
    let [customer, service, product, message, fix, file, was, wanted] = *input;
    let (customer, service) = (CustomerName::new(customer), ServiceName::new(service));
    let finding = |severity, handle: Option<&str>, service: Option<&ServiceName>| Finding {
        severity,
        code: Code::CustomerUnmapped,
        customer: service.map(|_| customer.clone()),
        service: service.cloned(),
        handle: handle.map(str::to_owned),
        message: message.to_owned(),
        fix: fix.into(),
    };
    let findings = vec![
        finding(Severity::Decide, None, None),
        finding(Severity::Decide, Some("abc1"), Some(&service)),
        finding(Severity::Warning, Some("def2"), Some(&service)),
    ];
    let source = Source {
        customer: customer.clone(),
        service: service.clone(),
        count: None,
        lines: vec![2],
        place: None,
        how: None,
        items: Vec::new(),
        is_former: false,
    };
    let line = LineRecord {
        handle: "abc1".to_owned(),
        company: None,
        agreement: None,
        addition: None,
        product: (!product.is_empty()).then(|| ProductCode::new(product)),
        item: None,
        sources: vec![source],
        was: quantity(was),
        wanted: quantity(wanted),
        now: None,
        outcome,
        reason: Code::PlanHeld,
        detail: message.to_owned(),
        named: None,
        billed: FirstBilled::default(),
        changed_at: None,
        edited: None,
    };
    let export = ExportRecord {
        path: file.to_owned(),
        sha256: String::new(),
        rows: 1,
        customers: 1,
        units: Quantity::from(1).as_decimal(),
        modified_at: started_at - TimeDelta::hours(2),
        open_end: false,
        files: Vec::new(),
        counts: None,
    };
    let totals = Totals { to_decide: 2, lines: 1, explained: 1, ..Totals::default() };
    RunRecord {
        run: RunId(7),
        integration: IntegrationName::new("main"),
        command: RunCommand::ALL[0],
        mode: Mode::Observe,
        started_at: started_at.into(),
        undoes: None,
        planned: Some(PlanRecord {
            fingerprint: "0123456789ab".to_owned(),
            accepted: false,
            export,
            guards: Vec::new(),
            lines: vec![line],
        }),
        end: Some(RunEnd {
            finished_at: started_at,
            verdict: RunVerdict::Decide,
            exit_code: 10,
            findings,
            totals,
            requests: Traffic::default(),
            head: None,
        }),
    }
}

/// A column of the report holds eight characters; beyond them a row becomes longer rather than wrong.
fn quantity(text: &str) -> Option<Quantity> {
    Quantity::from_json_number(text).filter(|quantity| quantity.to_string().len() <= 8)
}
