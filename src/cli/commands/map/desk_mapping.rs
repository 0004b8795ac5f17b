//! What the desk shows of the mapping and does to it: the functions behind `recount map`, without a terminal.

use std::collections::{BTreeMap, BTreeSet};

use crate::cli::commands::map::accept_exact;
use crate::cli::commands::map::accept_exact::ExactHit;
use crate::cli::commands::map::add_ignore::{RowWriting, write};
use crate::cli::commands::map::known_records::KnownRecords;
use crate::cli::commands::map::remove::remove;
use crate::cli::commands::map::suggest::{Unmapped, guessed};
use crate::cli::error::CommandError;
use crate::cli::{clock, session};
use crate::config::edit::customers_csv::NewRow;
use crate::config::settings::{Config, IntegrationConfig};
use crate::connectwise::Reader as _;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::nightly::night_failure::Failure;
use crate::reconcile::model::connectwise_records::{Agreement, Company};
use crate::reconcile::model::display_text::{escaped, shown};
use crate::reconcile::model::ids::{CompanyId, CustomerName, IntegrationName};
use crate::reconcile::model::mapping::{CustomerTarget, Mapping};
use crate::reconcile::model::plan::handle;
use crate::reconcile::model::plan::reason_code::Code;
use crate::report::exit_codes::Exit;
use crate::report::{display_names, lines};
use crate::web::desk::host::mapping_host::{
    AgreementChoice, AgreementChoices, CompanyCandidate, CompanyChoice, CompanyGuess, MappedCustomer, RowChange,
};

/// Companies that are listed at once.
const LISTED: usize = 25;

/// Every customer of customers.csv and of the newest plans.
pub(crate) fn customers(config: &Config, known: &KnownRecords) -> Result<Vec<MappedCustomer>, StoreError> {
    let history = History::open_existing(&config.state)?;
    let mut customers = Vec::new();
    for integration in config.integrations.values() {
        let Ok(mapping) = &integration.mapping else { continue };
        let seen = seen(history.as_ref(), &integration.name)?;
        let companies = known.known_companies(integration);
        let names: BTreeMap<CompanyId, &str> =
            companies.iter().flat_map(|all| all.iter()).map(|company| (company.id, company.name.as_str())).collect();
        let everybody: BTreeSet<&CustomerName> = mapping.customers.keys().chain(seen.keys()).collect();
        customers
            .extend(everybody.into_iter().map(|name| customer(integration, mapping, (name, seen.get(name)), &names)));
    }
    Ok(customers)
}

fn customer(
    integration: &IntegrationConfig,
    mapping: &Mapping,
    (name, seen): (&CustomerName, Option<&bool>),
    companies: &BTreeMap<CompanyId, &str>,
) -> MappedCustomer {
    let row = mapping.customers.get(name);
    let (target, note) = row.map(|row| (row.target.clone(), row.note.clone())).unzip();
    let note = note.unwrap_or_default();
    let company = match &target {
        Some(CustomerTarget::Company { company, .. }) => companies.get(company).map(|name| (*name).to_owned()),
        _ => None,
    };
    MappedCustomer {
        integration: integration.name.clone(),
        name: name.clone(),
        handle: handle::of_customer(&integration.name, name),
        is_unmapped: target.is_none() && seen == Some(&true),
        target,
        note,
        company,
        is_counted: seen.is_some(),
    }
}

/// The customers of the newest plan, and whether it says that nobody mapped them.
fn seen(history: Option<&History>, integration: &IntegrationName) -> Result<BTreeMap<CustomerName, bool>, StoreError> {
    let plan = history.map(|history| history.latest_plan(integration)).transpose()?.flatten();
    let Some(plan) = plan else { return Ok(BTreeMap::new()) };
    let mut seen: BTreeMap<CustomerName, bool> =
        lines(&plan).iter().flat_map(display_names::customers).map(|customer| (customer.clone(), false)).collect();
    let findings = plan.end.iter().flat_map(|end| &end.findings);
    for finding in findings.filter(|one| matches!(one.code, Code::CustomerUnmapped | Code::CompanyAmbiguous)) {
        seen.extend(finding.customer.clone().map(|customer| (customer, true)));
    }
    Ok(seen)
}

