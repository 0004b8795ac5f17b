//! What the next export is compared with: of each count, what was accepted last.
//!
//! A count whose line is held is not believed yet, so the one before it stays: else a typo that was held would make the
//! right export of the next night look as if half of it were missing. A person who approves a whole plan has seen what
//! is less in it, so falls are taken over then, and rises still are not. The same goes for a line that is kept or ignored: no
//! guard looks at it. What is billed on no line, of a customer who is skipped or a service that is not assigned, counts on
//! neither side.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use crate::reconcile::guard::accepted_counts::{AcceptedCount, AcceptedCounts, Size};
use crate::reconcile::guard::guard_policy::GuardPolicy;
use crate::reconcile::model::export::counts::{Cell, Counts};
use crate::reconcile::model::ids::{CustomerName, ServiceName};
use crate::reconcile::model::past::Past;
use crate::reconcile::model::plan::Plan;
use crate::reconcile::model::plan::line::Verdict;
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::quantity::Quantity;

/// Counts by customer and service.
pub type CountKeys<'a> = BTreeSet<(&'a CustomerName, &'a ServiceName)>;

/// The counts that some line of the plan is held for, or that a person let be: none is believed. One that waits for an invoice
/// is: what it comes to is asked about when it is to be written, and a day that was left out is on no invoice.
fn not_believed(plan: &Plan) -> CountKeys<'_> {
    let is_let_be = |verdict: &Verdict| matches!(verdict, Verdict::Skipped(Code::Kept | Code::Ignored));
    let lines = plan.lines.iter().filter(|line| line.verdict.is_held() || is_let_be(&line.verdict));
    lines.flat_map(|line| &line.sources).map(|source| (&source.customer, &source.service)).collect()
}

/// The counts that change nothing, whatever they say: a line is held for them, a person let them be, or they come to no
/// line and never did. One that is written another day counts.
pub(super) fn of_no_effect<'a>(plan: &'a Plan, past: &AcceptedCounts) -> CountKeys<'a> {
    let was_accepted = |(customer, service): &(&CustomerName, &ServiceName)| {
        past.get(*customer).is_some_and(|own| own.contains_key(*service))
    };
    let standings = Standings::of(plan).0.into_iter().filter(|(key, standing)| match standing {
        CountStanding::Believed => false,
        CountStanding::NotBilled => !was_accepted(key),
        CountStanding::Held | CountStanding::Left => true,
    });
    standings.map(|(key, _)| key).collect()
}

/// What a night makes of a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum CountStanding {
    /// It comes to no line that is ever written.
    NotBilled,
    /// Its line is left as it is, by an answer or until an invoice is made.
    Left,
    /// It is what is billed, or is going to be.
    Believed,
    /// A line waits for somebody because of it.
    Held,
}

/// The standing of each count that is not simply believed. A count of several lines has that of the line that says most.
struct Standings<'a>(BTreeMap<(&'a CustomerName, &'a ServiceName), CountStanding>);

impl<'a> Standings<'a> {
    fn of(plan: &'a Plan) -> Self {
        let mut standings = BTreeMap::new();
        for line in &plan.lines {
            let standing = match line.verdict {
                Verdict::Held(_) | Verdict::Large(_) => CountStanding::Held,
                Verdict::Skipped(Code::Kept | Code::Ignored | Code::InvoiceDue) => CountStanding::Left,
                Verdict::Unchanged(_) | Verdict::Update(_) | Verdict::Create(_) | Verdict::Skipped(Code::Frozen) => {
                    CountStanding::Believed
                }
                Verdict::Skipped(_) => CountStanding::NotBilled,
            };
            for source in &line.sources {
                let known = standings.entry((&source.customer, &source.service)).or_insert(standing);
                *known = standing.max(*known);
            }
        }
        Self(standings)
    }

    fn of_count(&self, customer: &CustomerName, service: &ServiceName) -> CountStanding {
        self.0.get(&(customer, service)).copied().unwrap_or(CountStanding::Believed)
    }
}

