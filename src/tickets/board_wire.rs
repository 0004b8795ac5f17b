//! The JSON of service tickets, as far as it is asked for or sent.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::connectwise::wire::Row;
use crate::reconcile::model::ids::{TicketId, TicketRef};
use crate::tickets::board_client::{DeskTerms, NewTicket, Note, StatusChange, Ticket};

/// A ticket of a list, or of an answer.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TicketRow {
    id: i64,
    #[serde(rename = "externalXRef")]
    reference: Option<String>,
    closed_flag: Option<bool>,
    status: Option<Id>,
    board: Option<Id>,
}

#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
struct Id {
    id: i64,
}

impl Row for TicketRow {
    type Record = Ticket;
    const FIELDS: &'static str = "id,externalXRef,closedFlag,status,board";

    fn id(&self) -> i64 {
        self.id
    }

    fn into_record(self) -> Result<Ticket, String> {
        Ok(Ticket {
            id: TicketId(self.id),
            reference: TicketRef::new(&self.reference.unwrap_or_default()),
            closed_flag: self.closed_flag.unwrap_or(false),
            status: self.status.map(|status| status.id),
            board: self.board.map(|board| board.id),
        })
    }
}

/// A record that is known by its name.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) inactive: bool,
}

/// A board, or a type of one.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BoardRow {
    id: i64,
    name: String,
    inactive_flag: Option<bool>,
}

impl Row for BoardRow {
    type Record = Named;
    const FIELDS: &'static str = "id,name,inactiveFlag";

    fn id(&self) -> i64 {
        self.id
    }

    fn into_record(self) -> Result<Named, String> {
        Ok(Named { id: self.id, name: self.name, inactive: self.inactive_flag.unwrap_or(false) })
    }
}

/// A status of a board.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StatusRow {
    id: i64,
    name: String,
    inactive: Option<bool>,
    closed_status: Option<bool>,
}

/// A status, and whether it closes a ticket.
#[derive(Debug)]
pub(crate) struct Status {
    pub(crate) id: i64,
    pub(crate) named: Named,
    pub(crate) closes: bool,
}

impl Row for StatusRow {
    type Record = Status;
    const FIELDS: &'static str = "id,name,inactive,closedStatus";

    fn id(&self) -> i64 {
        self.id
    }

    fn into_record(self) -> Result<Status, String> {
        let named = Named { id: self.id, name: self.name, inactive: self.inactive.unwrap_or(false) };
        Ok(Status { id: self.id, named, closes: self.closed_status.unwrap_or(false) })
    }
}

/// A priority or a source.
#[derive(Debug, Deserialize)]
pub(crate) struct PlainRow {
    id: i64,
    name: String,
}

impl Row for PlainRow {
    type Record = Named;
    const FIELDS: &'static str = "id,name";

    fn id(&self) -> i64 {
        self.id
    }

    fn into_record(self) -> Result<Named, String> {
        Ok(Named { id: self.id, name: self.name, inactive: false })
    }
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
}

impl<'a> OpenTicket<'a> {
    pub(crate) fn of(ticket: &'a NewTicket, terms: &DeskTerms) -> Self {
        let NewTicket { reference, summary, text, company, visible, notify } = ticket;
        let id = |id| Id { id };
        Self {
            summary,
            record_type: "ServiceTicket",
            board: Id { id: terms.board },
            company: Id { id: company.0 },
            status: terms.status.map(id),
            r#type: terms.kind.map(id),
            priority: terms.priority.map(id),
            source: terms.source.map(id),
            reference: reference.as_str(),
            initial_description: visible.then_some(text),
            initial_internal_analysis: (!visible).then_some(text),
            process_notifications: *notify,
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
