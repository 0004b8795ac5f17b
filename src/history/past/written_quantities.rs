//! What the journal says of each line: what recount wrote to it, or may have.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use rusqlite::{Connection, params};

use crate::history::store::column_values::{day, folded, json, line_key, maybe_quantity, quantity, time, time_text};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::history::store::rows::rows;
use crate::reconcile::model::ids::{AdditionId, IntegrationName, ProductId, RunId};
use crate::reconcile::model::kept_decimals::KeptDecimals;
use crate::reconcile::model::past::{AbandonedCreation, JustCreated, WrittenQuantity};
use crate::reconcile::model::plan::line::LineKey;

/// The integrations that bill in the ConnectWise of `?1` and its run `?2`, itself included: addition ids mean nothing
/// beyond it. One that never had an accepted run is bound to none, and its run says where it looks.
pub(crate) const SAME_CONNECTWISE: &str = "SELECT ?1 UNION SELECT other.integration FROM connectwise_of AS other
     WHERE other.site = coalesce((SELECT site FROM runs WHERE run = ?2 AND integration = ?1),
         (SELECT own.site FROM connectwise_of AS own WHERE own.integration = ?1))";

impl History {
    /// Lines whose creation was sent after `since` and is known to have happened, by whichever integration of the ConnectWise
    /// of the current run: a listing that lacks one lacks it for all of them.
    pub fn created_since(
        &self,
        (integration, current): (&IntegrationName, RunId),
        since: DateTime<Utc>,
    ) -> Result<BTreeMap<LineKey, JustCreated>, StoreError> {
        let sql = format!(
            "SELECT run, agreement, product, item, applied_addition, catalog_item FROM writes
             WHERE integration IN ({SAME_CONNECTWISE}) AND kind = 'create' AND outcome = 'applied' AND at > ?3
             ORDER BY write",
        );
        let of = params![integration.as_str(), current.0, time_text(since)];
        self.rows(&sql, of, |row| {
            let addition = AdditionId(row.get("applied_addition")?);
            let product = ProductId(row.get("catalog_item")?);
            Ok((folded(&line_key(row)?), JustCreated { run: RunId(row.get("run")?), addition, product }))
        })
    }
}

/// The last quantity that was written to each addition, and what was sent after it without a clear end.
pub(crate) fn written(
    connection: &Connection,
    integration: &IntegrationName,
    current: RunId,
) -> Result<BTreeMap<AdditionId, WrittenQuantity>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT coalesce(o.addition, i.addition) AS addition, o.quantity, o.run, o.at, i.from_quantity, i.quantity AS sent,
                o.event = 'refused' AS refused
         FROM journal AS o JOIN journal AS i ON i.seq = o.write JOIN runs AS r ON r.run = o.run
         WHERE r.integration IN ({SAME_CONNECTWISE}) AND o.event IN ('applied', 'refused', 'unknown', 'superseded')
             AND (o.event = 'applied' OR i.event = 'set') ORDER BY o.seq",
    ))?;
    let mut written: BTreeMap<AdditionId, WrittenQuantity> = BTreeMap::new();
    // In the journal's order, so that the last one stays, and knows how often it was the same.
    let mut rows = statement.query(params![integration.as_str(), current.0])?;
    while let Some(row) = rows.next()? {
        let (addition, run) = (AdditionId(row.get("addition")?), RunId(row.get("run")?));
        let sent = quantity(row, "sent")?;
        let before = written.get(&addition).copied();
        let now = match (maybe_quantity(row, "quantity")?, before) {
            (Some(quantity), before) => {
                let from = maybe_quantity(row, "from_quantity")?;
                let before = before.filter(|before| (before.from, before.quantity) == (from, quantity));
                let times = before.map_or(1, |before| before.times.saturating_add(1));
                WrittenQuantity {
                    from,
                    times,
                    written_at: Some(time(row, "at")?),
                    instead_of: Some(sent).filter(|sent| *sent != quantity),
                    ..WrittenQuantity::once(quantity, run)
                }
            }
            // A write that was never answered ends as refused, too, and may have arrived all the same.
            (None, Some(before)) => WrittenQuantity { sent: Some((run, sent)), ..before },
            (None, None) if row.get("refused")? => continue,
            // Nothing of ours was there before: what stood there is what a person may have meant.
            (None, None) => {
                let stood = quantity(row, "from_quantity")?;
                WrittenQuantity { times: 0, sent: Some((run, sent)), ..WrittenQuantity::once(stood, run) }
            }
        };
        written.insert(addition, now);
    }
    Ok(written)
}

