//! The vendor's own field names, per record (ConnectWise OpenAPI, version 2025.1, the records served here).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// The kind of a field, as far as conditions and writes need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Number,
    String,
    Boolean,
    Date,
    Array,
    Object,
    Reference,
}

/// The fields of one record, by their exact names.
#[derive(Debug, Default)]
pub(super) struct Schema {
    fields: BTreeMap<String, Field>,
    /// Lower-case name to exact name: conditions are not case-sensitive (seen in the field).
    folded: BTreeMap<String, String>,
}

#[derive(Debug)]
struct Field {
    kind: Kind,
    members: Vec<String>,
}

/// The schema of a record by its vendor name, such as `Addition`.
pub(super) fn of(record: &str) -> &'static Schema {
    static EMPTY: LazyLock<Schema> = LazyLock::new(Schema::default);
    SCHEMAS.get(record).unwrap_or(&EMPTY)
}

impl Schema {
    /// Whether a record has a member of exactly this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// The kind of the field of exactly this name.
    pub(super) fn kind(&self, name: &str) -> Option<Kind> {
        self.fields.get(name).map(|field| field.kind)
    }

    /// Exact path and kind of a name in `conditions` or `orderBy`, such as `company/id`, in any case.
    pub(super) fn resolve(&self, name: &str) -> Option<(Vec<String>, Kind)> {
        let folded = name.to_ascii_lowercase();
        let (head, member) = match folded.split_once('/') {
            Some((head, member)) => (head, Some(member)),
            None => (folded.as_str(), None),
        };
        if head == "_info" || folded == "lastupdated" {
            return info(member.unwrap_or("lastupdated"));
        }
        let exact = self.folded.get(head)?;
        let field = self.fields.get(exact)?;
        match member {
            None => Some((vec![exact.clone()], field.kind)),
            Some(member) => {
                let found = field.members.iter().find(|name| name.eq_ignore_ascii_case(member))?;
                let kind = match found.as_str() {
                    "id" => Kind::Number,
                    name if name.ends_with("Flag") => Kind::Boolean,
                    _ => Kind::String,
                };
                Some((vec![exact.clone(), found.clone()], kind))
            }
        }
    }
}

/// `_info/lastUpdated` and `_info/updatedBy` (`lastUpdated` alone is accepted as well; unverified).
fn info(member: &str) -> Option<(Vec<String>, Kind)> {
    let (name, kind) = match member {
        "lastupdated" => ("lastUpdated", Kind::Date),
        "updatedby" => ("updatedBy", Kind::String),
        _ => return None,
    };
    Some((vec!["_info".to_owned(), name.to_owned()], kind))
}

static SCHEMAS: LazyLock<BTreeMap<String, Schema>> = LazyLock::new(|| {
    let text = include_str!("schema.json");
    let raw: BTreeMap<String, BTreeMap<String, serde_json::Value>> =
        serde_json::from_str(text).expect("schema.json is part of the program and read by every test");
    raw.into_iter().map(|(record, fields)| (record, schema(fields))).collect()
});

fn schema(raw: BTreeMap<String, serde_json::Value>) -> Schema {
    let mut schema = Schema::default();
    for (name, value) in raw {
        let members = value.as_array().map(|list| list.iter().filter_map(|m| m.as_str().map(str::to_owned)).collect());
        let kind = match members {
            Some(_) => Kind::Reference,
            None => serde_json::from_value(value).unwrap_or(Kind::Object),
        };
        schema.folded.insert(name.to_ascii_lowercase(), name.clone());
        schema.fields.insert(name, Field { kind, members: members.unwrap_or_default() });
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_may_name_a_field_in_any_case_but_a_write_may_not() {
        let addition = of("Addition");
        assert_eq!(addition.resolve("AgreementStatus").map(|(path, _)| path), Some(vec!["agreementStatus".to_owned()]));
        assert_eq!(addition.resolve("product/Identifier").map(|(_, kind)| kind), Some(Kind::String));
        assert!(addition.resolve("product/nothing").is_none());
        assert!(addition.has("quantity") && !addition.has("Quantity"));
    }
}
