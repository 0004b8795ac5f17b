//! Monday's digest: gathered from the history here, made in `report`.

use chrono::{DateTime, FixedOffset};

use crate::alerts::alert::Alert;
use crate::alerts::engine::due_alert::DueAlert;
use crate::history::run_record::LineRecord;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::ids::IntegrationName;
use crate::report::brief::digest_week::Week;
use crate::report::digest::{WeekLinks, digest, first_day, is_due};
use crate::report::open_items::{open_items, waiting};
use crate::report::{Change, lines};

/// A busy week has some thirty runs; more nights than this are not looked at.
const NIGHTS_MAX: usize = 200;

/// The digest of this alert, if it is due.
pub(super) fn due<'a>(
    alert: &Alert<'a>,
    integrations: &[&IntegrationName],
    history: &History,
    links: WeekLinks<'_>,
    now: DateTime<FixedOffset>,
) -> Result<Option<DueAlert<'a>>, StoreError> {
    if !is_due(history.last_digest(alert.name)?.map(|last| last.with_timezone(now.offset())), now) {
        return Ok(None);
    }
    let about = integrations.iter().filter(|name| alert.rules.is_about(name));
    let weeks: Vec<Week> = about.map(|name| week(name, history, now)).collect::<Result<_, _>>()?;
    let all = open_items(weeks.iter().map(|week| &week.integration), history)?;
    // Of those that are on alone.
    let open = waiting(&all, |_| false, history)?;
    let brief = Some(digest(&weeks, &open, links, now));
    Ok(Some(DueAlert { alert: *alert, digest: true, brief }))
}

fn week(integration: &IntegrationName, history: &History, now: DateTime<FixedOffset>) -> Result<Week, StoreError> {
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
