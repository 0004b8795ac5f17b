//! Everybody that an integration has to do with: the customers of customers.csv, of the newest export and of the newest
//! plan, and the services of the latter two.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use crate::cli::arguments::typed_integration;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::{clock, session};
use crate::config::error::ConfigErrors;
use crate::config::settings::{Config, IntegrationConfig};
use crate::error_chain::error_chain;
use crate::export::settings::ExportLocation;
use crate::history::store::open::History;
use crate::nightly::read_export::read_export;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::export::counts::{Counts, CustomerCounts};
use crate::reconcile::model::ids::{CustomerName, IntegrationName, ServiceName};
use crate::reconcile::model::mapping::Mapping;
use crate::reconcile::model::plan::handle;
use crate::reconcile::model::plan::outcome::Mode;
use crate::report::exit_codes::Exit;
use crate::report::format::text::wrapped;
use crate::report::lines;

/// One integration's.
#[derive(Debug)]
pub(super) struct Inventory<'a> {
    pub(super) integration: &'a IntegrationConfig,
    pub(super) mapping: &'a Mapping,
    /// Of the newest export; nothing if it cannot be read.
    pub(super) counts: Counts,
    /// Why it cannot be read.
    pub(super) no_export: Option<String>,
    pub(super) customers: BTreeSet<CustomerName>,
    pub(super) services: BTreeSet<ServiceName>,
}

/// An integration of several of which nothing can be listed, and why.
#[derive(Debug)]
pub(super) struct Unlisted {
    integration: IntegrationName,
    error: CommandError,
}

/// What a list has of each integration, and those that have none: what is wrong with one hides no other.
#[derive(Debug)]
pub(super) struct PerIntegration<L> {
    pub(super) lists: Vec<L>,
    unlisted: Vec<Unlisted>,
}

impl<L> PerIntegration<L> {
    /// The list of each inventory. Where none comes to a list, its fault is the command's.
    pub(super) fn of<'a>(
        config: &'a Config,
        name: Option<&str>,
        list: impl Fn(&Inventory<'a>) -> Result<L, CommandError>,
    ) -> Result<Self, CommandError> {
        let (mut lists, mut unlisted) = (Vec::new(), Vec::new());
        for (integration, found) in each(config, name)? {
            match found.and_then(|inventory| list(&inventory)) {
                Ok(found) => lists.push(found),
                Err(error) => unlisted.push(Unlisted { integration: integration.name.clone(), error }),
            }
        }
        let worst = unlisted.iter().fold(Exit::Done, |exit, one| exit.worst(one.error.exit));
        let at_fault = unlisted.iter().find(|one| one.error.exit == worst);
        match at_fault.filter(|_| lists.is_empty()) {
            Some(one) => Err(one.error.clone()),
            None => Ok(Self { lists, unlisted }),
        }
    }

    /// The lists, where all integrations have one.
    pub(super) fn all(&self) -> Result<&[L], CommandError> {
        self.unlisted.first().map_or(Ok(&self.lists), |one| Err(one.error.clone()))
    }
}

/// The inventories of the integration that is named, or of all that are not off.
pub(super) fn inventories<'a>(config: &'a Config, name: Option<&str>) -> Result<Vec<Inventory<'a>>, CommandError> {
    each(config, name)?.into_iter().map(|(_, found)| found).collect()
}

type Found<'a> = (&'a IntegrationConfig, Result<Inventory<'a>, CommandError>);

fn each<'a>(config: &'a Config, name: Option<&str>) -> Result<Vec<Found<'a>>, CommandError> {
    let history = History::open_existing(&config.state)?;
    let chosen = match name {
        Some(name) => vec![typed_integration::named(config, name)?],
        None => config.integrations.values().filter(|one| one.mode != Mode::Off).collect(),
    };
    if chosen.is_empty() {
        return Err(CommandError::new(Exit::Config, "no integration is on", "name one of those that are off"));
    }
    let fetched = session::fetched(&config.state);
    let call = |integration| (integration, Inventory::call(integration, &fetched, history.as_ref()));
    Ok(chosen.into_iter().map(call).collect())
}

