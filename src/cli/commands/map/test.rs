//! `recount map test EXPORT`: what of a file is mapped, without a word to ConnectWise.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use crate::cli::arguments::global_options::Global;
use crate::cli::arguments::typed_integration;
use crate::cli::commands::map::inventory;
use crate::cli::commands::map::mapping_state::{MappingState, counted};
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::{clock, session};
use crate::config::settings::{Config, IntegrationConfig};
use crate::error_chain::error_chain;
use crate::export::locate::one_file;
use crate::reconcile::model::display_text::escaped;
use crate::reconcile::model::export::counts::{Counts, CustomerCounts};
use crate::reconcile::model::ids::{CustomerName, IntegrationName, ProductCode, ServiceName};
use crate::reconcile::model::mapping::{CustomerTarget, Mapping, MatchCustomers, ServiceRule};
use crate::reconcile::model::plan::handle;
use crate::reconcile::model::plan::outcome::Mode;
use crate::report::exit_codes::Exit;
use crate::report::format::text::wrapped;
use crate::report::numbers_and_dates::plural;

/// Arguments of `map test`.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// The export file
    export: PathBuf,
    /// Whose export it is; may be left out where there is only one integration
    integration: Option<String>,
}

pub(super) fn run(global: &Global, options: &Options, console: &Console) -> Exit {
    match tested(global, options) {
        Err(error) => error.tell(console),
        Ok(tested) => console.show(tested.exit, &tested, || tested.text()),
    }
}

#[derive(Debug, Serialize)]
struct Tested {
    integration: String,
    export: String,
    rows: usize,
    rejected: usize,
    customers: Vec<Customer>,
    services: Vec<Service>,
    #[serde(skip)]
    exit: Exit,
}

#[derive(Debug, Serialize)]
struct Customer {
    customer: CustomerName,
    handle: String,
    state: MappingState,
    company_id: Option<i64>,
    agreement_id: Option<i64>,
}

#[derive(Debug, Serialize)]
struct Service {
    service: ServiceName,
    state: MappingState,
    products: Vec<ProductCode>,
    customers: usize,
}

fn tested(global: &Global, options: &Options) -> Result<Tested, CommandError> {
    let config = session::configuration(global)?;
    let integration = whose(&config, options.integration.as_deref())?;
    let mapping = inventory::mapping(integration)?;
    let pattern = PathBuf::from(glob::Pattern::escape(&options.export.to_string_lossy()));
    let export = one_file::read(&pattern, &integration.export.layout, clock::now()).map_err(|error| {
        CommandError::new(
            Exit::Refused,
            error_chain(&error),
            "name a file of this vendor; recount check shows the columns",
        )
    })?;
    Ok(Tested::new(&integration.name, mapping, &export.counts, options.export.display().to_string()))
}

fn whose<'a>(config: &'a Config, name: Option<&str>) -> Result<&'a IntegrationConfig, CommandError> {
    if let Some(name) = name {
        return typed_integration::named(config, name);
    }
    let on = || config.integrations.values().filter(|one| one.mode != Mode::Off);
    let all: Vec<&IntegrationConfig> = match on().next() {
        Some(_) => on().collect(),
        None => config.integrations.values().collect(),
    };
    match all.as_slice() {
        [one] => Ok(one),
        several => {
            let names: Vec<&str> = several.iter().map(|one| one.name.as_str()).collect();
            let message = format!("there are several integrations: {}", names.join(", "));
            Err(CommandError::new(Exit::Usage, message, "say whose export it is: recount map test EXPORT INTEGRATION"))
        }
    }
}

