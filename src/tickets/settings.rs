//! What an operator wants of tickets: `[integration.NAME.tickets]`, once or several times.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::TimeDelta;

use crate::reconcile::model::ids::{CompanyId, CustomerName};
use crate::reconcile::model::ticket_kind::TicketKind;
use crate::tickets::board::BoardNames;
use crate::tickets::text_template::Template;
use crate::tickets::ticket_topic::TicketTopic;

/// Tickets of one integration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketSettings {
    /// Board, statuses, priority, type and source by their names.
    pub desk: BoardNames,
    /// Which `[connectwise.NAME]` the desk is in; `None`: the integration's own.
    pub connectwise: Option<String>,
    /// Whose ticket a subject without a customer's company is.
    pub company: CompanyId,
    /// Whether a subject of a customer is a ticket of the customer's company.
    pub company_of_customer: bool,
    /// Which subjects become tickets.
    pub kinds: BTreeSet<TicketKind>,
    /// Of which customers. Matters without a customer are not asked.
    pub customers: TicketCustomers,
    /// Whether a settled subject's ticket is closed.
    pub close: bool,
    /// How often a ticket whose subject persists gets a note; `None`: never.
    pub note_every: Option<TimeDelta>,
    /// Tickets that one run may open.
    pub max_new: usize,
    /// How long a run may be busy with tickets.
    pub time_limit: Duration,
    /// Whether the company's people may read the texts.
    pub visible: bool,
    /// Whether ConnectWise may send its notifications.
    pub notify: bool,
    /// Other fields of a new ticket, by ConnectWise's names: those of [`FIELDS`].
    pub fields: BTreeMap<String, Template>,
    /// The first line.
    pub summary: Template,
    /// The first text.
    pub description: Template,
    /// The note while the subject persists.
    pub note: Template,
}

impl TicketSettings {
    /// Whether an open item becomes a ticket of these.
    pub fn take(&self, subject: &TicketTopic) -> bool {
        self.take_kind(subject.kind, subject.finding.customer.as_ref())
    }

    /// The same of one of which no more is known.
    pub fn take_kind(&self, kind: TicketKind, customer: Option<&CustomerName>) -> bool {
        self.kinds.contains(&kind) && customer.is_none_or(|customer| self.customers.contains(customer))
    }

    /// Where its tickets are, as the history keeps it: the ConnectWise, if it is not the integration's, and the board.
    pub fn place(&self) -> String {
        format!("{}/{}", self.connectwise.as_deref().unwrap_or_default(), self.desk.board.trim().to_lowercase())
    }
}

/// Customers that are selected, as the export names them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TicketCustomers {
    /// Every one.
    All,
    /// These.
    Only(BTreeSet<CustomerName>),
    /// Every one but these.
    Except(BTreeSet<CustomerName>),
}

impl TicketCustomers {
    /// Whether a customer is selected.
    pub fn contains(&self, customer: &CustomerName) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.contains(customer),
            Self::Except(names) => !names.contains(customer),
        }
    }
}

/// Fields of text that a new ticket may be given, and how many characters they take (ConnectWise's API description).
pub const FIELDS: [(&str, usize); 12] = [
    ("siteName", 50),
    ("addressLine1", 50),
    ("addressLine2", 50),
    ("city", 50),
    ("stateIdentifier", 50),
    ("zip", 12),
    ("contactName", 62),
    ("contactPhoneNumber", 20),
    ("contactPhoneExtension", 15),
    ("contactEmailAddress", 250),
    ("poNumber", 50),
    ("automaticEmailCc", 1000),
];

/// The summary, unless configured.
pub const SUMMARY: &str = "recount [integration]: [reason], [subject]";
/// The first text, unless configured. Each sentence stands by itself: ConnectWise may turn line breaks into blanks
/// (ConnectWise developer guide). A line whose tokens all have no value is left out.
pub const DESCRIPTION: &str = "[message].\n\
    What to do: [fix]\n\
    Customer: [customer]. Service: [service].\n\
    Product: [product]. Agreement: [agreement].\n\
    Billed: [was]. Wanted: [wanted].\n\
    Seen by run [run] of [integration] on [date]. `recount report [run]` shows all of it.\n\
    Handle: [handle].";
/// The note, unless configured.
pub const NOTE: &str = "Still so in run [run] on [date], since [since]: [message]. What to do: [fix]";
