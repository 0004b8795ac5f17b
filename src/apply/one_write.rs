//! One write: still as planned? intent, request, answer, outcome.

use std::collections::BTreeSet;

use crate::apply::execution_context::ExecutionContext;
use crate::apply::recovery::new_lines;
use crate::apply::write_result::{
    Halt, Settled, WriteResult, changed_meanwhile, created, held, in_doubt, not_reached, overtaken, refused,
    stored_rounded, updated,
};
use crate::connectwise::{ReadError, WriteError, Writer};
use crate::history::journal::{Intent, IntentKind, WriteOutcome};
use crate::history::record::WriteId;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::guard::cleared::{CreateLine, SetQuantity, Write};
use crate::reconcile::model::ids::{AdditionId, AgreementId};
use crate::reconcile::model::plan::code::Code;
use crate::reconcile::model::plan::line::LineKey;
use crate::reconcile::model::plan::outcome::Outcome;
use crate::reconcile::model::quantity::{Quantity, USUAL_DECIMALS};
use crate::reconcile::model::records::Addition;

/// How often one quantity is sent while ConnectWise says that it is too busy to take it.
const TRIES_WHEN_BUSY: u32 = 5;
/// How often one quantity is sent while nobody knows what became of it. Each time it is looked at first.
const TRIES_WHEN_UNCLEAR: u32 = 2;
/// Server errors in a row after which writing stops.
const SERVER_ERRORS_IN_A_ROW: usize = 3;
/// Writes of one kind in a row that the role may not do, after which no other of that kind is tried; and likewise looks.
const REFUSED_IN_A_ROW: usize = 3;
/// Server errors among the last twenty answers after which writing stops.
const SERVER_ERRORS_OF_TWENTY: usize = 5;

/// Carries out the writes of one run, one at a time, and remembers what it must not do any more.
pub(super) struct WriteExecutor<'a, W> {
    context: ExecutionContext<'a>,
    connectwise: &'a W,
    journal: &'a mut History,
    /// Whether each of the last answers was a server error; newest last.
    answers: Vec<bool>,
    /// The store failed: no further line may be begun.
    store: Option<StoreError>,
    /// A look failed: likewise.
    unread: Option<ReadError>,
    /// What became of the quantities that were sent.
    edits: Permission,
    /// What became of the lines that were sent.
    adds: Permission,
    /// Agreements in a row whose additions ConnectWise did not give out.
    hidden: usize,
}

/// Whether the role allows one kind of write. One line may be closed to it; several in a row mean that the right is missing.
#[derive(Debug, Default)]
struct Permission {
    refused_in_a_row: usize,
    /// Some write of this kind was let in.
    given: bool,
    refusal: Option<ReadError>,
}

impl Permission {
    fn is_missing(&self) -> bool {
        self.refused_in_a_row >= REFUSED_IN_A_ROW
    }

    fn note(&mut self, refusal: Option<ReadError>) {
        match refusal {
            None => (self.refused_in_a_row, self.given) = (0, true),
            Some(_) => {
                self.refused_in_a_row += 1;
                self.refusal = refusal;
            }
        }
    }

    /// What is told at the end: that the right is missing, if no write of this kind was let in, or the last ones were not.
    fn verdict(self) -> Option<ReadError> {
        if self.is_missing() || !self.given { self.refusal } else { None }
    }
}

/// The two rights that a write can lack; lacking one does not stop the other.
#[derive(Debug, Clone, Copy)]
enum Verb {
    Edit,
    Add,
}

impl<'a, W: Writer> WriteExecutor<'a, W> {
    pub(super) fn new(context: ExecutionContext<'a>, connectwise: &'a W, journal: &'a mut History) -> Self {
        Self {
            context,
            connectwise,
            journal,
            answers: Vec::new(),
            store: None,
            unread: None,
            edits: Permission::default(),
            adds: Permission::default(),
            hidden: 0,
        }
    }

