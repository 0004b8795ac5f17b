//! Why something was not done.

use crate::reconcile::model::plan::remedy::Remedy;

/// Why something was not done. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotDone {
    /// How it is told to a browser.
    pub kind: NotDoneKind,
    /// What happened.
    pub message: String,
    /// What helps.
    pub fix: Remedy,
}

/// How it is told to a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotDoneKind {
    /// It is not what was shown any more, or somebody was faster.
    Moved,
    /// Another run is under way.
    Busy,
    /// It cannot be answered like this.
    Wrong,
    /// The store or the configuration failed.
    Failed,
}
