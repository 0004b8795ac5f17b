//! What a run leaves behind comes back as it was.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::history::run_record::{ExportRecord, LineRecord, PlanRecord, RunEnd, RunRecord, Totals};
use crate::history::run_writing::NewRun;
use crate::history::store::error::StoreError;
use crate::history::tests::{HOME, Place, end, line, mail, noon, plan, units};
use crate::reconcile::model::export::delivered_file::DeliveredFile;
use crate::reconcile::model::ids::{
    AdditionId, AgreementId, CompanyId, CustomerName, ItemName, ProductCode, RunId, ServiceName,
};
use crate::reconcile::model::last_change::LastChange;
use crate::reconcile::model::plan::finding::{Finding, finding};
use crate::reconcile::model::plan::guard_measurement::GuardLook;
use crate::reconcile::model::plan::line::{FirstBilled, Source};
use crate::reconcile::model::plan::named_additions::Named;
use crate::reconcile::model::plan::outcome::{Mode, Outcome, RunCommand, RunVerdict, Traffic};
use crate::reconcile::model::plan::reason_code::{Code, Severity};
use crate::reconcile::model::plan::remedy::Remedy;
use crate::reconcile::model::quantity::Quantity;

#[test]
fn every_word_has_its_place_in_the_history() {
    let mut place = Place::new();
    let lines = |make: &dyn Fn(usize) -> (Outcome, Code), count: usize| -> Vec<LineRecord> {
        (0..count)
            .map(|number| {
                let (outcome, reason) = make(number);
                LineRecord { handle: format!("h{number}"), outcome, reason, ..line(1, 1, 2) }
            })
            .collect()
    };
    let outcomes = lines(&|number| (Outcome::ALL[number], Code::Equal), Outcome::ALL.len());
    let codes = lines(&|number| (Outcome::Held, Code::ALL[number]), Code::ALL.len());
    let finding = |(code, severity)| Finding {
        severity,
        code,
        customer: None,
        service: None,
        handle: None,
        message: String::new(),
        fix: Remedy::Unsaid,
    };
    let severities = [Severity::Decide, Severity::Warning, Severity::Info];
    let findings: Vec<_> = Code::ALL.iter().copied().zip(severities.into_iter().cycle()).map(finding).collect();
    for (number, verdict) in RunVerdict::ALL.iter().enumerate() {
        let start = NewRun {
            integration: mail(),
            command: RunCommand::ALL[number % RunCommand::ALL.len()],
            mode: Mode::ALL[number % Mode::ALL.len()],
            started_at: noon().fixed_offset(),
            undoes: None,
            site: HOME.to_owned(),
        };
        let run = place.history.begin_run(&place.lock, start.clone()).unwrap();
        let plan = plan(0, if number == 0 { outcomes.clone() } else { codes.clone() });
        place.history.record_plan(run, &plan).unwrap();
        let end = RunEnd { verdict: *verdict, findings: findings.clone(), ..end() };
        place.history.end_run(run, &[], &end).unwrap();
        let NewRun { integration, command, mode, started_at, undoes, site: _ } = start;
        let whole =
            RunRecord { run, integration, command, mode, started_at, undoes, planned: Some(plan), end: Some(end) };
        assert_eq!(place.history.run(run).unwrap(), Some(whole));
    }
}

#[test]
fn a_word_of_a_newer_version_is_an_error_and_not_a_guess() {
    let mut place = Place::new();
    let run = place.night(RunCommand::Run, &plan(0, vec![line(1, 1, 1)]));
    place.history.connection.execute("UPDATE lines SET reason = 'moon-phase'", []).unwrap();
    let refusal = place.history.run(run).unwrap_err();
    assert!(
        matches!(&refusal, StoreError::Unreadable { column: "reason", value } if value == "moon-phase"),
        "{refusal}"
    );
}

/// Otherwise an update would make every earlier night's report unreadable, or advise a pipeline in it.
#[test]
fn findings_of_an_older_version_are_read() {
    let mut place = Place::new();
    let run = place.begin(RunCommand::Run);
    place.history.record_plan(run, &plan(0, vec![line(1, 3, 5)])).unwrap();
    let told = finding(Severity::Decide, Code::ToZero, "3 → 0".to_owned());
    let end = RunEnd { findings: vec![told.clone(), told.clone(), told], ..end() };
    place.history.end_run(run, &[], &end).unwrap();
    for (position, old) in [(0, "recount accept h1 | recount keep h1"), (1, "correct the export"), (2, "")] {
        let sql = "UPDATE findings SET fix = ?1 WHERE position = ?2";
        assert_eq!(place.history.connection.execute(sql, (old, position)).unwrap(), 1);
    }
    let findings = place.history.run(run).unwrap().unwrap().end.unwrap().findings;
    let answers = Remedy::command("recount accept h1").or(Remedy::command("recount keep h1"));
    let fixes: Vec<Remedy> = findings.into_iter().map(|finding| finding.fix).collect();
    assert_eq!(fixes, [answers, Remedy::from("correct the export"), Remedy::Unsaid]);
}

