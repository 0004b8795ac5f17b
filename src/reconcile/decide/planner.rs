//! The one decision: everything that was gathered in, a plan out.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::reconcile::decide::billed_elsewhere::ElsewhereInputs;
use crate::reconcile::decide::findings::Findings;
use crate::reconcile::decide::invoice_calendar::{Calendar, owes_last_month};
use crate::reconcile::decide::line_case::{LineCase, LineRules};
use crate::reconcile::decide::line_decision::LineDecision;
use crate::reconcile::decide::plan_inputs::PlanInputs;
use crate::reconcile::decide::{invoice_calendar, uncounted_lines};
use crate::reconcile::guard::missing_services::lesser_counts::LesserCounts;
use crate::reconcile::guard::missing_services::{CountsAndPlaces, MissingCount, MissingServices};
use crate::reconcile::matching::catalog::{candidates, one_spelling, product};
use crate::reconcile::matching::counts_to_lines::{OnAgreement, wanted_lines};
use crate::reconcile::matching::placement::Place;
use crate::reconcile::matching::stored_decimals::{decimals, rounded};
use crate::reconcile::matching::wanted_line::{PresentAddition, WantedLine};
use crate::reconcile::model::connectwise_records::{Additions, Directory, Product, Unreadable};
use crate::reconcile::model::export::counts::Cell;
use crate::reconcile::model::ids::{
    AdditionId, AgreementId, CompanyId, CustomerName, ProductCode, ProductId, ServiceName,
};
use crate::reconcile::model::last_change::LastChange;
use crate::reconcile::model::mapping::{Mapping, ServiceRule};
use crate::reconcile::model::past::Past;
use crate::reconcile::model::plan::finding::sort;
use crate::reconcile::model::plan::line::{FirstBilled, Line, LineKey, Source, Subject, Verdict};
use crate::reconcile::model::plan::named_additions::Named;
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::plan::{Plan, handle};

/// Draws the plan: every count and every line that is there ends in exactly one verdict.
pub fn draw(gathered: PlanInputs<'_>) -> Plan {
    let mut lines = placed_lines(gathered);
    let mut left_keys = gathered.put_before(&mut lines);
    let left = gathered.lines_left_behind(&lines);
    append(&mut lines, left.clone());
    let moved = gathered.moved_lines(&lines);
    left_keys.extend(left.iter().chain(&moved).filter_map(|line| line.key().cloned()));
    append(&mut lines, moved);
    uncounted_lines::add(&mut lines, &gathered.past.uncounted, &gathered.past.decisions, gathered.today);
    append(&mut lines, unplaced_lines(gathered));
    // In place: a stable sort takes half as much room again as the lines.
    lines.sort_unstable_by(|a, b| a.subject.cmp(&b.subject).then_with(|| a.detail.cmp(&b.detail)));
    handle::assign(gathered.integration, &mut lines);
    let written_next = gathered.hold_successors(&mut lines, &left_keys);
    gathered.hold_beside_former(&mut lines);
    let PlanInputs { mapping, directory, additions, past, today, .. } = gathered;
    uncounted_lines::told_once(&mut lines, &past.decisions, today);
    let met = invoice_calendar::put_on(Calendar { mapping, directory, additions, past: Some(past), today }, &mut lines);
    let mut findings = Findings::of(gathered, &lines);
    findings.extend(written_next);
    findings.extend(met.findings());
    met.note(&mut lines);
    findings.extend(uncounted_lines::item(gathered.integration, &lines));
    sort(&mut findings);
    gathered.past.decisions.silence(gathered.integration, gathered.today, &mut lines, &mut findings);
    note_changes(additions, &mut lines);
    note_editors(additions, past, &mut lines);
    for source in lines.iter_mut().flat_map(|line| &mut line.sources) {
        source.place = gathered.counts.parts.placed(&source.lines);
    }
    Plan { integration: gathered.integration.clone(), lines, findings }
}

/// With room for these alone: a plan may have a hundred thousand lines, and a vector that grows by itself doubles.
fn append(lines: &mut Vec<Line>, more: Vec<Line>) {
    lines.reserve_exact(more.len());
    lines.extend(more);
}

/// When what is asked about was changed last: what is changed after that was not shown.
fn note_changes(additions: &Additions, lines: &mut [Line]) {
    let asks =
        |line: &Line| line.verdict.is_held() || matches!(line.verdict, Verdict::Skipped(Code::Kept | Code::Ignored));
    let ids = |line: &Line| {
        let own = line.live.map(|live| live.addition);
        own.into_iter().chain(line.named.0.keys().copied()).collect::<Vec<_>>()
    };
    let asked: BTreeSet<AdditionId> = lines.iter().filter(|line| asks(line)).flat_map(ids).collect();
    if asked.is_empty() {
        return;
    }
    let all = additions.values().flatten().filter(|addition| asked.contains(&addition.id));
    let at = all.filter_map(|addition| Some((addition.id, addition.changed.as_ref()?.time()?)));
    let at: BTreeMap<AdditionId, DateTime<Utc>> = at.collect();
    for line in lines.iter_mut().filter(|line| asks(line)) {
        line.changed_at = ids(line).iter().filter_map(|id| at.get(id)).max().copied();
    }
}

