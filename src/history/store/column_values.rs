//! How values stand in columns: times and quantities as text, words as they are spelled, counts as integers.

use std::collections::HashSet;
use std::hash::Hash;

use chrono::{DateTime, FixedOffset, NaiveDate, SecondsFormat, Utc};
use rusqlite::Row;
use rust_decimal::Decimal;
use serde::de::DeserializeOwned;

use crate::history::store::error::StoreError;
use crate::reconcile::model::export::delivered_file::DeliveredFile;
use crate::reconcile::model::ids::{AdditionId, AgreementId, ItemName, ProductCode};
use crate::reconcile::model::last_change::LastChange;
use crate::reconcile::model::plan::guard_measurement::GuardLook;
use crate::reconcile::model::plan::line::LineKey;
use crate::reconcile::model::plan::named_additions::Named;
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::quantity::Quantity;

/// Names that stand in many rows of one answer: each is kept once, and shared.
#[derive(Debug)]
pub(crate) struct RepeatedNames<T>(HashSet<T>);

impl<T: Clone + Eq + Hash> RepeatedNames<T> {
    /// None was met yet.
    pub(crate) fn new() -> Self {
        Self(HashSet::new())
    }

    /// The same name, as it was met first.
    pub(crate) fn shared(&mut self, name: T) -> T {
        if let Some(known) = self.0.get(&name) {
            return known.clone();
        }
        self.0.insert(name.clone());
        name
    }
}

/// RFC 3339 in UTC, always with nine decimals: exact, and in the order of time when ordered as text.
pub(crate) fn time_text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Nanos, true)
}

/// A count as an integer. No count of ours comes near the end of the range.
pub(crate) fn integer<N: TryInto<i64>>(count: N) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}

/// A time.
pub(crate) fn time(row: &Row<'_>, column: &'static str) -> Result<DateTime<Utc>, StoreError> {
    parsed(row, column, |text| text.parse().ok())
}

/// A time as the clocks of a zone showed it; how far they were from UTC stands in a column of its own, in seconds.
pub(crate) fn local_time(
    row: &Row<'_>,
    column: &'static str,
    offset: &'static str,
) -> Result<DateTime<FixedOffset>, StoreError> {
    let seconds: i32 = count(row, offset)?;
    let zone = FixedOffset::east_opt(seconds);
    let zone = zone.ok_or_else(|| StoreError::Unreadable { column: offset, value: seconds.to_string() })?;
    Ok(time(row, column)?.with_timezone(&zone))
}

/// A time, or none.
pub(crate) fn maybe_time(row: &Row<'_>, column: &'static str) -> Result<Option<DateTime<Utc>>, StoreError> {
    maybe(row, column, |text| text.parse().ok())
}

/// A day.
pub(crate) fn day(row: &Row<'_>, column: &'static str) -> Result<NaiveDate, StoreError> {
    parsed(row, column, |text| text.parse().ok())
}

/// A day, or none.
pub(crate) fn maybe_day(row: &Row<'_>, column: &'static str) -> Result<Option<NaiveDate>, StoreError> {
    maybe(row, column, |text| text.parse().ok())
}

/// A quantity.
pub(crate) fn quantity(row: &Row<'_>, column: &'static str) -> Result<Quantity, StoreError> {
    parsed(row, column, |text| text.parse().ok())
}

/// A quantity, or none.
pub(crate) fn maybe_quantity(row: &Row<'_>, column: &'static str) -> Result<Option<Quantity>, StoreError> {
    maybe(row, column, |text| text.parse().ok())
}

/// An exact number.
pub(crate) fn decimal(row: &Row<'_>, column: &'static str) -> Result<Decimal, StoreError> {
    parsed(row, column, |text| Decimal::from_str_exact(text).ok())
}

/// An exact number, or none.
pub(crate) fn maybe_decimal(row: &Row<'_>, column: &'static str) -> Result<Option<Decimal>, StoreError> {
    maybe(row, column, |text| Decimal::from_str_exact(text).ok())
}

/// A word of one of the closed vocabularies.
pub(crate) fn word<T>(row: &Row<'_>, column: &'static str, of: fn(&str) -> Option<T>) -> Result<T, StoreError> {
    parsed(row, column, of)
}

/// A JSON value.
pub(crate) fn json<T: DeserializeOwned>(row: &Row<'_>, column: &'static str) -> Result<T, StoreError> {
    parsed(row, column, |text| serde_json::from_str(text).ok())
}

/// Additions that a question names, as JSON: `[[1900, "4"], [1800, null]]`.
pub(crate) fn named_text(named: &Named) -> String {
    let rows: Vec<(i64, Option<String>)> =
        named.0.iter().map(|(addition, units)| (addition.0, units.map(|units| units.to_string()))).collect();
    serde_json::to_string(&rows).expect("texts and integers always make JSON")
}

