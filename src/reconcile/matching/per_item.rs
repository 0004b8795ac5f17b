//! Lines per item: each item of a service has an addition of its own, known by its mark.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use crate::reconcile::matching::item_marker::ItemMarker;
use crate::reconcile::matching::wanted_line::{Biller, PresentAddition, Tenancy, Terms, WantedLine, first, terms};
use crate::reconcile::model::export::counts::Cell;
use crate::reconcile::model::ids::{AgreementId, CustomerName, ItemName, ProductCode, ServiceName};
use crate::reconcile::model::plan::line::{LineKey, Source};
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::quantity::Quantity;
use crate::reconcile::model::quantity_policy::{Policy, PolicyInput};

/// The lines of one product on one agreement: one for each item that the export names, and one for each mark that is
/// there and that the export names no more, which wants none.
///
/// Additions without a mark, and counts without an item, stand in one more line, without an item: there, nothing is
/// ever written.
pub(in crate::reconcile) fn lines(
    biller: &Biller<'_>,
    tenancy: &Tenancy<'_>,
    agreement: AgreementId,
    product: &ProductCode,
    there: &[PresentAddition<'_>],
) -> Vec<(LineKey, WantedLine)> {
    let gathered = Gathered::of(biller, tenancy, product);
    let on_product = there.iter().filter(|there| there.product == product);
    let unmarked = on_product.clone().any(|there| there.mark.is_none());
    let mut keyed: BTreeMap<ItemName, WantedLine> =
        gathered.items.iter().map(|(item, shares)| (item.clone(), gathered.named(item, shares, tenancy))).collect();
    let named: BTreeSet<String> = keyed.keys().map(ItemName::folded).collect();
    for mark in on_product.filter_map(|there| there.mark).filter(|mark| !named.contains(&mark.folded())) {
        // Two spellings of one mark are one line, with two additions.
        if !keyed.keys().any(|known| known.is_same(mark)) {
            keyed.insert(mark.clone(), gathered.rest(tenancy, true));
        }
    }
    let rest = (unmarked || keyed.is_empty()).then(|| gathered.rest(tenancy, false));
    let key = |item| LineKey { agreement, product: product.clone(), item };
    let of_items = keyed.into_iter().map(|(item, wanted)| (key(Some(item)), wanted));
    rest.into_iter().map(|wanted| (key(None), wanted)).chain(of_items).collect()
}

/// One item of one count.
struct Share<'a> {
    source: Source,
    policy: &'a Policy,
}

/// What the counts of a product say, item by item.
struct Gathered<'a> {
    items: BTreeMap<ItemName, Vec<Share<'a>>>,
    /// How many spellings of each folded name there are.
    spellings: BTreeMap<String, usize>,
    /// The counts as they are, for the lines that no item of them asks for.
    counts: Vec<Source>,
    /// Why nobody can say which items there are. It holds every line of the product: an item of a customer who is
    /// missing may be the same as one that another customer has.
    fault: Option<Code>,
    terms: Terms,
}

impl<'a> Gathered<'a> {
    fn of(biller: &Biller<'a>, tenancy: &Tenancy<'_>, product: &ProductCode) -> Self {
        let services = biller.services(product);
        let whole = services.iter().any(|(_, billed)| billed.whole);
        let terms = Terms { whole, per_item: true, ..terms(services) };
        let (items, spellings) = (BTreeMap::new(), BTreeMap::new());
        let mut gathered = Self { items, spellings, counts: Vec::new(), fault: None, terms };
        for (customer, counted) in &tenancy.customers {
            for (service, billed) in services {
                let cell = counted.and_then(|customer| customer.get(*service));
                let policy = biller.mapping.policy(customer, service, billed);
                gathered.add(customer, service, policy, cell, biller.count(customer, cell, *counted));
            }
        }
        for item in gathered.items.keys() {
            *gathered.spellings.entry(item.folded()).or_default() += 1;
        }
        gathered
    }

    #[expect(clippy::too_many_arguments, reason = "one count, and where it goes")]
    fn add(
        &mut self,
        customer: &CustomerName,
        service: &ServiceName,
        policy: &'a Policy,
        cell: Option<&Cell>,
        count: Result<Quantity, Code>,
    ) {
        let items = cell.map_or(&[][..], Cell::items);
        let lines = cell.map(|cell| cell.lines().to_vec()).unwrap_or_default();
        let (customer, service) = (customer.clone(), service.clone());
        let source = Source {
            customer,
            service,
            count: count.ok(),
            lines,
            place: None,
            how: None,
            items: Vec::new(),
            is_former: false,
        };
        let as_many = |count: Quantity| count.as_decimal() == Decimal::from(items.len());
        match count {
            Ok(count) if as_many(count) => {}
            Ok(_) => self.fault = Some(first(self.fault, Code::ItemsDiffer)),
            Err(fault) => self.fault = Some(first(self.fault, fault)),
        }
        for item in items.iter().cloned() {
            let source = Source { count: Some(Quantity::from(1)), ..source.clone() };
            self.items.entry(item).or_default().push(Share { source, policy });
        }
        self.counts.push(source);
    }

    /// The line of an item that the export names.
    fn named(&self, item: &ItemName, shares: &[Share<'a>], tenancy: &Tenancy<'_>) -> WantedLine {
        let mut total = Ok(Quantity::ZERO);
        let mut sources = Vec::new();
        for Share { source, policy } in shares {
            let used = PolicyInput { count: Quantity::from(1), earlier: &[], on_peak_day: None, stated: true };
            let reckoned = policy.apply(used);
            let how = reckoned.as_ref().ok().and_then(|reckoned| reckoned.how.clone());
            total = total.and_then(|total: Quantity| total.checked_add(reckoned?.units).ok_or(Code::TooLarge));
            sources.push(Source { how, ..source.clone() });
        }
        let quantity = match self.fault {
            Some(fault) => Err(fault),
            None if self.spellings.get(&item.folded()).is_some_and(|spellings| *spellings > 1) => {
                Err(Code::ItemAmbiguous)
            }
            None if ItemMarker::of(item).is_none() => Err(Code::ItemUnusable),
            None => total,
        };
        let terms = shares.iter().fold(self.terms, |terms, share| terms.with(share.policy));
        self.wanted(tenancy, sources, quantity, terms)
    }

    /// A line that no item of the export asks for.
    fn rest(&self, tenancy: &Tenancy<'_>, vanished: bool) -> WantedLine {
        let terms = Terms { vanished, ..self.terms };
        self.wanted(tenancy, self.counts.clone(), self.fault.map_or(Ok(Quantity::ZERO), Err), terms)
    }

    fn wanted(
        &self,
        tenancy: &Tenancy<'_>,
        sources: Vec<Source>,
        quantity: Result<Quantity, Code>,
        terms: Terms,
    ) -> WantedLine {
        let nobody_counted = tenancy.nobody_counted();
        WantedLine {
            company: tenancy.company,
            sources,
            quantity,
            nobody_counted,
            terms,
            rolled: None,
            after_invoice: None,
        }
    }
}
