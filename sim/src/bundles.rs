//! `POST /system/bundles`: several reads in one request (ConnectWise best practice, "Bundled Requests").
//!
//! Names of members are not case-sensitive, unknown ones are refused, and each read ends for itself.

use serde_json::{Map, Number, Value, json};

use crate::faults::BundleLie;
use crate::http::{Reply, Request, json_body};
use crate::refusal::Refusal;
use crate::routes::{reading, target};
use crate::state::State;
use crate::world::Key;
use crate::{auth, routes};

/// The members of a request's parts (`BundleRequest`, `ApiRequest` and what is in them, of the vendor's contract).
const REQUEST: &[&str] = &["sequenceNumber", "resourceType", "version", "apiRequest"];
const API_REQUEST: &[&str] = &[
    "id",
    "externalId",
    "parentId",
    "grandParentId",
    "entity",
    "filters",
    "page",
    "fields",
    "miscProperties",
    "memberContext",
    "updateOnlyCesProperties",
];
const FILTERS: &[&str] = &["conditions", "orderBy", "childconditions", "customfieldconditions"];
const PAGE: &[&str] = &["page", "pageSize", "pageId"];

/// Answers a bundle: a result for each of its requests.
///
/// # Errors
/// 400 when there are no requests in it, too many, or something that is no request.
pub(super) fn answer(state: &State, request: &Request, key: &Key, lie: BundleLie) -> Result<Reply, Refusal> {
    let body = json_body(request)?;
    only(&body, &["requests"])?;
    let asked = member(&body, "requests").and_then(Value::as_array).filter(|asked| !asked.is_empty());
    let asked = asked.ok_or_else(|| Refusal::binder("The requests field is required."))?;
    let most = state.read().settings().options.bundle_max;
    if most.is_some_and(|most| asked.len() > most) {
        return Err(Refusal::binder("Too many requests in the bundle."));
    }
    asked.iter().try_for_each(known)?;
    let mut results: Vec<Value> = asked.iter().map(|one| result(state, request, key, one)).collect();
    bend(&mut results, asked, lie);
    Ok(Reply::json(200, &json!({"results": results})))
}

/// The binder refuses what it does not know (seen in the field with other models).
fn known(request: &Value) -> Result<(), Refusal> {
    only(request, REQUEST)?;
    let api = member(request, "apiRequest").unwrap_or(&Value::Null);
    only(api, API_REQUEST)?;
    member(api, "filters").map_or(Ok(()), |filters| only(filters, FILTERS))?;
    member(api, "page").map_or(Ok(()), |page| only(page, PAGE))
}

fn only(value: &Value, names: &[&str]) -> Result<(), Refusal> {
    let members = value.as_object().ok_or_else(|| Refusal::binder("An object was expected."))?;
    let unknown = members.keys().find(|found| !names.iter().any(|name| name.eq_ignore_ascii_case(found)));
    unknown.map_or(Ok(()), |name| Err(Refusal::binder(format!("Could not find member '{name}' on the request."))))
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

/// Makes an answer wrong, as a fault says. What is left out is not counted either.
fn bend(results: &mut Vec<Value>, asked: &[Value], lie: BundleLie) {
    let BundleLie { results: most, rows, rows_in_all, without, empty, at_zero, quantities, endless_lines, swapped } =
        lie;
    let mut left = rows_in_all.unwrap_or(usize::MAX);
    for (result, asked) in results.iter_mut().zip(asked) {
        let Some(entities) = result.get_mut("entities").and_then(Value::as_array_mut) else { continue };
        let parent = member(asked, "apiRequest").and_then(|api| member(api, "parentId")).and_then(Value::as_i64);
        let is_empty = empty.is_some() && parent == empty;
        entities.retain(|row| !is_empty && (without.is_none() || row["id"].as_i64() != without));
        entities.truncate(rows.unwrap_or(usize::MAX).min(left));
        left -= entities.len();
        let zeroed = entities.iter_mut().filter(|row| at_zero.is_some() && row["id"].as_i64() == at_zero);
        zeroed.for_each(|row| row["quantity"] = 0.into());
        if quantities {
            entities.iter_mut().filter_map(Value::as_object_mut).for_each(one_more);
        }
        if endless_lines {
            entities.iter_mut().filter_map(Value::as_object_mut).for_each(|row| _ = row.remove("cancelledDate"));
        }
        result["count"] = entities.len().into();
    }
    if swapped {
        results.rotate_right(1);
        for (result, asked) in results.iter_mut().zip(asked) {
            result["sequenceNumber"] = member(asked, "sequenceNumber").cloned().unwrap_or_default();
        }
    }
    results.truncate(most.unwrap_or(usize::MAX));
}

fn one_more(row: &mut Map<String, Value>) {
    if let Some(quantity) = row.get("quantity").and_then(Value::as_i64) {
        row.insert("quantity".to_owned(), Value::Number(Number::from(quantity + 1)));
    }
}

fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value.as_object()?.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}