/// What the answers to our writes have shown of the decimals that are kept.
pub(crate) fn decimals(connection: &Connection, integration: &IntegrationName) -> Result<KeptDecimals, StoreError> {
    let sql = "SELECT i.agreement, i.product, i.item, o.quantity AS stored, i.quantity AS sent
               FROM journal AS o JOIN journal AS i ON i.seq = o.write JOIN runs AS r ON r.run = o.run
               WHERE r.integration = ?1 AND o.event = 'applied' AND instr(i.quantity, '.') > 0";
    let answers: Vec<_> = rows(connection, sql, [integration.as_str()], |row| {
        Ok((folded(&line_key(row)?), quantity(row, "sent")?, quantity(row, "stored")?))
    })?;
    Ok(KeptDecimals::of(answers))
}

/// The last refusal of each line whose last write of earlier runs was refused, in ConnectWise's words.
pub(crate) fn refusals(
    connection: &Connection,
    integration: &IntegrationName,
    before: RunId,
) -> Result<BTreeMap<LineKey, String>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT i.agreement, i.product, i.item, o.event, o.why
         FROM journal AS o JOIN journal AS i ON i.seq = o.write JOIN runs AS r ON r.run = o.run
         WHERE r.integration = ?1 AND o.run < ?2 AND o.event IN ('applied', 'refused', 'unknown', 'superseded')
         ORDER BY o.seq",
    )?;
    let mut refusals = BTreeMap::new();
    let mut rows = statement.query(params![integration.as_str(), before.0])?;
    while let Some(row) = rows.next()? {
        let (key, event): (LineKey, String) = (line_key(row)?, row.get("event")?);
        let key = key.folded().into_owned();
        match row.get::<_, Option<String>>("why")?.filter(|_| event == "refused") {
            Some(why) => refusals.insert(key, why),
            None => refusals.remove(&key),
        };
    }
    Ok(refusals)
}

/// The day on which each created line takes effect, whichever integration of the same ConnectWise created it: whoever wants
/// it now compares and follows it.
pub(crate) fn begins(
    connection: &Connection,
    integration: &IntegrationName,
    current: RunId,
) -> Result<BTreeMap<AdditionId, NaiveDate>, StoreError> {
    let sql = format!(
        "SELECT o.addition, i.effective_on FROM journal AS o
             JOIN journal AS i ON i.seq = o.write AND i.event = 'create' JOIN runs AS r ON r.run = i.run
         WHERE r.integration IN ({SAME_CONNECTWISE}) AND o.event = 'applied'",
    );
    rows(connection, &sql, params![integration.as_str(), current.0], |row| {
        Ok((AdditionId(row.get("addition")?), day(row, "effective_on")?))
    })
}

/// The last creation of each line that was given up, of whichever integration of the same ConnectWise.
pub(crate) fn given_up(
    connection: &Connection,
    integration: &IntegrationName,
    current: RunId,
) -> Result<BTreeMap<LineKey, AbandonedCreation>, StoreError> {
    let sql = format!(
        "SELECT i.agreement, i.product, i.item, i.quantity, i.run, i.before, i.catalog_item, i.at FROM journal AS o
             JOIN journal AS i ON i.seq = o.write AND i.event = 'create' JOIN runs AS r ON r.run = i.run
         WHERE r.integration IN ({SAME_CONNECTWISE}) AND o.event = 'superseded' ORDER BY o.seq",
    );
    rows(connection, &sql, params![integration.as_str(), current.0], |row| -> Result<_, StoreError> {
        let (run, quantity) = (RunId(row.get("run")?), quantity(row, "quantity")?);
        let (before, product, sent_at) = (json(row, "before")?, ProductId(row.get("catalog_item")?), time(row, "at")?);
        Ok((folded(&line_key(row)?), AbandonedCreation { run, quantity, before, product, sent_at }))
    })
}
