//! The trait behind the pages of services: what each is billed as, and what a person chose.

use rust_decimal::Decimal;

use crate::history::run_record::RunRecord;
use crate::reconcile::model::ids::{IntegrationName, ProductCode, ServiceName};
use crate::reconcile::model::mapping::ServiceRule;
use crate::web::desk::host::not_done::NotDone;

/// The services of the integrations.
pub trait ServicesHost {
    /// Every service of the configuration and of the newest plans. ConnectWise is not asked.
    ///
    /// # Errors
    /// A sentence for the log.
    fn services(&self) -> Result<Vec<KnownService>, String>;

    /// Catalog items with this in identifier or description; without it those that are alike the service's name.
    ///
    /// # Errors
    /// Why they cannot be read.
    fn products(&self, service: &KnownService, typed: &str) -> Result<Vec<ProductChoice>, NotDone>;

    /// The plan that would be drawn now with this choice. It is stored nowhere.
    ///
    /// # Errors
    /// Why it cannot be drawn.
    fn try_service(&self, service: &KnownService, choice: &PressedChoice) -> Result<RunRecord, NotDone>;

    /// Writes the choice into the `services_file`, in the name of a person, if the service is as it was shown.
    ///
    /// # Errors
    /// Why not.
    fn set_service(&self, who: &str, change: &ServiceChange) -> Result<(), NotDone>;
}

/// A service of one integration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownService {
    /// Whose.
    pub integration: IntegrationName,
    /// Its name in the export.
    pub name: ServiceName,
    /// Its handle.
    pub handle: String,
    /// What is said of it; `None` if nothing is.
    pub rule: Option<ServiceRule>,
    /// Customers that have it, by the newest plan.
    pub customers: usize,
    /// Their units, as far as they are known.
    pub units: Decimal,
    /// Whether the services of its integration are in a file that is edited here.
    pub has_file: bool,
}

/// What a person chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PressedChoice {
    /// Billed as these products.
    Products(Vec<ProductCode>),
    /// Ignored on purpose.
    NotAssigned,
    /// No longer to be mapped.
    Deprecated,
}

/// A change of one service, for what was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceChange {
    /// The service's handle.
    pub handle: String,
    /// What the page showed of it.
    pub shown: String,
    /// What becomes of it.
    pub choice: PressedChoice,
}

/// A catalog item that may be chosen, or why it cannot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductChoice {
    /// Its identifier.
    pub product: ProductCode,
    /// What it is called.
    pub description: String,
    /// Why it is shown, such as how it is alike.
    pub why: String,
    /// Why it cannot be chosen.
    pub off: Option<&'static str>,
}

impl KnownService {
    /// What a page shows of its rule, and a form carries.
    pub fn as_shown(&self) -> String {
        match &self.rule {
            None => "none".to_owned(),
            Some(ServiceRule::NotAssigned) => "not assigned".to_owned(),
            Some(ServiceRule::Deprecated { .. }) => "deprecated".to_owned(),
            Some(ServiceRule::Billed(billed)) => {
                let products: Vec<&str> = billed.products.iter().map(ProductCode::as_str).collect();
                products.join(", ")
            }
        }
    }
}
