//! Where the people are: in the history of one configuration, or in the store of the desk of many tenants.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::arguments::global_options::Global;
use crate::cli::clock;
use crate::cli::commands::fleet::{desk, tenants};
use crate::cli::commands::serve::desk_access;
use crate::cli::error::CommandError;
use crate::cli::session;
use crate::cli::session::Session;
use crate::cli::wiring::replication::refuse_beside_another_host;
use crate::config::desk_settings::DeskConfig;
use crate::config::desk_toml::FleetDeskConfig;
use crate::config::settings::Config;
use crate::error_chain::error_chain;
use crate::history::desk::tenant_roles::TenantScope;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::reconcile::model::display_text::{shell_word, shown};
use crate::report::exit_codes::Exit;
use crate::web::access::invitation;

/// At which tenants.
#[derive(Debug, Args)]
pub(super) struct TypedScope {
    /// With --tenants: at this tenant; may be given again
    #[arg(long = "tenant", value_name = "TENANT", requires = "tenants", help_heading = "Many tenants")]
    named: Vec<String>,
    /// With --tenants: at every tenant for which nothing else is said, also those to come
    #[arg(long, requires = "tenants", help_heading = "Many tenants")]
    every_tenant: bool,
}

/// Where no tenant is said.
pub(super) const NOWHERE: &TypedScope = &TypedScope { named: Vec::new(), every_tenant: false };

/// The desk whose people these are.
pub(super) enum PeopleStore {
    One(Box<Config>),
    Fleet { folder: PathBuf, there: BTreeSet<String>, config: Box<FleetDeskConfig> },
}

impl PeopleStore {
    pub(super) fn of(global: &Global, tenants: Option<&Path>) -> Result<Self, CommandError> {
        Ok(match tenants {
            None => PeopleStore::One(Box::new(session::configuration(global)?)),
            Some(folder) => {
                let there = tenants::tenants(folder).map_err(|error| {
                    CommandError::new(Exit::Config, format!("{}: {error}", folder.display()), "--tenants DIR")
                })?;
                let there = there.into_iter().map(|tenant| tenant.name).collect();
                PeopleStore::Fleet { folder: folder.to_owned(), there, config: Box::new(desk::configuration(folder)?) }
            }
        })
    }

    pub(super) fn state(&self) -> &Path {
        match self {
            PeopleStore::One(config) => &config.state,
            PeopleStore::Fleet { config, .. } => &config.state,
        }
    }

    /// A command about these people, as it is typed; `at` is where.
    pub(super) fn typed(&self, command: &str, at: &TypedScope) -> String {
        let PeopleStore::Fleet { folder, .. } = self else { return command.to_owned() };
        let tenants = at.named.iter().map(|tenant| format!(" --tenant {}", shell_word(tenant)));
        let tenants = at.every_tenant.then(|| " --every-tenant".to_owned()).into_iter().chain(tenants);
        let folder = shell_word(&folder.display().to_string());
        format!("{command} --tenants {folder}{}", tenants.collect::<String>())
    }

    pub(super) fn is_fleet(&self) -> bool {
        matches!(self, PeopleStore::Fleet { .. })
    }

    fn desk(&self) -> Option<&DeskConfig> {
        match self {
            PeopleStore::One(config) => config.desk.as_ref(),
            PeopleStore::Fleet { config, .. } => config.desk.as_ref(),
        }
    }

    /// Beside a run that is under way, where the history is of this version; else under the lock, which brings it there.
    pub(super) fn writable(&self) -> Result<History, CommandError> {
        match self {
            PeopleStore::One(config) => writable(config),
            PeopleStore::Fleet { config, .. } => desk::people(config),
        }
    }

    /// The tenants that were typed; none where there is one desk alone.
    ///
    /// # Errors
    /// When none was typed where there are many, or one that is not there: somebody would wait for what never shows.
    pub(super) fn scopes(&self, typed: &TypedScope) -> Result<Vec<TenantScope>, CommandError> {
        let PeopleStore::Fleet { folder, there, .. } = self else { return Ok(Vec::new()) };
        if typed.named.is_empty() && !typed.every_tenant {
            let fix = "name --tenant TENANT, or --every-tenant";
            return Err(CommandError::new(Exit::Usage, "at which tenant?", fix));
        }
        if let Some(unknown) = typed.named.iter().find(|name| !there.contains(*name)) {
            let message = format!("there is no tenant {} in {}", shown(unknown), folder.display());
            return Err(CommandError::new(Exit::Usage, message, "a tenant is a folder with a recount.toml"));
        }
        let named = typed.named.iter().cloned().map(TenantScope::Named);
        Ok(typed.every_tenant.then_some(TenantScope::Every).into_iter().chain(named).collect())
    }

    /// A link that is good once, and whether a desk is known to be where it leads.
    pub(super) fn link(&self, history: &mut History, name: &str) -> Result<(String, bool), CommandError> {
        let made = invitation::invite(history, name, clock::now());
        let made = made.map_err(|error| CommandError::new(Exit::Store, error_chain(&error), "recount verify"))?;
        Ok(desk_access::link(self.desk(), self.state(), &made.unwrap_or_default()))
    }
}

impl TypedScope {
    /// Whether a tenant was typed.
    pub(super) fn is_typed(&self) -> bool {
        self.every_tenant || !self.named.is_empty()
    }
}

fn writable(config: &Config) -> Result<History, CommandError> {
    refuse_beside_another_host(config)?;
    match History::open_beside(&config.state) {
        Ok(Some(history)) => Ok(history),
        Ok(None) | Err(StoreError::Older { .. }) => {
            let Session { lock: _lock, history, .. } = Session::open(config)?;
            Ok(history)
        }
        Err(error) => Err(error.into()),
    }
}
