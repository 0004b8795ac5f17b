//! What goes onto the invoice otherwise than counted because a person said so, and who that was.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use crate::history::run_record::{LineRecord, RunSummary};
use crate::reconcile::model::decision::{Decision, DecisionSubject, Decisions};
use crate::reconcile::model::ids::{CustomerName, ServiceName};
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::line::Source;
use crate::reconcile::model::plan::outcome::{AnswerVerb, Outcome};
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::quantity::Quantity;

/// One that nobody is asked about any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeftOnPurpose {
    /// A line that an answer leaves as it is, with that answer where it is still the last one.
    Line(Box<LineRecord>, Option<Box<Decision>>),
    /// A customer that the mapping skips, with what is counted of it.
    Skipped(Box<Finding>, CountedUnits),
    /// A service that the configuration bills nowhere.
    Service(ServiceLeft),
}

/// A service that is known and billed nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceLeft {
    /// The service.
    pub service: ServiceName,
    /// Not assigned, or deprecated.
    pub reason: Code,
    /// Customers who are counted with it.
    pub customers: usize,
    /// What is counted.
    pub units: CountedUnits,
}

/// Counts together. One that is not known is no 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CountedUnits {
    /// The units of those that are known; `None` where none is.
    pub known: Option<Decimal>,
    /// How many are not known.
    pub unknown: usize,
}

impl CountedUnits {
    fn add(&mut self, source: &Source) {
        match source.count {
            Some(count) => self.known = Some(self.known.unwrap_or_default().saturating_add(count.as_decimal())),
            None => self.unknown += 1,
        }
    }
}

/// All of one run, of its lines that are not settled: kept lines that bill otherwise than counted, ignored lines, skipped
/// customers, and services that are billed nowhere. What was answered after the run did nothing in it.
pub fn of_run(
    run: &RunSummary,
    lines: &[LineRecord],
    findings: &[Finding],
    decisions: &Decisions,
) -> Vec<LeftOnPurpose> {
    let before = decisions.0.iter().filter(|(_, decision)| decision.at < run.started_at);
    let by_name: BTreeMap<&DecisionSubject, &Decision> = before.collect();
    let is_left = |line: &&LineRecord| match line.reason {
        Code::Ignored => true,
        Code::Kept => line.was != line.wanted,
        _ => false,
    };
    let left = lines.iter().filter(is_left).map(|line| {
        let decision = answer_of(line, &by_name).cloned().map(Box::new);
        LeftOnPurpose::Line(Box::new(line.clone()), decision)
    });
    let skipped = findings.iter().filter(|found| found.code == Code::CustomerSkipped);
    let skipped = skipped.map(|found| LeftOnPurpose::Skipped(Box::new(found.clone()), of_skipped(found, lines)));
    left.chain(skipped).chain(services(lines).into_iter().map(LeftOnPurpose::Service)).collect()
}

/// What is counted of a customer that is skipped.
fn of_skipped(found: &Finding, lines: &[LineRecord]) -> CountedUnits {
    let skipped = lines.iter().filter(|line| line.reason == Code::CustomerSkipped);
    let own = skipped.flat_map(|line| &line.sources).filter(|source| Some(&source.customer) == found.customer.as_ref());
    own.fold(CountedUnits::default(), |mut units, source| {
        units.add(source);
        units
    })
}

fn services(lines: &[LineRecord]) -> Vec<ServiceLeft> {
    let mut found: BTreeMap<(&ServiceName, Code), (BTreeSet<&CustomerName>, CountedUnits)> = BTreeMap::new();
    let is_left = |line: &&LineRecord| {
        line.outcome == Outcome::Skipped && matches!(line.reason, Code::ServiceNotAssigned | Code::ServiceDeprecated)
    };
    for line in lines.iter().filter(is_left) {
        for source in &line.sources {
            let (customers, units) = found.entry((&source.service, line.reason)).or_default();
            customers.insert(&source.customer);
            units.add(source);
        }
    }
    let each = found.into_iter().map(|((service, reason), (customers, units))| ServiceLeft {
        service: service.clone(),
        reason,
        customers: customers.len(),
        units,
    });
    each.collect()
}