#[test]
fn a_killed_run_is_found_by_the_next_and_closed() {
    let mut place = Place::new();
    let killed = place.begin(RunCommand::Run);
    place.history.record_plan(killed, &plan(0, vec![line(1, 3, 5)])).unwrap();
    place.begin_for("other", RunCommand::Run);
    let current = place.begin(RunCommand::Run);

    let found = place.history.cut_off_runs(&mail()).unwrap();
    assert_eq!(found.iter().map(|run| run.run).collect::<Vec<_>>(), vec![killed]);
    let lines = &found[0].planned.as_ref().unwrap().lines;
    let late = RunEnd { verdict: RunVerdict::Interrupted, exit_code: 1, ..end() };
    place.history.end_run(killed, lines, &late).unwrap();
    assert_eq!(place.history.cut_off_runs(&mail()).unwrap(), vec![]);
    assert_eq!(place.history.latest_run(Some(&mail())).unwrap().unwrap().run, current);
}

#[test]
fn what_became_of_a_line_replaces_what_was_planned_and_nothing_else() {
    let mut place = Place::new();
    let run = place.begin(RunCommand::Run);
    place.history.record_plan(run, &plan(0, vec![line(1, 3, 5), line(2, 3, 3)])).unwrap();
    let updated = LineRecord { outcome: Outcome::Updated, now: Some(units(5)), ..line(1, 3, 5) };
    place.history.end_run(run, std::slice::from_ref(&updated), &end()).unwrap();
    let stored = place.history.run(run).unwrap().unwrap().planned.unwrap().lines;
    assert_eq!(stored, vec![updated, line(2, 3, 3)]);
}

#[test]
fn a_run_has_one_plan_and_one_end() {
    let mut place = Place::new();
    let run = place.night(RunCommand::Run, &plan(0, vec![line(1, 3, 5)]));
    assert!(matches!(place.history.record_plan(run, &plan(1, vec![])), Err(StoreError::OutOfTurn { .. })));
    assert!(matches!(place.history.end_run(run, &[], &end()), Err(StoreError::OutOfTurn { .. })));
    assert!(matches!(place.history.approve(RunId(99)), Err(StoreError::OutOfTurn { .. })));

    let next = place.begin(RunCommand::Run);
    place.history.record_plan(next, &plan(1, vec![line(1, 3, 5)])).unwrap();
    let refusal = place.history.end_run(next, &[line(2, 3, 5)], &end()).unwrap_err();
    assert!(matches!(refusal, StoreError::NoSuchLine { .. }), "{refusal}");
    assert_eq!(place.history.run(next).unwrap().unwrap().end, None, "all or nothing");
}

#[test]
fn a_line_is_found_by_the_beginning_of_its_handle() {
    let mut place = Place::new();
    let named = |handle: &str, was| LineRecord { handle: handle.to_owned(), ..line(1, was, was) };
    let first = place.night(RunCommand::Run, &plan(0, vec![named("a7c1", 1), named("a7d", 1), named("b", 1)]));
    let second = place.night(RunCommand::Run, &plan(1, vec![named("a7c1", 2)]));

    assert_eq!(place.history.find_line("a7c").unwrap(), vec![(second, named("a7c1", 2))]);
    let both = vec![(second, named("a7c1", 2)), (first, named("a7d", 1))];
    assert_eq!(place.history.find_line("a7").unwrap(), both);
    assert_eq!(place.history.find_line("c").unwrap(), vec![]);
    assert_eq!(place.history.find_line("").unwrap(), vec![]);
    // A whole handle is meant as such, even if others begin like it.
    let third = place.night(RunCommand::Run, &plan(2, vec![named("a7", 3), named("a%", 3)]));
    assert_eq!(place.history.find_line("a7").unwrap(), vec![(third, named("a7", 3))]);
    assert_eq!(place.history.find_line("a%").unwrap().len(), 1);
    assert_eq!(place.history.find_line("%").unwrap(), vec![]);
}

#[test]
fn a_lines_nights_come_newest_first() {
    let mut place = Place::new();
    let first = place.night(RunCommand::Run, &plan(0, vec![line(1, 1, 2)]));
    let second = place.night(RunCommand::Run, &plan(1, vec![line(1, 2, 3)]));
    let nights = place.history.line_history("h1", 10).unwrap();
    assert_eq!(nights, vec![(second, noon(), line(1, 2, 3)), (first, noon(), line(1, 1, 2))]);
    assert_eq!(place.history.line_history("h1", 1).unwrap().len(), 1);
}

