//! The tenants as their desk needs them: who is there now, how each stands, and its desk.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use crate::cli::commands::fleet::known_tenants::{KnownTenants, Stamp, stamp};
use crate::cli::commands::fleet::metrics;
use crate::cli::commands::fleet::tenants::{Shard, Tenant, tenants};
use crate::cli::commands::serve::command_host::CommandHost;
use crate::cli::commands::serve::desk_access::tab_rules;
use crate::cli::commands::{serve, status};
use crate::cli::error::CommandError;
use crate::cli::session;
use crate::cli::wiring::configured_health;
use crate::config::settings::Config;
use crate::history::store::open::History;
use crate::report::exit_codes::Exit;
use crate::report::health::Health;
use crate::web::fleet::fleet_host::{FleetHost, PLACES, TenantDesk, TenantStanding};
use crate::web::site::{PageReads, Site};

/// How often it is looked which folders there are, at the most.
const LOOK_EACH: Duration = Duration::from_secs(1);
/// After so long a standing is made out again, also where no file has changed: a night may be overdue by then.
const STANDS_FOR: Duration = Duration::from_secs(60);

/// The tenants of a folder.
pub(super) struct Roster {
    folder: PathBuf,
    shard: Option<Shard>,
    known: Mutex<Known>,
}

struct Known {
    looked: Option<Instant>,
    tenants: KnownTenants,
    /// By tenant: why its desk is not shown, if it is not.
    present: BTreeMap<Tenant, Option<String>>,
    desks: BTreeMap<Tenant, OpenDesk>,
    standings: BTreeMap<Tenant, KeptStanding>,
}

/// The desk of a tenant that was asked for.
struct OpenDesk {
    commands: CommandHost,
    desk: TenantDesk,
}

/// A standing, and what it was made out from.
#[derive(Clone)]
struct KeptStanding {
    at: Instant,
    files: [Option<Stamp>; 3],
    standing: TenantStanding,
    metrics: String,
}

impl Roster {
    /// # Errors
    /// When the folder cannot be read, or holds no tenant.
    pub(super) fn new(folder: &Path, shard: Option<Shard>) -> Result<Self, CommandError> {
        let (looked, tenants, present, desks, standings) = Default::default();
        let known = Mutex::new(Known { looked, tenants, present, desks, standings });
        let roster = Self { folder: folder.to_owned(), shard, known };
        let fix = "--tenants names a folder of folders with a recount.toml each";
        roster.present().map_err(|error| CommandError::new(Exit::Config, error, fix))?;
        Ok(roster)
    }

    /// Lets the runs that were begun at a desk finish the line in flight, and waits for their ends.
    pub(super) fn finish(&self) {
        let desks: Vec<CommandHost> = self.known().desks.values().map(|open| open.commands.clone()).collect();
        desks.iter().for_each(|commands| _ = commands.wish_to_stop());
        desks.iter().for_each(CommandHost::finish);
    }

    /// The metrics of all tenants, as of now.
    pub(super) fn metrics(&self) -> Result<String, String> {
        let kept = self.present()?.into_iter().map(|(tenant, why)| (tenant.name.clone(), self.kept(tenant, why)));
        let texts: Vec<_> =
            kept.map(|(name, kept)| (name, metrics::exit(kept.standing.exit) + &kept.metrics)).collect();
        Ok(metrics::together(texts.iter().map(|(name, text)| (name.as_str(), text.clone()))))
    }

    /// The tenants that are there, and what keeps their desks shut.
    fn present(&self) -> Result<BTreeMap<Tenant, Option<String>>, String> {
        let mut known = self.known();
        if known.looked.is_none_or(|looked| looked.elapsed() > LOOK_EACH) {
            let all = tenants(&self.folder).map_err(|error| format!("{}: {error}", self.folder.display()))?;
            known.tenants.look(&all);
            let refused = known.tenants.refused_discreetly();
            let mine = all.into_iter().filter(|tenant| self.shard.is_none_or(|shard| shard.has(&tenant.name)));
            known.present = mine.map(|tenant| (tenant.clone(), refused.get(&tenant).cloned())).collect();
            known.looked = Some(Instant::now());
        }
        Ok(known.present.clone())
    }

    fn kept(&self, tenant: Tenant, why: Option<String>) -> KeptStanding {
        let files = self.files(&tenant);
        let kept = self.known().standings.get(&tenant).cloned();
        if let Some(kept) = kept.filter(|kept| kept.files == files && kept.at.elapsed() < STANDS_FOR && why.is_none()) {
            return kept;
        }
        let (standing, metrics) = match why {
            Some(why) => (broken(&tenant, why), String::new()),
            None => made_out(&tenant),
        };
        let kept = KeptStanding { at: Instant::now(), files, standing, metrics };
        self.known().standings.insert(tenant, kept.clone());
        kept
    }

