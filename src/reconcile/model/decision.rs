//! What operators answered: plain data.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use crate::reconcile::model::ids::{AdditionId, AgreementId, CustomerName, ServiceName};
use crate::reconcile::model::plan::code::{Code, Severity};
use crate::reconcile::model::plan::finding::{Finding, finding};
use crate::reconcile::model::plan::outcome::Verb;
use crate::reconcile::model::plan::remedy::Remedy;
use crate::reconcile::model::quantity::Quantity;

/// The last answer to each matter of an integration; one that was reopened has none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decisions(pub BTreeMap<Matter, Decision>);

/// What an answer is about. Products are folded as [`crate::reconcile::model::ids::ProductCode::folded`]: another spelling in
/// the configuration is no other line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Matter {
    /// A line: a product on an agreement, and the item, where each has its line; folded.
    Line(AgreementId, String, Option<String>),
    /// A customer.
    Customer(CustomerName),
    /// A service.
    Service(ServiceName),
    /// A product that cannot be billed.
    Product(String),
    /// Several rows of one customer and service.
    Duplicate(CustomerName, ServiceName),
    /// Rows without a customer.
    Nameless,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The handle that was typed.
    pub handle: String,
    /// What was answered. Never [`Verb::Reopen`]: that takes an answer back.
    pub verb: Verb,
    /// The last day on which it holds; `None` means until it is reopened.
    pub until: Option<NaiveDate>,
    /// A note of the person; may be empty.
    pub note: String,
    /// Who, by the operating system.
    pub who: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Why the matter was held.
    pub reason: Code,
    /// What the line showed, where it is about one.
    pub seen: Option<SeenLine>,
    /// Whether the line was written since: an accepted step is taken once.
    pub spent: bool,
}

/// What a line showed when it was decided on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenLine {
    /// The live addition.
    pub addition: Option<AdditionId>,
    /// What ConnectWise held.
    pub was: Option<Quantity>,
    /// What followed from the counts.
    pub wanted: Option<Quantity>,
}

impl Decision {
    /// Whether it still holds on a day.
    pub fn holds_on(&self, today: NaiveDate) -> bool {
        self.until.is_none_or(|until| today <= until)
    }

    /// `kept by mmiller on 2026-11-22 until 2026-12-31 ("asked Acme")`.
    pub fn said(&self) -> String {
        let done = match self.verb {
            Verb::Accept => "accepted",
            Verb::Keep => "kept",
            Verb::Ignore => "ignored",
            Verb::Reopen => "reopened",
        };
        let until = self.until.map(|until| format!(" until {until}")).unwrap_or_default();
        let note = if self.note.is_empty() { String::new() } else { format!(" (\"{}\")", self.note) };
        format!("{done} by {} on {}{until}{note}", self.who, self.at.date_naive())
    }

    pub(crate) fn expired(&self, about: &Finding) -> Finding {
        let Finding { customer, service, handle, .. } = about.clone();
        let message = format!("{}; it has expired, and the ordinary rules apply again", self.said());
        let again = format!("recount {} {} --until DATE", self.verb, handle.as_deref().unwrap_or(&self.handle));
        let fix = Remedy::command(again);
        Finding { customer, service, handle, fix, ..finding(Severity::Warning, Code::DecisionExpired, message) }
    }
}
