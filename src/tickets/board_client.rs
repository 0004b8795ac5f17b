//! Service tickets: a capability of its own. Nothing here can reach an agreement, and no plan is ever given a [`Desk`].
//!
//! A reference goes by id. Statuses and types belong to a board (seen in the field), so names are looked up on it.

use std::collections::BTreeSet;

use http::Method;

use crate::connectwise::client::Client;
use crate::connectwise::client::denial::{Right, WriteKind};
use crate::connectwise::client::paging::List;
use crate::connectwise::reads::asked_for;
use crate::connectwise::urls::api_url;
use crate::connectwise::wire::IdRow;
use crate::connectwise::writes::{record_of, unclear};
use crate::connectwise::{ReadError, WriteError};
use crate::reconcile::model::ids::{CompanyId, TicketId, TicketRef};
use crate::tickets::board_wire::{BoardRow, ChangeTicket, Named, NewNote, OpenTicket, PlainRow, StatusRow, TicketRow};

/// A service desk: what is there, and the three writes to it. Each write is sent once.
#[expect(async_fn_in_trait, reason = "used with static dispatch on one thread; no Send bound is needed")]
pub trait Desk {
    /// The records that these names mean.
    ///
    /// # Errors
    /// What could not be read, or is not there.
    async fn terms(&self, names: &DeskNames) -> Result<DeskTerms, TermsError>;

    /// The tickets of these references, open and closed ones, oldest first. Several may bear one reference.
    ///
    /// # Errors
    /// Any part that could not be read.
    async fn tickets(&self, references: &BTreeSet<TicketRef>) -> Result<Vec<Ticket>, ReadError>;

    /// Sends one POST of one ticket, once.
    ///
    /// # Errors
    /// By what is known of the outcome.
    async fn open(&self, terms: &DeskTerms, ticket: &NewTicket) -> Result<Ticket, WriteError>;

    /// Sends one POST of one note, once.
    ///
    /// # Errors
    /// By what is known of the outcome.
    async fn note(&self, ticket: TicketId, note: &Note) -> Result<(), WriteError>;

    /// Sends one PATCH of one ticket's status, once.
    ///
    /// # Errors
    /// By what is known of the outcome.
    async fn set_status(&self, ticket: TicketId, change: StatusChange) -> Result<Ticket, WriteError>;
}

/// Names of a desk, as ConnectWise shows them. Upper and lower case do not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskNames {
    /// The service board.
    pub board: String,
    /// The status of a new ticket; `None`: the board's own default.
    pub status: Option<String>,
    /// The status of a closed one.
    pub closing_status: Option<String>,
    /// The priority; `None`: ConnectWise's default.
    pub priority: Option<String>,
    /// The type; `None`: the board's default.
    pub kind: Option<String>,
    /// The source; `None`: ConnectWise's default.
    pub source: Option<String>,
}

/// The record ids of a desk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeskTerms {
    /// The service board.
    pub board: i64,
    /// The status of a new ticket.
    pub status: Option<i64>,
    /// The status of a closed one.
    pub closing_status: Option<i64>,
    /// The priority.
    pub priority: Option<i64>,
    /// The type.
    pub kind: Option<i64>,
    /// The source.
    pub source: Option<i64>,
    /// All statuses of the board that close a ticket: its `closedFlag` alone is not to be relied on (seen in the field).
    pub closed: BTreeSet<i64>,
}

/// Why names have no meaning.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TermsError {
    /// They could not be looked up.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// They are not there; one sentence each.
    #[error("{}", .0.join("; "))]
    Missing(Vec<String>),
}

/// A ticket, as far as it is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Its number.
    pub id: TicketId,
    /// The name that recount gave it.
    pub reference: TicketRef,
    /// ConnectWise's own word for closed.
    pub closed_flag: bool,
    /// Its status.
    pub status: Option<i64>,
    /// Where it is now; people move tickets.
    pub board: Option<i64>,
}

/// A ticket to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTicket {
    /// By which it is found again.
    pub reference: TicketRef,
    /// At most 100 characters (ConnectWise's API description).
    pub summary: String,
    /// The first text.
    pub text: String,
    /// Whose ticket it is.
    pub company: CompanyId,
    /// Whether the company's people may read it.
    pub visible: bool,
    /// Whether ConnectWise may send its notifications.
    pub notify: bool,
}

/// A note to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What it says.
    pub text: String,
    /// Whether the company's people may read it.
    pub visible: bool,
    /// Whether ConnectWise may send its notifications.
    pub notify: bool,
}

/// Another status of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusChange {
    /// The status.
    pub status: i64,
    /// Whether ConnectWise may send its notifications.
    pub notify: bool,
}

const TICKETS: List<'_> = List { path: "service/tickets", right: Right::Tickets };
/// References in one query, so that it stays within the length of a URL.
const REFERENCES_AT_ONCE: usize = 25;

