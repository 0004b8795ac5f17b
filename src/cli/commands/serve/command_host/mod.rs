//! The desk's buttons, carried out by the commands' own functions in this process: `DeskHost` over a configuration.

mod kept_uploads;
mod mapping_commands;
mod service_commands;
mod trial_commands;
mod upload_commands;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use tokio::sync::watch;

use crate::apply::stop_signal::Stop;
use crate::cli::clock;
use crate::cli::commands::answer::desk_answers;
use crate::cli::commands::answer::next_use::{next_night, schedule};
use crate::cli::commands::map::known_records::KnownRecords;
use crate::cli::commands::serve::{background_run, tab_member};
use crate::cli::session::NIGHT_STACK;
use crate::cli::wiring::{configured_health, invoice_moment, keep_report};
use crate::config::edit::recount_toml;
use crate::config::settings::{Config, IntegrationConfig};
use crate::error_chain::error_chain;
use crate::history::store::open::History;
use crate::history::store::run_lock::RunLock;
use crate::reconcile::model::ids::IntegrationName;
use crate::reconcile::model::mapping::CustomerTarget;
use crate::reconcile::model::plan::outcome::Mode;
use crate::reconcile::model::plan::remedy::Remedy;
use crate::report::invoices::invoice_moment::InvoiceMoment;
use crate::web::desk::host::member_claim::{MemberClaim, MemberVerification};
use crate::web::desk::host::not_done::{NotDone, NotDoneKind};
use crate::web::desk::host::{Background, DeskAnswer, DeskGround, DeskHost, DeskRun, IntegrationStanding, LastNight};

/// The number that a wish to stop has when nobody sent a signal: as if somebody had pressed the keys for it.
const STOP: i32 = 2;

/// How often it is looked whether a run is over.
const SETTLE_EACH: Duration = Duration::from_secs(1);

/// How often, and how often at most, it is looked whether a lock that no run holds is free.
const LOOK_EACH: Duration = Duration::from_millis(50);
const LOOKS: usize = 60;

/// The configuration's file, read anew each time; and the run that was begun here.
#[derive(Clone)]
pub(crate) struct CommandHost {
    path: Arc<PathBuf>,
    work: Arc<Mutex<Work>>,
    known: KnownRecords,
    /// One trial at a time: each reads a whole night of ConnectWise.
    trial: Arc<Mutex<()>>,
    /// One answer at a time: of two people the second sees what the first answered.
    answering: Arc<Mutex<()>>,
}

#[derive(Default)]
struct Work {
    running: Option<BegunRun>,
    thread: Option<JoinHandle<()>>,
    failed: Option<NotDone>,
    /// Whether somebody waits to store answers.
    settling: bool,
}

/// A run that was begun here.
struct BegunRun {
    /// By whom.
    by: String,
    at: DateTime<Utc>,
    /// The hand that stops it.
    stop: watch::Sender<Option<i32>>,
}

impl BegunRun {
    /// What a page shows of it, and a form carries.
    fn as_shown(&self) -> String {
        format!("{}:{}", self.at.timestamp_micros(), self.by)
    }
}

impl CommandHost {
    pub(crate) fn new(path: &Path) -> Self {
        let (work, known, trial, answering) = Default::default();
        Self { path: Arc::new(path.to_owned()), work, known, trial, answering }
    }

    /// Wishes the run to stop that was begun here; `false` if there is none.
    pub(crate) fn wish_to_stop(&self) -> bool {
        let work = self.work();
        work.running.as_ref().is_some_and(|begun| begun.stop.send(Some(STOP)).is_ok())
    }

    /// Lets the run that was begun here finish the line in flight, and waits for its end.
    pub(crate) fn finish(&self) {
        self.wish_to_stop();
        let thread = self.work().thread.take();
        // A run that ended in a panic has said so.
        let _ = thread.map(JoinHandle::join);
    }

    /// Stores the answers that wait as soon as the run is over. What this process does not live to store, the next one
    /// does.
    fn settle_later(&self) {
        let is_first = !std::mem::replace(&mut self.work().settling, true);
        if is_first {
            let host = self.clone();
            thread::spawn(move || {
                while host.still_waits() {
                    thread::sleep(SETTLE_EACH);
                }
                host.work().settling = false;
            });
        }
    }

    /// Stores the answers that wait, and says whether some still do. Where nobody can tell, none does for this thread: the
    /// next page tries again.
    fn still_waits(&self) -> bool {
        let Ok(config) = self.config() else { return false };
        let _alone = self.answering.lock().unwrap_or_else(PoisonError::into_inner);
        let settled = desk_answers::settle(&config).unwrap_or_else(|error| {
            tracing::error!("answers that wait cannot be stored: {}", error.message);
            true
        });
        !settled
    }

    fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn config(&self) -> Result<Config, NotDone> {
        crate::config::load::load(&self.path).map_err(|errors| NotDone {
            kind: NotDoneKind::Failed,
            message: errors.to_string(),
            fix: Remedy::command("recount check"),
        })
    }
}

impl DeskHost for CommandHost {
    fn ground(&self) -> Result<DeskGround, String> {
        let config = crate::config::load::load(&self.path).map_err(|errors| errors.to_string())?;
        let history = History::open_existing(&config.state).map_err(|error| error.to_string())?;
        let is_running = configured_health::running(&config.state).is_some();
        if history.as_ref().is_some_and(|history| history.queued_answers().is_ok_and(|queued| !queued.is_empty())) {
            self.settle_later();
        }
        let standing = |one| standing(&config, one, history.as_ref(), is_running);
        let standings = config.integrations.values().map(standing).collect::<Result<_, _>>()?;
        let standing_by = configured_health::standing_by(&config, history.as_ref());
        let records = config.record_links();
        Ok(DeskGround { standings, standing_by, zone: config.zone, records })
    }

    fn invoice_moment(&self, now: DateTime<Utc>) -> InvoiceMoment {
        self.config().map_or_else(|_| InvoiceMoment::at(now), |config| invoice_moment::now(&config))
    }

    fn last_night(&self, integration: &IntegrationName, invoice: NaiveDate, now: DateTime<Utc>) -> LastNight {
        let Ok(config) = self.config() else { return LastNight::Over };
        config.integrations.get(integration).map_or(LastNight::Over, |one| last_night(&config, one, (invoice, now)))
    }

    fn read_again(&self, integration: &IntegrationName) {
        let config = self.config();
        if let Some(integration) = config.iter().find_map(|config| config.integrations.get(integration)) {
            self.known.forget(integration);
        }
    }

    fn answer(&self, who: &str, answers: &[DeskAnswer]) -> Result<(), NotDone> {
        let config = self.config()?;
        let _alone = self.answering.lock().unwrap_or_else(PoisonError::into_inner);
        for _ in 0..LOOKS {
            // Whoever answered while a run was under way was first. What cannot be stored of that is told in the audit.
            let settled = desk_answers::settle(&config).unwrap_or(true);
            match if settled { desk_answers::answers(&config, who, answers) } else { Err(desk_answers::busy()) } {
                Err(busy) if busy.kind == NotDoneKind::Busy && desk_answers::is_run_at_work(&config) => break,
                // A command that stores something holds the lock for a moment.
                Err(busy) if busy.kind == NotDoneKind::Busy => thread::sleep(LOOK_EACH),
                done => return done,
            }
        }
        desk_answers::queue(&config, who, answers, desk_answers::busy())?;
        self.settle_later();
        Ok(())
    }

    fn start(&self, who: &str, asked: &DeskRun) -> Result<(), NotDone> {
        let config = self.config()?;
        background_run::check(&config, asked).map_err(desk_answers::not_done)?;
        let mut work = self.work();
        let holder = RunLock::holder(&config.state);
        if work.running.is_some() || holder.is_some() {
            let holder = holder.map(|holder| format!(" ({holder})")).unwrap_or_default();
            let message = format!("another run is under way{holder}; nothing was started");
            return Err(NotDone { kind: NotDoneKind::Busy, message, fix: "wait for its end".into() });
        }
        let (sender, stop) = Stop::new();
        work.running = Some(BegunRun { by: who.to_owned(), at: clock::now(), stop: sender });
        work.failed = None;
        let (host, asked) = (self.clone(), asked.clone());
        let begun = thread::Builder::new().stack_size(NIGHT_STACK).spawn(move || {
            let ended = Ended(host.clone());
            let failed = background_run::run(&config, &asked, &stop).err().map(desk_answers::not_done);
            host.work().failed = failed;
            drop(ended);
        });
        work.thread = begun.ok();
        if work.thread.is_none() {
            work.running = None;
            let message = "the host gives no thread to run it on; nothing was started".to_owned();
            return Err(NotDone { kind: NotDoneKind::Busy, message, fix: "try again later".into() });
        }
        Ok(())
    }

