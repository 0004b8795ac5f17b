//! The operator's mapping: which customer is which company, and which service is billed as which products.

use std::collections::{BTreeMap, BTreeSet};

use crate::reconcile::model::bill_customer::Bill;
use crate::reconcile::model::connectwise_records::{Agreement, AgreementSign, Company};
use crate::reconcile::model::display_text::escaped;
use crate::reconcile::model::ids::{AdditionId, AgreementId, CompanyId, CustomerName, ProductCode, ServiceName};
use crate::reconcile::model::plan::remedy::Remedy;
use crate::reconcile::model::quantity_policy::Policy;

/// Everything that says where a count is billed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mapping {
    /// `customers.csv`, by customer. Each customer stands there at most once.
    pub customers: BTreeMap<CustomerName, CustomerRow>,
    /// What a customer without a row means.
    pub match_customers: MatchCustomers,
    /// Which companies are matched by name and suggested. A `company_id` in a row is beyond it.
    pub companies_of: CompanyFilter,
    /// `[integration.NAME.services]`.
    pub services: BTreeMap<ServiceName, ServiceRule>,
    /// The name of the `services_file`, where they stand in one.
    pub services_file: Option<Box<str>>,
    /// Used where a row names no agreement.
    pub default_agreement: Option<AgreementRule>,
    /// Whether a missing addition may be created.
    pub create_lines: bool,
    /// Whether the configuration leaves `create_lines` out, which means false.
    pub create_lines_unset: bool,
    /// `names_on_line`: a line that is created for an item names it in its invoice description as well, where the name is
    /// short enough for the serial number.
    pub names_on_line: bool,
    /// How often companies that nobody mapped are looked through.
    pub sweep: Sweep,
    /// `freeze`: days before an agreement's next invoice on which nothing is written; 0 for never.
    pub freeze_days: u32,
    /// `quantity_decimals`: what ConnectWise keeps of a quantity; `None` to learn it.
    pub quantity_decimals: Option<u32>,
    /// `[[integration.NAME.policy]]`: what was agreed with one customer about one service.
    pub policies: BTreeMap<CustomerName, BTreeMap<ServiceName, Policy>>,
    /// Additions that the operator named (`addition_id`): of several live ones, the pinned one is meant.
    pub pins: BTreeSet<AdditionId>,
}

/// One row of `customers.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerRow {
    /// What the row says.
    pub target: CustomerTarget,
    /// Its line in the file.
    pub line: u64,
    /// What somebody noted of it; may be empty. It decides nothing.
    pub note: String,
}

/// Where a customer is billed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CustomerTarget {
    /// A blank `company_id`: skipped on purpose.
    Skip,
    /// A company, and its agreement if the row names one.
    Company {
        /// `company_id`.
        company: CompanyId,
        /// `agreement_id`; `None` means the default agreement.
        agreement: Option<AgreementId>,
    },
}

/// What a customer without a row means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MatchCustomers {
    /// It is unmapped, and reported first.
    #[default]
    Mapped,
    /// It is the one company of that exact name, if there is exactly one.
    ExactName,
}

/// `sweep`: how often mapped products are looked for on agreements of companies that nobody mapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sweep {
    /// By the first run from Monday.
    #[default]
    Weekly,
    /// By every run.
    Nightly,
    /// Never.
    Off,
}

/// `company_types` and `company_statuses`. Names are folded: ConnectWise compares them without regard to case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CompanyFilter {
    /// Names of types; empty means any.
    pub kinds: BTreeSet<String>,
    /// Whether every type of a company has to be among them, and not one of them only.
    pub every_kind: bool,
    /// Names of statuses; empty means any.
    pub statuses: BTreeSet<String>,
}

impl CompanyFilter {
    /// Whether a company is in question at all. A deleted one never is.
    pub fn admits(&self, company: &Company) -> bool {
        let mut kinds = company.kinds.iter().map(|kind| self.kinds.contains(&folded(kind)));
        let of_kind = self.kinds.is_empty()
            || if self.every_kind {
                !company.kinds.is_empty() && kinds.all(|fits| fits)
            } else {
                kinds.any(|fits| fits)
            };
        let of_status = self.statuses.is_empty() || self.statuses.contains(&folded(&company.status));
        !company.deleted && of_kind && of_status
    }
}

/// The form that names of types and statuses are compared in.
pub fn folded(name: &str) -> String {
    name.trim().to_lowercase()
}

/// How the default agreement is told from a company's others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgreementRule {
    /// By the name of its type.
    Type(String),
    /// By its own name.
    Name(String),
}

/// What becomes of a service's count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServiceRule {
    /// It is billed.
    Billed(Billed),
    /// Known, and no longer to be mapped.
    Deprecated {
        /// A product that stands there nevertheless: nothing is billed by it until someone has looked.
        product: Option<ProductCode>,
    },
    /// Ignored on purpose.
    NotAssigned,
}

