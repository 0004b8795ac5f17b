//! How one write ended: what the report tells, and what the journal keeps; and how the writes of a plan ended.

use crate::connectwise::{ReadError, WriteError};
use crate::history::journal::WriteOutcome;
use crate::history::store::error::StoreError;
use crate::reconcile::guard::cleared_plan::{CreateLine, SetQuantity, Write};
use crate::reconcile::model::connectwise_records::Addition;
use crate::reconcile::model::display_text::day;
use crate::reconcile::model::ids::{AdditionId, AgreementId};
use crate::reconcile::model::plan::line::LineKey;
use crate::reconcile::model::plan::outcome::Outcome;
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::quantity::{Quantity, USUAL_DECIMALS};

/// What became of one line that was to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineWriteResult {
    /// Which line.
    pub key: LineKey,
    /// In a word.
    pub outcome: Outcome,
    /// Why.
    pub reason: Code,
    /// What ConnectWise holds now, as far as it was seen.
    pub now: Option<Quantity>,
    /// The addition, if one was created.
    pub created: Option<AdditionId>,
    /// A sentence.
    pub detail: String,
}

/// What became of a plan. It is told whole, even if the store failed on the way.
#[derive(Debug, Default)]
pub struct Applied {
    /// One for each write of the plan, in its order.
    pub settled: Vec<LineWriteResult>,
    /// Why it ended early, if it did.
    pub halt: Option<Halt>,
}

/// Why writing ended before the plan did.
#[derive(Debug)]
pub enum Halt {
    /// A signal.
    Stopped,
    /// ConnectWise could not be read, or refused the key.
    Read(ReadError),
    /// Too many server errors: what is written in such a night is hard to know.
    ServerErrors,
    /// This host's lease is over: another one may write by now.
    LeaseLost,
    /// The plan is too old, or the clock stepped back: the host slept through its life, or its time is not to be
    /// believed.
    PlanTooOld,
    /// The store failed: no request may leave without its intent on disk. What was in flight is looked up by the next
    /// run.
    Store(StoreError),
}

/// What became of a line that was sent, with what the journal has to keep of it.
pub(super) struct WriteResult {
    pub(super) settled: LineWriteResult,
    pub(super) outcome: WriteOutcome,
    /// What it changed, if its own answer says so exactly.
    pub(super) sent: Option<ConfirmedChange>,
}

/// What a write changed, by its own answer, and exactly as sent.
pub(super) enum ConfirmedChange {
    Quantity(AdditionId, Quantity),
    Line(Addition),
}

impl WriteResult {
    fn new(settled: LineWriteResult, outcome: WriteOutcome) -> Self {
        Self { settled, outcome, sent: None }
    }
}

/// The line is not as planned: whoever changed it meant something by it.
pub(super) fn changed_meanwhile(
    key: &LineKey,
    set: &SetQuantity,
    now: Result<Quantity, String>,
    fresh: &[Addition],
) -> LineWriteResult {
    let by = fresh.iter().find(|addition| addition.id == set.addition()).and_then(|addition| addition.changed.as_ref());
    let by = by.map(|change| format!(", changed by {} at {}", change.by, change.at)).unwrap_or_default();
    let (outcome, detail) = match &now {
        Ok(now) if *now == set.to() => (Outcome::Unchanged, format!("already {now}{by}; nothing was sent")),
        Ok(now) => (Outcome::Conflict, format!("planned on {}, ConnectWise holds {now}{by}", set.from())),
        Err(why) => (Outcome::Conflict, why.clone()),
    };
    let reason = if outcome == Outcome::Unchanged { Code::Equal } else { Code::ChangedMeanwhile };
    LineWriteResult { key: key.clone(), outcome, reason, now: now.ok(), created: None, detail }
}

pub(super) fn updated(key: &LineKey, set: &SetQuantity, detail: &str) -> WriteResult {
    let settled = LineWriteResult {
        key: key.clone(),
        outcome: Outcome::Updated,
        reason: Code::CountChanged,
        now: Some(set.to()),
        created: None,
        detail: detail.to_owned(),
    };
    WriteResult::new(settled, WriteOutcome::Applied { addition: set.addition(), quantity: set.to() })
}

