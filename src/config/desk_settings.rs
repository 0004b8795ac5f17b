//! `[desk]` and the tables in it, as settings.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use url::Url;

use crate::config::secrets::SecretSource;

/// `[desk]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeskConfig {
    /// Where it listens, unless the command says otherwise.
    pub listen: Option<SocketAddr>,
    /// The address that browsers know.
    pub url: Option<Url>,
    /// The certificate and its key, in PEM.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// The proxy in front, whose word about browsers is taken.
    pub trusted_proxy: Option<IpAddr>,
    /// Whether everybody who has a password needs an authenticator as well.
    pub totp_required: bool,
    /// `[desk.oidc]`.
    pub oidc: Option<OidcConfig>,
    /// `[desk.tab]`.
    pub tab: Option<TabConfig>,
}

/// `[desk.oidc]`: an OpenID provider that lets people in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OidcConfig {
    /// Its address, exactly as it calls itself.
    pub issuer: String,
    /// Who recount is there.
    pub client_id: String,
    /// How it shows it.
    pub client_secret: SecretSource,
    /// What groups allow: `viewer`, `operator` or `admin`.
    pub roles: BTreeMap<String, &'static str>,
    /// The claim that holds the groups.
    pub groups_claim: String,
    /// What is asked for.
    pub scope: String,
}

/// `[desk.tab]`: the tab in ConnectWise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TabConfig {
    /// The pages that may frame it, as origins.
    pub origins: Vec<String>,
    /// Who may see it.
    pub members: TabMembers,
    /// The `[connectwise.NAME]` that is asked who somebody is.
    pub connectwise: String,
}

/// Who may see the tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TabMembers {
    /// Every member that ConnectWise vouches for.
    All,
    /// These alone, in lower case.
    Named(Vec<String>),
}

impl TabMembers {
    /// Whether this member may.
    pub fn may(&self, member: &str) -> bool {
        match self {
            TabMembers::All => true,
            TabMembers::Named(named) => named.iter().any(|name| name.eq_ignore_ascii_case(member)),
        }
    }
}
