//! The service board over HTTP: tickets, notes, boards and statuses of ConnectWise. Nothing here can reach an
//! agreement, and no plan is ever given a [`ServiceBoard`].
//!
//! A reference goes by id. Statuses and types belong to a board (seen in the field), so names are looked up on it.

use std::collections::BTreeSet;

use http::Method;

use crate::connectwise::client::Client;
use crate::connectwise::client::paging::List;
use crate::connectwise::client::status_meaning::{Right, WriteKind};
use crate::connectwise::reads::asked_for;
use crate::connectwise::urls::api_url;
use crate::connectwise::wire::IdRow;
use crate::connectwise::writes::{Sending, record_of, unclear};
use crate::connectwise::{ReadError, WriteError};
use crate::reconcile::model::ids::{TicketId, TicketRef};
use crate::tickets::board::{BoardNames, BoardTerms, NewTicket, Note, ServiceBoard, StatusChange, TermsError, Ticket};
use crate::tickets::board_wire::{
    AssociationRow, BoardRow, ChangeTicket, NamedRecord, NewNote, OpenTicket, PlainRow, StatusRow, TicketRow,
};

const TICKETS: List<'_> = List { path: "service/tickets", right: Right::Tickets };
/// References in one query, so that it stays within the length of a URL.
const REFERENCES_AT_ONCE: usize = 25;

impl ServiceBoard for Client {
    async fn terms(&self, names: &BoardNames) -> Result<BoardTerms, TermsError> {
        self.desk_terms(names).await
    }

    async fn tickets(&self, references: &BTreeSet<TicketRef>) -> Result<Vec<Ticket>, ReadError> {
        let references: Vec<&TicketRef> = references.iter().collect();
        let mut tickets = Vec::new();
        for some in references.chunks(REFERENCES_AT_ONCE) {
            let quoted: Vec<String> = some.iter().map(|reference| format!("\"{reference}\"")).collect();
            let condition = format!("externalXRef in ({})", quoted.join(","));
            let found = self.read_whole::<TicketRow>(TICKETS, Some(&condition)).await?;
            asked_for(TICKETS, found.iter().all(|ticket| some.contains(&&ticket.reference)))?;
            tickets.extend(found);
        }
        Ok(tickets)
    }

    async fn open(&self, terms: &BoardTerms, ticket: &NewTicket) -> Result<Ticket, WriteError> {
        let body = OpenTicket::of(ticket, terms);
        let url = api_url(self.api_root().await, TICKETS.path, &[]);
        let row: TicketRow = self.write(Sending::at_leisure(WriteKind::OpenTicket, Method::POST, &url), &body).await?;
        record_of(&row)
    }

    async fn note(&self, ticket: TicketId, note: &Note) -> Result<(), WriteError> {
        let path = format!("{}/{ticket}/notes", TICKETS.path);
        let url = api_url(self.api_root().await, &path, &[]);
        let _: IdRow =
            self.write(Sending::at_leisure(WriteKind::NoteTicket, Method::POST, &url), &NewNote::of(note)).await?;
        Ok(())
    }

    async fn set_status(&self, ticket: TicketId, change: StatusChange) -> Result<Ticket, WriteError> {
        let path = format!("{}/{ticket}", TICKETS.path);
        let url = api_url(self.api_root().await, &path, &[]);
        let body = ChangeTicket::of(change);
        let row: TicketRow =
            self.write(Sending::at_leisure(WriteKind::CloseTicket, Method::PATCH, &url), &body).await?;
        let answered = record_of(&row)?;
        // A path that ConnectWise does not know is answered with 200 and changes nothing (ConnectWise developer guide).
        if answered.id != ticket || answered.status != Some(change.status) {
            return Err(unclear("the answer holds another status".to_owned()));
        }
        Ok(answered)
    }
}

