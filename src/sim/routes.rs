//! From a request to its answer, as long as nothing goes wrong on the way.

mod target;

use std::sync::Arc;

use serde_json::Value;
use serde_json::json;

use self::target::Item;
use self::target::Target;
use crate::sim::auth;
use crate::sim::conditions::Condition;
use crate::sim::conditions::value_at;
use crate::sim::fields::Fields;
use crate::sim::http::Reply;
use crate::sim::http::Request;
use crate::sim::http::json_body;
use crate::sim::paging::Asked;
use crate::sim::paging::Page;
use crate::sim::refusal::Refusal;
use crate::sim::schema::Schema;
use crate::sim::state::State;
use crate::sim::store::Collection;
use crate::sim::store::Lag;
use crate::sim::store::Table;
use crate::sim::tickets;
use crate::sim::world::Key;
use crate::sim::world::Wire;
use crate::sim::writes;

/// Longer addresses are refused (ConnectWise developer guide: stay below 2,000 characters).
const URL_MAX: usize = 2000;
/// The version that answers name (ConnectWise developer guide: `api-current-version`).
const VERSION: &str = "2025.16";

/// An answer, and what the ledger notes about it.
pub(super) struct Answer {
    pub(super) reply: Reply,
    pub(super) member: Option<String>,
    /// Whether something was changed.
    pub(super) applied: bool,
}

/// How a fault bends an answer before it is made.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bent {
    pub(super) lag: Option<Lag>,
    pub(super) ignore_patch: bool,
}

/// Answers a request, carrying out what it asks.
pub(super) fn answer(state: &State, request: &Request, bent: Bent) -> Answer {
    let mut member = None;
    let reply = respond(state, request, bent, &mut member).unwrap_or_else(Reply::from);
    let applied = request.is_write() && reply.status < 300 && !bent.ignore_patch;
    let versioned =
        request.header("accept").and_then(|accept| accept.split(',').find(|kind| kind.contains("version=")));
    let mut reply = reply.with("api-current-version", VERSION);
    if let (Some(version), true) = (versioned, reply.content_type.starts_with("application/json")) {
        reply.content_type = format!("{}; charset=utf-8", version.trim());
    }
    Answer { reply, member, applied }
}

fn respond(state: &State, request: &Request, bent: Bent, member: &mut Option<String>) -> Result<Reply, Refusal> {
    if request.target().len() + request.header("host").map_or(0, str::len) + "https://".len() > URL_MAX {
        return Err(Refusal::new(414, "UriTooLong", "The request URI is too long."));
    }
    if let Some(company) = request.path.strip_prefix("/login/companyinfo/") {
        return Ok(company_info(state, request, company));
    }
    let Some(rest) = api_path(state, &request.path) else {
        return Ok(Reply::text(400, "Cannot route. Codebase/company is invalid"));
    };
    let key = auth::key(request, state.read().settings())?.clone();
    *member = Some(key.member.clone());
    if rest == "system/info" && request.method == "GET" {
        let version = state.read().settings().codebase.clone();
        return Ok(Reply::json(
            200,
            &json!({"version": version, "isCloud": true, "serverTimeZone": "Eastern Standard Time", "cloudRegion": "NA"}),
        ));
    }
    let target = Target::parse(rest).ok_or_else(|| Refusal::not_found("The requested resource was"))?;
    auth::permit(&key, &request.method, target.collection.0)?;
    parent_exists(state, target.collection)?;
    match (request.method.as_str(), target.item) {
        ("GET", Item::List) => list(state, request, target.collection, bent.lag),
        ("GET", Item::Count) => count(state, request, target.collection, bent.lag),
        ("GET", Item::One(id)) => one(state, request, target.collection, id, bent.lag),
        ("POST" | "PATCH" | "DELETE", _) => write(state, request, &target, &key, bent),
        _ => Err(Refusal::new(405, "MethodNotAllowed", "The requested resource does not support this method.")),
    }
}

/// What a client finds the codebase with; it needs no key. An unknown company gets `null` (seen in the field).
fn company_info(state: &State, request: &Request, company: &str) -> Reply {
    let store = state.read();
    let world = store.settings();
    if !company.eq_ignore_ascii_case(&world.company) {
        return Reply::json(200, &Value::Null);
    }
    Reply::json(
        200,
        &json!({
            "CompanyName": world.company, "Codebase": format!("{}/", world.codebase), "VersionCode": world.codebase,
            "VersionNumber": "v2025.1.99999", "CompanyID": world.company, "IsCloud": true,
            "SiteUrl": request.header("host").unwrap_or_default(),
        }),
    )
}

