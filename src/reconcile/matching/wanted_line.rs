//! The counts of an agreement's customers, added up into what one line ought to be.

use std::collections::{BTreeMap, BTreeSet};

use crate::reconcile::matching::line_peak::{LinePeak, OnPeakDay, PeakSource};
use crate::reconcile::matching::look_back::{LookBackLine, Rolling, of_last_period};
use crate::reconcile::matching::spellings::in_two_spellings;
use crate::reconcile::model::bill_customer::Bill;
use crate::reconcile::model::export::counts::{Cell, Counts, CustomerCounts};
use crate::reconcile::model::ids::{AgreementId, CompanyId, CustomerName, ItemName, ProductCode, ServiceName};
use crate::reconcile::model::known_lines::KnownLines as _;
use crate::reconcile::model::mapping::{Billed, Mapping};
use crate::reconcile::model::past::Past;
use crate::reconcile::model::plan::line::{LineKey, LiveAddition, Source};
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::quantity::Quantity;
use crate::reconcile::model::quantity_policy::{Measure, Policy, PolicyInput, PolicyResult};

/// A line as the export and the mapping want it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedLine {
    /// The company that is billed.
    pub company: CompanyId,
    /// The counts behind it.
    pub sources: Vec<Source>,
    /// Their sum, or why there is none.
    pub quantity: Result<Quantity, Code>,
    /// Whether none of its customers is in the export.
    pub nobody_counted: bool,
    /// What else was agreed about it.
    pub terms: Terms,
    /// What the last day that was counted came to, where a policy looks back on it.
    pub rolled: Option<LookBackLine>,
    /// What this period comes to so far, where `quantity` is that of the period before: its invoice is not made yet.
    pub after_invoice: Option<Quantity>,
}

/// What is agreed about a line, beside its quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Terms {
    /// A service behind it allows no fractions.
    pub whole: bool,
    /// It never goes below what is billed now.
    pub never_decrease: bool,
    /// It is reported, and never written.
    pub report_only: bool,
    /// A policy has taken included units off already.
    pub included: bool,
    /// How it is created.
    pub bill: Bill,
    /// Whether each item of the product has a line of its own.
    pub per_item: bool,
    /// No item of the export asks for it; an addition with its mark is there.
    pub vanished: bool,
}

/// An addition that is there today or later, as far as it says which line's it is.
#[derive(Debug, Clone, Copy)]
pub struct PresentAddition<'a> {
    /// The product.
    pub product: &'a ProductCode,
    /// The item it is marked with.
    pub mark: Option<&'a ItemName>,
}

/// The customers of one agreement, with their counts. Usually one; where they are several, their counts add up.
pub(in crate::reconcile) struct Tenancy<'a> {
    pub(in crate::reconcile) company: CompanyId,
    pub(in crate::reconcile) agreement: AgreementId,
    pub(in crate::reconcile) customers: Vec<(&'a CustomerName, Option<&'a CustomerCounts>)>,
    /// The invoice of the month before is not made yet.
    pub(in crate::reconcile) owes_last_period: bool,
}

impl Tenancy<'_> {
    pub(in crate::reconcile) fn nobody_counted(&self) -> bool {
        self.customers.iter().all(|(_, counted)| counted.is_none())
    }
}

pub(crate) type ByProduct<'a> = BTreeMap<&'a ProductCode, Vec<(&'a ServiceName, &'a Billed)>>;

pub(in crate::reconcile) struct Biller<'a> {
    pub(in crate::reconcile) mapping: &'a Mapping,
    past: &'a Past,
    services: BTreeMap<&'a ServiceName, &'a Billed>,
    pub(crate) by_product: ByProduct<'a>,
    twice: BTreeSet<&'a CustomerName>,
}

impl<'a> Biller<'a> {
    pub(crate) fn new(counts: &'a Counts, mapping: &'a Mapping, past: &'a Past) -> Self {
        let mut by_product = ByProduct::new();
        for (service, billed) in mapping.billed() {
            for product in &billed.products {
                by_product.entry(product).or_default().push((service, billed));
            }
        }
        let twice = in_two_spellings(counts, mapping);
        Self { mapping, past, services: mapping.billed().collect(), by_product, twice }
    }

    /// What a customer uses, unless a part of it stands under another spelling.
    pub(in crate::reconcile) fn count(
        &self,
        customer: &CustomerName,
        cell: Option<&Cell>,
        counted: Option<&CustomerCounts>,
    ) -> Result<Quantity, Code> {
        if self.twice.contains(customer) { Err(Code::CustomerSpelledTwice) } else { count(cell, counted) }
    }

