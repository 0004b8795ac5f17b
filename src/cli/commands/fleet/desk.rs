//! `recount serve --tenants`: one desk for many tenants.

use std::path::Path;
use std::sync::Arc;

use crate::cli::commands::fleet::tenant_roster::Roster;
use crate::cli::commands::serve;
use crate::cli::commands::serve::desk_access::{self, DoorOf};
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::{clock, process_limits, session, signals};
use crate::config::desk_toml::{self, FleetDeskConfig};
use crate::history::store::error::StoreError;
use crate::history::store::open::History;
use crate::history::store::run_lock::RunLock;
use crate::reconcile::model::display_text::shell_word;
use crate::report::exit_codes::Exit;
use crate::web;
use crate::web::fleet::fleet_host::FleetDesk;
use crate::web::site::{Door, PageReads, Site};

/// Serves the desk until it is told to stop.
pub(crate) fn run(of: &Path, options: &serve::Options, console: &Console) -> Exit {
    match served(of, options, console) {
        Ok(exit) => exit,
        Err(error) => error.tell(console),
    }
}

fn served(of: &Path, options: &serve::Options, console: &Console) -> Result<Exit, CommandError> {
    let config = configuration(of)?;
    let listen = desk_access::safe_address(config.desk.as_ref(), options.listen)?;
    process_limits::enough_descriptors()?;
    let roster = Arc::new(Roster::new(of, options.shard)?);
    drop(people(&config)?);
    let place = DoorOf { desk: config.desk.as_ref(), people: &config.state, folder: of };
    let folder = shell_word(&of.display().to_string());
    let add = format!("recount users add NAME --role operator --tenants {folder} --tenant TENANT");
    let runtime = session::runtime()?;
    let served = runtime.block_on(async {
        let (listener, stop, _noted) = place.opened(listen, &add, console).await?;
        let door = Door::new(config.state.clone(), place.rules()?);
        let fleet = FleetDesk::new(Arc::clone(&roster) as _, door);
        let metrics = Arc::clone(&roster);
        let metrics = Arc::new(move || metrics.metrics());
        let site = Site { state: config.state.clone(), metrics, reads: PageReads::default() };
        let told = stop.clone();
        let stopped = async move { told.wait().await };
        let known_as = place.known_as(&options.hosts);
        web::serve_fleet(listener, (fleet, site), known_as, stopped).await.map_err(serve::certificate)?;
        Ok(signals::end_of_service(&stop))
    });
    runtime.shutdown_background();
    roster.finish();
    served
}

/// Why the desk of these tenants could not be served as configured.
pub(crate) fn unservable(of: &Path) -> Option<CommandError> {
    let served = configuration(of).and_then(|config| desk_access::safe_address(config.desk.as_ref(), None));
    served.err()
}

/// The desk of the tenants in this folder.
pub(crate) fn configuration(of: &Path) -> Result<FleetDeskConfig, CommandError> {
    let fix = "correct desk.toml: `state` and [desk], as in recount.toml";
    desk_toml::load(of).map_err(|errors| CommandError::new(Exit::Config, errors.to_string(), fix))
}

/// The store of the people, of this version; made where there is none.
pub(crate) fn people(config: &FleetDeskConfig) -> Result<History, CommandError> {
    match History::open_beside(&config.state) {
        Ok(Some(history)) => Ok(history),
        Ok(None) | Err(StoreError::Older { .. }) => {
            let _lock = RunLock::take(&config.state, clock::now())?;
            Ok(History::open(&config.state, clock::now())?)
        }
        Err(error) => Err(error.into()),
    }
}
