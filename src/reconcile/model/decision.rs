//! What operators answered: plain data.

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};

use crate::reconcile::model::display_text::{day, minute};
use crate::reconcile::model::ids::{AdditionId, AgreementId, CustomerName, ItemName, ServiceName};
use crate::reconcile::model::plan::finding::{Finding, finding};
use crate::reconcile::model::plan::line::LineKey;
use crate::reconcile::model::plan::named_additions::Named;
use crate::reconcile::model::plan::outcome::{AnswerVerb, Outcome};
use crate::reconcile::model::plan::reason_code::{Code, Severity};
use crate::reconcile::model::plan::remedy::Remedy;
use crate::reconcile::model::quantity::Quantity;

/// The last answer to each matter of an integration; one that was reopened has none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decisions(pub BTreeMap<DecisionSubject, Decision>);

/// What an answer is about. Products are folded as [`crate::reconcile::model::ids::ProductCode::folded`]: another spelling in
/// the configuration is no other line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum DecisionSubject {
    /// A line: a product on an agreement, and the item, where each has its line; folded.
    Line(AgreementId, String, Option<String>),
    /// An addition that was a line, and that the mapping does not want any more. It may bill on beside what the line is now, and
    /// what is answered about either is no answer about the other; all have the line's handle.
    LeftBehind(AgreementId, String, Option<String>, Option<AdditionId>),
    /// A customer.
    Customer(CustomerName),
    /// A service.
    Service(ServiceName),
    /// A product that cannot be billed.
    Product(String),
    /// Several rows of one customer and service.
    Duplicate(CustomerName, ServiceName),
    /// Rows without a customer.
    Nameless,
}

impl DecisionSubject {
    /// A line.
    pub fn line(key: &LineKey) -> Self {
        Self::Line(key.agreement, key.product.folded(), key.item.as_ref().map(ItemName::folded))
    }

    /// An addition that was a line.
    pub fn left_behind(key: &LineKey, addition: Option<AdditionId>) -> Self {
        Self::LeftBehind(key.agreement, key.product.folded(), key.item.as_ref().map(ItemName::folded), addition)
    }

    /// A line, or what it left behind, as it is asked about for this reason, by its live addition and what it names.
    pub fn of_line(key: &LineKey, reason: Code, (live, named): (Option<AdditionId>, &Named)) -> Self {
        match reason {
            Code::LineLeftBehind => Self::left_behind(key, named.own(live)),
            _ => Self::line(key),
        }
    }

    /// The line, of an addition that was one; else the same.
    pub fn as_line(&self) -> Self {
        match self {
            Self::LeftBehind(agreement, product, item, _) => Self::Line(*agreement, product.clone(), item.clone()),
            other => other.clone(),
        }
    }

    /// Whether it is about this line, or what was it.
    pub fn is_of_line(&self, key: &LineKey) -> bool {
        self.as_line() == Self::line(key)
    }

    /// Whether an answer to this says all that there is to say of what another one was about: the line, of an addition that was
    /// left behind since.
    fn is_of_the_same(&self, addition: Option<AdditionId>, other: &Self) -> bool {
        match (self, other) {
            (Self::LeftBehind(agreement, product, item, left), Self::Line(of, code, of_item)) => {
                (agreement, product, item) == (of, code, of_item) && left.is_some() && *left == addition
            }
            _ => false,
        }
    }
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The handle that was typed.
    pub handle: String,
    /// What was answered. Never [`AnswerVerb::Reopen`]: that takes an answer back.
    pub verb: AnswerVerb,
    /// The last day on which it holds; `None` means until it is reopened.
    pub until: Option<NaiveDate>,
    /// A note of the person; may be empty.
    pub note: String,
    /// Who, by the operating system.
    pub who: String,
    /// When, by the clock of whoever reads it.
    pub at: DateTime<FixedOffset>,
    /// Why the matter was held.
    pub reason: Code,
    /// What the line showed, where it is about one.
    pub seen: Option<SeenLine>,
    /// The other additions that it showed; `None` for an answer of a version that did not note them.
    pub named: Option<Named>,
    /// How far an accepted step may go, where more than the one that was shown is covered.
    pub within: Option<Quantity>,
    /// Whether the mapping wanted nothing of the line when this was answered: once it does, what its addition is then is another
    /// question.
    pub unmapped: bool,
    /// Whether the line was written since, or an accepted export no longer asked for the step: one is taken once.
    pub spent: bool,
}

