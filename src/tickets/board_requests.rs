//! What one round asks of the service board: its tickets looked up, noted, closed and adopted, one request at a time.

use std::collections::{BTreeMap, BTreeSet};

use crate::connectwise::WriteError;
use crate::history::store::open::History;
use crate::history::store::run_lock::RunLock;
use crate::history::ticket_records::{TicketAction, TicketEvent, TicketRecord, TicketState};
use crate::reconcile::model::display_text::day;
use crate::reconcile::model::ids::{TicketId, TicketRef};
use crate::report::brief::settled::{APPROVED, AnswersSince};
use crate::tickets::board::{BoardTerms, Note, ServiceBoard, StatusChange, Ticket};
use crate::tickets::round_inputs::{SyncHalt, TicketRound, is_doubtful, references};
use crate::tickets::ticket_plan::TicketPlan;
use crate::tickets::ticket_text;
use crate::tickets::ticket_text::TokenValues;
use crate::tickets::ticket_topic::TicketTopic;

/// How often one write is sent while ConnectWise says that it is too busy to take it.
pub(crate) const TRIES_WHEN_BUSY: u32 = 3;

/// What ConnectWise answers where a record changed meanwhile.
const CONFLICT: u16 = 409;

/// Whoever carries out the round.
pub(crate) struct TicketSync<'a, D> {
    pub(crate) round: TicketRound<'a>,
    pub(crate) lock: &'a RunLock,
    pub(crate) history: &'a mut History,
    pub(crate) desk: &'a D,
    pub(crate) terms: BoardTerms,
    events: &'a mut Vec<TicketEvent>,
}

/// What ConnectWise has, by reference; oldest first.
pub(crate) type Found = BTreeMap<TicketRef, Vec<Ticket>>;

impl<'a, D: ServiceBoard> TicketSync<'a, D> {
    pub(crate) async fn new(
        round: TicketRound<'a>,
        lock: &'a RunLock,
        history: &'a mut History,
        desk: &'a D,
        events: &'a mut Vec<TicketEvent>,
    ) -> Result<Self, SyncHalt> {
        let terms = unless_stopped(round, desk.terms(&round.settings.desk)).await??;
        Ok(Self { round, lock, history, desk, terms, events })
    }

    pub(crate) fn history(&self) -> &History {
        self.history
    }

    pub(crate) fn say(&mut self, what: TicketAction, ticket: Option<TicketId>, said: String) {
        self.events.push(TicketEvent { what, ticket, said });
    }

    /// A refusal ends what it was about, and nothing else.
    pub(crate) fn unless_fatal(&mut self, done: Result<(), SyncHalt>) -> Result<(), SyncHalt> {
        match done {
            Err(SyncHalt::Write(error @ WriteError::RightMissing { .. })) => {
                self.say(TicketAction::Trouble, None, write_error_text(&error));
                Ok(())
            }
            other => other,
        }
    }

    /// Tickets that an earlier run, or this one, left without an answer.
    pub(crate) async fn look_up_doubtful(&mut self) -> Result<(), SyncHalt> {
        let live = self.history.live_tickets(Some(&self.round.run.integration))?;
        let mut doubtful = Vec::new();
        for record in live.into_iter().filter(is_doubtful) {
            let customer = self.history.customer_of_item(record.run, &record.handle)?;
            if self.round.covers(&record, customer.as_ref()) && self.round.elsewhere(&record).is_none() {
                doubtful.push(record);
            }
        }
        let found = self.find(&references(&doubtful)).await?;
        for mut record in doubtful {
            let waited = (self.round.clock)().signed_duration_since(record.intended_at);
            match found.get(&record.reference).and_then(|tickets| tickets.first()) {
                Some(ticket) => self.adopt(&mut record, ticket.id)?,
                None if waited >= self.round.settle => {
                    self.end(&mut record, TicketState::Dropped, "looked for, and not in ConnectWise")?;
                }
                None => {
                    let said = format!("it is not known yet whether a ticket exists: {}", record.about);
                    self.say(TicketAction::Trouble, None, said);
                }
            }
        }
        Ok(())
    }

