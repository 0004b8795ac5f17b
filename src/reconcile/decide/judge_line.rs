//! One wanted line against what ConnectWise holds: what is to happen to it, and why.

use chrono::NaiveDate;

use crate::reconcile::decide::line_case::{LineCase, LineRules};
use crate::reconcile::decide::line_decision::{Hold, LineDecision};
use crate::reconcile::decide::line_guards::{Hindrance, Step, all_named};
use crate::reconcile::decide::moved_lines::marked_otherwise;
use crate::reconcile::matching::wanted_line::{Terms, WantedLine};
use crate::reconcile::model::connectwise_records::{Addition, Product};
use crate::reconcile::model::display_text::day;
use crate::reconcile::model::ids::ids;
use crate::reconcile::model::known_lines::{KnownLines as _, sent_as};
use crate::reconcile::model::past::CreationInDoubt;
use crate::reconcile::model::plan::line::{Creation, LineKey, LiveAddition, QuantityChange, Verdict};
use crate::reconcile::model::plan::named_additions::Named;
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::quantity::Quantity;

impl LineRules<'_> {
    /// What is to happen to a line, unless an operator said that it is to be kept as it is, or ignored its step.
    pub fn judge(&self, case: LineCase<'_>) -> LineDecision {
        let decisions = &self.past.decisions;
        decisions.keep(case.key, decisions.leave(case.key, self.judge_by_rules(case), self.today), self.today)
    }

    fn judge_by_rules(&self, case: LineCase<'_>) -> LineDecision {
        let LineCase { key, wanted, agreement, product, additions } = case;
        let ended = agreement.billing(self.today).err();
        let ended = ended.map(|trouble| (trouble.code(), format!("agreement {} {trouble}", agreement.id)));
        let product = match (product, &ended) {
            (Ok(product), _) => product,
            (Err(code), None) => return held(code, self.bills_still(case), product_trouble(code, key)),
            (Err(_), Some((code, detail))) => return held(*code, self.bills_still(case), detail.clone()),
        };
        let of_product: Vec<&Addition> = additions.iter().filter(|a| a.product == Some(product.id)).collect();
        let unmarked = || of_product.iter().copied().filter(|a| a.mark.is_none() && a.is_current(self.today));
        if wanted.terms.per_item && key.item.is_none() && ended.is_none() {
            return without_item(wanted, &unmarked().collect::<Vec<_>>());
        }
        let on_line: Vec<&Addition> = of_product.iter().copied().filter(|a| a.bears(key.item.as_ref())).collect();
        let live = self.live(&on_line, additions);
        if let Some((code, detail)) = ended {
            return LineDecision::held(code, live.ok().flatten().map(|(_, live)| live), detail);
        }
        match live {
            Err(hold) => hold.of(None),
            Ok(Some((addition, live))) => self.named(&on_line, addition, self.compare(case, addition, live)),
            // A second line beside one that may hold the item already would bill it twice.
            Ok(None) if wanted.terms.per_item && unmarked().next().is_some() => {
                held(Code::LineUnmarked, None, "not created beside an addition that is not marked".to_owned())
            }
            Ok(None) => self.absent(case, product, &on_line),
        }
    }

    /// What a line bills whose product may not be billed, or is not in the catalog any more: of the product's records, else by
    /// the addition that it was known as.
    fn bills_still(&self, case: LineCase<'_>) -> Option<LiveAddition> {
        let LineCase { key, additions, .. } = case;
        let here = |addition: &&Addition| addition.product.is_some() && addition.bears(key.item.as_ref());
        let of_product: Vec<&Addition> =
            additions.iter().filter(here).filter(|addition| self.around.is_known_as(&key.product, addition)).collect();
        let seen = || self.past.accepted.as_ref()?.lines.of_line(key).copied();
        let owned = || self.past.owned.of_line(key).and_then(|owned| owned.addition);
        let known = || {
            let id = owned().or_else(seen)?;
            let known: Vec<&Addition> = additions.iter().filter(here).filter(|addition| addition.id == id).collect();
            self.live(&known, additions).ok().flatten()
        };
        let found = self.live(&of_product, additions).ok().flatten();
        found.or_else(known).map(|(_, live)| live)
    }

    /// The one live addition: several are never summed, and none is ever guessed.
    fn live<'l>(
        &self,
        on_line: &[&'l Addition],
        all: &[Addition],
    ) -> Result<Option<(&'l Addition, LiveAddition)>, Hold> {
        let of = |code, detail, additions: &[&Addition]| {
            let named = Named::several(additions.iter().map(|addition| addition.id));
            Err(Hold::new(code, detail).naming(named))
        };
        if let Some(unreadable) = all.iter().find(|a| a.product.is_none() && a.is_current(self.today)) {
            let detail = format!("addition {} on this agreement names no product that could be read", unreadable.id);
            return of(Code::LineUnreadable, detail, &[unreadable]);
        }
        let there = || on_line.iter().copied().filter(|a| self.is_there(a));
        let comes_too = |other: &&Addition| !self.is_there(other) && there().any(|ours| self.begins_with(ours, other));
        let live: Vec<&Addition> = there().chain(on_line.iter().copied().filter(comes_too)).collect();
        let pinned: Vec<&Addition> = on_line.iter().copied().filter(|a| self.mapping.pins.contains(&a.id)).collect();
        let ongoing: Vec<&Addition> = live.iter().copied().filter(|addition| !addition.is_beside()).collect();
        let one = match (live.as_slice(), pinned.as_slice()) {
            (_, [pin]) if self.is_there(pin) => *pin,
            (_, [pin]) => {
                let others = ids(live.iter().map(|addition| addition.id.0));
                let others = if others.is_empty() { others } else { format!("; live is {others}") };
                let all: Vec<&Addition> = live.iter().copied().chain([*pin]).collect();
                return of(
                    Code::LineAmbiguous,
                    format!("the pinned addition {} is not live today{others}", pin.id),
                    &all,
                );
            }
            ([], []) => return Ok(None),
            ([one], []) => one,
            // A short window or a credit beside a line that goes on: that one is meant.
            (_, []) if ongoing.len() == 1 => ongoing[0],
            (several, []) => {
                let ids = ids(several.iter().map(|addition| addition.id.0));
                let all_there = several.iter().all(|one| self.is_there(one));
                let which = if all_there { "live additions" } else { "additions that begin to bill" };
                let hold = Hold::new(Code::LineAmbiguous, format!("{} {which}: {ids}", several.len()));
                // Nothing takes them together, and yet all of them are billed.
                let units = several.iter().map(|one| (one.id, one.quantity.as_ref().ok().copied()));
                return Err(hold.naming(Named(units.collect())));
            }
            (_, pins) => {
                let ids = ids(pins.iter().map(|addition| addition.id.0));
                let detail = format!("{} additions of one line are pinned: {ids}", pins.len());
                return of(Code::LineAmbiguous, detail, pins);
            }
        };
        match &one.quantity {
            Ok(quantity) => Ok(Some((one, LiveAddition { addition: one.id, quantity: *quantity }))),
            Err(why) => of(Code::LineUnreadable, format!("addition {}: {why}", one.id), &[one]),
        }
    }

    /// A judgement that names what is live beside the line that is meant, and left as it is.
    fn named(&self, on_line: &[&Addition], meant: &Addition, judgement: LineDecision) -> LineDecision {
        let beside = on_line.iter().filter(|a| a.id != meant.id && a.is_live(self.today) && a.is_beside());
        let said: Vec<String> = beside
            .map(|addition| match addition.cancelled_on {
                _ if addition.credit => format!("addition {} beside it is a credit", addition.id),
                Some(on) => format!("addition {} beside it ends on {}", addition.id, day(on)),
                None => format!("addition {} is beside it", addition.id),
            })
            .collect();
        if said.is_empty() {
            return judgement;
        }
        let said = format!("{}, and is left as it is", said.join(", "));
        let detail = if judgement.detail.is_empty() { said } else { format!("{}; {said}", judgement.detail) };
        LineDecision { detail, ..judgement }
    }

    fn compare(&self, case: LineCase<'_>, addition: &Addition, live: LiveAddition) -> LineDecision {
        let (LineCase { key, wanted, .. }, now) = (case, live.quantity);
        let terms = wanted.terms;
        let counted = match wanted.quantity {
            Ok(counted) => counted,
            Err(_) if wanted.nobody_counted && now.is_zero() => {
                let detail = "the customer is not in the export, and nothing is billed".to_owned();
                return judged(Verdict::Unchanged(Code::NothingToBill), Some(live), detail);
            }
            Err(code) => return held(code, Some(live), source_trouble(code)),
        };
        // What was sent to another ConnectWise is not this line.
        let sent = sent_as(&self.past.in_doubt, key, addition.product);
        if let Some(doubt) = sent.filter(|doubt| doubt.elsewhere.is_none()) {
            return in_doubt(doubt).of(Some(live));
        }
        let to = terms.against(counted, Some(&live));
        let step = Step { key, addition, now, to };
        match self.settled(key, terms, addition, live, counted) {
            // Not taken for ours by being seen.
            Some((Verdict::Held(Code::LineForeign), detail)) => {
                return held(Code::LineForeign, None, detail).naming(Named::one(live.addition, None));
            }
            Some((stays @ Verdict::Unchanged(Code::NeverDecrease), detail)) => {
                return self.unless_edited(step, live, judged(stays, Some(live), detail));
            }
            Some((verdict, detail)) => return judged(verdict, Some(live), detail),
            None => {}
        }
        let update = Verdict::Update(QuantityChange { addition: live.addition, from: now, to });
        let guarded = self.taken_out(step).or_else(|| self.line_guard(step, terms.whole));
        let mut all = self.begins_beside(case, now);
        all.extend(guarded.map(|(code, detail)| {
            let changed = addition.changed.as_ref();
            Hindrance { changed, ..Hindrance::of_line(code, detail) }
        }));
        match self.unless_answered(key, Some(live), to, &all) {
            Ok(by) => judged(update, Some(live), by),
            Err(hold) => hold.of(Some(live)),
        }
    }

    /// Whether a line that is there is not to be written, whatever its guards say.
    #[expect(clippy::too_many_arguments, reason = "the parts of one judgement")]
    fn settled(
        &self,
        key: &LineKey,
        terms: Terms,
        addition: &Addition,
        live: LiveAddition,
        counted: Quantity,
    ) -> Option<(Verdict, String)> {
        let (now, id) = (live.quantity, live.addition);
        if terms.vanished && !now.is_zero() && !self.past.knows(key, id) {
            let detail = format!("addition {id} is marked with it, and no export that recount has seen names it");
            return Some((Verdict::Held(Code::LineForeign), detail));
        }
        if terms.included && addition.less_included != Ok(Quantity::ZERO) {
            let what = addition.less_included.as_ref().map_or_else(Clone::clone, |units| format!("it is {units}"));
            let detail = format!("included units are taken off by policy, and by the line's own lessIncluded: {what}");
            return Some((Verdict::Held(Code::IncludedTwice), detail));
        }
        if counted == now {
            return Some((Verdict::Unchanged(Code::Equal), String::new()));
        }
        if terms.report_only {
            return Some((Verdict::Skipped(Code::ReportOnly), format!("{counted} used, {now} billed in advance")));
        }
        let less = terms.never_decrease && counted < now;
        less.then(|| {
            let detail = format!("{counted} would be less; the line never decreases, and stays at {now}");
            (Verdict::Unchanged(Code::NeverDecrease), detail)
        })
    }

    fn absent(&self, case: LineCase<'_>, product: &Product, on_line: &[&Addition]) -> LineDecision {
        let wanted = case.wanted;
        match self.may_create(case, product, on_line) {
            Err(hold) => hold.of(None),
            Ok(quantity) if quantity.is_zero() => {
                let detail = "nothing is used, and no line is live today".to_owned();
                judged(Verdict::Unchanged(Code::NothingToBill), None, detail)
            }
            Ok(quantity) if wanted.terms.report_only => {
                let detail = format!("{quantity} used, and no line is live today");
                judged(Verdict::Skipped(Code::ReportOnly), None, detail)
            }
            Ok(quantity) => {
                if let Some(detail) = self.other_host_settles() {
                    let detail = format!("accepted, and {detail}; the first run after that creates it");
                    return judged(Verdict::Skipped(Code::HostChanged), None, detail);
                }
                let creation = Creation {
                    product: product.id,
                    quantity,
                    effective_on: self.begins(case.agreement),
                    bill: wanted.terms.bill,
                    names_item: self.mapping.names_on_line && case.key.item.is_some(),
                };
                match self.too_large(case.key, quantity) {
                    None => judged(Verdict::Create(creation), None, last_ended(on_line, self.today)),
                    Some(detail) => judged(Verdict::Large(creation), None, detail),
                }
            }
        }
    }

    /// A line that nothing can be said to be wanted of, and that is not there: where it was before is said beside it, for it may
    /// bill elsewhere.
    fn without_count(&self, code: Code, key: &LineKey, on_line: &[&Addition]) -> Hold {
        let trouble = source_trouble(code);
        // Not named: what it bills elsewhere is asked about by itself, and not by this line's answers.
        match self.gone(key, on_line) {
            None => Hold::new(code, trouble),
            Some(gone) => Hold::new(code, format!("{trouble}; {}", gone.detail)),
        }
    }

    fn may_create(&self, case: LineCase<'_>, product: &Product, on_line: &[&Addition]) -> Result<Quantity, Hold> {
        let LineCase { key, wanted, agreement, .. } = case;
        let quantity = wanted.quantity.map_err(|code| self.without_count(code, key, on_line))?;
        if let Some(doubt) = sent_as(&self.past.in_doubt, key, Some(product.id)) {
            return Err(in_doubt(doubt));
        }
        if quantity.is_zero() {
            return self.unless_some_begin(on_line).map(|()| quantity);
        }
        if wanted.terms.report_only {
            return Ok(quantity);
        }
        let made = sent_as(&self.past.just_created, key, Some(product.id));
        if let Some(made) = made.filter(|made| on_line.iter().all(|a| a.id != made.addition)) {
            let (id, run) = (made.addition, made.run);
            let now = match self.around.listed(key.agreement, id) {
                None => "is not listed; a later run looks".to_owned(),
                Some(listed) if listed.bears(key.item.as_ref()) => "is listed as another product".to_owned(),
                Some(listed) => format!("is listed, and {}", marked_otherwise(listed)),
            };
            return Err(Hold::new(Code::InDoubt, format!("addition {id}, created by run {run}, {now}")));
        }
        if let Some(later) = on_line.iter().find(|addition| addition.begins_after(self.today)) {
            let on = later.effective_on.map(day).unwrap_or_default();
            let detail = format!("addition {} begins on {on}", later.id);
            return Err(Hold::new(Code::LineNotYetEffective, detail).naming(Named::one(later.id, None)));
        }
        let hindrances = self.hindrances(case, product, quantity, on_line);
        // No answer creates what these are in the way of, so they are told first.
        if !self.mapping.create_lines {
            let missing = format!("{quantity} used, no live addition, and create_lines is off");
            let told = std::iter::once(missing).chain(hindrances.iter().map(|one| one.detail.clone()));
            let detail = told.collect::<Vec<_>>().join("; ");
            return Err(Hold::new(Code::LineMissing, detail).naming(all_named(&hindrances)));
        }
        if let Some(day) = self.not_billed_by(agreement) {
            let (code, detail) = day;
            return Err(Hold::new(code, detail));
        }
        self.after_other_host(key, quantity)?;
        self.unless_answered(key, None, quantity, &hindrances)?;
        Ok(quantity)
    }
}

