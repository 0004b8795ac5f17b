//! A slow and obvious second opinion: what each line ought to come to, by loops over the rows.
//!
//! It shares the core's types and nothing of its code: no counts, no placement, no wanted lines.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::night::{Night, key};
use recount::export::count::duplicate_rows::Duplicates;
use recount::reconcile::guard::guard_policy::{HumanEdit, ToZero};
use recount::reconcile::model::connectwise_records::{Addition, Agreement, Product, Recurrence};
use recount::reconcile::model::ids::{AgreementId, ProductId};
use recount::reconcile::model::mapping::{CustomerTarget, MatchCustomers, ServiceRule};

/// What has to become of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Leave,
    Ask,
    Set(i64, Decimal, Decimal),
    Create(i64, Decimal),
}

/// Every line there has to be, by agreement and product: what is wanted, and its fate.
pub(super) fn expected(night: &Night) -> BTreeMap<(i64, String), (Option<Decimal>, Fate)> {
    let mut lines = BTreeMap::new();
    for agreement in night.directory.agreements.keys() {
        for product in products(night) {
            let customers = customers_on(night, agreement.0);
            if !customers.is_empty() && there_is_a_line(night, agreement.0, &product, &customers) {
                let wanted = wanted(night, &product, &customers);
                lines.insert((agreement.0, product.clone()), (wanted, fate(night, agreement.0, &product, wanted)));
            }
        }
    }
    lines
}

/// The count of a row that can be read at all. The generator writes plain numbers or plain nonsense.
pub(super) fn count(text: &str) -> Option<Decimal> {
    if text.is_empty() || !text.starts_with(|c: char| c.is_ascii_digit()) { None } else { text.parse().ok() }
}

/// The agreement that a customer's lines are on, billing today or not.
pub(super) fn agreement_of(night: &Night, customer: &str) -> Option<i64> {
    let row = night.mapping.customers.iter().find(|(name, _)| name.as_str() == customer).map(|(_, row)| &row.target);
    let (company, named) = match row {
        Some(CustomerTarget::Skip) => return None,
        Some(CustomerTarget::Company { company, agreement }) => (*company, *agreement),
        None => {
            let bearers: Vec<_> =
                night.directory.companies.values().filter(|c| !c.deleted && c.name == customer).collect();
            if night.mapping.match_customers == MatchCustomers::Mapped || bearers.len() != 1 {
                return None;
            }
            (bearers[0].id, None)
        }
    };
    if night.directory.companies.get(&company).is_none_or(|company| company.deleted) {
        return None;
    }
    let all = night.directory.agreements.values();
    let own: Vec<&Agreement> = all.filter(|agreement| agreement.company == company).collect();
    if let Some(named) = named {
        return own.iter().find(|agreement| agreement.id == named).map(|agreement| agreement.id.0);
    }
    let of_type: Vec<&&Agreement> = own.iter().filter(|agreement| agreement.kind == "Email").collect();
    let active: Vec<&&&Agreement> = of_type.iter().filter(|agreement| bills(night, agreement)).collect();
    match active.len() {
        0 => of_type.first().map(|agreement| agreement.id.0),
        1 => Some(active[0].id.0),
        _ => None,
    }
}

/// Whether a product stands in the catalog once, and its id.
pub(super) fn catalog_ids(night: &Night, product: &str) -> Vec<i64> {
    catalog(night, product).iter().map(|found| found.id.0).collect()
}

/// Every product that some service is billed as.
pub(super) fn products(night: &Night) -> BTreeSet<String> {
    let mut products = BTreeSet::new();
    for rule in night.mapping.services.values() {
        if let ServiceRule::Billed(billed) = rule {
            products.extend(billed.products.iter().map(|product| product.as_str().to_owned()));
        }
    }
    products
}

/// The services that are billed as a product, and whether they have whole units.
fn services_of(night: &Night, product: &str) -> Vec<(String, bool)> {
    let mut services = Vec::new();
    for (service, rule) in &night.mapping.services {
        if let ServiceRule::Billed(billed) = rule
            && billed.products.iter().any(|billed| billed.as_str() == product)
        {
            services.push((service.as_str().to_owned(), billed.whole));
        }
    }
    services
}

