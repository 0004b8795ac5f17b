//! What no public text says of ConnectWise, asked of a live one: by reading, and on request by setting a quantity to what it
//! is. The answers are shapes and numbers; no name, id or quantity is among them.

use http::header::LINK;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::connectwise::client::Client;
use crate::connectwise::client::transport::HttpAnswer;
use crate::connectwise::reads::additions_path;
use crate::connectwise::urls::api_url;
use crate::reconcile::model::ids::{AdditionId, AgreementId, ProductCode};
use crate::reconcile::model::quantity::Quantity;

/// One question, and what was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeAnswer {
    /// The question.
    pub question: &'static str,
    /// What was seen.
    pub seen: String,
}

const FIELDS: &str = "id,agreementId,quantity,effectiveDate,cancelledDate,_info";

/// A line that is set to what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeLine {
    /// On which agreement.
    pub agreement: AgreementId,
    /// Which addition.
    pub addition: AdditionId,
    /// Of which product.
    pub product: ProductCode,
    /// What it holds.
    pub quantity: Quantity,
    /// The text that was read.
    sent: Value,
}

/// How a quantity is set again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetAgain {
    /// As recount does.
    Plain,
    /// With `fields=id`.
    WithFields,
}

/// What is known of a line that was set again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetAgainEnd {
    /// It holds what was sent.
    Same,
    /// ConnectWise said no.
    Refused(String),
    /// Nobody knows.
    Unclear(String),
}

impl SetAgain {
    fn question(self) -> &'static str {
        match self {
            Self::Plain => "PATCH of the same quantity",
            Self::WithFields => "the same with fields=id",
        }
    }

    fn query(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Plain => &[],
            Self::WithFields => &[("fields", "id")],
        }
    }
}

impl ProbeLine {
    fn of(row: &Value, agreement: AgreementId) -> Option<Self> {
        let sent = row["quantity"].clone();
        let Value::Number(number) = &sent else { return None };
        let quantity = Quantity::from_json_number(&number.to_string())?;
        let (addition, product) = (AdditionId(row["id"].as_i64()?), row["product"]["identifier"].as_str()?);
        Some(Self { agreement, addition, product: ProductCode::new(product), quantity, sent })
    }

    fn answered(&self, answer: &HttpAnswer, how: SetAgain) -> (String, SetAgainEnd) {
        let (status, body) = (answer.status, body_of(answer));
        let members = body.as_object().map_or(0, serde_json::Map::len);
        let same = body["quantity"] == self.sent;
        let seen = format!("{}; {members} members, the same quantity: {same}", status.as_u16());
        // Who asks for the id alone is not told the quantity.
        let untold = how == SetAgain::WithFields && members > 0 && body["quantity"].is_null();
        let end = match status {
            good if good.is_success() && (same || untold) => SetAgainEnd::Same,
            no if no.is_client_error() && no != StatusCode::REQUEST_TIMEOUT => {
                SetAgainEnd::Refused(format!("status {}", no.as_u16()))
            }
            _ => SetAgainEnd::Unclear(seen.clone()),
        };
        (seen, end)
    }
}

const TRIED_FIELDS: &str = "id,product,quantity";

/// A list, as far as it came.
struct Asked {
    /// The status, or why there is none.
    said: String,
    rows: Vec<Value>,
    has_link: bool,
    version: Option<String>,
}

