//! What goes onto the invoice otherwise than counted because a person said so, and who that was.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::history::run_lookup::RunSummary;
use crate::history::run_record::LineRecord;
use crate::reconcile::model::decision::{Decision, DecisionSubject, Decisions};
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::outcome::AnswerVerb;
use crate::reconcile::model::plan::reason_code::Code;

/// One that nobody is asked about any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeftOnPurpose {
    /// A line that an answer leaves as it is, with that answer where it is still the last one.
    Line(Box<LineRecord>, Option<Box<Decision>>),
    /// A customer that the mapping skips.
    Skipped(Box<Finding>),
}

/// All of one run: kept lines that bill otherwise than counted, ignored lines, and skipped customers. What was answered after
/// the run did nothing in it.
pub fn of_run(
    run: &RunSummary,
    lines: Vec<LineRecord>,
    findings: &[Finding],
    decisions: &Decisions,
) -> Vec<LeftOnPurpose> {
    let before = decisions.0.iter().filter(|(_, decision)| decision.at < run.started_at);
    let by_name: BTreeMap<&DecisionSubject, &Decision> = before.collect();
    let is_left = |line: &LineRecord| line.reason == Code::Ignored || line.was != line.wanted;
    let left = lines.into_iter().filter(is_left).map(|line| {
        let decision = answer_of(&line, &by_name).cloned().map(Box::new);
        LeftOnPurpose::Line(Box::new(line), decision)
    });
    let skipped = findings.iter().filter(|found| found.code == Code::CustomerSkipped);
    left.chain(skipped.cloned().map(Box::new).map(LeftOnPurpose::Skipped)).collect()
}

/// How many of them are ignored lines, and how many units of these are counted and on no line of ConnectWise.
pub fn ignored(left: &[LeftOnPurpose]) -> (usize, Decimal) {
    let ignored: Vec<&LineRecord> = left
        .iter()
        .filter_map(|one| match one {
            LeftOnPurpose::Line(line, _) => Some(line.as_ref()).filter(|line| line.reason == Code::Ignored),
            LeftOnPurpose::Skipped(_) => None,
        })
        .collect();
    let unbilled = ignored.iter().filter(|line| line.addition.is_none());
    let counts = unbilled.flat_map(|line| &line.sources).filter_map(|source| source.count);
    (ignored.len(), counts.fold(Decimal::ZERO, |sum, count| sum.saturating_add(count.as_decimal())))
}

/// The answer that leaves it: to the line, or to whatever it follows from.
fn answer_of<'d>(line: &LineRecord, decisions: &BTreeMap<&DecisionSubject, &'d Decision>) -> Option<&'d Decision> {
    let verb = if line.reason == Code::Kept { AnswerVerb::Keep } else { AnswerVerb::Ignore };
    let own = line.key().map(|key| DecisionSubject::line(&key));
    let product = line.product.as_ref().map(|product| DecisionSubject::Product(product.folded()));
    let behind = line.sources.iter().flat_map(|source| {
        let (customer, service) = (source.customer.clone(), source.service.clone());
        let both = DecisionSubject::Duplicate(customer.clone(), service.clone());
        [DecisionSubject::Customer(customer), DecisionSubject::Service(service), both]
    });
    let mut each = own.into_iter().chain(behind).chain(product);
    each.find_map(|matter| decisions.get(&matter).copied().filter(|decision| decision.verb == verb))
}