impl DeskTerms {
    /// Whether a ticket is done with.
    pub fn is_closed(&self, ticket: &Ticket) -> bool {
        ticket.closed_flag || ticket.status.is_some_and(|status| self.closed.contains(&status))
    }
}

impl Desk for Client {
    async fn terms(&self, names: &DeskNames) -> Result<DeskTerms, TermsError> {
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

    async fn open(&self, terms: &DeskTerms, ticket: &NewTicket) -> Result<Ticket, WriteError> {
        let body = OpenTicket::of(ticket, terms);
        let url = api_url(self.api_root().await, TICKETS.path, &[]);
        let row: TicketRow = self.write(WriteKind::OpenTicket, Method::POST, &url, &body).await?;
        record_of(&row)
    }

    async fn note(&self, ticket: TicketId, note: &Note) -> Result<(), WriteError> {
        let path = format!("{}/{ticket}/notes", TICKETS.path);
        let url = api_url(self.api_root().await, &path, &[]);
        let _: IdRow = self.write(WriteKind::NoteTicket, Method::POST, &url, &NewNote::of(note)).await?;
        Ok(())
    }

    async fn set_status(&self, ticket: TicketId, change: StatusChange) -> Result<Ticket, WriteError> {
        let path = format!("{}/{ticket}", TICKETS.path);
        let url = api_url(self.api_root().await, &path, &[]);
        let body = ChangeTicket::of(change);
        let row: TicketRow = self.write(WriteKind::CloseTicket, Method::PATCH, &url, &body).await?;
        let answered = record_of(&row)?;
        // A path that ConnectWise does not know is answered with 200 and changes nothing (ConnectWise developer guide).
        if answered.id != ticket || answered.status != Some(change.status) {
            return Err(unclear("the answer holds another status".to_owned()));
        }
        Ok(answered)
    }
}

impl Client {
    async fn desk_terms(&self, names: &DeskNames) -> Result<DeskTerms, TermsError> {
        fn list(path: &str) -> List<'_> {
            List { path, right: Right::Boards }
        }
        let mut look = Look::default();
        let boards = self.read_whole::<BoardRow>(list("service/boards"), None).await?;
        let Some(board) = look.up("board", Some(&names.board), &boards) else {
            return Err(TermsError::Missing(look.missing));
        };
        let statuses = self.read_whole::<StatusRow>(list(&format!("service/boards/{board}/statuses")), None).await?;
        let closed: BTreeSet<i64> = statuses.iter().filter(|one| one.closes).map(|one| one.id).collect();
        let statuses: Vec<Named> = statuses.into_iter().map(|status| status.named).collect();
        let status = look.up("status", names.status.as_deref(), &statuses);
        let closing_status = look.up("closing_status", names.closing_status.as_deref(), &statuses);
        if let (Some(id), Some(name)) = (closing_status, &names.closing_status)
            && !closed.contains(&id)
        {
            look.missing.push(format!("closing_status \"{name}\" does not close a ticket on this board"));
        }
        let (mut kind, mut priority, mut source) = (None, None, None);
        if names.kind.is_some() {
            let types = self.read_whole::<BoardRow>(list(&format!("service/boards/{board}/types")), None).await?;
            kind = look.up("type", names.kind.as_deref(), &types);
        }
        if names.priority.is_some() {
            let priorities = self.read_whole::<PlainRow>(list("service/priorities"), None).await?;
            priority = look.up("priority", names.priority.as_deref(), &priorities);
        }
        if names.source.is_some() {
            let sources = self.read_whole::<PlainRow>(list("service/sources"), None).await?;
            source = look.up("source", names.source.as_deref(), &sources);
        }
        match look.missing.is_empty() {
            true => Ok(DeskTerms { board, status, closing_status, priority, kind, source, closed }),
            false => Err(TermsError::Missing(look.missing)),
        }
    }
}

/// Looks names up, and collects those that are not there.
#[derive(Default)]
struct Look {
    missing: Vec<String>,
}

impl Look {
    fn up(&mut self, key: &str, name: Option<&str>, rows: &[Named]) -> Option<i64> {
        let name = name?;
        let same = |row: &&Named| row.name.trim().to_lowercase() == name.trim().to_lowercase();
        let mut found = rows.iter().filter(same);
        match (found.next(), found.next()) {
            (Some(one), None) if !one.inactive => return Some(one.id),
            (Some(_), None) => self.missing.push(format!("{key} \"{name}\" is inactive")),
            (Some(_), Some(_)) => self.missing.push(format!("{key} \"{name}\" is there several times")),
            (None, _) => {
                let there: Vec<&str> = rows.iter().filter(|row| !row.inactive).map(|row| row.name.as_str()).collect();
                self.missing.push(format!("there is no {key} \"{name}\"; there are: {}", there.join(", ")));
            }
        }
        None
    }
}
