//! Lines that recount has owned and that the mapping no longer wants: they bill still, so they stay in sight.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::reconcile::decide::findings::line_remedies::written_by_the_next_run;
use crate::reconcile::decide::line_decision::LineDecision;
use crate::reconcile::decide::plan_inputs::PlanInputs;
use crate::reconcile::decide::stored_answers::{AskedStep, StepAnswer};
use crate::reconcile::matching::catalog::candidates;
use crate::reconcile::matching::placement::Place;
use crate::reconcile::model::connectwise_records::Addition;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::ids::{AdditionId, AgreementId, CompanyId, CustomerName, ItemName, ServiceName};
use crate::reconcile::model::known_lines::{KnownLines as _, owned_as};
use crate::reconcile::model::line_owners::Owned;
use crate::reconcile::model::mapping::{Mapping, ServiceRule};
use crate::reconcile::model::plan::finding::Finding;
use crate::reconcile::model::plan::line::{
    FirstBilled, Line, LineKey, LiveAddition, QuantityChange, Source, Subject, Verdict,
};
use crate::reconcile::model::plan::named_additions::Named;
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::quantity::Quantity;

impl PlanInputs<'_> {
    /// The lines that recount has owned and that stand in no line of the plan, as far as they bill still.
    pub(in crate::reconcile) fn lines_left_behind(&self, planned: &[Line]) -> Vec<Line> {
        let exact: BTreeSet<Cow<'_, LineKey>> = planned.iter().filter_map(Line::key).map(LineKey::folded).collect();
        let lost: Vec<_> = self.past.owned.iter().filter(|(key, _)| !exact.contains(&Cow::Borrowed(*key))).collect();
        // On an ordinary night there is none, and a large plan is not looked through again.
        if lost.is_empty() {
            return Vec::new();
        }
        let keys = planned.iter().filter_map(|line| Some((line.key()?, line)));
        let known: BTreeMap<_, &Line> = keys.map(|(key, line)| (whole_key(key), line)).collect();
        // The line itself in another spelling, or one for all of its product on its agreement that means no other addition.
        let whole = |key: &LineKey, owned: &Owned| {
            let line = known.get(&folded(key, None));
            line.is_some_and(|line| line.live.is_none() || !self.bills_beside(key, owned, line))
        };
        let covered = |key: &LineKey, owned: &Owned| known.contains_key(&whole_key(key)) || whole(key, owned);
        // Under another identifier since its catalog item was renamed: one addition is one line.
        let live = live(planned);
        let renamed = |owned: &Owned| owned.addition.is_some_and(|addition| live.contains(&addition));
        let lost = lost.into_iter().filter(|(key, owned)| !covered(key, owned) && !renamed(owned));
        lost.filter_map(|(key, owned)| self.line_left_behind(key, owned)).collect()
    }

    /// Whether an owned addition bills beside the one that a line for all of its product means.
    fn bills_beside(&self, key: &LineKey, owned: &Owned, line: &Line) -> bool {
        let mut listed = self.additions.get(&key.agreement).into_iter().flatten();
        let other = owned.addition.filter(|id| line.live.is_none_or(|live| live.addition != *id));
        let found = other.and_then(|id| listed.find(|addition| addition.id == id));
        found.is_some_and(|addition| addition.is_current(self.today) && addition.bills() && !addition.is_beside())
    }

    /// `None` for a line that bills nothing, or that another integration looks at.
    pub(in crate::reconcile) fn line_left_behind(&self, key: &LineKey, owned: &Owned) -> Option<Line> {
        let agreement = self.directory.agreements.get(&key.agreement);
        let taken = owned.addition.is_some_and(|id| self.past.owned_by_others.contains(&id));
        if taken || self.is_over(key, owned) || !self.claims.of(key.agreement, &key.product).is_empty() {
            return None;
        }
        let judgement = self.judge(key, owned)?;
        let counted = judgement.live.is_some() || judgement.verdict == Verdict::Unchanged(Code::NothingToBill);
        let trouble = self.in_trouble(key, owned);
        let wanted = Some(Quantity::ZERO).filter(|_| counted && trouble.is_none());
        // Who is missing from the export is not counted as none.
        let count = Some(Quantity::ZERO).filter(|_| trouble != Some(Code::CustomerMissing));
        let judgement = self.past.decisions.keep(key, judgement, self.today);
        let source = |(customer, service): &(CustomerName, ServiceName)| Source {
            customer: customer.clone(),
            service: service.clone(),
            count,
            lines: Vec::new(),
            place: None,
            how: None,
            items: Vec::new(),
            is_former: true,
        };
        Some(Line {
            handle: String::new(),
            subject: Subject::Line(key.clone()),
            company: agreement.map(|agreement| agreement.company).or(owned.company),
            sources: owned.sources.iter().map(source).collect(),
            wanted,
            live: judgement.live,
            carried: None,
            billed: FirstBilled::default(),
            changed_at: None,
            edited: None,
            verdict: judgement.verdict,
            detail: judgement.detail,
            named: judgement.named,
        })
    }

    /// Whether a line ended with its agreement: one that was moved away before bills elsewhere.
    fn is_over(&self, key: &LineKey, owned: &Owned) -> bool {
        self.bills_nothing(key.agreement) && !self.past.is_away(key, owned, self.additions)
    }

    /// Whether an agreement is known to have ended, with every line on it.
    pub(in crate::reconcile) fn bills_nothing(&self, agreement: AgreementId) -> bool {
        let found = self.directory.agreements.get(&agreement);
        found.is_some_and(|agreement| agreement.billing(self.today).is_err())
    }

    /// `None` for a line that is at 0 or has ended.
    fn judge(&self, key: &LineKey, owned: &Owned) -> Option<LineDecision> {
        if let Some(doubt) = self.past.in_doubt.of_line(key) {
            let detail =
                format!("a creation of run {} is in doubt, and the mapping no longer wants the line", doubt.run);
            return Some(LineDecision::held(Code::InDoubt, None, detail));
        }
        let why = self.why(key, owned);
        let Some(id) = self.past.owned_addition(key, owned) else { return self.never_seen(key, &why) };
        let id = self.let_be_no_more(key, id).unwrap_or(id);
        let Some(listed) = self.additions.get(&key.agreement) else {
            return Some(self.not_listed(key, owned, id, &why));
        };
        // Where the line's own addition is over, another one may have come to its place.
        let (own, others) = (listed.iter().find(|addition| addition.id == id), self.others(key, id));
        let bills = own.filter(|addition| addition.is_current(self.today) && addition.bills());
        let Some(addition) = bills.or(others.first().copied()).or(own) else {
            let gone = self.not_here(id);
            // Nothing bills, nothing is wanted, and nobody edited the mapping: it stays in sight, in case it comes up again.
            if self.is_mapped_still(key, owned) {
                return Some(LineDecision::new(Verdict::Unchanged(Code::NothingToBill), None, gone));
            }
            return Some(held(id, None, format!("{why}; {gone}")));
        };
        // One that begins later will bill.
        if !addition.is_current(self.today) {
            return None;
        }
        // The one in its place is asked about; where the line itself went is said beside it.
        let gone = if own.is_none() { format!("; {}", self.not_here(id)) } else { String::new() };
        let now = match &addition.quantity {
            Ok(now) if now.is_zero() => return None,
            Ok(now) => *now,
            Err(unreadable) => {
                let detail = format!("{why}{gone}; addition {}: {unreadable}", addition.id);
                return Some(held(addition.id, None, detail));
            }
        };
        if let Some(code) = self.in_trouble(key, owned) {
            let live = LiveAddition { addition: addition.id, quantity: now };
            let detail = match code {
                Code::CustomerMissing => format!("{now} billed still, and its customer is not in the export{gone}"),
                _ => format!("{now} billed still, and nobody can say where its customer belongs{gone}"),
            };
            return Some(LineDecision::held(code, Some(live), detail));
        }
        let other = self.other_product(key, addition).map(|other| format!("; {other}")).unwrap_or_default();
        Some(self.set_to_zero(key, addition, now, &format!("{why}{other}{gone}")).beside(&others))
    }

    /// Of what the line was before, and somebody let be, what bills and may do so no longer, where that may go on which it was last.
    fn let_be_no_more(&self, key: &LineKey, last: AdditionId) -> Option<AdditionId> {
        let listed = self.additions.get(&key.agreement)?;
        let bills = |id: AdditionId| listed.iter().any(|one| one.id == id && one.is_current(self.today) && one.bills());
        let may_go_on = |id: AdditionId| !bills(id) || self.past.decisions.lets_be(key, id, self.today);
        let before = self.past.let_be.of_line(key).into_iter().flatten().copied();
        before.filter(|_| may_go_on(last)).find(|id| !may_go_on(*id) && !self.past.owned_by_others.contains(id))
    }

    /// What becomes of a line that bills `now` and is to bill nothing: that is for a person to say.
    pub(in crate::reconcile) fn set_to_zero(
        &self,
        key: &LineKey,
        addition: &Addition,
        now: Quantity,
        why: &str,
    ) -> LineDecision {
        let live = LiveAddition { addition: addition.id, quantity: now };
        let detail = format!("{now} billed still: {why}");
        let changed = addition.changed.as_ref();
        let named = &Named::one(addition.id, Some(now));
        let asked = AskedStep { code: Code::LineLeftBehind, live: Some(live), to: Quantity::ZERO, changed, named };
        match self.past.decisions.answer(key, asked) {
            StepAnswer::None => held(addition.id, Some(live), detail),
            StepAnswer::Moved(what) => held(addition.id, Some(live), format!("{detail}; {what}")),
            StepAnswer::Accepted(by) => {
                let change = QuantityChange { addition: addition.id, from: now, to: Quantity::ZERO };
                LineDecision::new(Verdict::Update(change), Some(live), by)
            }
        }
    }

    /// Of a line on an agreement whose lines are not shown: it may bill still.
    fn not_listed(&self, key: &LineKey, owned: &Owned, id: AdditionId, why: &str) -> LineDecision {
        let agreement = key.agreement;
        let unread = match self.directory.unread.additions.get(&agreement) {
            Some(unread) => format!("whose additions cannot be read: {unread}"),
            None => "which ConnectWise does not show any more: it was deleted, or the key may not see it".to_owned(),
        };
        let was = format!("addition {id} was on agreement {agreement}, {unread}");
        match self.in_trouble(key, owned) {
            Some(code) => LineDecision::held(code, None, was),
            None => held(id, None, format!("{why}; {was}")),
        }
    }

    /// A customer whose row is there, and whom nobody can place tonight, is no edit of the mapping: its own trouble holds
    /// the line. Nor is one who is mapped as before and is not in the export, whatever became of the product.
    fn in_trouble(&self, key: &LineKey, owned: &Owned) -> Option<Code> {
        let problem = |customer: &CustomerName| match self.places.get(customer) {
            Some(Place::Nowhere(problem)) if problem.code != Code::CustomerUnmapped => Some(problem.code),
            _ => None,
        };
        let is_missing = |(customer, _): &&(CustomerName, ServiceName)| self.counts.of(customer).is_none();
        let missing = || {
            self.is_mapped_still(key, owned)
                .then(|| owned.sources.iter().find(is_missing))?
                .map(|_| Code::CustomerMissing)
        };
        owned.sources.iter().find_map(|(customer, _)| problem(customer)).or_else(missing)
    }

    /// Holds what would begin beside a line left behind on the same company, and what would rise, on whatever company, for a
    /// customer who was billed on such a line or on a line that waits because the mapping took the customer off it: billed
    /// on both, the customer would pay twice. Lines have their handles by now. Gives what waits for nobody's answer.
    pub(in crate::reconcile) fn hold_successors(&self, lines: &mut [Line], left: &BTreeSet<LineKey>) -> Vec<Finding> {
        let mut waiting: BTreeMap<LineKey, Vec<String>> = BTreeMap::new();
        let mut written_next = Vec::new();
        // What waits bills still for whom it was billed for, and so another line may have to wait for it.
        loop {
            let before = self.predecessors(lines, left);
            // On an ordinary night there is none, and a large plan is not looked through.
            if before.is_empty() {
                break;
            }
            let mut any = false;
            for line in lines.iter_mut().filter(|line| rises(&line.verdict) || self.changes_hands(line)) {
                // It is told by the line that it waits for, and asks for nothing itself.
                let mut all = before.iter().filter(|one| Some(&one.key) != line.key() && one.is_before(line));
                let Some(first) = all.clone().find(|one| !one.is_written).or_else(|| all.next()) else { continue };
                line.verdict = Verdict::Held(Code::SuccessorWaits);
                any = true;
                if first.is_written {
                    line.detail =
                        format!("waits for no answer: the run after the one that writes {} writes it", first.said);
                    written_next.push(written_by_the_next_run(line));
                    continue;
                }
                line.detail = format!("waits until {} is answered, or written since an earlier run", first.said);
                waiting.entry(first.key.clone()).or_default().push(units_and_place(line));
            }
            if !any {
                break;
            }
        }
        for line in lines.iter_mut().filter(|line| line.verdict.is_held()) {
            if let Some(waiting) = line.key().and_then(|key| waiting.get(key)) {
                line.detail = format!("{}; until it is answered, {} waits", line.detail, waiting.join(" and "));
            }
        }
        written_next
    }

    /// Whether a line looks right as it is, and is for others than it was: what it bills is billed for those of before.
    fn changes_hands(&self, line: &Line) -> bool {
        let owned = line.key().and_then(|key| Some((key, self.owned_as(key, line)?)));
        matches!(line.verdict, Verdict::Unchanged(_))
            && owned.is_some_and(|(key, owned)| taken_off(owned, key, self.mapping, self.places).next().is_some())
    }

    /// What is owned as a line of the plan.
    fn owned_as(&self, key: &LineKey, line: &Line) -> Option<&Owned> {
        let meant = candidates(self.directory, &key.product);
        let is_renamed = |known: &LineKey| {
            let was = candidates(self.directory, &known.product);
            was.is_empty() || was.iter().any(|was| meant.iter().any(|product| product.id == was.id))
        };
        owned_as(&self.past.owned, (key, line.live.map(|live| live.addition)), is_renamed)
    }

    fn predecessors(&self, lines: &[Line], left: &BTreeSet<LineKey>) -> Vec<Predecessor<'_>> {
        let predecessor = |line: &Line| {
            let key = line.key()?;
            let owned = self.owned_as(key, line);
            let is_left = left.contains(key);
            if !is_left && self.bills_nothing(key.agreement) {
                return None;
            }
            let lost: BTreeSet<_> = match owned {
                Some(owned) if is_left => owned.sources.iter().collect(),
                Some(owned) if line.verdict.is_held() || !is_paid_down(line) => {
                    taken_off(owned, key, self.mapping, self.places).collect()
                }
                _ => BTreeSet::new(),
            };
            if !self.is_open(line) || !is_left && lost.is_empty() {
                return None;
            }
            let billed = line.live.map(|live| format!(" bills {} there", live.quantity)).unwrap_or_default();
            let product = shown(key.product.as_str());
            let said = format!("{} ({product} on agreement {}{billed})", line.handle, key.agreement);
            let is_written = line.verdict.is_change();
            Some(Predecessor { key: key.clone(), company: line.company.filter(|_| is_left), lost, is_written, said })
        };
        lines.iter().filter_map(predecessor).collect()
    }

    /// Whether nobody has said of a line left behind that it may stay.
    pub(in crate::reconcile) fn is_open(&self, line: &Line) -> bool {
        let ignored = |code| self.past.decisions.ignored(line, code, self.today).is_some();
        match line.verdict {
            Verdict::Held(code) => !ignored(code),
            Verdict::Update(_) => true,
            Verdict::Unchanged(_) | Verdict::Create(_) | Verdict::Large(_) | Verdict::Skipped(_) => false,
        }
    }
}

