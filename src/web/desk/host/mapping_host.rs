//! The trait behind the pages of customers: which company each is, what it could be, and what a person chose.

use crate::reconcile::model::ids::{AdditionId, AgreementId, CompanyId, CustomerName, IntegrationName, ServiceName};
use crate::reconcile::model::mapping::CustomerTarget;
use crate::web::desk::host::not_done::NotDone;

/// The functions of `recount map`.
pub trait MappingHost {
    /// Every customer of customers.csv and of the newest plans. ConnectWise is not asked.
    fn customers(&self) -> Result<Vec<MappedCustomer>, String>;

    /// What was agreed beyond the bare count, about this customer or about everybody.
    fn agreed(&self, customer: &CustomerName) -> Result<Vec<AgreedPolicy>, String>;

    /// Which companies the unmapped customers may be; `None` if that takes a look into ConnectWise and `look` is false.
    fn guesses(&self, look: bool) -> Result<Option<Vec<CompanyGuess>>, NotDone>;

    /// Companies with this in their name, identifier or number; without it those that are alike the customer's name.
    fn companies(&self, customer: &MappedCustomer, typed: &str) -> Result<Vec<CompanyChoice>, NotDone>;

    /// The agreements of a company.
    fn agreements(&self, integration: &IntegrationName, company: CompanyId) -> Result<AgreementChoices, NotDone>;

    /// Adds, changes or takes out one row of customers.csv, in the name of a person. A company and an agreement are
    /// looked up in ConnectWise first.
    fn map(&self, who: &str, change: &RowChange) -> Result<(), NotDone>;

    /// Adds a row for each of these customers who still has exactly the one company of the same name that was shown.
    fn map_exact(&self, who: &str, chosen: &[(String, CompanyId)]) -> Result<(), NotDone>;

    /// Writes which of the additions a line means that is held for being several.
    fn pin(&self, who: &str, handle: &str, addition: AdditionId) -> Result<(), NotDone>;

    /// The files that are edited here, as each integration has them: their names, and those under which their versions
    /// are kept.
    fn edited_files(&self) -> Vec<(IntegrationName, (String, String))>;
}

/// A customer of one integration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedCustomer {
    /// Whose.
    pub integration: IntegrationName,
    /// Its name in the export.
    pub name: CustomerName,
    /// Its handle.
    pub handle: String,
    /// What its row says; `None` if it has none.
    pub target: Option<CustomerTarget>,
    /// The note in its row; may be empty.
    pub note: String,
    /// The company's name, where it is known already.
    pub company: Option<String>,
    /// Whether the newest plan counts it.
    pub is_counted: bool,
    /// Whether the newest plan says that nobody mapped it.
    pub is_unmapped: bool,
}

impl MappedCustomer {
    /// What a page shows of its row, and a form carries.
    pub fn as_shown(&self) -> String {
        let target = row_text(self.target.as_ref());
        if self.note.is_empty() { target } else { format!("{target} {}", self.note) }
    }
}

fn row_text(target: Option<&CustomerTarget>) -> String {
    match target {
        None => "none".to_owned(),
        Some(CustomerTarget::Skip) => "skip".to_owned(),
        Some(CustomerTarget::Company { company, agreement: None }) => company.to_string(),
        Some(CustomerTarget::Company { company, agreement: Some(agreement) }) => format!("{company}:{agreement}"),
    }
}

/// What was agreed about a service beyond its bare count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgreedPolicy {
    /// Whose.
    pub integration: IntegrationName,
    /// The service; `None` for what holds for every line of the integration.
    pub service: Option<ServiceName>,
    /// What, in words.
    pub said: String,
    /// Whether it was agreed with this customer alone.
    pub is_own: bool,
}

/// Which company an unmapped customer may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanyGuess {
    /// Who.
    pub customer: MappedCustomer,
    /// The candidates, best first.
    pub candidates: Vec<CompanyCandidate>,
    /// Whether several are as good as the best.
    pub is_ambiguous: bool,
    /// The one company of its very name, where nobody else is billed yet.
    pub exact: Option<CompanyId>,
}

/// A guess.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanyCandidate {
    /// Its record id.
    pub company: CompanyId,
    /// Its name.
    pub name: String,
    /// Why it may be that.
    pub why: String,
}

/// A company that may be chosen, or why it cannot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanyChoice {
    /// Its record id.
    pub company: CompanyId,
    /// Its name.
    pub name: String,
    /// Its types and its status.
    pub said: String,
    /// Why it is shown, such as how it is alike.
    pub why: String,
    /// Why it cannot be chosen.
    pub off: Option<String>,
}

/// The agreements of one company.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AgreementChoices {
    /// What a blank agreement means, and today's agreement of it or why there is none; nothing where the configuration
    /// names no default.
    pub default: Option<(String, Result<String, String>)>,
    /// All of them, those that bill first.
    pub agreements: Vec<AgreementChoice>,
}

/// An agreement that may be chosen, or why it cannot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgreementChoice {
    /// Its record id.
    pub agreement: AgreementId,
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: String,
    /// Why nothing is billed on it.
    pub off: Option<String>,
}

/// A change of one row, for what was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowChange {
    /// The customer's handle.
    pub handle: String,
    /// What the page showed of its row.
    pub shown: String,
    /// What the row is to say; `None` takes it out.
    pub target: Option<CustomerTarget>,
    /// Why; empty takes out the note that is there, and `None` leaves it.
    pub note: Option<String>,
}