#[test]
fn a_plan_is_found_by_the_beginning_of_its_fingerprint() {
    let mut place = Place::new();
    let named = |fingerprint: &str| PlanRecord { fingerprint: fingerprint.to_owned(), ..plan(0, vec![]) };
    place.night(RunCommand::Plan, &named("3f9a"));
    let other = place.night(RunCommand::Plan, &named("3f00"));
    let again = place.night(RunCommand::Run, &named("3f9a"));
    let like = |prefix| -> Vec<(RunId, String)> {
        let plans = place.history.plans_like(prefix).unwrap();
        plans.into_iter().map(|plan| (plan.run, plan.fingerprint)).collect()
    };
    assert_eq!(like("3f9"), vec![(again, "3f9a".to_owned())]);
    assert_eq!(like("3f"), vec![(again, "3f9a".to_owned()), (other, "3f00".to_owned())]);
    assert_eq!(like("4"), vec![]);
}

#[test]
fn the_list_of_runs_is_short_and_newest_first() {
    let mut place = Place::new();
    let first = place.night(RunCommand::Run, &plan(0, vec![line(1, 1, 1)]));
    let second = place.begin(RunCommand::Plan);
    let runs = place.history.runs(10).unwrap();
    assert_eq!(runs.iter().map(|run| run.run).collect::<Vec<_>>(), vec![second, first]);
    assert_eq!((&runs[0].planned, &runs[0].end), (&None, &None));
    assert_eq!(runs[1].planned.as_ref().unwrap().fingerprint, plan(0, vec![]).fingerprint);
    assert_eq!(place.history.runs(1).unwrap().len(), 1);
    assert_eq!(place.history.latest_run(None).unwrap().unwrap().run, second);
}

