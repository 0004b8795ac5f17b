//! `replicate`: whether the store keeps conditions, who holds the lease, and how new the newest copy is.

use chrono::{DateTime, Utc};

use crate::cli::clock;
use crate::cli::commands::check::check_output::CheckList;
use crate::cli::error::CommandError;
use crate::cli::wiring::replication::replica_standing::ReplicaStanding;
use crate::cli::wiring::replication::store_faults::store_error;
use crate::cli::wiring::replication::{onlooker, wait};
use crate::config::settings::Config;
use crate::reconcile::model::display_text::minute;
use crate::replication::copy_names::CopyName;
use crate::replication::error::ReplicaError;
use crate::replication::lease_owner::LeaseOwner;
use crate::replication::lease_turn::{LeaseTurn, SeenLease, turn};
use crate::replication::settings::ReplicaSettings;
use crate::replication::transfer;
use crate::replication::transfer::CopyDescription;
use crate::report::numbers_and_dates::plural;

const NAME: &str = "replicate";

/// What lies in the store.
struct Seen {
    now: DateTime<Utc>,
    lease: Option<SeenLease>,
    is_mine: bool,
    newest: Option<OpenedCopy>,
}

/// The newest copy, how many there are, and the last run in it or why it cannot be opened.
struct OpenedCopy {
    name: CopyName,
    of: CopyDescription,
    many: usize,
    last_run: Result<Option<i64>, ReplicaError>,
}

impl CheckList {
    pub(super) fn replica(&mut self, config: &Config) {
        let Some(settings) = &config.replica else { return };
        let seen = onlooker(config, settings).and_then(|owner| {
            let seen = wait(look(&owner))?.map_err(|error| store_error(&error))?;
            let is_empty = seen.lease.is_none() && seen.newest.is_none();
            if is_empty && ReplicaStanding::read(&config.state).knows(&settings.address()) {
                return Err(store_error(&ReplicaError::Emptied));
            }
            Ok((owner, seen))
        });
        match seen {
            Err(CommandError { exit, message, fix, .. }) => self.wrong(NAME, exit, message, fix),
            Ok((owner, seen)) => self.seen(settings, &owner, &seen),
        }
    }

    fn seen(&mut self, settings: &ReplicaSettings, owner: &LeaseOwner, Seen { now, lease, is_mine, newest }: &Seen) {
        self.good(NAME, format!("{}: conditional writes hold", settings.shown));
        match turn(lease.as_ref(), &owner.me, *is_mine, *now) {
            LeaseTurn::Take => self.note("lease", "nobody holds it yet; the next run takes it".to_owned()),
            LeaseTurn::Renew => self.good("lease", format!("this host ({}) holds it", owner.me.host)),
            LeaseTurn::TakeOver { from, .. } => {
                self.note("lease", format!("that of {from} has run out; the next run of this host takes over"));
            }
            LeaseTurn::StandBy { host, left } => {
                let until = clock::now().checked_add_signed(left).unwrap_or_default();
                let until = minute(until.fixed_offset());
                self.note("lease", format!("{host} holds it until {until}; this host stands by and writes nothing"));
            }
        }
        match newest {
            None => self.note("copies", "none yet; the next run makes the first one".to_owned()),
            Some(copy) => self.newest_copy(copy),
        }
    }

    fn newest_copy(&mut self, OpenedCopy { name, of, many, last_run }: &OpenedCopy) {
        let (many, made) = (plural(*many, "copy"), minute(of.made_at.fixed_offset()));
        match last_run {
            Ok(run) => {
                let run = run.map_or("no run".to_owned(), |run| format!("run {run}"));
                let (opens, host) = ("opens, and holds the history up to", &of.host);
                self.good("copies", format!("{many}; the newest, {name}, made {made} by {host}, {opens} {run}"));
            }
            Err(error) => {
                let CommandError { exit, message, fix, .. } = store_error(error);
                self.wrong("copies", exit, format!("{many}; no host could take over from the newest: {message}"), fix);
            }
        }
    }
}

async fn look(owner: &LeaseOwner) -> Result<Seen, ReplicaError> {
    let now = owner.store.probe(&(owner.marks.draw)()).await?;
    let lease = owner.seen().await?;
    let is_mine = lease.as_ref().map_or(Ok(false), |seen| owner.wrote(&seen.lease))?;
    let newest = match transfer::newest(&owner.store).await? {
        None => None,
        Some((name, of, many)) => {
            let last_run = transfer::last_run_in(&owner.store, name, &of).await;
            Some(OpenedCopy { name, of, many, last_run })
        }
    };
    Ok(Seen { now, lease, is_mine, newest })
}
