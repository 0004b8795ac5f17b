//! A bundle's request and its answer, in ConnectWise's JSON (`BundleRequest` and `BundleResultsCollection` of its
//! contract).

use serde::Deserialize;
use serde_json::{Value, json};

use crate::connectwise::client::paging::next_id;
use crate::connectwise::wire::{AdditionRow, Row, WireAddition, json_fields};
use crate::reconcile::model::ids::AgreementId;

/// One list that a bundle asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BundlePart {
    pub(crate) agreement: AgreementId,
    /// Rows behind this id; 0 for all.
    pub(crate) after: i64,
    /// Whether the rows before were fewer than were asked for: then no more may come.
    pub(crate) is_over: bool,
    /// Only lines that have a `cancelledDate`.
    pub(crate) ended: bool,
}

impl BundlePart {
    /// The beginning of a list.
    pub(crate) fn first(agreement: AgreementId) -> Self {
        Self { agreement, after: 0, is_over: false, ended: false }
    }

    /// The lines of it that have an end.
    pub(crate) fn ended(agreement: AgreementId) -> Self {
        Self { ended: true, ..Self::first(agreement) }
    }

    fn request(&self, number: usize, version: &str, size: usize) -> Value {
        let mut filters = json!({"orderBy": "id asc"});
        if self.ended {
            // A comparison with what is unset is never true; before any ConnectWise.
            filters["conditions"] = "cancelledDate>[1900-01-01T00:00:00Z]".into();
        } else if self.after > 0 {
            filters["conditions"] = format!("id>{}", self.after).into();
        }
        json!({
            "sequenceNumber": number,
            "resourceType": "Addition",
            "version": version,
            "apiRequest": {
                "parentId": self.agreement.0,
                "filters": filters,
                "page": {"page": 1, "pageSize": size},
                "fields": AdditionRow::FIELDS,
            },
        })
    }
}

/// The body of a request for these, in pages of `size` rows.
pub(crate) fn bundle_body(parts: &[BundlePart], version: &str, size: usize) -> String {
    let requests: Vec<Value> =
        parts.iter().zip(1..).map(|(part, number)| part.request(number, version, size)).collect();
    json!({"requests": requests}).to_string()
}

/// The answer. Names of members are not case-sensitive there, and seen in both these forms.
#[derive(Debug, Deserialize)]
pub(crate) struct BundleAnswer {
    #[serde(alias = "Results")]
    results: Vec<PartAnswer>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PartAnswer {
    #[serde(alias = "SequenceNumber")]
    sequence_number: Value,
    #[serde(default, alias = "Success")]
    success: Option<bool>,
    #[serde(default, alias = "StatusCode")]
    status_code: Option<i64>,
    #[serde(default, alias = "Count")]
    count: Option<usize>,
    #[serde(default, alias = "Entities")]
    entities: Value,
}

impl BundleAnswer {
    /// The rows of each part that was asked for, in that order; nothing for one that was refused, or whose rows cannot be
    /// read one and all.
    pub(crate) fn parts(self, asked: &[BundlePart]) -> Result<Vec<Option<Vec<WireAddition>>>, String> {
        let mut answers: Vec<Option<PartAnswer>> = asked.iter().map(|_| None).collect();
        let all = self.results.len();
        for answer in self.results {
            let number = json_fields::id(&answer.sequence_number).and_then(|number| usize::try_from(number - 1).ok());
            let place = number.and_then(|place| answers.get_mut(place)).filter(|place| place.is_none());
            *place.ok_or("an answer holds a list that was not asked for")? = Some(answer);
        }
        if all < asked.len() {
            return Err(format!("an answer held {all} of {} lists", asked.len()));
        }
        Ok(answers.into_iter().zip(asked).map(|(answer, part)| answer?.rows(part.after)).collect())
    }
}

impl PartAnswer {
    fn rows(self, after: i64) -> Option<Vec<WireAddition>> {
        let Self { sequence_number: _, success, status_code, count, entities } = self;
        let refused = success == Some(false) || status_code.is_some_and(|status| !(200..300).contains(&status));
        let rows: Vec<AdditionRow> = match entities {
            _ if refused => return None,
            Value::Null if count == Some(0) => Vec::new(),
            entities => serde_json::from_value(entities).ok()?,
        };
        if count.is_some_and(|count| count != rows.len()) {
            return None;
        }
        let mut last = after;
        let read = rows.into_iter().map(|row| {
            last = next_id(&row, last).ok()?;
            row.read(last).ok()
        });
        read.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(answer: Value) -> Result<Vec<Option<usize>>, String> {
        let answer: BundleAnswer = serde_json::from_value(answer).expect("an answer");
        let parts = answer.parts(&[BundlePart::first(AgreementId(7)), BundlePart::first(AgreementId(8))])?;
        Ok(parts.into_iter().map(|rows| rows.map(|rows| rows.len())).collect())
    }

    fn part(number: i64, more: Value) -> Value {
        let mut part = json!({"sequenceNumber": number, "success": true, "statusCode": 200});
        part.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        part
    }

    const ROW: &str = r#"{"entities": [{"id": 1, "quantity": 2}]}"#;

    fn row() -> Value {
        serde_json::from_str(ROW).expect("a value")
    }

    /// Otherwise an agreement's additions would be taken for those of another one.
    #[test]
    fn answers_are_told_apart_by_their_numbers() {
        let empty = json!({"entities": []});
        let swapped = json!({"results": [part(2, row()), part(1, empty)]});
        assert_eq!(read(swapped), Ok(vec![Some(0), Some(1)]));
        for numbers in [[1, 1], [0, 1], [1, 3]] {
            let answer = json!({"results": numbers.map(|number| part(number, row()))});
            assert!(read(answer).is_err(), "{numbers:?}");
        }
        assert_eq!(read(json!({"results": [part(1, row())]})), Err("an answer held 1 of 2 lists".to_owned()));
    }

    /// Otherwise a part that was refused would be an agreement without additions.
    #[test]
    fn a_part_without_its_rows_is_no_empty_list() {
        for other in [
            json!({"success": false, "entities": []}),
            json!({"statusCode": 403, "entities": []}),
            json!({"entities": null}),
            json!({}),
            json!({"entities": {}}),
            json!({"entities": [{"quantity": 2}]}),
            json!({"entities": [{"id": 2}, {"id": 1}]}),
            json!({"entities": [{"id": 2}], "count": 3}),
        ] {
            let answer = json!({"results": [part(1, row()), part(2, other.clone())]});
            assert_eq!(read(answer), Ok(vec![Some(1), None]), "{other}");
        }
        let none = part(2, json!({"entities": null, "count": 0}));
        assert_eq!(read(json!({"results": [part(1, row()), none]})), Ok(vec![Some(1), Some(0)]));
    }

    #[test]
    fn a_bundle_asks_for_no_money_and_by_key() {
        let body = bundle_body(&[BundlePart { after: 9, ..BundlePart::first(AgreementId(7)) }], "2025.1", 1000);
        assert!(body.contains(r#""parentId":7"#) && body.contains(r#""conditions":"id>9""#), "{body}");
        assert!(!["price", "cost", "margin"].iter().any(|money| body.to_lowercase().contains(money)), "{body}");
    }
}