    /// Why no further line may be begun, if there is a reason.
    pub(super) fn halt(&mut self) -> Option<Halt> {
        if let Some(error) = self.store.take() {
            return Some(Halt::Store(error));
        }
        if let Some(error) = self.unread.take() {
            return Some(Halt::Read(error));
        }
        let errors = |of: usize| self.answers.iter().rev().take(of).filter(|error| **error).count();
        if errors(SERVER_ERRORS_IN_A_ROW) == SERVER_ERRORS_IN_A_ROW || errors(20) >= SERVER_ERRORS_OF_TWENTY {
            return Some(Halt::ServerErrors);
        }
        if self.context.is_too_old() {
            return Some(Halt::PlanTooOld);
        }
        self.context.stop.asked().then_some(Halt::Stopped)
    }

    /// Why the run did not do all it should, beside what single lines say.
    pub(super) fn halt_after_all(self) -> Option<Halt> {
        let read = self.unread.or(self.edits.verdict()).or(self.adds.verdict());
        self.store.map(Halt::Store).or(read.map(Halt::Read))
    }

    /// Notes that ConnectWise did not give out the additions of an agreement; whether that was once too often.
    pub(super) fn hidden(&mut self) -> bool {
        self.hidden += 1;
        self.hidden >= REFUSED_IN_A_ROW
    }

    /// Writes one line. `fresh` are the additions of its agreement, read just now.
    pub(super) async fn write(&mut self, key: &LineKey, write: &Write, fresh: &[Addition]) -> Settled {
        self.hidden = 0;
        let permission = match write {
            Write::Set(_) => &self.edits,
            Write::Create(_) => &self.adds,
        };
        if permission.is_missing() {
            return not_reached(key, write);
        }
        let settled = match write {
            Write::Set(set) => self.set(key, set, fresh).await,
            Write::Create(create) => self.create(key, create, fresh).await,
        };
        settled.unwrap_or_else(|error| {
            self.store = Some(error);
            not_reached(key, write)
        })
    }

    async fn set(&mut self, key: &LineKey, set: &SetQuantity, fresh: &[Addition]) -> Result<Settled, StoreError> {
        let now = live_quantity(fresh, set.addition(), self.context);
        if now != Ok(set.from()) {
            return Ok(changed_meanwhile(key, set, now, fresh));
        }
        let (addition, from, to) = (set.addition(), set.from(), set.to());
        let intent = Intent { key: key.clone(), kind: IntentKind::Set { addition, from, to } };
        let write = self.intent(&intent)?;
        let end = self.send_set(key, set).await;
        Ok(self.outcome(write, end))
    }

    async fn send_set(&mut self, key: &LineKey, set: &SetQuantity) -> WriteResult {
        let (mut busy, mut unclear) = (0, 0);
        loop {
            let answer = self.in_flight(self.connectwise.set_quantity(set)).await;
            self.note(Verb::Edit, answer.as_ref().err());
            let (why, code) = match answer {
                Ok(quantity) if quantity == set.to() => return updated(key, set, "verified"),
                Ok(quantity) if is_rounded(set, quantity, true) => return stored_rounded(key, set, quantity),
                Ok(quantity) => {
                    // A clear answer that did nothing would do nothing again.
                    unclear = TRIES_WHEN_UNCLEAR;
                    (format!("ConnectWise accepted it and answered {quantity}"), Code::WriteIgnored)
                }
                Err(WriteError::Busy { why }) => {
                    busy += 1;
                    (why, Code::WriteRefused)
                }
                Err(WriteError::NotSent { why } | WriteError::Unclear { why, .. }) => {
                    unclear += 1;
                    (why, Code::WriteIgnored)
                }
                Err(error) => return refused(key, Some(set.from()), Code::WriteRefused, &error.to_string()),
            };
            // Before each further try, as before the first: a busy server's pause is time enough for a hand edit.
            let again = unclear < TRIES_WHEN_UNCLEAR && busy < TRIES_WHEN_BUSY && !self.context.stop.asked();
            let again = again && self.still_bills(set.agreement()).await;
            match self.look_at(set).await {
                Ok(now) if now == set.to() => return updated(key, set, "verified by a second read"),
                Ok(now) if is_rounded(set, now, false) => return stored_rounded(key, set, now),
                Ok(now) if now == set.from() && again => {}
                Ok(now) if now == set.from() => return refused(key, Some(now), code, &why),
                Ok(now) => return overtaken(key, set, now),
                Err(look) => return in_doubt(key, &format!("{why}; {look}")),
            }
        }
    }

