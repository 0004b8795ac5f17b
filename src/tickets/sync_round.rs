//! One round over the tickets of an integration: what it is given, and why it may end early.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use crate::apply::stop::Stop;
use crate::connectwise::{ReadError, WriteError};
use crate::history::record::RunRecord;
use crate::history::store::error::StoreError;
use crate::history::tickets::{TicketRecord, TicketState};
use crate::reconcile::model::ids::TicketRef;
use crate::tickets::board::TermsError;
use crate::tickets::settings::TicketSettings;

/// One run whose matters are to be told.
#[derive(Clone, Copy)]
pub struct Round<'a> {
    /// The run, ended and stored.
    pub run: &'a RunRecord,
    /// What is wanted.
    pub settings: &'a TicketSettings,
    /// Whether the desk is in the ConnectWise that the run billed in: elsewhere its companies mean nothing.
    pub same_connectwise: bool,
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

/// References of these records.
pub(crate) fn references(records: &[TicketRecord]) -> BTreeSet<TicketRef> {
    records.iter().map(|record| record.reference.clone()).collect()
}

pub(crate) fn is_doubtful(record: &TicketRecord) -> bool {
    record.state == TicketState::Intended
}
