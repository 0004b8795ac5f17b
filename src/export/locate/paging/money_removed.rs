//! Of a vendor's records no money is kept: only quantities are ever looked at.

use serde_json::value::RawValue;

use crate::export::format::json::json_value::Object;

/// Words in names of members that are money.
const MONEY: [&str; 3] = ["price", "cost", "margin"];

/// The record on one line, without its members of money. Line breaks of JSON stand between its signs, never inside a
/// text.
pub(super) fn without_money(record: &str) -> String {
    let record = record.replace(['\n', '\r'], " ");
    if is_money(&record) { left(&record) } else { record }
}

fn is_money(text: &str) -> bool {
    let lower = text.to_lowercase();
    MONEY.iter().any(|word| lower.contains(word))
}

fn left(raw: &str) -> String {
    match raw.as_bytes().first() {
        Some(b'{') => {
            let Ok(object) = serde_json::from_str::<Object<'_>>(raw) else { return raw.to_owned() };
            let members = object.0.iter().filter(|(name, _)| !is_money(&name.0));
            let members = members.map(|(name, value)| format!("{}:{}", quoted(&name.0), left(value.get())));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        Some(b'[') => {
            let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(raw) else { return raw.to_owned() };
            format!("[{}]", items.iter().map(|item| left(item.get())).collect::<Vec<_>>().join(","))
        }
        _ => raw.to_owned(),
    }
}

fn quoted(name: &str) -> String {
    serde_json::Value::from(name).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The promise is that no price is kept anywhere; and a doubled key must still be there to be refused.
    #[test]
    fn money_goes_and_everything_else_stays_as_it_is_written() {
        let record =
            "{\"n\": 1.50,\n \"unitPrice\": 3, \"of\": [{\"Cost\": {\"a\": 1}, \"x\": \"no cost\"}], \"n\": 2}";
        assert_eq!(without_money(record), r#"{"n":1.50,"of":[{"x":"no cost"}],"n":2}"#);
        assert_eq!(without_money("{\"a\": 1}"), "{\"a\": 1}");
    }
}
