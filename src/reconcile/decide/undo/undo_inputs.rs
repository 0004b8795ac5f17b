//! What an undo is drawn from.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::reconcile::matching::line_claims::Claims;
use crate::reconcile::matching::placement::Place;
use crate::reconcile::model::connectwise_records::{Additions, Directory};
use crate::reconcile::model::ids::{AdditionId, CompanyId, CustomerName, IntegrationName, RunId};
use crate::reconcile::model::line_owners::Owned;
use crate::reconcile::model::mapping::Mapping;
use crate::reconcile::model::past::CreationInDoubt;
use crate::reconcile::model::plan::line::{LineKey, Source};
use crate::reconcile::model::quantity::Quantity;

/// Everything that an undo is drawn from.
#[derive(Debug, Clone, Copy)]
pub struct Undoing<'a> {
    /// Whose plan.
    pub integration: &'a IntegrationName,
    /// The run that is undone.
    pub run: RunId,
    /// What it wrote, each line once.
    pub wrote: &'a BTreeMap<LineKey, ConfirmedWrite>,
    /// Additions that runs after it created, or raised from 0, each with the last that did.
    pub begun: &'a BTreeMap<AdditionId, RunId>,
    /// The operator's mapping as it is now.
    pub mapping: &'a Mapping,
    /// Where it puts each customer.
    pub places: &'a BTreeMap<CustomerName, Place>,
    /// Companies, agreements, products; those of the lines among them.
    pub directory: &'a Directory,
    /// All additions of the agreements of [`agreements_to_see`](crate::reconcile::decide::undo::successor::agreements_to_see), as far as they can be read.
    pub additions: &'a Additions,
    /// What other integrations own.
    pub claims: &'a Claims,
    /// Creations that nobody knows the end of.
    pub in_doubt: &'a BTreeMap<LineKey, CreationInDoubt>,
    /// The day of the undo.
    pub today: NaiveDate,
}

/// One write of the run that ConnectWise took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfirmedWrite {
    /// The company, as the run knew it.
    pub company: Option<CompanyId>,
    /// The counts behind it, as the run knew them.
    pub sources: Vec<Source>,
    /// The addition that was written.
    pub addition: AdditionId,
    /// What it held before; `None` for a line that was created.
    pub before: Option<Quantity>,
    /// What was written.
    pub quantity: Quantity,
    /// The run after it that wrote the addition last, unless that was set back.
    pub later: Option<RunId>,
}

impl ConfirmedWrite {
    /// The line as one that recount owns.
    pub fn owned(&self) -> Owned {
        let sources = self.sources.iter().map(|source| (source.customer.clone(), source.service.clone()));
        Owned { addition: Some(self.addition), company: self.company, sources: sources.collect() }
    }

    /// Whether setting it back bills more units.
    pub(in crate::reconcile) fn rises(&self) -> bool {
        self.before.is_some_and(|before| before > self.quantity)
    }
}
