//! `recount map agreements` and `map products`: what may stand in customers.csv and under services, picked from
//! ConnectWise.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use clap::Args;
use serde::Serialize;

use crate::cli::arguments::global_options::Global;
use crate::cli::arguments::typed_integration;
use crate::cli::commands::map::inventory;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::{clock, session};
use crate::config::settings::{Config, IntegrationConfig};
use crate::connectwise::Reader as _;
use crate::connectwise::client::Client;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::export::normalized_names::normalized;
use crate::reconcile::model::ids::{CompanyId, CustomerName};
use crate::reconcile::model::mapping::CustomerTarget;
use crate::reconcile::model::plan::outcome::Mode;
use crate::reconcile::model::plan::remedy::Remedy;
use crate::report::exit_codes::Exit;
use crate::report::numbers_and_dates::plural;

/// Arguments of `map agreements`.
#[derive(Debug, Args)]
pub(super) struct AgreementOptions {
    /// A customer that has a row, or a company's record id
    #[arg(value_name = "CUSTOMER|COMPANY_ID")]
    whose: String,
    /// In whose ConnectWise; without it, that of the first integration that is on
    #[arg(long, value_name = "NAME")]
    integration: Option<String>,
}

/// Arguments of `map products`.
#[derive(Debug, Args)]
pub(super) struct ProductOptions {
    /// Only those with this in identifier or description
    word: Option<String>,
    /// In whose ConnectWise; without it, that of the first integration that is on
    #[arg(long, value_name = "NAME")]
    integration: Option<String>,
}

pub(super) fn agreements(global: &Global, options: &AgreementOptions, console: &Console) -> Exit {
    list(agreement_list(global, options), console, Agreements::text)
}

pub(super) fn products(global: &Global, options: &ProductOptions, console: &Console) -> Exit {
    list(product_list(global, options), console, Products::text)
}

fn list<L: Serialize>(found: Result<L, CommandError>, console: &Console, text: fn(&L) -> String) -> Exit {
    match found {
        Err(error) => error.tell(console),
        Ok(list) => console.show(Exit::Done, &list, || text(&list)),
    }
}

#[derive(Debug, Serialize)]
struct Agreements {
    company_id: i64,
    agreements: Vec<AgreementRow>,
}

#[derive(Debug, Serialize)]
struct AgreementRow {
    id: i64,
    name: String,
    kind: String,
    bills_today: bool,
    /// Why it does not bill.
    why: String,
}

fn agreement_list(global: &Global, options: &AgreementOptions) -> Result<Agreements, CommandError> {
    let config = session::configuration(global)?;
    let integration = chosen(&config, options.integration.as_deref())?;
    let company = company(integration, &options.whose)?;
    let client = client(&config, integration)?;
    let runtime = session::runtime()?;
    let asked = BTreeSet::from([company]);
    let is_there = runtime.block_on(client.companies(&asked))?;
    if is_there.records.is_empty() && is_there.unreadable.is_empty() {
        let message = format!("company {company} does not exist in ConnectWise, or this key may not see it");
        return Err(CommandError::new(
            Exit::Usage,
            message,
            "name the record id of a company, or a customer with a row",
        ));
    }
    let found = runtime.block_on(client.agreements_of(&asked))?;
    let today = integration.zone.day(clock::now());
    let rows = found.records.into_iter().map(|agreement| {
        let billing = agreement.billing(today);
        let why = billing.as_ref().err().map(ToString::to_string).unwrap_or_default();
        AgreementRow {
            id: agreement.id.0,
            name: agreement.name,
            kind: agreement.kind,
            bills_today: billing.is_ok(),
            why,
        }
    });
    let mut agreements: Vec<AgreementRow> = rows.collect();
    agreements.sort_by_key(|row| (!row.bills_today, row.id));
    Ok(Agreements { company_id: company.0, agreements })
}

/// A number is a company; anything else a customer of customers.csv.
fn company(integration: &IntegrationConfig, typed: &str) -> Result<CompanyId, CommandError> {
    if let Ok(id) = typed.parse::<i64>() {
        return Ok(CompanyId(id));
    }
    let customer = CustomerName::new(&normalized(typed));
    match inventory::mapping(integration)?.customers.get(&customer).map(|row| &row.target) {
        Some(CustomerTarget::Company { company, .. }) => Ok(*company),
        Some(CustomerTarget::Skip) => Err(CommandError::new(
            Exit::Usage,
            format!("{} is skipped on purpose", shown(typed)),
            "name a company's id",
        )),
        None => {
            let message = format!("{} has no row in customers.csv of {}", shown(typed), integration.name);
            Err(CommandError::new(Exit::Usage, message, Remedy::command("recount map suggest")))
        }
    }
}

impl Agreements {
    fn text(&self) -> String {
        let Self { company_id, agreements } = self;
        let mut text = format!("company {company_id}  {}\n", plural(agreements.len(), "agreement"));
        for AgreementRow { id, name, kind, bills_today, why } in agreements {
            let (sign, why) = if *bills_today { ('✓', String::new()) } else { ('·', format!(": {why}")) };
            let _ = writeln!(text, "  {sign} {id:>6}  {} · type {}{why}", shown(name), shown(kind));
        }
        text
    }
}

#[derive(Debug, Serialize)]
struct Products {
    products: Vec<ProductRow>,
}

#[derive(Debug, Serialize)]
struct ProductRow {
    id: i64,
    identifier: String,
    description: String,
    /// Whether it can stand on an agreement as a line.
    can_be_billed: bool,
}

fn product_list(global: &Global, options: &ProductOptions) -> Result<Products, CommandError> {
    let config = session::configuration(global)?;
    let integration = chosen(&config, options.integration.as_deref())?;
    let client = client(&config, integration)?;
    let found = session::runtime()?.block_on(client.catalog())?;
    let word = options.word.as_deref().unwrap_or_default().to_lowercase();
    let is_meant = |text: &str| text.to_lowercase().contains(&word);
    let meant = found.records.into_iter().filter(|one| is_meant(&one.identifier) || is_meant(&one.description));
    let rows = meant.map(|one| ProductRow {
        id: one.id.0,
        can_be_billed: !one.inactive && !one.bundle_class,
        identifier: one.identifier,
        description: one.description,
    });
    let mut products: Vec<ProductRow> = rows.collect();
    products.sort_by(|a, b| a.identifier.cmp(&b.identifier).then(a.id.cmp(&b.id)));
    Ok(Products { products })
}

impl Products {
    fn text(&self) -> String {
        let mut text = format!("{}\n", plural(self.products.len(), "product"));
        for ProductRow { id: _, identifier, description, can_be_billed } in &self.products {
            let (sign, note) =
                if *can_be_billed { ('✓', "") } else { ('·', ": inactive, or a bundle in ConnectWise") };
            let _ = writeln!(text, "  {sign} {}  {}{note}", shown(identifier), shown(description));
        }
        text
    }
}

fn chosen<'a>(config: &'a Config, name: Option<&str>) -> Result<&'a IntegrationConfig, CommandError> {
    if let Some(name) = name {
        return typed_integration::named(config, name);
    }
    let on = config.integrations.values().find(|integration| integration.mode != Mode::Off);
    on.ok_or_else(|| CommandError::new(Exit::Config, "no integration is on", "name one with --integration NAME"))
}

fn client(config: &Config, integration: &IntegrationConfig) -> Result<Client, CommandError> {
    Ok(session::connect(session::connectwise_of(config, integration)?)?)
}
