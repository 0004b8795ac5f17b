//! What the pages of a list say of how much there is, in members and headers that nobody declared.

use std::collections::BTreeMap;

use crate::export::format::json::more_pages::{ReadOfList, SaidTotal, TotalOf};
use crate::reconcile::model::export::partial_export::UnreadPart;

/// Every such number, in the order of the pages.
#[derive(Debug, Default)]
pub(super) struct SaidTotals {
    said: Vec<OnPage>,
    /// How many records the fullest page has.
    fullest: u64,
}

/// What one page says.
#[derive(Debug)]
struct OnPage {
    said: SaidTotal,
    /// Its own records.
    records: u64,
}

impl SaidTotals {
    /// Takes what a page says that has so many records.
    pub(super) fn take(&mut self, said: Vec<SaidTotal>, records: usize) {
        let records = u64::try_from(records).unwrap_or(u64::MAX);
        self.fullest = self.fullest.max(records);
        self.said.extend(said.into_iter().map(|said| OnPage { said, records }));
    }

    /// A number that one page says and another one says otherwise: the list changed while it was read.
    pub(super) fn moved(&self) -> Option<UnreadPart> {
        self.by_member().into_iter().find_map(|(member, pages)| {
            let is_of_the_list = pages.iter().any(|page| !page.may_be_its_own());
            let is_sure = |page: &&OnPage| page.said.counted != TotalOf::SomeRecords || page.said.number > self.fullest;
            let (before, others) = pages.split_first().filter(|_| is_of_the_list && pages.iter().all(is_sure))?;
            let before = before.said.number;
            let after = others.iter().map(|page| page.said.number).find(|after| *after != before)?;
            Some(UnreadPart::Moved { member: member.to_owned(), before, after })
        })
    }

    /// The numbers that are larger than what was read, as the last page with records says them, and that nobody told yet.
    pub(super) fn unread(&self, read: ReadOfList, told: &[UnreadPart]) -> Vec<UnreadPart> {
        let is_told = |member: &str| {
            told.iter().any(|sign| matches!(sign, UnreadPart::Total { member: said, .. } if said == member))
        };
        let untold = self.by_member().into_iter().filter(|(member, _)| !is_told(member));
        let more = untold.filter_map(|(_, pages)| {
            let with_records = pages.iter().rev().find(|page| page.records > 0);
            with_records.or(pages.last())?.said.more_than(read)
        });
        more.collect()
    }

    fn by_member(&self) -> BTreeMap<&str, Vec<&OnPage>> {
        let mut by_member: BTreeMap<&str, Vec<&OnPage>> = BTreeMap::new();
        for page in &self.said {
            by_member.entry(&page.said.member).or_default().push(page);
        }
        by_member
    }
}

impl OnPage {
    /// Whether it may be the number of the page's own records.
    fn may_be_its_own(&self) -> bool {
        self.said.counted != TotalOf::Pages && self.said.number == self.records
    }
}