/// Who changed what recount knew otherwise: a plan that moves by it can say so.
fn note_editors(additions: &Additions, past: &Past, lines: &mut [Line]) {
    let known = |id: AdditionId| {
        let (written, seen) = (past.written.get(&id), past.seen.get(&id));
        match (written, seen) {
            (Some(written), Some(seen)) if seen.run <= written.last_run() => Some(written.quantity),
            (_, Some(seen)) => Some(seen.quantity),
            (written, None) => written.map(|written| written.quantity),
        }
    };
    let is_otherwise = |line: &Line| line.live.is_some_and(|live| known(live.addition) != Some(live.quantity));
    let edited: BTreeSet<AdditionId> =
        lines.iter().filter(|line| is_otherwise(line)).filter_map(|line| Some(line.live?.addition)).collect();
    if edited.is_empty() {
        return;
    }
    let all = additions.values().flatten().filter(|addition| edited.contains(&addition.id));
    let by: BTreeMap<AdditionId, &LastChange> =
        all.filter_map(|addition| Some((addition.id, addition.changed.as_ref()?))).collect();
    for line in lines.iter_mut() {
        line.edited = line.live.and_then(|live| by.get(&live.addition)).copied().cloned();
    }
}

fn placed_lines(gathered: PlanInputs<'_>) -> Vec<Line> {
    let PlanInputs { counts, mapping, places, directory, additions, claims, policy, past, export, today, .. } =
        gathered;
    let mapping = &*one_spelling(mapping, directory);
    let by_id = products_by_id(mapping, directory);
    let on = |agreement: AgreementId| {
        let record = directory.agreements.get(&agreement);
        let owes_last_period = record.is_some_and(|record| owes_last_month(record, today));
        let current = additions.get(&agreement).into_iter().flatten().filter(|addition| addition.is_current(today));
        let present = current.filter_map(|addition| {
            Some(PresentAddition { product: by_id.get(&addition.product?).copied()?, mark: addition.mark.as_ref() })
        });
        OnAgreement { present, owes_last_period }
    };
    let products: BTreeMap<&ProductCode, Result<&Product, Code>> =
        mapping.products().into_iter().map(|code| (code, product(directory, code))).collect();
    // What begins beside a line is looked at there; what is there already is compared here.
    let around = ElsewhereInputs::new(directory, additions, claims, places, past, today);
    let known = CountsAndPlaces { counts, mapping, places, past };
    let (missing, lesser) = (&MissingServices::of(known), &LesserCounts::of(known));
    let judge = LineRules { mapping, policy, past, export, places, missing, lesser, around: &around, today };
    let placed = wanted_lines(counts, mapping, places, past, on).map(|(key, wanted)| {
        let wanted = rounded(wanted, decimals(mapping, past, &key));
        let product = products.get(&key.product).copied().unwrap_or(Err(Code::ProductMissing));
        let judgement = match (directory.agreements.get(&key.agreement), additions.get(&key.agreement)) {
            (Some(agreement), Some(additions)) => {
                judge.judge(LineCase { key: &key, wanted: &wanted, agreement, product, additions })
            }
            _ => not_read(key.agreement, directory),
        };
        let judgement = claims.hold(&key, naming_the_member(judgement, &key, directory));
        let gone = missing.on(&key);
        with_gone(placed_line(key, wanted, judgement), gone)
    });
    // Nearly every count is a line.
    let mut lines = Vec::with_capacity(counts.customers.values().map(|counted| counted.cells().count()).sum());
    lines.extend(placed);
    lines
}

/// The mapped products by their record ids: also those that may not be billed any more, whose lines are held and not
/// forgotten.
fn products_by_id<'a>(mapping: &'a Mapping, directory: &Directory) -> BTreeMap<ProductId, &'a ProductCode> {
    let of = |code: &'a ProductCode| candidates(directory, code).into_iter().map(move |product| (product.id, code));
    mapping.products().into_iter().flat_map(of).collect()
}

/// What was not read is not empty: a line must not be created where nobody looked.
fn not_read(agreement: AgreementId, directory: &Directory) -> LineDecision {
    let record = directory.unread.agreements.get(&agreement).map(|record| record.why.as_str());
    let (code, why) = match record.or(directory.unread.additions.get(&agreement).map(String::as_str)) {
        Some(why) => (Code::AgreementUnreadable, format!(": {why}")),
        None => (Code::LineUnreadable, String::new()),
    };
    let detail = format!("the additions of agreement {agreement} were not read{why}");
    LineDecision::held(code, None, detail)
}

