//! One turn of a tenant's schedule: the night that is due, one that was cut off, or a copy that is owed.

use chrono::{DateTime, TimeDelta, Utc};

use crate::apply::stop_signal::Stop;
use crate::cli::arguments::global_options::Global;
use crate::cli::commands::daemon::configured_schedule::schedule;
use crate::cli::commands::run::run_request::RunRequest;
use crate::cli::commands::{night_without_config, run};
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::session::Session;
use crate::cli::{clock, session};
use crate::config::settings::Config;
use crate::daemon::schedule::{believed_until, due};
use crate::history::daemon_slots::ClaimedSlot;
use crate::history::run_record::{RunEnd, RunSummary};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::ids::IntegrationName;
use crate::reconcile::model::plan::outcome::{Mode, RunCommand, RunVerdict};
use crate::report::exit_codes::Exit;

/// Turns of a minute that a night waits for the lock of another command before somebody is told.
const LOCKED_TURNS: u32 = 30;
/// How often a night is begun that is cut off each time.
const TRIES: usize = 3;
/// For so long it is looked whether a night that was claimed has begun at all.
const UNBEGUN_LIFE: TimeDelta = TimeDelta::hours(1);

/// The night that is due, if one is: claimed first, as the daemon does.
pub(super) fn take(
    global: &Global,
    since: DateTime<Utc>,
    failed: u32,
    console: &Console,
) -> Result<Exit, CommandError> {
    let config = session::configuration(global)?;
    let schedule = schedule(&config)?;
    let mut session = Session::open(&config).inspect_err(|error| {
        // Told once: at first, or when the command that holds the lock has had its time.
        let told_at = if error.exit == Exit::Locked { LOCKED_TURNS } else { 0 };
        if failed == told_at && !error.stands_by {
            night_without_config::tell(&config, error, console);
        }
    })?;
    let now = clock::now();
    let until = believed_until(now);
    let last = session.history.last_slot(until)?.unwrap_or(since.min(now));
    let runs = match due(&schedule, Some(last), now) {
        Some(due) if !session.history.claim_slot(due.slot, clock::now(), until)? => return Ok(Exit::Done),
        Some(due) if due.too_late => run::nightly_run(&config, &mut session, &due, &Stop::never(), console)?,
        Some(due) => run::night_until_signal(&config, &mut session, RunRequest::night_of(&due), console)?,
        None if is_cut_off(&config, &session.history, until)? => {
            run::night_until_signal(&config, &mut session, RunRequest::RUN, console)?
        }
        None => return copied(&config, &session),
    };
    let exits = runs.iter().filter_map(|run| run.end.as_ref()).map(|end| Exit::of_code(end.exit_code));
    Ok(exits.fold(Exit::Done, Exit::worst))
}

/// Whether the night of the last slot was begun and did not come to its end: its process died, its pod was moved, or its lease was over. It is
/// not begun for ever, and not when a slot of the same age would be too late.
fn is_cut_off(config: &Config, history: &History, until: DateTime<Utc>) -> Result<bool, StoreError> {
    let Some(ClaimedSlot { slot, claimed_at }) = history.last_claim(until)? else { return Ok(false) };
    let life = config.daemon.as_ref().and_then(|daemon| TimeDelta::from_std(daemon.catch_up).ok()).unwrap_or_default();
    let now = clock::now();
    let ago = |at: DateTime<Utc>| now.signed_duration_since(at);
    if claimed_at - slot > life || ago(slot) > life {
        return Ok(false);
    }
    let runs = history.runs(config.integrations.len() * (TRIES + 1))?;
    let tried: Vec<&RunSummary> =
        runs.iter().filter(|run| run.command == RunCommand::Run && run.started_at >= claimed_at).collect();
    let mut on = config.integrations.values().filter(|integration| integration.mode != Mode::Off);
    // What is switched on by day has no night to make up for.
    let died_at_once = tried.is_empty() && ago(claimed_at) < UNBEGUN_LIFE;
    Ok(on.any(|one| died_at_once || is_unfinished(&one.name, &tried)))
}

fn is_unfinished(name: &IntegrationName, tried: &[&RunSummary]) -> bool {
    let own: Vec<_> = tried.iter().filter(|run| run.integration == *name).collect();
    // One that lost its lease stopped before its next write: whoever has the lease now goes on.
    let lost_lease = |end: &RunEnd<()>| Exit::of_code(end.exit_code) == Exit::Locked;
    let ended = |run: &RunSummary| {
        run.end.as_ref().is_some_and(|end| end.verdict != RunVerdict::Interrupted && !lost_lease(end))
    };
    (1..TRIES).contains(&own.len()) && !own.iter().any(|run| ended(run))
}

/// What could not be copied after the night is copied now, if it can be.
fn copied(config: &Config, session: &Session) -> Result<Exit, CommandError> {
    let Some(replica) = &session.replica else { return Ok(Exit::Done) };
    let is_owed = replica.owes_a_copy(config, &session.history)?;
    Ok(if is_owed && session.copy(config).is_err() { Exit::Partial } else { Exit::Done })
}
