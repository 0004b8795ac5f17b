//! The JSON of service tickets, as far as it is asked for or sent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::connectwise::wire::{Row, json_fields};
use crate::reconcile::model::ids::{TicketId, TicketRef};
use crate::tickets::board::{BoardTerms, NewTicket, Note, StatusChange, Ticket};

/// A ticket of a list, or of an answer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TicketRow {
    id: Value,
    #[serde(default, rename = "externalXRef")]
    reference: Value,
    #[serde(default)]
    closed_flag: Value,
    #[serde(default)]
    status: Value,
    #[serde(default)]
    board: Value,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct Id {
    id: i64,
}

impl Row for TicketRow {
    type Record = Ticket;
    type Known = ();
    const FIELDS: &'static str = "id,externalXRef,closedFlag,status,board";

    fn id(&self) -> &Value {
        &self.id
    }

    fn record(&self, id: i64) -> Result<Ticket, String> {
        let reference = json_fields::text("externalXRef", &self.reference)?.unwrap_or_default();
        Ok(Ticket {
            id: TicketId(id),
            reference: TicketRef::new(&reference),
            closed_flag: json_fields::flag("closedFlag", &self.closed_flag)?.unwrap_or(false),
            status: json_fields::reference("status", &self.status)?.id,
            board: json_fields::reference("board", &self.board)?.id,
        })
    }

    fn known(&self) {}
}

/// A record that is known by its name.
#[derive(Debug, Clone)]
pub(crate) struct NamedRecord {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) inactive: bool,
}

/// A board, or a type of one.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BoardRow {
    id: Value,
    #[serde(default)]
    name: Value,
    #[serde(default)]
    inactive_flag: Value,
}

impl Row for BoardRow {
    type Record = NamedRecord;
    type Known = ();
    const FIELDS: &'static str = "id,name,inactiveFlag";

    fn id(&self) -> &Value {
        &self.id
    }

    fn record(&self, id: i64) -> Result<NamedRecord, String> {
        named(id, &self.name, json_fields::flag("inactiveFlag", &self.inactive_flag)?)
    }

    fn known(&self) {}
}

/// A status of a board.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StatusRow {
    id: Value,
    #[serde(default)]
    name: Value,
    #[serde(default)]
    inactive: Value,
    #[serde(default)]
    closed_status: Value,
}

/// A status, and whether it closes a ticket.
#[derive(Debug)]
pub(crate) struct TicketStatus {
    pub(crate) id: i64,
    pub(crate) named: NamedRecord,
    pub(crate) closes: bool,
}

impl Row for StatusRow {
    type Record = TicketStatus;
    type Known = ();
    const FIELDS: &'static str = "id,name,inactive,closedStatus";

    fn id(&self) -> &Value {
        &self.id
    }

    fn record(&self, id: i64) -> Result<TicketStatus, String> {
        let named = named(id, &self.name, json_fields::flag("inactive", &self.inactive)?)?;
        let closes = json_fields::flag("closedStatus", &self.closed_status)?.unwrap_or(false);
        Ok(TicketStatus { id, named, closes })
    }

    fn known(&self) {}
}

/// A priority or a source.
#[derive(Debug, Deserialize)]
pub(crate) struct PlainRow {
    id: Value,
    #[serde(default)]
    name: Value,
}

impl Row for PlainRow {
    type Record = NamedRecord;
    type Known = ();
    const FIELDS: &'static str = "id,name";

    fn id(&self) -> &Value {
        &self.id
    }

    fn record(&self, id: i64) -> Result<NamedRecord, String> {
        named(id, &self.name, None)
    }

    fn known(&self) {}
}

fn named(id: i64, name: &Value, inactive: Option<bool>) -> Result<NamedRecord, String> {
    let name = json_fields::text("name", name)?.ok_or("its name is missing")?;
    Ok(NamedRecord { id, name, inactive: inactive.unwrap_or(false) })
}

/// Which subtypes a type of a board has, and which items these.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AssociationRow {
    id: Value,
    #[serde(default)]
    r#type: Value,
    #[serde(default)]
    sub_type: Value,
    #[serde(default)]
    item: Value,
}

/// A type, a subtype of it, and an item of both.
#[derive(Debug, Clone)]
pub(crate) struct Association {
    pub(crate) kind: Option<i64>,
    pub(crate) sub_type: Option<NamedRecord>,
    pub(crate) item: Option<NamedRecord>,
}

impl Row for AssociationRow {
    type Record = Association;
    type Known = ();
    const FIELDS: &'static str = "id,type,subType,item";

    fn id(&self) -> &Value {
        &self.id
    }

    fn record(&self, _id: i64) -> Result<Association, String> {
        let named = |field, value| -> Result<Option<NamedRecord>, String> {
            let found = json_fields::reference(field, value)?;
            Ok(found.id.zip(found.name).map(|(id, name)| NamedRecord { id, name, inactive: false }))
        };
        Ok(Association {
            kind: json_fields::reference("type", &self.r#type)?.id,
            sub_type: named("subType", &self.sub_type)?,
            item: named("item", &self.item)?,
        })
    }

    fn known(&self) {}
}

/// A new ticket. What is `None` is left to ConnectWise's own defaults.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OpenTicket<'a> {
    summary: &'a str,
    record_type: &'static str,
    board: Id,
    company: Id,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub_type: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    item: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<Id>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Id>,
    #[serde(rename = "externalXRef")]
    reference: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    initial_description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    initial_internal_analysis: Option<&'a str>,
    process_notifications: bool,
    #[serde(flatten)]
    fields: &'a BTreeMap<String, String>,
}

impl<'a> OpenTicket<'a> {
    pub(crate) fn of(ticket: &'a NewTicket, terms: &BoardTerms) -> Self {
        let NewTicket { reference, summary, text, company, visible, notify, fields } = ticket;
        let id = |id| Id { id };
        Self {
            summary,
            record_type: "ServiceTicket",
            board: Id { id: terms.board },
            company: Id { id: company.0 },
            status: terms.status.map(id),
            r#type: terms.kind.map(id),
            sub_type: terms.sub_type.map(id),
            item: terms.item.map(id),
            priority: terms.priority.map(id),
            source: terms.source.map(id),
            reference: reference.as_str(),
            initial_description: visible.then_some(text),
            initial_internal_analysis: (!visible).then_some(text),
            process_notifications: *notify,
            fields,
        }
    }
}

/// A new note, in the discussion or among the internal ones.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewNote<'a> {
    text: &'a str,
    detail_description_flag: bool,
    internal_analysis_flag: bool,
    process_notifications: bool,
}

impl<'a> NewNote<'a> {
    pub(crate) fn of(note: &'a Note) -> Self {
        let Note { text, visible, notify } = note;
        Self {
            text,
            detail_description_flag: *visible,
            internal_analysis_flag: !visible,
            process_notifications: *notify,
        }
    }
}

/// One operation of a PATCH of a ticket.
#[derive(Debug, Serialize)]
pub(crate) struct ChangeTicket {
    op: &'static str,
    path: &'static str,
    value: Value,
}

impl ChangeTicket {
    /// The status, and nothing else of the ticket.
    pub(crate) fn of(change: StatusChange) -> Vec<Self> {
        let replace = |path, value| Self { op: "replace", path, value };
        let mut all = vec![replace("status", json!({"id": change.status}))];
        if !change.notify {
            all.push(replace("processNotifications", Value::Bool(false)));
        }
        all
    }
}
