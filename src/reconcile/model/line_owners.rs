//! Lines that recount has owned, and lines that nobody owns: neither may bill out of sight.

use crate::reconcile::model::ids::{AdditionId, CompanyId, CustomerName, IntegrationName, ServiceName};
use crate::reconcile::model::plan::line::{LineKey, LiveAddition};
use crate::reconcile::model::plan::named_additions::Named;

/// A line that a run in mode `apply` wrote or compared. It stays in every plan until it is at 0, it or its agreement has
/// ended, another integration wants it, or somebody answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Owned {
    /// Its addition; `None` while a creation has no known end.
    pub addition: Option<AdditionId>,
    /// The company that it is billed to, where that was known.
    pub company: Option<CompanyId>,
    /// The customers and services that it was billed for, where they were known; in order, each once. A list, because a
    /// set of one takes ten times its room.
    pub sources: Vec<(CustomerName, ServiceName)>,
}

/// A line that another integration of the same ConnectWise owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeighboursLine {
    /// The integration.
    pub integration: IntegrationName,
    /// As which line it knows it.
    pub key: LineKey,
}

/// A mapped product on an agreement that no mapped customer is billed on, as tonight's look found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UncountedLine {
    /// Which line.
    pub key: LineKey,
    /// Whose, where its agreement can be read.
    pub company: Option<CompanyId>,
    /// What the company is called; empty where that cannot be read.
    pub company_name: String,
    /// Whether somebody mapped the company: its customers are billed on other agreements.
    pub is_mapped: bool,
    /// What is billed, or why nobody can say.
    pub billed: Result<LiveAddition, (AdditionId, String)>,
    /// All the additions that it is told of.
    pub named: Named,
}

impl UncountedLine {
    /// Its addition.
    pub fn addition(&self) -> AdditionId {
        match &self.billed {
            Ok(live) => live.addition,
            Err((addition, _)) => *addition,
        }
    }
}
