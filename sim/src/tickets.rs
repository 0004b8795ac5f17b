//! Writing tickets and notes. Statuses belong to a board; references go by id or name.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::refusal::Refusal;
use crate::store::{Store, Table, id_of};
use crate::world::{Key, Module, Right, UnknownPatchPath, Wire};
use crate::{auth, patch, schema};

const RESOURCE: &str = "Ticket";

/// The references of a ticket that name a record served here, and where that record is.
const REFERENCES: [(&str, Table); 8] = [
    ("company", Table::Companies),
    ("board", Table::Boards),
    ("priority", Table::Priorities),
    ("source", Table::Sources),
    ("status", Table::BoardStatuses),
    ("type", Table::BoardTypes),
    ("subType", Table::BoardSubTypes),
    ("item", Table::BoardItems),
];

/// Creates a ticket; board and status default to the first.
///
/// # Errors
/// 400 for an unknown or missing member, a text that is too long, or a reference to nothing.
pub(super) fn create(store: &mut Store, body: Value, key: &Key) -> Result<Arc<Wire>, Refusal> {
    let mut ticket = object(RESOURCE, body)?;
    if ticket.get("summary").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Err(Refusal::invalid(RESOURCE, "MissingRequiredField", "summary", "The summary field is required."));
    }
    if !ticket.contains_key("company") {
        return Err(Refusal::invalid(RESOURCE, "MissingRequiredField", "company", "The company field is required."));
    }
    default_reference(store, &mut ticket, "board", (Table::Boards, 0));
    resolve(store, &mut ticket)?;
    let board = reference_id(&ticket, "board");
    default_reference(store, &mut ticket, "status", (Table::BoardStatuses, board));
    ticket.entry("recordType").or_insert_with(|| "ServiceTicket".into());
    finish(store, &mut ticket, key)?;
    let id = store.fresh_id();
    ticket.insert("id".to_owned(), id.into());
    Ok(store.put_row((Table::Tickets, 0), id, ticket))
}

/// Changes a ticket. Closing it needs the right to close.
///
/// # Errors
/// As for creating one; 403 when it would be closed without the right.
pub(super) fn change(store: &mut Store, id: i64, body: Value, key: &Key) -> Result<Arc<Wire>, Refusal> {
    let stored = store.row((Table::Tickets, 0), id).ok_or_else(|| Refusal::not_found(format!("{RESOURCE} {id}")))?;
    let mut ticket = Wire::clone(&stored);
    for operation in patch::parse(body)? {
        if schema::of(RESOURCE).has(&operation.path)
            && !["id", "_info", "closedFlag"].contains(&operation.path.as_str())
        {
            ticket.insert(operation.path.clone(), operation.value().clone());
        } else if store.settings().options.unknown_patch_path == UnknownPatchPath::Refuse {
            return Err(Refusal::invalid(RESOURCE, "InvalidField", &operation.path, "The path is not a field."));
        }
    }
    resolve(store, &mut ticket)?;
    finish(store, &mut ticket, key)?;
    Ok(store.put_row((Table::Tickets, 0), id, ticket))
}

/// Adds a note to a ticket.
///
/// # Errors
/// 400 without text, or without one of the three flags that say where it is shown.
pub(super) fn note(store: &mut Store, ticket: i64, body: Value, key: &Key) -> Result<Arc<Wire>, Refusal> {
    let mut note = object("TicketNote", body)?;
    if note.get("text").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Err(Refusal::invalid("TicketNote", "MissingRequiredField", "text", "The text field is required."));
    }
    let shown = ["detailDescriptionFlag", "internalAnalysisFlag", "resolutionFlag"];
    if !shown.iter().any(|flag| note.get(*flag) == Some(&Value::Bool(true))) {
        return Err(Refusal::invalid(
            "TicketNote",
            "MissingRequiredField",
            shown[0],
            "A note must be shown somewhere.",
        ));
    }
    let id = store.fresh_id();
    let now = store.now();
    note.insert("id".to_owned(), id.into());
    note.insert("ticketId".to_owned(), ticket.into());
    note.insert("createdBy".to_owned(), key.member.clone().into());
    note.insert("dateCreated".to_owned(), now.clone().into());
    note.insert("_info".to_owned(), json!({"lastUpdated": now, "updatedBy": key.member}));
    Ok(store.put_row((Table::Notes, ticket), id, note))
}

