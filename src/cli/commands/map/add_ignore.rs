//! `recount map add` and `map ignore`: one row of customers.csv.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use clap::Args;
use serde::Serialize;

use crate::cli::arguments::global_options::Global;
use crate::cli::arguments::{typed_handle, typed_integration};
use crate::cli::commands::map::customer_scope::CustomerScope;
use crate::cli::commands::map::inventory;
use crate::cli::commands::map::inventory::Inventory;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::wiring::keep_file_version;
use crate::cli::{clock, operator, session};
use crate::config::edit::customers_csv::{CustomersEditError, NewRow, set_row};
use crate::config::settings::{Config, IntegrationConfig};
use crate::connectwise::Reader as _;
use crate::error_chain::error_chain;
use crate::export::read::alike_names::alike;
use crate::history::store::open::History;
use crate::nightly::night_failure::Failure;
use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::export::normalized_names::normalized;
use crate::reconcile::model::ids::{AgreementId, CompanyId, CustomerName};
use crate::reconcile::model::mapping::CustomerTarget;
use crate::reconcile::model::plan::remedy::Remedy;
use crate::report::exit_codes::Exit;
use crate::report::open_items::open_items;

/// Arguments of `map add`.
#[derive(Debug, Args)]
pub(super) struct AddOptions {
    #[command(flatten)]
    whose: CustomerScope,
    /// The company's record id in ConnectWise
    #[arg(value_parser = clap::value_parser!(i64).range(1..))]
    company_id: i64,
    /// The agreement's record id; without it, the default agreement
    #[arg(long, value_name = "ID", value_parser = clap::value_parser!(i64).range(1..))]
    agreement: Option<i64>,
    /// Do not ask ConnectWise whether the company is there
    #[arg(long)]
    offline: bool,
}

/// Arguments of `map ignore`.
#[derive(Debug, Args)]
pub(super) struct IgnoreOptions {
    #[command(flatten)]
    whose: CustomerScope,
}

pub(super) fn add(global: &Global, options: &AddOptions, console: &Console) -> Exit {
    let agreement = options.agreement.map(AgreementId);
    let target = CustomerTarget::Company { company: CompanyId(options.company_id), agreement };
    tell(edit(global, &options.whose, target, options.offline), MappingEdit::text, console)
}

pub(super) fn ignore(global: &Global, options: &IgnoreOptions, console: &Console) -> Exit {
    tell(edit(global, &options.whose, CustomerTarget::Skip, true), MappingEdit::text, console)
}

