//! Which tickets are opened, noted and closed after a run: yesterday's tickets compared with tonight's subjects.

use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::history::ticket_records::{TicketRecord, TicketState};
use crate::tickets::round_inputs::{TicketRound, is_doubtful};
use crate::tickets::ticket_topic::{TicketTopic, subjects, tells_what_is_settled};

/// What one round does about tickets.
#[derive(Debug, Default)]
pub(crate) struct TicketPlan {
    /// Nobody knows whether ConnectWise has them.
    pub(crate) doubtful: Vec<TicketRecord>,
    /// Their subject is settled.
    pub(crate) settled: Vec<TicketRecord>,
    /// Their subject is settled, and people were done with them before.
    pub(crate) forgotten: Vec<TicketRecord>,
    /// Their subject is settled, and they are in another ConnectWise.
    pub(crate) left: Vec<TicketRecord>,
    /// Their subject goes on, and a note is due.
    pub(crate) persisting: Vec<(TicketRecord, TicketTopic)>,
    /// Their subject goes on, and nothing is due but a look: a person may have closed them.
    pub(crate) waiting: Vec<(TicketRecord, TicketTopic)>,
    /// Subjects without one, in the order in which they are tried.
    pub(crate) new: Vec<TicketTopic>,
    /// Subjects that have to wait for another run's turn.
    pub(crate) left_over: usize,
}

impl TicketPlan {
    pub(crate) fn of(round: &TicketRound<'_>, history: &History) -> Result<Self, StoreError> {
        let mut live = history.live_tickets(Some(&round.run.integration))?;
        let mut subjects = subjects(round.run);
        if let Some(ended) = round.ended {
            live.retain(|record| ended.contains(&record.handle));
            subjects.clear();
        }
        let mut planned = Self::default();
        for record in live {
            let at = subjects.iter().position(|one| one.kind == record.kind && one.handle == record.handle);
            // Whoever has a ticket takes no second one, whatever is known of the first.
            let subject = at.map(|at| subjects.remove(at));
            let customer = subject.as_ref().filter(|_| !is_doubtful(&record));
            let customer = match customer {
                Some(subject) => subject.finding.customer.clone(),
                None => history.customer_of_item(record.run, &record.handle)?,
            };
            if round.covers(&record, customer.as_ref()) {
                planned.sort(round, record, subject);
            }
        }
        subjects.retain(|subject| round.takes(subject));
        let mut subjects = refused_last(subjects, round, history)?;
        // One that is refused does not take the place of one that is not.
        let tried = round.settings.max_new.saturating_mul(2);
        planned.left_over = subjects.len().saturating_sub(tried);
        subjects.truncate(tried);
        planned.new = subjects;
        Ok(planned)
    }

    pub(crate) fn is_nothing(&self) -> bool {
        let Self { doubtful, settled, forgotten, left, persisting, waiting, new, left_over: _ } = self;
        let known = [doubtful, settled, forgotten, left].into_iter().all(Vec::is_empty);
        known && persisting.is_empty() && waiting.is_empty() && new.is_empty()
    }

    fn sort(&mut self, round: &TicketRound<'_>, record: TicketRecord, subject: Option<TicketTopic>) {
        match subject {
            None if round.elsewhere(&record).is_some() && tells_what_is_settled(round.run) => self.left.push(record),
            _ if round.elsewhere(&record).is_some() => {}
            _ if is_doubtful(&record) => self.doubtful.push(record),
            None if !tells_what_is_settled(round.run) => {}
            None if record.state == TicketState::Dismissed => self.forgotten.push(record),
            None => self.settled.push(record),
            Some(subject) if is_due(round, &record, &subject) && round.settings.take(&subject) => {
                self.persisting.push((record, subject));
            }
            Some(subject) if record.state == TicketState::Open => self.waiting.push((record, subject)),
            Some(_) => {}
        }
    }
}

/// Items whose ticket ConnectWise did not take the last time come behind those that were not tried.
fn refused_last(
    subjects: Vec<TicketTopic>,
    round: &TicketRound<'_>,
    history: &History,
) -> Result<Vec<TicketTopic>, StoreError> {
    let (mut first, mut last) = (Vec::new(), Vec::new());
    for subject in subjects {
        let refused = history.was_dropped(&round.run.integration, subject.kind, &subject.handle)?;
        if refused { last.push(subject) } else { first.push(subject) }
    }
    first.append(&mut last);
    Ok(first)
}

/// A subject that came back before its ticket could be closed is told at once, and so is one whose reason or commands are no
/// longer those that its ticket names.
fn is_due(round: &TicketRound<'_>, record: &TicketRecord, subject: &TicketTopic) -> bool {
    let waited = round.run.started_at.signed_duration_since(record.noted_at);
    let due = round.settings.note_every.is_some_and(|every| waited >= every);
    let out_of_date = record.told.as_ref().is_some_and(|told| *told != subject.told());
    record.state == TicketState::Open && (due || out_of_date || record.settled_run.is_some())
}
