//! How the desk is reached, and who comes in: of one configuration, and of the desk of many tenants.

use std::net::SocketAddr;
use std::path::Path;

use tokio::net::TcpListener;
use url::Url;

use crate::apply::stop_signal::Stop;
use crate::cli::commands::serve::noted_address;
use crate::cli::commands::serve::noted_address::NotedAddress;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::signals;
use crate::config::desk_settings::{DeskConfig, OidcConfig};
use crate::config::secrets;
use crate::error_chain::error_chain;
use crate::history::desk::desk_key::DeskKey;
use crate::history::desk::people::Role;
use crate::history::store::open::History;
use crate::report::exit_codes::Exit;
use crate::web::access::oidc::settings::OidcSettings;
use crate::web::site::{DoorRules, TabRules};
use crate::web::tls::TlsFiles;

/// Where the desk is, unless configured.
const USUAL: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8080);

/// `[desk]`, and the folder that knows the people.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DoorOf<'a> {
    pub(crate) desk: Option<&'a DeskConfig>,
    pub(crate) people: &'a Path,
    /// The folder from which files of the configuration are named.
    pub(crate) folder: &'a Path,
}

/// Where a desk listens.
pub(crate) fn address(desk: Option<&DeskConfig>) -> SocketAddr {
    desk.and_then(|desk| desk.listen).unwrap_or(USUAL)
}

/// Where it listens now.
///
/// # Errors
/// When others could listen to what it says there.
pub(crate) fn safe_address(desk: Option<&DeskConfig>, typed: Option<SocketAddr>) -> Result<SocketAddr, CommandError> {
    let listen = typed.unwrap_or_else(|| address(desk));
    if desk.is_none_or(|desk| desk.tls.is_none()) && !listen.ip().is_loopback() {
        let message = format!("without TLS the desk listens on this host alone, not on {listen}");
        let fix = "set `cert` and `key` in [desk], or listen on 127.0.0.1 behind a proxy that has TLS";
        return Err(CommandError::new(Exit::Config, message, fix));
    }
    Ok(listen)
}

impl DoorOf<'_> {
    /// Listens, and says and notes where.
    pub(crate) async fn opened(
        &self,
        listen: SocketAddr,
        add: &str,
        console: &Console,
    ) -> Result<(TcpListener, Stop, NotedAddress), CommandError> {
        let failed = |error: std::io::Error| {
            let said = error_chain(&error);
            CommandError::new(Exit::Unexpected, format!("cannot serve on {listen}: {said}"), "--listen ADDRESS:PORT")
        };
        let stop = signals::stop_on_signals().map_err(failed)?;
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let nobody = History::open_existing(self.people)?.map(|history| history.people()).transpose()?;
        let nobody = nobody.is_none_or(|people| people.is_empty());
        let next = if nobody { format!("; nobody may come in yet: {add}") } else { String::new() };
        let address = format!("{}://{address}", scheme(self.desk));
        console.complain(&format!("recount serve: {address}/{next}\n"));
        Ok((listener, stop, NotedAddress::of(self.people, &address)))
    }

    /// Who comes in, and how; secrets are read now.
    pub(crate) fn rules(&self) -> Result<DoorRules, CommandError> {
        let key = DeskKey::of(self.people).map_err(|error| {
            CommandError::new(
                Exit::Store,
                format!("desk.key: {}", error_chain(&error)),
                "give the state folder to its user",
            )
        })?;
        let desk = self.desk;
        let oidc = desk.and_then(|desk| Some((desk.oidc.as_ref()?, desk.url.as_ref()?)));
        let oidc = oidc.map(|(oidc, url)| provider(self.folder, oidc, url)).transpose()?;
        let totp_required = desk.is_some_and(|desk| desk.totp_required);
        Ok(DoorRules {
            proxy: desk.and_then(|desk| desk.trusted_proxy),
            key,
            totp_required,
            oidc,
            tab: tab_rules(desk),
        })
    }

    /// The names under which it is asked, and its certificate.
    pub(crate) fn known_as(&self, typed: &[String]) -> (Vec<String>, Option<TlsFiles>) {
        let url = self.desk.and_then(|desk| desk.url.as_ref()).and_then(|url| url.host_str().map(str::to_owned));
        let tls = self.desk.and_then(|desk| desk.tls.clone()).map(|(cert, key)| TlsFiles { cert, key });
        (typed.iter().cloned().chain(url).collect(), tls)
    }
}

/// The pages that may frame the tab, where there is one.
pub(crate) fn tab_rules(desk: Option<&DeskConfig>) -> Option<TabRules> {
    desk?.tab.as_ref().map(|tab| TabRules { origins: tab.origins.clone() })
}

fn provider(folder: &Path, oidc: &OidcConfig, url: &Url) -> Result<OidcSettings, CommandError> {
    let unreadable = |said: String| CommandError::new(Exit::Config, said, "correct `client_secret` of [desk.oidc]");
    let client_secret = secrets::read(&oidc.client_secret, folder).map_err(|error| unreadable(error_chain(&error)))?;
    let redirect = url.join("/signin/provider/back").map_err(|error| unreadable(error_chain(&error)))?;
    let roles = oidc.roles.iter().filter_map(|(group, role)| Some((group.clone(), Role::from_word(role)?))).collect();
    Ok(OidcSettings {
        issuer: oidc.issuer.clone(),
        client_id: oidc.client_id.clone(),
        client_secret,
        roles,
        groups_claim: oidc.groups_claim.clone(),
        scope: oidc.scope.clone(),
        redirect,
    })
}

fn scheme(desk: Option<&DeskConfig>) -> &'static str {
    if desk.is_some_and(|desk| desk.tls.is_some()) { "https" } else { "http" }
}

/// The link of an invitation, and whether a desk is known to be there: `url` of `[desk]`, else where the desk of this state
/// folder runs, else where it would run.
pub(crate) fn link(desk: Option<&DeskConfig>, state: &Path, path: &str) -> (String, bool) {
    let url = desk.and_then(|desk| desk.url.as_ref()).map(ToString::to_string);
    let known = url.or_else(|| noted_address::of_running_desk(state));
    let is_known = known.is_some();
    let base = known.unwrap_or_else(|| format!("{}://{}", scheme(desk), address(desk)));
    (format!("{}{path}", base.trim_end_matches('/')), is_known)
}