#[test]
fn a_large_plan_is_stored_whole_and_in_its_order() {
    let mut place = Place::new();
    let plan = plan(0, (0..20_000).map(|number| line(number, 3, 3)).collect());
    let run = place.night(RunCommand::Run, &plan);
    assert_eq!(place.history.run(run).unwrap().unwrap().planned, Some(plan));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Odd names, rare fractions and times down to the nanosecond: a report of an old night shows what that night was.
    #[test]
    fn a_run_comes_back_as_it_was(start in start(), planned in prop::option::of(planned()), ended in prop::option::of(ended())) {
        let mut place = Place::new();
        let run = place.history.begin_run(&place.lock, start.clone()).unwrap();
        if let Some(plan) = &planned {
            place.history.record_plan(run, plan).unwrap();
        }
        if let Some(end) = &ended {
            place.history.end_run(run, &[], end).unwrap();
        }
        let NewRun { integration, command, mode, started_at, undoes, site: _ } = start;
        let whole = RunRecord { run, integration, command, mode, started_at, undoes, planned, end: ended };
        prop_assert_eq!(place.history.run(run).unwrap(), Some(whole));
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![".{0,20}", Just("'; DROP TABLE runs; --\0\u{202e}\"".to_owned())]
}

fn time() -> impl Strategy<Value = DateTime<Utc>> {
    (0_i64..4_000_000_000, 0_u32..1_000_000_000).prop_map(|(s, ns)| DateTime::from_timestamp(s, ns).unwrap())
}

fn quantity() -> impl Strategy<Value = Option<Quantity>> {
    let some = (0_i64..i64::MAX, 0_u32..18).prop_map(|(digits, scale)| Decimal::new(digits, scale));
    prop::option::of(some.prop_map(|value| Quantity::from_decimal(value).unwrap()))
}

fn start() -> impl Strategy<Value = NewRun> {
    let command = prop::sample::select(RunCommand::ALL);
    let mode = prop::sample::select(Mode::ALL);
    (text(), command, mode, time(), -50_400..50_400).prop_map(|(name, command, mode, started_at, east)| NewRun {
        integration: name.as_str().into(),
        command,
        mode,
        started_at: started_at.with_timezone(&chrono::FixedOffset::east_opt(east).expect("less than a day")),
        undoes: None,
        site: HOME.to_owned(),
    })
}

fn files() -> impl Strategy<Value = Vec<DeliveredFile>> {
    let file = (text(), any::<u32>(), text());
    let file = file.prop_map(|(name, bytes, sha256)| DeliveredFile { name, bytes: u64::from(bytes), sha256 });
    prop::collection::vec(file, 0..3)
}

fn planned() -> impl Strategy<Value = PlanRecord> {
    let export = (text(), text(), any::<u32>(), any::<u32>(), any::<i64>(), time(), any::<bool>(), files()).prop_map(
        |(path, sha256, rows, customers, units, modified_at, open_end, files)| ExportRecord {
            path,
            sha256,
            rows: usize::try_from(rows).unwrap(),
            customers: usize::try_from(customers).unwrap(),
            units: Decimal::new(units, 3),
            modified_at,
            open_end,
            counts: Some(format!("{units}")),
            files,
        },
    );
    let looks = (prop::sample::select(Code::ALL), text(), any::<bool>());
    let looks = looks.prop_map(|(code, said, stops)| GuardLook { code, said, stops });
    let guards = prop::collection::vec(looks, 0..3);
    (text(), any::<bool>(), export, guards, prop::collection::vec(any_line(), 0..6)).prop_map(
        |(fingerprint, accepted, export, guards, mut lines)| {
            let mut seen = BTreeSet::new();
            lines.retain(|line| seen.insert(line.handle.clone()));
            PlanRecord { fingerprint, accepted, export, guards, lines }
        },
    )
}

fn any_line() -> impl Strategy<Value = LineRecord> {
    let ids = (any::<Option<i64>>(), any::<Option<i64>>(), any::<Option<i64>>(), prop::option::of(text()));
    let words = (prop::sample::select(Outcome::ALL), prop::sample::select(Code::ALL));
    let sources = prop::collection::vec(any_source(), 0..4);
    let texts = (text(), text(), prop::option::of(text()));
    (texts, ids, sources, (quantity(), quantity(), quantity()), words).prop_map(
        |(texts, (company, agreement, addition, product), sources, (was, wanted, now), (outcome, reason))| {
            let (handle, detail, item) = texts;
            LineRecord {
                handle,
                company: company.map(CompanyId),
                agreement: agreement.map(AgreementId),
                addition: addition.map(AdditionId),
                product: product.map(|product| ProductCode::new(&product)),
                item: item.map(|item| ItemName::new(&item)),
                sources,
                was,
                wanted,
                now,
                outcome,
                reason,
                detail,
                named: Some(Named::several([AdditionId(1)])),
                billed: FirstBilled {
                    invoice: NaiveDate::from_ymd_opt(2026, 12, 15),
                    month: NaiveDate::from_ymd_opt(2026, 11, 1),
                },
                changed_at: Some(noon()),
                edited: Some(LastChange { by: "jdoe".into(), at: "2026-03-04T11:00:00Z".into() }),
            }
        },
    )
}

fn any_source() -> impl Strategy<Value = Source> {
    let more = (prop::option::of(text()), prop::collection::vec(text(), 0..3), prop::option::of(text()));
    (text(), text(), quantity(), prop::collection::vec(any::<u64>(), 0..3), more).prop_map(
        |(customer, service, count, lines, (how, items, place))| Source {
            customer: CustomerName::new(&customer),
            service: ServiceName::new(&service),
            count,
            lines,
            place,
            how,
            items: items.iter().map(|item| ItemName::new(item)).collect(),
            is_former: false,
        },
    )
}

fn ended() -> impl Strategy<Value = RunEnd> {
    let totals = any::<[u32; 7]>().prop_map(|numbers| {
        let [to_decide, changed, would_change, failed, unknown, lines, explained] =
            numbers.map(|number| usize::try_from(number).unwrap());
        Totals { to_decide, changed, would_change, failed, unknown, lines, explained }
    });
    let requests = any::<[u32; 7]>().prop_map(|[sent, retried, ms, pace, read, look, write]| Traffic {
        sent: sent.into(),
        retried: retried.into(),
        throttled_ms: ms.into(),
        pace_ms: pace.into(),
        read_ms: read.into(),
        look_ms: look.into(),
        write_ms: write.into(),
    });
    let findings = prop::collection::vec(any_finding(), 0..4);
    (time(), prop::sample::select(RunVerdict::ALL), any::<u8>(), findings, totals, requests).prop_map(
        |(finished_at, verdict, exit_code, findings, totals, requests)| RunEnd {
            finished_at,
            verdict,
            exit_code,
            findings,
            totals,
            requests,
            head: Some("ab".repeat(32)),
        },
    )
}

fn any_finding() -> impl Strategy<Value = Finding> {
    let severity = prop::sample::select(vec![Severity::Decide, Severity::Warning, Severity::Info]);
    let names = (prop::option::of(text()), prop::option::of(text()), prop::option::of(text()));
    (severity, prop::sample::select(Code::ALL), names, text(), text()).prop_map(
        |(severity, code, (customer, service, handle), message, fix)| Finding {
            severity,
            code,
            customer: customer.map(|name| CustomerName::new(&name)),
            service: service.map(|name| ServiceName::new(&name)),
            handle,
            message,
            fix: fix.into(),
        },
    )
}
