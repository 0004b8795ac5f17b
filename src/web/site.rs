//! What the pages show.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::history::desk::desk_key::DeskKey;
use crate::history::store::error::StoreError;
use crate::web::access::oidc::settings::OidcSettings;
use crate::web::desk::host::DeskHost;

/// What is shown: a state folder, and what only the caller can tell of the configuration.
#[derive(Clone)]
pub struct Site {
    /// The folder of the history.
    pub state: PathBuf,
    /// The metrics, now.
    pub metrics: CurrentData<String>,
}

/// What is asked of the caller at each request; an error is a sentence for the log.
pub type CurrentData<T> = Arc<dyn Fn() -> Result<T, String> + Send + Sync>;

/// Why there is no page.
#[derive(Debug)]
pub enum PageError {
    /// There is no such thing.
    Nothing,
    /// It cannot be read.
    Broken(String),
}

impl From<StoreError> for PageError {
    fn from(error: StoreError) -> Self {
        PageError::Broken(error.to_string())
    }
}

/// The desk of one state folder.
#[derive(Clone)]
pub struct DeskSite {
    pub(crate) site: Site,
    pub(crate) host: Arc<dyn DeskHost>,
    pub(crate) rules: Arc<DoorRules>,
    /// A hash takes 19 MiB: as many at a time, and the others wait.
    pub(crate) hashing: Arc<Semaphore>,
}

/// Who comes in, and how.
pub struct DoorRules {
    /// The proxy in front, whose word about browsers is taken.
    pub proxy: Option<IpAddr>,
    /// What secrets of people are made of.
    pub key: DeskKey,
    /// Whether everybody who has a password needs a code as well.
    pub totp_required: bool,
    /// The provider that lets people in as well.
    pub oidc: Option<OidcSettings>,
    /// The tab in ConnectWise.
    pub tab: Option<TabRules>,
}

/// The pages that may frame the tab.
#[derive(Debug, Clone)]
pub struct TabRules {
    /// Their origins.
    pub origins: Vec<String>,
}

/// Hashes of passwords that are made at the same time.
const HASHES: usize = 2;

impl DeskSite {
    /// The desk of this site.
    pub fn new(site: Site, host: Arc<dyn DeskHost>, rules: DoorRules) -> Self {
        Self { site, host, rules: Arc::new(rules), hashing: Arc::new(Semaphore::new(HASHES)) }
    }
}
