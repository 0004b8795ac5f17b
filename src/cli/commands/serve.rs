//! `recount serve`: read-only pages; and the daemon's `/metrics`.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use clap::Args;
use tokio::net::TcpListener;

use crate::cli::arguments::global::Global;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::wiring::health;
use crate::cli::{limits, session, signals};
use crate::config::settings::Config;
use crate::history::store::open::History;
use crate::report::exit::Exit;
use crate::web;
use crate::web::Extent;
use crate::web::site::Site;

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Address and port; there is no sign-in, so keep it on this host or behind a proxy that has one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
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

fn serve(global: &Global, options: &Options, console: &Console) -> Result<(), CommandError> {
    let config = session::configuration(global)?;
    limits::enough_descriptors()?;
    let runtime = session::runtime()?;
    let failed = |error: std::io::Error| {
        CommandError::new(
            Exit::Unexpected,
            format!("cannot serve on {}: {error}", options.listen),
            "--listen ADDRESS:PORT",
        )
    };
    let served = runtime.block_on(async {
        let stop = signals::stop_on_signals().map_err(failed)?;
        let listener = TcpListener::bind(options.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let open =
            if address.ip().is_loopback() { "" } else { "; there is no sign-in: whoever reaches it can read it" };
        console.complain(&format!("recount serve: http://{address}/{open}\n"));
        let stopped = async move { stop.wait().await };
        web::serve(listener, site(config), Extent::Pages, options.hosts.clone(), stopped).await;
        Ok(())
    });
    runtime.shutdown_background();
    served
}

/// The daemon's `/metrics`, beside its schedule. That it cannot be had is told, and does not keep a night from running.
pub(crate) async fn monitoring(config: Config, listen: SocketAddr, stop: impl Future<Output = ()> + Send + 'static) {
    let listener = match TcpListener::bind(listen).await {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!("metrics are not served: cannot listen on {listen}: {error}");
            return;
        }
    };
    web::serve(listener, site(config), Extent::Monitoring, Vec::new(), stop).await;
}

/// What is shown of a configuration, as it is at each request: an operator may have changed it.
fn site(config: Config) -> Site {
    let path = Arc::new(config.path);
    let again = Arc::clone(&path);
    Site {
        state: config.state,
        health: Arc::new(move || {
            let (config, history, is_running) = now(&path)?;
            let of = |one| health::of(one, history.as_ref(), is_running).map_err(|error| error.to_string());
            config.integrations.values().map(|one| Ok((one.name.clone(), of(one)?))).collect()
        }),
        metrics: Arc::new(move || {
            let (config, history, is_running) = now(&again)?;
            health::metrics(&config, history.as_ref(), is_running).map_err(|error| error.to_string())
        }),
    }
}

fn now(path: &Path) -> Result<(Config, Option<History>, bool), String> {
    let config = crate::config::load::load(path).map_err(|errors| errors.to_string())?;
    let history = History::open_existing(&config.state).map_err(|error| error.to_string())?;
    let is_running = health::running(&config.state).is_some();
    Ok((config, history, is_running))
}