/// A line whose customers, or some of them, are billed elsewhere before it stopped billing them.
struct Predecessor<'a> {
    key: LineKey,
    /// Whose it is, where the mapping wants nothing of it any more.
    company: Option<CompanyId>,
    /// What it was billed for and is to be no more.
    lost: BTreeSet<&'a (CustomerName, ServiceName)>,
    /// Whether nobody has to answer for it any more.
    is_written: bool,
    said: String,
}

impl Predecessor<'_> {
    /// Whether a line that rises may bill what this one bills still.
    fn is_before(&self, line: &Line) -> bool {
        let beside = self.company.is_some() && self.company == line.company && line.verdict.begins();
        let same_product = line.key().is_some_and(|key| key.product.folded() == self.key.product.folded());
        let moved = |source: &Source| {
            let mut lost = self.lost.iter();
            lost.any(|(customer, service)| *customer == source.customer && (*service == source.service || same_product))
        };
        beside || line.sources.iter().any(moved)
    }
}

/// The customers and services that a line was billed for and that are mapped elsewhere, or nowhere, now.
pub(in crate::reconcile) fn taken_off<'o>(
    owned: &'o Owned,
    key: &LineKey,
    mapping: &Mapping,
    places: &BTreeMap<CustomerName, Place>,
) -> impl Iterator<Item = &'o (CustomerName, ServiceName)> {
    owned.sources.iter().filter(|(customer, service)| {
        let here = places.get(customer).and_then(Place::agreement).map(|(_, agreement)| agreement);
        let billed = match mapping.services.get(service) {
            Some(ServiceRule::Billed(billed)) => billed.is_billed_as(&key.product),
            _ => false,
        };
        here != Some(key.agreement) || !billed
    })
}