/// The part of a path behind `/CODEBASE/apis/3.0/`, for a codebase of this tenant.
fn api_path<'a>(state: &State, path: &'a str) -> Option<&'a str> {
    let (codebase, rest) = path.strip_prefix('/')?.split_once('/')?;
    let rest = rest.strip_prefix("apis/3.0/").filter(|rest| !rest.starts_with("apis/"))?;
    (codebase == "v4_6_release" || codebase == state.read().settings().codebase).then_some(rest)
}

fn parent_exists(state: &State, (table, parent): Collection) -> Result<(), Refusal> {
    let (table, name) = match table {
        Table::Additions => (Table::Agreements, "Agreement"),
        Table::BoardStatuses | Table::BoardTypes => (Table::Boards, "Board"),
        Table::Notes => (Table::Tickets, "Ticket"),
        _ => return Ok(()),
    };
    let found = state.read().row((table, 0), parent).is_some();
    if found { Ok(()) } else { Err(Refusal::not_found(format!("{name} {parent}"))) }
}

fn list(state: &State, request: &Request, collection: Collection, lag: Option<Lag>) -> Result<Reply, Refusal> {
    let schema = target::schema(collection.0);
    let forward_only = request.header("pagination-type").is_some_and(|kind| kind.eq_ignore_ascii_case("forward-only"));
    let (order, page, size) = (request.parameter("orderBy"), request.parameter("page"), request.parameter("pageSize"));
    let page_id = request.parameter("pageId");
    let page = Page::parse(Asked {
        page: page.as_deref(),
        size: size.as_deref(),
        page_id: page_id.as_deref(),
        forward_only,
        ordered: order.is_some(),
    })?;
    let order = order.map(|text| order_of(&text, schema)).transpose()?;
    let mut rows = matching(state, request, collection, lag)?;
    if let Some(order) = order {
        rows.sort_by(|one, other| compare(&order, one, other));
    }
    let url = |parameters: &[(&str, String)]| request.url_with(parameters);
    let (rows, link) = match page {
        Page::Number { page, size } => {
            let link = Page::links(page, size, rows.len(), url);
            (rows.into_iter().skip((page - 1).saturating_mul(size)).take(size).collect::<Vec<_>>(), link)
        }
        Page::Forward { after, size } => {
            let rows: Vec<_> = rows.into_iter().filter(|row| row_id(row) > after).take(size).collect();
            let last = rows.last().map_or(after, |row| row_id(row));
            (rows, Page::forward_link(last, size, url))
        }
    };
    let reply = Reply::json(200, &shown(request, &rows));
    Ok(if link.is_empty() { reply } else { reply.with("link", link) })
}

fn count(state: &State, request: &Request, collection: Collection, lag: Option<Lag>) -> Result<Reply, Refusal> {
    let rows = matching(state, request, collection, lag)?;
    Ok(Reply::json(200, &json!({"count": rows.len()})))
}

fn one(state: &State, request: &Request, collection: Collection, id: i64, lag: Option<Lag>) -> Result<Reply, Refusal> {
    let found = match lag {
        None => state.read().row(collection, id).cloned(),
        Some(lag) => state.read().lagging_rows(collection, lag).remove(&id),
    };
    let row = found.ok_or_else(|| Refusal::not_found(format!("{} {id}", target::record(collection.0))))?;
    Ok(entity(200, request, &row))
}

/// The rows that `conditions` admits, in order of their ids.
fn matching(
    state: &State,
    request: &Request,
    collection: Collection,
    lag: Option<Lag>,
) -> Result<Vec<Arc<Wire>>, Refusal> {
    for unsupported in ["childConditions", "customFieldConditions"] {
        if request.parameter(unsupported).is_some() {
            return Err(Refusal::condition(format!("{unsupported} is not simulated.")));
        }
    }
    let conditions = request.parameter("conditions").filter(|text| !text.trim().is_empty());
    let condition = conditions.map(|text| Condition::parse(&text, target::schema(collection.0))).transpose()?;
    let mut rows: Vec<Arc<Wire>> = match lag {
        None => state.read().rows(collection).map(|rows| rows.values().cloned().collect()).unwrap_or_default(),
        Some(lag) => state.read().lagging_rows(collection, lag).into_values().collect(),
    };
    if let Some(condition) = condition {
        rows.retain(|row| condition.admits(row));
    }
    Ok(rows)
}

