//! `recount map suggest`: which companies the unmapped customers may be, and which products the unmapped services.

use std::fmt::Write as _;
use std::path::Path;

use clap::Args;
use serde::Serialize;

use crate::cli::arguments::global_options::Global;
use crate::cli::arguments::typed_integration;
use crate::cli::commands::map::accept_exact;
use crate::cli::commands::map::accept_exact::ExactHit;
use crate::cli::commands::map::inventory;
use crate::cli::commands::map::inventory::{Inventory, PerIntegration};
use crate::cli::commands::map::mapping_state::MappingState;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::{clock, session};
use crate::config::settings::{Config, IntegrationConfig};
use crate::connectwise::Reader as _;
use crate::nightly::night_failure::Failure;
use crate::nightly::precheck::place_customers;
use crate::reconcile::model::connectwise_records::Company;
use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::ids::{CompanyId, CustomerName};
use crate::reconcile::model::mapping::{Mapping, MatchCustomers};
use crate::reconcile::model::plan::handle;
use crate::reconcile::model::plan::reason_code::Code;
use crate::report::exit_codes::Exit;
use crate::suggest::name_matcher::{Candidate, Matcher, Record, are_ambiguous, is_same_name};

/// Arguments of `map suggest`.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// Whose customers; none means those of all integrations that are not off
    integration: Option<String>,
    /// Products for services that are not configured, instead of companies for customers
    #[arg(long)]
    services: bool,
    /// Write a row for every customer whose one best hit bears the same name; shows them and asks
    #[arg(long, conflicts_with = "services")]
    accept_exact: bool,
    /// Without asking
    #[arg(long, requires = "accept_exact")]
    yes: bool,
}

impl Options {
    /// Whether it changes customers.csv.
    pub(super) fn writes(&self) -> bool {
        self.accept_exact
    }
}

pub(super) fn run(global: &Global, options: &Options, console: &Console) -> Exit {
    match lists(global, options) {
        Err(error) => error.tell(console),
        Ok(lists) if options.accept_exact => match accepted(global, &lists, options.yes, console) {
            Ok(exit) => exit,
            Err(error) => error.tell(console),
        },
        Ok(lists) => {
            let is_mapped = lists.lists.iter().all(|list| list.unmapped.is_empty());
            let exit = if is_mapped { Exit::Done } else { Exit::Decide };
            inventory::print(console, exit, &lists, List::text)
        }
    }
}

/// Writes the rows of those that have the one company of their name.
fn accepted(global: &Global, lists: &PerIntegration<List>, yes: bool, console: &Console) -> Result<Exit, CommandError> {
    let config = session::configuration(global)?;
    let lists = lists.all()?;
    let mut hits = Vec::new();
    for list in lists {
        let file = typed_integration::named(&config, &list.integration)?.customers_path.as_path();
        hits.extend(list.unmapped.iter().filter_map(|one| one.exact_hit(file)));
    }
    let left = lists.iter().map(|list| list.unmapped.len()).sum::<usize>() > hits.len();
    accept_exact::write(&config, &hits, yes, console)?;
    let exit = if left { Exit::Decide } else { Exit::Done };
    if console.json {
        console.document(exit, &Accepted { added: hits.len() });
    }
    Ok(exit)
}

#[derive(Serialize)]
struct Accepted {
    added: usize,
}

#[derive(Debug, Serialize)]
struct List {
    integration: String,
    /// Its name, where the services stand in one of their own.
    #[serde(skip)]
    services_file: Option<Box<str>>,
    /// `customers` or `services`.
    what: &'static str,
    unmapped: Vec<Unmapped>,
    #[serde(skip)]
    warning: String,
}

#[derive(Debug, Serialize)]
pub(super) struct Unmapped {
    pub(super) name: String,
    /// Of a customer.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) handle: String,
    /// Whether several candidates are as good as the best.
    pub(super) ambiguous: bool,
    pub(super) candidates: Vec<Guess>,
}

#[derive(Debug, Serialize)]
pub(super) struct Guess {
    pub(super) id: i64,
    identifier: String,
    pub(super) name: String,
    score: u8,
    reason: &'static str,
    /// Customers that are billed there already.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) mapped: Vec<CustomerName>,
    /// What to type, or to write in recount.toml.
    take: String,
    #[serde(skip)]
    pub(super) why: String,
}

