//! How often one line is tried.

/// How often one quantity is sent while ConnectWise says that it is too busy to take it.
const TRIES_WHEN_BUSY: u32 = 5;
/// How often one quantity is sent while nobody knows what became of it. Each time it is looked at first.
const TRIES_WHEN_UNCLEAR: u32 = 2;
/// How often a line is looked at anew because its write's turn came when the look was too old (rule 11).
pub(super) const LOOKS_AGAIN: u32 = 2;

/// How often one quantity was tried, and in vain why.
#[derive(Debug, Default)]
pub(super) struct Tries {
    pub(super) busy: u32,
    pub(super) unclear: u32,
    pub(super) late: u32,
}

impl Tries {
    pub(super) fn sent_nothing(&self) -> bool {
        self.busy == 0 && self.unclear == 0
    }

    pub(super) fn is_first(&self) -> bool {
        self.sent_nothing() && self.late == 0
    }

    pub(super) fn may_go_on(&self) -> bool {
        self.unclear < TRIES_WHEN_UNCLEAR && self.busy < TRIES_WHEN_BUSY && self.late <= LOOKS_AGAIN
    }

    /// Another try would do what this one did.
    pub(super) fn nothing_helps(&mut self) {
        self.unclear = TRIES_WHEN_UNCLEAR;
    }
}
