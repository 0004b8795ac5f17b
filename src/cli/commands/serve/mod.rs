//! `recount serve`: the desk; and the daemon's `/metrics`.

mod background;
mod host;
mod member;
mod what_if;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use clap::Args;
use tokio::net::TcpListener;
use url::Url;

use crate::cli::arguments::global::Global;
use crate::cli::commands::serve::host::CommandHost;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::session::Session;
use crate::cli::wiring::health;
use crate::cli::{limits, session, signals};
use crate::config::desk::{DeskConfig, OidcConfig};
use crate::config::secrets;
use crate::config::settings::Config;
use crate::error_chain::error_chain;
use crate::history::desk::desk_key::DeskKey;
use crate::history::desk::people::Role;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::report::exit::Exit;
use crate::web;
use crate::web::access::oidc::settings::OidcSettings;
use crate::web::site::{DeskSite, DoorRules, Site, TabRules};
use crate::web::tls::TlsFiles;

/// Where the desk is, unless configured.
const USUAL: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8080);

/// Arguments of `serve`.
#[derive(Debug, Default, Args)]
pub(crate) struct Options {
    /// Address and port; `listen` of `[desk]`, else 127.0.0.1:8080
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// A host name under which it is asked, such as that of the proxy in front; may be given again
    #[arg(long = "host", value_name = "NAME")]
    hosts: Vec<String>,
}

pub(crate) fn run(global: &Global, options: &Options, console: &Console) -> Exit {
    match serve(global, options, console) {
        Ok(()) => Exit::Done,
        Err(error) => error.tell(console),
    }
}

/// Where the desk of a configuration listens.
pub(crate) fn address(config: &Config) -> SocketAddr {
    config.desk.as_ref().and_then(|desk| desk.listen).unwrap_or(USUAL)
}

fn serve(global: &Global, options: &Options, console: &Console) -> Result<(), CommandError> {
    let config = session::configuration(global)?;
    let listen = options.listen.unwrap_or_else(|| address(&config));
    let tls = config.desk.as_ref().and_then(|desk| desk.tls.clone());
    if tls.is_none() && !listen.ip().is_loopback() {
        let message = format!("without TLS the desk listens on this host alone, not on {listen}");
        let fix = "set `cert` and `key` in [desk], or listen on 127.0.0.1 behind a proxy that has TLS";
        return Err(CommandError::new(Exit::Config, message, fix));
    }
    limits::enough_descriptors()?;
    bring_up(&config)?;
    let host = CommandHost::new(&config.path);
    let served = serve_on(listen, &config, (options, &host), console);
    host.finish();
    served
}

/// A history of an older version is brought up to this one, and one that never was is made, so that people can be kept
/// in it.
fn bring_up(config: &Config) -> Result<(), CommandError> {
    match History::open_existing(&config.state) {
        Ok(Some(_)) => Ok(()),
        Ok(None) | Err(StoreError::Older { .. }) => Session::open(config).map(drop),
        Err(error) => Err(error.into()),
    }
}

fn serve_on(
    listen: SocketAddr,
    config: &Config,
    (options, host): (&Options, &CommandHost),
    console: &Console,
) -> Result<(), CommandError> {
    let runtime = session::runtime()?;
    let failed = |error: std::io::Error| {
        let said = error_chain(&error);
        CommandError::new(Exit::Unexpected, format!("cannot serve on {listen}: {said}"), "--listen ADDRESS:PORT")
    };
    let served = runtime.block_on(async {
        let stop = signals::stop_on_signals().map_err(failed)?;
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let nobody = History::open_existing(&config.state)?.map(|history| history.people()).transpose()?;
        let nobody = nobody.is_none_or(|people| people.is_empty());
        let next = if nobody { "; nobody may come in yet: recount users add NAME --role operator" } else { "" };
        let scheme = if config.desk.as_ref().is_some_and(|desk| desk.tls.is_some()) { "https" } else { "http" };
        console.complain(&format!("recount serve: {scheme}://{address}/{next}\n"));
        let desk = DeskSite::new(site(config.clone()), Arc::new(host.clone()), rules(config)?);
        let stopped = async move { stop.wait().await };
        let tls = config.desk.as_ref().and_then(|desk| desk.tls.clone()).map(|(cert, key)| TlsFiles { cert, key });
        web::serve_desk(listener, desk, (names(config.desk.as_ref(), options), tls), stopped)
            .await
            .map_err(|error| CommandError::new(Exit::Config, error_chain(&error), "correct `cert` and `key` of [desk]"))
    });
    runtime.shutdown_background();
    served
}

/// Who comes in, and how; secrets are read now.
fn rules(config: &Config) -> Result<DoorRules, CommandError> {
    let key = DeskKey::of(&config.state).map_err(|error| {
        CommandError::new(
            Exit::Store,
            format!("desk.key: {}", error_chain(&error)),
            "give the state folder to its user",
        )
    })?;
    let desk = config.desk.as_ref();
    let oidc = desk.and_then(|desk| Some((desk.oidc.as_ref()?, desk.url.as_ref()?)));
    let oidc = oidc.map(|(oidc, url)| provider(config, oidc, url)).transpose()?;
    let totp_required = desk.is_some_and(|desk| desk.totp_required);
    let tab = desk.and_then(|desk| desk.tab.as_ref()).map(|tab| TabRules { origins: tab.origins.clone() });
    Ok(DoorRules { proxy: desk.and_then(|desk| desk.trusted_proxy), key, totp_required, oidc, tab })
}

fn provider(config: &Config, oidc: &OidcConfig, url: &Url) -> Result<OidcSettings, CommandError> {
    let unreadable = |said: String| CommandError::new(Exit::Config, said, "correct `client_secret` of [desk.oidc]");
    let folder = config.path.parent().unwrap_or(Path::new(""));
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

fn names(desk: Option<&DeskConfig>, options: &Options) -> Vec<String> {
    let url = desk.and_then(|desk| desk.url.as_ref()).and_then(|url| url.host_str().map(str::to_owned));
    options.hosts.iter().cloned().chain(url).collect()
}

/// The daemon's `/metrics`, beside its schedule. That it cannot be had is told, and does not keep a night from running.
pub(crate) async fn monitoring(config: Config, listen: SocketAddr, stop: impl Future<Output = ()> + Send + 'static) {
    monitoring_of(site(config), listen, stop).await;
}

/// The same of any site.
pub(crate) async fn monitoring_of(site: Site, listen: SocketAddr, stop: impl Future<Output = ()> + Send + 'static) {
    let listener = match TcpListener::bind(listen).await {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!("metrics are not served: cannot listen on {listen}: {error}");
            return;
        }
    };
    web::serve_monitoring(listener, site, stop).await;
}

/// What is shown of a configuration, as it is at each request: an operator may have changed it.
fn site(config: Config) -> Site {
    let path = Arc::new(config.path);
    Site { state: config.state, metrics: Arc::new(move || metrics(&path)) }
}

fn metrics(path: &Path) -> Result<String, String> {
    let config = crate::config::load::load(path).map_err(|errors| errors.to_string())?;
    let history = History::open_existing(&config.state).map_err(|error| error.to_string())?;
    let is_running = health::running(&config.state).is_some();
    health::metrics(&config, history.as_ref(), is_running).map_err(|error| error.to_string())
}