/// A catalog item that cannot be read, with what is wrong with it.
fn naming_the_member(judgement: LineDecision, key: &LineKey, directory: &Directory) -> LineDecision {
    match directory.unread.products.get(&key.product.folded()) {
        Some(Unreadable { id, why, .. }) if judgement.verdict == Verdict::Held(Code::ProductUnreadable) => {
            LineDecision { detail: format!("{} (record {id}: {why})", judgement.detail), ..judgement }
        }
        _ => judgement,
    }
}

fn placed_line(key: LineKey, wanted: WantedLine, judgement: LineDecision) -> Line {
    let LineDecision { verdict, live, detail, named } = judgement;
    let WantedLine { company, sources, quantity, nobody_counted: _, terms, rolled, after_invoice } = wanted;
    let after_invoice = after_invoice.map(|units| terms.against(units, live.as_ref()));
    let units = quantity.ok().map(|units| terms.against(units, live.as_ref()));
    // It holds what its invoice is to show, and something else once that is made.
    let waits = after_invoice.filter(|after| Some(*after) != units && verdict == Verdict::Unchanged(Code::Equal));
    let verdict = if waits.is_some() { Verdict::Skipped(Code::InvoiceDue) } else { verdict };
    let rolled = rolled.filter(|rolled| live.is_some_and(|live| rolled.explains(live.quantity)));
    Line {
        handle: String::new(),
        subject: Subject::Line(key),
        company: Some(company),
        sources,
        wanted: waits.or(units),
        carried: rolled.map(|rolled| terms.against(rolled.carried, live.as_ref())),
        billed: FirstBilled::default(),
        changed_at: None,
        edited: None,
        live,
        verdict,
        detail,
        named,
    }
}

/// A line that waits for a service that nobody has any more says whose count of it is gone.
fn with_gone(mut line: Line, gone: &[MissingCount<'_>]) -> Line {
    if line.verdict == Verdict::Held(Code::ServiceMissing) {
        let new = |one: &&MissingCount<'_>| {
            !line.sources.iter().any(|known| known.customer == *one.customer && known.service == *one.service)
        };
        let gone: Vec<Source> = gone.iter().filter(new).map(|one| one.as_source()).collect();
        line.sources.extend(gone);
        line.sources.sort();
    }
    line
}

/// Counts that come to no line: of customers without a place, and of services that are not billed.
fn unplaced_lines(gathered: PlanInputs<'_>) -> Vec<Line> {
    let mut lines = Vec::new();
    for (customer, counted) in gathered.counts.customers.iter() {
        let place = gathered.places.get(customer);
        for (service, cell) in counted.cells() {
            if let Some((verdict, company)) = unplaced(place, gathered.mapping.services.get(service)) {
                lines.push(unplaced_line(customer, service, cell, verdict, company));
            }
        }
    }
    lines
}

/// Why a count comes to no line; `None` if it does come to one.
fn unplaced(place: Option<&Place>, rule: Option<&ServiceRule>) -> Option<(Verdict, Option<CompanyId>)> {
    let company = match place {
        Some(Place::On { company, .. } | Place::Blocked { company, .. }) => Some(*company),
        Some(Place::Skipped) => return Some((Verdict::Skipped(Code::CustomerSkipped), None)),
        Some(Place::Nowhere(problem)) => return Some((Verdict::Held(problem.code), problem.company)),
        None => return Some((Verdict::Held(Code::CustomerUnmapped), None)),
    };
    let verdict = match rule {
        Some(ServiceRule::Billed(_)) => return None,
        Some(ServiceRule::NotAssigned) => Verdict::Skipped(Code::ServiceNotAssigned),
        Some(ServiceRule::Deprecated { product: None }) => Verdict::Skipped(Code::ServiceDeprecated),
        Some(ServiceRule::Deprecated { product: Some(_) }) => Verdict::Held(Code::ServiceDeprecated),
        None => Verdict::Held(Code::ServiceUnmapped),
    };
    Some((verdict, company))
}

fn unplaced_line(
    customer: &CustomerName,
    service: &ServiceName,
    cell: &Cell,
    verdict: Verdict,
    company: Option<CompanyId>,
) -> Line {
    let count = match cell {
        Cell::Counted { count, .. } => Some(*count),
        Cell::Duplicate { .. } | Cell::OutOfRange { .. } => None,
    };
    let (customer, service) = (customer.clone(), service.clone());
    Line {
        handle: String::new(),
        subject: Subject::Unplaced { customer: customer.clone(), service: service.clone() },
        company,
        sources: vec![Source {
            customer,
            service,
            count,
            lines: cell.lines().to_vec(),
            place: None,
            how: None,
            items: Vec::new(),
            is_former: false,
        }],
        wanted: count,
        live: None,
        carried: None,
        billed: FirstBilled::default(),
        changed_at: None,
        edited: None,
        verdict,
        detail: String::new(),
        named: Named::default(),
    }
}
