//! Lines whose addition is another one now than the one that recount owned, while that one bills still.

use std::collections::{BTreeMap, BTreeSet};

use crate::reconcile::decide::left_behind::{held, live, whole_key};
use crate::reconcile::decide::line_case::LineRules;
use crate::reconcile::decide::line_decision::LineDecision;
use crate::reconcile::decide::permitted_answers::may_be_accepted;
use crate::reconcile::decide::plan_inputs::PlanInputs;
use crate::reconcile::matching::catalog::candidates;
use crate::reconcile::model::connectwise_records::Addition;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::ids::AdditionId;
use crate::reconcile::model::known_lines::KnownLines as _;
use crate::reconcile::model::line_owners::Owned;
use crate::reconcile::model::past::Past;
use crate::reconcile::model::plan::line::{Line, LineKey, LiveAddition, Verdict};
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::quantity::Quantity;

impl PlanInputs<'_> {
    /// Puts an addition that was owned, bills still and is not the one that its line means now before the one that it does
    /// mean: a pin moved, a catalog item was renamed and its identifier used again, or somebody set another product.
    pub(in crate::reconcile) fn put_before(&self, planned: &mut [Line]) -> BTreeSet<LineKey> {
        let asked = |(at, line): (usize, &Line)| Some((at, self.before(line)?));
        let asked: Vec<(usize, &Addition)> = planned.iter().enumerate().filter_map(asked).collect();
        // On an ordinary night there is none.
        let live = if asked.is_empty() { BTreeSet::new() } else { live(planned) };
        let mut put = BTreeSet::new();
        for (at, addition) in asked.into_iter().filter(|(_, addition)| !live.contains(&addition.id)) {
            let line = &mut planned[at];
            let Some(key) = line.key().cloned() else { continue };
            let why = format!("{}{}", self.another_is_meant(&key, line, addition), waits(line));
            let judgement = match &addition.quantity {
                Ok(now) => self.set_to_zero(&key, addition, *now, &why),
                Err(unreadable) => held(addition.id, None, format!("{why}; addition {}: {unreadable}", addition.id)),
            };
            let kept = self.past.decisions.keep(&key, judgement.clone(), self.today);
            // What was kept while the mapping did not want the line is no answer to what it means now.
            let is_over = kept.verdict == Verdict::Skipped(Code::Kept);
            let LineDecision { verdict, live, detail, named } = if is_over { judgement } else { kept };
            let wanted = live.map(|_| Quantity::ZERO);
            *line = Line { wanted, live, carried: None, verdict, detail, named, ..line.clone() };
            put.insert(key);
        }
        put
    }

    /// The lines that recount has owned and that a person moved to another agreement, as far as they bill there and stand in
    /// no line of the plan: whoever was billed on one is billed on it still.
    pub(in crate::reconcile) fn moved_lines(&self, planned: &[Line]) -> Vec<Line> {
        let owned = self.past.owned.iter().filter(|(key, owned)| self.past.is_away(key, owned, self.additions));
        let away: BTreeMap<AdditionId, (&LineKey, &Owned)> =
            owned.filter_map(|(key, owned)| Some((self.past.owned_addition(key, owned)?, (key, owned)))).collect();
        // On an ordinary night there is none.
        if away.is_empty() {
            return Vec::new();
        }
        let (live, keys) = (live(planned), planned.iter().filter_map(Line::key).map(whole_key));
        let mut keys: BTreeSet<_> = keys.collect();
        let all = self.additions.iter().flat_map(|(agreement, listed)| listed.iter().map(|one| (*agreement, one.id)));
        let found = all
            .filter(|(_, id)| !live.contains(id))
            .filter_map(|(agreement, id)| Some((agreement, id, away.get(&id)?)));
        let mut lines = Vec::new();
        for (agreement, id, (key, owned)) in found {
            let key = LineKey { agreement, ..(*key).clone() };
            let owned = &Owned { addition: Some(id), ..(*owned).clone() };
            // Of several that came to one place each is asked about in turn: the others are named beside it.
            if keys.insert(whole_key(&key)) {
                lines.extend(self.line_left_behind(&key, owned));
            }
        }
        lines
    }

    /// What else of the product is billed in a line's place: an answer about its own addition was not for these.
    pub(in crate::reconcile) fn others(&self, key: &LineKey, own: AdditionId) -> Vec<&Addition> {
        if self.bills_nothing(key.agreement) {
            return Vec::new();
        }
        let listed = self.additions.get(&key.agreement).map(Vec::as_slice).unwrap_or_default();
        let mut meant: BTreeSet<_> =
            candidates(self.directory, &key.product).iter().map(|product| product.id).collect();
        // A product that nothing is mapped to any more is not read: it is that of the line's own addition.
        if meant.is_empty() {
            meant.extend(listed.iter().find(|one| one.id == own).and_then(|own| own.product));
        }
        let of_product = |addition: &Addition| addition.product.is_some_and(|id| meant.contains(&id));
        let others = listed.iter().filter(|one| one.id != own && of_product(one) && one.bears(key.item.as_ref()));
        others.filter(|one| one.is_current(self.today) && one.bills()).collect()
    }

    /// The addition that was this line's, where it bills still, another one is meant, and nobody has said that it may stay.
    fn before(&self, line: &Line) -> Option<&Addition> {
        let key = line.key()?;
        let owned = self.past.owned.of_line(key).and_then(|owned| owned.addition);
        let seen = || self.past.accepted.as_ref()?.lines.of_line(key).copied();
        let known = owned.or_else(|| self.past.ours.of_line(key).copied()).or_else(seen);
        // What was let be may be asked about again, though another one is the line by now.
        let all = known.into_iter().chain(self.past.let_be.of_line(key).into_iter().flatten().copied());
        all.filter(|_| may_be_written(line)).find_map(|id| self.bills_on(key, line, id))
    }

    /// An addition that was a line's, as far as it does so.
    fn bills_on(&self, key: &LineKey, line: &Line, id: AdditionId) -> Option<&Addition> {
        if line.live.is_some_and(|live| live.addition == id) {
            return None;
        }
        let addition = self.additions.get(&key.agreement)?.iter().find(|addition| addition.id == id)?;
        // Where none is live, one of its own product would be it, or not begun yet.
        let other_product = self.other_product(key, addition).is_some();
        let is_other = line.live.is_some() || other_product;
        // One that a person ends, beside a line that bills: the other one is meant.
        let ends = addition.is_beside() && line.live.is_some_and(|live| !live.quantity.is_zero());
        // One of its product that is marked otherwise is another item's line, and is asked about as that.
        let is_its = other_product || addition.bears(key.item.as_ref());
        let bills = addition.is_current(self.today) && addition.bills() && is_its && !ends;
        let free = self.bills_nothing(key.agreement)
            || !self.claims.of(key.agreement, &key.product).is_empty()
            || self.past.owned_by_others.contains(&id)
            || self.past.decisions.lets_be_beside(key, id, self.today);
        (is_other && bills && !free).then_some(addition)
    }

    /// The addition that was a line's, where the line has none and that one bills on: under another mark, as another product, or
    /// on another agreement. Who begins the line anew while it does bills both.
    pub(in crate::reconcile) fn former(&self, line: &Line) -> Option<Former<'_>> {
        let key = line.key().filter(|_| line.live.is_none())?;
        let id = self.past.last_addition(key).filter(|id| !self.past.decisions.lets_be_beside(key, *id, self.today))?;
        let mut all = self.additions.iter().flat_map(|(agreement, listed)| listed.iter().map(|one| (*agreement, one)));
        let (agreement, addition) = all.find(|(agreement, one)| {
            one.id == id && one.is_current(self.today) && one.bills() && !self.bills_nothing(*agreement)
        })?;
        let lost = if agreement != key.agreement {
            Lost::Agreement
        } else if self.other_product(key, addition).is_some() {
            Lost::Product
        } else if !addition.bears(key.item.as_ref()) {
            Lost::Mark
        } else {
            return None;
        };
        Some(Former { addition, lost })
    }

    /// Holds what would begin while the addition that was the line bills on as something else, and nobody has answered about
    /// that one: an answer to the new line alone would bill twice. Lines have their handles by now.
    pub(in crate::reconcile) fn hold_beside_former(&self, lines: &mut [Line]) {
        let begun = lines.iter().enumerate().filter(|(_, line)| line.verdict.begins());
        let begun: Vec<_> = begun.filter_map(|(at, line)| Some((at, self.former(line)?.addition))).collect();
        for (at, addition) in begun {
            let id = addition.id;
            let about =
                |line: &Line| line.live.is_some_and(|live| live.addition == id) || line.named.0.contains_key(&id);
            let mut others = lines.iter().enumerate().filter(|(other, line)| *other != at && about(line));
            let Some((other, open)) = others.find(|(_, line)| line.verdict.is_held() && self.is_open(line)) else {
                continue;
            };
            let units = addition.units();
            let waits = format!(
                "waits until {} is answered: addition {id} was this line, and bills {units} as something else",
                open.handle
            );
            let begins = format!("; until it is answered, a new line beside it waits ({})", lines[at].handle);
            lines[other].detail.push_str(&begins);
            (lines[at].verdict, lines[at].detail) = (Verdict::Held(Code::SuccessorWaits), waits);
        }
    }

    /// Why a line means another addition than the one that it was.
    fn another_is_meant(&self, key: &LineKey, line: &Line, before: &Addition) -> String {
        let id = before.id;
        if let Some(other) = self.other_product(key, before) {
            return other;
        }
        let code = shown(key.product.as_str());
        match line.live.map(|live| live.addition) {
            Some(now) if self.mapping.pins.contains(&now) => format!("addition {now} is pinned now, and not {id}"),
            Some(now) => format!("addition {now} is the line of {code} now, and not {id}"),
            None => format!("addition {id} is not the line of {code} any more"),
        }
    }

    /// Of what an addition is, where that is not what the identifier of its line means.
    pub(in crate::reconcile) fn other_product(&self, key: &LineKey, addition: &Addition) -> Option<String> {
        let (id, product, code) = (addition.id, addition.product?, shown(key.product.as_str()));
        let meant = candidates(self.directory, &key.product);
        // A product that nothing is mapped to is not read.
        if meant.is_empty() || meant.iter().any(|meant| meant.id == product) {
            return None;
        }
        let named = self.directory.products.values().flatten().find(|known| known.id == product);
        let of = named.map(|known| format!("{}, ", shown(&known.identifier))).unwrap_or_default();
        Some(format!(
            "addition {id} is of another product ({of}catalog item {product}), and not of what {code} means now"
        ))
    }
}

