//! `recount sim`: a simulated ConnectWise on a port.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use recount_sim::{Faults, Sim, Tls, World};

use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::{clock, session, signals};
use crate::report::exit_codes::Exit;

/// Arguments of `sim`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 8480)]
    port: u16,
    /// What it holds; default: the demo's world
    #[arg(long, value_name = "FILE")]
    world: Option<PathBuf>,
    /// What goes wrong, and when
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// Every answer takes at least this long: 50ms, 2s
    #[arg(long, value_name = "TIME", value_parser = latency)]
    latency: Option<Duration>,
    /// Serve https with this certificate chain (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

pub(crate) fn run(options: &Options, console: &Console) -> Exit {
    match serve(options, console) {
        Ok(()) => Exit::Done,
        Err(error) => CommandError::new(Exit::Usage, format!("{error:#}"), fix(&error)).tell(console),
    }
}

fn fix(error: &anyhow::Error) -> &'static str {
    let kind = error.chain().find_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind);
    match kind {
        Some(io::ErrorKind::AddrInUse) => {
            "something listens there already: name another port with --port; 0 is any free one"
        }
        Some(io::ErrorKind::PermissionDenied) => "ports below 1024 are for root: name another with --port",
        _ => "",
    }
}

fn serve(options: &Options, console: &Console) -> anyhow::Result<()> {
    let world = world(options.world.as_deref())?;
    let faults = match &options.faults {
        Some(path) => Faults::parse(&text(path)?).with_context(|| path.display().to_string())?,
        None => Faults::default(),
    };
    let tls = match (&options.tls_cert, &options.tls_key) {
        (Some(certificates), Some(key)) => Some(Tls { certificates: text(certificates)?, key: text(key)? }),
        _ => None,
    };
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
    let runtime = session::runtime().map_err(|error| anyhow::anyhow!(error.message))?;
    runtime.block_on(async {
        let stop = signals::stop_on_signals().context("cannot listen for signals")?;
        let sim = Sim::start_on(address, world, faults, options.latency, tls).await.context("cannot serve")?;
        console.print(&format!(
            "A simulated ConnectWise is at {url}\n\
             its state {url}/sim/world · its writes {url}/sim/writes · Ctrl-C ends it\n",
            url = sim.url()
        ));
        stop.wait().await;
        sim.shutdown().await;
        Ok(())
    })
}

/// The world of a file, or the demo's; today is today.
fn world(path: Option<&Path>) -> anyhow::Result<World> {
    match path {
        Some(path) => World::parse(&text(path)?).with_context(|| path.display().to_string()),
        None => {
            let mut world = World::demo();
            world.today = clock::now().date_naive();
            Ok(world)
        }
    }
}

fn text(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn latency(text: &str) -> Result<Duration, String> {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let number: u64 = text[..text.len() - unit.len()].parse().map_err(|_| "write it like 50ms or 2s".to_owned())?;
    match unit {
        "ms" => Ok(Duration::from_millis(number)),
        "s" => Ok(Duration::from_secs(number)),
        _ => Err("write it like 50ms or 2s".to_owned()),
    }
}
