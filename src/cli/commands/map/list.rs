//! `recount map list`: every customer, with its company and agreement.

use std::fmt::Write as _;

use clap::Args;
use serde::Serialize;

use crate::cli::arguments::global_options::Global;
use crate::cli::commands::map::inventory;
use crate::cli::commands::map::inventory::{Inventory, PerIntegration};
use crate::cli::commands::map::mapping_state::{MappingState, counted};
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::{clock, session};
use crate::config::settings::Config;
use crate::nightly::night_failure::Failure;
use crate::nightly::precheck::{PlacedCustomers, place_customers};
use crate::reconcile::matching::placement::Place;
use crate::reconcile::model::display_text::escaped;
use crate::reconcile::model::ids::{CustomerName, IntegrationName};
use crate::reconcile::model::mapping::{CustomerTarget, MatchCustomers};
use crate::reconcile::model::plan::reason_code::Code;
use crate::reconcile::model::plan::remedy::Remedy;
use crate::report::exit_codes::Exit;
use crate::report::format::json::one_text;
use crate::report::format::text::{ways, wrapped};

/// Arguments of `map list`.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// Whose customers; none means those of all integrations that are not off
    integration: Option<String>,
    /// Show what the files say, and ask nothing of ConnectWise
    #[arg(long)]
    offline: bool,
}

pub(super) fn run(global: &Global, options: &Options, console: &Console) -> Exit {
    match lists(global, options) {
        Err(error) => error.tell(console),
        Ok(lists) => {
            let exit = lists.lists.iter().map(|list| list.exit).fold(Exit::Done, Exit::worst);
            inventory::print(console, exit, &lists, List::text)
        }
    }
}

#[derive(Debug, Serialize)]
struct List {
    integration: String,
    customers_file: String,
    /// Why ConnectWise was not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_asked: Option<String>,
    customers: Vec<Entry>,
    #[serde(skip)]
    exit: Exit,
    #[serde(skip)]
    warning: String,
}

#[derive(Debug, Serialize)]
struct Entry {
    customer: CustomerName,
    handle: String,
    state: MappingState,
    in_export: bool,
    company_id: Option<i64>,
    company: Option<String>,
    agreement_id: Option<i64>,
    agreement: Option<String>,
    message: String,
    #[serde(serialize_with = "one_text")]
    fix: Remedy,
}

fn lists(global: &Global, options: &Options) -> Result<PerIntegration<List>, CommandError> {
    let config = session::configuration(global)?;
    let runtime = session::runtime()?;
    PerIntegration::of(&config, options.integration.as_deref(), |inventory| {
        let found = match options.offline {
            true => Err(None),
            false => runtime.block_on(look(&config, inventory)).map_err(Some),
        };
        Ok(List::new(inventory, found))
    })
}

async fn look(config: &Config, inventory: &Inventory<'_>) -> Result<PlacedCustomers, Failure> {
    let client = session::connect(session::connectwise_of(config, inventory.integration)?)?;
    Ok(place_customers(&client, inventory.mapping, &inventory.counts, inventory.integration.zone.day(clock::now()))
        .await?)
}

impl List {
    /// `found` is what ConnectWise says, or why it says nothing: `None` if it was not to be asked.
    fn new(inventory: &Inventory<'_>, found: Result<PlacedCustomers, Option<Failure>>) -> Self {
        let mut warning = String::new();
        inventory.warn(&mut warning);
        let (found, failure) = match found {
            Ok(found) => (Some(found), None),
            Err(failure) => (None, failure),
        };
        let mut customers: Vec<Entry> =
            inventory.customers.iter().map(|customer| Entry::new(inventory, customer, found.as_ref())).collect();
        customers.sort_by(|a, b| (a.state, &a.customer).cmp(&(b.state, &b.customer)));
        Self {
            integration: inventory.integration.name.to_string(),
            customers_file: inventory.integration.customers_path.display().to_string(),
            exit: failure.as_ref().map_or(Exit::Done, |failure| failure.exit),
            not_asked: failure.map(|failure| failure.finding.message),
            customers,
            warning,
        }
    }

