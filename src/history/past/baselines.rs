//! The baselines of accepted runs: which customers, lines and items there were, for later exports to be compared with.

use std::collections::BTreeSet;

use rusqlite::{Connection, Transaction, params};

use crate::history::past::seen_quantities;
use crate::history::past::set_back::SetBack;
use crate::history::run_record::LineRecord;
use crate::history::store::column_values::{RepeatedNames, count, decimal, files, folded, json};
use crate::history::store::error::StoreError;
use crate::history::store::rows::rows;
use crate::reconcile::model::ids::{AdditionId, AgreementId, CustomerName, ItemName, ProductCode, RunId};
use crate::reconcile::model::known_lines::KnownLines as _;
use crate::reconcile::model::past::Accepted;
use crate::reconcile::model::plan::line::LineKey;
use crate::reconcile::model::plan::outcome::Outcome;
use crate::reconcile::model::plan::reason_code::Code;

/// Drops baselines that no later run will ask for: of those that are set back the last ones stay, too, for their undo may be.
pub(in crate::history) fn thin_out(transaction: &Transaction<'_>, integration: &str) -> Result<(), StoreError> {
    let set_back = SetBack::of(transaction, integration)?;
    let mut delete = transaction.prepare_cached("DELETE FROM baselines WHERE run = ?1")?;
    let mut standing = 0;
    for run in baselines(transaction, integration, RunId(0))? {
        if standing >= BASELINES_KEPT {
            delete.execute([run.0])?;
        }
        standing += usize::from(!set_back.has(run));
    }
    Ok(())
}

const BASELINES_KEPT: usize = 3;

/// The runs that left one, newest first, but for this one.
fn baselines(connection: &Connection, integration: &str, but: RunId) -> Result<Vec<RunId>, StoreError> {
    let sql = "SELECT b.run FROM baselines AS b JOIN runs AS r ON r.run = b.run
               WHERE r.integration = ?1 AND r.run <> ?2 ORDER BY b.run DESC";
    rows(connection, sql, params![integration, but.0], |row| Ok(RunId(row.get(0)?)))
}

/// Keeps that of a run, `before` being the one before it.
pub(super) fn remember(
    transaction: &Transaction<'_>,
    run: RunId,
    before: Option<&Accepted>,
    lines: &[LineRecord],
) -> Result<(), StoreError> {
    // A source without a line of the export is a customer or a service that the export does not name.
    let named = lines.iter().flat_map(|line| &line.sources).filter(|source| !source.lines.is_empty());
    let customers: BTreeSet<&str> = named.map(|source| source.customer.as_str()).collect();
    // The export names no line of a missing customer, and says nothing of its counts.
    let absent = lines.iter().flat_map(|line| &line.sources);
    let absent = absent.filter(|source| source.lines.is_empty() && source.count.is_none());
    let missing: BTreeSet<&str> = absent.map(|source| source.customer.as_str()).collect();
    let (mut live, mut items) = (Vec::new(), Vec::new());
    for line in lines.iter().filter(|line| !line.is_found()) {
        let (Some(agreement), Some(product), Some(addition)) = (line.agreement, &line.product, line.addition) else {
            continue;
        };
        // A line that somebody put in another's place is not the one that was seen, until the question is settled.
        let waits = !matches!(line.outcome, Outcome::Unchanged | Outcome::WouldUpdate);
        let addition = match before.filter(|_| waits).zip(line.key()) {
            None => addition,
            Some((before, key)) => match before.lines.of_line(&key) {
                Some(seen) => *seen,
                None if line.reason == Code::HumanEdit || seen_quantities::has_ended(transaction, run, &key)? => {
                    continue;
                }
                None => addition,
            },
        };
        match &line.item {
            None => live.push((agreement, product, addition)),
            Some(item) => items.push((agreement, product, item, addition)),
        }
    }
    transaction
        .prepare_cached("INSERT INTO baselines (run, customers, missing, lines, items) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![
            run.0,
            serde_json::to_string(&customers).expect("texts always make JSON"),
            serde_json::to_string(&missing).expect("texts always make JSON"),
            serde_json::to_string(&live).expect("texts and integers always make JSON"),
            serde_json::to_string(&items).expect("texts and integers always make JSON"),
        ])?;
    Ok(())
}

/// What exports are compared with is the last accepted one that was not set back; which lines there were, the last one of all
/// says: what ConnectWise held is not wrong with the export.
pub(super) fn accepted(
    connection: &Connection,
    integration: &str,
    current: RunId,
) -> Result<Option<Accepted>, StoreError> {
    let runs = baselines(connection, integration, current)?;
    let Some(newest) = runs.first() else { return Ok(None) };
    let set_back = SetBack::of(connection, integration)?;
    let standing = runs.iter().find(|run| !set_back.has(**run)).unwrap_or(newest);
    let Some(of_export) = accepted_in(connection, integration, *standing)? else { return Ok(None) };
    let newer = if standing == newest { None } else { accepted_in(connection, integration, *newest)? };
    Ok(Some(match newer {
        Some(Accepted { lines, .. }) => Accepted { lines, ..of_export },
        None => of_export,
    }))
}

fn accepted_in(connection: &Connection, integration: &str, run: RunId) -> Result<Option<Accepted>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT r.run, r.export_rows, r.export_units, r.export_open_end, r.export_files, b.customers, b.missing, b.lines, b.items,
             EXISTS (SELECT 1 FROM runs WHERE integration = ?1 AND accepted_units IS NOT NULL) AS by_count
         FROM baselines AS b JOIN runs AS r ON r.run = b.run
         WHERE r.integration = ?1 AND r.run = ?2",
    )?;
    let mut rows = statement.query(params![integration, run.0])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let lines = json::<Vec<(AgreementId, ProductCode, AdditionId)>>(row, "lines")?;
    let items = json::<Vec<(AgreementId, ProductCode, ItemName, AdditionId)>>(row, "items")?;
    let mut products = RepeatedNames::new();
    let lines = lines
        .into_iter()
        .map(|(agreement, product, id)| (LineKey { agreement, product: products.shared(product), item: None }, id));
    let items =
        items.into_iter().map(|(agreement, product, item, id)| (LineKey { agreement, product, item: Some(item) }, id));
    let items = items.map(|(key, id)| (folded(&key), id));
    Ok(Some(Accepted {
        run: RunId(row.get("run")?),
        rows: count(row, "export_rows")?,
        customers: json::<BTreeSet<CustomerName>>(row, "customers")?,
        units: decimal(row, "export_units")?,
        lines: lines.chain(items).collect(),
        missing: json::<BTreeSet<CustomerName>>(row, "missing")?,
        open_end: row.get("export_open_end")?,
        files: files(row)?.len(),
        by_count: row.get("by_count")?,
    }))
}