/// Says what was written into the mapping, as a document or as this text, or why nothing was.
pub(super) fn tell<T: Serialize>(
    done: Result<T, CommandError>,
    text: impl FnOnce(&T) -> String,
    console: &Console,
) -> Exit {
    match done {
        Err(error) => error.tell(console),
        Ok(done) => {
            if console.json {
                console.document(Exit::Done, &done);
            } else if !console.quiet {
                console.print(&text(&done));
            }
            Exit::Done
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct MappingEdit {
    integration: String,
    customer: String,
    company_id: Option<i64>,
    company: Option<String>,
    agreement_id: Option<i64>,
    file: String,
    line: u64,
    replaced: bool,
    /// Other customers of the same company.
    with: Vec<String>,
}

impl MappingEdit {
    fn text(&self) -> String {
        let Self { integration, customer, company_id, company, agreement_id, file, line, replaced, with, .. } = self;
        let company = company.as_ref().map(|name| format!(", \"{}\"", escaped(name))).unwrap_or_default();
        let agreement = agreement_id.map(|id| format!(", agreement {id}")).unwrap_or_default();
        let said = match company_id {
            Some(id) => format!("is company {id}{company}{agreement}"),
            None => "is skipped on purpose".to_owned(),
        };
        let with: Vec<String> = with.iter().map(|name| format!("\"{}\"", shown(name))).collect();
        let with = match with.as_slice() {
            [] => String::new(),
            with => format!("  that company is {}, too: on one agreement their counts add up\n", with.join(" and ")),
        };
        let verb = if *replaced { "changed" } else { "added" };
        format!(
            "{} {said}\n{with}  {verb}: line {line} of {}; nothing was written to ConnectWise\n  \
             it takes effect with the next plan or run: recount plan {integration}\n",
            shown(customer),
            escaped(file)
        )
    }
}

fn edit(
    global: &Global,
    whose: &CustomerScope,
    target: CustomerTarget,
    offline: bool,
) -> Result<MappingEdit, CommandError> {
    edit_in(&session::configuration(global)?, whose, target, offline)
}

fn edit_in(
    config: &Config,
    whose: &CustomerScope,
    target: CustomerTarget,
    offline: bool,
) -> Result<MappingEdit, CommandError> {
    let (integration, customer) = meant(config, whose)?;
    let known = inventory::mapping(integration)?.customers.get(&customer);
    if let Some(line) = known.filter(|_| !whose.replace).map(|row| row.line) {
        let fix = Remedy::command(whose.replacing(&target, offline)).noting("it changes the row that is there");
        return Err(CommandError { fix, ..refused(&CustomersEditError::There { customer, line }) });
    }
    let row = NewRow { customer, target, note: whose.note.clone() };
    write(config, integration, row, RowWriting { replace: whose.replace, offline, who: &operator::who() })
}

/// How a row is written.
pub(super) struct RowWriting<'a> {
    /// Whether it may be there.
    pub(super) replace: bool,
    /// Whether ConnectWise is not asked.
    pub(super) offline: bool,
    /// In whose name.
    pub(super) who: &'a str,
}

/// Writes a row, after a look whether its company and its agreement are there, and keeps the version.
pub(super) fn write(
    config: &Config,
    integration: &IntegrationConfig,
    row: NewRow,
    how: RowWriting<'_>,
) -> Result<MappingEdit, CommandError> {
    let company = match row.target {
        CustomerTarget::Company { company, agreement } if !how.offline => {
            Some(verified(config, integration, company, agreement)?)
        }
        _ => None,
    };
    let with = match row.target {
        CustomerTarget::Company { company, .. } => {
            let all = inventory::mapping(integration)?.customers_of(company);
            all.filter(|other| **other != row.customer).map(ToString::to_string).collect()
        }
        CustomerTarget::Skip => Vec::new(),
    };
    let path = &integration.customers_path;
    let (edited, change) = set_row(path, &row, how.replace).map_err(|error| refused(&error))?;
    keep_file_version::keep(config, &change, how.who);
    let (company_id, agreement_id) = match row.target {
        CustomerTarget::Company { company, agreement } => (Some(company.0), agreement.map(|id| id.0)),
        CustomerTarget::Skip => (None, None),
    };
    Ok(MappingEdit {
        integration: integration.name.to_string(),
        customer: row.customer.to_string(),
        company_id,
        company,
        agreement_id,
        file: path.display().to_string(),
        line: edited.line,
        replaced: edited.replaced,
        with,
    })
}

pub(super) fn refused(error: &CustomersEditError) -> CommandError {
    let (exit, fix) = match error {
        CustomersEditError::There { .. } => (Exit::Usage, "--replace changes its row"),
        CustomersEditError::NotThere { .. } => (Exit::Usage, "recount map list shows who has one"),
        CustomersEditError::NoColumn { .. } => (Exit::Config, "add the column to the header"),
        CustomersEditError::Damaged(_) => (Exit::Config, "correct it, then `recount check`"),
        CustomersEditError::Changed { .. } => (Exit::Config, "look at the file, then try again"),
        CustomersEditError::Open { .. } | CustomersEditError::Unsound { .. } | CustomersEditError::Replace { .. } => {
            (Exit::Config, "look at the file, its folder and their rights")
        }
    };
    CommandError::new(exit, error_chain(error), fix)
}

/// The customer and the integration that were typed: a handle, or an exact name.
pub(super) fn meant<'a>(
    config: &'a Config,
    whose: &CustomerScope,
) -> Result<(&'a IntegrationConfig, CustomerName), CommandError> {
    let named = whose.integration.as_deref().map(|name| typed_integration::named(config, name)).transpose()?;
    let chosen = |one: &&IntegrationConfig| named.is_none_or(|named| named.name == one.name);
    let all = config.integrations.values().filter(chosen);
    let (mut inventories, mut at_fault) = (Vec::new(), None);
    for integration in all {
        // What is wrong with another integration's file is no reason to refuse this one.
        match inventory::inventories(config, Some(integration.name.as_str())) {
            Ok(found) => inventories.extend(found),
            Err(error) if error.exit == Exit::Config && named.is_none() => at_fault = Some(error),
            Err(error) => return Err(error),
        }
    }
    let typed = normalized(&whose.customer);
    let name = CustomerName::new(&typed);
    let mut found: Vec<(&Inventory<'a>, CustomerName)> = inventories
        .iter()
        .flat_map(|inventory| inventory.customers.iter().map(move |customer| (inventory, customer)))
        .filter(|(inventory, customer)| **customer == name || inventory.handle(customer) == *typed)
        .map(|(inventory, customer)| (inventory, customer.clone()))
        .collect();
    if found.is_empty() {
        found.extend(of_prefix(&inventories, &typed));
    }
    if found.is_empty() {
        found.extend(of_line(config, &inventories, &typed)?);
    }
    if found.is_empty() && whose.new {
        found.extend(inventories.iter().map(|inventory| (inventory, name.clone())));
    }
    if found.is_empty() {
        return Err(at_fault.unwrap_or_else(|| unknown(&inventories, &typed)));
    }
    one_file(found).map(|(inventory, customer)| (inventory.integration, customer))
}

/// The first characters of a handle mean the one customer without a row whose handle begins with them.
fn of_prefix<'r, 'a>(inventories: &'r [Inventory<'a>], typed: &str) -> Option<(&'r Inventory<'a>, CustomerName)> {
    let all = inventories
        .iter()
        .flat_map(|inventory| inventory.without_row().map(move |customer| (inventory, customer.clone())));
    let mut begun = all.filter(|(inventory, customer)| {
        typed.len() >= typed_handle::HANDLE_MIN && inventory.handle(customer).starts_with(typed)
    });
    begun.next().filter(|_| begun.next().is_none())
}

/// A handle of a line means its customer, if it has one only.
fn of_line<'r, 'a>(
    config: &Config,
    inventories: &'r [Inventory<'a>],
    typed: &str,
) -> Result<Option<(&'r Inventory<'a>, CustomerName)>, CommandError> {
    let history = History::open_existing(&config.state)?;
    let Some(history) = history else { return Ok(None) };
    let all = open_items(config.integrations.keys(), &history)?;
    let Ok(item) = typed_handle::meant(&all, typed) else { return Ok(None) };
    let of_finding = item.finding.and_then(|finding| finding.customer.clone());
    let of_line = item.line.into_iter().flat_map(|line| &line.sources).map(|source| source.customer.clone());
    let customers: BTreeSet<CustomerName> = of_finding.into_iter().chain(of_line).collect();
    let inventory = inventories.iter().find(|inventory| inventory.integration.name == item.of.run.integration);
    Ok(inventory.zip(customers.into_iter().next().filter(|_| item.handle == typed)))
}

