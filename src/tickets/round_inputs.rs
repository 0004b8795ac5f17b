//! One round over the tickets of an integration: what it is given, and why it may end early.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use crate::apply::stop_signal::Stop;
use crate::connectwise::{ReadError, WriteError};
use crate::history::run_record::RunRecord;
use crate::history::store::error::StoreError;
use crate::history::ticket_records::{TicketRecord, TicketState};
use crate::reconcile::model::ids::{CustomerName, TicketRef};
use crate::tickets::board::TermsError;
use crate::tickets::settings::TicketSettings;
use crate::tickets::ticket_topic::TicketTopic;

/// One run whose subjects are to be told.
#[derive(Clone, Copy)]
pub struct TicketRound<'a> {
    /// The run, ended and stored.
    pub run: &'a RunRecord,
    /// The round is about these handles alone: their items are over, because the integration is off.
    pub ended: Option<&'a BTreeSet<String>>,
    /// What is wanted: this one of the tables.
    pub settings: &'a TicketSettings,
    /// All tables of the integration.
    pub tables: &'a [TicketSettings],
    /// Which of them it is.
    pub at: usize,
    /// Whether the desk is in the ConnectWise that the run billed in: elsewhere its companies mean nothing.
    pub same_connectwise: bool,
    /// Which ConnectWise the desk is in: its host, and the login company.
    pub site: &'a str,
    /// How long a ticket in doubt is left alone before "not there" counts.
    pub settle: TimeDelta,
    /// The clock.
    pub clock: &'a dyn Fn() -> DateTime<Utc>,
    /// The wish to stop.
    pub stop: &'a Stop,
}

/// Why no more is done about tickets tonight.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SyncHalt {
    #[error("the history could not be used: {0}")]
    Store(#[from] StoreError),
    #[error("{0}")]
    Connect(String),
    #[error("{0}")]
    Terms(#[from] TermsError),
    #[error("{0}")]
    Read(#[from] ReadError),
    #[error("{0}")]
    Write(WriteError),
    #[error("stopped by a signal; the next run goes on")]
    Stopped,
    #[error("gave up after {0} s; the next run goes on")]
    TooLong(u64),
}

impl TicketRound<'_> {
    /// Whether a ticket is tended by this table: the one of its board that takes its item, of this customer, else the first one
    /// of its board, else the first one.
    pub(crate) fn covers(&self, record: &TicketRecord, customer: Option<&CustomerName>) -> bool {
        let of_board = |table: &&TicketSettings| record.place.as_ref() == Some(&table.place());
        let takes = |table: &&TicketSettings| table.take_kind(record.kind, customer);
        let at = |wanted: &dyn Fn(&&TicketSettings) -> bool| self.tables.iter().position(|table| wanted(&table));
        at(&|table| of_board(table) && takes(table)).or_else(|| at(&of_board)).unwrap_or(0) == self.at
    }

    /// The ConnectWise that has a ticket, where that is another one than tonight's: there it is looked for, noted and closed,
    /// and nowhere else.
    pub(crate) fn elsewhere<'b>(&self, record: &'b TicketRecord) -> Option<&'b str> {
        record.site.as_deref().filter(|site| *site != self.site)
    }

    /// Whether a new item is this table's: the first one's that takes it.
    pub(crate) fn takes(&self, subject: &TicketTopic) -> bool {
        self.tables.iter().position(|table| table.take(subject)) == Some(self.at)
    }
}

/// References of these records.
pub(crate) fn references(records: &[TicketRecord]) -> BTreeSet<TicketRef> {
    records.iter().map(|record| record.reference.clone()).collect()
}

pub(crate) fn is_doubtful(record: &TicketRecord) -> bool {
    record.state == TicketState::Intended
}