impl Client {
    async fn desk_terms(&self, names: &BoardNames) -> Result<BoardTerms, TermsError> {
        fn list(path: &str) -> List<'_> {
            List { path, right: Right::Boards }
        }
        let mut look = NameLookup::default();
        let boards = self.read_whole::<BoardRow>(list("service/boards"), None).await?;
        let Some(board) = look.up("board", Some(&names.board), &boards) else {
            return Err(TermsError::Missing(look.missing));
        };
        let statuses = self.read_whole::<StatusRow>(list(&format!("service/boards/{board}/statuses")), None).await?;
        let closed: BTreeSet<i64> = statuses.iter().filter(|one| one.closes).map(|one| one.id).collect();
        let statuses: Vec<NamedRecord> = statuses.into_iter().map(|status| status.named).collect();
        let status = look.up("status", names.status.as_deref(), &statuses);
        let closing_status = look.up("closing_status", names.closing_status.as_deref(), &statuses);
        if let (Some(id), Some(name)) = (closing_status, &names.closing_status)
            && !closed.contains(&id)
        {
            look.missing.push(format!("closing_status \"{name}\" does not close a ticket on this board"));
        }
        let (kind, sub_type, item) = self.category(board, names, &mut look).await?;
        let (mut priority, mut source) = (None, None);
        if names.priority.is_some() {
            let priorities = self.read_whole::<PlainRow>(list("service/priorities"), None).await?;
            priority = look.up("priority", names.priority.as_deref(), &priorities);
        }
        if names.source.is_some() {
            let sources = self.read_whole::<PlainRow>(list("service/sources"), None).await?;
            source = look.up("source", names.source.as_deref(), &sources);
        }
        match look.missing.is_empty() {
            true => Ok(BoardTerms { board, status, closing_status, priority, kind, sub_type, item, source, closed }),
            false => Err(TermsError::Missing(look.missing)),
        }
    }

    /// Type, subtype and item: a subtype is one of its type, an item one of both.
    async fn category(
        &self,
        board: i64,
        names: &BoardNames,
        look: &mut NameLookup,
    ) -> Result<(Option<i64>, Option<i64>, Option<i64>), ReadError> {
        let list = |path| List { path, right: Right::Boards };
        if names.kind.is_none() {
            return Ok((None, None, None));
        }
        let path = format!("service/boards/{board}/types");
        let types = self.read_whole::<BoardRow>(list(&path), None).await?;
        let kind = look.up("type", names.kind.as_deref(), &types);
        if names.sub_type.is_none() || kind.is_none() {
            return Ok((kind, None, None));
        }
        let path = format!("service/boards/{board}/typeSubTypeItemAssociations");
        let mut together = self.read_whole::<AssociationRow>(list(&path), None).await?;
        together.retain(|one| one.kind == kind);
        let sub_types = once(together.iter().filter_map(|one| one.sub_type.as_ref()));
        let sub_type = look.up("sub_type of this type", names.sub_type.as_deref(), &sub_types);
        together.retain(|one| one.sub_type.as_ref().map(|one| one.id) == sub_type);
        let items = once(together.iter().filter_map(|one| one.item.as_ref()));
        let item = sub_type.and_then(|_| look.up("item of this sub_type", names.item.as_deref(), &items));
        Ok((kind, sub_type, item))
    }
}

/// Each record once, in the order of the list.
fn once<'a>(rows: impl Iterator<Item = &'a NamedRecord>) -> Vec<NamedRecord> {
    let mut seen = BTreeSet::new();
    rows.filter(|row| seen.insert(row.id)).cloned().collect()
}

/// Looks names up, and collects those that are not there.
#[derive(Default)]
struct NameLookup {
    missing: Vec<String>,
}

impl NameLookup {
    fn up(&mut self, key: &str, name: Option<&str>, rows: &[NamedRecord]) -> Option<i64> {
        let name = name?;
        let same = |row: &&NamedRecord| row.name.trim().to_lowercase() == name.trim().to_lowercase();
        let mut found = rows.iter().filter(same);
        match (found.next(), found.next()) {
            (Some(one), None) if !one.inactive => return Some(one.id),
            (Some(_), None) => self.missing.push(format!("{key} \"{name}\" is inactive")),
            (Some(_), Some(_)) => self.missing.push(format!("{key} \"{name}\" appears several times")),
            (None, _) => {
                let there: Vec<&str> = rows.iter().filter(|row| !row.inactive).map(|row| row.name.as_str()).collect();
                self.missing.push(format!("there is no {key} \"{name}\"; there are: {}", there.join(", ")));
            }
        }
        None
    }
}
