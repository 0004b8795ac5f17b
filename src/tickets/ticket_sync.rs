//! Tickets after a run: what is new is opened once, what persists gets a note, what is settled is closed.
//!
//! The protocol is that of a line's creation: the ticket is on the disk before its POST, a POST is sent once, and one
//! without a clear answer is looked up by its reference, never sent again blindly. Nothing here changes a run.

use crate::history::run_record::RunRecord;
use crate::history::store::open::History;
use crate::history::store::run_lock::RunLock;
use crate::history::ticket_records::{TicketAction, TicketEvent};
use crate::reconcile::model::plan::outcome::RunCommand;
use crate::tickets::board::ServiceBoard;
use crate::tickets::board_requests::TicketSync;
use crate::tickets::round_inputs::{SyncHalt, TicketRound};
use crate::tickets::ticket_plan::TicketPlan;

/// Opens, notes and closes what the run asks for. `connect` is called only if there is something to do.
///
/// What was done is stored, and given back. What went wrong is among it, as [`TicketAction::Trouble`]; a later run goes on
/// where this one left off.
pub async fn sync_tickets<D: ServiceBoard>(
    round: TicketRound<'_>,
    lock: &RunLock,
    history: &mut History,
    connect: impl FnOnce() -> Result<D, String>,
) -> Vec<TicketEvent> {
    if !is_told(round.run) {
        return Vec::new();
    }
    let mut events = Vec::new();
    if let Err(error) = sync_all(round, lock, history, connect, &mut events).await {
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

async fn sync_all<D: ServiceBoard>(
    round: TicketRound<'_>,
    lock: &RunLock,
    history: &mut History,
    connect: impl FnOnce() -> Result<D, String>,
    events: &mut Vec<TicketEvent>,
) -> Result<(), SyncHalt> {
    let planned = TicketPlan::of(&round, history)?;
    if planned.is_nothing() {
        return Ok(());
    }
    let desk = connect().map_err(SyncHalt::Connect)?;
    let limit = round.settings.time_limit;
    // Cut off in the middle of a POST, the ticket stays in doubt and is looked up by the next run.
    let done = tokio::time::timeout(limit, all(round, lock, history, &desk, events)).await;
    done.unwrap_or_else(|_| Err(SyncHalt::TooLong(limit.as_secs())))
}

async fn all<D: ServiceBoard>(
    round: TicketRound<'_>,
    lock: &RunLock,
    history: &mut History,
    desk: &D,
    events: &mut Vec<TicketEvent>,
) -> Result<(), SyncHalt> {
    let mut sync = TicketSync::new(round, lock, history, desk, events).await?;
    sync.look_up_doubtful().await?;
    // What was in doubt is known now, as far as it can be.
    let planned = TicketPlan::of(&round, sync.history())?;
    let found = sync.look(&planned).await?;
    for record in planned.forgotten {
        sync.forget(record)?;
    }
    for record in planned.left {
        sync.leave(record)?;
    }
    sync.dismiss_closed(planned.waiting, &found)?;
    // One right that is missing does not keep the others from being used.
    let closed = sync.settle_all(planned.settled, &found).await;
    sync.unless_fatal(closed)?;
    let noted = sync.note_all(planned.persisting, &found).await;
    sync.unless_fatal(noted)?;
    let mut waiting = planned.left_over;
    let opened = sync.open_all(planned.new, &found).await.map(|more| waiting += more);
    sync.unless_fatal(opened)?;
    if waiting > 0 {
        let most = round.settings.max_new;
        sync.say(TicketAction::Trouble, None, format!("{waiting} more wait for a ticket; a run opens {most}"));
    }
    Ok(())
}

fn trouble(said: String) -> TicketEvent {
    TicketEvent { what: TicketAction::Trouble, ticket: None, said }
}
