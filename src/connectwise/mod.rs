//! ConnectWise as the rest of the program knows it: the trait that reads, the trait that writes, and their errors.
//!
//! A dry run is given a [`Reader`] only: it has no writer
//! to be careful with. Service tickets are a third one,
//! [`ServiceBoard`](crate::tickets::board::ServiceBoard), which can write to nothing else.

pub(crate) mod billing_cycles;
pub(crate) mod bundle_trust;
pub(crate) mod bundle_wire;
pub(crate) mod bundles;
pub mod client;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzz;
pub mod hosted_member;
pub mod probe;
pub(crate) mod reads;
pub(crate) mod server_clock;
pub mod shared_reads;
pub(crate) mod urls;
pub(crate) mod wire;
pub(crate) mod writes;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use crate::connectwise::client::unreachable_cause::UnreachableCause;
use crate::reconcile::guard::cleared_plan::{CreateLine, SetQuantity};
use crate::reconcile::model::connectwise_records::{Addition, AdditionList, Agreements, Companies, Products};
use crate::reconcile::model::ids::{AdditionId, AgreementId, CompanyId};
use crate::reconcile::model::plan::outcome::Traffic;
use crate::reconcile::model::quantity::Quantity;

/// What a plan needs to read.
///
/// None of these gives an empty list for a read that failed. A record that cannot be read stands beside those that can.
#[expect(async_fn_in_trait, reason = "used with static dispatch on one thread; no Send bound is needed")]
pub trait Reader {
    /// The companies of these ids, deleted ones included. An id that is not there is not in the answer.
    async fn companies(&self, ids: &BTreeSet<CompanyId>) -> Result<Companies, ReadError>;

    /// Every company, for matching by exact name: names never stand in `conditions`.
    async fn all_companies(&self) -> Result<Companies, ReadError>;

    /// Every agreement of these companies.
    async fn agreements_of(&self, companies: &BTreeSet<CompanyId>) -> Result<Agreements, ReadError>;

    /// The agreements of these ids. An id that is not there is not in the answer.
    async fn agreements(&self, ids: &BTreeSet<AgreementId>) -> Result<Agreements, ReadError>;

    /// The whole catalog.
    async fn catalog(&self) -> Result<Products, ReadError>;

    /// The catalog items of these identifiers, folded as
    /// [`ProductCode::folded`](crate::reconcile::model::ids::ProductCode::folded); `None` where only the whole catalog
    /// tells.
    async fn named_items(&self, _identifiers: &BTreeSet<String>) -> Result<Option<Products>, ReadError> {
        Ok(None)
    }

    /// The catalog items of these identifiers, and maybe others.
    async fn catalog_items(&self, identifiers: &BTreeSet<String>) -> Result<Products, ReadError> {
        match self.named_items(identifiers).await? {
            Some(items) => Ok(items),
            None => self.catalog().await,
        }
    }

    /// Every addition of one agreement: live, cancelled and future ones. Rows that say they are another agreement's stand
    /// aside.
    ///
    /// # Errors
    /// Any part that could not be read. A 404 is an error as well. One that concerns this agreement alone is
    /// [`ReadError::Additions`].
    async fn additions(&self, agreement: AgreementId) -> Result<AdditionList, ReadError>;

    /// The same, as it is now: nothing stands for it that was read for another plan.
    async fn additions_now(&self, agreement: AgreementId) -> Result<AdditionList, ReadError> {
        self.additions(agreement).await
    }

    /// Of these agreements the lists that come in bundles, many of them in one request. What is not in the answer has to be
    /// read one by one, whatever the reason. A list that is [`AdditionList::bundled`] may lack rows: nothing is
    /// concluded from what is not in it.
    async fn in_bundles(&self, _agreements: &BTreeSet<AgreementId>) -> BundledLists {
        BundledLists::default()
    }

    /// Told that bundles were found to be wrong: none is asked for any more tonight.
    fn leave_bundles(&self, _why: String) {}

    /// The agreements of which the names of their billing cycles decided whether they recur, so far.
    fn cycles_by_name(&self) -> Option<CyclesByName> {
        None
    }

    /// What was asked of ConnectWise so far.
    fn traffic(&self) -> Traffic;

    /// Told how much comes next, for whoever watches. Nothing is asked of ConnectWise.
    fn ahead(&self, _work: UpcomingWork) {}
}

/// Agreements of which the names of their billing cycles decided whether they recur.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CyclesByName {
    /// Why the list of cycles was not read; `None` where it was, and does not tell of theirs.
    pub unread: Option<CyclesUnread>,
    /// Each with the name of its cycle.
    pub agreements: BTreeMap<AgreementId, String>,
}

/// Why ConnectWise does not give out its list of billing cycles, in words. Any other failure ends the night, as it does for
/// every list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CyclesUnread {
    /// The API member's role has no right to it.
    Denied(String),
    /// It does not take the request.
    Refused(String),
}

/// What takes long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpcomingWork {
    /// The additions of so many agreements are read.
    Agreements(usize),
    /// So many lines are written.
    Writes(usize),
}

impl UpcomingWork {
    /// What it counts.
    pub fn words(self) -> &'static str {
        match self {
            UpcomingWork::Agreements(_) => "agreements read",
            UpcomingWork::Writes(_) => "lines written",
        }
    }
}

