//! From a request to its answer, as long as nothing goes wrong on the way.

pub(super) mod reading;
pub(super) mod target;

use serde_json::{Value, json};

use self::reading::entity;
use self::target::{Item, Target};
use crate::faults::BundleLie;
use crate::http::{Reply, Request, json_body};
use crate::refusal::Refusal;
use crate::state::State;
use crate::store::{Collection, Lag, Table};
use crate::world::{FieldsOnWrites, Key};
use crate::{auth, bundles, hosted, tickets, writes};

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
    pub(super) bundle: Option<BundleLie>,
}

/// Answers a request, carrying out what it asks.
pub(super) fn answer(state: &State, request: &Request, bent: Bent) -> Answer {
    let mut member = None;
    let reply = respond(state, request, bent, &mut member);
    let reply = reply.unwrap_or_else(|refusal| Reply::from(refusal.told(&state.read().settings().options)));
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
    if hosted::is_asked(request) {
        *member = Some(hosted::member(request, state.read().settings())?);
        // What else a member of a browser may call, this simulated one does not say.
        return if rest == "system/info" {
            Ok(system_info(state))
        } else {
            Err(Refusal::not_found("The resource was"))
        };
    }
    let key = auth::key(request, state.read().settings())?.clone();
    *member = Some(key.member.clone());
    if rest == "system/info" && request.method == "GET" {
        return Ok(system_info(state));
    }
    if rest == "system/bundles" && request.method == "POST" {
        return bundles::answer(state, request, &key, bent.bundle.unwrap_or_default());
    }
    let target = Target::parse(rest).ok_or_else(|| Refusal::not_found("The requested resource was"))?;
    auth::permit(&key, &request.method, target.collection.0)?;
    parent_exists(state, target.collection)?;
    shown(state, target.collection)?;
    match (request.method.as_str(), target.item) {
        ("GET", Item::List) => reading::list(state, request, target.collection, bent.lag),
        ("GET", Item::Count) => reading::count(state, request, target.collection, bent.lag),
        ("GET", Item::One(id)) => reading::one(state, request, target.collection, id, bent.lag),
        ("POST" | "PATCH" | "PUT" | "DELETE", _) => write(state, request, &target, &key, bent),
        _ => Err(Refusal::new(405, "MethodNotAllowed", "The requested resource does not support this method.")),
    }
}

fn system_info(state: &State) -> Reply {
    let version = state.read().settings().codebase.clone();
    Reply::json(
        200,
        &json!({"version": version, "isCloud": true, "serverTimeZone": "Eastern Standard Time", "cloudRegion": "NA"}),
    )
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

pub(super) fn parent_exists(state: &State, (table, parent): Collection) -> Result<(), Refusal> {
    let (table, name) = match table {
        Table::Additions => (Table::Agreements, "Agreement"),
        Table::BoardStatuses
        | Table::BoardTypes
        | Table::BoardSubTypes
        | Table::BoardItems
        | Table::BoardAssociations => (Table::Boards, "Board"),
        Table::Notes => (Table::Tickets, "Ticket"),
        _ => return Ok(()),
    };
    let found = state.read().row((table, 0), parent).is_some();
    if found { Ok(()) } else { Err(Refusal::not_found(format!("{name} {parent}"))) }
}

/// Whether the additions of an agreement may be seen at all.
pub(super) fn shown(state: &State, (table, parent): Collection) -> Result<(), Refusal> {
    let store = state.read();
    let refused =
        store.agreement(parent).filter(|_| table == Table::Additions).and_then(|found| found.additions_refused);
    match refused {
        None => Ok(()),
        Some(403) => Err(Refusal::new(403, "Security", "You do not have security permission to perform this action.")),
        Some(404) => Err(Refusal::not_found(format!("Agreement {parent}"))),
        Some(status) => Err(Refusal::new(status, "ConnectWiseApi", "An error occurred.")),
    }
}

fn write(state: &State, request: &Request, target: &Target, key: &Key, bent: Bent) -> Result<Reply, Refusal> {
    let (table, parent) = target.collection;
    let mut store = state.write();
    if let (true, Item::One(id)) = (bent.ignore_patch, target.item) {
        let row = store.row(target.collection, id).ok_or_else(|| Refusal::not_found(target::record(table)))?;
        return Ok(entity(200, request, &row));
    }
    let fields = store.settings().options.fields_on_writes;
    if fields == FieldsOnWrites::Refuse && request.parameter("fields").is_some() {
        return Err(Refusal::binder("The parameter 'fields' is not supported for this request."));
    }
    let member = key.member.as_str();
    let (status, row) = match (request.method.as_str(), table, target.item) {
        ("POST", Table::Additions, Item::List) => {
            (201, writes::create(&mut store, parent, &json_body(request)?, member)?)
        }
        ("POST", Table::Tickets, Item::List) => (201, tickets::create(&mut store, json_body(request)?, key)?),
        ("POST", Table::Notes, Item::List) => (201, tickets::note(&mut store, parent, json_body(request)?, key)?),
        ("PATCH", Table::Tickets, Item::One(id)) => (200, tickets::change(&mut store, id, json_body(request)?, key)?),
        ("PATCH" | "PUT" | "DELETE", Table::Additions, Item::One(id)) if store.row(target.collection, id).is_none() => {
            return Err(Refusal::not_found(format!("Addition {id}")));
        }
        ("PATCH", Table::Additions, Item::One(id)) => {
            (200, writes::change(&mut store, id, json_body(request)?, member)?)
        }
        ("PUT", Table::Additions, Item::One(id)) => {
            (200, writes::replace(&mut store, id, &json_body(request)?, member)?)
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
    match fields {
        FieldsOnWrites::Filter => Ok(entity(status, request, &row)),
        FieldsOnWrites::Refuse | FieldsOnWrites::Ignore => Ok(Reply::json(status, &*row)),
    }
}