impl Tested {
    fn new(integration: &IntegrationName, mapping: &Mapping, counts: &Counts, export: String) -> Self {
        let customer = |name: &CustomerName| Customer::new(integration, mapping, name);
        let mut customers: Vec<Customer> = counts.customers.keys().map(customer).collect();
        customers.sort_by(|a, b| (a.state, &a.customer).cmp(&(b.state, &b.customer)));
        let mut uses = std::collections::BTreeMap::<&ServiceName, usize>::new();
        for service in counts.customers.values().flat_map(CustomerCounts::services) {
            *uses.entry(service).or_default() += 1;
        }
        let mut services: Vec<Service> =
            uses.into_iter().map(|(name, customers)| Service::new(mapping, name, customers)).collect();
        services.sort_by(|a, b| (a.state, &a.service).cmp(&(b.state, &b.service)));
        let asks = |state: MappingState| matches!(state, MappingState::Unmapped | MappingState::Deprecated);
        let decide = customers.iter().any(|one| asks(one.state)) || services.iter().any(|one| asks(one.state));
        let exit = if decide { Exit::Decide } else { Exit::Done };
        Self {
            integration: integration.to_string(),
            export,
            rows: counts.rows,
            rejected: counts.rejected.len(),
            customers,
            services,
            exit,
        }
    }

    fn text(&self) -> String {
        let Self { integration, export, rows, rejected, customers, services, .. } = self;
        let mut text = String::new();
        let _ = writeln!(text, "{integration}  {}: {}, {rejected} unreadable", escaped(export), plural(*rows, "row"));
        let _ = writeln!(text, "CUSTOMERS  {}", counted(customers.iter().map(|one| one.state), "none"));
        for one in customers {
            inventory::entry(&mut text, one.state.sign(), &one.handle, one.customer.as_str(), &[one.target()]);
        }
        let _ = writeln!(text, "SERVICES  {}", counted(services.iter().map(|one| one.state), "none"));
        for one in services {
            inventory::entry(&mut text, one.state.sign(), "", one.service.as_str(), &[one.target()]);
        }
        if self.exit != Exit::Done {
            let next = "Next: recount map suggest · recount map suggest --services";
            wrapped(&mut text, next, "", "      ");
        }
        text
    }
}

impl Customer {
    fn new(integration: &IntegrationName, mapping: &Mapping, customer: &CustomerName) -> Self {
        let by_name = mapping.match_customers == MatchCustomers::ExactName;
        let (state, company_id, agreement_id) = match mapping.customers.get(customer).map(|row| &row.target) {
            Some(CustomerTarget::Company { company, agreement }) => {
                (MappingState::Mapped, Some(company.0), agreement.map(|id| id.0))
            }
            Some(CustomerTarget::Skip) => (MappingState::Skipped, None, None),
            None if by_name => (MappingState::MaybeByName, None, None),
            None => (MappingState::Unmapped, None, None),
        };
        let handle = handle::of_customer(integration, customer);
        Self { customer: customer.clone(), handle, state, company_id, agreement_id }
    }

    fn target(&self) -> String {
        let agreement = self.agreement_id.map_or("its default agreement".to_owned(), |id| format!("agreement {id}"));
        self.company_id.map(|company| format!("company {company} · {agreement}")).unwrap_or_default()
    }
}

impl Service {
    fn new(mapping: &Mapping, service: &ServiceName, customers: usize) -> Self {
        let (state, products) = match mapping.services.get(service) {
            Some(ServiceRule::Billed(billed)) => (MappingState::Mapped, billed.products.clone()),
            Some(ServiceRule::NotAssigned) => (MappingState::Skipped, Vec::new()),
            Some(ServiceRule::Deprecated { product }) => (MappingState::Deprecated, product.iter().cloned().collect()),
            None => (MappingState::Unmapped, Vec::new()),
        };
        Self { service: service.clone(), state, products, customers }
    }

    fn target(&self) -> String {
        let products: Vec<String> = self.products.iter().map(|product| format!("product {product}")).collect();
        let s = if self.customers == 1 { "" } else { "s" };
        let of = format!("of {} customer{s}", self.customers);
        products.into_iter().chain([of]).collect::<Vec<_>>().join(" · ")
    }
}