    /// The products that the counts of an agreement ask for.
    pub(crate) fn asked(&self, tenancy: &Tenancy<'a>) -> impl Iterator<Item = &'a ProductCode> {
        let counted = tenancy.customers.iter().filter_map(|(_, counted)| *counted);
        let services = counted.flat_map(CustomerCounts::services);
        services.filter_map(|service| self.services.get(service)).flat_map(|billed| &billed.products)
    }

    pub(crate) fn services_of<'b>(
        by_product: &'b ByProduct<'a>,
        product: &ProductCode,
    ) -> &'b [(&'a ServiceName, &'a Billed)] {
        by_product.get(product).map(Vec::as_slice).unwrap_or_default()
    }

    /// The services that are billed as a product.
    pub(in crate::reconcile) fn services(&self, product: &ProductCode) -> &[(&'a ServiceName, &'a Billed)] {
        Self::services_of(&self.by_product, product)
    }

    pub(crate) fn line(&self, tenancy: &Tenancy<'a>, product: &ProductCode) -> WantedLine {
        let services = self.services(product);
        let mut sum = LineSum { peak: self.line_peak(tenancy, services), ..LineSum::default() };
        for customer in &tenancy.customers {
            for service in services {
                sum.add(self, tenancy, *customer, *service);
            }
        }
        let key = LineKey::total(tenancy.agreement, product.clone());
        sum.behind(|source| self.was_billed(&key, source));
        sum.finish(tenancy, Terms { whole: services.iter().any(|(_, billed)| billed.whole), ..terms(services) })
    }

    /// Whether a line was billed for a count that has no row tonight.
    fn was_billed(&self, key: &LineKey, Source { customer, service, .. }: &Source) -> bool {
        let accepted = self.past.counts.get(customer).and_then(|own| own.get(service));
        let is_it = |known: &(CustomerName, ServiceName)| known.0 == *customer && known.1 == *service;
        let owned = || self.past.owned.of_line(key).is_some_and(|owned| owned.sources.iter().any(is_it));
        accepted.is_some_and(|count| !count.units.is_zero()) || owned()
    }

    /// The peak day of a line of several counts.
    fn line_peak(&self, tenancy: &Tenancy<'a>, services: &[(&ServiceName, &'a Billed)]) -> LinePeak {
        if tenancy.customers.len() * services.len() < 2 {
            return LinePeak::default();
        }
        let all =
            tenancy.customers.iter().flat_map(|customer| services.iter().map(move |service| (*customer, *service)));
        let peaks = all.filter_map(|((customer, counted), (service, billed))| {
            let policy = self.mapping.policy(customer, service, billed);
            let cell = counted.and_then(|customer| customer.get(service));
            let count = self.count(customer, cell, counted).ok().filter(|_| policy.measure == Measure::Peak)?;
            Some(PeakSource { policy, count, stated: cell.is_some(), days: self.past.earlier_days(customer, service) })
        });
        LinePeak::of(&peaks.collect::<Vec<_>>())
    }
}

/// What the services of a product agree on: the configuration makes sure that they do.
pub(in crate::reconcile) fn terms(services: &[(&ServiceName, &Billed)]) -> Terms {
    let bill = services.iter().find_map(|(_, billed)| billed.bill).unwrap_or_default();
    Terms { bill, ..Terms::default() }
}

impl Terms {
    /// What the line is to hold, where that depends on what it holds.
    pub(in crate::reconcile) fn against(self, units: Quantity, live: Option<&LiveAddition>) -> Quantity {
        live.map(|live| live.quantity).filter(|now| self.never_decrease && *now > units).unwrap_or(units)
    }

    /// With what one of the policies behind the line asks for.
    pub(in crate::reconcile) fn with(self, policy: &Policy) -> Self {
        Self {
            never_decrease: self.never_decrease || policy.never_decrease,
            report_only: self.report_only || policy.report_only,
            included: self.included || policy.included.is_some_and(|included| !included.is_zero()),
            ..self
        }
    }
}