/// Which companies the unmapped customers may be; `None` where the companies were not read yet and are not to be.
pub(crate) fn guesses(
    config: &Config,
    known: &KnownRecords,
    look: bool,
) -> Result<Option<Vec<CompanyGuess>>, CommandError> {
    let all = customers(config, known)?;
    let mut guesses = Vec::new();
    for integration in config.integrations.values() {
        let own: Vec<&MappedCustomer> =
            all.iter().filter(|one| one.integration == integration.name && one.is_unmapped).collect();
        let (Ok(mapping), false) = (&integration.mapping, own.is_empty()) else { continue };
        let companies = match look {
            true => Some(known.companies(config, integration)?),
            false => known.known_companies(integration),
        };
        let Some(companies) = companies else { return Ok(None) };
        let guessed = guessed(integration, mapping, &companies, own.iter().map(|one| &one.name));
        guesses.extend(own.iter().zip(guessed).map(|(customer, guess)| guess_of(integration, customer, guess)));
    }
    Ok(Some(guesses))
}

fn guess_of(integration: &IntegrationConfig, customer: &MappedCustomer, guess: Unmapped) -> CompanyGuess {
    let exact = guess.exact_hit(&integration.customers_path).map(|hit| hit.company);
    let is_ambiguous = guess.ambiguous;
    let candidate = |one: crate::cli::commands::map::suggest::Guess| CompanyCandidate {
        company: CompanyId(one.id),
        why: match one.mapped.first() {
            Some(other) => format!("{}; {} is billed there already", one.why, shown(other.as_str())),
            None => one.why,
        },
        name: one.name,
    };
    let candidates = guess.candidates.into_iter().map(candidate).collect();
    CompanyGuess { customer: customer.clone(), candidates, is_ambiguous, exact }
}

/// Companies that a customer may be mapped to.
pub(crate) fn choices(
    config: &Config,
    known: &KnownRecords,
    customer: &MappedCustomer,
    typed: &str,
) -> Result<Vec<CompanyChoice>, CommandError> {
    let integration = &config.integrations[&customer.integration];
    let companies = known.companies(config, integration)?;
    let typed = typed.trim().to_lowercase();
    if typed.is_empty() {
        let Ok(mapping) = &integration.mapping else { return Ok(Vec::new()) };
        let guessed = guessed(integration, mapping, &companies, std::iter::once(&customer.name));
        let by_id: BTreeMap<i64, &Company> = companies.iter().map(|company| (company.id.0, company)).collect();
        let alike = guessed.iter().flat_map(|one| &one.candidates);
        return Ok(alike.filter_map(|one| Some(choice(by_id.get(&one.id)?, &one.why))).collect());
    }
    let fits = |company: &&Company| {
        company.id.to_string() == typed
            || company.name.to_lowercase().contains(&typed)
            || company.identifier.to_lowercase().contains(&typed)
    };
    let mut found: Vec<&Company> = companies.iter().filter(fits).collect();
    found.sort_by(|a, b| (a.deleted, &a.name, a.id).cmp(&(b.deleted, &b.name, b.id)));
    Ok(found.into_iter().take(LISTED).map(|company| choice(company, "")).collect())
}

fn choice(company: &Company, why: &str) -> CompanyChoice {
    let kinds = company.kinds.iter().map(String::as_str);
    let said: Vec<&str> = kinds.chain([company.status.as_str()]).filter(|word| !word.is_empty()).collect();
    CompanyChoice {
        company: company.id,
        name: company.name.clone(),
        said: said.join(", "),
        why: why.to_owned(),
        off: company.deleted.then(|| "deleted, so it cannot be chosen".to_owned()),
    }
}

/// The agreements of a company, and which one a row without an agreement means.
pub(crate) fn agreements(
    config: &Config,
    known: &KnownRecords,
    integration: &IntegrationName,
    company: CompanyId,
) -> Result<AgreementChoices, CommandError> {
    let integration = &config.integrations[integration];
    let found = known.agreements(config, integration, company)?;
    let today = integration.zone.day(clock::now());
    let rule = integration.mapping.as_ref().ok().and_then(|mapping| mapping.default_agreement.as_ref());
    let default = rule.map(|rule| {
        let bills = |one: &&Agreement| rule.matches(one) && one.billing(today).is_ok();
        let meant: Vec<String> = found.iter().filter(bills).map(|one| format!("{}, {}", one.id, one.name)).collect();
        let one = match meant.as_slice() {
            [one] => Ok(one.clone()),
            [] => Err("none that bills today fits it".to_owned()),
            several => Err(format!("{} fit it: choose one", several.len())),
        };
        (rule.to_string(), one)
    });
    let choice = |one: &Agreement| AgreementChoice {
        agreement: one.id,
        name: one.name.clone(),
        kind: one.kind.clone(),
        off: one.billing(today).err().map(|why| why.to_string()),
    };
    let mut agreements: Vec<AgreementChoice> = found.iter().map(choice).collect();
    agreements.sort_by_key(|one| (one.off.is_some(), one.agreement));
    Ok(AgreementChoices { default, agreements })
}

