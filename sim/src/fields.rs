//! `fields=id,name,status/id`: only these members, in a record's own nesting. `_info` must be asked for by name.

use serde_json::Value;

use crate::world::Wire;

/// The members asked for. A name the record does not have is ignored (seen in the field).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fields(Vec<Vec<String>>);

impl Fields {
    /// Reads the parameter; none when it is absent or blank, which means every member.
    pub(super) fn parse(parameter: Option<&str>) -> Option<Self> {
        let names = parameter?.split(',').map(str::trim).filter(|name| !name.is_empty());
        let paths: Vec<Vec<String>> = names.map(|name| name.split('/').map(str::to_owned).collect()).collect();
        (!paths.is_empty()).then_some(Self(paths))
    }

    /// The record with only the members asked for.
    pub(super) fn of(&self, record: &Wire) -> Wire {
        let mut kept = Wire::new();
        for path in &self.0 {
            keep(path, record, &mut kept);
        }
        kept
    }
}

fn keep(path: &[String], from: &Wire, to: &mut Wire) {
    let Some((head, rest)) = path.split_first() else {
        return;
    };
    let Some((name, value)) = from.iter().find(|(name, _)| name.eq_ignore_ascii_case(head)) else {
        return;
    };
    if rest.is_empty() {
        to.insert(name.clone(), value.clone());
        return;
    }
    let Value::Object(inner) = value else { return };
    let target = to.entry(name.clone()).or_insert_with(|| Value::Object(Wire::new()));
    if let Value::Object(target) = target {
        keep(rest, inner, target);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn money_and_info_are_left_out_unless_they_are_asked_for() {
        let Value::Object(record) = json!({
            "id": 1, "unitPrice": 2.5, "product": {"id": 5, "identifier": "MP-X", "serializedFlag": false},
            "_info": {"lastUpdated": "2026-01-01T00:00:00Z"},
        }) else {
            unreachable!()
        };
        let fields = |text| Value::Object(Fields::parse(Some(text)).expect("fields").of(&record));
        assert_eq!(fields("id, product/identifier,nothing"), json!({"id": 1, "product": {"identifier": "MP-X"}}));
        assert_eq!(fields("id,_info/lastUpdated"), json!({"id": 1, "_info": {"lastUpdated": "2026-01-01T00:00:00Z"}}));
        assert_eq!(Fields::parse(Some(" ")), None);
    }
}
