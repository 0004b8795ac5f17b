//! The lines of a plan, in and out of their table.

use rusqlite::{Connection, Row, Statement, Transaction, params};
use serde::{Deserialize, Serialize};

use crate::history::run_record::LineRecord;
use crate::history::store::column_values::{
    edited, edited_text, integer, json, maybe_day, maybe_quantity, maybe_time, named, named_text, time_text, word,
};
use crate::history::store::error::StoreError;
use crate::reconcile::model::ids::{
    AdditionId, AgreementId, CompanyId, CustomerName, ItemName, ProductCode, RunId, ServiceName,
};
use crate::reconcile::model::plan::line::{FirstBilled, Source};
use crate::reconcile::model::plan::outcome::Outcome;
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::quantity::Quantity;

/// Stores the lines of a plan.
pub(super) fn insert(transaction: &Transaction<'_>, run: RunId, lines: &[LineRecord]) -> Result<(), StoreError> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO lines (run, position, handle, company, agreement, addition, product, sources, was, wanted, now,
                            outcome, reason, detail, item, named, invoice, month, changed_at, edited)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)",
    )?;
    let mut by_handle: Vec<_> = lines.iter().enumerate().collect();
    // In the order of the table's key every row goes to its end.
    by_handle.sort_unstable_by_key(|(_, line)| line.handle.as_str());
    for (position, line) in by_handle {
        execute(&mut statement, run, Some(integer(position)), line)?;
    }
    Ok(())
}

/// Stores what became of some lines of a plan; they are known by their handles.
pub(super) fn update(transaction: &Transaction<'_>, run: RunId, lines: &[LineRecord]) -> Result<(), StoreError> {
    let mut statement = transaction.prepare_cached(
        "UPDATE lines SET company = ?4, agreement = ?5, addition = ?6, product = ?7, sources = ?8, was = ?9,
                          wanted = ?10, now = ?11, outcome = ?12, reason = ?13, detail = ?14, item = ?15,
                          named = ?16, invoice = ?17, month = ?18, changed_at = ?19, edited = ?20
         WHERE run = ?1 AND position = coalesce(?2, position) AND handle = ?3",
    )?;
    for line in lines {
        if execute(&mut statement, run, None, line)? == 0 {
            return Err(StoreError::NoSuchLine { run, handle: line.handle.clone() });
        }
    }
    Ok(())
}

/// The lines of a run, in the order of its plan.
pub(super) fn of_run(connection: &Connection, run: RunId) -> Result<Vec<LineRecord>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT * FROM lines WHERE run = ?1")?;
    let lines = statement.query_and_then([run.0], |row| Ok((row.get("position")?, line(row)?)))?;
    let mut lines = lines.collect::<Result<Vec<(i64, LineRecord)>, StoreError>>()?;
    lines.sort_unstable_by_key(|(position, _)| *position);
    Ok(lines.into_iter().map(|(_, line)| line).collect())
}

/// The line of a row.
pub(super) fn line(row: &Row<'_>) -> Result<LineRecord, StoreError> {
    Ok(LineRecord {
        handle: row.get("handle")?,
        company: row.get::<_, Option<i64>>("company")?.map(CompanyId),
        agreement: row.get::<_, Option<i64>>("agreement")?.map(AgreementId),
        addition: row.get::<_, Option<i64>>("addition")?.map(AdditionId),
        product: row.get::<_, Option<String>>("product")?.map(|product| ProductCode::new(&product)),
        item: row.get::<_, Option<String>>("item")?.map(|item| ItemName::new(&item)),
        sources: sources(row)?,
        was: maybe_quantity(row, "was")?,
        wanted: maybe_quantity(row, "wanted")?,
        now: maybe_quantity(row, "now")?,
        outcome: word(row, "outcome", Outcome::from_word)?,
        reason: word(row, "reason", Code::from_word)?,
        detail: row.get("detail")?,
        named: named(row)?,
        billed: FirstBilled { invoice: maybe_day(row, "invoice")?, month: maybe_day(row, "month")? },
        changed_at: maybe_time(row, "changed_at")?,
        edited: edited(row)?,
    })
}

fn execute(
    statement: &mut Statement<'_>,
    run: RunId,
    position: Option<i64>,
    line: &LineRecord,
) -> Result<usize, StoreError> {
    let LineRecord {
        handle,
        company,
        agreement,
        addition,
        product,
        item,
        sources,
        was,
        wanted,
        now,
        outcome,
        reason,
        detail,
        named,
        billed: FirstBilled { invoice, month },
        changed_at,
        edited,
    } = line;
    let changed = statement.execute(params![
        run.0,
        position,
        handle,
        company.map(|id| id.0),
        agreement.map(|id| id.0),
        addition.map(|id| id.0),
        product.as_ref().map(ProductCode::as_str),
        sources_text(sources),
        was.map(|units| units.to_string()),
        wanted.map(|units| units.to_string()),
        now.map(|units| units.to_string()),
        outcome.as_str(),
        reason.as_str(),
        detail,
        item.as_ref().map(ItemName::as_str),
        named.as_ref().map(named_text),
        invoice.map(|day| day.to_string()),
        month.map(|day| day.to_string()),
        changed_at.map(time_text),
        edited.as_ref().map(edited_text),
    ])?;
    Ok(changed)
}

/// As it stands in the column. The last four came later.
#[derive(Serialize, Deserialize)]
struct SourceRow(
    CustomerName,
    ServiceName,
    Option<String>,
    Vec<u64>,
    #[serde(default)] Option<String>,
    #[serde(default)] Vec<ItemName>,
    #[serde(default)] Option<String>,
    #[serde(default)] bool,
);

fn sources_text(sources: &[Source]) -> String {
    let rows: Vec<SourceRow> = sources
        .iter()
        .cloned()
        .map(|Source { customer, service, count, lines, place, how, items, is_former }| {
            SourceRow(customer, service, count.map(|units| units.to_string()), lines, how, items, place, is_former)
        })
        .collect();
    serde_json::to_string(&rows).expect("names, texts and integers always make JSON")
}

/// The counts behind the line of a row.
pub(super) fn sources(row: &Row<'_>) -> Result<Vec<Source>, StoreError> {
    let rows: Vec<SourceRow> = json(row, "sources")?;
    let sources = rows.into_iter().map(|SourceRow(customer, service, count, lines, how, items, place, is_former)| {
        let count = count.map(|text| text.parse::<Quantity>().map_err(|_| unreadable(text))).transpose()?;
        Ok(Source { customer, service, count, lines, place, how, items, is_former })
    });
    sources.collect()
}

fn unreadable(value: String) -> StoreError {
    StoreError::Unreadable { column: "sources", value }
}