    /// Whether another try is allowed: nothing is written on an agreement that ended meanwhile, or cannot be seen.
    async fn still_bills(&self, agreement: AgreementId) -> bool {
        let ids = BTreeSet::from([agreement]);
        let found = tokio::select! {
            found = self.connectwise.agreements(&ids) => found.unwrap_or_default().records,
            () = grace(self.context) => Vec::new(),
        };
        found.iter().any(|found| found.id == agreement && found.billing(self.context.today).is_ok())
    }

    /// What ConnectWise holds after an unclear answer.
    async fn look_at(&mut self, set: &SetQuantity) -> Result<Quantity, String> {
        let additions = self.look(set.agreement()).await?;
        live_quantity(&additions, set.addition(), self.context)
    }

    /// A look that fails is the last of the night: nothing more is written while nobody can see.
    async fn look(&mut self, agreement: AgreementId) -> Result<Vec<Addition>, String> {
        let looked = tokio::select! {
            list = self.connectwise.additions(agreement) => list.map(|list| list.additions),
            () = grace(self.context) => return Err("stopped before the outcome could be looked up".to_owned()),
        };
        looked.map_err(|error| {
            let why = error.to_string();
            self.unread = Some(error);
            why
        })
    }

    async fn create(&mut self, key: &LineKey, create: &CreateLine, fresh: &[Addition]) -> Result<Settled, StoreError> {
        let of_product = fresh.iter().filter(|addition| addition.product == Some(create.product()));
        let before: Vec<AdditionId> = of_product.clone().map(|addition| addition.id).collect();
        let unreadable = fresh.iter().any(|addition| addition.product.is_none());
        // One that is not marked may hold the item as well.
        let there = of_product
            .clone()
            .filter(|addition| addition.mark.is_none() || addition.bears(create.item()))
            .any(|addition| addition.is_live(self.context.today) || addition.begins_after(self.context.today));
        if there || unreadable {
            let detail = format!("agreement {} has such a line since the plan was drawn", create.agreement());
            return Ok(Settled { outcome: Outcome::Conflict, ..held(key, Code::ChangedMeanwhile, &detail) });
        }
        let (product, quantity, effective_on) = (create.product(), create.quantity(), create.effective_on());
        let kind = IntentKind::Create { product, quantity, effective_on, before: before.clone() };
        let write = self.intent(&Intent { key: key.clone(), kind })?;
        let end = self.send_create(key, create, &before).await;
        Ok(self.outcome(write, end))
    }

    async fn send_create(&mut self, key: &LineKey, create: &CreateLine, before: &[AdditionId]) -> WriteResult {
        let answer = self.in_flight(self.connectwise.create_line(create)).await;
        self.note(Verb::Add, answer.as_ref().err());
        match answer {
            Ok(addition) => created(key, create, &addition, "created"),
            Err(WriteError::Unclear { why, .. }) => self.look_for(key, create, before, &why).await,
            Err(WriteError::Busy { why }) => match self.look_for(key, create, before, &why).await {
                // Turned away at the door, and not there: this is a clear no, and the next run may ask again.
                end if matches!(end.outcome, WriteOutcome::Unknown { .. }) => {
                    refused(key, None, Code::WriteRefused, &why)
                }
                end => end,
            },
            Err(error) => refused(key, None, Code::WriteRefused, &error.to_string()),
        }
    }