/// Adds up the counts of one line, and remembers the first reason why they cannot be.
#[derive(Default)]
pub(crate) struct LineSum<'a> {
    explicit: Vec<(Source, &'a Policy)>,
    implied: Vec<(Source, &'a Policy)>,
    total: Quantity,
    /// What this period comes to so far, where the total is of the one before.
    after_invoice: Quantity,
    owes: bool,
    fault: Option<Code>,
    rolling: Rolling,
    peak: LinePeak,
}

impl<'a> LineSum<'a> {
    fn add(
        &mut self,
        biller: &Biller<'a>,
        tenancy: &Tenancy<'_>,
        (customer, counted): (&CustomerName, Option<&CustomerCounts>),
        (service, billed): (&ServiceName, &'a Billed),
    ) {
        let cell = counted.and_then(|customer| customer.get(service));
        let count = biller.count(customer, cell, counted);
        let policy = biller.mapping.policy(customer, service, billed);
        let days = biller.past.earlier_days(customer, service);
        let owes = tenancy.owes_last_period && policy.looks_back();
        let reckoned = count.and_then(|count| {
            let stated = cell.is_some();
            let peaks = match policy.measure {
                Measure::Peak => self.peak.of_source(&PeakSource { policy, count, stated, days }),
                Measure::Current | Measure::Average => OnPeakDay::default(),
            };
            let earlier = days.this_period.counts();
            let used = PolicyInput { count, earlier, on_peak_day: peaks.tonight, stated };
            let now = policy.apply(used)?;
            self.after_invoice = self.after_invoice.checked_add(now.units).ok_or(Code::TooLarge)?;
            let Some(owed) = of_last_period(days, peaks, used).filter(|_| owes) else {
                self.rolling.add(policy, used, days, peaks);
                return Ok(now);
            };
            self.owes = true;
            self.rolling.add_last_period(policy, owed);
            let PolicyResult { units, how } = policy.apply(owed)?;
            Ok(PolicyResult { units, how: how.map(|how| format!("last month, whose invoice is not made: {how}")) })
        });
        let other_names = |how| match biller.past.counted_as.get(&(customer.clone(), service.clone())) {
            Some(names) => format!("{how} · {names}"),
            None => how,
        };
        let (units, how) = match reckoned {
            Ok(PolicyResult { units, how }) => (Ok(units), how.map(other_names)),
            Err(fault) => (Err(fault), None),
        };
        let named = cell.filter(|_| billed.names_in_report);
        let items = named.map(|cell| cell.items().to_vec());
        let source = Source {
            customer: customer.clone(),
            service: service.clone(),
            count: count.ok(),
            lines: cell.map(|cell| cell.lines().to_vec()).unwrap_or_default(),
            place: None,
            how,
            items: items.unwrap_or_default(),
            is_former: false,
        };
        match (&units, cell) {
            (Ok(units), None) if units.is_zero() => self.implied.push((source, policy)),
            _ => self.explicit.push((source, policy)),
        }
        match units.and_then(|units| self.total.checked_add(units).ok_or(Code::TooLarge)) {
            Ok(total) => self.total = total,
            Err(fault) => self.fault = Some(first(self.fault, fault)),
        }
    }

    /// Puts behind the line what has no row, and what was agreed of the whole line stands for all the same: that it is not
    /// lowered, or not written. Where the customer never had the service, nothing was agreed of it.
    fn behind(&mut self, was_billed: impl Fn(&Source) -> bool) {
        if self.explicit.is_empty() {
            return;
        }
        let binds = |(source, policy): &mut (Source, &Policy)| {
            (policy.never_decrease || policy.report_only) && was_billed(source)
        };
        let binding: Vec<_> = self.implied.extract_if(.., binds).collect();
        self.explicit.extend(binding);
    }

    fn finish(self, tenancy: &Tenancy<'_>, terms: Terms) -> WantedLine {
        let behind = if self.explicit.is_empty() { self.implied } else { self.explicit };
        let terms = behind.iter().fold(terms, |terms, (_, policy)| terms.with(policy));
        let mut sources: Vec<Source> = behind.into_iter().map(|(source, _)| source).collect();
        // Nearly every line has one, and a plan may have a hundred thousand lines.
        sources.shrink_to_fit();
        let quantity = self.fault.map_or(Ok(self.total), Err);
        let nobody_counted = tenancy.nobody_counted();
        let rolled = self.rolling.finish();
        let after_invoice = self.owes.then_some(self.after_invoice);
        WantedLine { company: tenancy.company, sources, quantity, nobody_counted, terms, rolled, after_invoice }
    }
}

/// Of several faults one, in the codes' own order, so that the order of customers never matters.
pub(in crate::reconcile) fn first(known: Option<Code>, fault: Code) -> Code {
    known.map_or(fault, |known| known.min(fault))
}

/// Absent, unreadable and zero are three different things.
pub fn count(cell: Option<&Cell>, counted: Option<&CustomerCounts>) -> Result<Quantity, Code> {
    match (counted, cell) {
        (None, _) => Err(Code::CustomerMissing),
        (Some(customer), _) if !customer.is_whole() => Err(Code::CustomerIncomplete),
        (Some(_), Some(Cell::Duplicate { .. })) => Err(Code::RowDuplicate),
        (Some(_), Some(Cell::OutOfRange { total: Some(_), .. })) => Err(Code::CountNegative),
        (Some(_), Some(Cell::OutOfRange { total: None, .. })) => Err(Code::TooLarge),
        (Some(_), Some(Cell::Counted { count, .. })) => Ok(*count),
        (Some(_), None) => Ok(Quantity::ZERO),
    }
}