fn customers_on(night: &Night, agreement: i64) -> BTreeSet<String> {
    let in_rows = night.rows.iter().map(|(_, customer, _, _)| customer.clone()).filter(|name| !name.is_empty());
    let mut names: BTreeSet<String> = in_rows.collect();
    names.extend(night.mapping.customers.keys().map(|name| name.as_str().to_owned()));
    names.retain(|name| agreement_of(night, name) == Some(agreement));
    names
}

fn there_is_a_line(night: &Night, agreement: i64, product: &str, customers: &BTreeSet<String>) -> bool {
    let services = services_of(night, product);
    let asked = night.rows.iter().any(|(_, customer, service, text)| {
        customers.contains(customer) && services.iter().any(|(name, _)| name == service) && count(text).is_some()
    });
    let ids = catalog_ids(night, product);
    let there = additions(night, agreement).iter().any(|addition| {
        addition.product.is_some_and(|id| ids.contains(&id.0))
            && addition.cancelled_on.is_none_or(|on| on > night.today)
    });
    asked || there
}

fn wanted(night: &Night, product: &str, customers: &BTreeSet<String>) -> Option<Decimal> {
    let mut sum = Decimal::ZERO;
    for customer in customers {
        let rows: Vec<_> = night.rows.iter().filter(|row| row.1 == *customer).collect();
        let unreadable = |row: &&(u64, String, String, String)| row.2.is_empty() || count(&row.3).is_none();
        if rows.is_empty() || rows.iter().any(unreadable) {
            return None;
        }
        if may_have_nameless(night, customer) {
            return None;
        }
        for (service, _) in services_of(night, product) {
            let counts: Vec<Decimal> =
                rows.iter().filter(|row| row.2 == service).filter_map(|row| count(&row.3)).collect();
            sum += match (counts.len(), night.duplicates) {
                (0 | 1, _) | (_, Duplicates::Sum) => counts.iter().sum(),
                (_, Duplicates::Max) => counts.iter().copied().max()?,
                (_, Duplicates::Error) => return None,
            };
        }
    }
    Some(sum)
}

fn fate(night: &Night, agreement: i64, product: &str, wanted: Option<Decimal>) -> Fate {
    let found = catalog(night, product);
    let on = additions(night, agreement);
    let current = |addition: &Addition| addition.cancelled_on.is_none_or(|on| on > night.today);
    let billable = found.len() == 1 && !found[0].inactive && !found[0].bundle_class;
    let nameless = on.iter().any(|addition| addition.product.is_none() && current(addition));
    if !billable || nameless || !bills(night, &night.directory.agreements[&AgreementId(agreement)]) {
        return Fate::Ask;
    }
    let mine: Vec<&Addition> = on.iter().filter(|addition| addition.product == Some(found[0].id)).collect();
    let begun = |addition: &Addition| addition.effective_on.is_none_or(|on| on <= night.today);
    let live: Vec<&&Addition> = mine.iter().filter(|addition| begun(addition) && current(addition)).collect();
    let whole = services_of(night, product).iter().any(|(_, whole)| *whole);
    let doubted = night.past.in_doubt.contains_key(&key(agreement, product));
    match live.as_slice() {
        [] => {
            let Some(wanted) = wanted else { return Fate::Ask };
            let later = mine.iter().any(|addition| current(addition) && !begun(addition));
            // Nobody counts what bills from its day on.
            let begins = mine.iter().any(|addition| current(addition) && !begun(addition) && may_bill(addition));
            let ours = mine.iter().any(|addition| night.past.written.contains_key(&addition.id));
            let cancelled_ours = ours && night.policy.human_edit == HumanEdit::Ask;
            match wanted {
                _ if doubted => Fate::Ask,
                wanted if wanted.is_zero() && !begins => Fate::Leave,
                _ if later || cancelled_ours || !night.mapping.create_lines => Fate::Ask,
                _ if ended_this_month(night, &mine) || bills_elsewhere(night, agreement, found[0].id) => Fate::Ask,
                _ if unreadable_elsewhere(night, agreement) => Fate::Ask,
                wanted if whole && wanted != wanted.trunc() => Fate::Ask,
                wanted if wanted > Decimal::TEN => Fate::Ask,
                wanted => Fate::Create(found[0].id.0, wanted),
            }
        }
        [one] => match &one.quantity {
            Ok(now) => one_live(night, agreement, product, wanted, one, now.as_decimal(), whole, doubted),
            Err(_) => Fate::Ask,
        },
        _ => Fate::Ask,
    }
}

