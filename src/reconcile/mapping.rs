//! The operator's mapping: which customer is which company, and which service is billed as which products.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::reconcile::ids::AdditionId;
use crate::reconcile::ids::AgreementId;
use crate::reconcile::ids::CompanyId;
use crate::reconcile::ids::CustomerName;
use crate::reconcile::ids::ProductCode;
use crate::reconcile::ids::ServiceName;

/// Everything that says where a count is billed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mapping {
    /// `customers.csv`, by customer. Each customer stands there at most once.
    pub customers: BTreeMap<CustomerName, CustomerRow>,
    /// What a customer without a row means.
    pub match_customers: MatchCustomers,
    /// `[integration.NAME.services]`.
    pub services: BTreeMap<ServiceName, ServiceRule>,
    /// Used where a row names no agreement.
    pub default_agreement: Option<AgreementRule>,
    /// Whether a missing addition may be created.
    pub create_lines: bool,
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Billed {
    /// One line for each; a bundle names several, and they stay separate lines. Never empty, no product twice.
    pub products: Vec<ProductCode>,
    /// A fraction of a unit is a mistake.
    pub whole: bool,
}

impl Mapping {
    /// The services that are billed, with their products.
    pub fn billed(&self) -> impl Iterator<Item = (&ServiceName, &Billed)> {
        self.services.iter().filter_map(|(service, rule)| match rule {
            ServiceRule::Billed(billed) => Some((service, billed)),
            ServiceRule::Deprecated { .. } | ServiceRule::NotAssigned => None,
        })
    }

    /// The products that services are billed as.
    pub fn products(&self) -> BTreeSet<&ProductCode> {
        self.billed().flat_map(|(_, billed)| &billed.products).collect()
    }

    /// The companies that the rows name.
    pub fn companies(&self) -> BTreeSet<CompanyId> {
        self.placed().map(|(company, _)| company).collect()
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