/// The line of the product that ended last, for whoever reads that a new one is to be created.
fn last_ended(on_line: &[&Addition], today: NaiveDate) -> String {
    let ended = on_line.iter().filter(|addition| !addition.is_current(today) && addition.bills());
    let last = ended.max_by_key(|addition| (addition.cancelled_on, addition.id));
    let said = last.and_then(|last| Some(format!("addition {} ended on {}", last.id, day(last.cancelled_on?))));
    said.unwrap_or_default()
}

fn held(code: Code, live: Option<LiveAddition>, detail: String) -> LineDecision {
    LineDecision::held(code, live, detail)
}

/// What a product holds beside the lines of its items. Nothing of it is ever written.
fn without_item(wanted: &WantedLine, unmarked: &[&Addition]) -> LineDecision {
    match (unmarked, wanted.quantity) {
        ([], Err(code)) => held(code, None, source_trouble(code)),
        ([], Ok(_)) => {
            let detail = "the export names no item, and no line is live today".to_owned();
            judged(Verdict::Unchanged(Code::NothingToBill), None, detail)
        }
        (several, _) => {
            let ids = ids(several.iter().map(|addition| addition.id.0));
            let detail = format!("each item has a line of its own, and these additions name none: {ids}");
            let named = Named::several(several.iter().map(|addition| addition.id));
            held(Code::LineUnmarked, None, detail).naming(named)
        }
    }
}