/// A record from a body whose every member the vendor knows; nulls are left out.
fn object(resource: &str, body: Value) -> Result<Wire, Refusal> {
    let Value::Object(mut record) = body else {
        return Err(Refusal::binder("A JSON object is required."));
    };
    match record.keys().find(|name| !schema::of(resource).has(name)) {
        Some(unknown) => Err(Refusal::binder(format!(
            "Could not find member '{unknown}' on object of type '{resource}'. Path '{unknown}', line 1. Check your accept header."
        ))),
        None => {
            record.retain(|_, value| !value.is_null());
            Ok(record)
        }
    }
}

/// Lengths, the state that follows from the status, and who wrote it.
fn finish(store: &Store, ticket: &mut Wire, key: &Key) -> Result<(), Refusal> {
    for (field, length_max) in [("summary", 100), ("externalXRef", 100)] {
        if ticket.get(field).and_then(Value::as_str).is_some_and(|text| text.chars().count() > length_max) {
            return Err(Refusal::too_long(RESOURCE, field, length_max));
        }
    }
    let status = store.row((Table::BoardStatuses, reference_id(ticket, "board")), reference_id(ticket, "status"));
    let closed = status.is_some_and(|status| status.get("closedStatus") == Some(&Value::Bool(true)));
    if closed && ticket.get("closedFlag") != Some(&Value::Bool(true)) {
        auth::require(key, Module::Tickets, Right::Close)?;
    }
    ticket.insert("closedFlag".to_owned(), closed.into());
    ticket.insert("_info".to_owned(), json!({"lastUpdated": store.now(), "updatedBy": key.member}));
    Ok(())
}

/// Completes every reference by the record it names.
fn resolve(store: &Store, ticket: &mut Wire) -> Result<(), Refusal> {
    for (field, table) in REFERENCES {
        let parent = match table {
            Table::BoardStatuses | Table::BoardTypes | Table::BoardSubTypes | Table::BoardItems => {
                reference_id(ticket, "board")
            }
            _ => 0,
        };
        let Some(given) = ticket.get(field) else {
            continue;
        };
        let found = find(store, (table, parent), given).ok_or_else(|| {
            Refusal::invalid(RESOURCE, "InvalidReference", field, format!("The {field} was not found."))
        })?;
        ticket.insert(field.to_owned(), found);
    }
    associated(store, ticket)
}

/// A subtype is one of its type, and an item one of both (the board's setup page; the refusal's words are unverified).
fn associated(store: &Store, ticket: &Wire) -> Result<(), Refusal> {
    let rows = store.rows((Table::BoardAssociations, reference_id(ticket, "board")));
    for fields in [["type", "subType"].as_slice(), &["type", "subType", "item"]] {
        let Some(field) = fields.last().filter(|field| ticket.contains_key(**field)) else { continue };
        let same =
            |row: &&Arc<Wire>| fields.iter().all(|field| reference_id(row, field) == reference_id(ticket, field));
        if !rows.is_some_and(|rows| rows.values().any(|row| same(&row))) {
            let said = format!("The {field} is not associated with this type.");
            return Err(Refusal::invalid(RESOURCE, "InvalidReference", field, said));
        }
    }
    Ok(())
}

/// The reference to a record given by id, name or identifier.
fn find(store: &Store, collection: (Table, i64), given: &Value) -> Option<Value> {
    let rows = store.rows(collection)?;
    let named = |row: &&Arc<Wire>| {
        ["name", "identifier"].iter().any(|field| given.get(field).is_some() && row.get(*field) == given.get(field))
    };
    let row = match given.get("id").and_then(Value::as_i64) {
        Some(id) => rows.get(&id),
        None => rows.values().find(named),
    }?;
    Some(reference(row))
}

fn reference(row: &Wire) -> Value {
    let kept =
        ["id", "name", "identifier"].iter().filter_map(|name| Some(((*name).to_owned(), row.get(*name)?.clone())));
    Value::Object(kept.collect())
}

fn default_reference(store: &Store, ticket: &mut Wire, field: &str, collection: (Table, i64)) {
    let first = store.rows(collection).and_then(|rows| rows.values().next());
    if let (false, Some(first)) = (ticket.contains_key(field), first) {
        ticket.insert(field.to_owned(), reference(first));
    }
}

fn reference_id(ticket: &Wire, field: &str) -> i64 {
    ticket.get(field).and_then(Value::as_object).map(|inner| id_of(inner, "id")).unwrap_or_default()
}
