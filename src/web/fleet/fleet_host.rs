//! The trait by which the desk of many tenants knows them: who is there, how each stands, and its desk.

use std::sync::Arc;

use axum::extract::FromRef;
use tokio::sync::Semaphore;

use crate::report::exit_codes::Exit;
use crate::web::desk::host::DeskHost;
use crate::web::site::{Door, PageReads, Site, TabRules};

/// The tenants, as they are at each request: folders come and go.
pub trait FleetHost: Send + Sync {
    /// How the tenants stand whose names these are wanted of, the worst first. Waits for the disk.
    ///
    /// # Errors
    /// When it cannot be made out which tenants there are.
    fn standings(&self, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<TenantStanding>, String>;

    /// A tenant's desk; `None` if there is no such tenant. Waits for the disk.
    ///
    /// # Errors
    /// Why this one tenant's desk cannot be shown, to be told to its people.
    fn desk(&self, tenant: &str) -> Result<Option<TenantDesk>, String>;
}

/// How a tenant stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantStanding {
    /// Its folder's name.
    pub tenant: String,
    /// What `recount status` would end with.
    pub exit: Exit,
    /// The same in words; of a tenant whose files are broken what is wrong with them.
    pub said: String,
    /// Whether there is a desk to go to.
    pub is_whole: bool,
}

/// What a tenant's desk is made of. It stays the same from request to request.
#[derive(Clone)]
pub struct TenantDesk {
    /// Its state folder.
    pub site: Site,
    /// Its commands.
    pub host: Arc<dyn DeskHost>,
    /// The tab in its ConnectWise, as its own configuration has it.
    pub tab: Option<TabRules>,
    /// Requests that are answered at a time.
    pub places: Arc<Semaphore>,
}

/// Requests to one tenant's desk that are answered at a time. Beyond them none waits: the connections are there for all.
pub const PLACES: usize = 16;

/// The desk of many tenants.
#[derive(Clone)]
pub struct FleetDesk {
    pub(crate) host: Arc<dyn FleetHost>,
    pub(crate) door: Door,
    /// Lists that are drawn at a time: each looks at many histories, and nobody waits for them at the door.
    pub(crate) lists: PageReads,
}

impl FleetDesk {
    /// The desk of these tenants, whose people this door knows.
    pub fn new(host: Arc<dyn FleetHost>, door: Door) -> Self {
        Self { host, door: Door { is_of_many: true, ..door }, lists: PageReads::default() }
    }
}

impl FromRef<FleetDesk> for Door {
    fn from_ref(fleet: &FleetDesk) -> Self {
        fleet.door.clone()
    }
}
