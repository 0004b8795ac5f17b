//! One write: seen again, still as planned? intent, request, answer, outcome.

mod creation;

use std::cell::RefCell;

use tokio::time::Instant;

use crate::apply::agreement_windows::AgreementWindows;
use crate::apply::agreement_writes::{AgreementWrites, FreshAdditions, LineEnd};
use crate::apply::breakers::{Breakers, WriteRight};
use crate::apply::execution_context::ExecutionContext;
use crate::apply::expected_owners::BeginningLine;
use crate::apply::journal_queue::JournalQueue;
use crate::apply::other_agreements::{OtherAgreements, begins, billed_here_since};
use crate::apply::write_attempts::{LOOKS_AGAIN, WriteAttempts};
use crate::apply::write_result::{
    ConfirmedChange, Halt, LineWriteResult, WriteResult, billed_since, changed_meanwhile, held, in_doubt, is_rounded,
    key_refused, not_reached, overtaken, refused, stale, stored_otherwise, stored_rounded, updated,
};
use crate::connectwise::{ReadError, WriteError, Writer};
use crate::history::journal::{Intent, IntentKind, WriteOutcome};
use crate::history::run_record::WriteId;
use crate::reconcile::guard::cleared_plan::{SetQuantity, Write};
use crate::reconcile::model::ids::AgreementId;
use crate::reconcile::model::plan::line::LineKey;
use crate::reconcile::model::plan::reason_code::Code;

/// Carries out the writes of one run, and remembers what it must not do any more.
pub(super) struct WriteExecutor<'a, W> {
    pub(super) context: ExecutionContext<'a>,
    pub(super) connectwise: &'a W,
    queue: &'a JournalQueue<'a>,
    pub(super) windows: AgreementWindows,
    pub(super) breakers: RefCell<Breakers>,
    others: OtherAgreements,
}

/// How one line was written, or was not.
struct WrittenLine {
    settled: LineWriteResult,
    /// What is known of its agreement now, if the answer was as sent.
    sent: Option<ConfirmedChange>,
}

impl From<LineWriteResult> for WrittenLine {
    fn from(settled: LineWriteResult) -> Self {
        Self { settled, sent: None }
    }
}

impl<'a, W: Writer> WriteExecutor<'a, W> {
    pub(super) fn new(
        context: ExecutionContext<'a>,
        connectwise: &'a W,
        queue: &'a JournalQueue<'a>,
        agreements: Vec<AgreementId>,
    ) -> Self {
        let (windows, breakers) = (AgreementWindows::new(agreements), RefCell::default());
        Self { context, connectwise, queue, windows, breakers, others: OtherAgreements::default() }
    }

    /// How many lines may be at work at the same time, by the answers so far.
    pub(super) fn width(&self) -> usize {
        self.breakers.borrow().width(self.connectwise.at_once())
    }

    /// For how many agreements that are not at work yet their additions may be asked for meanwhile: none where requests go
    /// one by one, or the last answer was unclear.
    pub(super) fn looks_ahead(&self) -> usize {
        match self.width() {
            1 => 0,
            width => width,
        }
    }

    /// Why no further line may be begun, if there is a reason.
    pub(super) fn halt(&self) -> Option<Halt> {
        if let Some(error) = self.queue.take_failure() {
            return Some(Halt::Store(error));
        }
        let mut breakers = self.breakers.borrow_mut();
        if let Some(error) = breakers.take_unread() {
            return Some(Halt::Read(error));
        }
        if breakers.server_errors() {
            return Some(Halt::ServerErrors);
        }
        if self.context.has_lost_the_lease() {
            return Some(Halt::LeaseLost);
        }
        if self.context.is_too_old() {
            return Some(Halt::PlanTooOld);
        }
        self.context.stop.asked().then_some(Halt::Stopped)
    }

    /// Why the run did not do all it should, beside what single lines say. That the store failed goes before all else:
    /// lines that were at work then are known to nobody but the report.
    pub(super) fn halt_after_all(&self, halt: Option<Halt>) -> Option<Halt> {
        let store = self.queue.take_failure().map(Halt::Store);
        store.or(halt).or_else(|| self.breakers.borrow_mut().verdict().map(Halt::Read))
    }

