//! The additions of agreements, read side by side, and those that ConnectWise does not give out.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt as _;

use crate::connectwise::{BundledLists, ReadError, Reader, UpcomingWork};
use crate::reconcile::model::connectwise_records::{AdditionList, Additions, ForeignAddition};
use crate::reconcile::model::ids::{AgreementId, ProductCode, ProductId};

/// Reads that wait for an answer at the same time; the client's own `max_in_flight` is the limit that counts.
pub(crate) const READS_AT_ONCE: usize = 32;

/// The additions of all agreements, and those lists that ConnectWise does not give out.
#[derive(Debug, Default)]
pub(crate) struct AdditionLists {
    pub(crate) additions: Additions,
    pub(crate) unread: BTreeMap<AgreementId, UnreadList>,
    pub(crate) others: BTreeMap<AgreementId, Vec<ForeignAddition>>,
    pub(crate) products_named: BTreeMap<ProductId, ProductCode>,
    /// Those of the lists that may lack rows.
    pub(crate) bundled: BTreeSet<AgreementId>,
    /// Why bundles are left for the night, if they are.
    pub(crate) bundles_left: Option<String>,
}

/// Reads lists in bundles where ConnectWise gives them, and the others one by one. `all` as below.
pub(crate) async fn read_together<R: Reader>(
    connectwise: &R,
    agreements: BTreeSet<AgreementId>,
    all: Option<usize>,
) -> Result<AdditionLists, ReadError> {
    connectwise.ahead(UpcomingWork::Agreements(agreements.len()));
    let BundledLists { lists: together, left } = connectwise.in_bundles(&agreements).await;
    let others = agreements.into_iter().filter(|agreement| !together.contains_key(agreement)).collect();
    let mut lists = one_by_one(connectwise, others, all).await?;
    for (agreement, list) in together {
        lists.take(agreement, Ok(list))?;
    }
    lists.bundles_left = left;
    Ok(lists)
}

/// A list that ConnectWise does not give out.
#[derive(Debug)]
pub(crate) struct UnreadList {
    pub(crate) why: String,
    denied: bool,
    pub(crate) fix: String,
}

/// So many lists, and more than this share of them, are no matter of single agreements any more.
pub(crate) const UNREAD_MIN: usize = 5;

pub(crate) const UNREAD_SHARE: usize = 5;

/// `all` is how many lists the night stands on, where too many unreadable ones end it.
pub(crate) async fn read_lists<R: Reader>(
    connectwise: &R,
    agreements: BTreeSet<AgreementId>,
    all: Option<usize>,
) -> Result<AdditionLists, ReadError> {
    connectwise.ahead(UpcomingWork::Agreements(agreements.len()));
    one_by_one(connectwise, agreements, all).await
}

async fn one_by_one<R: Reader>(
    connectwise: &R,
    agreements: BTreeSet<AgreementId>,
    all: Option<usize>,
) -> Result<AdditionLists, ReadError> {
    let reads =
        agreements.into_iter().map(|agreement| async move { (agreement, connectwise.additions(agreement).await) });
    let mut reads = futures_util::stream::iter(reads).buffer_unordered(READS_AT_ONCE);
    let mut lists = AdditionLists::default();
    while let Some((agreement, list)) = reads.next().await {
        lists.take(agreement, list)?;
        // Asked after each, before hundreds more are tried in vain.
        if let Some(error) = all.and_then(|all| lists.too_many_unread(all)) {
            return Err(error);
        }
    }
    Ok(lists)
}

impl AdditionLists {
    /// The lists of these agreements and of no others: what is not among these is read.
    ///
    /// # Errors
    /// A part that could not be read, or too many lists of all these that ConnectWise does not give out.
    pub(crate) async fn completed<R: Reader>(
        mut self,
        connectwise: &R,
        agreements: BTreeSet<AgreementId>,
    ) -> Result<Self, ReadError> {
        let all = agreements.len();
        self.retain(&agreements);
        let missing: BTreeSet<AgreementId> = agreements.into_iter().filter(|one| !self.has(*one)).collect();
        if !missing.is_empty() {
            let Self { additions, unread, others, products_named, bundled, bundles_left } =
                read_together(connectwise, missing, Some(all)).await?;
            self.products_named.extend(products_named);
            self.additions.extend(additions);
            self.unread.extend(unread);
            self.others.extend(others);
            self.bundled.extend(bundled);
            self.bundles_left = bundles_left.or(self.bundles_left);
        }
        match self.too_many_unread(all) {
            Some(error) => Err(error),
            None => Ok(self),
        }
    }

    fn retain(&mut self, agreements: &BTreeSet<AgreementId>) {
        self.additions.retain(|one, _| agreements.contains(one));
        self.unread.retain(|one, _| agreements.contains(one));
        self.others.retain(|one, _| agreements.contains(one));
        self.bundled.retain(|one| agreements.contains(one));
    }

    fn has(&self, agreement: AgreementId) -> bool {
        self.additions.contains_key(&agreement) || self.unread.contains_key(&agreement)
    }

    fn take(&mut self, agreement: AgreementId, list: Result<AdditionList, ReadError>) -> Result<(), ReadError> {
        match list {
            Ok(AdditionList { additions, others, products_named, bundled }) => {
                self.products_named.extend(products_named);
                self.additions.insert(agreement, additions);
                if bundled {
                    self.bundled.insert(agreement);
                }
                if !others.is_empty() {
                    self.others.insert(agreement, others);
                }
            }
            Err(ReadError::Additions { agreement, why, denied, fix }) => {
                self.unread.insert(agreement, UnreadList { why, denied, fix });
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// All of them, or too many for single agreements to be at fault: the first stands for all.
    fn too_many_unread(&self, all: usize) -> Option<ReadError> {
        let count = self.unread.len();
        let too_many = count == all || count >= UNREAD_MIN && count * UNREAD_SHARE > all;
        let (agreement, UnreadList { why, denied, fix }) = self.unread.first_key_value().filter(|_| too_many)?;
        let others = if count > 1 { format!(" (and {} more of {all} agreements)", count - 1) } else { String::new() };
        let (agreement, why, denied, fix) = (*agreement, format!("{why}{others}"), *denied, fix.clone());
        Some(ReadError::Additions { agreement, why, denied, fix })
    }
}