    /// What ConnectWise has of all that is to be dealt with.
    pub(crate) async fn look(&mut self, planned: &TicketPlan) -> Result<Found, SyncHalt> {
        let mut wanted = references(&planned.settled);
        let open = planned.waiting.iter().chain(&planned.persisting);
        wanted.extend(open.map(|(record, _)| record.reference.clone()));
        for subject in &planned.new {
            wanted.insert(self.reference(subject, self.next_occurrence(subject)?));
        }
        let found = self.find(&wanted).await?;
        for (reference, tickets) in &found {
            if let [oldest, others @ ..] = tickets.as_slice()
                && !others.is_empty()
            {
                let others: Vec<String> = others.iter().map(|ticket| ticket.id.to_string()).collect();
                let said = format!("{reference} appears several times; also as {}", others.join(", "));
                self.say(TicketAction::Trouble, Some(oldest.id), said);
            }
        }
        Ok(found)
    }

    /// A settled subject's ticket that people closed before.
    pub(crate) fn forget(&mut self, mut record: TicketRecord) -> Result<(), SyncHalt> {
        record.settled_run = Some(self.round.run.run);
        self.end(&mut record, TicketState::Closed, "settled; a person had closed it")
    }

    /// A settled subject's ticket in another ConnectWise: what bears its number here is none of ours.
    pub(crate) fn leave(&mut self, mut record: TicketRecord) -> Result<(), SyncHalt> {
        let place = self.round.elsewhere(&record).unwrap_or_default().to_owned();
        record.settled_run = Some(self.round.run.run);
        self.say(TicketAction::Left, record.ticket, format!("it is in {place}; close it there: {}", record.about));
        self.end(&mut record, TicketState::Left, "settled; it is in another ConnectWise")
    }

    pub(crate) async fn settle_all(&mut self, records: Vec<TicketRecord>, found: &Found) -> Result<(), SyncHalt> {
        for record in records {
            self.settle(record, found).await?;
        }
        Ok(())
    }

    pub(crate) async fn note_all(
        &mut self,
        due: Vec<(TicketRecord, TicketTopic)>,
        found: &Found,
    ) -> Result<(), SyncHalt> {
        for (record, subject) in due {
            self.note(record, &subject, found).await?;
        }
        Ok(())
    }

    async fn settle(&mut self, mut record: TicketRecord, found: &Found) -> Result<(), SyncHalt> {
        let Some(ticket) = found.get(&record.reference).and_then(|tickets| tickets.first()) else {
            self.end(&mut record, TicketState::Closed, "settled; the ticket is not there any more")?;
            return Ok(());
        };
        let done = self.terms.is_closed(ticket);
        record.ticket = Some(ticket.id);
        if !done && record.settled_run.is_none() {
            record.settled_run = Some(self.round.run.run);
            self.history.keep_ticket(&record)?;
            let text = self.settled(&record)?;
            self.send_note(ticket.id, text).await.map(drop)?;
        }
        let closing = self.terms.closing_status.filter(|_| self.round.settings.close && !done);
        if let Some(status) = closing {
            let change = StatusChange { status, notify: self.round.settings.notify };
            match self.patient(async |desk: &D| desk.set_status(ticket.id, change).await).await? {
                Ok(_) => {}
                // Somebody works on it: the next run tries again.
                Err(WriteError::Refused { status: CONFLICT, why }) => {
                    self.say(TicketAction::Trouble, Some(ticket.id), format!("could not be closed yet: {why}"));
                    return Ok(());
                }
                Err(WriteError::Refused { status: code, why }) => {
                    return self.refused_closing(record, &format!("{code}: {why}"));
                }
                // Looked at again by the next run; to close it twice does no harm.
                Err(error) => return Err(SyncHalt::Write(error)),
            }
        }
        let (state, deed) = match done || closing.is_some() {
            true => (TicketState::Closed, TicketAction::Closed),
            false => (TicketState::Left, TicketAction::Left),
        };
        self.say(deed, Some(ticket.id), record.about.clone());
        self.end(&mut record, state, "settled")
    }

    /// It stays open there, and is listed as that until somebody closes it, or ConnectWise lets a later run. Said once.
    fn refused_closing(&mut self, mut record: TicketRecord, why: &str) -> Result<(), SyncHalt> {
        let why = format!("ConnectWise refused to close it ({why}); close it by hand");
        if record.why.as_ref() != Some(&why) {
            self.say(TicketAction::Trouble, record.ticket, format!("{why}: {}", record.about));
        }
        record.why = Some(why);
        Ok(self.history.keep_ticket(&record)?)
    }

