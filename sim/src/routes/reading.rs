//! Reading: pages of a list, counts and single records.

use std::sync::Arc;

use serde_json::{Value, json};

use super::target;
use crate::conditions::{Condition, decimal, value_at};
use crate::fields::Fields;
use crate::http::{Reply, Request};
use crate::paging::{Asked, Limits, Page};
use crate::refusal::Refusal;
use crate::schema::Schema;
use crate::state::State;
use crate::store::{Collection, Lag, id_of};
use crate::world::{Options, Wire};

/// A page of a list.
pub(crate) fn list(
    state: &State,
    request: &Request,
    collection: Collection,
    lag: Option<Lag>,
) -> Result<Reply, Refusal> {
    let options = state.read().settings().options.clone();
    let schema = target::schema(collection.0);
    let forward_only = request.header("pagination-type").is_some_and(|kind| kind.eq_ignore_ascii_case("forward-only"));
    let (order, page, size) = (request.parameter("orderBy"), request.parameter("page"), request.parameter("pageSize"));
    let page_id = request.parameter("pageId");
    let page = Page::parse(Asked {
        page: page.as_deref(),
        size: size.as_deref(),
        page_id: page_id.as_deref(),
        limits: Limits { rows: options.page_rows_max, size: options.page_size_max },
        forward_only,
        ordered: order.is_some(),
    })?;
    fields_known(request, &options)?;
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
    Ok(if link.is_empty() || !options.page_links { reply } else { reply.with("link", link) })
}

/// Whether this server knows every name in `fields`: some do not (seen in the field), most look away.
fn fields_known(request: &Request, options: &Options) -> Result<(), Refusal> {
    let asked = request.parameter("fields").unwrap_or_default();
    match asked.split(',').map(str::trim).find(|name| options.refused_fields.iter().any(|refused| refused == name)) {
        Some(unknown) => Err(Refusal::condition(format!("{unknown} is not a recognized name."))),
        None => Ok(()),
    }
}

/// How many rows there are.
pub(super) fn count(
    state: &State,
    request: &Request,
    collection: Collection,
    lag: Option<Lag>,
) -> Result<Reply, Refusal> {
    let rows = matching(state, request, collection, lag)?;
    Ok(Reply::json(200, &json!({"count": rows.len()})))
}

/// One record.
pub(super) fn one(
    state: &State,
    request: &Request,
    collection: Collection,
    id: i64,
    lag: Option<Lag>,
) -> Result<Reply, Refusal> {
    let found = match lag {
        None => state.read().row(collection, id),
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
    let mut rows: Vec<Arc<Wire>> = match (lag, condition.as_ref().and_then(Condition::ids)) {
        (None, Some(ids)) => {
            let state = state.read();
            ids.into_iter().filter_map(|id| state.row(collection, id)).collect()
        }
        (None, None) => state.read().list(collection),
        (Some(lag), _) => state.read().lagging_rows(collection, lag).into_values().collect(),
    };
    if let Some(condition) = condition {
        rows.retain(|row| condition.admits(row));
    }
    Ok(rows)
}

/// One record as an answer, with the members asked for.
pub(super) fn entity(status: u16, request: &Request, row: &Wire) -> Reply {
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
    id_of(row, "id")
}
