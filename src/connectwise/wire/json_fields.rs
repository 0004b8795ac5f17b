//! The members of a record, read one by one. Absent, `null` and `""` mean unset (each is seen in the field); what is of
//! another kind than it should be is named, and spoils its own record only.

use chrono::{Datelike as _, NaiveDate};
use serde_json::Value;

use crate::reconcile::model::quantity::Quantity;

/// A reference to another record. Its id may be missing, and its name.
#[derive(Debug, Default)]
pub(crate) struct Reference {
    pub(crate) id: Option<i64>,
    pub(crate) name: Option<String>,
}

/// A record's id, also where it came as a text: without it nobody could go on reading the list.
pub(crate) fn id(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

pub(crate) fn text(field: &str, value: &Value) -> Result<Option<String>, String> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        _ => Err(unfit(field, value, "is not a text")),
    }
}

pub(crate) fn flag(field: &str, value: &Value) -> Result<Option<bool>, String> {
    match value {
        _ if is_unset(value) => Ok(None),
        Value::Bool(flag) => Ok(Some(*flag)),
        _ => Err(unfit(field, value, "is neither true nor false")),
    }
}

pub(crate) fn number(field: &str, value: &Value) -> Result<Option<i64>, String> {
    match value.as_i64() {
        _ if is_unset(value) => Ok(None),
        Some(number) => Ok(Some(number)),
        None => Err(unfit(field, value, "is not a whole number")),
    }
}

/// # Errors
/// It is no reference, or a part of it is not what it should be.
pub(crate) fn reference(field: &str, value: &Value) -> Result<Reference, String> {
    match value {
        _ if is_unset(value) => Ok(Reference::default()),
        Value::Object(members) => {
            let member = |name| members.get(name).unwrap_or(&Value::Null);
            let id = number(&format!("{field}/id"), member("id"))?;
            Ok(Reference { id, name: text(&format!("{field}/name"), member("name"))? })
        }
        _ => Err(unfit(field, value, "is not a reference")),
    }
}

pub(crate) fn references(field: &str, value: &Value) -> Result<Vec<Reference>, String> {
    match value {
        _ if is_unset(value) => Ok(Vec::new()),
        Value::Array(all) => all.iter().map(|one| reference(field, one)).collect(),
        _ => Err(unfit(field, value, "is not a list")),
    }
}

/// The calendar day of a date. ConnectWise sends midnight and `Z`, and means the day, not the instant (seen in the
/// field).
pub(crate) fn day(field: &str, value: &Value) -> Result<Option<NaiveDate>, String> {
    let unreadable = || unfit(field, value, "cannot be read");
    let text = match value {
        _ if is_unset(value) => return Ok(None),
        Value::String(text) => text,
        _ => return Err(unreadable()),
    };
    let (day, rest) = text.split_at_checked(10).ok_or_else(unreadable)?;
    let date = NaiveDate::parse_from_str(day, "%Y-%m-%d").map_err(|_| unreadable())?;
    // Read back, because the parser takes blanks, signs and short numbers as well.
    let whole = date.to_string() == day && (rest.is_empty() || rest.starts_with(['T', 't', ' ']));
    if !whole {
        return Err(unreadable());
    }
    // .NET's default date, `0001-01-01`, stands for none where a client wrote it (seen in the field elsewhere).
    Ok(Some(date).filter(|date| date.year() > 1))
}

/// An exact quantity, or why there is none. Missing is never zero.
pub(crate) fn quantity(value: &Value) -> Result<Quantity, String> {
    match value {
        _ if is_unset(value) => Err("its quantity is missing".to_owned()),
        Value::Number(number) => {
            let text = number.as_str();
            Quantity::from_json_number(text).ok_or_else(|| match text.starts_with('-') {
                true => format!("its quantity is {text:.40}, below zero"),
                false => format!("its quantity {text:.40} cannot be read exactly"),
            })
        }
        _ => Err("its quantity is not a number".to_owned()),
    }
}

/// Units that the agreement includes: left out where there are none (seen in the field).
pub(crate) fn less_included(value: &Value) -> Result<Quantity, String> {
    if is_unset(value) {
        return Ok(Quantity::ZERO);
    }
    let exact = value.as_number().and_then(|number| Quantity::from_json_number(number.as_str()));
    exact.ok_or_else(|| format!("{:.40} cannot be read", value.to_string()))
}

fn is_unset(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

/// Only what was asked for gets here, and nothing of that is money.
fn unfit(field: &str, value: &Value, what: &str) -> String {
    format!("its {field} {:.40} {what}", value.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Otherwise a line without an end would look as if nobody could read its end, and stop being billed.
    #[test]
    fn absent_null_and_empty_are_unset() {
        for unset in [Value::Null, json!("")] {
            assert_eq!(day("d", &unset), Ok(None));
            assert_eq!(flag("f", &unset), Ok(None));
            assert_eq!(number("n", &unset), Ok(None));
            assert_eq!(reference("r", &unset).map(|found| (found.id, found.name)), Ok((None, None)));
            assert_eq!(references("r", &unset).map(|found| found.len()), Ok(0));
            assert_eq!(less_included(&unset), Ok(Quantity::ZERO));
            assert_eq!(quantity(&unset), Err("its quantity is missing".to_owned()), "never zero");
        }
    }

    /// Otherwise whoever mends the record would have to guess where.
    #[test]
    fn what_is_of_another_kind_is_named() {
        assert_eq!(text("name", &json!(7)), Err("its name 7 is not a text".to_owned()));
        assert_eq!(
            flag("deletedFlag", &json!("no")),
            Err("its deletedFlag \"no\" is neither true nor false".to_owned())
        );
        let of = |value| reference("company", &value).map(|_| ());
        assert_eq!(of(json!({"id": "9"})), Err("its company/id \"9\" is not a whole number".to_owned()));
        assert_eq!(of(json!({"id": 9, "name": 1})), Err("its company/name 1 is not a text".to_owned()));
        assert_eq!(of(json!("Acme")), Err("its company \"Acme\" is not a reference".to_owned()));
    }

    #[test]
    fn a_day_is_a_calendar_day_or_an_error() {
        for text in ["01/11/2026", "2026-1-01T0", "2026-11-1", " 026-11-01", "2026-11-01x", "é26-11-001"] {
            assert!(day("d", &json!(text)).is_err(), "{text}");
        }
        let first = NaiveDate::from_ymd_opt(2026, 11, 1);
        for text in ["2026-11-01", "2026-11-01T00:00:00Z", "2026-11-01 00:00"] {
            assert_eq!(day("d", &json!(text)), Ok(first), "{text}");
        }
        assert_eq!(day("d", &json!("0001-01-01T00:00:00Z")), Ok(None));
        assert!(day("d", &json!(true)).is_err());
    }
}