    /// Looks for a creation without a clear answer, by the additions that were there before it. It is adopted when
    /// exactly one new line fits. It is never sent again in this run.
    async fn look_for(&mut self, key: &LineKey, create: &CreateLine, before: &[AdditionId], why: &str) -> WriteResult {
        let additions = match self.look(create.agreement()).await {
            Ok(additions) => additions,
            Err(look) => return in_doubt(key, &format!("{why}; {look}")),
        };
        let new: Vec<&Addition> = new_lines(&additions, create.product(), create.item(), before);
        match new.as_slice() {
            [one] if one.quantity.as_ref() == Ok(&create.quantity()) => {
                created(key, create, one, "found by a second read")
            }
            [] => in_doubt(key, &format!("{why}; not there yet, a later run looks again")),
            several => {
                let ids: Vec<String> = several.iter().map(|addition| addition.id.to_string()).collect();
                let mut end = in_doubt(key, &format!("{why}; new additions that may be it: {}", ids.join(", ")));
                end.settled.reason = Code::InDoubtAmbiguous;
                end
            }
        }
    }

    fn intent(&mut self, intent: &Intent) -> Result<WriteId, StoreError> {
        self.journal.intent(self.context.lock, self.context.run, intent, (self.context.clock)())
    }

    /// What happened has happened, whether or not it can be written down: the report tells it all the same.
    fn outcome(&mut self, write: WriteId, end: WriteResult) -> Settled {
        if let Err(error) = self.journal.outcome(write, &end.outcome, (self.context.clock)()) {
            self.store = Some(error);
        }
        end.settled
    }

    /// Finishes the request in flight when a stop is asked for, but not for ever: a request that is still waiting
    /// then is in doubt, like any other without an answer.
    async fn in_flight<T>(&self, request: impl Future<Output = Result<T, WriteError>>) -> Result<T, WriteError> {
        tokio::select! {
            answer = request => answer,
            () = grace(self.context) => {
                Err(WriteError::Unclear { why: "stopped before an answer came".to_owned(), server_error: false })
            }
        }
    }

    fn note(&mut self, verb: Verb, error: Option<&WriteError>) {
        self.answers.push(matches!(error, Some(WriteError::Unclear { server_error: true, .. })));
        let (permission, what) = match verb {
            Verb::Edit => (&mut self.edits, "(or change) agreement additions"),
            Verb::Add => (&mut self.adds, "(or add) agreement additions"),
        };
        match error {
            None => permission.note(None),
            Some(WriteError::KeyRefused { why }) => self.unread = Some(key_refused(why)),
            Some(WriteError::RightMissing { why, fix }) => {
                let (what, why, fix) = (what.to_owned(), why.clone(), fix.clone());
                permission.note(Some(ReadError::Denied { what, why, fix }));
            }
            Some(_) => {}
        }
    }
}

/// How long a request in flight may go on after a stop was asked for. Shorter than systemd's patience.
const GRACE: std::time::Duration = std::time::Duration::from_secs(60);

async fn grace(context: ExecutionContext<'_>) {
    context.stop.wait().await;
    tokio::time::sleep(GRACE).await;
}

fn key_refused(why: &str) -> ReadError {
    ReadError::Denied {
        what: "agreement additions".to_owned(),
        why: why.to_owned(),
        fix: "check the keys of the API member, the login company and the client id".to_owned(),
    }
}

/// Whether ConnectWise holds what was sent, to fewer decimals. Fewer than two are believed of an answer to the write alone,
/// and of that only where it moved the line: a write that was ignored must not look like a coarse server.
fn is_rounded(set: &SetQuantity, now: Quantity, answered: bool) -> bool {
    let coarse = answered && now != set.from();
    now.decimals_kept_of(set.to()).is_some_and(|kept| coarse || kept >= USUAL_DECIMALS)
}

/// What one live addition holds, or why that cannot be said.
fn live_quantity(additions: &[Addition], id: AdditionId, context: ExecutionContext<'_>) -> Result<Quantity, String> {
    let addition = additions.iter().find(|addition| addition.id == id);
    let addition = addition.ok_or_else(|| format!("addition {id} is gone"))?;
    // A plan also names lines that recount made begin later.
    if !addition.is_current(context.today) {
        return Err(format!("addition {id} is not live any more"));
    }
    addition.quantity.clone()
}
