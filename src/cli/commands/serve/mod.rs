//! `recount serve`: the desk; and the daemon's `/metrics`.

mod background_run;
pub(crate) mod command_host;
pub(crate) mod desk_access;
pub(crate) mod noted_address;
mod tab_member;
mod what_if;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use tokio::net::TcpListener;

use crate::cli::arguments::global_options::Global;
use crate::cli::commands::fleet::tenants::Shard;
use crate::cli::commands::serve::command_host::CommandHost;
use crate::cli::commands::serve::desk_access::DoorOf;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::session::Session;
use crate::cli::wiring::configured_health;
use crate::cli::{process_limits, session, signals};
use crate::config::settings::Config;
use crate::error_chain::error_chain;
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::report::exit_codes::Exit;
use crate::web;
use crate::web::site::{DeskSite, PageReads, Site};
use crate::web::tls::TlsError;

/// Arguments of `serve`.
#[derive(Debug, Default, Args)]
pub(crate) struct Options {
    /// Address and port; without it `listen` of `[desk]`, or 127.0.0.1:8080
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
    /// A host name under which it is asked, such as that of the proxy in front; may be given again
    #[arg(long = "host", value_name = "NAME")]
    pub(crate) hosts: Vec<String>,
    /// One desk for every folder in DIR that has a recount.toml; DIR/desk.toml has its `[desk]`
    #[arg(long, value_name = "DIR", help_heading = "Many tenants")]
    pub(crate) tenants: Option<PathBuf>,
    /// Only the tenants of shard I of N, counted from 0
    #[arg(long, value_name = "I/N", requires = "tenants", help_heading = "Many tenants")]
    pub(crate) shard: Option<Shard>,
}

pub(crate) fn run(global: &Global, options: &Options, console: &Console) -> Exit {
    match serve(global, options, console) {
        Ok(exit) => exit,
        Err(error) => error.tell(console),
    }
}

fn serve(global: &Global, options: &Options, console: &Console) -> Result<Exit, CommandError> {
    let config = session::configuration(global)?;
    let listen = desk_access::safe_address(config.desk.as_ref(), options.listen)?;
    process_limits::enough_descriptors()?;
    bring_up(&config)?;
    let host = CommandHost::new(&config.path);
    let served = serve_on(listen, &config, (options, &host), console);
    host.finish();
    served
}

/// A history of an older version is brought up to this one, and one that never was is made, so that people can be kept
/// in it.
pub(crate) fn bring_up(config: &Config) -> Result<(), CommandError> {
    match History::open_existing(&config.state) {
        Ok(Some(_)) => Ok(()),
        Ok(None) | Err(StoreError::Older { .. }) => Session::open_to_look(config).map(drop),
        Err(error) => Err(error.into()),
    }
}

fn serve_on(
    listen: SocketAddr,
    config: &Config,
    (options, host): (&Options, &CommandHost),
    console: &Console,
) -> Result<Exit, CommandError> {
    let folder = config.path.parent().unwrap_or(Path::new(""));
    let door = DoorOf { desk: config.desk.as_ref(), people: &config.state, folder };
    let runtime = session::runtime()?;
    let served = runtime.block_on(async {
        let (listener, stop, _noted) = door.opened(listen, "recount users add NAME --role operator", console).await?;
        let desk = DeskSite::new(site(config.clone()), Arc::new(host.clone()), door.rules()?);
        let told = stop.clone();
        let stopped = async move { told.wait().await };
        web::serve_desk(listener, desk, door.known_as(&options.hosts), stopped).await.map_err(certificate)?;
        Ok(signals::end_of_service(&stop))
    });
    runtime.shutdown_background();
    served
}

/// Why there is no TLS.
pub(crate) fn certificate(error: TlsError) -> CommandError {
    CommandError::new(Exit::Config, error_chain(&error), "correct `cert` and `key` of [desk]")
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
    Site { state: config.state, metrics: Arc::new(move || metrics(&path)), reads: PageReads::default() }
}

fn metrics(path: &Path) -> Result<String, String> {
    let config = crate::config::load::load(path).map_err(|errors| errors.to_string())?;
    let history = History::open_existing(&config.state).map_err(|error| error.to_string())?;
    let is_running = configured_health::running(&config.state).is_some();
    configured_health::metrics(&config, history.as_ref(), is_running).map_err(|error| error.to_string())
}
