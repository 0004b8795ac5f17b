//! What may be asked about a file, and how it would be read then.

use std::fmt;

use crate::export::settings::Layout;

/// One key, or several that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// What is asked: `may rows be negative, as credits?`
    pub question: String,
    /// As they are written: `signed = true`.
    pub keys: String,
}

impl fmt::Display for Proposal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} Then set {}", self.question, self.keys)
    }
}

/// A layout that may be the one, and what makes it differ.
pub(super) struct TriedKeys {
    pub(super) proposal: Proposal,
    pub(super) layout: Layout,
}

impl TriedKeys {
    pub(super) fn new(question: impl Into<String>, keys: impl Into<String>, layout: Layout) -> Self {
        Self { proposal: Proposal { question: question.into(), keys: keys.into() }, layout }
    }
}
