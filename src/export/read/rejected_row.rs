//! Why a row is no count, while it is read.

use crate::export::read::layout::{ColumnValue, NoMatch};
use crate::reconcile::model::export::count_error::CountError;
use crate::reconcile::model::ids::ServiceName;

/// Why a row is no count: the column, what stands there, and what is wrong with it.
pub(in crate::export) struct Rejection {
    /// The one service that the row counts, where nothing else of the row was lost.
    pub(in crate::export) service: Option<ServiceName>,
    pub(in crate::export) index: Option<usize>,
    pub(in crate::export) value: String,
    pub(in crate::export) why: CountError,
}

impl Rejection {
    /// Behind a pointer: it is rare, and the way of every row's number back would be longer with it.
    pub(in crate::export) fn of(index: Option<usize>, value: &str, why: CountError) -> Box<Self> {
        Box::new(Self { service: None, index, value: value.to_owned(), why })
    }

    /// Nothing but the count of this service was lost.
    pub(in crate::export) fn of_service(mut self: Box<Self>, service: &str) -> Box<Self> {
        self.service = Some(ServiceName::new(service));
        self
    }

    /// More than the count of one service was lost.
    pub(in crate::export) fn of_all(mut self: Box<Self>) -> Box<Self> {
        self.service = None;
        self
    }

    pub(in crate::export) fn no_match(taken: ColumnValue<'_>, no_match: &NoMatch<'_>) -> Box<Self> {
        Self::of(taken.index(), &no_match.value, no_match.why())
    }
}
