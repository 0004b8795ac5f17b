//! `MappingHost` by the functions of `recount map`.

use std::path::Path;

use crate::cli::commands::answer::desk_answers::not_done;
use crate::cli::commands::map::desk_mapping;
use crate::cli::commands::map::pin::pin;
use crate::cli::commands::serve::command_host::CommandHost;
use crate::cli::error::CommandError;
use crate::cli::wiring::keep_file_version;
use crate::config::settings::IntegrationConfig;
use crate::error_chain::error_chain;
use crate::reconcile::model::ids::{AdditionId, CompanyId, CustomerName, IntegrationName};
use crate::reconcile::model::mapping::{CustomerTarget, LineShape};
use crate::reconcile::model::plan::remedy::Remedy;
use crate::report::exit_codes::Exit;
use crate::report::numbers_and_dates::plural;
use crate::web::desk::host::mapping_host::{
    AgreedPolicy, AgreementChoices, CompanyChoice, CompanyGuess, MappedCustomer, MappingHost, RowChange,
};
use crate::web::desk::host::not_done::{NotDone, NotDoneKind};

impl MappingHost for CommandHost {
    fn customers(&self) -> Result<Vec<MappedCustomer>, String> {
        let config = crate::config::load::load(&self.path).map_err(|errors| errors.to_string())?;
        desk_mapping::customers(&config, &self.known).map_err(|error| error_chain(&error))
    }

    fn agreed(&self, customer: &CustomerName) -> Result<Vec<AgreedPolicy>, String> {
        let config = crate::config::load::load(&self.path).map_err(|errors| errors.to_string())?;
        Ok(config.integrations.values().flat_map(|one| agreed(one, customer)).collect())
    }

    fn guesses(&self, look: bool) -> Result<Option<Vec<CompanyGuess>>, NotDone> {
        desk_mapping::guesses(&self.config()?, &self.known, look).map_err(not_done)
    }

    fn companies(&self, customer: &MappedCustomer, typed: &str) -> Result<Vec<CompanyChoice>, NotDone> {
        desk_mapping::choices(&self.config()?, &self.known, customer, typed).map_err(not_done)
    }

    fn agreements(&self, integration: &IntegrationName, company: CompanyId) -> Result<AgreementChoices, NotDone> {
        desk_mapping::agreements(&self.config()?, &self.known, integration, company).map_err(not_done)
    }

    fn map(&self, who: &str, change: &RowChange) -> Result<(), NotDone> {
        desk_mapping::map(&self.config()?, who, change).map_err(|error| not_written(error, &command(change)))
    }

    fn map_exact(&self, who: &str, chosen: &[(String, CompanyId)]) -> Result<(), NotDone> {
        let mapped = desk_mapping::map_exact(&self.config()?, &self.known, who, chosen);
        mapped.map_err(|error| not_written(error, "recount map suggest --accept-exact"))
    }

    fn pin(&self, who: &str, handle: &str, addition: AdditionId) -> Result<(), NotDone> {
        let pinned = pin(&self.config()?, who, handle, addition);
        pinned.map(drop).map_err(|error| not_written(error, &format!("recount map pin {handle} {addition}")))
    }

    fn edited_files(&self) -> Vec<(IntegrationName, (String, String))> {
        let kept = |path: &Path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            (name, keep_file_version::name_of(path))
        };
        let of = |one: &IntegrationConfig| {
            let files = [Some(&one.customers_path), one.services_path.as_ref()];
            files.into_iter().flatten().map(|path| (one.name.clone(), kept(path))).collect::<Vec<_>>()
        };
        self.config().map(|config| config.integrations.values().flat_map(of).collect()).unwrap_or_default()
    }
}

/// What one integration's configuration says of a customer's quantities.
fn agreed(integration: &IntegrationConfig, customer: &CustomerName) -> Vec<AgreedPolicy> {
    let Ok(mapping) = &integration.mapping else { return Vec::new() };
    let of = |service, said, is_own| AgreedPolicy { integration: integration.name.clone(), service, said, is_own };
    let own = |service| mapping.policies.get(customer).is_some_and(|own| own.contains_key(service));
    let mut agreed = Vec::new();
    for (service, billed) in mapping.billed() {
        let mut said = mapping.policy(customer, service, billed).said();
        said.extend((billed.lines == LineShape::PerItem).then(|| "a line for each item".to_owned()));
        said.extend(billed.bill.map(|bill| format!("new lines are {}", bill.as_str())));
        if !said.is_empty() {
            agreed.push(of(Some(service.clone()), said.join(" · "), own(service)));
        }
    }
    if mapping.freeze_days > 0 {
        let days = plural(usize::try_from(mapping.freeze_days).unwrap_or(usize::MAX), "day");
        agreed.push(of(None, format!("nothing is written in the {days} before an agreement's next invoice"), false));
    }
    agreed
}

/// Where this user may not write the file, an administrator may: by this command.
fn not_written(error: CommandError, typed: &str) -> NotDone {
    let exit = error.exit;
    let command = if exit == Exit::Config { Remedy::command(typed) } else { Remedy::Unsaid };
    let NotDone { kind, message, fix } = not_done(error);
    let kind = if exit == Exit::Decide { NotDoneKind::Moved } else { kind };
    NotDone { kind, message, fix: fix.or(command) }
}

fn command(change: &RowChange) -> String {
    let handle = &change.handle;
    match &change.target {
        None => format!("recount map remove {handle}"),
        Some(CustomerTarget::Skip) => format!("recount map ignore {handle} --replace"),
        Some(CustomerTarget::Company { company, agreement: None }) => {
            format!("recount map add {handle} {company} --replace")
        }
        Some(CustomerTarget::Company { company, agreement: Some(agreement) }) => {
            format!("recount map add {handle} {company} --agreement {agreement} --replace")
        }
    }
}