/// How a service is billed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Billed {
    /// One line for each; a bundle names several, and they stay separate lines. Never empty, no product twice.
    pub products: Vec<ProductCode>,
    /// A fraction of a unit is a mistake.
    pub whole: bool,
    /// What a count comes to, where nothing else was agreed with the customer.
    pub policy: Policy,
    /// One line for all, or one for each item. The same for all services of a product.
    pub lines: LineShape,
    /// Whether the items behind a count stand in the report.
    pub names_in_report: bool,
    /// How created lines are billed; lines that are there are compared with it. The same for all services of a product.
    pub bill: Option<Bill>,
}

/// How the units of a service stand on an agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LineShape {
    /// All in one line.
    #[default]
    Total,
    /// Each item in a line of its own.
    PerItem,
}

impl Billed {
    /// Whether this product is one of its lines, in whatever letters it is written.
    pub fn is_billed_as(&self, product: &ProductCode) -> bool {
        self.products.iter().any(|billed| billed == product || billed.folded() == product.folded())
    }
}

impl Mapping {
    /// The name of the file that the services stand in.
    pub fn services_in(&self) -> &str {
        self.services_file.as_deref().unwrap_or("recount.toml")
    }

    /// A change of what is said of the services, in whatever file they stand.
    pub fn edit_services(&self, change: &str) -> Remedy {
        match &self.services_file {
            None => Remedy::settings(change),
            Some(file) => Remedy::Words(format!("{change} in {}", escaped(file)).into()),
        }
    }

    /// The services that are billed, with their products.
    pub fn billed(&self) -> impl Iterator<Item = (&ServiceName, &Billed)> {
        self.services.iter().filter_map(|(service, rule)| match rule {
            ServiceRule::Billed(billed) => Some((service, billed)),
            ServiceRule::Deprecated { .. } | ServiceRule::NotAssigned => None,
        })
    }

    /// Whether some service has a line for each of its items.
    pub fn bills_items(&self) -> bool {
        self.billed().any(|(_, billed)| billed.lines == LineShape::PerItem)
    }

    /// The products that services are billed as.
    pub fn products(&self) -> BTreeSet<&ProductCode> {
        self.billed().flat_map(|(_, billed)| &billed.products).collect()
    }

    /// What was agreed about a service, with the customer or with all.
    pub fn policy<'a>(&'a self, customer: &CustomerName, service: &ServiceName, billed: &'a Billed) -> &'a Policy {
        self.policies.get(customer).and_then(|own| own.get(service)).unwrap_or(&billed.policy)
    }

    /// The services whose counts of earlier days some policy asks for.
    pub fn looked_back_on(&self) -> BTreeSet<&ServiceName> {
        let general = self.billed().filter(|(_, billed)| billed.policy.looks_back()).map(|(service, _)| service);
        let own = self.policies.values().flatten().filter(|(_, policy)| policy.looks_back());
        general.chain(own.map(|(service, _)| service)).collect()
    }

    /// The companies that the rows name.
    pub fn companies(&self) -> BTreeSet<CompanyId> {
        self.placed().map(|(company, _)| company).collect()
    }

    /// The customers that the rows bill in a company.
    pub fn customers_of(&self, company: CompanyId) -> impl Iterator<Item = &CustomerName> {
        let rows = self.customers.iter().filter(move |(_, row)| match row.target {
            CustomerTarget::Company { company: id, .. } => id == company,
            CustomerTarget::Skip => false,
        });
        rows.map(|(customer, _)| customer)
    }

    /// The agreements that the rows name.
    pub fn agreements(&self) -> BTreeSet<AgreementId> {
        self.placed().filter_map(|(_, agreement)| agreement).collect()
    }

    fn placed(&self) -> impl Iterator<Item = (CompanyId, Option<AgreementId>)> {
        self.customers.values().filter_map(|row| match row.target {
            CustomerTarget::Company { company, agreement } => Some((company, agreement)),
            CustomerTarget::Skip => None,
        })
    }
}

impl AgreementRule {
    pub(crate) fn matches(&self, agreement: &Agreement) -> bool {
        match self {
            AgreementRule::Type(kind) => agreement.kind.trim() == kind,
            AgreementRule::Name(name) => agreement.name.trim() == name,
        }
    }

    /// Whether an agreement that cannot be read may be the one that the rule means, whosever it is.
    pub(crate) fn may_match(&self, sign: &AgreementSign) -> bool {
        let (told, meant) = match self {
            AgreementRule::Type(kind) => (&sign.kind, kind),
            AgreementRule::Name(name) => (&sign.name, name),
        };
        told.as_ref().is_none_or(|told| told.trim() == meant)
    }
}

impl std::fmt::Display for AgreementRule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            AgreementRule::Type(kind) => write!(f, "of type \"{kind}\""),
            AgreementRule::Name(name) => write!(f, "named \"{name}\""),
        }
    }
}
