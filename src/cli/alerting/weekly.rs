//! Monday's digest: gathered from the history here, made in `report`.

use crate::cli::alerting::due::Due;
use crate::cli::alerting::is_about;
use crate::cli::waiting;
use crate::config::settings::Config;
use crate::config::tables::alerts::AlertConfig;
use crate::history::record::LineRecord;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::ids::IntegrationName;
use crate::reconcile::model::outcome::Mode;
use crate::report::digest::{Week, digest, first_day, is_due};
use crate::report::{Change, lines};

use chrono::{DateTime, Utc};

/// A busy week has some thirty runs; more nights than this are not looked at.
const NIGHTS_MAX: usize = 200;

/// The digest of this alert, if it is due.
pub(super) fn due<'a>(
    config: &Config,
    name: &'a str,
    alert: &'a AlertConfig,
    history: &History,
    now: DateTime<Utc>,
) -> Result<Option<Due<'a>>, StoreError> {
    if !is_due(history.last_digest(name)?, now) {
        return Ok(None);
    }
    let about = config.integrations.values().filter(|one| one.mode != Mode::Off && is_about(alert, &one.name));
    let weeks: Vec<Week> = about.map(|one| week(&one.name, history, now)).collect::<Result<_, _>>()?;
    let boards = waiting::stored_boards(config, history)?;
    let mut open = waiting::stored_waiting(&boards, history)?;
    open.retain(|one| weeks.iter().any(|week| week.integration == one.integration));
    let brief = Some(digest(&weeks, &open, now));
    Ok(Some(Due { name, alert, digest: true, brief }))
}

fn week(integration: &IntegrationName, history: &History, now: DateTime<Utc>) -> Result<Week, StoreError> {
    let mut nights = history.nights_before(integration, None, NIGHTS_MAX)?;
    let first = first_day(now);
    let recent = nights.iter().take_while(|night| night.started_at.date_naive() >= first).count();
    nights.truncate(recent + 1);
    let mut changed: Vec<LineRecord> = Vec::new();
    for night in nights.iter().take(recent).filter(|night| night.end.as_ref().is_some_and(|end| end.totals.changed > 0))
    {
        let run = history.run(night.run)?;
        let done = run.iter().flat_map(lines).filter(|line| Change::of(line) == Some(Change::Done));
        changed.extend(done.cloned());
    }
    Ok(Week { integration: integration.clone(), nights, changed })
}
