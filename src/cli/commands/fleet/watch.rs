//! `recount daemon --tenants`: each tenant's schedule is looked at, and a night begins in a process of its own.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use crate::cli::commands::daemon::schedule;
use crate::cli::commands::fleet::options::FleetOptions;
use crate::cli::commands::fleet::process::{TenantEnd, TenantOrder, tend};
use crate::cli::commands::fleet::summary::first;
use crate::cli::commands::fleet::tenants::Tenant;
use crate::cli::commands::fleet::{found, keep_metrics, metrics_of, stop};
use crate::cli::commands::serve;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::{clock, session};
use crate::report::exit::Exit;
use crate::web::site::Site;

/// How often the folder and the clock are looked at.
const LOOK: Duration = Duration::from_secs(15);
/// After which a turn that did not end well is taken again: one whose night was had finds nothing to do.
const AGAIN: TimeDelta = TimeDelta::minutes(1);

/// What is known of a tenant.
struct Watched {
    /// When it was seen first: a first start owes nothing to the past.
    since: DateTime<Utc>,
    /// When its next turn is.
    next: DateTime<Utc>,
    /// Turns in a row that did not end well.
    failed: u32,
    is_busy: bool,
}

/// Follows every tenant's schedule until it is told to stop.
pub(crate) fn run(of: &Path, options: (&FleetOptions, Option<SocketAddr>), console: &Console) -> Exit {
    match follow(of, options, console) {
        Ok(()) => Exit::Done,
        Err(error) => error.tell(console),
    }
}

fn follow(
    of: &Path,
    (options, listen): (&FleetOptions, Option<SocketAddr>),
    console: &Console,
) -> Result<(), CommandError> {
    let first_look = found(of, options)?;
    console.complain(&format!("recount daemon: {} tenants in {}\n", first_look.len(), of.display()));
    let runtime = session::runtime()?;
    runtime.block_on(async {
        let stop = stop()?;
        if let Some(listen) = listen {
            let (stop, of, options) = (stop.clone(), of.to_owned(), options.clone());
            let metrics =
                move || found(&of, &options).map(|tenants| metrics_of(&tenants)).map_err(|error| error.message);
            // There is no one history of which it could tell whether it is sound.
            let site = Site { state: PathBuf::new(), metrics: Arc::new(metrics) };
            tokio::spawn(serve::monitoring_of(site, listen, async move { stop.wait().await }));
        }
        let watched = RefCell::new(BTreeMap::new());
        let mut at_work = FuturesUnordered::new();
        let mut look = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                () = stop.wait() => break,
                _ = look.tick() => {}
                Some(end) = at_work.next(), if !at_work.is_empty() => settle(&watched, &end, console),
            }
            let Ok(tenants) = found(of, options) else { continue };
            watched.borrow_mut().retain(|tenant, one: &mut Watched| one.is_busy || tenants.contains(tenant));
            for tenant in due(&watched, &tenants, options.at_once.max(1).saturating_sub(at_work.len())) {
                let order = turn(&watched, &tenant, options);
                let stop = &stop;
                at_work.push(async move { tend(tenant, &order, stop).await });
            }
            if at_work.is_empty() {
                keep_metrics(&tenants, options);
            }
        }
        // Each was told to stop, too, and finishes its line.
        while let Some(end) = at_work.next().await {
            settle(&watched, &end, console);
        }
        Ok(())
    })
}

/// The tenants whose turn it is, as many as there is room for; the one that waits longest first.
fn due(watched: &RefCell<BTreeMap<Tenant, Watched>>, tenants: &[Tenant], room: usize) -> Vec<Tenant> {
    let (now, mut watched) = (clock::now(), watched.borrow_mut());
    let mut waiting: Vec<(DateTime<Utc>, Tenant)> = Vec::new();
    for tenant in tenants {
        let seen = Watched { since: now, next: now, failed: 0, is_busy: false };
        let one = watched.entry(tenant.clone()).or_insert(seen);
        if !one.is_busy && one.next <= now {
            waiting.push((one.next, tenant.clone()));
        }
    }
    waiting.sort();
    let chosen: Vec<Tenant> = waiting.into_iter().take(room).map(|(_, tenant)| tenant).collect();
    for tenant in &chosen {
        if let Some(one) = watched.get_mut(tenant) {
            one.is_busy = true;
        }
    }
    chosen
}

/// A turn: the night that is due, if one is.
fn turn(watched: &RefCell<BTreeMap<Tenant, Watched>>, tenant: &Tenant, options: &FleetOptions) -> TenantOrder {
    let watched = watched.borrow();
    let (since, failed) = watched.get(tenant).map_or((clock::now(), 0), |one| (one.since, one.failed));
    let since = since.to_rfc3339_opts(SecondsFormat::Nanos, true);
    let failed = failed.to_string();
    let words = ["daemon", "--turn-since", &since, "--turns-failed", &failed];
    TenantOrder { words: words.map(OsString::from).to_vec(), limit: options.limit() }
}

fn settle(watched: &RefCell<BTreeMap<Tenant, Watched>>, end: &TenantEnd, console: &Console) {
    let now = clock::now();
    if end.exit != Exit::Done {
        let why = end.why.clone().unwrap_or_else(|| first(&end.err));
        console.complain(&format!("{}: exit {}: {why}\n", end.tenant.name, end.exit.code()));
    }
    let mut watched = watched.borrow_mut();
    let Some(one) = watched.get_mut(&end.tenant) else { return };
    one.is_busy = false;
    let again = now + AGAIN;
    (one.failed, one.next) = match end.exit {
        Exit::Done => (0, next_slot(&end.tenant, now).unwrap_or(again)),
        _ => (one.failed.saturating_add(1), again),
    };
}

/// `None` while its configuration cannot be read.
fn next_slot(tenant: &Tenant, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let config = session::configuration_of(&tenant.configuration()).ok()?;
    schedule(&config).ok()?.next_after(now)
}
