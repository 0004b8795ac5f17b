//! The guards of one line's step: what a person has to look at before it is written.

use chrono::TimeDelta;
use rust_decimal::Decimal;

use crate::reconcile::decide::decisions::{AskedStep, StepAnswer};
use crate::reconcile::decide::left_behind::taken_off;
use crate::reconcile::decide::line_decision::HoldReason;
use crate::reconcile::decide::line_rules::{LineCase, LineRules};
use crate::reconcile::guard::limits::ToZero;
use crate::reconcile::model::display_text::{day, shown};
use crate::reconcile::model::ids::AdditionId;
use crate::reconcile::model::past::ExportStamp;
use crate::reconcile::model::plan::code::Code;
use crate::reconcile::model::plan::line::LineKey;
use crate::reconcile::model::quantity::Quantity;
use crate::reconcile::model::records::{Addition, LastChange, Product};

/// What is about to be done to a line that is there.
#[derive(Debug, Clone, Copy)]
pub(in crate::reconcile) struct Step<'a> {
    pub(in crate::reconcile) key: &'a LineKey,
    pub(in crate::reconcile) addition: &'a Addition,
    pub(in crate::reconcile) now: Quantity,
    pub(in crate::reconcile) to: Quantity,
}

/// What is in the way of a new line.
#[derive(Debug, Clone)]
pub(in crate::reconcile) struct Hindrance<'a> {
    pub(in crate::reconcile) code: Code,
    pub(in crate::reconcile) detail: String,
    /// When ConnectWise's record of it was changed last.
    pub(in crate::reconcile) changed: Option<&'a LastChange>,
}

impl<'a> LineRules<'a> {
    /// Why a person has to look at a step first, if any guard says so.
    pub(in crate::reconcile) fn line_guard(&self, step: Step<'_>, whole: bool) -> Option<HoldReason> {
        let Step { key, addition, now, to } = step;
        if whole && !to.is_whole() {
            return Some((Code::Fractional, format!("{to} is not a whole number of units")));
        }
        let fight = self.tug_of_war(addition, now, to);
        fight.or_else(|| self.hand_edit(step)).or_else(|| self.zero(key, now, to)).or_else(|| self.line_step(now, to))
    }

    /// A customer or a service that the line was billed for and that is mapped elsewhere now: an edit of the mapping is
    /// no usage that fell.
    pub(in crate::reconcile) fn taken_out(&self, key: &LineKey, now: Quantity, to: Quantity) -> Option<HoldReason> {
        let owned = self.past.owned.get(&*key.folded()).filter(|_| to < now)?;
        let (customer, service) = taken_off(owned, key, self.mapping, self.places).next()?;
        let (customer, service) = (shown(customer.as_str()), shown(service.as_str()));
        let detail = format!("{service} of {customer} was billed here, and is not mapped to it any more: {now} → {to}");
        Some((Code::CountTakenOut, detail))
    }

    /// A line at 0 begins while the product bills on another agreement of the company, where nobody counts it.
    pub(in crate::reconcile) fn begins_beside(&self, case: LineCase<'_>, now: Quantity) -> Option<HoldReason> {
        let product = case.product.ok().filter(|_| now.is_zero())?;
        let found = self.bills_already(case, product).filter(|found| found.code == Code::LineElsewhere)?;
        Some((found.code, found.detail))
    }

