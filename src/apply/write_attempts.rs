//! How often one line is tried.

use crate::connectwise::WriteError;

/// How often one quantity is sent while ConnectWise says that it is too busy to take it.
const TRIES_WHEN_BUSY: u32 = 5;
/// How often one quantity is sent while nobody knows what became of it. Each time it is looked at first.
const TRIES_WHEN_UNCLEAR: u32 = 2;
/// How often a line is looked at anew because its write's turn came when the look was too old (rule 11).
pub(super) const LOOKS_AGAIN: u32 = 2;

/// How often one quantity was tried, and in vain why.
#[derive(Debug, Default)]
pub(super) struct WriteAttempts {
    busy: u32,
    unclear: u32,
    late: u32,
    /// A request left, and nobody knows where it ended.
    lost: bool,
    /// ConnectWise took it, and answered with something else.
    took: bool,
    /// ConnectWise refused it.
    refused: bool,
}

impl WriteAttempts {
    pub(super) fn sent_nothing(&self) -> bool {
        self.busy == 0 && self.unclear == 0
    }

    /// Whether a request left already.
    pub(super) fn is_repeat(&self) -> bool {
        self.busy > 0 || self.lost
    }

    pub(super) fn times_busy(&self) -> u32 {
        self.busy
    }

    pub(super) fn is_first(&self) -> bool {
        self.sent_nothing() && self.late == 0
    }

    pub(super) fn may_go_on(&self) -> bool {
        self.unclear < TRIES_WHEN_UNCLEAR && self.busy < TRIES_WHEN_BUSY && self.late <= LOOKS_AGAIN
    }

    /// Notes why a try was in vain.
    pub(super) fn note(&mut self, error: Option<&WriteError>) {
        match error {
            Some(WriteError::TooLate) => self.late += 1,
            Some(WriteError::Busy { .. }) => self.busy += 1,
            Some(WriteError::NotSent { .. }) => self.unclear += 1,
            Some(WriteError::Unclear { .. }) => (self.unclear, self.lost) = (self.unclear + 1, true),
            _ => {}
        }
    }

    /// A clear answer that did nothing: another try would do what this one did.
    pub(super) fn nothing_helps(&mut self) {
        (self.unclear, self.took) = (TRIES_WHEN_UNCLEAR, true);
    }

    /// No other try is made after this refusal of one. In words: it is of that try alone.
    pub(super) fn end_with(&mut self, error: &WriteError) -> String {
        (self.unclear, self.refused) = (TRIES_WHEN_UNCLEAR, true);
        if self.lost { format!("a try got no answer, and of the next one: {error}") } else { error.to_string() }
    }

    /// Whether the key itself was refused, and no try before may be on its way.
    pub(super) fn ends_with_key(&self, error: &WriteError) -> bool {
        matches!(error, WriteError::KeyRefused { .. }) && !self.lost
    }

    /// Whether the last try was refused, and none before it may be on its way.
    pub(super) fn was_refused(&self) -> bool {
        self.refused && !self.lost
    }

    /// How a quantity is known that the answer did not confirm.
    pub(super) fn verified(&self, why: &str) -> String {
        let answered = if self.refused { format!("; the answer was: {why}") } else { String::new() };
        format!("verified by a second read{answered}")
    }

    pub(super) fn took(&self) -> bool {
        self.took
    }

    /// Whether the quantity may arrive yet although it was looked for: what was never answered may be on its way.
    pub(super) fn may_arrive_yet(&self) -> bool {
        self.lost
    }
}
