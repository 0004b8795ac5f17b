//! Ways in for the fuzz targets: only they compile it (`--cfg fuzzing`).

use std::time::Duration;

use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue};
use serde_json::Value;

use crate::connectwise::client::answer_text::Censor;
use crate::connectwise::client::backoff::Backoff;
use crate::connectwise::wire::{AdditionRow, AgreementRow, CompanyRow, ProductRow, Row, json_fields};
use crate::connectwise::writes::QuantityRow;
use crate::reconcile::model::connectwise_records::{Addition, Agreement, Company, Product};
use crate::reconcile::model::quantity::Quantity;

/// Every list that one answer can be read as; `None` where it is no such list.
#[derive(Debug)]
pub struct Lists {
    /// Each record with its id, or why it is none.
    pub companies: Option<Vec<(i64, Result<Company, String>)>>,
    /// As above.
    pub agreements: Option<Vec<(i64, Result<Agreement, String>)>>,
    /// As above.
    pub products: Option<Vec<(i64, Result<Product, String>)>>,
    /// As above.
    pub additions: Option<Vec<(i64, Result<Addition, String>)>>,
}

/// An answer to a GET.
pub fn lists(body: &[u8]) -> Lists {
    Lists {
        companies: list::<CompanyRow>(body),
        agreements: agreements(body),
        products: list::<ProductRow>(body),
        additions: additions(body),
    }
}

/// An answer to a PATCH: the id and the quantity, or why there is none.
pub fn patched(body: &[u8]) -> Option<(i64, Result<Quantity, String>)> {
    let row: QuantityRow = serde_json::from_slice(body).ok()?;
    Some((row.id, json_fields::quantity(&row.quantity)))
}

/// A JSON value as a quantity, or why it is none.
pub fn quantity(value: &Value) -> Result<Quantity, String> {
    json_fields::quantity(value)
}

/// What the body of a refusal says, on one line. `secret` must not be in it.
pub fn said(body: &[u8], secret: &str) -> String {
    Censor::new(vec![secret.into()]).reason(body)
}

/// The wait that a 429 with these headers asks for, at most `most` if it does not say. Bytes that no header may hold
/// stand for no header.
pub fn wait(retry_after: &[u8], date: &[u8], most: Duration) -> Duration {
    let mut headers = HeaderMap::new();
    for (name, bytes) in [(RETRY_AFTER, retry_after), (DATE, date)] {
        if let Ok(value) = HeaderValue::from_bytes(bytes) {
            headers.insert(name, value);
        }
    }
    Backoff::new(most).after_429(&headers, None)
}

/// A list in which a record has no id that can be read is none.
fn list<R: Row>(body: &[u8]) -> Option<Vec<(i64, Result<R::Record, String>)>> {
    let rows: Vec<R> = serde_json::from_slice(body).ok()?;
    let read = |row: R| {
        let id = json_fields::id(row.id())?;
        Some((id, row.read(id).map_err(|record| record.why)))
    };
    rows.into_iter().map(read).collect()
}

fn additions(body: &[u8]) -> Option<Vec<(i64, Result<Addition, String>)>> {
    let rows = list::<AdditionRow>(body)?;
    Some(rows.into_iter().map(|(id, row)| (id, row.map(|said| said.addition))).collect())
}

fn agreements(body: &[u8]) -> Option<Vec<(i64, Result<Agreement, String>)>> {
    let rows = list::<AgreementRow>(body)?;
    Some(rows.into_iter().map(|(id, row)| (id, row.map(|said| said.agreement))).collect())
}
