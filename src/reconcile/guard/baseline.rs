//! What the next export is compared with: of each count, what was accepted last.
//!
//! A count whose line is held is not believed yet, so the one before it stays: else a typo that was held would make the
//! right export of the next night look as if half of it were missing. A person who approves a whole plan has seen what
//! is less in it, so falls are taken over then, and rises still are not. The same goes for a line that is kept or ignored: no
//! guard looks at it. What is billed on no line, of a customer who is skipped or a service that is not assigned, counts on
//! neither side. What waits under another name than it was accepted by, for a service or a customer was renamed, is the same count
//! on both sides; and so is what waits since an accepted night that said the same: that export passed with it.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use crate::reconcile::guard::accepted_counts::{AcceptedCount, AcceptedCounts, Size};
use crate::reconcile::guard::guard_policy::GuardPolicy;
use crate::reconcile::model::export::counts::{Cell, Counts};
use crate::reconcile::model::ids::{CompanyId, CustomerName, ServiceName};
use crate::reconcile::model::known_lines::KnownLines as _;
use crate::reconcile::model::past::Past;
use crate::reconcile::model::plan::Plan;
use crate::reconcile::model::plan::line::{Line, Verdict};
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

impl CountStanding {
    fn by(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Held(_) | Verdict::Large(_) => Self::Held,
            Verdict::Skipped(Code::Kept | Code::Ignored | Code::InvoiceDue) => Self::Left,
            Verdict::Unchanged(_) | Verdict::Update(_) | Verdict::Create(_) | Verdict::Skipped(Code::Frozen) => {
                Self::Believed
            }
            Verdict::Skipped(_) => Self::NotBilled,
        }
    }
}

/// The standing of each count that is not simply believed. A count of several lines has that of the line that says most.
struct Standings<'a>(BTreeMap<(&'a CustomerName, &'a ServiceName), CountStanding>);

impl<'a> Standings<'a> {
    fn of(plan: &'a Plan) -> Self {
        let mut standings = BTreeMap::new();
        for line in &plan.lines {
            let standing = CountStanding::by(&line.verdict);
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
pub fn after(past: &Past, counts: &Counts, plan: &Plan, approved: bool) -> AcceptedCounts {
    let accepted = &past.counts;
    let standings = Standings::of(plan);
    let mut after = AcceptedCounts::new();
    let mut keep = |customer: &CustomerName, service: &ServiceName, count: AcceptedCount| {
        after.entry(customer.clone()).or_default().insert(service.clone(), count);
    };
    for (customer, service, cell) in cells(counts) {
        let tonight = of_cell(cell);
        let before = accepted.get(customer).and_then(|own| own.get(service));
        match (standings.of_count(customer, service), before) {
            (CountStanding::Believed, _) => keep(customer, service, tonight),
            (CountStanding::Held, Some(before)) if !approved => keep(customer, service, *before),
            (CountStanding::Held | CountStanding::Left, Some(before)) => {
                keep(customer, service, before.least(tonight));
            }
            (CountStanding::Held | CountStanding::Left, None) | (CountStanding::NotBilled, _) => {}
        }
    }
    // What is in the export no more: a customer who is missing, a service that would go to zero, or one that was renamed.
    let held = plan.lines.iter().filter(|line| line.verdict.is_held());
    let was_billed: CountKeys<'_> = held.flat_map(|line| former(past, line)).collect();
    let gone = plan.lines.iter().filter(|line| line.verdict == Verdict::Held(Code::ServiceMissing));
    // An approved plan leaves these lines as they are, and its approval says nothing of a service that nobody has.
    let gone: CountKeys<'_> = gone.flat_map(|line| &line.sources).map(|one| (&one.customer, &one.service)).collect();
    for (customer, services) in accepted {
        for (service, before) in services {
            let key = (customer, service);
            let is_there = cell_of(counts, key).is_some_and(|cell| !approved || !cell.units().is_zero());
            let is_held = standings.of_count(customer, service) == CountStanding::Held;
            let stays = !approved && (is_held || was_billed.contains(&key));
            if !is_there && (stays || gone.contains(&key)) {
                keep(customer, service, *before);
            }
        }
    }
    after
}

/// What a line was billed for when it was last written or compared.
fn former<'a>(past: &'a Past, line: &Line) -> impl Iterator<Item = (&'a CustomerName, &'a ServiceName)> {
    let owned = line.key().and_then(|key| past.owned.of_line(key));
    owned.into_iter().flat_map(|owned| &owned.sources).map(|(customer, service)| (customer, service))
}

fn cell_of<'c>(counts: &'c Counts, (customer, service): (&CustomerName, &ServiceName)) -> Option<&'c Cell> {
    counts.customers.get(customer).and_then(|own| own.get(service))
}

