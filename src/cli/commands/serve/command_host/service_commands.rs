//! `ServicesHost` by the mapping of services: what they are billed as, and what a choice would change.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rust_decimal::Decimal;

use crate::cli::commands::answer::desk_answers::not_done;
use crate::cli::commands::map::known_records::KnownRecords;
use crate::cli::commands::serve::command_host::CommandHost;
use crate::cli::commands::serve::what_if;
use crate::cli::error::CommandError;
use crate::cli::wiring::keep_file_version;
use crate::config::edit::services_toml::{ServiceChoice, ServicesEditError, set_service};
use crate::config::settings::{Config, IntegrationConfig};
use crate::error_chain::error_chain;
use crate::history::run_record::RunRecord;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::connectwise_records::Product;
use crate::reconcile::model::display_text::escaped;
use crate::reconcile::model::ids::{CustomerName, ProductCode, ServiceName};
use crate::reconcile::model::plan::handle;
use crate::reconcile::model::plan::remedy::Remedy;
use crate::report::exit_codes::Exit;
use crate::report::lines;
use crate::suggest::name_matcher::{Matcher, Record};
use crate::web::desk::host::not_done::{NotDone, NotDoneKind};
use crate::web::desk::host::services_host::{KnownService, PressedChoice, ProductChoice, ServiceChange, ServicesHost};

/// Catalog items that are listed at once.
const LISTED: usize = 25;

impl ServicesHost for CommandHost {
    fn services(&self) -> Result<Vec<KnownService>, String> {
        let config = crate::config::load::load(&self.path).map_err(|errors| errors.to_string())?;
        known(&config).map_err(|error| error_chain(&error))
    }

    fn products(&self, service: &KnownService, typed: &str) -> Result<Vec<ProductChoice>, NotDone> {
        products(&self.config()?, &self.known, service, typed).map_err(not_done)
    }

    fn try_service(&self, service: &KnownService, choice: &PressedChoice) -> Result<RunRecord, NotDone> {
        let mut config = self.config()?;
        if let Some(Ok(mapping)) = config.integrations.get_mut(&service.integration).map(|one| one.mapping.as_mut()) {
            let rule = of_desk(choice).applied_to(mapping.services.get(&service.name));
            mapping.services.insert(service.name.clone(), rule);
        }
        what_if::drawn(&self.trial, config, &service.integration).map_err(not_done)
    }

    fn set_service(&self, who: &str, change: &ServiceChange) -> Result<(), NotDone> {
        let config = self.config()?;
        let services = known(&config).map_err(|error| not_done(error.into()))?;
        let moved = |message: String| NotDone { kind: NotDoneKind::Moved, message, fix: Remedy::Unsaid };
        let service = services.iter().find(|one| one.handle == change.handle);
        let service = service.ok_or_else(|| moved("this service is not there any more".to_owned()))?;
        if service.as_shown() != change.shown {
            return Err(moved(format!("{} was changed a moment ago: {}", service.name, service.as_shown())));
        }
        save(&config, who, service, &of_desk(&change.choice))
    }
}

fn of_desk(choice: &PressedChoice) -> ServiceChoice {
    match choice {
        PressedChoice::Products(products) => ServiceChoice::Products(products.clone()),
        PressedChoice::NotAssigned => ServiceChoice::NotAssigned,
        PressedChoice::Deprecated => ServiceChoice::Deprecated,
    }
}

fn save(config: &Config, who: &str, service: &KnownService, choice: &ServiceChoice) -> Result<(), NotDone> {
    let integration = &config.integrations[&service.integration];
    let Some(path) = &integration.services_path else {
        let message = "its services stand in recount.toml, which the desk does not change".to_owned();
        return Err(NotDone { kind: NotDoneKind::Wrong, message, fix: by_hand(service, choice, integration) });
    };
    let names_items = integration.export.layout.item().is_some();
    let change = set_service(path, &service.name, choice, names_items).map_err(|error| {
        let kind = match error {
            ServicesEditError::Changed { .. } => NotDoneKind::Moved,
            _ => NotDoneKind::Wrong,
        };
        NotDone { kind, message: error_chain(&error), fix: by_hand(service, choice, integration) }
    })?;
    keep_file_version::keep(config, &change, who);
    Ok(())
}