    /// Who settled it and how, if somebody answered since the ticket was opened.
    fn settled(&self, record: &TicketRecord) -> Result<String, SyncHalt> {
        let TicketRound { run, ended, .. } = self.round;
        if ended.is_some() {
            return Ok(format!(
                "Settled: {} is switched off, and owns no line together with another one.",
                run.integration
            ));
        }
        let before = self.history.plan_before(&run.integration, run.run)?;
        let findings = before.iter().flat_map(|run| &run.end).flat_map(|end| &end.findings);
        let finding = findings.into_iter().find(|finding| finding.handle.as_deref() == Some(&record.handle));
        let answers = AnswersSince::of(run, record.intended_at, self.history)?;
        let approved = answers.approved(Some(record.kind)).then(|| APPROVED.to_owned());
        Ok(match answers.settled(&record.handle, finding).or(approved) {
            Some(how) => format!("Settled: {how}. Seen by run {} on {}.", run.run, day(self.today())),
            None => format!("Settled: run {} on {} no longer finds it.", run.run, day(self.today())),
        })
    }

    /// Tickets that a person closed or deleted while their subject goes on. Of the others it is known from here on what they say.
    pub(crate) fn dismiss_closed(
        &mut self,
        waiting: Vec<(TicketRecord, TicketTopic)>,
        found: &Found,
    ) -> Result<(), SyncHalt> {
        for (mut record, subject) in waiting {
            let ticket = found.get(&record.reference).and_then(|tickets| tickets.first());
            if ticket.is_none_or(|ticket| self.terms.is_closed(ticket)) {
                self.dismiss(record, ticket)?;
            } else if record.told.is_none() {
                record.told = Some(subject.told());
                self.history.keep_ticket(&record)?;
            }
        }
        Ok(())
    }

    /// Whoever closed it knows of the subject.
    fn dismiss(&mut self, mut record: TicketRecord, ticket: Option<&Ticket>) -> Result<(), SyncHalt> {
        let why = if ticket.is_some() { "closed by a person" } else { "not there any more" };
        let said = format!("{why}, and the item is still open; it gets no other ticket: {}", record.about);
        self.say(TicketAction::Left, record.ticket, said);
        record.state = TicketState::Dismissed;
        record.why = Some(why.to_owned());
        Ok(self.history.keep_ticket(&record)?)
    }

    async fn note(&mut self, mut record: TicketRecord, subject: &TicketTopic, found: &Found) -> Result<(), SyncHalt> {
        let ticket = found.get(&record.reference).and_then(|tickets| tickets.first());
        let Some(ticket) = ticket.filter(|ticket| !self.terms.is_closed(ticket)) else {
            return self.dismiss(record, ticket);
        };
        let before = record.clone();
        record.ticket = Some(ticket.id);
        (record.settled_run, record.why) = (None, None);
        record.noted_at = self.round.run.started_at.to_utc();
        record.told = Some(subject.told());
        self.history.keep_ticket(&record)?;
        let words = TokenValues {
            since: record.intended_at.with_timezone(self.round.run.started_at.offset()).date_naive(),
            ..self.words(subject)
        };
        let text = ticket_text::text(&self.round.settings.note, words);
        let sent = self.send_note(ticket.id, text).await;
        if matches!(sent, Err(SyncHalt::Write(ref error)) if is_surely_not_written(error)) {
            self.history.keep_ticket(&before)?;
        }
        if sent? {
            self.say(TicketAction::Noted, Some(ticket.id), record.about);
        }
        Ok(())
    }

    /// Sends a note once; whether ConnectWise took it for sure. A note whose answer is lost is not sent again.
    async fn send_note(&mut self, ticket: TicketId, text: String) -> Result<bool, SyncHalt> {
        let settings = self.round.settings;
        let note = Note { text, visible: settings.visible, notify: settings.notify };
        match self.patient(async |desk: &D| desk.note(ticket, &note).await).await? {
            Ok(()) => Ok(true),
            Err(WriteError::Unclear { why, .. }) => {
                self.say(
                    TicketAction::Trouble,
                    Some(ticket),
                    format!("it is not known whether the note was written: {why}"),
                );
                Ok(false)
            }
            Err(error @ WriteError::Refused { .. }) => {
                self.say(TicketAction::Trouble, Some(ticket), format!("the note was refused: {error}"));
                Ok(false)
            }
            Err(error) => Err(SyncHalt::Write(error)),
        }
    }