/// Rows stand in files: where several integrations know the customer, those that have no row for it yet are meant.
fn one_file<'r, 'a>(
    found: Vec<(&'r Inventory<'a>, CustomerName)>,
) -> Result<(&'r Inventory<'a>, CustomerName), CommandError> {
    let has_row =
        |(inventory, customer): &&(&Inventory<'_>, CustomerName)| inventory.mapping.customers.contains_key(customer);
    let without: Vec<_> = found.iter().filter(|one| !has_row(one)).cloned().collect();
    let meant = if without.is_empty() { found } else { without };
    let files: BTreeMap<&Path, &str> = meant
        .iter()
        .map(|(inventory, _)| (inventory.integration.customers_path.as_path(), inventory.integration.name.as_str()))
        .collect();
    if files.len() > 1 {
        let names: Vec<&str> = meant.iter().map(|(inventory, _)| inventory.integration.name.as_str()).collect();
        let message = format!("several integrations have this customer: {}", names.join(", "));
        return Err(CommandError::new(Exit::Usage, message, "say which with --integration NAME"));
    }
    meant.into_iter().next().ok_or_else(|| CommandError::new(Exit::Unexpected, "no customer was found", ""))
}

fn unknown(inventories: &[Inventory<'_>], typed: &str) -> CommandError {
    let names: BTreeSet<&str> =
        inventories.iter().flat_map(|inventory| &inventory.customers).map(CustomerName::as_str).collect();
    let handles: BTreeSet<String> = inventories
        .iter()
        .flat_map(|inventory| inventory.customers.iter().map(|customer| inventory.handle(customer)))
        .collect();
    let meant = alike(typed, names).or_else(|| alike(typed, handles.iter().map(String::as_str)));
    let meant = meant.map(|meant| format!("did you mean \"{}\"? ", shown(meant))).unwrap_or_default();
    let unread: Vec<&str> = inventories.iter().filter_map(|inventory| inventory.no_export.as_deref()).collect();
    let unread = if unread.is_empty() { String::new() } else { format!(" ({})", unread.join("; ")) };
    let message = format!("no customer has the name or the handle \"{}\"{unread}", shown(typed));
    CommandError::new(
        Exit::Usage,
        message,
        format!("{meant}recount map list shows them; --new takes a name that is in no export yet"),
    )
}

/// The company's name, after a look whether it is there, and the agreement with it.
fn verified(
    config: &Config,
    integration: &IntegrationConfig,
    company: CompanyId,
    agreement: Option<AgreementId>,
) -> Result<String, CommandError> {
    let runtime = session::runtime()?;
    let looked = runtime.block_on(async {
        let client = session::connect(session::connectwise_of(config, integration)?)?;
        let companies = client.companies(&BTreeSet::from([company])).await?;
        let agreements = client.agreements(&agreement.into_iter().collect()).await?;
        Ok::<_, Failure>((companies, agreements))
    });
    let offline = |fix: Remedy| fix.noting("--offline maps it unchecked");
    let (companies, agreements) = looked
        .map_err(|failure| CommandError::new(failure.exit, failure.finding.message, offline(failure.finding.fix)))?;
    let refused = |message: String| CommandError::new(Exit::Usage, message, "`recount map suggest` shows companies");
    let unreadable = |what: &str, why: &str| refused(format!("{what} cannot be read: {why}"));
    if let Some(record) = companies.unreadable.first() {
        return Err(unreadable(&format!("company {company}"), &record.why));
    }
    if let Some(record) = agreements.unreadable.first() {
        return Err(unreadable(&format!("agreement {}", record.id), &record.why));
    }
    let found = companies.records.into_iter().next();
    let found = found.ok_or_else(|| refused(format!("there is no company {company}, or this key may not see it")))?;
    if found.deleted {
        return Err(refused(format!("company {company}, \"{}\", is deleted", escaped(&found.name))));
    }
    let Some(agreement) = agreement else { return Ok(found.name) };
    let wrong = match agreements.records.first() {
        None => format!("there is no agreement {agreement}, or this key may not see it"),
        Some(other) if other.company != company => {
            format!("agreement {agreement} belongs to company {}, not {company}", other.company)
        }
        Some(own) => match own.billing(integration.zone.day(clock::now())) {
            Ok(()) => return Ok(found.name),
            Err(error) => format!("agreement {agreement} {error}"),
        },
    };
    Err(CommandError::new(Exit::Usage, wrong, "name another agreement, or none for the default one"))
}