/// The line that an administrator writes where the desk may not.
fn by_hand(service: &KnownService, choice: &ServiceChoice, of: &IntegrationConfig) -> Remedy {
    let quoted = |text: &str| toml_edit::Value::from(text).to_string().trim().to_owned();
    let rule = match choice {
        ServiceChoice::NotAssigned => "not_assigned = true".to_owned(),
        ServiceChoice::Deprecated => "deprecated = true".to_owned(),
        ServiceChoice::Products(products) => match products.as_slice() {
            [one] => format!("product = {}", quoted(one.as_str())),
            several => {
                let several: Vec<String> = several.iter().map(|one| quoted(one.as_str())).collect();
                format!("products = [{}]", several.join(", "))
            }
        },
    };
    let (name, integration) = (quoted(service.name.as_str()), &service.integration);
    let line = format!("write {name} = {{ {rule} }}");
    match of.services_path.as_deref().and_then(Path::file_name) {
        Some(file) => format!("{line} in {}", escaped(&file.to_string_lossy())).into(),
        None => Remedy::settings(format!("{line} under [integration.{integration}.services]")),
    }
}

fn known(config: &Config) -> Result<Vec<KnownService>, StoreError> {
    let history = History::open_existing(&config.state)?;
    let mut services = Vec::new();
    for integration in config.integrations.values() {
        let plan = history.as_ref().map(|history| history.latest_plan(&integration.name)).transpose()?.flatten();
        services.extend(of_integration(integration, plan.as_ref()));
    }
    Ok(services)
}

/// Who has a service, and how many of it.
type Uses<'a> = BTreeMap<&'a CustomerName, Decimal>;

fn of_integration(integration: &IntegrationConfig, plan: Option<&RunRecord>) -> Vec<KnownService> {
    let Ok(mapping) = &integration.mapping else { return Vec::new() };
    let mut used: BTreeMap<&ServiceName, Uses<'_>> = BTreeMap::new();
    // A bundle's lines repeat one count.
    for source in plan.into_iter().flat_map(lines).flat_map(|line| &line.sources).filter(|one| !one.lines.is_empty()) {
        let units = source.count.map(|count| count.as_decimal()).unwrap_or_default();
        used.entry(&source.service).or_default().insert(&source.customer, units);
    }
    let findings = plan.and_then(|plan| plan.end.as_ref()).map(|end| end.findings.as_slice()).unwrap_or_default();
    let named = findings.iter().filter_map(|finding| finding.service.as_ref());
    let all: BTreeSet<&ServiceName> = mapping.services.keys().chain(used.keys().copied()).chain(named).collect();
    let known = |name: &ServiceName| KnownService {
        integration: integration.name.clone(),
        name: name.clone(),
        handle: handle::of_matter(&integration.name, "service", name.as_str()),
        rule: mapping.services.get(name).cloned(),
        customers: used.get(name).map_or(0, BTreeMap::len),
        units: used.get(name).map(|uses| uses.values().sum()).unwrap_or_default(),
        has_file: integration.services_path.is_some(),
    };
    all.into_iter().map(known).collect()
}

fn products(
    config: &Config,
    known: &KnownRecords,
    service: &KnownService,
    typed: &str,
) -> Result<Vec<ProductChoice>, CommandError> {
    let gone = || CommandError::new(Exit::Config, "the integration is not there any more", "");
    let integration = config.integrations.get(&service.integration).ok_or_else(gone)?;
    let catalog = known.catalog(config, integration)?;
    let typed = typed.trim().to_lowercase();
    if typed.is_empty() {
        return Ok(alike(&catalog, service));
    }
    let fits = |text: &str| text.to_lowercase().contains(&typed);
    let mut found: Vec<&Product> =
        catalog.iter().filter(|one| fits(&one.identifier) || fits(&one.description)).collect();
    found.sort_by(|a, b| a.identifier.cmp(&b.identifier));
    Ok(found.into_iter().take(LISTED).map(|one| choice(one, String::new())).collect())
}

fn alike(catalog: &[Product], service: &KnownService) -> Vec<ProductChoice> {
    let by_id: BTreeMap<i64, &Product> = catalog.iter().map(|one| (one.id.0, one)).collect();
    let record = |one: &Product| Record { id: one.id.0, code: one.identifier.clone(), name: one.description.clone() };
    let candidates = Matcher::new(catalog.iter().map(record)).candidates(service.name.as_str());
    let offered =
        candidates.into_iter().filter_map(|one| Some(choice(by_id.get(&one.record.id)?, one.reason.to_string())));
    offered.collect()
}

fn choice(product: &Product, why: String) -> ProductChoice {
    let off = match (product.inactive, product.bundle_class) {
        (true, _) => Some("inactive in the catalog"),
        (_, true) => Some("of class Bundle: choose the products in it instead"),
        _ => None,
    };
    let (code, description) = (ProductCode::new(&product.identifier), product.description.clone());
    ProductChoice { product: code, description, why, off }
}