impl Client {
    /// The open questions, by reading alone.
    pub async fn open_questions(&self, agreement: AgreementId) -> Vec<ProbeAnswer> {
        let path = additions_path(agreement);
        let list = self.asked(&path, &[("pageSize", "1000"), ("fields", FIELDS)]).await;
        let mut answers = shapes(&list, agreement);
        let ids: Vec<String> = list.rows.iter().filter_map(|row| row["id"].as_i64()).map(|id| id.to_string()).collect();
        let of_ids = format!("id in ({}) and id>0", ids.iter().take(2).cloned().collect::<Vec<_>>().join(","));
        for (question, query) in [
            ("an unknown name in fields", [("fields", "id,recountProbe")].as_slice()),
            ("additionStatus in fields", &[("fields", "id,additionStatus")]),
            ("cancelledDate = null in conditions", &[("conditions", "cancelledDate = null"), ("fields", "id")]),
            ("id in (…) and id>0 in conditions", &[("conditions", &of_ids), ("fields", "id")]),
        ] {
            let found = self.asked(&path, query).await;
            let bearing = found.rows.iter().filter(|row| row.get("additionStatus").is_some()).count();
            answers.push(ProbeAnswer { question, seen: format!("{}, {bearing} with additionStatus", found.result()) });
        }
        answers.extend(self.of_agreement(agreement).await);
        answers.push(self.bundle(agreement, list.rows.len()).await);
        answers
    }

    async fn of_agreement(&self, agreement: AgreementId) -> Vec<ProbeAnswer> {
        let own = format!("id={agreement}");
        let path = "finance/agreements";
        let found = self.asked(path, &[("conditions", &own), ("fields", "id,company,type")]).await;
        let row = found.rows.first().cloned().unwrap_or_default();
        let company = row["company"]["id"].as_i64().map(|id| format!("company/id in ({id}) and id>0"));
        let kind = row["type"]["name"].as_str().unwrap_or_default().replace(['"', '[', '*', '%'], "");
        let kind = format!("type/name=\"{kind}\"");
        let cycles = self.asked("finance/billingCycles", &[("fields", "id,billingOptions")]).await;
        let options = cycles.rows.iter().filter(|row| row["billingOptions"].is_string()).count();
        let by_company = match &company {
            Some(company) => self.asked(path, &[("conditions", company), ("fields", "id")]).await.result(),
            None => format!("not asked: the agreement's own record says no company ({})", found.result()),
        };
        let by_kind = self.asked(path, &[("conditions", &kind), ("fields", "id"), ("pageSize", "1000")]).await;
        vec![
            ProbeAnswer { question: "company/id in (…) and id>0 on agreements", seen: by_company },
            ProbeAnswer { question: "type/name in conditions on agreements", seen: by_kind.result() },
            ProbeAnswer {
                question: "billing cycles",
                seen: format!("{}, {options} with billingOptions", cycles.result()),
            },
        ]
    }

    async fn bundle(&self, agreement: AgreementId, rows: usize) -> ProbeAnswer {
        let question = "POST /system/bundles with resourceType Addition";
        let url = api_url(self.api_root().await, "system/bundles", &[]);
        let request = json!({"parentId": agreement.0, "fields": "id", "page": {"page": 1, "pageSize": 1000}});
        let body = json!({"requests": [{"sequenceNumber": 1, "resourceType": "Addition", "apiRequest": request}]});
        let answer = match self.call(Method::POST, &url, body.to_string(), None).await {
            Ok(answer) => answer,
            Err(_) => return ProbeAnswer { question, seen: "no answer".to_owned() },
        };
        let result = body_of(&answer)["results"][0].clone();
        let entities = result["entities"].as_array().map_or(0, Vec::len);
        let status = answer.status.as_u16();
        let (good, inner) = (&result["success"], &result["statusCode"]);
        let seen = format!("{status}; success {good}, statusCode {inner}, {entities} of {rows} rows");
        ProbeAnswer { question, seen }
    }

    /// The agreement's first addition, to be set to what it is; or what stands against that.
    ///
    /// # Errors
    /// The answer to the question, where there is nothing to try.
    pub async fn line_to_try(&self, agreement: AgreementId) -> Result<ProbeLine, ProbeAnswer> {
        let query = [("pageSize", "1"), ("fields", TRIED_FIELDS)];
        let list = self.asked(&additions_path(agreement), &query).await;
        let found = list.rows.first().and_then(|row| ProbeLine::of(row, agreement));
        let seen = || format!("no addition to try: {}", list.result());
        found.ok_or_else(|| ProbeAnswer { question: SetAgain::Plain.question(), seen: seen() })
    }