/// What a command found out about each inventory, and its exit code: as one document, or as texts one below the other.
pub(super) fn print<L: Serialize>(
    console: &Console,
    exit: Exit,
    listed: &PerIntegration<L>,
    text: fn(&L) -> String,
) -> Exit {
    let PerIntegration { lists, unlisted } = listed;
    let exit = unlisted.iter().fold(exit, |exit, one| exit.worst(one.error.exit));
    let document = Document { integrations: lists, unlisted: unlisted.iter().map(Unlisted::told).collect() };
    console.show(exit, &document, || lists.iter().map(text).collect::<Vec<_>>().join("\n"));
    if !console.json {
        for one in unlisted {
            one.error.tell(console);
        }
    }
    exit
}

#[derive(Serialize)]
struct Document<'a, L> {
    integrations: &'a [L],
    /// Those of which nothing could be listed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unlisted: Vec<Told<'a>>,
}

#[derive(Serialize)]
struct Told<'a> {
    integration: &'a IntegrationName,
    message: &'a str,
    fix: String,
}

impl Unlisted {
    fn told(&self) -> Told<'_> {
        let Self { integration, error } = self;
        Told { integration, message: &error.message, fix: error.fix.to_string() }
    }
}

/// Its mapping, unless customers.csv is at fault.
pub(super) fn mapping(integration: &IntegrationConfig) -> Result<&Mapping, CommandError> {
    let wrong = |faults: &ConfigErrors| CommandError::new(Exit::Config, faults.to_string(), integration.mapping_fix());
    integration.mapping.as_ref().map_err(wrong)
}

impl<'a> Inventory<'a> {
    fn call(
        integration: &'a IntegrationConfig,
        fetched: &Path,
        history: Option<&History>,
    ) -> Result<Self, CommandError> {
        let mapping = mapping(integration)?;
        let (counts, no_export) = newest_counts(integration, fetched)?;
        let mut customers: BTreeSet<CustomerName> =
            counts.customers.keys().chain(mapping.customers.keys()).cloned().collect();
        let mut services: BTreeSet<ServiceName> =
            counts.customers.values().flat_map(CustomerCounts::services).cloned().collect();
        let plan = history.map(|history| history.latest_plan(&integration.name)).transpose();
        if let Some(run) = plan?.flatten() {
            let sources = lines(&run).iter().flat_map(|line| &line.sources);
            for source in sources.filter(|source| !source.lines.is_empty()) {
                customers.insert(source.customer.clone());
                services.insert(source.service.clone());
            }
        }
        Ok(Self { integration, mapping, counts, no_export, customers, services })
    }

    /// As findings show it.
    pub(super) fn handle(&self, customer: &CustomerName) -> String {
        handle::of_customer(&self.integration.name, customer)
    }

    /// Customers without a row.
    pub(super) fn without_row(&self) -> impl Iterator<Item = &CustomerName> {
        self.customers.iter().filter(|customer| !self.mapping.customers.contains_key(*customer))
    }

    /// Services without a rule, each with the number of customers that use it tonight.
    pub(super) fn unmapped_services(&self) -> BTreeMap<&ServiceName, usize> {
        let uses = |service: &ServiceName| {
            self.counts.customers.values().filter(|customer| customer.get(service).is_some()).count()
        };
        let unmapped = self.services.iter().filter(|service| !self.mapping.services.contains_key(*service));
        unmapped.map(|service| (service, uses(service))).collect()
    }

    /// What a person should know before the list, if the export could not be read.
    pub(super) fn warn(&self, text: &mut String) {
        if let Some(why) = &self.no_export {
            wrapped(text, &format!("the newest export is not in this: {why}"), "  ", "  ");
        }
    }
}

/// The counts of the newest export, or why there are none. Standard input is a run's to read.
fn newest_counts(integration: &IntegrationConfig, fetched: &Path) -> Result<(Counts, Option<String>), CommandError> {
    if integration.export.source == ExportLocation::Stdin {
        return Ok((Counts::default(), Some("it comes by standard input".to_owned())));
    }
    let reading = read_export(&integration.export, &integration.name, fetched, &clock::now);
    Ok(match session::runtime()?.block_on(reading) {
        Ok(export) => (export.counts, None),
        Err(error) => (Counts::default(), Some(error_chain(&error))),
    })
}

/// One customer or service: `  ? 7kq2m  Borealis`, and sentences below.
pub(super) fn entry(text: &mut String, sign: char, handle: &str, title: &str, below: &[String]) {
    let _ = writeln!(text, "{}", format!("  {sign} {handle:<6} {}", shown(title)).trim_end());
    for sentence in below.iter().filter(|sentence| !sentence.is_empty()) {
        wrapped(text, sentence, "           ", "             ");
    }
}