fn lists(global: &Global, options: &Options) -> Result<PerIntegration<List>, CommandError> {
    let config = session::configuration(global)?;
    let runtime = session::runtime()?;
    PerIntegration::of(&config, options.integration.as_deref(), |inventory| {
        let list = match options.services {
            true => runtime.block_on(services(&config, inventory)),
            false => runtime.block_on(customers(&config, inventory)),
        };
        list.map_err(CommandError::from)
    })
}

async fn customers(config: &Config, inventory: &Inventory<'_>) -> Result<List, Failure> {
    let mut unmapped: Vec<&CustomerName> = inventory.without_row().collect();
    let mut list = List::of(inventory, "customers");
    if unmapped.is_empty() {
        return Ok(list);
    }
    let client = session::connect(session::connectwise_of(config, inventory.integration)?)?;
    if inventory.mapping.match_customers == MatchCustomers::ExactName {
        // Whoever is found by name needs no row.
        let found = place_customers(
            &client,
            inventory.mapping,
            &inventory.counts,
            inventory.integration.zone.day(clock::now()),
        )
        .await?;
        let code = |customer: &CustomerName| found.places.get(customer).and_then(|place| Some(place.problem()?.code));
        unmapped.retain(|customer| matches!(code(customer), Some(Code::CustomerUnmapped | Code::CompanyAmbiguous)));
    }
    let companies = client.all_companies().await?.records;
    list.unmapped = guessed(inventory.integration, inventory.mapping, &companies, unmapped.into_iter());
    Ok(list)
}

/// Which of these companies each customer may be.
pub(super) fn guessed<'c>(
    integration: &IntegrationConfig,
    mapping: &Mapping,
    companies: &[Company],
    customers: impl Iterator<Item = &'c CustomerName>,
) -> Vec<Unmapped> {
    let companies = companies.iter().filter(|company| mapping.companies_of.admits(company));
    let record =
        |company: &Company| Record { id: company.id.0, code: company.identifier.clone(), name: company.name.clone() };
    let matcher = Matcher::new(companies.map(record));
    let of_customer = |customer: &CustomerName| {
        let handle = handle::of_customer(&integration.name, customer);
        let guess = |candidate: Candidate| {
            let mapped = mapping.customers_of(CompanyId(candidate.record.id)).cloned().collect();
            let take = format!("recount map add {handle} {}", candidate.record.id);
            Guess { mapped, take, ..Guess::of(candidate) }
        };
        let candidates = matcher.candidates(customer.as_str());
        let ambiguous = are_ambiguous(&candidates);
        let candidates = candidates.into_iter().map(guess).collect();
        Unmapped { name: customer.to_string(), handle, ambiguous, candidates }
    };
    customers.map(of_customer).collect()
}

async fn services(config: &Config, inventory: &Inventory<'_>) -> Result<List, Failure> {
    let mut list = List::of(inventory, "services");
    let unmapped = inventory.unmapped_services();
    if unmapped.is_empty() {
        return Ok(list);
    }
    let client = session::connect(session::connectwise_of(config, inventory.integration)?)?;
    // Neither of the others can be billed.
    let products =
        client.catalog().await?.records.into_iter().filter(|product| !product.inactive && !product.bundle_class);
    let record =
        products.map(|product| Record { id: product.id.0, code: product.identifier, name: product.description });
    let matcher = Matcher::new(record);
    for service in unmapped.keys() {
        let guess = |candidate: Candidate| {
            let take = format!("{} = {{ product = {} }}", toml(service.as_str()), toml(&candidate.record.code));
            Guess { take, ..Guess::of(candidate) }
        };
        let candidates = matcher.candidates(service.as_str());
        let ambiguous = are_ambiguous(&candidates);
        let candidates = candidates.into_iter().map(guess).collect();
        list.unmapped.push(Unmapped { name: service.to_string(), handle: String::new(), ambiguous, candidates });
    }
    Ok(list)
}

/// A string as recount.toml writes it.
fn toml(text: &str) -> String {
    toml_edit::Value::from(text).to_string().trim().to_owned()
}

