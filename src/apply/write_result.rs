//! How one write ended: what the report tells, and what the journal keeps.

use crate::apply::Settled;
use crate::history::journal::WriteOutcome;
use crate::reconcile::guard::cleared::{CreateLine, SetQuantity};
use crate::reconcile::model::code::Code;
use crate::reconcile::model::outcome::Outcome;
use crate::reconcile::model::plan::LineKey;
use crate::reconcile::model::quantity::Quantity;
use crate::reconcile::model::records::Addition;

/// A line's end, with what the journal has to keep of it.
pub(super) struct End {
    pub(super) settled: Settled,
    pub(super) outcome: WriteOutcome,
}

/// The line is not as planned: whoever changed it meant something by it.
pub(super) fn moved(key: &LineKey, set: &SetQuantity, now: Result<Quantity, String>, fresh: &[Addition]) -> Settled {
    let by = fresh.iter().find(|addition| addition.id == set.addition()).and_then(|addition| addition.changed.as_ref());
    let by = by.map(|change| format!(", changed by {} at {}", change.by, change.at)).unwrap_or_default();
    let (outcome, detail) = match &now {
        Ok(now) if *now == set.to() => (Outcome::Unchanged, format!("already {now}{by}; nothing was sent")),
        Ok(now) => (Outcome::Conflict, format!("planned on {}, ConnectWise holds {now}{by}", set.from())),
        Err(why) => (Outcome::Conflict, why.clone()),
    };
    let reason = if outcome == Outcome::Unchanged { Code::Equal } else { Code::ChangedMeanwhile };
    Settled { key: key.clone(), outcome, reason, now: now.ok(), created: None, detail }
}

pub(super) fn updated(key: &LineKey, set: &SetQuantity, detail: &str) -> End {
    let settled = Settled {
        key: key.clone(),
        outcome: Outcome::Updated,
        reason: Code::CountChanged,
        now: Some(set.to()),
        created: None,
        detail: detail.to_owned(),
    };
    End { settled, outcome: WriteOutcome::Applied { addition: set.addition(), quantity: set.to() } }
}

pub(super) fn created(key: &LineKey, create: &CreateLine, addition: &Addition, detail: &str) -> End {
    // The line is there, whatever its quantity: another creation would be the second.
    let marked = addition.bears(create.item());
    let right = marked && addition.quantity.as_ref() == Ok(&create.quantity());
    let (outcome, reason, detail) = if right {
        (Outcome::Created, Code::NewLine, format!("{detail} as addition {}", addition.id))
    } else {
        let holds = match &addition.quantity {
            _ if !marked => "no mark of its item".to_owned(),
            Ok(quantity) => quantity.to_string(),
            Err(why) => format!("a quantity that cannot be read: {why}"),
        };
        let detail = format!("created as addition {}, but ConnectWise holds {holds}", addition.id);
        (Outcome::Failed, Code::WriteIgnored, detail)
    };
    let now = addition.quantity.clone().ok();
    let settled = Settled { key: key.clone(), outcome, reason, now, created: Some(addition.id), detail };
    // The journal keeps what was sent, where the answer cannot be read.
    let quantity = now.unwrap_or(create.quantity());
    End { settled, outcome: WriteOutcome::Applied { addition: addition.id, quantity } }
}

pub(super) fn refused(key: &LineKey, now: Option<Quantity>, reason: Code, why: &str) -> End {
    let detail = why.to_owned();
    let settled = Settled { key: key.clone(), outcome: Outcome::Failed, reason, now, created: None, detail };
    End { settled, outcome: WriteOutcome::Refused { why: why.to_owned() } }
}

/// After our write ConnectWise holds neither the old nor the new quantity: somebody else wrote, too.
pub(super) fn overtaken(key: &LineKey, set: &SetQuantity, now: Quantity) -> End {
    let detail = format!("planned {} to {}, ConnectWise holds {now}", set.from(), set.to());
    let settled = Settled {
        key: key.clone(),
        outcome: Outcome::Conflict,
        reason: Code::ChangedMeanwhile,
        now: Some(now),
        created: None,
        detail: detail.clone(),
    };
    End { settled, outcome: WriteOutcome::Superseded { why: detail } }
}

pub(super) fn in_doubt(key: &LineKey, why: &str) -> End {
    let settled = Settled {
        key: key.clone(),
        outcome: Outcome::Unknown,
        reason: Code::InDoubt,
        now: None,
        created: None,
        detail: why.to_owned(),
    };
    End { settled, outcome: WriteOutcome::Unknown { why: why.to_owned() } }
}
