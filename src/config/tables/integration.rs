//! `[integration.NAME]`: its mode, its customers, and the tables in it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::settings::IntegrationConfig;
use crate::config::tables::services::Services;
use crate::config::tables::{export, guards, policy, services, tickets};
use crate::config::toml_document::{Field, Section};
use crate::config::values::optional;
use crate::config::{customers, profiles};
use crate::export::read::alike_names::alike;
use crate::export::settings::ExportSettings;
use crate::reconcile::guard::guard_policy::GuardPolicy;
use crate::reconcile::model::ids::{CustomerName, IntegrationName};
use crate::reconcile::model::mapping::{AgreementRule, CompanyFilter, Mapping, MatchCustomers, Sweep, folded};
use crate::reconcile::model::plan::outcome::Mode;
use crate::zone::Zone;

const MODES: &[(&str, Mode)] = &[("off", Mode::Off), ("observe", Mode::Observe), ("apply", Mode::Apply)];
const MATCHES: &[(&str, MatchCustomers)] =
    &[("mapped", MatchCustomers::Mapped), ("exact-name", MatchCustomers::ExactName)];

const SWEEPS: &[(&str, Sweep)] = &[("weekly", Sweep::Weekly), ("nightly", Sweep::Nightly), ("off", Sweep::Off)];

/// A night and two hours: a run that takes long, or begins late, is no alarm.
const EXPECTED_EVERY: Duration = Duration::from_secs(26 * 60 * 60);

/// What a table is read in.
#[derive(Clone, Copy)]
pub(in crate::config) struct Context<'a> {
    /// The folder that relative paths start from.
    pub(in crate::config) folder: &'a Path,
    /// The names of `[connectwise.NAME]` that it may refer to.
    pub(in crate::config) connectwise: &'a [&'a str],
    /// The zone of one that names none.
    pub(in crate::config) zone: &'a Zone,
}

/// Reads one table.
pub(in crate::config) fn config(
    name: IntegrationName,
    section: Section<'_>,
    context: Context<'_>,
) -> Option<IntegrationConfig> {
    let Context { folder, connectwise, zone: usual } = context;
    let tickets = section.get("tickets").map_or(Some(Vec::new()), |field| tickets::all(&field, connectwise));
    let connectwise = section.required("connectwise").and_then(|field| reference(&field, connectwise));
    let mode = section.get("mode").map_or(Some(Mode::Observe), |field| field.word(MODES));
    let customers_field = section.required("customers");
    let customers_path = customers_field.as_ref().and_then(|field| field.path(folder));
    let match_customers =
        section.get("match_customers").map_or(Some(MatchCustomers::Mapped), |field| field.word(MATCHES));
    let companies_of = company_filter(&section);
    let default_agreement = optional(section.get("default_agreement"), agreement_rule);
    let create_lines_unset = section.get("create_lines").is_none();
    let (create_lines, names_on_line) = (switch(&section, "create_lines"), switch(&section, "names_on_line"));
    let sweep = section.get("sweep").map_or(Some(Sweep::Weekly), |field| field.word(SWEEPS));
    let freeze = section.get("freeze").map_or(Some(0), |field| days(&field));
    let quantity_decimals = optional(section.get("quantity_decimals"), |field| field.whole(0, 10));
    let export = section.required("export").and_then(|field| export_settings(&field, folder));
    // Where the export's own table is wrong, nobody knows; what is wrong there is said.
    let names_items = export.as_ref().is_none_or(|export| export.layout.item().is_some());
    let (services, policies) = (services_of(&section, folder, names_items), section.get("policy"));
    let guards = section.get("guards").map_or(Some(GuardPolicy::default()), |field| guards::policy(field.table()?));
    let expected_every = expected_every(&section);
    let zone = section.get("zone").map_or(Some(usual.clone()), |field| zone(&field));
    section.finish(&[]);
    let customers =
        customers_field.zip(customers_path.as_ref()).and_then(|(field, path)| customers::read(&field, path));
    // What is wrong with customers.csv is said in its own place, and stops this integration alone.
    let ((services, services_path), match_customers) = (services?, match_customers?);
    let (services, policies) = known(services, policies);
    let rows: Option<BTreeSet<&CustomerName>> = customers.as_ref().map(|customers| customers.rows.keys().collect());
    let rows = rows.filter(|_| match_customers == MatchCustomers::Mapped);
    let policies =
        optional(policies, |field| policy::of_customers(field, &services.rules, &services.keys, rows.as_ref()));
    let customers = customers.unwrap_or_default();
    let mapping = Mapping {
        customers: customers.rows,
        match_customers,
        companies_of: companies_of?,
        services: services.rules,
        services_file: services_path.as_deref().and_then(name_of),
        default_agreement: default_agreement?,
        create_lines: create_lines?,
        create_lines_unset,
        names_on_line: names_on_line?,
        sweep: sweep?,
        freeze_days: freeze?,
        quantity_decimals: quantity_decimals?,
        policies: policies?.unwrap_or_default(),
        pins: services.pins.into_iter().chain(customers.pins).collect(),
    };
    Some(IntegrationConfig {
        name,
        connectwise: connectwise?,
        mode: mode?,
        customers_path: customers_path?,
        services_path,
        mapping: Ok(mapping),
        export: export?,
        guards: guards?,
        zone: zone?,
        expected_every: expected_every?,
        tickets: tickets?,
    })
}

