//! `recount daemon --tenants`: each tenant's schedule is looked at, and a night begins in a process of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use crate::apply::stop_signal::Stop;
use crate::cli::commands::fleet::fleet_options::FleetOptions;
use crate::cli::commands::fleet::known_tenants::KnownTenants;
use crate::cli::commands::fleet::summary::first;
use crate::cli::commands::fleet::tenant_process::{TenantEnd, TenantRequest, run_tenant};
use crate::cli::commands::fleet::tenants::{Tenant, tenants};
use crate::cli::commands::fleet::{found, keep_metrics, metrics_of, stop};
use crate::cli::commands::serve;
use crate::cli::console::Console;
use crate::cli::error::CommandError;
use crate::cli::{clock, session, signals};
use crate::reconcile::model::display_text::shown;
use crate::report::exit_codes::Exit;
use crate::report::numbers_and_dates::plural;
use crate::web::site::{PageReads, Site};

/// How often the folder and the clock are looked at.
const LOOK: Duration = Duration::from_secs(15);
/// After which a turn that did not end well is taken again: one whose night was had finds nothing to do.
const AGAIN: TimeDelta = TimeDelta::minutes(1);
/// What a tenant's turns say again and again is said again after so many.
const SAID_EACH: u32 = 60;

/// What is known of a tenant.
struct TenantState {
    /// When it was seen first: a first start owes nothing to the past.
    since: DateTime<Utc>,
    /// Turns in a row that did not end well.
    failed: u32,
    is_busy: bool,
    /// How its last turn ended, and what was said of it; nothing before the first one.
    last: Option<(Exit, String)>,
}

/// The tenants of this shard.
struct Watch<'a> {
    options: &'a FleetOptions,
    console: &'a Console,
    known: KnownTenants,
    refused: BTreeMap<Tenant, String>,
    /// Those that bill what another one bills, as was told.
    billed_twice: BTreeMap<Tenant, String>,
    watched: BTreeMap<Tenant, TenantState>,
    /// Whose turn is when; whoever is at work is not among them.
    waiting: BTreeSet<(DateTime<Utc>, Tenant)>,
    /// Why it cannot be made out who is there, as was told.
    unread: Option<String>,
    /// What `/metrics` answers.
    metrics: Arc<Mutex<String>>,
    /// A turn has ended since they were drawn.
    is_news: bool,
}

/// Follows every tenant's schedule until it is told to stop.
pub(crate) fn run(of: &Path, options: (&FleetOptions, Option<SocketAddr>), console: &Console) -> Exit {
    match follow(of, options, console) {
        Ok(exit) => exit,
        Err(error) => error.tell(console),
    }
}

fn follow(
    of: &Path,
    (options, listen): (&FleetOptions, Option<SocketAddr>),
    console: &Console,
) -> Result<Exit, CommandError> {
    let mut known = KnownTenants::default();
    let first_look = found(of, options, &mut known)?;
    console.complain(&format!("recount daemon: {} in {}\n", plural(first_look.len(), "tenant"), of.display()));
    let runtime = session::runtime()?;
    let metrics = Arc::new(Mutex::new(String::new()));
    runtime.block_on(async {
        let stop = stop()?;
        if let Some(listen) = listen {
            let (stop, metrics) = (stop.clone(), Arc::clone(&metrics));
            let metrics = move || Ok(metrics.lock().unwrap_or_else(PoisonError::into_inner).clone());
            // There is no one history of which it could tell whether it is sound.
            let site = Site { state: PathBuf::new(), metrics: Arc::new(metrics), reads: PageReads::default() };
            tokio::spawn(serve::monitoring_of(site, listen, async move { stop.wait().await }));
        }
        let (refused, billed_twice, watched, waiting, unread) = Default::default();
        let mut watch =
            Watch { options, console, known, refused, billed_twice, watched, waiting, unread, metrics, is_news: true };
        watch.follow(of, &stop).await;
        Ok(signals::end_of_service(&stop))
    })
}