    /// The files that a run or a person changes.
    fn files(&self, tenant: &Tenant) -> [Option<Stamp>; 3] {
        let state = self.known().tenants.state(tenant).map(Path::to_owned).unwrap_or_default();
        [tenant.configuration(), state.join("history.db"), state.join("history.db-wal")].map(|file| stamp(&file).ok())
    }

    fn open(&self, tenant: Tenant) -> Result<TenantDesk, String> {
        let config = session::configuration_of(&tenant.configuration()).map_err(|error| error.message)?;
        // Whether another tenant has that state, too, is known of what was looked at.
        if self.known().tenants.state(&tenant) != Some(&config.state) {
            return Err("its configuration has just changed; look again".to_owned());
        }
        // Who may frame the tab is said anew at each request: the file may have changed since.
        let tab = tab_rules(config.desk.as_ref());
        if let Some(open) = self.known().desks.get(&tenant).filter(|open| open.desk.site.state == config.state) {
            return Ok(TenantDesk { tab, ..open.desk.clone() });
        }
        ready(&config)?;
        let commands = CommandHost::new(&tenant.configuration());
        let site = Site { state: config.state, metrics: Arc::new(|| Ok(String::new())), reads: PageReads::default() };
        let places = Arc::new(Semaphore::new(PLACES));
        let desk = TenantDesk { site, host: Arc::new(commands.clone()), tab, places };
        let mut known = self.known();
        // Two came at once: both go on with the desk of the first, and with the run that was begun there.
        let there = known.desks.get(&tenant).filter(|open| open.desk.site.state == desk.site.state);
        if let Some(there) = there {
            return Ok(there.desk.clone());
        }
        known.desks.insert(tenant, OpenDesk { commands, desk: desk.clone() });
        Ok(desk)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FleetHost for Roster {
    fn standings(&self, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<TenantStanding>, String> {
        let wanted = self.present()?.into_iter().filter(|(tenant, _)| wanted(&tenant.name));
        let mut standings: Vec<_> = wanted.map(|(tenant, why)| self.kept(tenant, why).standing).collect();
        standings.sort_by_cached_key(|one| (std::cmp::Reverse(one.exit.badness()), one.tenant.clone()));
        Ok(standings)
    }

    fn desk(&self, tenant: &str) -> Result<Option<TenantDesk>, String> {
        let mut named = self.present()?.into_iter().filter(|(known, _)| known.name == tenant);
        // Names that are no text may look alike: then nobody can tell which is meant.
        match (named.next(), named.next()) {
            (Some((_, Some(why))), None) => Err(why),
            (Some((tenant, None)), None) => self.open(tenant).map(Some),
            _ => Ok(None),
        }
    }
}

/// Whether there is a history of this version to write deeds into. One that lies elsewhere is not fetched: this host would take
/// the tenant over.
fn ready(config: &Config) -> Result<(), String> {
    let is_elsewhere =
        || config.replica.is_some() && History::open_existing(&config.state).is_ok_and(|it| it.is_none());
    if is_elsewhere() {
        return Err("its history is not on this host yet: the host that runs its nights has it".to_owned());
    }
    serve::bring_up(config).map_err(|error| error.message)
}

fn made_out(tenant: &Tenant) -> (TenantStanding, String) {
    let config = match session::configuration_of(&tenant.configuration()) {
        Ok(config) => config,
        Err(error) => return (broken(tenant, error.message), String::new()),
    };
    match (status::standing(&config), metrics_of(&config)) {
        (Ok((exit, integrations)), Ok(metrics)) => {
            let said =
                integrations.iter().filter_map(|(name, health)| said(health).map(|said| format!("{name}: {said}")));
            let said = said.collect::<Vec<_>>().join("; ");
            (TenantStanding { tenant: tenant.name.clone(), exit, said, is_whole: true }, metrics)
        }
        (Err(error), _) => (TenantStanding { exit: error.exit, ..broken(tenant, error.message) }, String::new()),
        (_, Err(said)) => (TenantStanding { exit: Exit::Store, ..broken(tenant, said) }, String::new()),
    }
}

/// What there is to say of an integration; nothing where nobody has to look.
fn said(health: &Health) -> Option<String> {
    let waiting = health.last.as_ref().and_then(|last| last.end.as_ref()).map_or(0, |end| end.totals.to_decide);
    match (health.is_healthy(), waiting) {
        (true, 0) => None,
        (true, waiting) => Some(format!("{waiting} to decide")),
        (false, 0) => Some(health.sentence().to_owned()),
        (false, waiting) => Some(format!("{}, {waiting} to decide", health.sentence())),
    }
}

fn metrics_of(config: &Config) -> Result<String, String> {
    let history = History::open_existing(&config.state).map_err(|error| error.to_string())?;
    let is_running = configured_health::running(&config.state).is_some();
    configured_health::metrics(config, history.as_ref(), is_running).map_err(|error| error.to_string())
}

fn broken(tenant: &Tenant, said: String) -> TenantStanding {
    TenantStanding { tenant: tenant.name.clone(), exit: Exit::Config, said, is_whole: false }
}
