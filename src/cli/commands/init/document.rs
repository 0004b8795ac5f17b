//! `recount.toml`, as `init` writes it: what was answered, with a line of explanation where one decides.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use crate::cli::commands::init::answers::{Answers, At};
use crate::cli::commands::init::sample::{ChosenExport, ChosenLayout};
use crate::config::secrets::SecretSource;
use crate::reconcile::model::ids::ServiceName;

/// The header alone: a row without a company would mean "skip this customer".
pub(super) const CUSTOMERS: &str = "customer,company_id,agreement_id,note\n";
/// Where the systemd units look for the configuration.
pub(super) const HOME: &str = "/etc/recount";

/// The text for this folder, which is absolute.
pub(super) fn configuration(answers: &Answers, folder: &Path) -> String {
    let Answers { connection, vendor, at, zone } = answers;
    let name = &vendor.name;
    let state = if folder == Path::new(HOME) { "/var/lib/recount" } else { "state" };
    let agreement = match &vendor.agreement_type {
        Some(kind) => format!("default_agreement = {{ type = {} }}", quoted(kind)),
        None => {
            "# default_agreement = { type = \"…\" }       # where a row of customers.csv names no agreement".to_owned()
        }
    };
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
         [integration.{name}]\n\
         connectwise = \"main\"\n\
         # off, observe (reads and reports, never writes), or apply\n\
         mode        = {mode}\n\
         customers   = \"customers.csv\"\n\
         {agreement}\n\
         # true: recount creates additions that are missing\n\
         create_lines = false\n\
         \n\
         [integration.{name}.export]\n\
         {export}\
         \n\
         # For `recount daemon`. The systemd timer has its own time.\n\
         [daemon]\n\
         schedule = {schedule}\n\
         zone     = {zone}\n",
        state = quoted(state),
        url = quoted(&connection.url),
        company = quoted(&connection.company),
        client_id = quoted(&connection.client_id),
        public_key = secret(&connection.public_key),
        private_key = secret(&connection.private_key),
        mode = quoted(&vendor.mode),
        export = source(&vendor.export, &vendor.layout, folder),
        schedule = quoted(&schedule(*at)),
        zone = quoted(zone),
    )
}

/// The services that the export holds, for a person to fill in. None is billed until then.
pub(super) fn services(integration: &str, services: &BTreeSet<&ServiceName>) -> String {
    let mut text = format!(
        "\n# What the vendor calls it = what your catalog calls it. A service without a line here is reported, and not\n\
         # billed. `recount map suggest --services` proposes the products.\n\
         [integration.{integration}.services]\n"
    );
    for service in services {
        let _ = writeln!(text, "# {} = {{ product = \"\" }}", quoted(service.as_str()));
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
        ChosenLayout::Columns(columns) => {
            let [customer, service, count] = columns.each_ref().map(|name| quoted(name));
            format!("columns = {{ customer = {customer}, service = {service}, count = {count} }}\n")
        }
    };
    place + &layout
}

fn secret(source: &SecretSource) -> String {
    let (kind, value) = match source {
        SecretSource::Credential(name) => ("credential", quoted(name)),
        SecretSource::File(path) => ("file", quoted(&path.to_string_lossy())),
        SecretSource::Env(name) => ("env", quoted(name)),
    };
    format!("{{ {kind} = {value} }}")
}

/// As `cron` writes it.
fn schedule(At { hour, minute }: At) -> String {
    format!("{minute} {hour} * * *")
}

/// As TOML writes a text, whatever it holds.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
