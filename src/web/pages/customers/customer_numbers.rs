//! What the newest plans have of each customer: lines, units, open items, and when recount last changed one of its lines.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use crate::history::run_record::{LineRecord, RunRecord};
use crate::reconcile::model::ids::{CustomerName, IntegrationName, ItemName, ServiceName};
use crate::reconcile::model::plan::line::LineKey;
use crate::report::{display_names, lines};
use crate::web::desk::host::mapping_host::MappedCustomer;
use crate::web::desk::visit::{Overview, Visit};
use crate::web::site::PageError;

/// The numbers of a customer.
#[derive(Default, Clone, Copy)]
pub(super) struct CustomerNumbers {
    /// Its lines.
    pub(super) lines: usize,
    /// What waits for a person.
    pub(super) open: usize,
    /// What the export counts of it; `None` where it says nothing.
    pub(super) units: Option<Decimal>,
}

/// By integration and customer.
pub(super) struct AllNumbers<'a>(BTreeMap<(&'a str, &'a str), CustomerNumbers>);

impl<'a> AllNumbers<'a> {
    pub(super) fn of(desk: &'a Overview) -> Self {
        let mut all = Self(BTreeMap::new());
        for plan in &desk.plans {
            let integration = plan.run.integration.as_str();
            for customer in lines(&plan.run).iter().flat_map(display_names::customers) {
                all.entry(integration, customer).lines += 1;
            }
            for ((customer, _), count) in counts(&plan.run) {
                let units = &mut all.entry(integration, customer).units;
                *units = Some(units.unwrap_or_default().saturating_add(count.units()));
            }
        }
        for one in &desk.waiting {
            let of_line = one.line.iter().flat_map(display_names::customers);
            let named: BTreeSet<&CustomerName> = one.finding.customer.iter().chain(of_line).collect();
            for customer in named {
                all.entry(one.integration.as_str(), customer).open += 1;
            }
        }
        all
    }

    fn entry(&mut self, integration: &'a str, customer: &'a CustomerName) -> &mut CustomerNumbers {
        self.0.entry((integration, customer.as_str())).or_default()
    }

    pub(super) fn of_customer(&self, one: &MappedCustomer) -> CustomerNumbers {
        self.0.get(&(one.integration.as_str(), one.name.as_str())).copied().unwrap_or_default()
    }
}

/// What the lines of one count say of it: those of a bundle repeat it, and those of items have one of it each.
#[derive(Default)]
struct CountOf<'a> {
    most: Decimal,
    items: BTreeSet<&'a ItemName>,
}

impl CountOf<'_> {
    fn units(&self) -> Decimal {
        self.most.max(Decimal::from(self.items.len()))
    }
}

fn counts(run: &RunRecord) -> BTreeMap<(&CustomerName, &ServiceName), CountOf<'_>> {
    let mut counts: BTreeMap<_, CountOf<'_>> = BTreeMap::new();
    for line in lines(run) {
        // The line of an item that the export names no more wants none, and repeats the whole count.
        let item = line.item.as_ref().filter(|_| line.wanted.is_none_or(|wanted| !wanted.is_zero()));
        for source in line.sources.iter().filter(|source| !source.lines.is_empty()) {
            let Some(count) = source.count.map(|count| count.as_decimal()) else { continue };
            let known = counts.entry((&source.customer, &source.service)).or_default();
            known.most = known.most.max(count);
            known.items.extend(item.filter(|_| count == Decimal::ONE));
        }
    }
    counts
}

/// When recount last changed a line of each of these customers.
pub(super) fn last_changes<'c>(
    visit: &Visit,
    customers: &[&'c MappedCustomer],
) -> Result<BTreeMap<&'c str, DateTime<Utc>>, PageError> {
    let mut last = BTreeMap::new();
    for plan in &visit.desk.plans {
        let of_it = customers.iter().filter(|one| one.integration == plan.run.integration);
        let handles: BTreeMap<&CustomerName, &'c str> = of_it.map(|one| (&one.name, one.handle.as_str())).collect();
        let own: Vec<(&'c str, LineKey)> = lines(&plan.run).iter().flat_map(|line| keys(line, &handles)).collect();
        let changed = writes(visit, &plan.run.integration, &own)?;
        for (handle, key) in own {
            if let Some(at) = changed.get(&key) {
                let known = last.entry(handle).or_insert(*at);
                *known = (*known).max(*at);
            }
        }
    }
    Ok(last)
}

/// The handles of the customers of a line, each with the line's place.
fn keys<'c>(line: &LineRecord, handles: &BTreeMap<&CustomerName, &'c str>) -> Vec<(&'c str, LineKey)> {
    let Some(key) = line.key() else { return Vec::new() };
    let own = display_names::customers(line).into_iter().filter_map(|customer| handles.get(customer));
    own.map(|handle| (*handle, key.folded().into_owned())).collect()
}

fn writes(
    visit: &Visit,
    integration: &IntegrationName,
    own: &[(&str, LineKey)],
) -> Result<BTreeMap<LineKey, DateTime<Utc>>, PageError> {
    let agreements = own.iter().map(|(_, key)| key.agreement).collect();
    let last = visit.desk.history()?.last_writes(integration, &agreements)?;
    Ok(last.into_iter().map(|(key, write)| (key, write.at)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reconcile::model::quantity::Quantity;

    /// Otherwise the page says twice what a customer has, and somebody looks for units that nobody counted.
    #[test]
    fn each_count_is_one_whatever_lines_it_has() {
        let of = |most: u32, items: &[&str]| {
            let items: Vec<ItemName> = items.iter().map(|item| ItemName::new(item)).collect();
            CountOf { most: Quantity::from(most).as_decimal(), items: items.iter().collect() }.units()
        };
        assert_eq!(of(8, &[]), Decimal::from(8));
        assert_eq!(of(1, &["a", "b"]), Decimal::from(2), "two items are two units");
        assert_eq!(of(2, &["a", "b"]), Decimal::from(2), "the line without an item repeats them");
    }
}
