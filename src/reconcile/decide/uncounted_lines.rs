//! Mapped products that bill where nobody is mapped to: lines that no count stands behind.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::reconcile::decide::left_behind::whole_key;
use crate::reconcile::model::decision::Decisions;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::ids::{AdditionId, AgreementId, IntegrationName};
use crate::reconcile::model::line_owners::UncountedLine;
use crate::reconcile::model::plan::finding::{Finding, finding, plural};
use crate::reconcile::model::plan::handle;
use crate::reconcile::model::plan::line::{FirstBilled, Line, Subject, Verdict};
use crate::reconcile::model::plan::reason_code::{Code, Severity};
use crate::reconcile::model::plan::remedy::Remedy;

/// Adds them to the lines of the plan. Nothing of them is ever written. Where the plan has a line of that place already (one
/// that was moved there while this was looked for), both are that line: a line stands in a plan once.
pub(in crate::reconcile) fn add(
    lines: &mut Vec<Line>,
    uncounted: &[UncountedLine],
    decisions: &Decisions,
    today: NaiveDate,
) {
    let on: BTreeSet<AgreementId> = uncounted.iter().map(|one| one.key.agreement).collect();
    let places = lines.iter().enumerate().filter_map(|(at, line)| Some((line.key()?, at)));
    let places = places.filter(|(key, _)| on.contains(&key.agreement)).map(|(key, at)| (whole_key(key), at));
    let places: BTreeMap<_, usize> = places.collect();
    for one in uncounted {
        let found = line(one, decisions, today);
        match places.get(&whole_key(&one.key)) {
            Some(at) => add_to(&mut lines[*at], found),
            None => lines.push(found),
        }
    }
}

/// One that is asked about already stays what it is, and names the others as well.
fn add_to(line: &mut Line, found: Line) {
    if !line.verdict.is_held() {
        (line.verdict, line.live, line.wanted) = (found.verdict, found.live, found.wanted);
    }
    line.detail = format!("{}; {}", line.detail, found.detail);
    line.named.0.extend(found.named.0);
}

fn line(one: &UncountedLine, decisions: &Decisions, today: NaiveDate) -> Line {
    let UncountedLine { key, company, company_name, is_mapped, billed, named } = one;
    let whom = match company_name.as_str() {
        "" => "a company",
        name => &shown(name),
    };
    let so = if *is_mapped { "on an agreement where nobody counts it" } else { "which nobody mapped" };
    let what = match billed {
        Ok(_) if named.0.len() > 1 => {
            format!("{} billed to {whom} together, {so}: {named}", named.together().normalize())
        }
        Ok(live) => format!("{} billed to {whom}, {so}", live.quantity),
        Err((_, why)) if named.0.len() > 1 => format!("{named} are billed to {whom}, {so}: {why}"),
        Err((addition, why)) => format!("addition {addition} is billed to {whom}, {so}: {why}"),
    };
    let line = Line {
        handle: String::new(),
        subject: Subject::Line(key.clone()),
        company: *company,
        sources: Vec::new(),
        wanted: None,
        live: billed.as_ref().ok().copied(),
        carried: None,
        billed: FirstBilled::default(),
        changed_at: None,
        edited: None,
        verdict: Verdict::Held(Code::BilledNotCounted),
        detail: what,
        named: named.clone(),
    };
    match decisions.ignored(&line, Code::BilledNotCounted, today) {
        Some(said) => {
            let detail = format!("{}; {said}", line.detail);
            Line { verdict: Verdict::Skipped(Code::Ignored), detail, ..line }
        }
        None => line,
    }
}

/// Leaves out the lines that an open item of the plan asks about already: what is in the way of a new line is told there, with
/// the customer whose line it is. Where that item is answered, they are told here.
pub(in crate::reconcile) fn told_once(lines: &mut Vec<Line>, decisions: &Decisions, today: NaiveDate) {
    let asks = |line: &&Line| {
        let code = line.verdict.code();
        line.verdict.is_held() && code != Code::BilledNotCounted && decisions.ignored(line, code, today).is_none()
    };
    let asked: BTreeSet<AdditionId> = lines.iter().filter(asks).flat_map(|line| line.named.0.keys().copied()).collect();
    let is_asked = |line: &Line| line.named.0.keys().all(|addition| asked.contains(addition));
    lines.retain(|line| line.verdict != Verdict::Held(Code::BilledNotCounted) || !is_asked(line));
}

/// The one open item that lists them all.
pub(in crate::reconcile) fn item(integration: &IntegrationName, lines: &[Line]) -> Option<Finding> {
    let open: Vec<&Line> = lines.iter().filter(|line| line.verdict == Verdict::Held(Code::BilledNotCounted)).collect();
    if open.is_empty() {
        return None;
    }
    let units = open.iter().map(|line| match line.live {
        Some(live) if line.named.0.len() < 2 => live.quantity.as_decimal(),
        _ => line.named.together(),
    });
    let units = units.fold(Decimal::ZERO, Decimal::saturating_add);
    let listed = open.iter().take(LISTED).map(|line| {
        let key = line.key();
        let product = key.map(|key| shown(key.product.as_str())).unwrap_or_default();
        let agreement = key.map(|key| format!(" on agreement {}", key.agreement)).unwrap_or_default();
        format!("{} {product}{agreement}, {}", line.handle, line.detail)
    });
    let listed = listed.collect::<Vec<_>>().join("; ");
    let more = open.len().saturating_sub(LISTED);
    let more = if more == 0 { String::new() } else { format!("; and {more} more") };
    let message = format!(
        "{} of {} that no count stands behind: {listed}{more}",
        plural(&units, "unit"),
        plural(&open.len(), "line")
    );
    let map =
        Remedy::from("map the customer to the company, or to that agreement of it, or end the line in ConnectWise");
    let fix = match open.len() {
        ..=COMMANDS => map.or(Remedy::any_of(open.iter().map(|line| let_be(line)))),
        _ => map.noting("`recount ignore` with the handles of lines lets them be"),
    };
    Some(Finding {
        handle: Some(handle::of_matter(integration, "sweep", Code::BilledNotCounted.as_str())),
        fix,
        ..finding(Severity::Decide, Code::BilledNotCounted, message)
    })
}

/// The answer that leaves a line as it bills.
fn let_be(line: &Line) -> Remedy {
    Remedy::command(format!("recount ignore {}", line.handle))
}

/// Answers that are printed, each with its command.
const COMMANDS: usize = 3;

/// Lines that the item names; the report has all of them.
const LISTED: usize = 20;
