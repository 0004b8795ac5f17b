//! The guards of one line's step: what a person has to look at before it is written.

use rust_decimal::Decimal;

use crate::reconcile::decide::left_behind::taken_off;
use crate::reconcile::decide::line_case::{LineCase, LineRules};
use crate::reconcile::decide::line_decision::{Hold, HoldReason};
use crate::reconcile::decide::permitted_answers::may_be_accepted;
use crate::reconcile::decide::stored_answers::{AskedStep, StepAnswer};
use crate::reconcile::guard::guard_policy::ToZero;
use crate::reconcile::guard::missing_services::MissingCount;
use crate::reconcile::matching::stored_decimals::may_be_kept_as_zero;
use crate::reconcile::model::connectwise_records::{Addition, ForeignAddition, Product};
use crate::reconcile::model::display_text::{day, minute, shown};
use crate::reconcile::model::known_lines::{KnownLines as _, owned_as};
use crate::reconcile::model::last_change::LastChange;
use crate::reconcile::model::past::{RecentTakeover, WrittenQuantity};
use crate::reconcile::model::plan::line::{LineKey, LiveAddition};
use crate::reconcile::model::plan::named_additions::Named;
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::quantity::Quantity;

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
    /// The other additions that it is about.
    pub(in crate::reconcile) named: Named,
}

impl Hindrance<'_> {
    /// One that is about the line alone.
    pub(in crate::reconcile) fn of_line(code: Code, detail: String) -> Self {
        Self { code, detail, changed: None, named: Named::default() }
    }
}

impl<'a> LineRules<'a> {
    /// Why a person has to look at a step first, if any guard says so.
    pub(in crate::reconcile) fn line_guard(&self, step: Step<'_>, whole: bool) -> Option<HoldReason> {
        let Step { key, addition, now, to } = step;
        if whole && !to.is_whole() {
            return Some((Code::Fractional, format!("{to} is not a whole number of units")));
        }
        let fight = self.tug_of_war(addition, now, to).or_else(|| self.kept_otherwise(addition, now));
        let fight = fight.or_else(|| self.another_line(step));
        let first = fight.or_else(|| self.hand_edit(step)).or_else(|| self.service_missing(step));
        let zero = || self.zero(key, now, to).or_else(|| self.one_of_several(step));
        first.or_else(zero).or_else(|| self.fewer_rows(step)).or_else(|| self.line_step(now, to))
    }

    /// What one of several customers used goes to zero in the line that they share. That is asked each time: of no line is it
    /// known since when a part of it is none.
    fn one_of_several(&self, step: Step<'_>) -> Option<HoldReason> {
        let Step { key, now, to, .. } = step;
        let MissingCount { customer, service, units } = self.lesser.on(key).gone.filter(|_| to < now)?;
        let (customer, service) = (shown(customer.as_str()), shown(service.as_str()));
        let detail = format!(
            "{customer}'s {} of {service} would go to zero in a line that it shares: {now} → {to}",
            units.normalize()
        );
        (self.policy.to_zero != ToZero::Apply).then_some((Code::ToZero, detail))
    }

    /// The newest day of the export may not be whole yet. A line that goes to zero was asked about, or waited for a second night.
    fn fewer_rows(&self, step: Step<'_>) -> Option<HoldReason> {
        let Step { key, now, to, .. } = step;
        if to.is_zero() && self.policy.to_zero != ToZero::Apply {
            return None;
        }
        let (MissingCount { customer, service, .. }, then, rows) =
            self.lesser.on(key).fewer_rows.filter(|_| to < now)?;
        let (customer, service) = (shown(customer.as_str()), shown(service.as_str()));
        let detail =
            format!("the newest day has {rows} of the {then} rows that {customer} had of {service}: {now} → {to}");
        Some((Code::RowsMissing, detail))
    }

    /// A part of the line that nobody in the export has any more: what is left of it says too little.
    fn service_missing(&self, step: Step<'_>) -> Option<HoldReason> {
        let Step { key, now, to, .. } = step;
        let first = self.missing.on(key).first()?;
        let service = shown(first.service.as_str());
        let detail =
            format!("nobody in the export has {service} tonight, which this line was billed for: {now} → {to}");
        Some((Code::ServiceMissing, detail))
    }