/// What is accepted of each count after a night whose export was.
pub fn after(past: &AcceptedCounts, counts: &Counts, plan: &Plan, approved: bool) -> AcceptedCounts {
    let standings = Standings::of(plan);
    let mut after = AcceptedCounts::new();
    let mut keep = |customer: &CustomerName, service: &ServiceName, count: AcceptedCount| {
        after.entry(customer.clone()).or_default().insert(service.clone(), count);
    };
    for (customer, service, cell) in cells(counts) {
        let tonight = AcceptedCount { units: cell.units(), rows: cell.lines().number() };
        let before = past.get(customer).and_then(|own| own.get(service));
        match (standings.of_count(customer, service), before) {
            (CountStanding::Believed, _) => keep(customer, service, tonight),
            (CountStanding::Held, Some(before)) if !approved => keep(customer, service, *before),
            (CountStanding::Held | CountStanding::Left, Some(before)) => {
                keep(customer, service, before.least(tonight));
            }
            (CountStanding::Held | CountStanding::Left, None) | (CountStanding::NotBilled, _) => {}
        }
    }
    // What is in the export no more: a customer who is missing, or a service that would go to zero.
    for (customer, services) in past.iter().filter(|_| !approved) {
        let counted = counts.customers.get(customer);
        let gone = services.iter().filter(|(service, _)| counted.and_then(|own| own.get(*service)).is_none());
        for (service, before) in
            gone.filter(|(service, _)| standings.of_count(customer, service) == CountStanding::Held)
        {
            keep(customer, service, *before);
        }
    }
    after
}

/// The counts that are not to be taken for those of their day: their lines are held, or left as they are by an answer, and they
/// are far from the last one that was taken. A line that is held for another reason is counted all the same.
pub fn doubted<'a>(plan: &'a Plan, counts: &Counts, past: &Past, policy: &GuardPolicy) -> CountKeys<'a> {
    let is_doubted = |(customer, service): &(&CustomerName, &ServiceName)| {
        let cell = counts.of(customer).map(|own| own.get(*service));
        let Some(count) = cell.map(|cell| cell.map_or(Decimal::ZERO, Cell::units)) else { return false };
        let last = past.last_days(customer, service).counts().last().map(|last| Quantity::as_decimal(*last));
        last.is_none_or(|last| {
            let gone = count.is_zero() && !last.is_zero();
            gone || policy.line_step.too_far(last, count).is_some()
        })
    };
    not_believed(plan).into_iter().filter(is_doubted).collect()
}

/// What tonight's export is worth beside what was accepted: what was never accepted, and is held again, is on neither
/// side. A row that cannot be read is there all the same.
pub(super) fn tonight(past: &AcceptedCounts, counts: &Counts, plan: &Plan) -> Size {
    let standings = Standings::of(plan);
    let known = |customer: &CustomerName, service: &ServiceName| {
        past.get(customer).is_some_and(|own| own.contains_key(service))
    };
    let measured = |(customer, service, _): &(&CustomerName, &ServiceName, &Cell)| {
        known(customer, service) || standings.of_count(customer, service) == CountStanding::Believed
    };
    let mut size = Size::default();
    let mut customers: BTreeSet<&CustomerName> =
        counts.customers.keys().chain(counts.left_out.keys()).filter(|customer| past.contains_key(*customer)).collect();
    for (customer, _, cell) in cells(counts).filter(measured) {
        size.rows += cell.lines().number();
        size.units = size.units.saturating_add(cell.units());
        customers.insert(customer);
    }
    let of_known = |customer: &Option<CustomerName>| customer.as_ref().is_none_or(|name| past.contains_key(name));
    size.rows += counts.rejected.iter().filter(|row| of_known(&row.customer)).count();
    size.customers = customers.len();
    size
}

/// Every count, customer by customer.
fn cells(counts: &Counts) -> impl Iterator<Item = (&CustomerName, &ServiceName, &Cell)> {
    counts.customers.iter().flat_map(|(customer, counted)| {
        counted.cells().map(move |(service, cell)| (customer, service, cell)).collect::<Vec<_>>()
    })
}