    fn text(&self) -> String {
        let counted = counted(self.customers.iter().map(|entry| entry.state), "no customer");
        let mut text = String::new();
        let _ = writeln!(text, "{}  {counted}", self.integration);
        if let Some(why) = &self.not_asked {
            wrapped(
                &mut text,
                &format!("ConnectWise could not be asked, so this is what the files say: {why}"),
                "  ",
                "  ",
            );
        }
        text.push_str(&self.warning);
        for entry in &self.customers {
            let Entry { customer, handle, state, message, fix, .. } = entry;
            let told = [entry.target(), escaped(message)];
            inventory::entry(&mut text, state.sign(), handle, customer.as_str(), &told);
            ways(&mut text, fix, "           ", "             ");
        }
        text
    }
}

impl Entry {
    fn new(inventory: &Inventory<'_>, customer: &CustomerName, found: Option<&PlacedCustomers>) -> Self {
        let mut entry = Self {
            customer: customer.clone(),
            handle: inventory.handle(customer),
            state: MappingState::Unmapped,
            in_export: inventory.counts.customers.contains_key(customer),
            company_id: None,
            company: None,
            agreement_id: None,
            agreement: None,
            message: String::new(),
            fix: Remedy::Unsaid,
        };
        entry.as_the_files_say(inventory);
        if let Some((found, place)) = found.and_then(|found| Some((found, found.places.get(customer)?))) {
            entry.as_connectwise_says(&inventory.integration.name, found, place);
        }
        if entry.state == MappingState::Unmapped {
            let handle = &entry.handle;
            let add = Remedy::command(format!("recount map add {handle} COMPANY_ID"));
            entry.fix = Remedy::in_turn([Remedy::command("recount map suggest"), add]);
        }
        entry
    }

    fn as_the_files_say(&mut self, inventory: &Inventory<'_>) {
        let by_name = inventory.mapping.match_customers == MatchCustomers::ExactName;
        self.state = match inventory.mapping.customers.get(&self.customer).map(|row| &row.target) {
            Some(CustomerTarget::Skip) => MappingState::Skipped,
            Some(CustomerTarget::Company { company, agreement }) => {
                self.company_id = Some(company.0);
                self.agreement_id = agreement.map(|id| id.0);
                MappingState::Mapped
            }
            None if by_name => MappingState::MaybeByName,
            None => MappingState::Unmapped,
        };
    }

    fn as_connectwise_says(&mut self, integration: &IntegrationName, found: &PlacedCustomers, place: &Place) {
        let by_name = self.company_id.is_none();
        if let Some((company, agreement)) = place.agreement() {
            (self.company_id, self.agreement_id) = (Some(company.0), Some(agreement.0));
            self.agreement = found.directory.agreements.get(&agreement).map(|agreement| agreement.name.clone());
        }
        let company = found.directory.companies.values().find(|company| Some(company.id.0) == self.company_id);
        self.company = company.map(|company| company.name.clone());
        self.state = match place {
            Place::Skipped => MappingState::Skipped,
            Place::On { .. } if by_name => MappingState::ByName,
            Place::On { .. } => MappingState::Mapped,
            Place::Blocked { problem, .. } | Place::Nowhere(problem) => {
                self.message.clone_from(&problem.message);
                self.fix = problem.remedy(integration, &self.customer);
                match problem.code {
                    Code::CustomerUnmapped | Code::CompanyAmbiguous => MappingState::Unmapped,
                    Code::CompanyMissing => MappingState::CompanyGone,
                    _ => MappingState::NoAgreement,
                }
            }
        };
    }

    fn target(&self) -> String {
        let named = |what: &str, id: Option<i64>, name: &Option<String>| {
            let name = name.as_ref().map(|name| format!(" \"{}\"", escaped(name)));
            id.map(|id| format!("{what} {id}{}", name.unwrap_or_default()))
        };
        let company = named("company", self.company_id, &self.company);
        let agreement = named("agreement", self.agreement_id, &self.agreement);
        let default = company.is_some() && agreement.is_none();
        let agreement = agreement.or_else(|| default.then(|| "its default agreement".to_owned()));
        company.into_iter().chain(agreement).collect::<Vec<_>>().join(" · ")
    }
}
