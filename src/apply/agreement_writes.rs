//! The writes of one agreement, one after another, and what was seen of it last.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use crate::apply::execution_context::ExecutionContext;
use crate::apply::write_result::{ConfirmedChange, Halt, LineWriteResult};
use crate::connectwise::AdditionsLook;
use crate::reconcile::guard::cleared_plan::{SetQuantity, Write};
use crate::reconcile::model::connectwise_records::Addition;
use crate::reconcile::model::ids::{AdditionId, AgreementId};
use crate::reconcile::model::plan::line::LineKey;
use crate::reconcile::model::quantity::Quantity;

/// How old a look may be when the write leaves that stands on it (rule 11), where ConnectWise is not slower than this.
const LOOK_LIFE: Duration = Duration::from_secs(2);

/// The writes of one agreement that are still to be done.
pub(super) struct AgreementWrites<'p> {
    pub(super) agreement: AgreementId,
    /// Each with its place in the plan.
    pub(super) writes: VecDeque<(usize, &'p LineKey, &'p Write)>,
    /// What the last write left of its look, if its answer was as sent.
    pub(super) look: Option<FreshAdditions>,
}

/// An agreement's additions, as they were seen just now.
pub(super) struct FreshAdditions {
    pub(super) additions: Vec<Addition>,
    /// After which no write may leave that stands on it.
    pub(super) until: Instant,
}

/// How the next line of an agreement ended: what became of it, or why nothing is written from here on.
pub(super) struct LineEnd<'p> {
    pub(super) lane: AgreementWrites<'p>,
    /// Its place in the plan.
    pub(super) at: usize,
    pub(super) ended: Result<LineWriteResult, Halt>,
}

/// The writes of a plan, agreement by agreement, in the order of their first lines. No agreement has two lanes.
pub(super) fn lanes(writes: &[(LineKey, Write)]) -> VecDeque<AgreementWrites<'_>> {
    let (mut lanes, mut places) = (VecDeque::<AgreementWrites<'_>>::new(), BTreeMap::new());
    for (at, (key, write)) in writes.iter().enumerate() {
        let agreement = key.agreement;
        let place = *places.entry(agreement).or_insert(lanes.len());
        if place == lanes.len() {
            lanes.push_back(AgreementWrites { agreement, writes: VecDeque::new(), look: None });
        }
        lanes[place].writes.push_back((at, key, write));
    }
    lanes
}

impl FreshAdditions {
    /// A look that a write may stand on for two seconds, or twice as long as an answer usually takes tonight.
    pub(super) fn new(look: AdditionsLook, usual_answer: Duration) -> Self {
        let until = look.asked_at + LOOK_LIFE.max(usual_answer * 2);
        Self { additions: look.list.additions, until }
    }

    /// The same, and not longer than until then.
    pub(super) fn until(self, at: Instant) -> Self {
        Self { until: self.until.min(at), ..self }
    }

    /// Whether it is one of them.
    pub(super) fn shows(&self, id: AdditionId) -> bool {
        self.additions.iter().any(|addition| addition.id == id)
    }

    /// What one live addition holds, or why that cannot be said.
    pub(super) fn quantity_of(&self, id: AdditionId, context: ExecutionContext<'_>) -> Result<Quantity, String> {
        let addition = self.additions.iter().find(|addition| addition.id == id);
        let addition = addition.ok_or_else(|| format!("addition {id} is gone"))?;
        // A plan also names lines that recount made begin later.
        if !addition.is_current(context.today) {
            return Err(format!("addition {id} is not live any more"));
        }
        if !context.expected_owners.has_product(id, addition.product) {
            return Err(format!("addition {id} is of another product since the plan was drawn"));
        }
        addition.quantity.clone()
    }

    /// The same of a line that is about to be set.
    pub(super) fn quantity_of_line(
        &self,
        key: &LineKey,
        id: AdditionId,
        context: ExecutionContext<'_>,
    ) -> Result<Quantity, String> {
        match context.expected_owners.second_of(key, id, &self.additions, context.today) {
            Some(second) => Err(format!("addition {second} bills it as well, and was not there for the plan")),
            None => self.quantity_of(id, context),
        }
    }

    /// Whether ConnectWise took a fraction and keeps whole numbers, so that the line did not move: its record was changed
    /// since the look `before` the write, and no line of the agreement shows a fraction.
    pub(super) fn keeps_whole(&self, set: &SetQuantity, before: &FreshAdditions) -> bool {
        let line =
            |look: &FreshAdditions| look.additions.iter().find(|addition| addition.id == set.addition()).cloned();
        let (Some(before), Some(now)) = (line(before), line(self)) else { return false };
        let kept = now.quantity.as_ref().ok().and_then(|now| now.decimals_kept_of(set.to()));
        let whole = |addition: &Addition| addition.quantity.as_ref().is_ok_and(|units| units.is_whole());
        let changed = now.changed.is_some() && now.changed != before.changed;
        kept == Some(0) && changed && self.additions.iter().all(whole)
    }

    pub(super) fn is_over(&self) -> bool {
        Instant::now() > self.until
    }

    /// The same, with what a write changed since.
    pub(super) fn after(mut self, sent: ConfirmedChange) -> Self {
        match sent {
            ConfirmedChange::Line(line) => self.additions.push(line),
            ConfirmedChange::Quantity(id, quantity) => {
                self.additions.iter_mut().filter(|one| one.id == id).for_each(|one| one.quantity = Ok(quantity));
            }
        }
        self
    }
}
