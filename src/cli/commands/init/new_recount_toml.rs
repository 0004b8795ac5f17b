//! `recount.toml`, as `init` writes it: what was answered, with a line of explanation where one decides.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use crate::cli::commands::init::file_columns::ChosenColumns;
use crate::cli::commands::init::init_answers::{Answers, TimeOfDay, Vendor};
use crate::cli::commands::init::layout_choice::{ChosenExport, ChosenLayout};
use crate::cli::commands::init::new_folder::HOME;
use crate::config::secrets::SecretSource;
use crate::reconcile::model::display_text::shown;
use crate::reconcile::model::ids::ServiceName;

/// The header alone: a row without a company would mean "skip this customer".
pub(in crate::cli::commands) const CUSTOMERS: &str = "customer,company_id,agreement_id,note\n";

/// The text for this folder, which is absolute.
pub(super) fn configuration(answers: &Answers, folder: &Path) -> String {
    let Answers { connection, vendor, at, zone } = answers;
    let state = if folder == Path::new(HOME) { "/var/lib/recount" } else { "state" };
    format!(
        "# Made by `recount init`. Paths are relative to this file. It holds no secret.\n\
         state = {state}\n\
         \n\
         [connectwise.main]\n\
         url         = {url}\n\
         company     = {company}\n\
         client_id   = {client_id}\n\
         public_key  = {public_key}\n\
         private_key = {private_key}\n\
         \n\
         {integration}\
         \n\
         # For `recount daemon`. The systemd timer has its own time.\n\
         [daemon]\n\
         schedule = {schedule}\n\
         zone     = {zone}\n",
        state = quoted(state),
        url = quoted(&connection.url),
        company = quoted(&connection.company),
        client_id = quoted(&connection.client_id),
        public_key = secret(&connection.public_key.source, folder),
        private_key = secret(&connection.private_key.source, folder),
        integration = integration(vendor, ("main", "customers.csv"), folder),
        schedule = quoted(&schedule(*at)),
        zone = quoted(zone),
    )
}

/// The tables of one integration: in which ConnectWise it bills, and its file of customers.
pub(in crate::cli::commands) fn integration(
    vendor: &Vendor,
    (connectwise, customers): (&str, &str),
    folder: &Path,
) -> String {
    let name = &vendor.name;
    let agreement = match &vendor.agreement_type {
        Some(kind) => format!("default_agreement = {{ type = {} }}", quoted(kind)),
        None => {
            "# default_agreement = { type = \"…\" }       # where a row of customers.csv names no agreement".to_owned()
        }
    };
    format!(
        "[integration.{name}]\n\
         connectwise = {connectwise}\n\
         # off, observe (reads and reports, never writes), or apply\n\
         mode        = {mode}\n\
         customers   = {customers}\n\
         {agreement}\n\
         {companies}\
         # true: recount creates additions that are missing\n\
         create_lines = false\n\
         \n\
         [integration.{name}.export]\n\
         {export}",
        connectwise = quoted(connectwise),
        mode = quoted(&vendor.mode),
        customers = quoted(customers),
        companies = companies(vendor),
        export = source(&vendor.export, &vendor.layout, folder),
    )
}

/// Which companies there are, for whoever wants to leave some out.
fn companies(vendor: &Vendor) -> String {
    let listed = |key: &str, names: &[(String, usize)]| {
        let (first, _) = names.first()?;
        let all: Vec<String> =
            names.iter().take(KINDS).map(|(name, count)| format!("{} {count}", shown(name))).collect();
        let more = if names.len() > KINDS { ", …" } else { "" };
        Some(format!("# {key} = [{}]   # there are {}{more}\n", quoted(first), all.join(", ")))
    };
    let offers = &vendor.offers;
    let lines = [listed("company_types", &offers.company_types), listed("company_statuses", &offers.company_statuses)];
    lines.into_iter().flatten().collect()
}

/// Names of kinds that stand in one line.
const KINDS: usize = 6;

/// The services that the export holds, each with the product that it may be, for a person to take. None is billed until
/// then.
pub(in crate::cli::commands) fn services(
    integration: &str,
    services: &BTreeSet<&ServiceName>,
    guesses: &BTreeMap<String, (String, String)>,
) -> String {
    let mut text = format!(
        "\n# What the vendor calls it = what your catalog calls it. A service without a line here is reported, and not\n\
         # billed. `recount map suggest --services` proposes the products.\n\
         [integration.{integration}.services]\n"
    );
    for service in services {
        let (product, why) = match guesses.get(service.as_str()) {
            Some((product, name)) => (quoted(product), format!("   # likely: {}", shown(name))),
            None => (quoted(""), String::new()),
        };
        let _ = writeln!(text, "# {} = {{ product = {product} }}{why}", quoted(service.as_str()));
    }
    text
}

fn source(export: &ChosenExport, layout: &ChosenLayout, folder: &Path) -> String {
    let place = match export {
        ChosenExport::Path(path) => {
            let path = path.strip_prefix(folder).unwrap_or(path);
            format!("path    = {}\n", quoted(&path.to_string_lossy()))
        }
        ChosenExport::Url(url) => format!("url     = {}\n", quoted(url)),
    };
    let layout = match layout {
        ChosenLayout::Profile(name) => format!("profile = {}\n", quoted(name)),
        ChosenLayout::Columns(ChosenColumns { customer, service, count, delimiter }) => {
            let (customer, service) = (quoted(customer), quoted(service));
            let delimiter =
                delimiter.map(|one| format!("delimiter = {}\n", quoted(&one.to_string()))).unwrap_or_default();
            let columns = match count {
                Some(count) => {
                    format!("columns = {{ customer = {customer}, service = {service}, count = {} }}\n", quoted(count))
                }
                None => format!("columns = {{ customer = {customer}, service = {service} }}\ncount_by = \"rows\"\n"),
            };
            delimiter + &columns
        }
    };
    place + &layout
}

fn secret(source: &SecretSource, folder: &Path) -> String {
    let (kind, value) = match source {
        SecretSource::Credential(name) => ("credential", quoted(name)),
        SecretSource::File(path) => ("file", quoted(&path.strip_prefix(folder).unwrap_or(path).to_string_lossy())),
        SecretSource::Env(name) => ("env", quoted(name)),
    };
    format!("{{ {kind} = {value} }}")
}

/// As `cron` writes it.
fn schedule(TimeOfDay { hour, minute }: TimeOfDay) -> String {
    format!("{minute} {hour} * * *")
}

/// As TOML writes a text, whatever it holds.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
