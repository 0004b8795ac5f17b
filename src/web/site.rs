//! What all pages are drawn from: the state folder, who may come in and how, and how many pages are drawn at a time.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::extract::FromRef;
use tokio::sync::Semaphore;

use crate::history::desk::desk_key::DeskKey;
use crate::history::store::error::StoreError;
use crate::web::access::cookies::CookieNames;
use crate::web::access::oidc::settings::OidcSettings;
use crate::web::desk::host::DeskHost;
use crate::web::typed_notes::TypedNotes;

/// What is shown: a state folder, and what only the caller can tell of the configuration.
#[derive(Clone)]
pub struct Site {
    /// The folder of the history.
    pub state: PathBuf,
    /// The metrics, now.
    pub metrics: CurrentData<String>,
    /// As many pages are made at a time, and the others wait.
    pub reads: PageReads,
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

/// Pages of one state folder that are made at a time: each has the history open for itself, and some ask ConnectWise.
/// Where there are many tenants, each has its own: one whose ConnectWise does not answer keeps nobody else waiting.
#[derive(Clone)]
pub struct PageReads(Arc<Semaphore>);

impl Default for PageReads {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(READS)))
    }
}

impl PageReads {
    /// The history is read on a thread that may wait for the disk.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PageError> + Send + 'static,
    ) -> Result<T, PageError> {
        let _place = self.0.acquire().await;
        let done = tokio::task::spawn_blocking(work).await;
        done.unwrap_or_else(|error| Err(PageError::Broken(error.to_string())))
    }
}

/// The desk of one state folder.
#[derive(Clone)]
pub struct DeskSite {
    pub(crate) site: Site,
    pub(crate) host: Arc<dyn DeskHost>,
    pub(crate) door: Door,
    /// Whose desk it is among those of many tenants: only who has a role there comes to it.
    pub(crate) tenant: Option<Arc<str>>,
    /// The tab in its ConnectWise.
    pub(crate) tab: Option<TabRules>,
}

/// Where people come in: who they are, and their sessions.
#[derive(Clone)]
pub struct Door {
    /// The state folder that knows them.
    pub(crate) people: PathBuf,
    pub(crate) rules: Arc<DoorRules>,
    /// A hash takes 19 MiB: as many at a time, and the others wait.
    pub(crate) hashing: Arc<Semaphore>,
    pub(crate) reads: PageReads,
    pub(crate) cookies: CookieNames,
    /// Whether many tenants' desks are behind it.
    pub(crate) is_of_many: bool,
    /// What was typed by those who have to sign in again.
    pub(crate) typed: TypedNotes,
}

impl FromRef<DeskSite> for Door {
    fn from_ref(desk: &DeskSite) -> Self {
        desk.door.clone()
    }
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
/// Pages that are made at the same time.
const READS: usize = 4;

impl Door {
    /// The door of a state folder, by these rules.
    pub fn new(people: PathBuf, rules: DoorRules) -> Self {
        let cookies = CookieNames::of(&people, &rules.key);
        let (rules, hashing) = (Arc::new(rules), Arc::new(Semaphore::new(HASHES)));
        Self {
            people,
            rules,
            hashing,
            reads: PageReads::default(),
            cookies,
            is_of_many: false,
            typed: TypedNotes::default(),
        }
    }
}

impl DeskSite {
    /// The desk of this site, whose people are in its own history.
    pub fn new(site: Site, host: Arc<dyn DeskHost>, rules: DoorRules) -> Self {
        let tab = rules.tab.clone();
        let door = Door::new(site.state.clone(), rules);
        Self { site, host, door, tenant: None, tab }
    }
}