impl Watch<'_> {
    async fn follow(&mut self, of: &Path, stop: &Stop) {
        let mut at_work = FuturesUnordered::new();
        let mut look = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                () = stop.wait() => break,
                _ = look.tick() => self.look(of),
                Some(end) = at_work.next(), if !at_work.is_empty() => self.settle(&end),
            }
            if at_work.is_empty() {
                self.draw_metrics();
            }
            for tenant in self.due(self.options.at_once.get().saturating_sub(at_work.len())) {
                let order = self.turn(&tenant);
                at_work.push(async move { run_tenant(tenant, &order, stop).await });
            }
        }
        // Each was told to stop, too, and finishes its line.
        while let Some(end) = at_work.next().await {
            self.settle(&end);
        }
        self.draw_metrics();
    }

    /// Who is there, and whose files have changed.
    fn look(&mut self, of: &Path) {
        // A folder that cannot be read for a moment takes nobody's turn.
        let found = tenants(of);
        let unread = found.as_ref().err().map(|error| format!("{}: {error}\n", of.display()));
        if let Some(why) = unread.as_ref().filter(|_| self.unread != unread) {
            self.console.complain(why);
        }
        self.unread = unread;
        if let Ok(all) = found {
            let changed = self.known.look(&all);
            self.refused = self.known.refused();
            let mine: BTreeSet<Tenant> = all.into_iter().filter(|tenant| self.options.has(tenant)).collect();
            self.tell_billed_twice(&mine);
            self.take_up(&mine, &changed);
        }
        self.draw_metrics();
    }

    /// Once, until it is another.
    fn tell_billed_twice(&mut self, mine: &BTreeSet<Tenant>) {
        let mut found = self.known.billed_twice();
        found.retain(|tenant, _| mine.contains(tenant));
        for (tenant, why) in found.iter().filter(|(tenant, why)| self.billed_twice.get(*tenant) != Some(*why)) {
            self.console.complain(&format!("{}: {why}\n", shown(&tenant.name)));
        }
        self.billed_twice = found;
    }

    fn take_up(&mut self, mine: &BTreeSet<Tenant>, changed: &BTreeSet<Tenant>) {
        let now = clock::now();
        // Whoever removed a folder knows; where a disk is gone, nobody does.
        for gone in self.watched.iter().filter(|(tenant, one)| !one.is_busy && !mine.contains(tenant)) {
            let what = if gone.0.is_there() { "recount.toml" } else { "folder" };
            let told = format!("{}: its {what} is gone, and it has no nights any more\n", shown(&gone.0.name));
            self.console.complain(&told);
            self.is_news = true;
        }
        self.watched.retain(|tenant, one| one.is_busy || mine.contains(tenant));
        self.waiting.retain(|(_, tenant)| mine.contains(tenant) && !changed.contains(tenant));
        self.hear_of_the_clock(now);
        for tenant in mine {
            let is_new = !self.watched.contains_key(tenant);
            let new = TenantState { since: now, failed: 0, is_busy: false, last: None };
            let one = self.watched.entry(tenant.clone()).or_insert(new);
            if !one.is_busy && (is_new || changed.contains(tenant)) {
                self.waiting.insert((now, tenant.clone()));
            }
        }
    }

    /// A turn that waits for longer than until its tenant's next slot was set by a clock that was ahead.
    fn hear_of_the_clock(&mut self, now: DateTime<Utc>) {
        let latest = |tenant: &Tenant| self.known.next_slot(tenant, now).unwrap_or(now).max(now + AGAIN);
        let (late, waiting) = self.waiting.iter().cloned().partition(|(at, tenant)| *at > latest(tenant));
        self.waiting = waiting;
        let late: BTreeSet<(DateTime<Utc>, Tenant)> = late;
        self.waiting.extend(late.into_iter().map(|(_, tenant)| (now, tenant)));
        for one in self.watched.values_mut() {
            one.since = one.since.min(now);
        }
    }

    /// The tenants whose turn it is, as many as there is room for; the one that waits longest first.
    fn due(&mut self, room: usize) -> Vec<Tenant> {
        let now = clock::now();
        let mut chosen = Vec::new();
        while chosen.len() < room {
            match self.waiting.first() {
                Some((at, _)) if *at <= now => {}
                _ => break,
            }
            let Some((_, tenant)) = self.waiting.pop_first() else { break };
            match self.refused.get(&tenant) {
                Some(why) => self.settle(&TenantEnd::not_begun(tenant, why.clone())),
                None => chosen.push(tenant),
            }
        }
        for tenant in &chosen {
            if let Some(one) = self.watched.get_mut(tenant) {
                one.is_busy = true;
            }
        }
        chosen
    }

    /// A turn: the night that is due, if one is.
    fn turn(&self, tenant: &Tenant) -> TenantRequest {
        let (since, failed) = self.watched.get(tenant).map_or((clock::now(), 0), |one| (one.since, one.failed));
        let since = since.to_rfc3339_opts(SecondsFormat::Nanos, true);
        let failed = failed.to_string();
        let words = ["daemon", "--turn-since", &since, "--turns-failed", &failed];
        TenantRequest { words: words.map(OsString::from).to_vec(), limit: self.options.limit() }
    }

    fn settle(&mut self, end: &TenantEnd) {
        self.is_news = true;
        let now = clock::now();
        let slot = self.known.next_slot(&end.tenant, now);
        let Some(one) = self.watched.get_mut(&end.tenant) else { return };
        one.is_busy = false;
        let said = end.why.clone().unwrap_or_else(|| first(&end.err));
        let last = Some((end.exit, said));
        if end.exit != Exit::Done && (one.last != last || one.failed.is_multiple_of(SAID_EACH)) {
            let (name, said) = (shown(&end.tenant.name), last.as_ref().map(|(_, said)| &**said).unwrap_or_default());
            self.console.complain(&format!("{name}: exit {}: {said}\n", end.exit.code()));
        }
        one.last = last;
        let again = now + AGAIN;
        let next = if end.exit == Exit::Done { slot.unwrap_or(again) } else { again };
        one.failed = if end.exit == Exit::Done { 0 } else { one.failed.saturating_add(1) };
        self.waiting.insert((next, end.tenant.clone()));
    }

    fn draw_metrics(&mut self) {
        if !std::mem::take(&mut self.is_news) {
            return;
        }
        let ended: Vec<(&Tenant, Exit)> =
            self.watched.iter().filter_map(|(tenant, one)| Some((tenant, one.last.as_ref()?.0))).collect();
        let text = metrics_of(&ended, &self.known);
        self.metrics.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&text);
        keep_metrics(self.options, &self.known, text);
    }
}