    pub(crate) fn adopt(&mut self, record: &mut TicketRecord, ticket: TicketId) -> Result<(), SyncHalt> {
        self.opened(record, ticket, TicketAction::Found)
    }

    pub(crate) fn opened(
        &mut self,
        record: &mut TicketRecord,
        ticket: TicketId,
        deed: TicketAction,
    ) -> Result<(), SyncHalt> {
        record.state = TicketState::Open;
        record.ticket = Some(ticket);
        record.why = None;
        self.history.keep_ticket(record)?;
        self.say(deed, Some(ticket), record.about.clone());
        Ok(())
    }

    pub(crate) fn end(&mut self, record: &mut TicketRecord, state: TicketState, why: &str) -> Result<(), SyncHalt> {
        record.state = state;
        record.ended_at = Some((self.round.clock)());
        record.why = Some(why.to_owned());
        self.history.keep_ticket(record)?;
        Ok(())
    }

    /// Sends a write that does no harm when it is repeated, as long as ConnectWise is too busy to take it.
    async fn patient<T>(
        &self,
        send: impl AsyncFn(&D) -> Result<T, WriteError>,
    ) -> Result<Result<T, WriteError>, SyncHalt> {
        for _ in 1..TRIES_WHEN_BUSY {
            self.go_on()?;
            match send(self.desk).await {
                Err(WriteError::Busy { .. }) => {}
                other => return Ok(other),
            }
        }
        self.go_on()?;
        Ok(send(self.desk).await)
    }

    pub(crate) async fn find(&self, references: &BTreeSet<TicketRef>) -> Result<Found, SyncHalt> {
        let mut found = Found::new();
        if !references.is_empty() {
            for ticket in unless_stopped(self.round, self.desk.tickets(references)).await?? {
                found.entry(ticket.reference.clone()).or_default().push(ticket);
            }
        }
        found.values_mut().for_each(|tickets| tickets.sort_by_key(|ticket| ticket.id));
        Ok(found)
    }

    /// A wish to stop lets the write in flight end, and no other begin.
    pub(crate) fn go_on(&self) -> Result<(), SyncHalt> {
        if self.round.stop.asked() { Err(SyncHalt::Stopped) } else { Ok(()) }
    }

    pub(crate) fn next_occurrence(&self, subject: &TicketTopic) -> Result<i64, SyncHalt> {
        let last = self.history.last_ticket(&self.round.run.integration, subject.kind, &subject.handle)?;
        Ok(last.map_or(1, |last| last.occurrence + 1))
    }

    pub(crate) fn reference(&self, subject: &TicketTopic, occurrence: i64) -> TicketRef {
        TicketRef::of(&self.round.run.integration, subject.kind, &subject.handle, occurrence)
    }

    pub(crate) fn words<'b>(&self, subject: &'b TicketTopic) -> TokenValues<'b>
    where
        'a: 'b,
    {
        let (run, today) = (self.round.run, self.today());
        TokenValues { integration: &run.integration, run: run.run, date: today, since: today, subject }
    }

    pub(crate) fn today(&self) -> chrono::NaiveDate {
        self.round.run.started_at.date_naive()
    }
}

/// Reads may wait long for a throttled server; a person who asks to stop does not.
async fn unless_stopped<T>(round: TicketRound<'_>, work: impl Future<Output = T>) -> Result<T, SyncHalt> {
    tokio::select! {
        done = work => Ok(done),
        () = round.stop.wait() => Err(SyncHalt::Stopped),
    }
}

pub(crate) fn is_surely_not_written(error: &WriteError) -> bool {
    !matches!(error, WriteError::Unclear { .. })
}

pub(crate) fn write_error_text(error: &WriteError) -> String {
    match error {
        WriteError::RightMissing { why, fix } => format!("the role may not do this: {why}; {fix}"),
        other => other.to_string(),
    }
}
