//! `POST /system/bundles`: several reads in one request (ConnectWise best practice, "Bundled Requests").
//!
//! Names of members are not case-sensitive, and each read ends for itself.

use serde_json::{Value, json};

use crate::http::{Reply, Request, json_body};
use crate::refusal::Refusal;
use crate::routes::{reading, target};
use crate::state::State;
use crate::world::Key;
use crate::{auth, routes};

/// Answers a bundle: a result for each of its requests.
///
/// # Errors
/// 400 when there are no requests in it.
pub(super) fn answer(state: &State, request: &Request, key: &Key) -> Result<Reply, Refusal> {
    let body = json_body(request)?;
    let asked = member(&body, "requests").and_then(Value::as_array);
    let asked = asked.ok_or_else(|| Refusal::binder("The requests field is required."))?;
    let results: Vec<Value> = asked.iter().map(|one| result(state, request, key, one)).collect();
    Ok(Reply::json(200, &json!({"results": results})))
}

fn result(state: &State, request: &Request, key: &Key, asked: &Value) -> Value {
    let sequence = member(asked, "sequenceNumber").cloned().unwrap_or_default();
    let kind = member(asked, "resourceType").and_then(Value::as_str).unwrap_or_default();
    let mut result = json!({"sequenceNumber": sequence, "resourceType": kind, "version": member(asked, "version")});
    match entities(state, request, key, kind, asked) {
        Ok(entities) => {
            result["count"] = entities.as_array().map_or(0, Vec::len).into();
            (result["success"], result["statusCode"], result["entities"]) = (true.into(), 200.into(), entities);
        }
        Err(refusal) => {
            let refusal = refusal.told(&state.read().settings().options);
            let status = refusal.status.into();
            (result["success"], result["statusCode"], result["error"]) = (false.into(), status, refusal.body());
        }
    }
    result
}

fn entities(state: &State, request: &Request, key: &Key, kind: &str, asked: &Value) -> Result<Value, Refusal> {
    let asked = member(asked, "apiRequest").unwrap_or(&Value::Null);
    let parent = member(asked, "parentId").and_then(Value::as_i64).unwrap_or_default();
    let collection = target::of_type(kind, parent);
    let collection = collection.ok_or_else(|| Refusal::binder(format!("The resource type '{kind}' is not known.")))?;
    auth::permit(key, "GET", collection.0)?;
    routes::parent_exists(state, collection)?;
    routes::shown(state, collection)?;
    let reply = reading::list(state, &as_read(request, asked), collection, None)?;
    serde_json::from_slice(&reply.body).map_err(|cause| Refusal::binder(cause.to_string()))
}

/// The read that a request of a bundle stands for.
fn as_read(request: &Request, asked: &Value) -> Request {
    let (filters, page) = (member(asked, "filters"), member(asked, "page"));
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in [
        ("conditions", filters.and_then(|filters| member(filters, "conditions"))),
        ("orderBy", filters.and_then(|filters| member(filters, "orderBy"))),
        ("fields", member(asked, "fields")),
        ("page", page.and_then(|page| member(page, "page"))),
        ("pageSize", page.and_then(|page| member(page, "pageSize"))),
    ] {
        if let Some(value) = value.filter(|value| !value.is_null()) {
            query.append_pair(name, &value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        }
    }
    Request { method: "GET".to_owned(), path: request.path.clone(), query: query.finish(), ..Request::default() }
}

fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value.as_object()?.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}