fn judged(verdict: Verdict, live: Option<LiveAddition>, detail: String) -> LineDecision {
    LineDecision::new(verdict, live, detail)
}

fn product_trouble(code: Code, key: &LineKey) -> String {
    let product = &key.product;
    match code {
        Code::ProductMissing => format!("the catalog has no product {product}"),
        Code::ProductAmbiguous => format!("the catalog has several products {product}"),
        Code::ProductUnreadable => format!("the catalog's record of product {product} cannot be read"),
        Code::ProductInactive => format!("product {product} is inactive"),
        _ => format!("product {product} is of class Bundle, which cannot be an addition"),
    }
}

fn source_trouble(code: Code) -> String {
    match code {
        Code::CustomerMissing => "the customer is not in the export".to_owned(),
        Code::CustomerIncomplete => "a row that is or may be the customer's could not be read".to_owned(),
        Code::CustomerSpelledTwice => "the export has the customer in another spelling too".to_owned(),
        Code::RowDuplicate => "the export has several rows for this customer and service".to_owned(),
        Code::ItemsDiffer => "the export counts other than the items that it names".to_owned(),
        Code::ItemAmbiguous => "another item differs from it only in case or blanks".to_owned(),
        Code::ItemUnusable => "its name is empty, too long, or holds characters that are not kept".to_owned(),
        _ => "the sum of the counts does not fit".to_owned(),
    }
}

fn in_doubt(doubt: &CreationInDoubt) -> Hold {
    let code = if doubt.candidates.is_empty() { Code::InDoubt } else { Code::InDoubtAmbiguous };
    Hold::new(code, doubt_detail(doubt)).naming(Named::several(doubt.candidates.iter().copied()))
}

fn doubt_detail(doubt: &CreationInDoubt) -> String {
    let sent = format!("a creation of run {} is in doubt", doubt.run);
    if let Some(other) = &doubt.elsewhere {
        // It may be the same one by another name: then a second line would bill the customer twice.
        return format!("{sent}: it was sent to {other}; no line is created before that is known");
    }
    if doubt.candidates.is_empty() {
        format!("{sent}; a later run looks again")
    } else {
        format!("{sent}, and several new additions fit: {}", ids(doubt.candidates.iter().map(|id| id.0)))
    }
}