    /// What a person has to look at before a line begins: first what may come into sight after an answer.
    pub(in crate::reconcile) fn hindrances(
        &self,
        case: LineCase<'_>,
        product: &Product,
        quantity: Quantity,
        on_line: &[&Addition],
    ) -> Vec<Hindrance<'a>> {
        let (key, terms) = (case.key, case.wanted.terms);
        let mut all: Vec<Hindrance<'a>> = self.bills_already(case, product).into_iter().collect();
        let (just_ended, by_hand) = (self.just_ended(key, product), self.ended_by_hand(key, on_line));
        let is_ours = |id| on_line.iter().any(|addition| addition.id == id && self.was_here(key, addition));
        match (just_ended, by_hand) {
            // One and the same.
            (Some((id, ended)), Some(detail)) if is_ours(id) => {
                let detail = format!("{detail}; {}", ended.detail);
                all.push(Hindrance { code: Code::HumanEdit, detail, changed: None });
            }
            (ended, by_hand) => {
                all.extend(ended.map(|(_, ended)| ended));
                all.extend(by_hand.map(|detail| Hindrance { code: Code::HumanEdit, detail, changed: None }));
            }
        }
        if terms.whole && !quantity.is_whole() {
            let detail = format!("{quantity} is not a whole number of units");
            all.push(Hindrance { code: Code::Fractional, detail, changed: None });
        }
        all
    }

    /// The product bills already, beside the new line, where nobody counts it.
    fn bills_already(&self, case: LineCase<'_>, product: &Product) -> Option<Hindrance<'a>> {
        let elsewhere = self.around.elsewhere(case.key, product.id, case.wanted.company);
        let Some((agreement, addition)) = elsewhere else {
            let unseen = self.around.unseen(case.key, case.wanted.company)?;
            let detail = format!("the additions of agreement {unseen} cannot be read, and the product may bill there");
            return Some(Hindrance { code: Code::AgreementUnreadable, detail, changed: None });
        };
        let detail = format!(
            "addition {} on agreement {agreement} bills {} of it already, and no mapped customer wants it there",
            addition.id,
            addition.units()
        );
        Some(Hindrance { code: Code::LineElsewhere, detail, changed: addition.changed.as_ref() })
    }

    /// A line of the product that is not over long enough for a new one to begin.
    fn just_ended(&self, key: &LineKey, product: &Product) -> Option<(AdditionId, Hindrance<'a>)> {
        let ended = self.around.just_ended(key, product.id)?;
        let on = ended.cancelled_on.map(day).unwrap_or_default();
        let ends = if ended.cancelled_on == Some(self.today) { "bills its last day today" } else { "ended" };
        let detail = format!("addition {} of {} {ends} ({on}), in this calendar month", ended.id, ended.units());
        Some((ended.id, Hindrance { code: Code::LineJustEnded, detail, changed: ended.changed.as_ref() }))
    }

    /// Twice recount set it so, and twice somebody set it back: a third time would change nothing but the invoice of
    /// the day. This holds whatever `human_edit` says.
    fn tug_of_war(&self, addition: &Addition, now: Quantity, to: Quantity) -> Option<HoldReason> {
        let written = self.past.written.get(&addition.id)?;
        let again = written.quantity == to && written.from == Some(now) && written.times >= FLIPS_MAX;
        let by =
            addition.changed.as_ref().map(|change| format!(", the last time by {}", change.by)).unwrap_or_default();
        let times = written.times;
        again.then(|| (Code::TugOfWar, format!("set to {to} {times} times, and set back to {now} each time{by}")))
    }

    fn zero(&self, key: &LineKey, now: Quantity, to: Quantity) -> Option<HoldReason> {
        if !to.is_zero() {
            return None;
        }
        let night = match self.policy.to_zero {
            ToZero::Apply => return None,
            ToZero::Ask => "",
            ToZero::SecondNight => match self.past.zero_before.get(&*key.folded()) {
                Some(first) if self.is_another_night(first) => return None,
                _ => ", night 1 of 2",
            },
        };
        Some((Code::ToZero, format!("{now} would go to zero{night}")))
    }

    /// An export of another day. On a quiet portfolio two nights look alike, and one link that is fetched twice gives two
    /// files: neither the name nor the bytes tell a second night, only the time does.
    fn is_another_night(&self, first: &ExportStamp) -> bool {
        let (now, then) = (self.export.modified_at, first.modified_at);
        now.date_naive() != then.date_naive() && now.signed_duration_since(then) >= NIGHTS_APART
    }

    fn line_step(&self, now: Quantity, to: Quantity) -> Option<HoldReason> {
        // A line on its way to zero is `to_zero`'s business, and that one let it pass.
        if to.is_zero() {
            return None;
        }
        let too_far = self.policy.line_step.too_far(now.as_decimal(), to.as_decimal())?;
        let distance = now.delta_to(to).abs();
        Some((Code::LineStep, format!("{now} to {to} is a step of {distance}, {too_far}")))
    }

    /// Why a person has to look at the size of a new line first, if anything says so. It is a step from nothing.
    pub(in crate::reconcile) fn too_large(&self, key: &LineKey, quantity: Quantity) -> Option<String> {
        let too_far = self.policy.line_step.too_far(Decimal::ZERO, quantity.as_decimal())?;
        let detail = format!("a new line of {quantity}, {too_far}");
        let asked = AskedStep { code: Code::LineStep, live: None, to: quantity, changed: None };
        match self.past.decisions.answer(key, asked) {
            StepAnswer::Accepted(_) => None,
            StepAnswer::None => Some(format!("{detail}; approving the plan creates it as well")),
            StepAnswer::Moved(what) => Some(format!("{detail}; {what}")),
        }
    }
}

/// How often the same change is undone by others before it is a fight.
const FLIPS_MAX: u32 = 2;

/// Nightly exports are about a day apart.
const NIGHTS_APART: TimeDelta = TimeDelta::hours(12);