/// Whether ConnectWise holds what was sent, to fewer decimals. Fewer than two are believed of an answer to the write alone,
/// and of that only where it moved the line: a write that was ignored must not look like a coarse server.
pub(super) fn is_rounded(set: &SetQuantity, now: Quantity, answered: bool) -> bool {
    let coarse = answered && now != set.from();
    now.decimals_kept_of(set.to()).is_some_and(|kept| coarse || kept >= USUAL_DECIMALS)
}

/// ConnectWise took the write, and keeps fewer decimals.
pub(super) fn stored_rounded(key: &LineKey, set: &SetQuantity, stored: Quantity) -> WriteResult {
    let outcome = if stored == set.from() { Outcome::Unchanged } else { Outcome::Updated };
    let settled = LineWriteResult {
        key: key.clone(),
        outcome,
        reason: Code::StoredRounded,
        now: Some(stored),
        created: None,
        detail: format!("{} was sent, and ConnectWise keeps {stored}", set.to()),
    };
    WriteResult { settled, outcome: WriteOutcome::Applied { addition: set.addition(), quantity: stored }, sent: None }
}

/// ConnectWise took the write, answered with another quantity, and holds that. It is what our own write left, and nobody's edit.
pub(super) fn stored_otherwise(key: &LineKey, set: &SetQuantity, stored: Quantity, fresh: &[Addition]) -> WriteResult {
    let by = fresh.iter().find(|addition| addition.id == set.addition()).and_then(|addition| addition.changed.as_ref());
    let by = by.map(|change| format!(", {}", change.said())).unwrap_or_default();
    let detail = format!(
        "{} was sent in the place of {}, and ConnectWise answered {stored} and holds it{by}",
        set.to(),
        set.from()
    );
    let settled = LineWriteResult {
        key: key.clone(),
        outcome: Outcome::Failed,
        reason: Code::WriteIgnored,
        now: Some(stored),
        created: None,
        detail,
    };
    WriteResult::new(settled, WriteOutcome::Applied { addition: set.addition(), quantity: stored })
}

/// `how` it is known, where the answer did not say so by itself.
pub(super) fn created(key: &LineKey, create: &CreateLine, addition: &Addition, how: &str) -> WriteResult {
    // The line is there, whatever it holds: another creation would be the second.
    let otherwise = held_otherwise(create, addition);
    let (outcome, reason, detail) = if !otherwise.is_empty() {
        let detail = format!("created as addition {}, but ConnectWise holds {}", addition.id, otherwise.join(", and "));
        (Outcome::Failed, Code::WriteIgnored, detail)
    } else if let Some(stored) = addition.quantity.clone().ok().filter(|stored| *stored != create.quantity()) {
        let detail =
            format!("{} was sent, and ConnectWise keeps {stored} as addition {}", create.quantity(), addition.id);
        (Outcome::Created, Code::StoredRounded, detail)
    } else {
        let as_asked = how.is_empty();
        let known = || format!("{how} as addition {}", addition.id);
        (Outcome::Created, Code::NewLine, if as_asked { String::new() } else { known() })
    };
    let now = addition.quantity.clone().ok();
    let settled = LineWriteResult { key: key.clone(), outcome, reason, now, created: Some(addition.id), detail };
    // The journal keeps what was sent, where the answer cannot be read.
    let quantity = now.unwrap_or(create.quantity());
    WriteResult::new(settled, WriteOutcome::Applied { addition: addition.id, quantity })
}

/// What a new line holds otherwise than it was sent, so that it is another one, or bills otherwise. What the answer does not
/// say is as it was sent.
fn held_otherwise(create: &CreateLine, addition: &Addition) -> Vec<String> {
    let quantity = match &addition.quantity {
        Ok(stored) if *stored == create.quantity() || stored.decimals_kept_of(create.quantity()).is_some() => None,
        Ok(stored) => Some(stored.to_string()),
        Err(why) => Some(format!("a quantity that cannot be read: {why}")),
    };
    let mark = (!addition.bears(create.item())).then(|| "no item marker".to_owned());
    let bill = addition.bill.as_ref().filter(|bill| **bill != Ok(create.bill()));
    let bill = bill.map(|bill| bill.as_ref().map_or_else(String::as_str, |bill| bill.as_str()));
    let bill = bill.map(|bill| format!("billCustomer {bill}, not {}", create.bill().as_str()));
    let begins = addition.effective_on.filter(|begins| *begins != create.effective_on());
    let begins =
        begins.map(|begins| format!("that it begins on {}, not on {}", day(begins), day(create.effective_on())));
    let less = match &addition.less_included {
        Ok(less) if less.is_zero() => None,
        Ok(less) => Some(format!("lessIncluded {less}, so that as many units bill less")),
        Err(why) => Some(format!("a lessIncluded that cannot be read: {why}")),
    };
    [quantity, mark, bill, begins, less].into_iter().flatten().collect()
}