impl Guess {
    fn of(candidate: Candidate) -> Self {
        let Candidate { record: Record { id, code, name }, score, reason } = candidate;
        let (take, why) = (String::new(), reason.to_string());
        let (identifier, reason) = (code, reason.as_str());
        Self { id, identifier, name, score, reason, mapped: Vec::new(), take, why }
    }
}

impl List {
    fn of(inventory: &Inventory<'_>, what: &'static str) -> Self {
        let mut warning = String::new();
        inventory.warn(&mut warning);
        let (integration, services_file) =
            (inventory.integration.name.to_string(), inventory.mapping.services_file.clone());
        Self { integration, services_file, what, unmapped: Vec::new(), warning }
    }

    fn text(&self) -> String {
        let Self { integration, services_file: _, what, unmapped, warning } = self;
        let mut text = String::new();
        let heading = match unmapped.len() {
            0 => format!("{integration}  all {what} are mapped or skipped"),
            count => format!("{integration}  {count} unmapped {what}; nothing below is written by itself"),
        };
        let _ = writeln!(text, "{heading}");
        text.push_str(warning);
        for one in unmapped {
            let below: Vec<String> = one.below().collect();
            inventory::entry(&mut text, MappingState::Unmapped.sign(), &one.handle, &one.name, &below);
        }
        text.push_str(&self.lines_to_paste());
        text
    }

    /// Lines for the file of the services, not wrapped: they are to be copied.
    fn lines_to_paste(&self) -> String {
        let sure = self.unmapped.iter().filter(|one| one.handle.is_empty() && !one.ambiguous);
        let lines: Vec<&str> = sure.filter_map(|one| Some(one.candidates.first()?.take.as_str())).collect();
        if lines.is_empty() {
            return String::new();
        }
        let place = match &self.services_file {
            Some(file) => format!("into {file}"),
            None => format!("under [integration.{}.services] in recount.toml", self.integration),
        };
        format!("\nNext: paste what is right {place}:\n{}\n", lines.join("\n"))
    }
}

impl Unmapped {
    /// The one company of its very name, where nobody else is billed yet.
    pub(super) fn exact_hit<'a>(&self, file: &'a Path) -> Option<ExactHit<'a>> {
        // Whatever else speaks for it, such as an id in the name.
        let is_same = |guess: &&Guess| is_same_name(&guess.name, &self.name);
        let mut same = self.candidates.iter().filter(is_same);
        let only = same.next().filter(|_| same.next().is_none() && !self.ambiguous)?;
        let is_best = self.candidates.first().is_some_and(|best| best.id == only.id);
        (is_best && only.mapped.is_empty()).then(|| ExactHit {
            file,
            customer: CustomerName::new(&self.name),
            company: CompanyId(only.id),
            company_name: only.name.clone(),
        })
    }

    fn below(&self) -> impl Iterator<Item = String> {
        let best = self.candidates.first().map_or(0, |best| best.score);
        let as_good = self.candidates.iter().filter(move |guess| guess.score == best).count();
        let ambiguous = self.ambiguous.then(|| format!("ambiguous: {as_good} fit equally well; check first"));
        let none = self.candidates.is_empty().then(|| match self.handle.as_str() {
            "" => "no similar product found".to_owned(),
            handle => {
                format!("no similar company found; recount map add {handle} COMPANY_ID, or recount map ignore {handle}")
            }
        });
        let guesses = self.candidates.iter().flat_map(move |guess| {
            // Only what may be right at first sight is there to be pasted.
            let take = guess.score == best && !self.handle.is_empty();
            let take = take.then(|| format!("→ {}", guess.take));
            [Some(guess.sentence()), take].into_iter().flatten()
        });
        none.into_iter().chain(ambiguous).chain(guesses)
    }
}

impl Guess {
    fn sentence(&self) -> String {
        let Self { id, identifier, name, score, mapped, why, .. } = self;
        let name =
            if name.is_empty() { shown(identifier) } else { format!("{} ({})", shown(name), escaped(identifier)) };
        let mapped = match mapped.as_slice() {
            [] => String::new(),
            [one] => format!("; {} is billed there already", shown(one.as_str())),
            [one, rest @ ..] => format!("; {} and {} more are billed there already", shown(one.as_str()), rest.len()),
        };
        format!("{score:>3}  {id}  {name}: {why}{mapped}")
    }
}
