//! The service board, as far as tickets need it: a trait that can reach nothing else.

use std::collections::{BTreeMap, BTreeSet};

use crate::connectwise::{ReadError, WriteError};
use crate::reconcile::model::ids::{CompanyId, TicketId, TicketRef};

/// A service desk: what is there, and the three writes to it. Each write is sent once.
#[expect(async_fn_in_trait, reason = "used with static dispatch on one thread; no Send bound is needed")]
pub trait ServiceBoard {
    /// The records that these names mean.
    async fn terms(&self, names: &BoardNames) -> Result<BoardTerms, TermsError>;

    /// The tickets of these references, open and closed ones, oldest first. Several may bear one reference.
    async fn tickets(&self, references: &BTreeSet<TicketRef>) -> Result<Vec<Ticket>, ReadError>;

    /// Sends one POST of one ticket, once.
    ///
    /// # Errors
    /// By what is known of the outcome.
    async fn open(&self, terms: &BoardTerms, ticket: &NewTicket) -> Result<Ticket, WriteError>;

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
pub struct BoardNames {
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
    /// A subtype of the type.
    pub sub_type: Option<String>,
    /// An item of both.
    pub item: Option<String>,
    /// The source; `None`: ConnectWise's default.
    pub source: Option<String>,
}

/// The record ids of a desk.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BoardTerms {
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
    /// The subtype.
    pub sub_type: Option<i64>,
    /// The item.
    pub item: Option<i64>,
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
    /// Other fields, by ConnectWise's names.
    pub fields: BTreeMap<String, String>,
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

impl BoardTerms {
    /// Whether a ticket is done with.
    pub fn is_closed(&self, ticket: &Ticket) -> bool {
        ticket.closed_flag || ticket.status.is_some_and(|status| self.closed.contains(&status))
    }
}
