//! The circuit breakers of a run: its answers so far may forbid more writes of a kind, more at all, or
//! more than one at a time.

use std::collections::VecDeque;

use crate::connectwise::{ReadError, WriteError};
use crate::reconcile::guard::cleared_plan::Write;

/// Server errors in a row after which writing stops.
const SERVER_ERRORS_IN_A_ROW: usize = 3;
/// So many answers are looked at.
const ANSWERS_LOOKED_AT: usize = 20;
/// Server errors among the last twenty answers after which writing stops.
const SERVER_ERRORS_OF_TWENTY: usize = 5;
/// Writes of one kind in a row that the role may not do, after which no other of that kind is tried; and likewise looks.
const REFUSED_IN_A_ROW: usize = 3;

/// What the answers so far were, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Breakers {
    /// Whether each of the last answers was a server error; newest last, and no more than are looked at.
    answers: VecDeque<bool>,
    /// The last answer was clear. Before the first one nobody knows how they will be.
    is_clear: bool,
    /// A look failed, or the key was refused: no further line may be begun.
    unread: Option<ReadError>,
    /// What became of the quantities that were sent.
    edits: Permission,
    /// What became of the lines that were sent.
    adds: Permission,
    /// Agreements in a row whose additions ConnectWise did not give out.
    hidden: usize,
}

/// Whether the role allows one kind of write. One line may be closed to it; several in a row mean that the right is missing.
#[derive(Debug, Default)]
struct Permission {
    refused_in_a_row: usize,
    /// Some write of this kind was let in.
    given: bool,
    refusal: Option<ReadError>,
}

impl Permission {
    fn is_missing(&self) -> bool {
        self.refused_in_a_row >= REFUSED_IN_A_ROW
    }

    fn note(&mut self, refusal: Option<ReadError>) {
        match refusal {
            None => (self.refused_in_a_row, self.given) = (0, true),
            Some(_) => {
                self.refused_in_a_row += 1;
                self.refusal = refusal;
            }
        }
    }

    /// What is told at the end: that the right is missing, if every write of this kind was refused for it, however many there
    /// were, or the last ones were, so that no other was tried.
    fn verdict(&mut self) -> Option<ReadError> {
        let all = !self.given && self.refused_in_a_row > 0;
        if self.is_missing() || all { self.refusal.take() } else { None }
    }

    /// The same of changes. One line may be closed to a role that may change the others: of a single one no more is said.
    fn verdict_of_changes(&mut self) -> Option<ReadError> {
        let is_single = self.refused_in_a_row == 1;
        self.verdict().map(|refusal| match refusal {
            ReadError::WriteDenied { what: _, why, fix } if is_single => ReadError::WriteDenied {
                what: "change the one agreement addition that was to be changed".to_owned(),
                why,
                fix: format!("{fix}; where others can be changed, it is this one that is closed"),
            },
            refusal => refusal,
        })
    }
}

/// The two rights that a write can lack; lacking one does not stop the other.
#[derive(Debug, Clone, Copy)]
pub(super) enum WriteRight {
    Edit,
    Add,
}

impl WriteRight {
    pub(super) fn of(write: &Write) -> Self {
        match write {
            Write::Set(_) => Self::Edit,
            Write::Create(_) => Self::Add,
        }
    }
}

impl Breakers {
    /// How many lines may be at work, of so many that there is room for.
    pub(super) fn width(&self, most: usize) -> usize {
        if self.is_clear { most.max(1) } else { 1 }
    }

    /// Whether ConnectWise errs too often for anybody to know what is written.
    pub(super) fn server_errors(&self) -> bool {
        let errors = |of: usize| self.answers.iter().rev().take(of).filter(|error| **error).count();
        errors(SERVER_ERRORS_IN_A_ROW) == SERVER_ERRORS_IN_A_ROW || errors(ANSWERS_LOOKED_AT) >= SERVER_ERRORS_OF_TWENTY
    }

    /// Whether this kind of write is not tried any more.
    pub(super) fn is_closed(&self, verb: WriteRight) -> bool {
        match verb {
            WriteRight::Edit => self.edits.is_missing(),
            WriteRight::Add => self.adds.is_missing(),
        }
    }

    /// Notes that ConnectWise did not give out the additions of an agreement; whether that was once too often.
    pub(super) fn hidden(&mut self) -> bool {
        self.hidden += 1;
        self.hidden >= REFUSED_IN_A_ROW
    }

    /// Notes that it did.
    pub(super) fn shown(&mut self) {
        self.hidden = 0;
    }

    /// Notes a look after a write that failed: nothing more is written while nobody can see.
    pub(super) fn blind(&mut self, error: ReadError) {
        self.unread = Some(error);
    }

    /// Why nothing can be seen, once.
    pub(super) fn take_unread(&mut self) -> Option<ReadError> {
        self.unread.take()
    }

    /// Why the run did not do all it should, beside what single lines say.
    pub(super) fn verdict(&mut self) -> Option<ReadError> {
        self.unread.take().or_else(|| self.edits.verdict_of_changes()).or_else(|| self.adds.verdict())
    }

    /// Notes the answer of a write; `None` for a good one.
    pub(super) fn note(&mut self, verb: WriteRight, error: Option<&WriteError>) {
        self.is_clear = matches!(error, None | Some(WriteError::Refused { .. }));
        if matches!(error, Some(WriteError::TooLate)) {
            return;
        }
        if self.answers.len() == ANSWERS_LOOKED_AT {
            self.answers.pop_front();
        }
        self.answers.push_back(matches!(error, Some(WriteError::Unclear { server_error: true, .. })));
        let (permission, what) = match verb {
            WriteRight::Edit => (&mut self.edits, "change agreement additions"),
            WriteRight::Add => (&mut self.adds, "add agreement additions"),
        };
        match error {
            None => permission.note(None),
            Some(WriteError::KeyRefused { why }) => self.unread = Some(key_refused(what, why)),
            Some(WriteError::RightMissing { why, fix }) => {
                let (what, why, fix) = (what.to_owned(), why.clone(), fix.clone());
                permission.note(Some(ReadError::WriteDenied { what, why, fix }));
            }
            Some(_) => {}
        }
    }
}

fn key_refused(what: &str, why: &str) -> ReadError {
    ReadError::WriteDenied {
        what: what.to_owned(),
        why: why.to_owned(),
        fix: "check the keys of the API member, the login company and the client id".to_owned(),
    }
}