/// What lines that wait were accepted for under names that the export has no more, and what they are for tonight under names
/// that were never accepted: a service or a customer was renamed, or the mapping was edited.
#[derive(Debug, Default)]
struct Renamed<'a> {
    gone: CountKeys<'a>,
    new: CountKeys<'a>,
}

impl<'a> Renamed<'a> {
    /// Company by company: what is new at one is not what is gone at another. A service that nobody mapped yet may be the new name
    /// of one whose line waits.
    fn by_company(past: &'a Past, counts: &Counts, plan: &'a Plan) -> BTreeMap<CompanyId, Self> {
        let mut all: BTreeMap<CompanyId, Self> = BTreeMap::new();
        let waits = |line: &&Line| {
            let standing = CountStanding::by(&line.verdict);
            line.key().is_some() && matches!(standing, CountStanding::Held | CountStanding::Left)
        };
        for line in plan.lines.iter().filter(waits) {
            let Some(company) = line.company else { continue };
            let of_company = all.entry(company).or_default();
            let named = line.sources.iter().map(|source| (&source.customer, &source.service));
            for key in named.chain(former(past, line)) {
                match (accepted_of(&past.counts, key), cell_of(counts, key)) {
                    (Some(_), None) => _ = of_company.gone.insert(key),
                    (None, Some(_)) => _ = of_company.new.insert(key),
                    (Some(_), Some(_)) | (None, None) => {}
                }
            }
        }
        let unmapped = plan.lines.iter().filter(|line| line.verdict == Verdict::Held(Code::ServiceUnmapped));
        for line in unmapped {
            let Some(of_company) = line.company.and_then(|company| all.get_mut(&company)) else { continue };
            let keys = line.sources.iter().map(|source| (&source.customer, &source.service));
            of_company.new.extend(keys.filter(|key| accepted_of(&past.counts, *key).is_none()));
        }
        all
    }

    /// Of both the smaller: no more came in its place than was there.
    fn units_and_rows(&self, past: &AcceptedCounts, counts: &Counts) -> AcceptedCount {
        let sum = |all: Vec<AcceptedCount>| AcceptedCount {
            units: all.iter().map(|count| count.units).fold(Decimal::ZERO, Decimal::saturating_add),
            rows: all.iter().map(|count| count.rows).sum(),
        };
        let before = self.gone.iter().filter_map(|key| accepted_of(past, *key)).collect();
        let tonight = self.new.iter().filter_map(|key| cell_of(counts, *key).map(of_cell)).collect();
        sum(before).least(sum(tonight))
    }

    /// Customers who are in the export under another name.
    fn customers(&self, past: &AcceptedCounts, counts: &Counts) -> impl Iterator<Item = &'a CustomerName> {
        let is_there = |name: &CustomerName| counts.customers.contains_key(name) || counts.left_out.contains_key(name);
        let of = |keys: &CountKeys<'a>| keys.iter().map(|(customer, _)| *customer).collect::<BTreeSet<_>>();
        let (mut gone, mut new) = (of(&self.gone), of(&self.new));
        gone.retain(|name| !is_there(name));
        new.retain(|name| !past.contains_key(*name));
        gone.into_iter().zip(new).map(|(was, _)| was)
    }
}

fn accepted_of(past: &AcceptedCounts, (customer, service): (&CustomerName, &ServiceName)) -> Option<AcceptedCount> {
    past.get(customer).and_then(|own| own.get(service)).copied()
}

