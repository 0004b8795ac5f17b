//! `replica.json` in the state folder: what this host knew last of the lease and of its copies.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::atomic_files::replace;
use crate::reconcile::model::display_text::minute;
use crate::replication::copy_names::CopyName;
use crate::replication::lease_turn::Lease;
use crate::replication::transfer::CopyDescription;
use crate::report::format::paint::Paint;
use crate::report::format::text::wrapped;
use crate::report::health::HostPart;

/// Read by `status` without asking the store.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ReplicaStanding {
    /// The term in which the history of this host was written last.
    pub(crate) term: u64,
    /// The host that holds the lease.
    pub(crate) host: String,
    /// Whether that is this one.
    pub(crate) is_holder: bool,
    /// Until when, as far as this host knows.
    pub(crate) until: Option<DateTime<Utc>>,
    /// The host that it was taken over from, the last time.
    pub(crate) taken_over_from: Option<String>,
    /// The newest copy that this host knows.
    pub(crate) copy: Option<CopyDescription>,
    /// Why the last copy was not made.
    pub(crate) failure: Option<String>,
    /// Why this host could not go on with the lease, and left it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hindrance: Option<String>,
    /// The store that all this is known of; another one may be empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) store: Option<String>,
    /// Whether nothing was left there when this host looked last.
    pub(crate) is_emptied: bool,
}

impl ReplicaStanding {
    /// What was noted last; nothing, if nothing was, or it cannot be read.
    pub(crate) fn read(state: &Path) -> Self {
        let text = std::fs::read(file(state)).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_default()
    }

    /// A copy that failed is still to be made.
    pub(crate) fn holds(
        self,
        lease: &Lease,
        until: DateTime<Utc>,
        newest: Option<(CopyName, CopyDescription, usize)>,
    ) -> Self {
        Self {
            term: lease.term,
            host: lease.holder.host.clone(),
            is_holder: true,
            until: Some(until),
            taken_over_from: lease.takeover.as_ref().map(|takeover| takeover.from.clone()),
            copy: newest.map(|(_, description, _)| description),
            failure: self.failure,
            store: self.store,
            hindrance: None,
            is_emptied: false,
        }
    }

    /// What was seen, was seen in this store.
    pub(crate) fn in_store(self, place: &str) -> Self {
        Self { store: Some(place.to_owned()), is_emptied: false, ..self }
    }

    pub(crate) fn emptied(self) -> Self {
        Self { is_emptied: true, ..self }
    }

    /// Whether this host saw a lease in this store before.
    pub(crate) fn knows(&self, place: &str) -> bool {
        self.store.as_deref() == Some(place) && !self.host.is_empty()
    }

    pub(crate) fn hindered(self, why: String) -> Self {
        Self { hindrance: Some(why), ..self }
    }

    pub(crate) fn stands_by(self, host: &str, until: DateTime<Utc>) -> Self {
        Self { host: host.to_owned(), is_holder: false, until: Some(until), hindrance: None, ..self }
    }

    pub(crate) fn after_copy(self, sent: Result<CopyDescription, String>) -> Self {
        match sent {
            Ok(copy) => Self { copy: Some(copy), failure: None, ..self },
            Err(why) => Self { failure: Some(why), ..self },
        }
    }

    /// Whether another host does the work.
    pub(crate) fn is_standing_by(&self) -> bool {
        !self.is_holder && !self.host.is_empty() && !self.is_emptied
    }

    /// Whether what it knew last of the lease is over by its clock.
    pub(crate) fn has_run_out(&self, now: DateTime<Utc>) -> bool {
        self.until.is_some_and(|until| until <= now)
    }

    /// What is to be expected of this host.
    pub(crate) fn part(&self, now: DateTime<Utc>) -> HostPart {
        if self.is_emptied || self.hindrance.is_some() {
            return HostPart::NoLease;
        }
        match (self.is_standing_by(), &self.failure) {
            // By its own clock nobody has the lease: then its own nights are missed.
            (true, _) if self.has_run_out(now) => HostPart::Works,
            (true, _) => HostPart::StandsBy,
            (false, Some(_)) => HostPart::NotCopied,
            (false, None) => HostPart::Works,
        }
    }

    /// As `status` shows it.
    pub(crate) fn text(&self, now: DateTime<Utc>, paint: Paint) -> String {
        let until = self.until.map(|at| format!(" until {}", minute(at.fixed_offset()))).unwrap_or_default();
        let mut text = match (self.is_holder, self.host.as_str()) {
            (true, host) if self.has_run_out(now) => format!("this host ({host}) held the lease{until}\n"),
            (true, host) => format!("this host ({host}) holds the lease{until}\n"),
            (false, "") if self.hindrance.is_some() => String::new(),
            (false, "") => "no run has taken the lease yet\n".to_owned(),
            (false, host) if self.has_run_out(now) => format!(
                "this host stands by: {host} held the lease{until}, when last asked; it has run out by this host's clock\n"
            ),
            (false, host) => format!("this host stands by: {host} holds the lease{until}, when last asked\n"),
        };
        if let Some(copy) = &self.copy {
            let run = copy.last_run.map_or("no run".to_owned(), |run| format!("run {run}"));
            let _ = writeln!(text, "newest copy of {run}, {} by {}", minute(copy.made_at.fixed_offset()), copy.host);
        }
        if self.is_emptied {
            let sentence = "the store of copies was empty when it was asked last, and no run goes on";
            wrapped(&mut text, sentence, &format!("{} ", paint.bad("✗")), "  ");
            text.push_str("  → recount check\n");
        }
        if let Some(why) = &self.hindrance {
            let sentence = format!("this host cannot go on with the lease, and left it: {why}");
            wrapped(&mut text, &sentence, &format!("{} ", paint.bad("✗")), "  ");
            text.push_str("  → recount check\n");
        }
        // What another host goes on without is copied by nobody any more.
        if let Some(why) = self.failure.as_ref().filter(|_| !self.is_standing_by()) {
            let sentence = format!("the history was not copied after the last run: {why}");
            wrapped(&mut text, &sentence, &format!("{} ", paint.bad("✗")), "  ");
            text.push_str("  → recount check\n");
        }
        text
    }

    /// Written whole. That it cannot be written is told where the history cannot.
    pub(crate) fn keep(&self, state: &Path) {
        let text = serde_json::to_vec(self).expect("texts, numbers and times always make JSON");
        if let Err(error) = replace(&file(state), &text) {
            tracing::warn!("{} cannot be written: {error}", file(state).display());
        }
    }
}

fn file(state: &Path) -> PathBuf {
    state.join("replica.json")
}