/// It waits for somebody, about this addition.
pub(in crate::reconcile) fn held(addition: AdditionId, live: Option<LiveAddition>, detail: String) -> LineDecision {
    let units = live.map(|live| live.quantity);
    LineDecision::held(Code::LineLeftBehind, live, detail).naming(Named::one(addition, units))
}

/// The additions that the lines of a plan mean.
pub(in crate::reconcile) fn live(planned: &[Line]) -> BTreeSet<AdditionId> {
    planned.iter().filter_map(|line| Some(line.live?.addition)).collect()
}

/// Whether what is wanted of a line is no less than it bills: nobody is billed on it who is counted elsewhere.
fn is_paid_down(line: &Line) -> bool {
    line.live.zip(line.wanted).is_some_and(|(live, wanted)| wanted >= live.quantity)
}

/// `20 of MP-CLOUDFILTER on agreement 11`.
fn units_and_place(line: &Line) -> String {
    let units = line.wanted.map(|units| format!("{units} of ")).unwrap_or_default();
    let place = line.key().map(|key| format!("{} on agreement {}", shown(key.product.as_str()), key.agreement));
    format!("{units}{}", place.unwrap_or_default())
}

/// Whether more units would be billed than were.
fn rises(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Create(_) | Verdict::Large(_) => true,
        Verdict::Update(change) => change.from < change.to,
        Verdict::Unchanged(_) | Verdict::Held(_) | Verdict::Skipped(_) => false,
    }
}

/// A line as it is told from others, in whatever letters its names are written.
pub(in crate::reconcile) fn whole_key(key: &LineKey) -> (AgreementId, String, Option<String>) {
    folded(key, key.item.as_ref())
}

/// A line in the form in which ConnectWise knows it.
fn folded(key: &LineKey, item: Option<&ItemName>) -> (AgreementId, String, Option<String>) {
    (key.agreement, key.product.folded(), item.map(ItemName::folded))
}