/// Lists that came in bundles.
#[derive(Debug, Default)]
pub struct BundledLists {
    /// By agreement; some may have been read by themselves, to be compared.
    pub lists: BTreeMap<AgreementId, AdditionList>,
    /// Why bundles are left for the night, if they are.
    pub left: Option<String>,
}

/// What an agreement's additions were seen to be.
#[derive(Debug, Clone)]
pub struct AdditionsLook {
    /// The additions.
    pub list: AdditionList,
    /// When they were asked for: the request left then, its turn behind it.
    pub asked_at: Instant,
}

/// The two writes, and the look before them.
#[expect(async_fn_in_trait, reason = "used with static dispatch on one thread; no Send bound is needed")]
pub trait Writer: Reader {
    /// The same as [`Reader::additions`], for a write that has to follow soon.
    async fn look(&self, agreement: AgreementId) -> Result<AdditionsLook, ReadError> {
        let asked_at = Instant::now();
        Ok(AdditionsLook { list: self.additions(agreement).await?, asked_at })
    }

    /// How many requests may be on their way at the same time.
    fn at_once(&self) -> usize {
        1
    }

    /// The median of what an answer took tonight.
    fn usual_answer(&self) -> Duration {
        Duration::ZERO
    }

    /// Told that a write was sent again.
    fn sent_again(&self) {}

    /// Told that a write was turned away so many times as too many requests: what is sent next waits, also where ConnectWise
    /// names no wait.
    fn hold_back(&self, _times: u32) {}

    /// Sends one PATCH of one addition's quantity, once and not after `before`, and gives back the quantity that the
    /// answer holds.
    ///
    /// # Errors
    /// By what is known of the outcome.
    async fn set_quantity(&self, write: &SetQuantity, before: Instant) -> Result<Quantity, WriteError>;

    /// Sends one POST of one addition, once and not after `before`, and gives back the addition that the answer holds.
    ///
    /// # Errors
    /// By what is known of the outcome.
    async fn create_line(&self, write: &CreateLine, before: Instant) -> Result<Addition, WriteError>;
}

/// A read that gave no answer that can be used, by what the caller can do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Try again another night: no connection, time-outs, server errors, throttled beyond the budget, or an answer
    /// that is not ConnectWise's. Retries are behind it.
    #[error("cannot read {what}: {why}")]
    Unreachable {
        /// What was being read.
        what: String,
        /// What happened, on one line.
        why: String,
        /// What kind of thing that is.
        cause: UnreachableCause,
    },
    /// Mend the key, the company, the client id or the security role.
    #[error("may not read {what}: {why}")]
    Denied {
        /// What was being read.
        what: String,
        /// What ConnectWise answered, on one line.
        why: String,
        /// What to check or which switch to turn.
        fix: String,
        /// Whether ConnectWise says so of this list, and not something on the way, or of a wrong address.
        by_role: bool,
    },
    /// The same of a write: what is read may well be let in.
    #[error("may not {what}: {why}")]
    WriteDenied {
        /// What was to be written.
        what: String,
        /// What ConnectWise answered, on one line.
        why: String,
        /// What to check or which switch to turn.
        fix: String,
    },
    /// ConnectWise does not give out the additions of this agreement, or not so that they can be read. Those of others
    /// may well be: nothing on this agreement is to be written, and that is all.
    #[error("cannot read the additions of agreement {agreement}: {why}")]
    Additions {
        /// The agreement.
        agreement: AgreementId,
        /// What ConnectWise answered, or what is wrong with it, on one line.
        why: String,
        /// Whether it is a right that is missing, or an agreement out of sight (403, 404).
        denied: bool,
        /// What to do.
        fix: String,
    },
}

/// A write without a good answer, by what is known of its outcome.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// Nothing was written, and ConnectWise says why (400, 404, 409 and the like).
    #[error("ConnectWise refused it ({status}): {why}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// What ConnectWise answered, on one line.
        why: String,
    },
    /// Nothing was written: too many requests (429).
    #[error("ConnectWise is too busy: {why}")]
    Busy {
        /// What ConnectWise answered, on one line.
        why: String,
    },
    /// Nothing was written: the key is not, or no longer, good (401). Nothing else will be either.
    #[error("ConnectWise refused the key: {why}")]
    KeyRefused {
        /// What ConnectWise answered, on one line.
        why: String,
    },
    /// Nothing was written: the role lacks the right for this kind of write (403).
    #[error("the role may not do this: {why}; {fix}")]
    RightMissing {
        /// What ConnectWise answered, on one line.
        why: String,
        /// Which switch to turn.
        fix: String,
    },
    /// Nothing was written: its turn came after what was seen before it had become too old, and no byte left this host.
    #[error("too late, nothing was sent")]
    TooLate,
    /// Nothing was written: no byte left this host.
    #[error("not sent: {why}")]
    NotSent {
        /// What happened, on one line.
        why: String,
    },
    /// Something was written: ConnectWise confirmed a new addition that is not where it was sent, or of another product.
    #[error("no clear answer: {why}")]
    Misplaced {
        /// Which.
        addition: AdditionId,
        /// What of it is not as sent, on one line.
        why: String,
    },
    /// It may or may not have been written. Only a look tells.
    #[error("no clear answer: {why}")]
    Unclear {
        /// What happened, on one line.
        why: String,
        /// Whether it was the server's error (5xx), of which several in a row stop the run.
        server_error: bool,
    },
}