fn of_cell(cell: &Cell) -> AcceptedCount {
    AcceptedCount { units: cell.units(), rows: cell.lines().number() }
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
/// side. A row that cannot be read is there all the same, and so is what is held under another name than it was accepted by.
pub(super) fn tonight(known: &Past, counts: &Counts, plan: &Plan) -> Size {
    let (past, standings) = (&known.counts, Standings::of(plan));
    let renamed = Renamed::by_company(known, counts, plan);
    let is_known = |customer: &CustomerName, service: &ServiceName| {
        past.get(customer).is_some_and(|own| own.contains_key(service))
    };
    let measured = |(customer, service, _): &(&CustomerName, &ServiceName, &Cell)| {
        is_known(customer, service) || standings.of_count(customer, service) == CountStanding::Believed
    };
    let mut size = Size::default();
    let mut customers: BTreeSet<&CustomerName> =
        counts.customers.keys().chain(counts.left_out.keys()).filter(|customer| past.contains_key(*customer)).collect();
    let waits_still = WaitsStill { past: known, counts, standings: &standings };
    for (customer, service, cell) in cells(counts).filter(measured) {
        let AcceptedCount { units, rows } = waits_still.accepted((customer, service)).unwrap_or_else(|| of_cell(cell));
        size.rows += rows;
        size.units = size.units.saturating_add(units);
        customers.insert(customer);
    }
    for AcceptedCount { units, rows } in waits_still.without_rows(&renamed) {
        size.rows += rows;
        size.units = size.units.saturating_add(units);
    }
    let of_known = |customer: &Option<CustomerName>| customer.as_ref().is_none_or(|name| past.contains_key(name));
    for renamed in renamed.values() {
        let AcceptedCount { units, rows } = renamed.units_and_rows(past, counts);
        size.rows += rows;
        size.units = size.units.saturating_add(units);
        customers.extend(renamed.customers(past, counts));
    }
    size.rows += counts.rejected.iter().filter(|row| of_known(&row.customer)).count();
    size.customers = customers.len();
    size
}

/// The counts whose lines wait since an accepted night that counted the same, also where another night came between.
#[derive(Clone, Copy)]
struct WaitsStill<'a> {
    past: &'a Past,
    counts: &'a Counts,
    standings: &'a Standings<'a>,
}

impl<'a> WaitsStill<'a> {
    /// What was accepted of a count that waits still.
    fn accepted(self, key: (&CustomerName, &ServiceName)) -> Option<AcceptedCount> {
        let (customer, service) = key;
        let then = self.past.waiting.get(&(customer.clone(), service.clone()))?;
        let none = Quantity::default();
        let now = cell_of(self.counts, key).map_or(none.as_decimal(), Cell::units);
        let is_same = then.iter().any(|then| then.unwrap_or(none).as_decimal() == now);
        let is_held = self.standings.of_count(customer, service) == CountStanding::Held;
        accepted_of(&self.past.counts, key).filter(|_| is_same && is_held)
    }

    /// Those of customers who are in the export and have no row of it. What came under another name is counted there.
    fn without_rows(self, renamed: &BTreeMap<CompanyId, Renamed<'_>>) -> impl Iterator<Item = AcceptedCount> {
        let is_renamed = move |key: (&CustomerName, &ServiceName)| {
            renamed.values().any(|renamed| !renamed.new.is_empty() && renamed.gone.contains(&key))
        };
        let keys = self.past.waiting.keys().map(|(customer, service)| (customer, service));
        let without = keys.filter(move |key| {
            self.counts.customers.contains_key(key.0) && cell_of(self.counts, *key).is_none() && !is_renamed(*key)
        });
        without.filter_map(move |key| self.accepted(key))
    }
}

/// Every count, customer by customer.
fn cells(counts: &Counts) -> impl Iterator<Item = (&CustomerName, &ServiceName, &Cell)> {
    counts.customers.iter().flat_map(|(customer, counted)| {
        counted.cells().map(move |(service, cell)| (customer, service, cell)).collect::<Vec<_>>()
    })
}