    /// Writes the next line of an agreement, if that still shows what the plan was drawn on: a person may be at work on
    /// it, too.
    pub(super) async fn next_line<'p>(&self, mut lane: AgreementWrites<'p>) -> Option<LineEnd<'p>> {
        let (at, key, write) = lane.writes.pop_front()?;
        let ended = self.look_and_write(&mut lane, key, write).await;
        Some(LineEnd { lane, at, ended })
    }

    /// # Errors
    /// Why nothing is written from here on; nothing of this line was sent.
    async fn look_and_write(
        &self,
        lane: &mut AgreementWrites<'_>,
        key: &LineKey,
        write: &Write,
    ) -> Result<LineWriteResult, Halt> {
        let begins = begins(key, write, self.context);
        if let Some(line) = begins
            && let Some(settled) = self.billed_elsewhere(line).await?
        {
            return Ok(settled);
        }
        for _ in 0..=LOOKS_AGAIN {
            let seen = match self.see(lane, key, write).await? {
                Ok(seen) => seen,
                Err(settled) => return Ok(settled),
            };
            if let Some(id) = begins.and_then(|line| billed_here_since(line, &seen.additions, self.context)) {
                return Ok(billed_since(key, (key.agreement, id)));
            }
            if let Some(WrittenLine { settled, sent }) = self.write(key, write, &seen).await {
                lane.look = sent.map(|sent| seen.after(sent));
                return Ok(settled);
            }
        }
        Ok(stale(key, write))
    }

    /// How a line ends that would begin beside one that came since the plan was drawn, or where nobody can tell.
    async fn billed_elsewhere(&self, line: BeginningLine<'_>) -> Result<Option<LineWriteResult>, Halt> {
        if self.breakers.borrow().is_closed(WriteRight::Add) {
            return Ok(None);
        }
        let key = line.key;
        // As for the look: a throttled read may wait long, and a person who asks to stop does not.
        let read = tokio::select! {
            read = self.others.billed_since(line, self.connectwise, self.context) => read,
            () = self.context.stop.wait() => return Err(Halt::Stopped),
        };
        match read {
            Ok(None) => Ok(None),
            Ok(Some(found)) => Ok(Some(billed_since(key, found))),
            // ConnectWise does not give out the additions of that one.
            Err(error @ ReadError::Additions { .. }) => {
                let detail = format!("nobody can see whether it bills elsewhere: {error}");
                Ok(Some(held(key, Code::LineElsewhere, &detail)))
            }
            Err(error) => Err(Halt::Read(error)),
        }
    }

    /// Writes one line. `None`: nothing was sent, because what was seen before it had become too old.
    async fn write(&self, key: &LineKey, write: &Write, look: &FreshAdditions) -> Option<WrittenLine> {
        if look.is_over() {
            return None;
        }
        match write {
            Write::Set(set) => self.set(key, set, look).await,
            Write::Create(create) => self.create(key, create, look).await,
        }
    }

    async fn set(&self, key: &LineKey, set: &SetQuantity, look: &FreshAdditions) -> Option<WrittenLine> {
        let now = look.quantity_of_line(key, set.addition(), self.context);
        if now != Ok(set.from()) {
            return Some(changed_meanwhile(key, set, now, &look.additions).into());
        }
        let (addition, from, to) = (set.addition(), set.from(), set.to());
        let intent = Intent { key: key.clone(), kind: IntentKind::Set { addition, from, to } };
        let Ok(write) = self.queue.intent(intent).await else {
            return Some(not_reached(key, &Write::Set(set.clone())).into());
        };
        let end = self.send_set(key, set, look).await;
        self.settle(write, end).await
    }

    /// `None`: nothing was sent.
    async fn send_set(&self, key: &LineKey, set: &SetQuantity, seen: &FreshAdditions) -> Option<WriteResult> {
        let (mut until, mut tries, mut said) =
            (seen.until, WriteAttempts::default(), (String::new(), Code::WriteIgnored));
        let mut answered = None;
        loop {
            let answer = self.in_flight(self.connectwise.set_quantity(set, until)).await;
            if tries.is_repeat() && answer != Err(WriteError::TooLate) {
                self.connectwise.sent_again();
            }
            self.breakers.borrow_mut().note(WriteRight::Edit, answer.as_ref().err());
            tries.note(answer.as_ref().err());
            match answer {
                Ok(quantity) if quantity == set.to() => {
                    // After a second look the one before it is over: it may have shown what a person did to the next line.
                    let sent = tries.is_first().then_some(ConfirmedChange::Quantity(set.addition(), quantity));
                    return Some(WriteResult { sent, ..updated(key, set, "") });
                }
                Ok(quantity) if is_rounded(set, quantity, true) => return Some(stored_rounded(key, set, quantity)),
                Ok(quantity) => {
                    tries.nothing_helps();
                    answered = Some(quantity);
                    said = (format!("ConnectWise accepted it and answered {quantity}"), Code::WriteIgnored);
                }
                Err(WriteError::TooLate) if tries.sent_nothing() => return None,
                Err(WriteError::TooLate) => {}
                Err(WriteError::Busy { why }) => {
                    self.connectwise.hold_back(tries.times_busy());
                    said = (why, Code::WriteRefused);
                }
                Err(WriteError::NotSent { why } | WriteError::Unclear { why, .. }) => said = (why, Code::WriteIgnored),
                Err(error) if tries.ends_with_key(&error) => return Some(key_refused(key, set, &error)),
                // What was refused on the way back may have been done, and a try before it may be on its way.
                Err(error) => said = (tries.end_with(&error), Code::WriteRefused),
            }
            // Before each further try, as before the first: a busy server's pause is time enough for a hand edit.
            let may_go_on = tries.may_go_on() && !self.context.stop.asked() && !self.context.has_lost_the_lease();
            let bills_until = if may_go_on { self.still_bills(set.agreement()).await } else { None };
            let (why, code) = &said;
            let look = match self.look(set.agreement()).await {
                Ok(look) => look,
                Err(look) => return Some(in_doubt(key, &format!("{why}; {look}"))),
            };
            match look.quantity_of(set.addition(), self.context) {
                Ok(now) if now == set.to() => return Some(updated(key, set, &tries.verified(why))),
                Ok(now) if now == set.from() && tries.was_refused() => {
                    return Some(refused(key, Some(now), *code, why));
                }
                Ok(now) if is_rounded(set, now, false) => return Some(stored_rounded(key, set, now)),
                Ok(now) if tries.took() && look.keeps_whole(set, seen) => return Some(stored_rounded(key, set, now)),
                Ok(now) if now == set.from() => match bills_until {
                    Some(bills_until) => until = look.until.min(bills_until),
                    None if tries.may_arrive_yet() => return Some(in_doubt(key, why)),
                    None => return Some(refused(key, Some(now), *code, why)),
                },
                Ok(now) if answered == Some(now) => return Some(stored_otherwise(key, set, now, &look.additions)),
                Ok(now) => return Some(overtaken(key, set, now)),
                Err(_) if tries.was_refused() => return Some(refused(key, None, *code, why)),
                Err(look) => return Some(in_doubt(key, &format!("{why}; {look}"))),
            }
        }
    }

    /// Until when another try is allowed, if it is: nothing is written on an agreement that ended meanwhile, or cannot
    /// be seen.
    async fn still_bills(&self, agreement: AgreementId) -> Option<Instant> {
        let shown = tokio::select! {
            shown = self.windows.show_again(agreement, self.connectwise, self.context) => shown.ok()?,
            () = self.context.grace() => return None,
        };
        shown.trouble.is_none().then(|| shown.until())
    }

    /// What ConnectWise holds after an unclear answer. A look that fails is the last of the night: nothing more is
    /// written while nobody can see.
    async fn look(&self, agreement: AgreementId) -> Result<FreshAdditions, String> {
        let looked = tokio::select! {
            look = self.connectwise.look(agreement) => look,
            () = self.context.grace() => return Err("stopped before the outcome could be looked up".to_owned()),
        };
        match looked {
            Ok(look) => Ok(self.fresh(look)),
            Err(error) => {
                let why = error.to_string();
                self.breakers.borrow_mut().blind(error);
                Err(why)
            }
        }
    }

    /// What happened has happened, whether or not it can be written down: the report tells it all the same.
    async fn settle(&self, write: WriteId, end: Option<WriteResult>) -> Option<WrittenLine> {
        match end {
            Some(WriteResult { settled, outcome, sent }) => {
                self.queue.outcome(write, outcome).await;
                Some(WrittenLine { settled, sent })
            }
            None => {
                let why = "nothing was sent: what was seen before had become too old".to_owned();
                self.queue.outcome(write, WriteOutcome::Superseded { why }).await;
                None
            }
        }
    }

    /// Finishes the request in flight when a stop is asked for, but not for ever: a request that is still waiting
    /// then is in doubt, like any other without an answer.
    async fn in_flight<T>(&self, request: impl Future<Output = Result<T, WriteError>>) -> Result<T, WriteError> {
        tokio::select! {
            answer = request => answer,
            () = self.context.grace() => {
                Err(WriteError::Unclear { why: "stopped before an answer came".to_owned(), server_error: false })
            }
        }
    }
}
