//! `[integration.NAME]`.

use std::path::Path;

use crate::config::connectwise::optional;
use crate::config::customers;
use crate::config::document::Field;
use crate::config::document::Section;
use crate::config::export;
use crate::config::guards;
use crate::config::services;
use crate::config::settings::IntegrationConfig;
use crate::config::tickets;
use crate::export::names::alike;
use crate::reconcile::guards::GuardPolicy;
use crate::reconcile::ids::IntegrationName;
use crate::reconcile::mapping::AgreementRule;
use crate::reconcile::mapping::Mapping;
use crate::reconcile::mapping::MatchCustomers;
use crate::reconcile::outcome::Mode;

const MODES: &[(&str, Mode)] = &[("off", Mode::Off), ("observe", Mode::Observe), ("apply", Mode::Apply)];
const MATCHES: &[(&str, MatchCustomers)] =
    &[("mapped", MatchCustomers::Mapped), ("exact-name", MatchCustomers::ExactName)];

/// Reads one table; `connectwise` are the names it may refer to.
pub(in crate::config) fn config(
    name: IntegrationName,
    section: Section<'_>,
    folder: &Path,
    connectwise: &[&str],
) -> Option<IntegrationConfig> {
    let tickets = optional(section.get("tickets"), |field| tickets::settings(field.table()?, connectwise));
    let connectwise = section.required("connectwise").and_then(|field| reference(&field, connectwise));
    let mode = section.get("mode").map_or(Some(Mode::Observe), |field| field.word(MODES));
    let customers_field = section.required("customers");
    let customers_path = customers_field.as_ref().and_then(|field| field.path(folder));
    let match_customers =
        section.get("match_customers").map_or(Some(MatchCustomers::Mapped), |field| field.word(MATCHES));
    let default_agreement = optional(section.get("default_agreement"), agreement_rule);
    let create_lines = section.get("create_lines").map_or(Some(true), |field| field.boolean());
    let export = section.required("export").and_then(|field| export::settings(field.table()?, folder));
    let services = section.get("services").map_or(Some(Default::default()), |field| services::rules(&field.table()?));
    let guards = section.get("guards").map_or(Some(GuardPolicy::default()), |field| guards::policy(field.table()?));
    section.finish(&[]);
    let customers =
        customers_field.zip(customers_path.as_ref()).and_then(|(field, path)| customers::read(&field, path));
    // What is wrong with customers.csv is said in its own place, and stops this integration alone.
    let (services, customers) = (services?, customers.unwrap_or_default());
    let mapping = Mapping {
        customers: customers.rows,
        match_customers: match_customers?,
        services: services.rules,
        default_agreement: default_agreement?,
        create_lines: create_lines?,
        pins: services.pins.into_iter().chain(customers.pins).collect(),
    };
    Some(IntegrationConfig {
        name,
        connectwise: connectwise?,
        mode: mode?,
        customers_path: customers_path?,
        mapping: Ok(mapping),
        export: export?,
        guards: guards?,
        tickets: tickets?,
    })
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
