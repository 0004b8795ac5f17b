//! Tickets after a run: what is new is opened once, what persists gets a note, what is settled is closed.
//!
//! The protocol is that of a line's creation: the ticket is on the disk before its POST, a POST is sent once, and one
//! without a clear answer is looked up by its reference, never sent again blindly. Nothing here changes a run.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use crate::apply::stop::Stop;
use crate::connectwise::{ReadError, WriteError};
use crate::history::record::RunRecord;
use crate::history::store::error::StoreError;
use crate::history::store::lock::RunLock;
use crate::history::store::open::History;
use crate::history::tickets::{TicketDeed, TicketEvent, TicketRecord, TicketState};
use crate::reconcile::model::ids::TicketRef;
use crate::reconcile::model::outcome::RunCommand;
use crate::tickets::board_client::{Desk, TermsError};
use crate::tickets::round::TicketSync;
use crate::tickets::settings::TicketSettings;
use crate::tickets::ticket_plan::TicketPlan;

/// One run whose matters are to be told.
#[derive(Clone, Copy)]
pub struct Round<'a> {
    /// The run, ended and stored.
    pub run: &'a RunRecord,
    /// What is wanted.
    pub settings: &'a TicketSettings,
    /// Whether the desk is in the ConnectWise that the run billed in: elsewhere its companies mean nothing.
    pub same_connectwise: bool,
    /// How long a ticket in doubt is left alone before "not there" counts.
    pub settle: TimeDelta,
    /// The clock.
    pub clock: &'a dyn Fn() -> DateTime<Utc>,
    /// The wish to stop.
    pub stop: &'a Stop,
}

/// Opens, notes and closes what the run asks for. `connect` is called only if there is something to do.
///
/// What was done is stored, and given back. What went wrong is among it, as [`TicketDeed::Trouble`]; a later run goes on
/// where this one left off.
pub async fn tend<D: Desk>(
    round: Round<'_>,
    lock: &RunLock,
    history: &mut History,
    connect: impl FnOnce() -> Result<D, String>,
) -> Vec<TicketEvent> {
    if !is_told(round.run) {
        return Vec::new();
    }
    let mut events = Vec::new();
    if let Err(error) = tend_all(round, lock, history, connect, &mut events).await {
        events.push(trouble(error.to_string()));
    }
    if !events.is_empty()
        && let Err(error) = history.log_tickets(round.run.run, &events)
    {
        events.push(trouble(error.to_string()));
    }
    events
}

/// Dry runs tell nobody, and a plan that sets a run back shows only that run's lines.
fn is_told(run: &RunRecord) -> bool {
    matches!(run.command, RunCommand::Run | RunCommand::Apply) && run.undoes.is_none() && run.end.is_some()
}

async fn tend_all<D: Desk>(
    round: Round<'_>,
    lock: &RunLock,
    history: &mut History,
    connect: impl FnOnce() -> Result<D, String>,
    events: &mut Vec<TicketEvent>,
) -> Result<(), Halt> {
    let planned = TicketPlan::of(&round, history)?;
    if planned.is_nothing() {
        return Ok(());
    }
    let desk = connect().map_err(Halt::Connect)?;
    let limit = round.settings.time_limit;
    // Cut off in the middle of a POST, the ticket stays in doubt and is looked up by the next run.
    let done = tokio::time::timeout(limit, all(round, lock, history, &desk, events)).await;
    done.unwrap_or_else(|_| Err(Halt::TooLong(limit.as_secs())))
}

async fn all<D: Desk>(
    round: Round<'_>,
    lock: &RunLock,
    history: &mut History,
    desk: &D,
    events: &mut Vec<TicketEvent>,
) -> Result<(), Halt> {
    let mut sync = TicketSync::new(round, lock, history, desk, events).await?;
    sync.look_up_doubtful().await?;
    // What was in doubt is known now, as far as it can be.
    let planned = TicketPlan::of(&round, sync.history())?;
    let found = sync.look(&planned).await?;
    for record in planned.forgotten {
        sync.forget(record)?;
    }
    // One right that is missing does not keep the others from being used.
    let closed = sync.settle_all(planned.settled, &found).await;
    sync.unless_fatal(closed)?;
    let noted = sync.note_all(planned.persisting, &found).await;
    sync.unless_fatal(noted)?;
    let opened = sync.open_all(planned.new, &found).await;
    sync.unless_fatal(opened)?;
    if planned.left_over > 0 {
        let most = round.settings.max_new;
        sync.say(
            TicketDeed::Trouble,
            None,
            format!("{} more wait for a ticket; a run opens {most}", planned.left_over),
        );
    }
    Ok(())
}

/// Why no more is done about tickets tonight.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Halt {
    #[error("the history could not be used: {0}")]
    Store(#[from] StoreError),
    #[error("{0}")]
    Connect(String),
    #[error("{0}")]
    Terms(#[from] TermsError),
    #[error("{0}")]
    Read(#[from] ReadError),
    #[error("{0}")]
    Write(WriteError),
    #[error("stopped by a signal; the next run goes on")]
    Stopped,
    #[error("gave up after {0} s; the next run goes on")]
    TooLong(u64),
}

fn trouble(said: String) -> TicketEvent {
    TicketEvent { what: TicketDeed::Trouble, ticket: None, said }
}

/// References of these records.
pub(crate) fn references(records: &[TicketRecord]) -> BTreeSet<TicketRef> {
    records.iter().map(|record| record.reference.clone()).collect()
}

pub(crate) fn is_doubtful(record: &TicketRecord) -> bool {
    record.state == TicketState::Intended
}