/// ConnectWise confirmed a new addition that is not where it was sent. It is the one that was created, whatever a list shows
/// or does not show: another creation would be the second, and is a person's to decide.
pub(super) fn misplaced(key: &LineKey, create: &CreateLine, addition: AdditionId, why: &str) -> WriteResult {
    let detail = format!("{why}; it is not on agreement {} as what was sent", create.agreement());
    let settled = LineWriteResult {
        key: key.clone(),
        outcome: Outcome::Unknown,
        reason: Code::InDoubt,
        now: None,
        created: Some(addition),
        detail,
    };
    WriteResult::new(settled, WriteOutcome::Applied { addition, quantity: create.quantity() })
}

pub(super) fn refused(key: &LineKey, now: Option<Quantity>, reason: Code, why: &str) -> WriteResult {
    let detail = why.to_owned();
    let settled = LineWriteResult { key: key.clone(), outcome: Outcome::Failed, reason, now, created: None, detail };
    WriteResult::new(settled, WriteOutcome::Refused { why: why.to_owned() })
}

/// Whose key is refused cannot look either.
pub(super) fn key_refused(key: &LineKey, set: &SetQuantity, error: &WriteError) -> WriteResult {
    refused(key, Some(set.from()), Code::WriteRefused, &error.to_string())
}

/// After our write ConnectWise holds neither the old nor the new quantity: somebody else wrote, too.
pub(super) fn overtaken(key: &LineKey, set: &SetQuantity, now: Quantity) -> WriteResult {
    let detail = format!("planned {} to {}, ConnectWise holds {now}", set.from(), set.to());
    let settled = LineWriteResult {
        key: key.clone(),
        outcome: Outcome::Conflict,
        reason: Code::ChangedMeanwhile,
        now: Some(now),
        created: None,
        detail: detail.clone(),
    };
    WriteResult::new(settled, WriteOutcome::Superseded { why: detail })
}

pub(super) fn in_doubt(key: &LineKey, why: &str) -> WriteResult {
    let settled = LineWriteResult {
        key: key.clone(),
        outcome: Outcome::Unknown,
        reason: Code::InDoubt,
        now: None,
        created: None,
        detail: why.to_owned(),
    };
    WriteResult::new(settled, WriteOutcome::Unknown { why: why.to_owned() })
}

/// A line that was not written, and why.
pub(super) fn held(key: &LineKey, code: Code, detail: &str) -> LineWriteResult {
    let (key, detail) = (key.clone(), detail.to_owned());
    LineWriteResult { key, outcome: Outcome::Held, reason: code, now: None, created: None, detail }
}

/// A line of which a creation is in doubt already: another one might be its second.
pub(super) fn creation_open(key: &LineKey) -> LineWriteResult {
    let detail = "an earlier creation of it is in doubt; nothing was sent, and a later run looks";
    LineWriteResult { outcome: Outcome::Unknown, ..held(key, Code::InDoubt, detail) }
}

/// A line that would begin beside one that nobody was asked about.
pub(super) fn billed_since(key: &LineKey, (agreement, addition): (AgreementId, AdditionId)) -> LineWriteResult {
    let detail = format!("addition {addition} on agreement {agreement} may bill it since the plan was drawn");
    LineWriteResult { outcome: Outcome::Conflict, ..held(key, Code::ChangedMeanwhile, &detail) }
}

pub(super) fn not_reached(key: &LineKey, write: &Write) -> LineWriteResult {
    let now = match write {
        Write::Set(set) => Some(set.from()),
        Write::Create(_) => None,
    };
    let detail = "not reached before the run stopped; nothing was sent";
    LineWriteResult { now, ..held(key, Code::NotReached, detail) }
}

/// A line whose turn to be written came again and again when what was seen before was too old.
pub(super) fn stale(key: &LineKey, write: &Write) -> LineWriteResult {
    let detail = "ConnectWise was too slow to be written to: each look was too old before its write could leave; \
                  nothing was sent";
    LineWriteResult { detail: detail.to_owned(), ..not_reached(key, write) }
}