    fn stop(&self, shown: &str) -> Result<(), NotDone> {
        let work = self.work();
        let moved = |message: String, fix: &str| NotDone { kind: NotDoneKind::Moved, message, fix: fix.into() };
        match &work.running {
            Some(begun) if begun.as_shown() == shown && begun.stop.send(Some(STOP)).is_ok() => Ok(()),
            Some(begun) if begun.as_shown() != shown => {
                let message = format!("the run that the page showed is over; {} has begun another one", begun.by);
                Err(moved(message, "watch it, and stop that one there"))
            }
            _ => {
                let message = "this desk began no run that is under way".to_owned();
                Err(moved(message, "a run of the timer is stopped on the host"))
            }
        }
    }

    fn background(&self) -> Background {
        let work = self.work();
        let begun = work.running.as_ref();
        Background {
            by: begun.map(|begun| begun.by.clone()),
            began_at: begun.map(|begun| begun.at),
            is_stopping: begun.is_some_and(|begun| begun.stop.borrow().is_some()),
            shown: begun.map(BegunRun::as_shown).unwrap_or_default(),
            failed: work.failed.clone(),
        }
    }

    fn vouched(&self, claim: &MemberClaim) -> MemberVerification {
        tab_member::vouched(self.config().ok().as_ref(), claim)
    }

    fn set_mode(&self, name: &str, mode: Mode) -> Result<(), NotDone> {
        recount_toml::set_mode(&self.path, name, mode).map_err(|error| {
            let typed = match mode {
                Mode::Off => format!("recount integrations disable {name}"),
                Mode::Observe | Mode::Apply => format!("recount integrations enable {name} --mode {mode}"),
            };
            NotDone { kind: NotDoneKind::Failed, message: error_chain(&error), fix: Remedy::command(typed) }
        })?;
        if let Ok(config) = self.config() {
            keep_report::keep_overviews(&config);
        }
        Ok(())
    }
}

/// However the run ends, the next one can begin.
struct Ended(CommandHost);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.work().running = None;
    }
}

fn standing(
    config: &Config,
    one: &IntegrationConfig,
    history: Option<&History>,
    is_running: bool,
) -> Result<IntegrationStanding, String> {
    let health = configured_health::of(config, one, history, is_running).map_err(|error| error.to_string())?;
    let mapping = one.mapping.as_ref().ok();
    let customers = mapping.map(|mapping| {
        let skipped = mapping.customers.values().filter(|row| row.target == CustomerTarget::Skip).count();
        (mapping.customers.len() - skipped, skipped)
    });
    let connectwise = config.connectwise.get(&one.connectwise);
    let connectwise = connectwise
        .map(|known| format!("{}, {}", known.client.company, known.client.url.host_str().unwrap_or_default()));
    Ok(IntegrationStanding {
        name: one.name.clone(),
        mode: one.mode,
        health,
        next: next_night(config).filter(|_| one.mode != Mode::Off),
        customers,
        services: mapping.map_or(0, |mapping| mapping.services.len()),
        connectwise: connectwise.unwrap_or_default(),
        approval_life: one.guards.approval_life,
    })
}

/// Days before a time that are looked through for its last night: two hold one of most schedules, and a month one of each.
const LOOKED_THROUGH: [i64; 2] = [2, 40];

/// The last night before a day on which nothing is written any more: the invoice's own, or the first that `freeze` leaves alone.
fn last_night(config: &Config, one: &IntegrationConfig, (invoice, now): (NaiveDate, DateTime<Utc>)) -> LastNight {
    let frozen = one.mapping.as_ref().map_or(0, |mapping| mapping.freeze_days);
    let first_without = invoice.checked_sub_days(Days::new(frozen.into())).unwrap_or(invoice);
    let Some(end) = one.zone.begin_of(first_without).filter(|end| now < *end) else { return LastNight::Over };
    let Some(schedule) = schedule(config) else {
        return first_without.pred_opt().map_or(LastNight::Over, LastNight::Until);
    };
    let mut nights = LOOKED_THROUGH.into_iter().map(|days| {
        let next = |at: &DateTime<Utc>| schedule.next_after(*at).filter(|next| *next < end);
        let first = next(&now.max(end - TimeDelta::days(days)));
        std::iter::successors(first, next).last()
    });
    nights.find_map(|night| night).map_or(LastNight::Over, LastNight::At)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The thread that stores answers later read a recount.toml that was at fault every second, until somebody mended it.
    #[test]
    fn answers_are_not_waited_for_where_the_configuration_cannot_be_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("recount.toml");
        std::fs::write(&path, "state = ").expect("written");
        assert!(!CommandHost::new(&path).still_waits());
    }
}