impl Decisions {
    /// Takes one answer more. Once a line was left behind, what was said of its steps before is over; what was said of another
    /// one in its place stands.
    pub fn add(&mut self, subject: DecisionSubject, decision: Decision) {
        let seen = |known: &Decision| known.seen.and_then(|seen| seen.addition);
        self.0.retain(|other, known| !subject.is_of_the_same(seen(known), other));
        self.0.insert(subject, decision);
    }

    /// The answer to a handle that is taken back first: the newest that holds, else the newest.
    pub fn of_handle(&self, handle: &str) -> Option<(&DecisionSubject, &Decision)> {
        self.0.iter().filter(|(_, known)| known.handle == handle).max_by_key(|(_, known)| (!known.spent, known.at))
    }

    /// The same, each with the day that it was in a zone.
    #[must_use]
    pub fn in_zone(mut self, local: impl Fn(DateTime<Utc>) -> DateTime<FixedOffset>) -> Self {
        self.0.values_mut().for_each(|decision| decision.at = local(decision.at.to_utc()));
        self
    }
}

/// What a line showed when it was decided on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenLine {
    /// The live addition.
    pub addition: Option<AdditionId>,
    /// What ConnectWise held.
    pub was: Option<Quantity>,
    /// What followed from the counts.
    pub wanted: Option<Quantity>,
    /// When ConnectWise's records of what it asks about had been changed last, by ConnectWise's clock.
    pub changed_at: Option<DateTime<Utc>>,
}

impl Decision {
    /// What a page shows of it, and the form that takes it back carries: an answer that came since is another one.
    pub fn as_shown(&self) -> String {
        answer_as_shown(self.verb, self.at.to_utc(), &self.who)
    }

    /// Whether an accepted step covers one to here: the one that was shown, or each that stops at or before its limit.
    pub fn covers(&self, to: Quantity) -> bool {
        let Some(seen) = self.seen else { return false };
        let was = seen.was.unwrap_or_default();
        match self.within {
            None => seen.wanted == Some(to),
            Some(limit) => was < to && to <= limit || limit <= to && to < was,
        }
    }

    /// Whether a plan that finds this still asks for the step that was accepted.
    pub fn is_asked_by(&self, was: Option<Quantity>, wanted: Option<Quantity>) -> bool {
        let moved = was.is_some() && was != self.seen.and_then(|seen| seen.was);
        !moved && wanted.is_some_and(|wanted| self.covers(wanted))
    }

    /// Whether all the additions that a line asks about now, its own one with them, were shown when this was answered.
    pub fn is_for(&self, live: Option<AdditionId>, named: &Named) -> bool {
        let shown = self.seen.and_then(|seen| seen.addition);
        match &self.named {
            Some(before) => {
                let own = |addition: Option<AdditionId>| addition.map(|addition| (addition, None));
                named.clone().and(own(live)).is_within(&before.clone().and(own(shown)))
            }
            None => shown.zip(live).is_none_or(|(shown, live)| shown == live),
        }
    }

    /// Whether the line that was shown was this addition, as far as one was shown.
    pub fn is_of(&self, addition: AdditionId) -> bool {
        self.is_for(Some(addition), &Named::default())
    }

    /// Whether the step that a person refused, without a last day, is one that a later plan asks for no more: what is billed is
    /// wanted, or was written, or the count goes the other way. Or the mapping wants again what it had left behind.
    pub fn is_past(
        &self,
        addition: Option<AdditionId>,
        wanted: Option<Quantity>,
        (outcome, reason): (Outcome, Code),
    ) -> bool {
        let Some(seen) = self.seen.filter(|seen| seen.addition == addition && wanted.is_some()) else { return false };
        match self.reason {
            Code::LineLeftBehind => !matches!(reason, Code::LineLeftBehind | Code::Kept | Code::Ignored),
            _ if self.until.is_some() || seen.was == seen.wanted => false,
            _ if self.verb == AnswerVerb::Keep || is_step(self.reason) => {
                let way = |wanted: Option<Quantity>| wanted.cmp(&seen.was);
                let settled = matches!(outcome, Outcome::Unchanged | Outcome::Updated);
                settled || is_step(self.reason) && way(wanted) != way(seen.wanted)
            }
            _ => false,
        }
    }

