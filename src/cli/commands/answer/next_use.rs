//! The first day on which a night can use an answer: one that ends before is refused, for it would never hold.

use chrono::{DateTime, NaiveDate, Utc};

use crate::cli::clock;
use crate::cli::error::CommandError;
use crate::config::settings::Config;
use crate::daemon::schedule::Schedule;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::display_text::day;
use crate::reconcile::model::ids::IntegrationName;
use crate::report::exit_codes::Exit;

/// Refuses an answer whose last day is over when the next night begins.
pub(super) fn reaches_a_night(
    config: &Config,
    (integration, until): (&IntegrationName, Option<NaiveDate>),
    history: &History,
) -> Result<(), CommandError> {
    let Some(until) = until else { return Ok(()) };
    let first = first_day(config, integration, history)?;
    if until >= first {
        return Ok(());
    }
    let message = format!("{} is over before the next night, which is on {} at the earliest", day(until), day(first));
    Err(CommandError::new(Exit::Usage, message, format!("give a date from {} on", day(first))))
}

/// The day of the next night. What a host's timer does, recount does not know: there it is today, or tomorrow if today's night
/// has run.
fn first_day(config: &Config, integration: &IntegrationName, history: &History) -> Result<NaiveDate, StoreError> {
    let now = clock::now();
    let today = config.day(integration, now);
    if let Some(next) = next_night(config) {
        return Ok(config.day(integration, next));
    }
    let last = history.last_night(integration)?.map(|run| history.summary(run)).transpose()?.flatten();
    let has_run = last.is_some_and(|run| config.day(integration, run.started_at.to_utc()) >= today);
    Ok(if has_run { today.succ_opt().unwrap_or(today) } else { today })
}

/// The daemon's next night. What a host's timer does, recount does not know.
pub(crate) fn next_night(config: &Config) -> Option<DateTime<Utc>> {
    schedule(config)?.next_after(clock::now())
}

/// When the daemon runs, where it keeps the time.
pub(crate) fn schedule(config: &Config) -> Option<Schedule> {
    let daemon = config.daemon.as_ref()?;
    Schedule::parse(&daemon.schedule, &daemon.zone, daemon.catch_up).ok()
}