fn expected_every(section: &Section<'_>) -> Option<Duration> {
    section.get("expected_every").map_or(Some(EXPECTED_EVERY), |field| field.duration(Duration::from_secs(60)))
}

fn name_of(path: &Path) -> Option<Box<str>> {
    Some(path.file_name()?.to_string_lossy().into())
}

/// Off unless it is said.
fn switch(section: &Section<'_>, key: &'static str) -> Option<bool> {
    section.get(key).map_or(Some(false), |field| field.boolean())
}

/// The services, of the table or of the file that is named instead; none where the file is at fault.
fn services_of(section: &Section<'_>, folder: &Path, names_items: bool) -> Option<(Option<Services>, Option<PathBuf>)> {
    let table = section.get("services");
    let Some(field) = section.get("services_file") else {
        let services = table.map_or(Some(Services::default()), |field| services::rules(&field.table()?, names_items));
        return Some((Some(services?), None));
    };
    if table.is_some() {
        field.error("`services_file` stands for the table `services`: write one of them");
        return None;
    }
    let path = field.path(folder)?;
    Some((services::of_file(&field, &path, names_items), Some(path)))
}

/// Where the file of the services is at fault, nobody knows what the policies may name.
fn known<'a>(services: Option<Services>, policies: Option<Field<'a>>) -> (Services, Option<Field<'a>>) {
    match services {
        Some(services) => (services, policies),
        None => (Services::default(), None),
    }
}

/// Whole days, below three weeks: more would freeze a month.
fn days(field: &Field<'_>) -> Option<u32> {
    let freeze = field.duration(Duration::ZERO)?;
    let days = u32::try_from(freeze.as_secs() / DAY_SECONDS).unwrap_or(u32::MAX);
    if freeze.as_secs() % DAY_SECONDS != 0 || days > FREEZE_MOST {
        field.error(format!("`{}` is a number of whole days up to {FREEZE_MOST}, such as \"3d\"", field.key));
        return None;
    }
    Some(days)
}

const DAY_SECONDS: u64 = 24 * 60 * 60;
const FREEZE_MOST: u32 = 21;

/// An IANA time zone.
pub(in crate::config) fn zone(field: &Field<'_>) -> Option<Zone> {
    let zone = Zone::named(field.text()?);
    zone.map_err(|error| field.error(error.to_string())).ok()
}

fn export_settings(field: &Field<'_>, folder: &Path) -> Option<ExportSettings> {
    let section = field.table()?;
    profiles::with(section.get("profile"), folder, |profile| export::settings(section, profile, folder))
}

fn reference(field: &Field<'_>, known: &[&str]) -> Option<String> {
    let name = field.text()?;
    if !known.contains(&name) {
        let meant = alike(name, known.iter().copied()).map(|meant| format!(" (did you mean \"{meant}\"?)"));
        field.error(format!("there is no [connectwise.{name}]{}", meant.unwrap_or_default()));
        return None;
    }
    Some(name.to_owned())
}

/// `company_types = ["Client"]`: one of its types is enough; `{ every = […] }`: each of its types has to be there.
fn company_filter(section: &Section<'_>) -> Option<CompanyFilter> {
    let kinds = section.get("company_types").map_or(Some((BTreeSet::new(), false)), |field| {
        if field.value().as_table().is_none() {
            return Some((names(&field)?, false));
        }
        let section = field.table()?;
        let every = section.required("every").and_then(|field| names(&field));
        section.finish(&[]);
        Some((every?, true))
    });
    let statuses = section.get("company_statuses").map_or(Some(BTreeSet::new()), |field| names(&field));
    let (kinds, every_kind) = kinds?;
    Some(CompanyFilter { kinds, every_kind, statuses: statuses? })
}

/// Names of ConnectWise's own; an empty list would leave every company out.
fn names(field: &Field<'_>) -> Option<BTreeSet<String>> {
    let items = field.list()?;
    if items.is_empty() {
        field.error(format!("`{}` is empty; leave it out to take every company", field.key));
        return None;
    }
    items.iter().map(|item| item.text().map(folded)).collect()
}

fn agreement_rule(field: &Field<'_>) -> Option<AgreementRule> {
    let section = field.table()?;
    let kind = section.get("type").map(|field| field.text().map(str::to_owned).map(AgreementRule::Type));
    let name = section.get("name").map(|field| field.text().map(str::to_owned).map(AgreementRule::Name));
    section.finish(&[]);
    match (kind, name) {
        (Some(rule), None) | (None, Some(rule)) => rule,
        _ => {
            field.error("`default_agreement` takes one of `type` and `name`");
            None
        }
    }
}