    /// Whether the export of one night does not show yet that a refused step [is over](Self::is_past): nothing was written, and
    /// the mapping is as it was.
    pub fn needs_two_nights(&self, outcome: Outcome) -> bool {
        self.reason != Code::LineLeftBehind && outcome != Outcome::Updated
    }

    /// Whether a line bills what it billed when it was kept or ignored, as far as that was shown: what somebody sets in ConnectWise
    /// afterwards is another question. A line left behind is let be whatever it bills, and one with a last day until then.
    pub fn is_of_quantity(&self, now: Option<Quantity>) -> bool {
        let shown = self.seen.and_then(|seen| seen.was).filter(|_| self.until.is_none() && is_step(self.reason));
        shown.zip(now).is_none_or(|(shown, now)| shown == now)
    }

    /// The same, at the clock of a zone.
    #[must_use]
    pub fn in_zone(self, zone: FixedOffset) -> Self {
        Self { at: self.at.with_timezone(&zone), ..self }
    }

    /// Whether it still holds on a day.
    pub fn holds_on(&self, today: NaiveDate) -> bool {
        self.until.is_none_or(|until| today <= until)
    }

    /// `kept by mmiller on Sun 22 Nov 2026 until Thu 31 Dec 2026 ("asked Acme")`.
    pub fn sentence(&self) -> String {
        self.sentence_at(&day(self.at.date_naive()))
    }

    /// The same with the time of day, for what was answered a moment ago: `kept by mmiller on Sun 22 Nov 2026 07:31 UTC`.
    pub fn sentence_of_minute(&self) -> String {
        self.sentence_at(&minute(self.at))
    }

    fn sentence_at(&self, at: &str) -> String {
        let done = match self.verb {
            AnswerVerb::Accept => "accepted",
            AnswerVerb::Keep => "kept",
            AnswerVerb::Ignore => "ignored",
            AnswerVerb::Reopen => "reopened",
        };
        let until = self.until.map(|until| format!(" until {}", day(until))).unwrap_or_default();
        let note = if self.note.is_empty() { String::new() } else { format!(" (\"{}\")", self.note) };
        let within = self.within.map(|limit| format!(" up to {limit}")).unwrap_or_default();
        format!("{done}{within} by {} on {at}{until}{note}", self.who)
    }

    /// That an answer ends with the run whose export was the last one that it took: that run left the line as it is.
    pub(crate) fn ends_after(&self, line: &Finding, (billed, wanted): (Option<Quantity>, Option<Quantity>)) -> Finding {
        let Finding { customer, service, handle, .. } = line.clone();
        let shown = |units: Option<Quantity>| units.map_or_else(|| "–".to_owned(), |units| units.to_string());
        let step = format!("{} → {}", shown(billed), shown(wanted));
        let message = format!("{}: that ends with this run, for what it was about is over", self.sentence());
        let fix = Remedy::nothing(format!("the next run takes {step} as an ordinary step"));
        Finding { customer, service, handle, fix, ..finding(Severity::Warning, Code::DecisionExpired, message) }
    }

    pub(crate) fn expired(&self, about: &Finding) -> Finding {
        let Finding { customer, service, handle, .. } = about.clone();
        let message = format!("{}; it has expired, and the ordinary rules apply again", self.sentence());
        let again = format!("recount {} {} --until DATE", self.verb, handle.as_deref().unwrap_or(&self.handle));
        let fix = Remedy::command(again);
        Finding { customer, service, handle, fix, ..finding(Severity::Warning, Code::DecisionExpired, message) }
    }
}

/// Which answer is meant: what it says, when it was given, and by whom.
pub fn answer_as_shown(verb: AnswerVerb, at: DateTime<Utc>, who: &str) -> String {
    format!("{verb}:{}:{who}", at.timestamp_micros())
}

/// Whether a line was held for this because of the step that it would make.
fn is_step(reason: Code) -> bool {
    matches!(reason, Code::ToZero | Code::LineStep | Code::HumanEdit | Code::ServiceMissing | Code::RowsMissing)
}
