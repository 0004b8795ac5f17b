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

/// Every line of every agreement that customers are billed on, in order: those that a count asks for, and those that
/// are there already (`there` names their products), which a customer without a row for the service wants at zero.
///
/// One at a time: a large MSP has a hundred thousand of them.
pub fn wanted_lines<'a, P: Iterator<Item = &'a ProductCode>>(
    counts: &'a Counts,
    mapping: &'a Mapping,
    places: &'a BTreeMap<CustomerName, Place>,
    there: impl Fn(AgreementId) -> P + 'a,
) -> impl Iterator<Item = (LineKey, WantedLine)> + 'a {
    let biller = Biller::new(mapping);
    tenancies(counts, places).into_iter().flat_map(move |(agreement, tenancy)| {
        let products: BTreeSet<&ProductCode> = biller.asked(&tenancy).chain(there(agreement)).collect();
        let line =
            |product: &ProductCode| (LineKey { agreement, product: product.clone() }, biller.line(&tenancy, product));
        products.into_iter().map(line).collect::<Vec<_>>()
    })
}

/// The customers of one agreement, with their counts. Usually one; where they are several, their counts add up.
struct Tenancy<'a> {
    company: CompanyId,
    customers: Vec<(&'a CustomerName, Option<&'a CustomerCounts>)>,
}

fn tenancies<'a>(counts: &'a Counts, places: &'a BTreeMap<CustomerName, Place>) -> BTreeMap<AgreementId, Tenancy<'a>> {
    let mut tenancies = BTreeMap::new();
    for (customer, place) in places {
        if let Some((company, agreement)) = place.agreement() {
            let new = || Tenancy { company, customers: Vec::new() };
            let counted = counts.customers.get(customer);
            tenancies.entry(agreement).or_insert_with(new).customers.push((customer, counted));
        }
    }
    tenancies
}

struct Biller<'a> {
    services: BTreeMap<&'a ServiceName, &'a Billed>,
    by_product: BTreeMap<&'a ProductCode, Vec<(&'a ServiceName, &'a Billed)>>,
}

impl<'a> Biller<'a> {
    fn new(mapping: &'a Mapping) -> Self {
        let mut by_product: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (service, billed) in mapping.billed() {
            for product in &billed.products {
                by_product.entry(product).or_default().push((service, billed));
            }
        }
        Self { services: mapping.billed().collect(), by_product }
    }

    /// The products that the counts of an agreement ask for.
    fn asked(&self, tenancy: &Tenancy<'a>) -> impl Iterator<Item = &'a ProductCode> {
        let counted = tenancy.customers.iter().filter_map(|(_, counted)| *counted);
        let services = counted.flat_map(|customer| customer.services.keys());
        services.filter_map(|service| self.services.get(service)).flat_map(|billed| &billed.products)
    }

    fn line(&self, tenancy: &Tenancy<'a>, product: &ProductCode) -> WantedLine {
        let services = self.by_product.get(product).map(Vec::as_slice).unwrap_or_default();
        let mut sum = Sum::default();
        for (customer, counted) in &tenancy.customers {
            for (service, _) in services {
                sum.add(customer, service, *counted);
            }
        }
        let nobody_counted = tenancy.customers.iter().all(|(_, counted)| counted.is_none());
        let whole = services.iter().any(|(_, billed)| billed.whole);
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
            (Some(_), Some(Cell::OutOfRange { total: Some(_), .. })) => Err(Code::CountNegative),
            (Some(_), Some(Cell::OutOfRange { total: None, .. })) => Err(Code::TooLarge),
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
