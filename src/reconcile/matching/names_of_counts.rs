//! Under which names counts stand on a line, from night to night: of services that are looked back on alone. Where a name goes
//! and another comes, the days of both are the line's (`renamed_counts`).

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::reconcile::matching::placement::Place;
use crate::reconcile::model::export::counts::Counts;
use crate::reconcile::model::ids::{CustomerName, IntegrationName, ProductCode, ServiceName};
use crate::reconcile::model::mapping::{Billed, Mapping, ServiceRule};
use crate::reconcile::model::plan::line::LineKey;

/// What is known of names, after a night or before it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamesOfCounts {
    /// Of all integrations of the ConnectWise.
    pub spans: BTreeMap<NameSpan, Stood>,
    /// The customers of the accepted exports of tonight's integration.
    pub customers: BTreeMap<CustomerName, InExports>,
}

/// The name of a count.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CountName {
    /// Whose export names it.
    pub integration: IntegrationName,
    /// The customer.
    pub customer: CustomerName,
    /// The service.
    pub service: ServiceName,
}

/// From one day on a name stood on a line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NameSpan {
    /// Which name.
    pub name: CountName,
    /// On which line, its product in small letters: [`line_of`].
    pub line: LineKey,
    /// The first night on which it was counted there.
    pub first: NaiveDate,
}

/// Until when, and on which terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stood {
    /// The first accepted night on which it stood there no more; `None` while it stands.
    pub gone: Option<NaiveDate>,
    /// What a count of it comes to, in words; empty where it is billed as it is.
    pub terms: String,
}

/// From when until when a customer was in the accepted exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InExports {
    /// The first night of all.
    pub first: NaiveDate,
    /// The first night of those without it; `None` while it is there.
    pub gone: Option<NaiveDate>,
}

/// Tonight's names, and where they stand.
#[derive(Debug, Clone, Copy)]
pub struct NamesTonight<'a> {
    /// The integration.
    pub integration: &'a IntegrationName,
    /// What says where they are billed.
    pub mapping: &'a Mapping,
    /// Where each customer is billed.
    pub places: &'a BTreeMap<CustomerName, Place>,
    /// What is counted.
    pub counts: &'a Counts,
    /// The night.
    pub today: NaiveDate,
}

/// The line that holds all units of a product, in the form in which one night's is compared with another's.
pub fn line_of(key: &LineKey) -> LineKey {
    LineKey::total(key.agreement, ProductCode::new(&key.product.folded()))
}

impl NamesOfCounts {
    /// With tonight's.
    pub fn after(&self, tonight: NamesTonight<'_>) -> Self {
        let today = tonight.today;
        let standing = tonight.standing(self);
        let mut after = self.clone();
        let own = after.spans.iter_mut().filter(|(span, _)| span.name.integration == *tonight.integration);
        for (span, stood) in own.filter(|(_, stood)| stood.gone.is_none()) {
            match standing.get(&span.name).filter(|(lines, _)| lines.contains(&span.line)) {
                Some((_, terms)) => stood.terms.clone_from(terms),
                None => stood.gone = Some(today),
            }
        }
        for (name, (lines, terms)) in standing {
            for line in lines {
                after.stand(&NameSpan { name: name.clone(), line, first: today }, &terms);
            }
        }
        let there = |name: &CustomerName| {
            tonight.counts.customers.contains_key(name) || tonight.counts.left_out.contains_key(name)
        };
        for (_, seen) in after.customers.iter_mut().filter(|(name, seen)| seen.gone.is_none() && !there(name)) {
            seen.gone = Some(today);
        }
        for name in tonight.counts.customers.keys().chain(tonight.counts.left_out.keys()) {
            after.customers.entry(name.clone()).or_insert(InExports { first: today, gone: None }).gone = None;
        }
        after
    }

    fn stand(&mut self, tonight: &NameSpan, terms: &str) {
        let same = |span: &NameSpan| span.name == tonight.name && span.line == tonight.line;
        let range = NameSpan { first: NaiveDate::MIN, ..tonight.clone() }..;
        let mut known = self.spans.range_mut(range).take_while(|(span, _)| same(span));
        // A day has several nights: what was gone in one and is back in the next was never gone.
        if let Some((_, last)) = known.find(|(_, stood)| stood.gone.is_none_or(|gone| gone == tonight.first)) {
            *last = Stood { gone: None, terms: terms.to_owned() };
        } else {
            self.spans.insert(tonight.clone(), Stood { gone: None, terms: terms.to_owned() });
        }
    }

    /// What of it is not so in what was known before.
    pub fn since(self, before: &Self) -> Self {
        let Self { mut spans, mut customers } = self;
        spans.retain(|span, stood| before.spans.get(span) != Some(stood));
        customers.retain(|name, seen| before.customers.get(name) != Some(seen));
        Self { spans, customers }
    }
}

impl NameSpan {
    /// Whether it stood there at the end of the night before a day.
    pub(in crate::reconcile) fn stood_before(&self, stood: &Stood, day: NaiveDate) -> bool {
        self.first < day && stood.gone.is_none_or(|gone| gone >= day)
    }

    /// Whether it stood there in the night of a day.
    pub(in crate::reconcile) fn stood_on(&self, stood: &Stood, day: NaiveDate) -> bool {
        self.first <= day && stood.gone.is_none_or(|gone| gone > day)
    }
}

impl<'a> NamesTonight<'a> {
    /// The lines of a customer and a service by tonight's mapping; none where one of both is not mapped.
    pub(in crate::reconcile) fn lines(&self, customer: &CustomerName, service: &ServiceName) -> BTreeSet<LineKey> {
        match (self.places.get(customer).and_then(Place::agreement), self.mapping.services.get(service)) {
            (Some((_, agreement)), Some(ServiceRule::Billed(billed))) => {
                let products = billed.products.iter();
                products.map(|product| line_of(&LineKey::total(agreement, product.clone()))).collect()
            }
            _ => BTreeSet::new(),
        }
    }

    /// Names that are counted, or were once, and have a line: with their lines and their terms. A name that was never counted
    /// would fill the history with nothing.
    fn standing(&self, known: &NamesOfCounts) -> BTreeMap<CountName, (BTreeSet<LineKey>, String)> {
        let of_integration = known.spans.keys().filter(|span| span.name.integration == *self.integration);
        let known: BTreeSet<_> = of_integration.map(|span| (&span.name.customer, &span.name.service)).collect();
        let looked_back = self.mapping.looked_back_on();
        let services: Vec<_> = self.mapping.billed().filter(|(service, _)| looked_back.contains(service)).collect();
        let placed = self.places.iter().filter(|(_, place)| place.agreement().is_some());
        let pairs = placed.flat_map(|(customer, _)| services.iter().map(move |service| (customer, *service)));
        let is_meant = |(customer, (service, billed)): &(&CustomerName, (&ServiceName, &'a Billed))| {
            let is_counted = self.counts.of(customer).is_some_and(|own| own.get(*service).is_some());
            (is_counted || known.contains(&(*customer, *service)))
                && self.mapping.policy(customer, service, billed).looks_back()
        };
        let named = pairs.filter(is_meant).map(|(customer, (service, billed))| {
            let (customer, service) = (customer.clone(), service.clone());
            let terms = self.mapping.policy(&customer, &service, billed).terms();
            let lines = self.lines(&customer, &service);
            (CountName { integration: self.integration.clone(), customer, service }, (lines, terms))
        });
        named.collect()
    }
}
