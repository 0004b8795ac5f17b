//! Whether the bundles of a ConnectWise can be believed tonight.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is known tonight of the bundles of one ConnectWise.
#[derive(Debug, Default)]
pub(crate) struct Bundling {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
enum Known {
    #[default]
    Untried,
    Good,
    /// Why they are left for the night.
    Left(String),
}

impl Bundling {
    /// Leaves them for the night. The first reason is the one that is told.
    pub(crate) fn leave(&self, why: String) {
        let mut known = self.known();
        if !matches!(*known, Known::Left(_)) {
            tracing::info!("bundled reads are left for tonight: {why}");
            *known = Known::Left(why);
        }
    }

    /// Why they are left, if they are.
    pub(crate) fn left(&self) -> Option<String> {
        match &*self.known() {
            Known::Left(why) => Some(why.clone()),
            Known::Untried | Known::Good => None,
        }
    }

    pub(crate) fn is_untried(&self) -> bool {
        matches!(*self.known(), Known::Untried)
    }

    /// Trusts them, unless something was found to be wrong meanwhile.
    pub(crate) fn trust(&self) {
        let mut known = self.known();
        if matches!(*known, Known::Untried) {
            *known = Known::Good;
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