fn write(state: &State, request: &Request, target: &Target, key: &Key, bent: Bent) -> Result<Reply, Refusal> {
    let (table, parent) = target.collection;
    let mut store = state.write();
    if let (true, Item::One(id)) = (bent.ignore_patch, target.item) {
        let row = store.row(target.collection, id).ok_or_else(|| Refusal::not_found(target::record(table)))?;
        return Ok(entity(200, request, row));
    }
    let member = key.member.as_str();
    let (status, row) = match (request.method.as_str(), table, target.item) {
        ("POST", Table::Additions, Item::List) => {
            (201, writes::create(&mut store, parent, &json_body(request)?, member)?)
        }
        ("POST", Table::Tickets, Item::List) => (201, tickets::create(&mut store, json_body(request)?, key)?),
        ("POST", Table::Notes, Item::List) => (201, tickets::note(&mut store, parent, json_body(request)?, key)?),
        ("PATCH", Table::Tickets, Item::One(id)) => (200, tickets::change(&mut store, id, json_body(request)?, key)?),
        ("PATCH" | "DELETE", Table::Additions, Item::One(id)) if store.row(target.collection, id).is_none() => {
            return Err(Refusal::not_found(format!("Addition {id}")));
        }
        ("PATCH", Table::Additions, Item::One(id)) => {
            (200, writes::change(&mut store, id, json_body(request)?, member)?)
        }
        ("DELETE", Table::Additions, Item::One(id)) => {
            writes::delete(&mut store, parent, id)?;
            return Ok(Reply::empty(204));
        }
        _ => {
            return Err(Refusal::new(405, "MethodNotAllowed", "This write is not simulated."));
        }
    };
    drop(store);
    Ok(entity(status, request, &row))
}

fn entity(status: u16, request: &Request, row: &Wire) -> Reply {
    match Fields::parse(request.parameter("fields").as_deref()) {
        Some(fields) => Reply::json(status, &fields.of(row)),
        None => Reply::json(status, row),
    }
}

fn shown(request: &Request, rows: &[Arc<Wire>]) -> Vec<Shown> {
    let fields = Fields::parse(request.parameter("fields").as_deref());
    let show = |row: &Arc<Wire>| match &fields {
        Some(fields) => Shown::Part(fields.of(row)),
        None => Shown::Whole(Arc::clone(row)),
    };
    rows.iter().map(show).collect()
}

/// A row as it is sent; a whole one is not copied.
enum Shown {
    Whole(Arc<Wire>),
    Part(Wire),
}

impl serde::Serialize for Shown {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Whole(row) => row.serialize(serializer),
            Self::Part(row) => row.serialize(serializer),
        }
    }
}

/// A path to sort by, and whether downwards.
type Order = Vec<(Vec<String>, bool)>;

fn order_of(text: &str, schema: &Schema) -> Result<Order, Refusal> {
    let term = |term: &str| {
        let mut words = term.split_whitespace();
        let name = words.next().unwrap_or_default();
        let (path, _) =
            schema.resolve(name).ok_or_else(|| Refusal::condition(format!("{name} is not a recognized name.")))?;
        match (words.next().map(str::to_ascii_lowercase).as_deref(), words.next()) {
            (None | Some("asc"), None) => Ok((path, false)),
            (Some("desc"), None) => Ok((path, true)),
            _ => Err(Refusal::condition(format!("{term} is not a valid order."))),
        }
    };
    text.split(',').map(term).collect()
}

fn compare(order: &Order, one: &Wire, other: &Wire) -> std::cmp::Ordering {
    use crate::sim::conditions::decimal;
    for (path, down) in order {
        let (one, other) = (value_at(one, path), value_at(other, path));
        let text = |value: Option<&Value>| {
            value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_lowercase))
        };
        let found = match (one.and_then(decimal), other.and_then(decimal)) {
            (Some(one), Some(other)) => one.cmp(&other),
            _ => text(one).cmp(&text(other)),
        };
        if found.is_ne() {
            return if *down { found.reverse() } else { found };
        }
    }
    std::cmp::Ordering::Equal
}

fn row_id(row: &Wire) -> i64 {
    super::store::id_of(row, "id")
}
