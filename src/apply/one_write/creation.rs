//! A new line: looked for, intent, request, answer, outcome.

use crate::apply::agreement_writes::FreshAdditions;
use crate::apply::breakers::WriteRight;
use crate::apply::journal_queue::NotStored;
use crate::apply::one_write::{WriteExecutor, WrittenLine};
use crate::apply::write_result::{
    ConfirmedChange, LineWriteResult, WriteResult, created, creation_open, held, in_doubt, misplaced, not_reached,
    refused,
};
use crate::connectwise::{WriteError, Writer};
use crate::history::journal::{Intent, IntentKind, WriteOutcome};
use crate::reconcile::guard::cleared_plan::{CreateLine, Write};
use crate::reconcile::matching::sent_write::{is_what_was_sent, new_lines};
use crate::reconcile::model::connectwise_records::Addition;
use crate::reconcile::model::ids::AdditionId;
use crate::reconcile::model::plan::line::LineKey;
use crate::reconcile::model::plan::outcome::Outcome;
use crate::reconcile::model::plan::reason_code::Code;

/// A line that is sent, with what its agreement showed before.
#[derive(Clone, Copy)]
struct Sent<'a> {
    key: &'a LineKey,
    create: &'a CreateLine,
    /// The additions of its product that were there before.
    before: &'a [AdditionId],
    look: &'a FreshAdditions,
}

impl<W: Writer> WriteExecutor<'_, W> {
    pub(super) async fn create(
        &self,
        key: &LineKey,
        create: &CreateLine,
        look: &FreshAdditions,
    ) -> Option<WrittenLine> {
        if self.is_there(create, look) {
            let detail = format!("agreement {} has such a line since the plan was drawn", create.agreement());
            let settled = held(key, Code::ChangedMeanwhile, &detail);
            return Some(LineWriteResult { outcome: Outcome::Conflict, ..settled }.into());
        }
        let of_product = look.additions.iter().filter(|addition| addition.product == Some(create.product()));
        let before: Vec<AdditionId> = of_product.map(|addition| addition.id).collect();
        let (product, quantity, effective_on) = (create.product(), create.quantity(), create.effective_on());
        let kind = IntentKind::Create { product, quantity, effective_on, before: before.clone() };
        let write = match self.queue.intent(Intent { key: key.clone(), kind }).await {
            Ok(write) => write,
            Err(NotStored::CreationOpen) => return Some(creation_open(key).into()),
            Err(NotStored::StoreFailed) => return Some(not_reached(key, &Write::Create(create.clone())).into()),
        };
        let end = self.send_create(Sent { key, create, before: &before, look }).await;
        self.settle(write, end).await
    }

    /// Whether its agreement has a line that may be it, or nobody can tell.
    fn is_there(&self, create: &CreateLine, look: &FreshAdditions) -> bool {
        // One that is not marked may hold the item as well.
        let may_be = |addition: &&Addition| addition.mark.is_none() || addition.bears(create.item());
        let of_product = look.additions.iter().filter(|addition| addition.product == Some(create.product()));
        let mut there = of_product.filter(may_be);
        let today = self.context.today;
        there.any(|addition| addition.is_live(today) || addition.begins_after(today))
            || look.additions.iter().any(|addition| addition.product.is_none())
    }

    /// `None`: nothing was sent. A creation is sent once a run, also where ConnectWise is too busy for it.
    async fn send_create(&self, sent: Sent<'_>) -> Option<WriteResult> {
        let answer = self.in_flight(self.connectwise.create_line(sent.create, sent.look.until)).await;
        self.breakers.borrow_mut().note(WriteRight::Add, answer.as_ref().err());
        match answer {
            Err(WriteError::TooLate) => None,
            answer => Some(self.creation_end(sent, answer).await),
        }
    }

    async fn creation_end(&self, sent: Sent<'_>, answer: Result<Addition, WriteError>) -> WriteResult {
        let Sent { key, create, .. } = sent;
        match answer {
            // A new line has a new id: the answer is about another one, and nobody knows what became of this one.
            Ok(Addition { id, .. }) if self.was_there(sent, id) => {
                let why = format!("the answer is about addition {id}, which was there before");
                self.look_for(sent, &why).await
            }
            Ok(addition) => {
                let end = created(key, create, &addition, "");
                let as_sent = end.settled.outcome == Outcome::Created && addition.product == Some(create.product());
                let sent = as_sent.then_some(ConfirmedChange::Line(addition));
                WriteResult { sent, ..end }
            }
            Err(WriteError::Misplaced { addition, why }) => {
                let end = self.look_for(sent, &why).await;
                let is_unknown =
                    end.settled.reason == Code::InDoubt && matches!(end.outcome, WriteOutcome::Unknown { .. });
                if is_unknown && !self.was_there(sent, addition) { misplaced(key, create, addition, &why) } else { end }
            }
            Err(WriteError::Unclear { why, .. }) => self.look_for(sent, &why).await,
            Err(WriteError::Busy { why }) => {
                self.turned_away(sent, &format!("{why}; a new line is sent once, and by the next run again")).await
            }
            Err(error @ (WriteError::Refused { .. } | WriteError::RightMissing { .. })) => {
                self.turned_away(sent, &error.to_string()).await
            }
            Err(error) => refused(key, None, Code::WriteRefused, &error.to_string()),
        }
    }

    fn was_there(&self, sent: Sent<'_>, id: AdditionId) -> bool {
        sent.look.shows(id) || self.context.expected_owners.was_there(id)
    }

    /// A creation that was refused. What was refused on the way back may have been done.
    async fn turned_away(&self, sent: Sent<'_>, why: &str) -> WriteResult {
        match self.look_for(sent, why).await {
            // Turned away, and not there: this is a clear no, and the next run may ask again.
            end if matches!(end.outcome, WriteOutcome::Unknown { .. }) => {
                refused(sent.key, None, Code::WriteRefused, why)
            }
            mut end => {
                end.settled.detail = format!("{}; the answer was: {why}", end.settled.detail);
                end
            }
        }
    }

    /// Looks for a creation without a clear answer, by the additions that were there before it. It is adopted when
    /// exactly one new line fits. It is never sent again in this run.
    async fn look_for(&self, sent: Sent<'_>, why: &str) -> WriteResult {
        let Sent { key, create, before, .. } = sent;
        let additions = match self.look(create.agreement()).await {
            Ok(look) => look.additions,
            Err(look) => return in_doubt(key, &format!("{why}; {look}")),
        };
        let wanted = create.quantity();
        let new: Vec<&Addition> = new_lines(&additions, create.product(), create.item(), before);
        match new.as_slice() {
            [one] if one.quantity.as_ref().is_ok_and(|now| is_what_was_sent(*now, wanted)) => {
                created(key, create, one, "found by a second read")
            }
            [] => in_doubt(key, &format!("{why}; not there yet, a later run looks again")),
            // It may be ours, and kept otherwise, or somebody else's while ours is on its way.
            [one] => {
                let holds = one.units();
                let said = format!("addition {} is new there and holds {holds}, where {wanted} was sent", one.id);
                in_doubt(key, &format!("{why}; {said}; a later run looks again, and creates no other beside it"))
            }
            several => {
                let ids: Vec<String> = several.iter().map(|addition| addition.id.to_string()).collect();
                let mut end = in_doubt(key, &format!("{why}; new additions that may be it: {}", ids.join(", ")));
                end.settled.reason = Code::InDoubtAmbiguous;
                end
            }
        }
    }
}
