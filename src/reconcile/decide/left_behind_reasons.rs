//! Why a line that recount has owned is wanted no more, in words; and lines that were sent, were not there when they were looked
//! for, and are wanted no more: what was sent may arrive late, and would bill where nobody looks.

use std::collections::BTreeSet;

use chrono::{Datelike as _, NaiveDate};

use crate::reconcile::decide::billed_elsewhere::not_where_it_was;
use crate::reconcile::decide::left_behind::{held, taken_off};
use crate::reconcile::decide::line_decision::LineDecision;
use crate::reconcile::decide::plan_inputs::PlanInputs;
use crate::reconcile::matching::placement::Place;
use crate::reconcile::model::connectwise_records::Addition;
use crate::reconcile::model::display_text::{day, shown};
use crate::reconcile::model::ids::{AdditionId, CustomerName, ServiceName};
use crate::reconcile::model::known_lines::{KnownLines as _, sent_as};
use crate::reconcile::model::line_owners::Owned;
use crate::reconcile::model::mapping::{LineShape, ServiceRule};
use crate::reconcile::model::past::AbandonedCreation;
use crate::reconcile::model::plan::line::{LineKey, Verdict};
use crate::reconcile::model::plan::reason_code::Code;

impl PlanInputs<'_> {
    /// Why the mapping no longer wants a line: each reason once.
    pub(in crate::reconcile) fn why(&self, key: &LineKey, owned: &Owned) -> String {
        if let Some(moved) = self.moved_from(key, owned) {
            return moved;
        }
        let reasons: BTreeSet<String> =
            owned.sources.iter().map(|(customer, service)| self.gone(key, customer, service)).collect();
        if reasons.is_empty() {
            return "no customer and no service is mapped to it".to_owned();
        }
        reasons.into_iter().collect::<Vec<_>>().join("; ")
    }

    /// Where somebody took a line from that is on this agreement now.
    fn moved_from(&self, key: &LineKey, owned: &Owned) -> Option<String> {
        let mapped = owned.sources.iter().filter_map(|(customer, _)| self.places.get(customer)?.agreement());
        let mut before = mapped.map(|(_, agreement)| LineKey { agreement, ..key.clone() });
        let is_it = |known: &LineKey| {
            let one = self.past.owned.of_line(known);
            known.agreement != key.agreement && one.is_some_and(|one| one.addition == owned.addition)
        };
        let known = before.find(is_it).filter(|_| owned.addition.is_some())?;
        Some(format!("it was on agreement {}, and somebody moved it here", known.agreement))
    }

    fn gone(&self, key: &LineKey, customer: &CustomerName, service: &ServiceName) -> String {
        let who = shown(customer.as_str());
        match self.places.get(customer) {
            Some(Place::Skipped) => return format!("{who} is skipped on purpose"),
            Some(Place::Nowhere(problem)) if problem.code != Code::CustomerUnmapped => {
                return format!("{who} is mapped, and {}", problem.message);
            }
            None | Some(Place::Nowhere(_)) => return format!("{who} is not mapped any more"),
            Some(Place::On { agreement, .. } | Place::Blocked { agreement, .. }) if *agreement != key.agreement => {
                return format!("{who} is billed on agreement {agreement} now");
            }
            Some(Place::On { .. } | Place::Blocked { .. }) => {}
        }
        let what = shown(service.as_str());
        match self.mapping.services.get(service) {
            None => format!("service {what} is not in {} any more", shown(self.mapping.services_in())),
            Some(ServiceRule::NotAssigned) => format!("service {what} is not assigned any more"),
            Some(ServiceRule::Deprecated { .. }) => format!("service {what} is deprecated"),
            Some(ServiceRule::Billed(billed)) if billed.is_billed_as(&key.product) => match &key.item {
                Some(item) => format!("the export names no {} of service {what} any more", shown(item.as_str())),
                None if billed.lines == LineShape::PerItem => format!("service {what} has a line for each item now"),
                None => format!("another addition is the line of service {what} now"),
            },
            Some(ServiceRule::Billed(billed)) => {
                let products = billed.products.iter().map(|product| shown(product.as_str()));
                format!("service {what} is billed as {} now", products.collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// Whether nobody edited the mapping: the customers and services of a line are mapped to it as they were, and the export
    /// wants none of it.
    pub(in crate::reconcile) fn is_mapped_still(&self, key: &LineKey, owned: &Owned) -> bool {
        !owned.sources.is_empty() && taken_off(owned, key, self.mapping, self.places).next().is_none()
    }

    /// Where an addition is that was a line's, and is not in its agreement's list.
    pub(in crate::reconcile) fn not_here(&self, id: AdditionId) -> String {
        not_where_it_was(id, self.additions, &self.past.uncounted)
    }
}

/// Days for which such a creation is looked for. A request that is repeated on its way arrives within hours; the next invoice
/// shows what was missed within a month.
const LOOKED_FOR_DAYS: i32 = 31;

impl PlanInputs<'_> {
    /// What becomes of a line whose creation was sent, was not there when it was looked for, and is wanted no more. It stays in
    /// sight until it cannot come any more.
    pub(in crate::reconcile) fn never_seen(&self, key: &LineKey, why: &str) -> Option<LineDecision> {
        let sent = sent_as(&self.past.given_up, key, None).filter(|sent| self.may_arrive(sent.sent_at.date_naive()))?;
        let told = format!("run {} sent a new line of {} and got no answer", sent.run, sent.quantity);
        let Some(listed) = self.additions.get(&key.agreement) else {
            let detail = format!("{told}; the additions of agreement {} cannot be read", key.agreement);
            return Some(LineDecision::held(Code::InDoubt, None, detail));
        };
        let arrived: Vec<_> = listed.iter().filter(|addition| self.may_be(addition, sent, key)).collect();
        let Some(addition) = arrived.first() else {
            let since = day(sent.sent_at.date_naive());
            let detail = format!("{told}; it is looked for until {LOOKED_FOR_DAYS} days after {since}");
            return Some(LineDecision::new(Verdict::Unchanged(Code::NothingToBill), None, detail));
        };
        let why = format!("{why}; {told}");
        let others: Vec<&Addition> = arrived.iter().skip(1).copied().collect();
        let decision = match &addition.quantity {
            Ok(now) if addition.is_current(self.today) => self.set_to_zero(key, addition, *now, &why),
            Ok(now) => held(addition.id, None, format!("addition {} of {now} begins later; {why}", addition.id)),
            Err(unreadable) => held(addition.id, None, format!("addition {}: {unreadable}; {why}", addition.id)),
        };
        Some(decision.beside(&others))
    }

    fn may_arrive(&self, sent_on: NaiveDate) -> bool {
        self.today.num_days_from_ce().saturating_sub(sent_on.num_days_from_ce()) <= LOOKED_FOR_DAYS
    }

    /// Whether an addition came since, and bills or will.
    fn may_be(&self, addition: &Addition, sent: &AbandonedCreation, key: &LineKey) -> bool {
        let bills = addition.is_current(self.today) || addition.begins_after(self.today);
        addition.product == Some(sent.product)
            && addition.bears(key.item.as_ref())
            && !sent.before.contains(&addition.id)
            && bills
            && addition.bills()
    }
}