impl Past {
    /// The addition that was the line, as far as one is known.
    pub(in crate::reconcile) fn last_addition(&self, key: &LineKey) -> Option<AdditionId> {
        let seen = self.accepted.as_ref().and_then(|accepted| accepted.lines.of_line(key));
        let owned = || self.owned.of_line(key)?.addition.as_ref();
        seen.or_else(|| self.ours.of_line(key)).or_else(owned).copied()
    }
}

/// An addition that was a line's and bills on as something else.
#[derive(Debug, Clone, Copy)]
pub(in crate::reconcile) struct Former<'a> {
    pub(in crate::reconcile) addition: &'a Addition,
    pub(in crate::reconcile) lost: Lost,
}

/// By what an addition is not the line any more that it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::reconcile) enum Lost {
    /// It bears another item's mark, or none.
    Mark,
    /// It is of another product.
    Product,
    /// It is on another agreement.
    Agreement,
}

impl LineRules<'_> {
    /// An addition that was this line, and is another product's or another item's now. Nothing is held for one that
    /// recount set to 0, or of which somebody said that it may stay.
    pub(in crate::reconcile) fn differs(&self, key: &LineKey, listed: &Addition) -> Option<String> {
        let id = listed.id;
        let ended = self.past.written.get(&id).is_some_and(|written| written.quantity.is_zero()) && !listed.bills();
        if ended || self.past.decisions.lets_be_beside(key, id, self.today) {
            return None;
        }
        if listed.bears(key.item.as_ref()) {
            return Some("is of another product now".to_owned());
        }
        Some(marked_otherwise(listed))
    }
}

/// How an addition is marked that bears another mark than that of its line.
pub(in crate::reconcile) fn marked_otherwise(addition: &Addition) -> String {
    match &addition.mark {
        Some(mark) => format!("is marked \"{}\" now", shown(mark.as_str())),
        None => "bears no mark now".to_owned(),
    }
}

/// Whether a line may be written or created tonight, or once somebody has answered, or is another one's from now on.
fn may_be_written(line: &Line) -> bool {
    match line.verdict {
        Verdict::Held(code) => line.live.is_some() || may_be_accepted(code) || code == Code::LineMissing,
        Verdict::Unchanged(_) | Verdict::Update(_) | Verdict::Create(_) | Verdict::Large(_) | Verdict::Skipped(_) => {
            true
        }
    }
}

/// What waits behind an addition that was its line before.
fn waits(line: &Line) -> String {
    let Some(wanted) = line.wanted.filter(|wanted| line.live.is_none_or(|live| live.quantity != *wanted)) else {
        return String::new();
    };
    match line.live {
        Some(LiveAddition { addition, quantity }) => {
            format!("; until it is answered, {quantity} → {wanted} of addition {addition} waits")
        }
        None => format!("; until it is answered, a new line of {wanted} waits"),
    }
}
