//! What a line, and whatever else a finding is about, is called where a person reads it.

use std::borrow::Cow;

use crate::history::run_record::LineRecord;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::ids::{CustomerName, ItemName, ServiceName};
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::outcome::Outcome;
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::ticket_kind::TicketKind;

/// The customers behind a line, each once, in order.
pub(crate) fn customers(line: &LineRecord) -> Vec<&CustomerName> {
    let mut customers: Vec<&CustomerName> = line.sources.iter().map(|source| &source.customer).collect();
    customers.sort();
    customers.dedup();
    customers
}

/// The services behind a line, each once, in order.
pub(crate) fn services(line: &LineRecord) -> Vec<&ServiceName> {
    let mut services: Vec<&ServiceName> = line.sources.iter().map(|source| &source.service).collect();
    services.sort();
    services.dedup();
    services
}

/// `Acme Dental · MP-CLOUDFILTER`.
pub(crate) fn line(line: &LineRecord) -> String {
    format!("{} · {}", whose(line), product(line))
}

/// Whose line it is.
pub(crate) fn whose(line: &LineRecord) -> String {
    match (customers(line).as_slice(), line.company) {
        ([], Some(company)) => format!("company {company}"),
        (customers, _) => join(customers.iter().map(|customer| customer.as_str())),
    }
}

/// What a finding is about: its line if it has one, else whom and what it names, else the export, the plan or the run, else its code
/// in words.
pub(crate) fn matter(finding: &Finding, line: Option<&LineRecord>) -> String {
    match (line, &finding.customer, &finding.service) {
        (Some(line), _, _) => self::line(line),
        (None, Some(customer), Some(service)) => format!("{} · {}", shown(customer.as_str()), shown(service.as_str())),
        (None, Some(customer), None) => shown(customer.as_str()),
        (None, None, Some(service)) => format!("service {}", shown(service.as_str())),
        (None, None, None) => whole(finding),
    }
}

/// What a finding about no customer, service or line is about: what stopped a whole night is called by that.
fn whole(finding: &Finding) -> String {
    match TicketKind::of(finding) {
        Some(TicketKind::RefusedExport) => "the export".to_owned(),
        Some(TicketKind::HeldRun) => "the whole plan".to_owned(),
        Some(TicketKind::FailedRun) => "the run".to_owned(),
        Some(TicketKind::UnmappedCustomer | TicketKind::HeldLine) | None => finding.code.as_str().replace('-', " "),
    }
}

/// Whether a line is held because several additions are live, and nobody said which is meant.
pub(crate) fn is_ambiguous(line: &LineRecord) -> bool {
    line.outcome == Outcome::Held && line.reason == Code::LineAmbiguous
}

/// The product, which is what stands in ConnectWise and tells the lines of a bundle apart, with the item where a line
/// is one item's; the service where there is no product.
pub(crate) fn product(line: &LineRecord) -> String {
    match (&line.product, &line.item) {
        (Some(product), Some(item)) => format!("{} · {}", shown(product.as_str()), shown(item.as_str())),
        (Some(product), None) => shown(product.as_str()),
        (None, _) => join(services(line).into_iter().map(ServiceName::as_str)),
    }
}

/// What happened to a line, and how its counts became units, where a policy had to do with it.
pub(crate) fn with_steps<'a>(line: &LineRecord, detail: &'a str) -> Cow<'a, str> {
    let steps: Vec<&str> = line.sources.iter().filter_map(|source| source.how.as_deref()).collect();
    match (steps.as_slice(), detail) {
        ([], detail) => Cow::Borrowed(detail),
        (steps, "") => Cow::Owned(steps.join("; ")),
        (steps, detail) => Cow::Owned(format!("{detail}; {}", steps.join("; "))),
    }
}

/// The items behind a line, each once, in order.
pub(crate) fn items(line: &LineRecord) -> Vec<&ItemName> {
    let mut items: Vec<&ItemName> = line.sources.iter().flat_map(|source| &source.items).collect();
    items.sort();
    items.dedup();
    items
}

/// The first few of some items, in one sentence.
pub(crate) fn listed(items: &[&ItemName]) -> String {
    const SHOWN: usize = 20;
    let shown = join_with(items.iter().take(SHOWN).map(|item| item.as_str()), ", ");
    match items.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn join<'a>(names: impl Iterator<Item = &'a str>) -> String {
    join_with(names, " + ")
}

fn join_with<'a>(names: impl Iterator<Item = &'a str>, between: &str) -> String {
    names.map(shown).collect::<Vec<_>>().join(between)
}
