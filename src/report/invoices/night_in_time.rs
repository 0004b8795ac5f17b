//! Whether an integration's nights ran when they should have, as far as the invoices of a month stand on them.

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};

use crate::history::run_record::RunSummary;
use crate::report::health::{Health, State};

/// Whether a night ran when it should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NightInTime {
    /// It did; where known, when another one has to have run for that to go on.
    InTime(Option<DateTime<FixedOffset>>),
    /// No night was accepted in the month.
    NoneInMonth,
    /// The last one was too long before now, or before the month's end; it began then.
    Late(DateTime<FixedOffset>),
    /// It never ran, but to show what it would do.
    PlansOnly,
    /// It never ran.
    Never,
    /// Something else is the matter with it, in the words of its health.
    Unhealthy(&'static str),
    /// The last night was not good: what that was is a condition of its own.
    NotGood,
}

impl NightInTime {
    /// As of now. `accepted` says whether any night of the month was.
    pub fn now(health: &Health, every: TimeDelta, accepted: bool) -> Self {
        let began = health.last.as_ref().map(|night| night.started_at);
        match health.state {
            State::Never => Self::Never,
            State::PlansOnly => Self::PlansOnly,
            State::Overdue => began.map_or(Self::Never, Self::Late),
            State::NoLease | State::Older | State::Unrecorded => Self::Unhealthy(health.sentence()),
            State::Bad | State::CutOff => Self::NotGood,
            State::Healthy | State::Off | State::StandsBy | State::NotCopied if !accepted => Self::NoneInMonth,
            State::Healthy | State::Off | State::StandsBy | State::NotCopied => {
                Self::InTime(health.last.as_ref().and_then(|night| until(night, every)))
            }
        }
    }

    /// As of the end of a month that is over, by its last night. Of an integration that is not on by now nobody knows how long it
    /// was.
    pub fn at_end(night: Option<&RunSummary>, every: Option<TimeDelta>, ended: DateTime<Utc>, accepted: bool) -> Self {
        let Some(night) = night.filter(|_| accepted) else { return Self::NoneInMonth };
        let until = every.and_then(|every| until(night, every));
        if until.is_some_and(|until| until < ended) { Self::Late(night.started_at) } else { Self::InTime(None) }
    }
}

/// Until when a night is the last one that should have run.
fn until(night: &RunSummary, every: TimeDelta) -> Option<DateTime<FixedOffset>> {
    let ended = night.end.as_ref()?.finished_at;
    ended.checked_add_signed(every).map(|until| until.with_timezone(night.started_at.offset()))
}