    /// A customer or a service that the line was billed for and that is mapped elsewhere now: an edit of the mapping is
    /// no usage that fell.
    pub(in crate::reconcile) fn taken_out(&self, step: Step<'_>) -> Option<HoldReason> {
        let Step { key, addition, now, to } = step;
        let owned = owned_as(&self.past.owned, (key, Some(addition.id)), |known| self.around.is_of(known, addition));
        let owned = owned.filter(|_| to < now)?;
        let (customer, service) = taken_off(owned, key, self.mapping, self.places).next()?;
        let (customer, service) = (shown(customer.as_str()), shown(service.as_str()));
        let detail = format!("{service} of {customer} was billed here, and is not mapped to it any more: {now} → {to}");
        Some((Code::CountTakenOut, detail))
    }

    /// A line at 0 begins while the product bills on another agreement of the company, where nobody counts it.
    pub(in crate::reconcile) fn begins_beside(&self, case: LineCase<'_>, now: Quantity) -> Vec<Hindrance<'a>> {
        let Some(product) = case.product.ok().filter(|_| now.is_zero()) else { return Vec::new() };
        self.bills_elsewhere(case, product)
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
        let mut all = self.bills_elsewhere(case, product);
        if all.is_empty() {
            all.extend(self.unseen(case));
        }
        let mut by_hand = self.ended_by_hand(key, on_line);
        for ended in self.around.just_ended(key, product.id) {
            let told = self.just_ended(ended);
            match by_hand.iter().position(|one| one.named.0.contains_key(&ended.id)) {
                // One and the same.
                Some(at) => {
                    let Hindrance { detail, named, .. } = by_hand.remove(at);
                    let (detail, named) = (format!("{detail}; {}", told.detail), told.named.and(named.0));
                    all.push(Hindrance { code: Code::HumanEdit, detail, changed: None, named });
                }
                None => all.push(told),
            }
        }
        all.extend(by_hand);
        if terms.whole && !quantity.is_whole() {
            let detail = format!("{quantity} is not a whole number of units");
            all.push(Hindrance::of_line(Code::Fractional, detail));
        }
        all
    }

    /// The product bills already, beside the line, where nobody counts it.
    fn bills_elsewhere(&self, case: LineCase<'_>, product: &Product) -> Vec<Hindrance<'a>> {
        let found = self.around.elsewhere(case.key, product.id, case.wanted.company);
        let each = found.into_iter().map(|(agreement, addition)| Hindrance {
            code: Code::LineElsewhere,
            detail: format!(
                "addition {} on agreement {agreement} bills {} of it already, and no mapped customer wants it there",
                addition.id,
                addition.units()
            ),
            changed: addition.changed.as_ref(),
            named: Named::one(addition.id, addition.quantity.as_ref().ok().copied()),
        });
        let strayed = self.around.strayed(case.key, product.id);
        let strayed = strayed.into_iter().map(|ForeignAddition { agreement, addition }| Hindrance {
            code: Code::LineElsewhere,
            detail: format!(
                "addition {} in this agreement's list says that it is of agreement {agreement}, where it is not to be seen: \
                 it may bill {} of it already",
                addition.id,
                addition.units()
            ),
            changed: addition.changed.as_ref(),
            named: Named::one(addition.id, addition.quantity.as_ref().ok().copied()),
        });
        each.chain(strayed).collect()
    }

    /// It may bill where nobody can look.
    fn unseen(&self, case: LineCase<'_>) -> Option<Hindrance<'a>> {
        let unseen = self.around.unseen(case.key, case.wanted.company)?;
        let detail = format!("the additions of agreement {unseen} cannot be read, and the product may bill there");
        Some(Hindrance::of_line(Code::AgreementUnreadable, detail))
    }

    /// A line of the product that is not over long enough for a new one to begin.
    fn just_ended(&self, ended: &'a Addition) -> Hindrance<'a> {
        let on = ended.cancelled_on.map(day).unwrap_or_default();
        let ends = if ended.cancelled_on == Some(self.today) { "bills its last day today" } else { "ended" };
        Hindrance {
            code: Code::LineJustEnded,
            detail: format!("addition {} of {} {ends} ({on}), in this calendar month", ended.id, ended.units()),
            changed: ended.changed.as_ref(),
            named: Named::one(ended.id, ended.quantity.as_ref().ok().copied()),
        }
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

    /// ConnectWise keeps another quantity than the last one that was set: the same request would change nothing tonight either.
    /// This holds whatever `human_edit` says.
    fn kept_otherwise(&self, addition: &Addition, now: Quantity) -> Option<HoldReason> {
        let written = self.past.written.get(&addition.id)?;
        let WrittenQuantity { quantity, run, from, instead_of: Some(asked), .. } = *written else { return None };
        let is_rounded = quantity.decimals_kept_of(asked).is_some();
        let was_set = from.is_some() && quantity == now && !is_rounded;
        let by = addition.changed.as_ref().map(|change| format!(", {}", change.said())).unwrap_or_default();
        let detail = format!("run {run} sent {asked}, and ConnectWise answered {now} and holds it{by}");
        was_set.then_some((Code::WriteIgnored, detail))
    }

    fn zero(&self, key: &LineKey, now: Quantity, to: Quantity) -> Option<HoldReason> {
        let may_vanish = may_be_kept_as_zero((self.mapping, self.past), now, to);
        if !to.is_zero() && !may_vanish {
            return None;
        }
        let night = match self.policy.to_zero {
            ToZero::Apply => return None,
            _ if may_vanish => {
                return Some((Code::ToZero, format!("{now} would go to {to}, which ConnectWise may keep as 0")));
            }
            ToZero::Ask => "",
            ToZero::SecondNight => match self.past.zero_before.of_line(key) {
                Some(first) if self.export.is_of_another_night(first) => return None,
                _ => ", night 1 of 2",
            },
        };
        Some((Code::ToZero, format!("{now} would go to zero{night}")))
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
        let named = &Named::default();
        let asked = AskedStep { code: Code::LineStep, live: None, to: quantity, changed: None, named };
        match self.past.decisions.answer(key, asked) {
            StepAnswer::Accepted(_) => None,
            StepAnswer::None => Some(format!("{detail}; approving the plan creates it as well")),
            StepAnswer::Moved(what) => Some(format!("{detail}; {what}")),
        }
    }

    /// A request that another host sent last is in no history of this one, and may be on its way.
    pub(in crate::reconcile) fn after_other_host(&self, key: &LineKey, quantity: Quantity) -> Result<(), Hold> {
        let Some(RecentTakeover { from, .. }) = &self.past.taken_over else { return Ok(()) };
        let detail = self.other_host_settles().unwrap_or_else(|| {
            format!("the first night after {from}, which may have created it; the next night creates what is not there")
        });
        self.unless_answered(key, None, quantity, &[Hindrance::of_line(Code::HostChanged, detail)])?;
        Ok(())
    }

    /// Why nothing is created yet after another host, whatever was answered, if it is too early.
    pub(in crate::reconcile) fn other_host_settles(&self) -> Option<String> {
        let RecentTakeover { from, settles_at } = self.past.taken_over.as_ref()?;
        let at = minute((*settles_at)?);
        Some(format!("nothing is created before {at}: {from} may have sent it already"))
    }

    /// Unless somebody let pass all that is in the way of a step: what was not shown to them holds it, and the others are
    /// told with it. Who let it pass is said.
    pub(in crate::reconcile) fn unless_answered(
        &self,
        key: &LineKey,
        live: Option<LiveAddition>,
        to: Quantity,
        all: &[Hindrance<'_>],
    ) -> Result<String, Hold> {
        let mut by = String::new();
        let mut open = |Hindrance { code, detail, changed, named }: &Hindrance<'_>| {
            let asked = AskedStep { code: *code, live, to, changed: *changed, named };
            match self.past.decisions.answer(key, asked) {
                _ if !may_be_accepted(*code) => Some(detail.clone()),
                StepAnswer::Accepted(said) => {
                    by = said;
                    None
                }
                StepAnswer::None => Some(detail.clone()),
                StepAnswer::Moved(what) => Some(format!("{detail}; {what}")),
            }
        };
        let Some((at, first)) = all.iter().enumerate().find_map(|(at, one)| Some((at, open(one)?))) else {
            return Ok(by);
        };
        let others = all.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, one)| one.detail.clone());
        let detail = std::iter::once(first).chain(others).collect::<Vec<_>>().join("; ");
        Err(Hold::new(all[at].code, detail).naming(all_named(all)))
    }
}

/// All the additions that are in the way of a line.
pub(in crate::reconcile) fn all_named(all: &[Hindrance<'_>]) -> Named {
    all.iter().fold(Named::default(), |named, one| named.and(one.named.0.clone()))
}

/// How often the same change is undone by others before it is a fight.
const FLIPS_MAX: u32 = 2;