/// What ignored lines come to, each in one of these.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct IgnoredUnits {
    /// Counted, and on no line of ConnectWise: how many lines, and units.
    pub unbilled: (usize, Decimal),
    /// Billed otherwise than counted: how many lines, units billed, units counted.
    pub otherwise: (usize, Decimal, Decimal),
    /// Billed, and counted by nobody: how many lines, and units.
    pub uncounted: (usize, Decimal),
    /// Of a count that stands in the export and is not known: how many lines, and units billed.
    pub unknown: (usize, Decimal),
}

impl IgnoredUnits {
    /// Of all that was left.
    pub fn of(left: &[LeftOnPurpose]) -> Self {
        let mut all = Self::default();
        for one in left {
            if let LeftOnPurpose::Line(line, decision) = one
                && line.reason == Code::Ignored
            {
                all.add(line, decision.as_deref());
            }
        }
        all
    }

    fn add(&mut self, line: &LineRecord, decision: Option<&Decision>) {
        // Of an absent customer there is no row: nobody counts it.
        if line.sources.iter().any(|source| source.count.is_none() && !source.lines.is_empty()) {
            let (lines, units) = self.unknown;
            let billed = billed(line, decision).map(|units| units.as_decimal());
            self.unknown = (lines + 1, units.saturating_add(billed.unwrap_or_default()));
            return;
        }
        let counts = line.sources.iter().filter_map(|source| source.count);
        let counted = counts.map(|count| count.as_decimal()).reduce(Decimal::saturating_add);
        match (billed(line, decision).map(|units| units.as_decimal()), counted) {
            (None, counted) => {
                let (lines, units) = self.unbilled;
                self.unbilled = (lines + 1, units.saturating_add(counted.unwrap_or_default()));
            }
            (Some(billed), None) => {
                let (lines, units) = self.uncounted;
                self.uncounted = (lines + 1, units.saturating_add(billed));
            }
            (Some(billed), Some(counted)) => {
                let (lines, before, count) = self.otherwise;
                self.otherwise = (lines + 1, before.saturating_add(billed), count.saturating_add(counted));
            }
        }
    }
}

/// What a line that was left bills: of one for which several additions stand, all of them together.
pub fn billed(line: &LineRecord, decision: Option<&Decision>) -> Option<Quantity> {
    on_several(line, decision).or(line.was)
}

/// What the several additions of one line bill together, where nobody chose between them. What else a line without an addition
/// names bills elsewhere.
pub fn on_several(line: &LineRecord, decision: Option<&Decision>) -> Option<Quantity> {
    let is_ambiguous = match line.reason {
        Code::LineAmbiguous => line.outcome == Outcome::Held,
        Code::BilledNotCounted => line.outcome == Outcome::Held,
        Code::Ignored => {
            decision.is_some_and(|decision| matches!(decision.reason, Code::LineAmbiguous | Code::BilledNotCounted))
        }
        _ => false,
    };
    let named = line.named.as_ref().filter(|named| is_ambiguous && named.0.len() > 1)?;
    let mut units = named.0.values().copied();
    let first = units.next()??;
    units.try_fold(first, |sum, units| sum.checked_add(units?))
}

/// The answer that leaves it: to the line, or to whatever it follows from.
fn answer_of<'d>(line: &LineRecord, decisions: &BTreeMap<&DecisionSubject, &'d Decision>) -> Option<&'d Decision> {
    let verb = if line.reason == Code::Kept { AnswerVerb::Keep } else { AnswerVerb::Ignore };
    let own = line.key().map(|key| line.answer_subject(&key));
    let product = line.product.as_ref().map(|product| DecisionSubject::Product(product.folded()));
    let behind = line.sources.iter().flat_map(|source| {
        let (customer, service) = (source.customer.clone(), source.service.clone());
        let both = DecisionSubject::Duplicate(customer.clone(), service.clone());
        [DecisionSubject::Customer(customer), DecisionSubject::Service(service), both]
    });
    let mut each = own.into_iter().chain(behind).chain(product);
    each.find_map(|matter| decisions.get(&matter).copied().filter(|decision| decision.verb == verb))
}