    /// Sets an addition to the quantity that was read of it, once. Nothing else is in the body.
    pub async fn set_again(&self, line: &ProbeLine, how: SetAgain) -> (ProbeAnswer, SetAgainEnd) {
        let path = format!("{}/{}", additions_path(line.agreement), line.addition);
        let url = api_url(self.api_root().await, &path, how.query());
        let body = json!([{"op": "replace", "path": "quantity", "value": line.sent}]).to_string();
        let (seen, end) = match self.call(Method::PATCH, &url, body, None).await {
            Ok(answer) => line.answered(&answer, how),
            Err(_) => ("no answer".to_owned(), SetAgainEnd::Unclear("no answer".to_owned())),
        };
        (ProbeAnswer { question: how.question(), seen }, end)
    }

    /// When the agreement itself was changed last.
    pub async fn updated(&self, agreement: AgreementId) -> Option<String> {
        let own = format!("id={agreement}");
        let found = self.asked("finance/agreements", &[("conditions", &own), ("fields", "id,_info")]).await;
        found.rows.first().and_then(|row| row["_info"]["lastUpdated"].as_str().map(str::to_owned))
    }

    async fn asked(&self, path: &str, query: &[(&str, &str)]) -> Asked {
        let url = api_url(self.api_root().await, path, query);
        match self.get(&url).await {
            Ok(answer) => Asked {
                said: answer.status.as_u16().to_string(),
                rows: body_of(&answer).as_array().cloned().unwrap_or_default(),
                has_link: answer.headers.contains_key(LINK),
                version: answer.headers.get("api-current-version").and_then(|it| it.to_str().ok()).map(str::to_owned),
            },
            Err(_) => Asked { said: "no answer".to_owned(), rows: Vec::new(), has_link: false, version: None },
        }
    }
}

impl Asked {
    fn result(&self) -> String {
        format!("{}, {} rows", self.said, self.rows.len())
    }
}

fn body_of(answer: &HttpAnswer) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

/// How members arrive.
fn shapes(list: &Asked, agreement: AgreementId) -> Vec<ProbeAnswer> {
    let rows = &list.rows;
    let other = rows.iter().filter(|row| row["agreementId"].as_i64().is_some_and(|id| id != agreement.0)).count();
    let informed = rows.iter().filter(|row| row["_info"]["lastUpdated"].is_string()).count();
    let version = list.version.as_deref().unwrap_or("not said");
    vec![
        ProbeAnswer {
            question: "additions of the agreement",
            seen: format!("{}, Link: {}", list.result(), list.has_link),
        },
        ProbeAnswer { question: "api-current-version", seen: version.to_owned() },
        ProbeAnswer { question: "effectiveDate", seen: dates(rows, "effectiveDate") },
        ProbeAnswer { question: "cancelledDate", seen: dates(rows, "cancelledDate") },
        ProbeAnswer { question: "quantity", seen: numbers(rows) },
        ProbeAnswer { question: "_info with fields", seen: format!("in {informed} of {} rows", rows.len()) },
        ProbeAnswer { question: "rows of another agreement", seen: other.to_string() },
    ]
}

fn dates(rows: &[Value], field: &str) -> String {
    let [mut absent, mut null, mut empty, mut midnight, mut else_] = [0; 5];
    for row in rows {
        match row.get(field) {
            None => absent += 1,
            Some(Value::Null) => null += 1,
            Some(Value::String(text)) if text.is_empty() => empty += 1,
            Some(Value::String(text)) if text.ends_with("T00:00:00Z") => midnight += 1,
            Some(_) => else_ += 1,
        }
    }
    format!("absent {absent}, null {null}, empty {empty}, midnight Z {midnight}, else {else_}")
}

/// How many places are written, and whether any is a text.
fn numbers(rows: &[Value]) -> String {
    let texts = rows.iter().filter(|row| row["quantity"].is_string()).count();
    let places = rows.iter().filter_map(|row| match &row["quantity"] {
        Value::Number(number) => Some(number.to_string().split_once('.').map_or(0, |(_, places)| places.len())),
        _ => None,
    });
    format!("at most {} places, {texts} as texts", places.max().unwrap_or_default())
}
