//! `desk.toml`, beside the folders of many tenants or where `RECOUNT_DESK` says: the desk that is there for all of them.

use std::path::{Path, PathBuf};

use crate::config::desk_settings::DeskConfig;
use crate::config::environment;
use crate::config::error::ConfigErrors;
use crate::config::load::walked;
use crate::config::tables::desk;
use crate::config::toml_document::Section;

/// The desk of many tenants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetDeskConfig {
    /// The folder of the people, and of their sessions; no tenant's.
    pub state: PathBuf,
    /// `[desk]`.
    pub desk: Option<DeskConfig>,
}

/// Where the people are, unless configured. A folder with such a name is no tenant.
const STATE: &str = ".desk";

/// Where the people of these tenants are, unless configured.
pub fn usual_state(tenants: &Path) -> PathBuf {
    tenants.join(STATE)
}

/// The desk of the tenants in this folder, by its `desk.toml`, if it has one. One that `RECOUNT_DESK` names has to be there;
/// paths in it are relative to the tenants' folder all the same.
pub fn load(tenants: &Path) -> Result<FleetDeskConfig, ConfigErrors> {
    let named = environment::fleet_desk();
    let is_named = named.is_some();
    let path = named.unwrap_or_else(|| tenants.join("desk.toml"));
    if !is_named && !path.exists() {
        return Ok(FleetDeskConfig { state: usual_state(tenants), desk: None });
    }
    match walked(&path, |_, root| config(tenants, root))? {
        (Some(config), errors) if errors.is_empty() => Ok(config),
        (_, errors) => Err(ConfigErrors(errors)),
    }
}

fn config(folder: &Path, root: Section<'_>) -> Option<FleetDeskConfig> {
    let state = root.get("state").map_or(Some(usual_state(folder)), |field| field.path(folder));
    // The tab asks a tenant's ConnectWise, and is part of that tenant's own desk.
    let desk = root.get("desk").map(|field| field.table().and_then(|section| desk::config(section, folder, &[])));
    root.finish(&[]);
    let desk = match desk {
        Some(desk) => Some(desk?),
        None => None,
    };
    Some(FleetDeskConfig { state: state?, desk })
}