/// What a person said of a customer. The second of two people is told what the first said.
///
/// # Errors
/// [`Exit::Decide`] where the row is not what was shown.
pub(crate) fn map(config: &Config, who: &str, change: &RowChange) -> Result<(), CommandError> {
    let RowChange { handle, shown: seen, target, note } = change;
    let all = customers(config, &KnownRecords::default())?;
    let customer = all.iter().find(|one| one.handle == *handle);
    let gone = || CommandError::new(Exit::Decide, format!("nobody has the handle {handle} any more"), "");
    let customer = customer.ok_or_else(gone)?;
    let now = customer.as_shown();
    if now != *seen {
        let said = match &customer.target {
            None => "its row was taken out".to_owned(),
            Some(CustomerTarget::Skip) => "it was skipped on purpose".to_owned(),
            Some(CustomerTarget::Company { company, agreement: None }) => format!("it was mapped to company {company}"),
            Some(CustomerTarget::Company { company, agreement: Some(agreement) }) => {
                format!("it was mapped to company {company}, agreement {agreement}")
            }
        };
        let note = if customer.note.is_empty() { String::new() } else { format!(" (\"{}\")", shown(&customer.note)) };
        let message = format!("{}: {said}{note} a moment ago", shown(customer.name.as_str()));
        return Err(CommandError::new(Exit::Decide, message, ""));
    }
    let integration = &config.integrations[&customer.integration];
    let Some(target) = target.clone() else { return remove(config, integration, &customer.name, who) };
    let note = note.as_deref().map(escaped);
    let offline = target == CustomerTarget::Skip;
    let replace = customer.target.is_some();
    let row = NewRow { customer: customer.name.clone(), target, note };
    write(config, integration, row, RowWriting { replace, offline, who }).map(drop)
}

/// A row for each of these customers, if each still has the company that was shown.
///
/// # Errors
/// [`Exit::Decide`] where one does not.
pub(crate) fn map_exact(
    config: &Config,
    known: &KnownRecords,
    who: &str,
    chosen: &[(String, CompanyId)],
) -> Result<(), CommandError> {
    let guesses = guesses(config, known, true)?.unwrap_or_default();
    let mut hits = Vec::new();
    let mut shown_names: BTreeMap<&IntegrationName, BTreeMap<CompanyId, String>> = BTreeMap::new();
    for (handle, company) in chosen {
        let guess = guesses.iter().find(|guess| guess.customer.handle == *handle && guess.exact == Some(*company));
        let moved = || {
            let message = format!("{handle} is not exactly company {company} any more, or was mapped a moment ago");
            CommandError::new(Exit::Decide, message, "")
        };
        let guess = guess.ok_or_else(moved)?;
        let integration = &config.integrations[&guess.customer.integration];
        let name = guess.candidates.iter().find(|one| one.company == *company).map(|one| one.name.clone());
        let company_name = name.unwrap_or_default();
        shown_names.entry(&integration.name).or_default().insert(*company, company_name.clone());
        hits.push(ExactHit {
            file: integration.customers_path.as_path(),
            customer: guess.customer.name.clone(),
            company: *company,
            company_name,
        });
    }
    for (name, shown_names) in shown_names {
        still_there(config, &config.integrations[name], &shown_names)?;
    }
    accept_exact::add(config, hits.iter(), who)
}

/// What the pickers know may be some minutes old: a company that was deleted or renamed since is not written.
fn still_there(
    config: &Config,
    integration: &IntegrationConfig,
    shown_names: &BTreeMap<CompanyId, String>,
) -> Result<(), CommandError> {
    let looked = session::runtime()?.block_on(async {
        let client = session::connect(session::connectwise_of(config, integration)?)?;
        Ok::<_, Failure>(client.companies(&shown_names.keys().copied().collect()).await?)
    });
    let found =
        looked.map_err(|failure| CommandError::new(failure.exit, failure.finding.message, failure.finding.fix))?;
    let there: BTreeMap<CompanyId, &Company> =
        found.records.iter().filter(|company| !company.deleted).map(|company| (company.id, company)).collect();
    let gone = shown_names.iter().find(|(id, name)| there.get(id).is_none_or(|company| company.name != **name));
    match gone {
        None => Ok(()),
        Some((id, name)) => {
            let message = format!("company {id}, \"{}\", was deleted or renamed a moment ago", escaped(name));
            Err(CommandError::new(Exit::Decide, message, ""))
        }
    }
}