/// In these worlds a line ends today or not at all.
fn ended_this_month(night: &Night, mine: &[&Addition]) -> bool {
    mine.iter().any(|addition| addition.cancelled_on == Some(night.today) && may_bill(addition))
}

fn may_bill(addition: &Addition) -> bool {
    addition.quantity.as_ref().map_or(true, |quantity| !quantity.is_zero())
}

/// Live on another agreement of the company that bills, and on which nobody is billed.
fn bills_elsewhere(night: &Night, agreement: i64, product: ProductId) -> bool {
    let company = night.directory.agreements[&AgreementId(agreement)].company;
    night.directory.agreements.values().any(|other| {
        other.company == company
            && other.id.0 != agreement
            && bills(night, other)
            && customers_on(night, other.id.0).is_empty()
            && additions(night, other.id.0).iter().any(|addition| {
                addition.product == Some(product)
                    && addition.cancelled_on.is_none_or(|on| on > night.today)
                    && addition.effective_on.is_none_or(|on| on <= night.today)
                    && may_bill(addition)
            })
    })
}

/// An addition that names no product, on another agreement of the company: it may be this one.
fn unreadable_elsewhere(night: &Night, agreement: i64) -> bool {
    let company = night.directory.agreements[&AgreementId(agreement)].company;
    night.directory.agreements.values().any(|other| {
        let nameless = |addition: &&Addition| addition.product.is_none() && addition.is_current(night.today);
        other.company == company
            && other.id.0 != agreement
            && bills(night, other)
            && additions(night, other.id.0).iter().any(|addition| nameless(&addition))
    })
}

#[expect(clippy::too_many_arguments, reason = "an oracle says everything it looks at")]
fn one_live(
    night: &Night,
    agreement: i64,
    product: &str,
    wanted: Option<Decimal>,
    addition: &Addition,
    now: Decimal,
    whole: bool,
    doubted: bool,
) -> Fate {
    let Some(to) = wanted else {
        let customers = customers_on(night, agreement);
        let nobody = !night.rows.iter().any(|row| customers.contains(&row.1));
        return if nobody && now.is_zero() { Fate::Leave } else { Fate::Ask };
    };
    if doubted {
        return Fate::Ask;
    }
    if to == now {
        return Fate::Leave;
    }
    let written = night.past.written.get(&addition.id).map(|written| written.quantity.as_decimal());
    let edited = written.is_some_and(|written| written != now) && night.policy.human_edit == HumanEdit::Ask;
    let second = night.past.zero_before.contains_key(&key(agreement, product));
    let zero_asked = match night.policy.to_zero {
        ToZero::Ask => true,
        ToZero::SecondNight => !second,
        ToZero::Apply => false,
    };
    let step = if now > Decimal::from(20) { now / Decimal::TWO } else { Decimal::TEN };
    let (low, high) = if to < now { (to, now) } else { (now, to) };
    let multiple = high - low > Decimal::from(3) && !now.is_zero() && high >= low * Decimal::from(5);
    // A line at 0 begins like a new one.
    let beside = now.is_zero() && addition.product.is_some_and(|id| bills_elsewhere(night, agreement, id));
    let ask = edited
        || beside
        || (!to.is_zero() && multiple)
        || (whole && to != to.trunc())
        || (to.is_zero() && zero_asked)
        || (!to.is_zero() && high - low > step);
    if ask { Fate::Ask } else { Fate::Set(addition.id.0, now, to) }
}

/// The generator ends an agreement in one of three ways.
fn bills(night: &Night, agreement: &Agreement) -> bool {
    agreement.status.as_deref() == Some("Active")
        && agreement.ends_on.is_none_or(|on| on >= night.today)
        && agreement.recurrence == Recurrence::Recurs
}

fn catalog<'a>(night: &'a Night, product: &str) -> Vec<&'a Product> {
    night.directory.products.values().flatten().filter(|found| found.identifier == product).collect()
}

fn additions(night: &Night, agreement: i64) -> &[Addition] {
    night.additions.get(&AgreementId(agreement)).map(Vec::as_slice).unwrap_or_default()
}

/// Whether a row that names nobody stands below one of the customer's, or above every name.
fn may_have_nameless(night: &Night, customer: &str) -> bool {
    let mut above: Option<&str> = None;
    for (_, name, _, _) in &night.rows {
        match above {
            _ if !name.trim().is_empty() => above = Some(name.trim()),
            None => return true,
            Some(name) if name == customer => return true,
            Some(_) => {}
        }
    }
    false
}
