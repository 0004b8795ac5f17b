//! Whose turn it is: decided from the lease as it lies there, and the store's clock. Nothing is read or written here.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// Who may write, and since when. Everything in it but the times of its object is for its holder and for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The version of this form.
    pub schema: u32,
    /// How often another host took it over. Copies of an older term are no longer the newest.
    pub term: u64,
    /// How often it was written.
    pub counter: u64,
    /// Made anew each time: a write whose answer was lost is known by it.
    pub mark: String,
    /// Who has it.
    pub holder: LeaseHolder,
    /// How long it holds after the store's time of it.
    pub seconds: u64,
    /// When its holder wrote it, by the holder's clock.
    pub renewed_at: DateTime<Utc>,
    /// The last time that it went to another host, or that a host went back to a copy.
    pub takeover: Option<Takeover>,
}

/// A host with its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseHolder {
    /// Drawn when the state folder was made.
    pub id: String,
    /// The host's name: a folder that was copied to another host is not this one's.
    pub host: String,
}

/// A change of hosts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Takeover {
    /// The host before.
    pub from: String,
    /// When its lease had run out, by the clock of the host that took over.
    pub ran_out_at: DateTime<Utc>,
    /// When it was taken over, likewise.
    pub at: DateTime<Utc>,
}

/// The lease, and the time that the store gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenLease {
    /// What it says.
    pub lease: Lease,
    /// By the store's clock.
    pub written_at: DateTime<Utc>,
}

/// What a host is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeaseTurn {
    /// Nobody has it.
    Take,
    /// It is this host's.
    Renew,
    /// It has run out, so long ago.
    TakeOver {
        /// Whose it was.
        from: String,
        /// For how long it has been out.
        out_for: TimeDelta,
    },
    /// It is another host's.
    StandBy {
        /// The host that has it.
        host: String,
        /// How long it holds still.
        left: TimeDelta,
    },
}

/// Stores give times in whole seconds, and a request of its holder may leave in its last moment.
const RUN_OUT_AFTER: TimeDelta = TimeDelta::seconds(5);

/// What a host is to do about the lease; `is_mine` says whether its own state folder wrote it, and `now` is by the store's
/// clock, as `written_at` is.
pub fn turn(seen: Option<&SeenLease>, me: &LeaseHolder, is_mine: bool, now: DateTime<Utc>) -> LeaseTurn {
    let Some(SeenLease { lease, written_at }) = seen else { return LeaseTurn::Take };
    if is_mine {
        return LeaseTurn::Renew;
    }
    let left = lease.holds_for() - now.signed_duration_since(*written_at);
    let host = lease.held_by(me);
    if left > TimeDelta::zero() {
        LeaseTurn::StandBy { host, left }
    } else {
        LeaseTurn::TakeOver { from: host, out_for: -left }
    }
}

impl SeenLease {
    /// The lease again, for as long as it holds still; `now` is by the store's clock.
    pub(crate) fn as_it_was(&self, now: DateTime<Utc>) -> Lease {
        let seconds = i64::try_from(self.lease.seconds).unwrap_or(i64::MAX);
        let left = seconds.saturating_sub(now.signed_duration_since(self.written_at).num_seconds());
        Lease { seconds: u64::try_from(left).unwrap_or_default().min(self.lease.seconds), ..self.lease.clone() }
    }
}

impl Lease {
    /// Its holder's name, for another host: two machines may bear one name.
    pub(crate) fn held_by(&self, me: &LeaseHolder) -> String {
        let LeaseHolder { host, .. } = &self.holder;
        if *host == me.host { format!("another machine or state folder of the name {host}") } else { host.clone() }
    }

    /// From the store's time of it until another host may have it.
    pub(crate) fn holds_for(&self) -> TimeDelta {
        let seconds = i64::try_from(self.seconds).ok().and_then(TimeDelta::try_seconds);
        seconds.unwrap_or(TimeDelta::MAX / 2) + RUN_OUT_AFTER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn holder(host: &str) -> LeaseHolder {
        LeaseHolder { id: "4f".to_owned(), host: host.to_owned() }
    }

    fn seen(host: &str) -> SeenLease {
        let lease = Lease {
            schema: 1,
            term: 1,
            counter: 9,
            mark: "m".to_owned(),
            holder: holder(host),
            seconds: 600,
            // A clock that is wrong by a day changes nothing.
            renewed_at: at(86_400),
            takeover: None,
        };
        SeenLease { lease, written_at: at(1000) }
    }

    #[test]
    fn a_lease_is_its_holders_until_it_has_run_out_by_the_clock_of_the_store() {
        let (a, b) = (holder("a"), holder("b"));
        assert_eq!(turn(None, &a, false, at(0)), LeaseTurn::Take);
        assert_eq!(turn(Some(&seen("a")), &a, true, at(99_999)), LeaseTurn::Renew, "nobody else took it meanwhile");
        let stands_by = |left| LeaseTurn::StandBy { host: "a".to_owned(), left: TimeDelta::seconds(left) };
        assert_eq!(turn(Some(&seen("a")), &b, false, at(1000)), stands_by(605));
        assert_eq!(turn(Some(&seen("a")), &b, false, at(1604)), stands_by(1));
        assert_eq!(
            turn(Some(&seen("a")), &b, false, at(900)),
            stands_by(705),
            "a store whose clock stepped back gives nothing away"
        );
        let over = |seconds| LeaseTurn::TakeOver { from: "a".to_owned(), out_for: TimeDelta::seconds(seconds) };
        assert_eq!(turn(Some(&seen("a")), &b, false, at(1605)), over(0));
        assert_eq!(turn(Some(&seen("a")), &b, false, at(2000)), over(395));
    }

    /// A host that took it and cannot go on gives it back: who had it goes on at once, and nobody waits longer than before.
    #[test]
    fn a_lease_that_is_given_back_holds_no_longer_than_it_would_have() {
        let seconds = |now| seen("a").as_it_was(at(now)).seconds;
        assert_eq!([seconds(1000), seconds(1100), seconds(1600), seconds(99_999)], [600, 500, 0, 0]);
        assert_eq!(seconds(900), 600, "a store whose clock stepped back");
        assert_eq!(seen("a").as_it_was(at(1100)).mark, "m", "its holder knows it again");
    }

    /// A state folder that was copied to a second host brings its identity with it.
    #[test]
    fn a_copied_state_folder_makes_no_second_holder() {
        let copied = LeaseHolder { host: "b".to_owned(), ..holder("a") };
        assert!(matches!(turn(Some(&seen("a")), &copied, false, at(1001)), LeaseTurn::StandBy { .. }));
        let LeaseTurn::StandBy { host, .. } = turn(Some(&seen("a")), &holder("a"), false, at(1001)) else {
            panic!("a machine of the same name is another one")
        };
        assert!(host.contains("another machine"), "{host}");
    }
}
