//! Counts and places into wanted lines: what each line ought to be, and why nobody can say where nobody can.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::reconcile::code::Code;
use crate::reconcile::counts::Cell;
use crate::reconcile::counts::Counts;
use crate::reconcile::counts::CustomerCounts;
use crate::reconcile::ids::AgreementId;
use crate::reconcile::ids::CompanyId;
use crate::reconcile::ids::CustomerName;
use crate::reconcile::ids::ProductCode;
use crate::reconcile::ids::ServiceName;
use crate::reconcile::mapping::Billed;
use crate::reconcile::mapping::Mapping;
use crate::reconcile::placement::Place;
use crate::reconcile::plan::LineKey;
use crate::reconcile::plan::Source;
use crate::reconcile::quantity::Quantity;

/// A line as the export and the mapping want it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedLine {
    /// Whose.
    pub company: CompanyId,
    /// The counts behind it.
    pub sources: Vec<Source>,
    /// Their sum, or why there is none.
    pub quantity: Result<Quantity, Code>,
    /// Whether none of its customers is in the export.
    pub nobody_counted: bool,
    /// Whether a service behind it allows no fractions.
    pub whole: bool,
}

/// Every line of every agreement that customers are billed on: those that a count asks for, and those that are there
/// (`existing`), which a customer without a row for the service wants at zero.
pub fn wanted_lines(
    counts: &Counts,
    mapping: &Mapping,
    places: &BTreeMap<CustomerName, Place>,
    existing: &BTreeSet<LineKey>,
) -> BTreeMap<LineKey, WantedLine> {
    let biller = Biller::new(counts, mapping);
    let mut lines = BTreeMap::new();
    for (agreement, tenancy) in tenancies(places) {
        for product in biller.products(agreement, &tenancy, existing) {
            let key = LineKey { agreement, product: product.clone() };
            lines.insert(key, biller.line(&tenancy, product));
        }
    }
    lines
}

/// The customers of one agreement. Usually one; where they are several, their counts add up.
struct Tenancy<'a> {
    company: CompanyId,
    customers: Vec<&'a CustomerName>,
}

fn tenancies(places: &BTreeMap<CustomerName, Place>) -> BTreeMap<AgreementId, Tenancy<'_>> {
    let mut tenancies = BTreeMap::new();
    for (customer, place) in places {
        if let Some((company, agreement)) = place.agreement() {
            let new = || Tenancy { company, customers: Vec::new() };
            tenancies.entry(agreement).or_insert_with(new).customers.push(customer);
        }
    }
    tenancies
}

struct Biller<'a> {
    counts: &'a Counts,
    services: BTreeMap<&'a ServiceName, &'a Billed>,
    by_product: BTreeMap<&'a ProductCode, Vec<&'a ServiceName>>,
}

impl<'a> Biller<'a> {
    fn new(counts: &'a Counts, mapping: &'a Mapping) -> Self {
        let services: BTreeMap<_, _> = mapping.billed().collect();
        let mut by_product: BTreeMap<&ProductCode, Vec<&ServiceName>> = BTreeMap::new();
        for (service, billed) in &services {
            for product in &billed.products {
                by_product.entry(product).or_default().push(service);
            }
        }
        Self { counts, services, by_product }
    }

    /// The products that an agreement has a line for: asked for by a count, or there already.
    fn products(
        &self,
        agreement: AgreementId,
        tenancy: &Tenancy<'a>,
        existing: &BTreeSet<LineKey>,
    ) -> BTreeSet<&'a ProductCode> {
        let counted = tenancy.customers.iter().filter_map(|customer| self.counts.customers.get(*customer));
        let asked = counted
            .flat_map(|customer| customer.services.keys())
            .filter_map(|service| self.services.get(service))
            .flat_map(|billed| &billed.products);
        let first = LineKey { agreement, product: ProductCode::new("") };
        let there = existing
            .range(first..)
            .take_while(|key| key.agreement == agreement)
            .filter_map(|key| self.by_product.get_key_value(&key.product))
            .map(|(product, _)| *product);
        asked.chain(there).collect()
    }

    fn line(&self, tenancy: &Tenancy<'a>, product: &ProductCode) -> WantedLine {
        let services = self.by_product.get(product).map(Vec::as_slice).unwrap_or_default();
        let mut sum = Sum::default();
        for customer in &tenancy.customers {
            let counted = self.counts.customers.get(*customer);
            for service in services {
                sum.add(customer, service, counted);
            }
        }
        let whole = services.iter().any(|service| self.services.get(service).is_some_and(|billed| billed.whole));
        let nobody_counted = tenancy.customers.iter().all(|customer| !self.counts.customers.contains_key(*customer));
        sum.finish(tenancy.company, nobody_counted, whole)
    }
}

/// Adds up the counts of one line, and remembers the first reason why they cannot be.
#[derive(Default)]
struct Sum {
    explicit: Vec<Source>,
    implied: Vec<Source>,
    total: Quantity,
    fault: Option<Code>,
}

impl Sum {
    fn add(&mut self, customer: &CustomerName, service: &ServiceName, counted: Option<&CustomerCounts>) {
        let cell = counted.and_then(|customer| customer.services.get(service));
        let count = Self::count(cell, counted);
        let source = Source {
            customer: customer.clone(),
            service: service.clone(),
            count: count.ok(),
            lines: cell.map(|cell| cell.lines().to_vec()).unwrap_or_default(),
        };
        match (&count, cell) {
            (Ok(_), None) => self.implied.push(source),
            _ => self.explicit.push(source),
        }
        match count.and_then(|count| self.total.checked_add(count).ok_or(Code::TooLarge)) {
            Ok(total) => self.total = total,
            // In the codes' own order, so that the order of customers never matters.
            Err(fault) => self.fault = Some(self.fault.map_or(fault, |known| known.min(fault))),
        }
    }

    /// Absent, unreadable and zero are three different things.
    fn count(cell: Option<&Cell>, counted: Option<&CustomerCounts>) -> Result<Quantity, Code> {
        match (counted, cell) {
            (None, _) => Err(Code::CustomerMissing),
            (Some(customer), _) if !customer.rejected_lines.is_empty() => Err(Code::CustomerIncomplete),
            (Some(_), Some(Cell::Duplicate { .. })) => Err(Code::RowDuplicate),
            (Some(_), Some(Cell::Counted { count, .. })) => Ok(*count),
            (Some(_), None) => Ok(Quantity::ZERO),
        }
    }

    fn finish(self, company: CompanyId, nobody_counted: bool, whole: bool) -> WantedLine {
        let sources = if self.explicit.is_empty() { self.implied } else { self.explicit };
        let quantity = self.fault.map_or(Ok(self.total), Err);
        WantedLine { company, sources, quantity, nobody_counted, whole }
    }
}