/// The same; `None` where nobody noted them.
pub(crate) fn named(row: &Row<'_>) -> Result<Option<Named>, StoreError> {
    maybe(row, "named", |text| {
        let rows: Vec<(i64, Option<String>)> = serde_json::from_str(text).ok()?;
        let each = rows.into_iter().map(|(addition, units)| {
            let units = units.map(|units| units.parse::<Quantity>()).transpose().ok()?;
            Some((AdditionId(addition), units))
        });
        each.collect::<Option<_>>().map(Named)
    })
}

/// Who changed a record last, and when, as JSON: `["jdoe", "2026-11-22T09:12:00Z"]`.
pub(crate) fn edited_text(change: &LastChange) -> String {
    let LastChange { by, at } = change;
    serde_json::to_string(&(by, at)).expect("texts always make JSON")
}

/// The same; `None` where nobody noted it.
pub(crate) fn edited(row: &Row<'_>) -> Result<Option<LastChange>, StoreError> {
    maybe(row, "edited", |text| {
        let (by, at): (String, String) = serde_json::from_str(text).ok()?;
        Some(LastChange { by, at })
    })
}

/// The files of a run's export; none where it is one file, and for runs of versions before.
pub(crate) fn files(row: &Row<'_>) -> Result<Vec<DeliveredFile>, StoreError> {
    if row.get::<_, Option<String>>("export_files")?.is_none() {
        return Ok(Vec::new());
    }
    let files: Vec<(String, u64, String)> = json(row, "export_files")?;
    Ok(files.into_iter().map(|(name, bytes, sha256)| DeliveredFile { name, bytes, sha256 }).collect())
}

/// The same as text.
pub(crate) fn files_text(files: &[DeliveredFile]) -> Option<String> {
    let listed: Vec<_> = files.iter().map(|DeliveredFile { name, bytes, sha256 }| (name, bytes, sha256)).collect();
    (!files.is_empty()).then(|| serde_json::to_string(&listed).expect("texts and integers always make JSON"))
}

/// What the guards measured of a run's plan; nothing for runs of versions before.
pub(crate) fn guards(row: &Row<'_>) -> Result<Vec<GuardLook>, StoreError> {
    let looks = maybe(row, "guards", |text| {
        let rows: Vec<(String, String, bool)> = serde_json::from_str(text).ok()?;
        let each = rows.into_iter();
        each.map(|(code, said, stops)| Some(GuardLook { code: Code::from_word(&code)?, said, stops })).collect()
    })?;
    Ok(looks.unwrap_or_default())
}

/// The same as text: `[["export-stale", "the export is 5 h old, the limit is 36 h", false], ...]`.
pub(crate) fn guards_text(guards: &[GuardLook]) -> Option<String> {
    let rows: Vec<_> = guards.iter().map(|GuardLook { code, said, stops }| (code.as_str(), said, stops)).collect();
    (!rows.is_empty()).then(|| serde_json::to_string(&rows).expect("texts and truth values always make JSON"))
}

/// A count.
pub(crate) fn count<N: TryFrom<i64>>(row: &Row<'_>, column: &'static str) -> Result<N, StoreError> {
    let value: i64 = row.get(column)?;
    N::try_from(value).map_err(|_| StoreError::Unreadable { column, value: value.to_string() })
}

fn parsed<T>(row: &Row<'_>, column: &'static str, of: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
    maybe(row, column, of)?.ok_or_else(|| StoreError::Unreadable { column, value: String::new() })
}

fn maybe<T>(row: &Row<'_>, column: &'static str, of: impl Fn(&str) -> Option<T>) -> Result<Option<T>, StoreError> {
    let text: Option<String> = row.get(column)?;
    text.map(|value| of(&value).ok_or(StoreError::Unreadable { column, value })).transpose()
}

/// The line of the columns `agreement`, `product` and `item`.
pub(crate) fn line_key(row: &Row<'_>) -> Result<LineKey, StoreError> {
    let (product, item): (String, Option<String>) = (row.get("product")?, row.get("item")?);
    let item = item.filter(|item| !item.is_empty()).map(|item| ItemName::new(&item));
    Ok(LineKey { agreement: AgreementId(row.get("agreement")?), product: ProductCode::new(&product), item })
}

pub(crate) fn folded(key: &LineKey) -> LineKey {
    key.folded().into_owned()
}

/// The same in one spelling of its product, too.
pub(crate) fn of_one_spelling(key: &LineKey) -> LineKey {
    LineKey { product: ProductCode::new(&key.product.folded()), ..folded(key) }
}

/// The line in whatever letters its product and its item are written: what two nights have to agree on.
pub(crate) fn spelled_alike(key: &LineKey) -> (AgreementId, String, String) {
    let key = key.folded();
    (key.agreement, key.product.folded(), item_text(&key).to_owned())
}

/// Where a key has no place for NULL.
pub(crate) fn item_text(key: &LineKey) -> &str {
    key.item.as_ref().map(ItemName::as_str).unwrap_or_default()
}
