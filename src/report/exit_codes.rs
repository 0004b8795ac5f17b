//! Exit codes: append-only, documented, and ordered by what a caller must not miss.

use crate::reconcile::model::plan::outcome::RunVerdict;

/// How a command ends. The unit file, monitoring and scripts rely on these numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: done, nothing to decide.
    Done,
    /// 1: unexpected failure.
    Unexpected,
    /// 2: usage.
    Usage,
    /// 3: done, something to decide.
    Decide,
    /// 4: changes pending (`plan --detailed-exitcode`).
    Pending,
    /// 5: some writes were refused or are in doubt.
    Partial,
    /// 10: held by a run guard; nothing was written.
    Held,
    /// 11: export refused; nothing was written.
    Refused,
    /// 12: ConnectWise unreachable.
    Unreachable,
    /// 13: key or permission.
    Denied,
    /// 14: local store.
    Store,
    /// 15: another run holds the lock.
    Locked,
    /// 16: configuration, mapping or clock invalid.
    Config,
    /// 128 + the signal: 129 (SIGHUP), 130 (SIGINT), 143 (SIGTERM).
    Signal(u8),
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Unexpected => 1,
            Exit::Usage => 2,
            Exit::Decide => 3,
            Exit::Pending => 4,
            Exit::Partial => 5,
            Exit::Held => 10,
            Exit::Refused => 11,
            Exit::Unreachable => 12,
            Exit::Denied => 13,
            Exit::Store => 14,
            Exit::Locked => 15,
            Exit::Config => 16,
            Exit::Signal(signal) => 128_u8.saturating_add(signal),
        }
    }

    /// The exit of a number that [`Exit::code`] gave; anything else is an unexpected failure.
    pub fn of_code(code: u8) -> Self {
        let known = [
            Exit::Done,
            Exit::Usage,
            Exit::Decide,
            Exit::Pending,
            Exit::Partial,
            Exit::Held,
            Exit::Refused,
            Exit::Unreachable,
            Exit::Denied,
            Exit::Store,
            Exit::Locked,
            Exit::Config,
        ];
        match code.checked_sub(128) {
            Some(signal) => Exit::Signal(signal),
            None => known.into_iter().find(|exit| exit.code() == code).unwrap_or(Exit::Unexpected),
        }
    }

    /// Whether a run that ends so was a good one: done, with or without something to decide.
    pub fn is_good(self) -> bool {
        matches!(self, Exit::Done | Exit::Decide)
    }

    /// The one of two that a caller must not miss: signal, then 1, then the higher number.
    pub fn worst(self, other: Self) -> Self {
        if self.weight() >= other.weight() { self } else { other }
    }

    fn weight(self) -> u16 {
        match self {
            Exit::Unexpected => 127,
            // A store that fails makes every other answer doubtful, and outranks a configuration that does not fit.
            Exit::Store => 20,
            other => u16::from(other.code()),
        }
    }

    /// In a few words.
    pub fn sentence(self) -> &'static str {
        match self {
            Exit::Done => "done",
            Exit::Unexpected => "failed unexpectedly",
            Exit::Usage => "usage",
            Exit::Decide => "done, something to decide",
            Exit::Pending => "changes pending",
            Exit::Partial => "partial: some refused or unknown",
            Exit::Held => "held by a run guard",
            Exit::Refused => "export refused",
            Exit::Unreachable => "ConnectWise unreachable",
            Exit::Denied => "key or permission",
            Exit::Store => "local store",
            Exit::Locked => "another run holds the lock, or another host the lease",
            Exit::Config => "configuration, mapping or clock invalid",
            Exit::Signal(_) => "stopped by a signal",
        }
    }

    /// How many exits this one outweighs: what is worse comes first by it.
    pub fn badness(self) -> usize {
        let all = (0..=u8::MAX).map(Exit::of_code);
        all.filter(|other| *other != self && self.worst(*other) == self).count()
    }

    /// A run's verdict of the same meaning.
    pub fn verdict(self) -> RunVerdict {
        match self {
            Exit::Done | Exit::Pending => RunVerdict::Ok,
            Exit::Decide => RunVerdict::Decide,
            Exit::Partial => RunVerdict::Partial,
            Exit::Held => RunVerdict::Held,
            Exit::Refused => RunVerdict::Refused,
            Exit::Unreachable => RunVerdict::Unreachable,
            Exit::Denied => RunVerdict::Denied,
            Exit::Signal(_) => RunVerdict::Interrupted,
            Exit::Unexpected | Exit::Usage | Exit::Store | Exit::Locked | Exit::Config => RunVerdict::Failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_of_several_integrations_is_what_a_caller_sees() {
        let order = [143, 14, 13, 12, 11, 10, 5, 4, 3, 0].map(Exit::of_code);
        for (at, worse) in order.iter().enumerate() {
            for better in &order[at..] {
                assert_eq!(worse.worst(*better), *worse);
                assert_eq!(better.worst(*worse), *worse);
            }
        }
    }
}
