//! The trait behind the pages of services: what each is billed as, and what a person chose.

use rust_decimal::Decimal;

use crate::history::run_record::RunRecord;
use crate::reconcile::model::ids::{IntegrationName, ProductCode, ServiceName};
use crate::reconcile::model::mapping::ServiceRule;
use crate::web::desk::host::not_done::NotDone;

/// The services of the integrations.
pub trait ServicesHost {
    /// Every service of the configuration and of the newest plans. ConnectWise is not asked.
    fn services(&self) -> Result<Vec<KnownService>, String>;

    /// Catalog items with this in identifier or description; without it those that are alike the service's name.
    fn products(&self, service: &KnownService, typed: &str) -> Result<Vec<ProductChoice>, NotDone>;

    /// The plans that would be drawn now without this choice and with it. They are stored nowhere.
    fn try_service(&self, service: &KnownService, choice: &PressedChoice) -> Result<TriedPlans, NotDone>;

    /// Writes the choice into the `services_file`, in the name of a person, if the service is as it was shown.
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
    /// What its file says of it beside its products, as it is written there: `multiply = 2`.
    pub beside: Vec<String>,
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

/// What a choice would change is how these two differ: another service of a product has its line changed, too, and what
/// is left behind stands on lines that do not count the service any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriedPlans {
    /// The plan as it would be drawn now.
    pub as_it_is: RunRecord,
    /// The plan as it would be drawn with the choice.
    pub as_chosen: RunRecord,
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
        let rule = self.rule_shown();
        if self.beside.is_empty() { rule } else { format!("{rule}; {}", self.beside.join(", ")) }
    }

    /// What goes with a choice, because it stands beside products that would not be there any more.
    pub fn lost_by(&self, choice: &PressedChoice) -> &[String] {
        let stays = matches!((&self.rule, choice), (Some(ServiceRule::Billed(_)), PressedChoice::Products(_)));
        if stays { &[] } else { &self.beside }
    }

    fn rule_shown(&self) -> String {
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
