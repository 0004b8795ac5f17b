//! The one request that must not be doubled: a new ticket.

use std::collections::BTreeSet;

use crate::connectwise::client::unreachable_cause::UnreachableCause;
use crate::connectwise::{ReadError, WriteError};
use crate::history::ticket_records::{TicketAction, TicketRecord, TicketState};
use crate::reconcile::model::ids::{TicketId, TicketRef};
use crate::tickets::board::{NewTicket, ServiceBoard};
use crate::tickets::board_requests::{Found, TRIES_WHEN_BUSY, TicketSync, is_surely_not_written, write_error_text};
use crate::tickets::round_inputs::SyncHalt;
use crate::tickets::ticket_text;
use crate::tickets::ticket_topic::TicketTopic;

/// A subject that came up more often than this, with nothing known of it here, is for a person to look at.
const OCCURRENCES_LOOKED_AT: i64 = 50;

impl<D: ServiceBoard> TicketSync<'_, D> {
    /// Opens as many as a run may, and gives how many wait. What ConnectWise refuses is not one of them; when it refused as many,
    /// the rest waits as well.
    pub(crate) async fn open_all(&mut self, subjects: Vec<TicketTopic>, found: &Found) -> Result<usize, SyncHalt> {
        let most = self.round.settings.max_new;
        let (mut opened, mut refused) = (0, 0);
        let mut subjects = subjects.into_iter();
        while opened < most && refused < most {
            let Some(subject) = subjects.next() else { break };
            if self.open(&subject, found).await? { opened += 1 } else { refused += 1 }
        }
        Ok(subjects.len())
    }

    /// Whether ConnectWise took it, as far as is known.
    async fn open(&mut self, subject: &TicketTopic, found: &Found) -> Result<bool, SyncHalt> {
        let (occurrence, there) = self.free_occurrence(subject, found).await?;
        let reference = self.reference(subject, occurrence);
        let mut record = self.record(subject, occurrence, reference.clone());
        if let Some(ticket) = there {
            // This history does not know it: an older one did, and what it says by now is not known.
            record.told = Some(String::new());
            record.number = self.history.intend_ticket(self.lock, &record)?;
            return self.adopt(&mut record, ticket).map(|()| true);
        }
        let mut tries = 0;
        let opened = loop {
            tries += 1;
            self.go_on()?;
            let new = self.new_ticket(subject, &record)?;
            record.intended_at = (self.round.clock)();
            record.number = self.history.intend_ticket(self.lock, &record)?;
            let answer = self.desk.open(&self.terms, &new).await;
            if let Err(error) = &answer
                && is_surely_not_written(error)
            {
                self.end(&mut record, TicketState::Dropped, &write_error_text(error))?;
                record = self.record(subject, occurrence, reference.clone());
            }
            match answer {
                Err(WriteError::Busy { .. }) if tries < TRIES_WHEN_BUSY => {}
                other => break other,
            }
        };
        match opened {
            Ok(ticket) => self.opened(&mut record, ticket.id, TicketAction::Opened).map(|()| true),
            Err(WriteError::Refused { status, why }) => {
                let said = format!("no ticket could be opened ({status}: {why}): {}", record.about);
                self.say(TicketAction::Trouble, None, said);
                Ok(false)
            }
            Err(error @ WriteError::Unclear { .. }) => self.unclear(record, &error).await.map(|()| true),
            Err(error) => Err(SyncHalt::Write(error)),
        }
    }

    /// A creation without a clear answer: looked for at once, and else by a later run.
    async fn unclear(&mut self, mut record: TicketRecord, error: &WriteError) -> Result<(), SyncHalt> {
        record.why = Some(error.to_string());
        self.history.keep_ticket(&record)?;
        let found = self.find(&BTreeSet::from([record.reference.clone()])).await?;
        match found.get(&record.reference).and_then(|tickets| tickets.first()) {
            Some(ticket) => self.opened(&mut record, ticket.id, TicketAction::Opened),
            None => {
                let said = format!("it is not known whether a ticket exists ({error}); a later run looks: ");
                self.say(TicketAction::Trouble, None, said + &record.about);
                Ok(())
            }
        }
    }

    /// The subject's next ticket, and the open one that is there already although nothing is known of it here.
    async fn free_occurrence(&self, subject: &TicketTopic, found: &Found) -> Result<(i64, Option<TicketId>), SyncHalt> {
        let first = self.next_occurrence(subject)?;
        let mut there = found.get(&self.reference(subject, first)).cloned().unwrap_or_default();
        for occurrence in first..first + OCCURRENCES_LOOKED_AT {
            match there.iter().find(|ticket| !self.terms.is_closed(ticket)) {
                Some(open) => return Ok((occurrence, Some(open.id))),
                None if there.is_empty() => return Ok((occurrence, None)),
                None => {}
            }
            let next = self.reference(subject, occurrence + 1);
            there = self.find(&BTreeSet::from([next])).await?.into_values().next().unwrap_or_default();
        }
        let why = format!("{OCCURRENCES_LOOKED_AT} closed tickets of one open item that the history does not know");
        Err(SyncHalt::Read(ReadError::Unreachable {
            what: "service tickets".to_owned(),
            why,
            cause: UnreachableCause::Answer,
        }))
    }

    fn record(&self, subject: &TicketTopic, occurrence: i64, reference: TicketRef) -> TicketRecord {
        let now = (self.round.clock)();
        TicketRecord {
            number: 0,
            integration: self.round.run.integration.clone(),
            kind: subject.kind,
            handle: subject.handle.clone(),
            occurrence,
            reference,
            run: self.round.run.run,
            place: Some(self.round.settings.place()),
            site: Some(self.round.site.to_owned()),
            about: ticket_text::summary(&self.round.settings.summary, self.words(subject)),
            state: TicketState::Intended,
            ticket: None,
            intended_at: now,
            noted_at: self.round.run.started_at.to_utc(),
            settled_run: None,
            ended_at: None,
            why: None,
            told: Some(subject.told()),
        }
    }

    fn new_ticket(&self, subject: &TicketTopic, record: &TicketRecord) -> Result<NewTicket, SyncHalt> {
        let settings = self.round.settings;
        let own = settings.company_of_customer && self.round.same_connectwise;
        let last = self.history.last_ticket(&record.integration, record.kind, &record.handle)?;
        let earlier = last.and_then(|last| last.ticket).map(|ticket| format!("\nEarlier ticket about it: {ticket}."));
        let text = ticket_text::text(&settings.description, self.words(subject));
        Ok(NewTicket {
            reference: record.reference.clone(),
            summary: record.about.clone(),
            text: text + &earlier.unwrap_or_default(),
            company: subject.company.filter(|_| own).unwrap_or(settings.company),
            visible: settings.visible,
            notify: settings.notify,
            fields: ticket_text::fields(settings, self.words(subject)),
        })
    }
}
